// Package play sends sample calls through a stack and waits until each stands in the CRM as expected.
package play

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// Stage is where calls are played.
type Stage interface {
	// Place plays one call from ring to end and returns the root leg's CallSid.
	Place(ctx context.Context, c *calls.Call) (sid string, err error)
	// Prepare puts what the CRM holds before the call into it.
	Prepare(ctx context.Context, c *calls.Call) error
	// CRM is an independent look into the org that the call belongs in.
	CRM(c *calls.Call) report.CRM
}

// All plays every call at once, but for those that wait for another to stand in the CRM (After). It returns
// what was played, in the order of calls, and for each CallSid what was still unmet when the call's patience ended.
// progress is told how many have settled and which are under way; it is never called concurrently.
func All(ctx context.Context, stage Stage, all []*calls.Call, patience time.Duration, progress func(settled int, running []string)) ([]report.Played, map[string][]string) {
	b := &board{progress: progress, unmet: map[string][]string{}}
	settled := map[string]chan struct{}{}
	for _, c := range all {
		settled[c.Name] = make(chan struct{})
	}
	played := make([]report.Played, len(all))
	var wg sync.WaitGroup
	for i, c := range all {
		wg.Go(func() {
			defer close(settled[c.Name])
			if c.After != "" {
				select {
				case <-settled[c.After]:
				case <-ctx.Done():
				}
			}
			b.begin(c.Name)
			p := one(ctx, stage, c)
			b.end(c.Name, p, settle(ctx, stage, p, patience))
			played[i] = p
		})
	}
	wg.Wait()
	return played, b.unmet
}

func one(ctx context.Context, stage Stage, c *calls.Call) report.Played {
	p := report.Played{Call: c, Began: time.Now()}
	if p.Err = stage.Prepare(ctx, c); p.Err != nil {
		return p
	}
	p.SID, p.Err = stage.Place(ctx, c)
	return p
}

// settle looks until the CRM holds what is expected, and returns what it lacks when patience has ended.
func settle(ctx context.Context, stage Stage, p report.Played, patience time.Duration) []string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		ok, unmet := report.Settled(stage.CRM(p.Call), p)
		if ok || p.Err != nil {
			return unmet
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return unmet
		}
	}
}

// board keeps count.
type board struct {
	mu       sync.Mutex
	settled  int
	running  []string
	unmet    map[string][]string
	progress func(int, []string)
}

func (b *board) begin(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = append(b.running, name)
	b.progress(b.settled, b.running)
}

func (b *board) end(name string, p report.Played, unmet []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settled++
	b.unmet[p.SID] = unmet
	b.running = slices.DeleteFunc(b.running, func(n string) bool { return n == name })
	b.progress(b.settled, b.running)
}
