// Package lifecycle starts a service's parts in order and stops them in reverse.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Part is one thing with a life: Run blocks until ctx ends and what it holds is drained.
type Part struct {
	Name string
	Run  func(ctx context.Context) error
	// Ready is asked by /readyz; nil means ready once started.
	Ready func() bool
	// Waits names what a part waits for that is ready all the same, "" for nothing: a dependency that is away for every
	// process alike, so that looking for another is of no use. nil: nothing ever.
	Waits func() string
}

// Group is the parts of one service. Its Ready may be asked from any goroutine, before, during and after Run.
type Group struct {
	parts    []Part
	grace    time.Duration
	stopping atomic.Bool
}

// New makes a group; a part is given up to grace to stop.
func New(grace time.Duration, parts ...Part) *Group { return &Group{parts: parts, grace: grace} }

// Ready tells whether every part is ready, and names those that are not; where all are, what they wait for. It is false as
// soon as stopping begins, before the first part is told, so that a load balancer looks away first.
func (g *Group) Ready() (ready bool, waiting []string) {
	if g.stopping.Load() {
		return false, []string{"stopping"}
	}
	var waits []string
	for _, p := range g.parts {
		if p.Ready != nil && !p.Ready() {
			waiting = append(waiting, p.Name)
		}
		if p.Waits == nil {
			continue
		}
		if what := p.Waits(); what != "" {
			waits = append(waits, what)
		}
	}
	if len(waiting) > 0 {
		return false, waiting
	}
	return true, waits
}

// Run starts the parts in order and waits. When ctx ends, or a part returns, readiness drops and the parts
// are stopped one by one in reverse order. It returns every failure, and nil after an orderly stop. A part
// that does not stop within the grace is left behind and reported.
func (g *Group) Run(ctx context.Context) error {
	running := make([]*running, 0, len(g.parts))
	ended := make(chan string, len(g.parts))
	for _, p := range g.parts {
		running = append(running, start(context.WithoutCancel(ctx), p, ended))
	}
	var failures []error
	select {
	case <-ctx.Done():
	case name := <-ended:
		// A part that ends by itself takes the service with it: half a service answers its probes and does
		// no work.
		failures = append(failures, fmt.Errorf("%s ended while the service was running", name))
	}
	g.stopping.Store(true)
	for i := len(running) - 1; i >= 0; i-- {
		if err := running[i].stop(g.grace); err != nil {
			failures = append(failures, err)
		}
	}
	if len(failures) == 1 || ctx.Err() != nil {
		return errors.Join(failures...)
	}
	// The part's own error says more than that it ended.
	return errors.Join(failures[min(1, len(failures)):]...)
}

type running struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

func start(ctx context.Context, p Part, ended chan<- string) *running {
	ctx, cancel := context.WithCancel(ctx)
	r := &running{name: p.Name, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = p.Run(ctx)
		ended <- p.Name
	}()
	return r
}

func (r *running) stop(grace time.Duration) error {
	r.cancel()
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-r.done:
		if r.err != nil && !errors.Is(r.err, context.Canceled) {
			return fmt.Errorf("%s: %w", r.name, r.err)
		}
		return nil
	case <-t.C:
		return fmt.Errorf("%s did not stop within %s", r.name, grace)
	}
}
