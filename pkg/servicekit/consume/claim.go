package consume

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// Claims is what the claim policy needs of package idempotency.
type Claims interface {
	Claim(ctx context.Context, k idempotency.Key) (*idempotency.Claim, error)
	Complete(ctx context.Context, c *idempotency.Claim, result []byte) error
	Release(ctx context.Context, c *idempotency.Claim) error
}

// ClaimOptions let a handler have its effect once however often its message comes.
type ClaimOptions struct {
	Store Claims
	// Key names the effect of a message; false: it needs no claim.
	Key func(m *Message) (idempotency.Key, bool)
	// Required makes the handler wait when claims cannot be had; otherwise it goes on without, and its
	// effect may be repeated.
	Required bool
	// Busy is how long another owner is waited for before the message is parked; default 2 minutes.
	Busy time.Duration
	// Gate, if there is one, is shut when claims cannot be had, and waited at. It goes with Required, and is the
	// consumer's own ([Hooks]).
	Gate *Gate
}

// CodeBusy is the code of a message whose effect another owner has been at for too long.
const CodeBusy = "claim.busy"

// releaseTimeout bounds giving a claim back when the handler's own context has ended.
const releaseTimeout = 2 * time.Second

// claimed marks an effect done after it is had, and never before; on failure it gives the claim back.
func claimed(f Func, o ClaimOptions) Func {
	if o.Busy <= 0 {
		o.Busy = 2 * time.Minute
	}
	return func(ctx context.Context, m *Message) error {
		key, wanted := o.Key(m)
		if !wanted {
			return f(ctx, m)
		}
		claim, err := o.claim(ctx, key)
		switch {
		case err != nil && (o.Required || errors.Is(err, errBusy) || ctx.Err() != nil):
			return err
		case err != nil:
			return f(ctx, m)
		case claim.State == idempotency.StateDone:
			return nil
		case ctx.Err() != nil:
			// Had in the moment in which the time ran out: the effect is the next owner's, who may begin at once.
			o.giveBack(ctx, claim)
			return fmt.Errorf("claiming the message: %w", ctx.Err())
		}
		return o.under(ctx, claim, m, f)
	}
}

// under runs f under a claim of ours.
func (o ClaimOptions) under(ctx context.Context, claim *idempotency.Claim, m *Message, f Func) error {
	had := false
	defer func() {
		if had {
			return
		}
		// Failed, or panicked: whoever comes next may have it at once.
		o.giveBack(ctx, claim)
	}()
	if err := f(ctx, m); err != nil {
		return err
	}
	had = true
	cctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	// The effect stands, so the message is complete whatever becomes of the mark: at worst it is had again,
	// as without a claim.
	_ = o.Store.Complete(cctx, claim, nil)
	return nil
}

// giveBack releases a claim, under a context that may have ended.
func (o ClaimOptions) giveBack(ctx context.Context, claim *idempotency.Claim) {
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	_ = o.Store.Release(rctx, claim) // else its lease runs out
}

// mostAway is how often in a row one message may find claims away that the gate's probe has just had: more is the message's
// own trouble, and holds up nobody else.
const mostAway = 5

var errBusy = errors.New("another owner is at it")

// claim asks until the claim is new or done. Another owner is waited for, without a concurrency slot.
func (o ClaimOptions) claim(ctx context.Context, k idempotency.Key) (*idempotency.Claim, error) {
	until, away := time.Now().Add(o.Busy), 0
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		c, err := o.Store.Claim(ctx, k)
		if err != nil && o.Gate != nil && ctx.Err() == nil && away < mostAway {
			o.Gate.Shut()
			if err := o.Gate.Wait(ctx); err != nil {
				return nil, fmt.Errorf("waiting for claims: %w", err)
			}
			until, away = time.Now().Add(o.Busy), away+1
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("claiming the message: %w", err)
		}
		away = 0
		if c.State != idempotency.StateBusy {
			return c, nil
		}
		if time.Now().After(until) || idle(ctx, wait) != nil {
			return nil, &retry.Error{Class: retry.Retryable, Code: CodeBusy, Err: errBusy}
		}
	}
}
