package consume

import (
	"context"
	"errors"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// retried retries f in place: the key waits, its concurrency slot does not. A message that comes back from
// the retry topic is tried once; its pause is in the parking.
func retried(f Func, p retry.Policy) Func {
	return func(ctx context.Context, m *Message) error {
		if m.Parked || p.Budget < 0 {
			return f(ctx, m)
		}
		first := true
		var now error
		err := retry.DoPausing(ctx, p, func(ctx context.Context) error {
			if !first {
				m.tries++
			}
			first = false
			err := f(ctx, m)
			var not *parkNow
			if errors.As(err, &not) {
				now = err
				return nil // asked not to be tried again here
			}
			return err
		}, idle)
		if now != nil {
			return now
		}
		return err
	}
}

// idle is a pause of a handler: it gives its concurrency slot back meanwhile, and ends early with the
// generation, when there is nothing left to wait for.
func idle(ctx context.Context, d time.Duration) error {
	h := handOf(ctx)
	if h == nil {
		return retry.Pause(ctx, d)
	}
	h.slot.give()
	if !pause(h.ending, d) || !h.slot.take(h.ending) {
		return context.Canceled
	}
	return ctx.Err() //nolint:wrapcheck // the caller only asks whether there is one
}
