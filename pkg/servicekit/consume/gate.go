package consume

import (
	"context"
	"math"
	"sync"
	"time"
)

// Gate holds all handlers of a process back while something that every one of them needs is away. It is shut by whoever
// finds that out, and from then on one prober asks whether it is back, instead of every waiting message for itself; then
// everybody goes on at once. What waits spends no attempt, is parked nowhere and given up never, however long it takes; what
// is taken meanwhile is bounded as ever, so that the fetch pauses before long.
//
// For what is away for some messages only there is package breaker. Safe for concurrent use.
type Gate struct {
	probe func(ctx context.Context) error
	every time.Duration
	told  func(open bool)

	life    context.Context
	end     context.CancelFunc
	running sync.WaitGroup

	mu   sync.Mutex
	wait chan struct{} // closed when the gate opens; nil while it is open
}

// NewGate makes an open gate. While it is shut probe is asked every so often, under a context that ends with Close; told
// hears of each change, and must not block.
func NewGate(every time.Duration, probe func(ctx context.Context) error, told func(open bool)) *Gate {
	g := &Gate{probe: probe, every: every, told: told}
	g.life, g.end = context.WithCancel(context.Background())
	return g
}

// Shut shuts the gate, until the probe succeeds.
func (g *Gate) Shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.wait != nil || g.life.Err() != nil {
		return
	}
	g.wait = make(chan struct{})
	g.told(false)
	g.running.Go(g.ask)
}

// ask probes until the probe succeeds or the gate's life ends.
func (g *Gate) ask() {
	for pause(g.life.Done(), g.every) && g.probe(g.life) != nil { //nolint:revive // all of it stands in the condition
	}
	if g.life.Err() != nil {
		return // who still waits leaves with its generation
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.wait)
	g.wait = nil
	g.told(true)
}

// Open tells whether handlers run.
func (g *Gate) Open() bool { return g.shut() == nil }

// shut is closed when the gate opens; nil while it is open, or where there is none.
func (g *Gate) shut() <-chan struct{} {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wait
}

// Wait waits until the gate is open, without a concurrency slot. Its error tells that the message's partition was lost
// first, or that ctx ended.
func (g *Gate) Wait(ctx context.Context) error {
	h := handOf(ctx)
	for {
		shut := g.shut()
		switch {
		case shut == nil:
			return ctx.Err() //nolint:wrapcheck // the caller says what it was at
		case h == nil:
			select {
			case <-shut:
			case <-ctx.Done():
			}
		default:
			if !h.rest(shut) {
				return context.Canceled
			}
		}
		if ctx.Err() != nil {
			return ctx.Err() //nolint:wrapcheck // the caller says what it was at
		}
	}
}

// rest waits without a slot, and without being taken for stuck; false means that the generation ended first.
func (h *hand) rest(until <-chan struct{}) bool {
	h.rested.Store(math.MaxInt64)
	defer func() { h.rested.Store(time.Now().UnixNano()) }()
	h.slot.give()
	select {
	case <-until:
		return h.slot.take(h.ending)
	case <-h.ending:
		return false
	}
}

// Close ends a probing under way. The gate stays as it is.
func (g *Gate) Close() error {
	g.end()
	g.running.Wait()
	return nil
}
