package idempotency

import (
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// TestARenewalThatComesLateBringsNothingBack: the round had begun when the claim was given back.
func TestARenewalThatComesLateBringsNothingBack(t *testing.T) {
	rdb := kafkatest.Redis(t)
	s := NewStore(rdb, Config{Lease: time.Hour}, telemetry.Discard())
	defer func() { _ = s.Close() }() // nothing is held
	c, err := s.Claim(t.Context(), Key{CallID: "CA1"})
	if err != nil || c.State != StateNew {
		t.Fatal(c, err)
	}
	if n, err := s.renewClaim(t.Context(), c); n != 1 || err != nil {
		t.Fatal("a renewal in time: ", n, err)
	}
	if err := s.Release(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := s.renewClaim(t.Context(), c); err == nil {
		t.Error("it was sent")
	}
	if n := rdb.Exists(t.Context(), c.Key.String()).Val(); n != 0 {
		t.Error("the claim is back")
	}
}
