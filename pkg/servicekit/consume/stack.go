package consume

import (
	"context"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// What a handler wears, from the outside in, and why in this order:
//
//	trace          first, so that everything that becomes of a message is in its span
//	dead letter    outside parking, for a message that has been parked too often ends there
//	park           outside recovery, which decides what a panic counts as
//	recover        outside the retry: what panicked once panics again
//	retry          outside the claim: a pause must not hold a claim that another owner could use
//	claim          outside the time-out, which bounds the work and not the wait for another owner
//	time-out       innermost: it bounds one try
//
// The first four are worn by every handler, for an error given to done must lead somewhere; [New] puts them
// on. The last three make a Handler of a Func; [Stack] puts them on.

// dressed puts on what every handler wears.
func (c *Consumer) dressed(h Handler) Handler {
	return c.traced(c.deadLettered(c.parking(c.recovered(h))))
}

// Options of Stack. The zero value is a plain handler with the default retry.
type Options struct {
	// Retry is the policy in place; zero means retry.Default. A budget that is negative means no retry in
	// place: a failure is parked at once.
	Retry retry.Policy
	// Claim keeps an effect from being had twice; nil: the effect is idempotent by itself.
	Claim *ClaimOptions
	// Timeout bounds one try; 0 leaves that to f.
	Timeout time.Duration
}

// Stack makes a Handler of f that retries in place, under a claim if wanted, each try within a time-out.
func Stack(f Func, o Options) Handler {
	if o.Retry == (retry.Policy{}) {
		o.Retry = retry.Default()
	}
	f = timed(f, o.Timeout)
	if o.Claim != nil {
		f = claimed(f, *o.Claim)
	}
	f = retried(f, o.Retry)
	return func(ctx context.Context, m *Message, done func(error)) { done(f(ctx, m)) }
}
