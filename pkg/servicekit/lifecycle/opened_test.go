package lifecycle_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
)

func TestOpenedClosesInReverseWhateverFails(t *testing.T) {
	var o lifecycle.Opened
	var order []string
	broken := errors.New("broken")
	o.Hold(func() error { order = append(order, "connection"); return nil })
	o.HoldDraining(func(ctx context.Context) error {
		order = append(order, "queue")
		if _, bounded := ctx.Deadline(); !bounded || ctx.Err() != nil {
			t.Errorf("the queue got no time to drain: %v", ctx.Err())
		}
		return broken
	})
	ln, err := lifecycle.Listen("admin", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.Hold(ln.Close)
	_ = ln.Close() // as a server does that has served on it

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err = o.Close(ended, time.Minute)
	if !errors.Is(err, broken) || errors.Is(err, net.ErrClosed) {
		t.Errorf("Close says %v", err)
	}
	if want := []string{"queue", "connection"}; !slices.Equal(order, want) {
		t.Errorf("closed in the order %v, want %v", order, want)
	}
	if err := o.Close(t.Context(), time.Minute); err != nil || len(order) != 2 {
		t.Errorf("a second Close says %v and closed %d things", err, len(order))
	}
}
