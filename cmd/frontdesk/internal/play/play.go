// Package play sends sample calls through a stack and waits until each stands in the CRM as expected, or nothing more can
// come of it.
package play

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// Stage is where calls are played.
type Stage interface {
	// Place plays one call from ring to end and returns the root leg's CallSid; empty if nothing rang.
	Place(ctx context.Context, c *calls.Call) (sid string, err error)
	// Prepare puts what the CRM holds before the call into it.
	Prepare(ctx context.Context, c *calls.Call) error
	// CRM is an independent look into the org that the call belongs in.
	CRM(c *calls.Call) report.CRM
	// Rest follows a call that has ended. The func that it returns says what the call waits for, "" once nothing more can
	// come of it before until.
	Rest(sid string) func(ctx context.Context, until time.Time) (waitsFor string, err error)
}

// Progress is a glance at a run.
type Progress struct {
	// Settled calls are done with; Playing are under way, by name.
	Settled int
	Playing []string
	// Waiting calls have ended, and don't stand in the CRM as expected yet: name and what each waits for, in order of name.
	Waiting []Wait
}

// Wait is one call that has ended and what it waits for.
type Wait struct{ Call, For string }

// All plays every call at once, but for those that wait for another to stand in the CRM (After). It returns what was played, in the
// order of calls, each with what was still unmet when nothing more could come or its patience ended. What has not come to its end
// when ctx ends is marked as stopped. progress is never called concurrently.
func All(ctx context.Context, stage Stage, all []*calls.Call, patience time.Duration, progress func(Progress)) []report.Played {
	b := &board{progress: progress}
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
			defer b.end(c.Name)
			p := one(ctx, stage, c)
			p.Unmet, p.Stopped = settle(ctx, stage, p, patience, func(what string) { b.wait(c.Name, what) })
			if p.Stopped {
				p.Unmet = []report.Difference{{Text: "the run was stopped before the call had come to its end"}}
			}
			played[i] = p
		})
	}
	wg.Wait()
	return played
}

func one(ctx context.Context, stage Stage, c *calls.Call) report.Played {
	p := report.Played{Call: c, Began: time.Now()}
	if p.Err = ctx.Err(); p.Err != nil {
		return p
	}
	if p.Err = stage.Prepare(ctx, c); p.Err != nil {
		p.Err = fmt.Errorf("seeding the CRM: %w", p.Err)
		return p
	}
	p.SID, p.Err = stage.Place(ctx, c)
	p.Refused = p.SID == "" && ctx.Err() == nil
	return p
}

// settle looks until the CRM holds what is expected, nothing more can come, or patience has ended, and returns what is
// lacking then. It is cut if run ends before one of these: what is lacking then says nothing.
func settle(run context.Context, stage Stage, p report.Played, patience time.Duration, waits func(string)) (unmet []report.Difference, cut bool) {
	until := time.Now().Add(patience)
	ctx, cancel := context.WithDeadline(run, until)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	rest := stage.Rest(p.SID)
	for {
		ok, unmet := report.Settled(stage.CRM(p.Call), p)
		// That nothing is recorded holds at once, and is true only if it holds to the end.
		if ok && !report.Nothing(p.Call) || p.Err != nil {
			return unmet, !ok && run.Err() != nil
		}
		// A broker that doesn't answer is one more thing to wait for; patience bounds it.
		what, err := rest(ctx, until)
		switch {
		case err != nil:
			what = "the broker"
		case what == "": // what was written until here is all that ever will be
			_, unmet = report.Settled(stage.CRM(p.Call), p)
			return unmet, false
		}
		if !ok {
			waits(what)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return unmet, run.Err() != nil
		}
	}
}

// board keeps count.
type board struct {
	mu       sync.Mutex
	now      Progress
	progress func(Progress)
}

// change does something to the count and tells of it.
func (b *board) change(do func(*Progress)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do(&b.now)
	b.progress(Progress{b.now.Settled, slices.Clone(b.now.Playing), slices.Clone(b.now.Waiting)})
}

func (b *board) begin(name string) {
	b.change(func(p *Progress) { p.Playing = append(p.Playing, name) })
}

// wait moves a call from the playing to the waiting.
func (b *board) wait(name, what string) {
	b.change(func(p *Progress) {
		remove(p, name)
		i, _ := slices.BinarySearchFunc(p.Waiting, name, func(w Wait, n string) int { return strings.Compare(w.Call, n) })
		p.Waiting = slices.Insert(p.Waiting, i, Wait{name, what})
	})
}

func (b *board) end(name string) {
	b.change(func(p *Progress) {
		remove(p, name)
		p.Settled++
	})
}

func remove(p *Progress, name string) {
	p.Playing = slices.DeleteFunc(p.Playing, func(n string) bool { return n == name })
	p.Waiting = slices.DeleteFunc(p.Waiting, func(w Wait) bool { return w.Call == name })
}
