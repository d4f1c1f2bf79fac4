package chaos

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// doubledAndShuffled has half of the webhooks of calls that begin in its time delivered twice, and half late and out of order.
type doubledAndShuffled struct{}

func (doubledAndShuffled) Name() string { return "webhooks: doubled and shuffled" }
func (doubledAndShuffled) Part() string { return "webhooks" }
func (doubledAndShuffled) Costs() Cost  { return Cost{Hold: 15 * time.Second} }

func (doubledAndShuffled) Apply(_ context.Context, r *rig) error {
	return r.Carrier().SetMischief("*", twilio.Mischief{Double: 0.5, Disorder: 0.5}) //nolint:wrapcheck // it says what is wrong
}

func (doubledAndShuffled) Heal(_ context.Context, r *rig) error {
	return r.Carrier().SetMischief("*", twilio.Mischief{}) //nolint:wrapcheck // as above
}

// waitGroup runs what may fail, all of it.
type waitGroup struct {
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

func (g *waitGroup) run(do func() error) {
	g.wg.Go(func() {
		if err := do(); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.errs = append(g.errs, err)
		}
	})
}

func (g *waitGroup) wait() error {
	g.wg.Wait()
	return errors.Join(g.errs...)
}
