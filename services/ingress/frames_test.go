package ingress_test

import (
	"testing"

	"github.com/frontdesk/frontdesk/services/ingress"
)

func TestAFrameAllocatesNothing(t *testing.T) {
	if n, err := ingress.FrameAllocations(t.Context()); n != 0 || err != nil {
		t.Errorf("%v allocations a frame, %v", n, err)
	}
}
