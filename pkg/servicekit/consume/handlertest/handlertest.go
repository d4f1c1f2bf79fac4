// Package handlertest is the contract of every handler: whatever its processes come to, the effect of what it is handed stands
// once.
//
// A handler may complete a message before its effect, after it, or much later and from elsewhere; it may take claims, or know what
// was done by what it has published. What a process does to the world goes through [Process.Effect], so that the process can die
// at each thing that it does: before it is done, after it and unheard of, and after it was heard of.
package handlertest

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// Harness is a handler and what its effects go to, which outlives its processes.
type Harness struct {
	// Open makes the handler of a new process, without retries in place. It is closed by [Process.AtEnd].
	Open func(t *testing.T, p *Process) consume.Handler
	// Messages makes the same messages each time: of one key and one partition, in order, at the offsets 0, 1, …
	Messages func() []*consume.Message
	// Effects is how often the effect of all the messages stands, counted as whoever reads it counts: what is the same, once.
	Effects func() int
}

// Exercise runs the contract of a handler that takes claims, each part on a harness of its own.
func Exercise(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	exercise(t, func(t *testing.T, part func(*world)) { part(newWorld(t, open, patience)) })
	t.Run("what is done is not done again", func(t *testing.T) {
		w := newWorld(t, open, patience)
		w.finish(w.start(0))
		again := w.start(0)
		w.finish(again)
		if n := again.effects(); n > 0 {
			t.Errorf("%d effects of a process that was handed what is done", n)
		}
	})
	for name, at := range map[string]step{"crash between claim and effect": afterClaim, "crash between effect and mark": beforeMark} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, open, patience)
			p := w.start(0)
			p.at = at
			w.hand(p)
			w.await(p.died, "it has taken no claim, or left it alone")
			p.end()
			if at == afterClaim && w.Effects() != 0 {
				t.Error("the effect stands, and the process died before it")
			}
			w.finish(w.start(p.complete())) // it waits for the lease to run out
		})
	}
}

// ExerciseUnclaimed runs the contract of a handler that takes no claims, each part in a bubble of time, see [synctest.Test].
func ExerciseUnclaimed(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	exercise(t, func(t *testing.T, part func(*world)) {
		synctest.Test(t, func(t *testing.T) { part(newWorld(t, open, bubblePatience)) })
	})
}

func exercise(t *testing.T, in func(*testing.T, func(*world))) {
	t.Helper()
	for name, part := range map[string]func(*world){
		"run twice":                       twice,
		"fail, then redeliver":            redelivered,
		"crash between effect and commit": uncommitted,
	} {
		t.Run(name, func(t *testing.T) { in(t, part) })
	}
	for name, part := range map[string]func(w *world, n int) (reached bool){
		"crash before an effect":                 func(w *world, n int) bool { return crash(w, beforeEffect, n) },
		"crash before an effect is heard of":     func(w *world, n int) bool { return crash(w, unheard, n) },
		"crash once an effect was heard of":      func(w *world, n int) bool { return crash(w, heard, n) },
		"an effect of a paused owner, come late": late,
	} {
		t.Run(name, func(t *testing.T) {
			n, reached := 0, true
			for reached {
				n++
				in(t, func(w *world) { reached = part(w, n) })
				if t.Failed() {
					t.Fatalf("at effect %d", n)
				}
			}
			if n == 1 {
				t.Error("it has no effect")
			}
		})
	}
}

const (
	// patience is how long anything is waited for, and in a bubble, where that costs nothing.
	patience       = 20 * time.Second
	bubblePatience = 5 * time.Minute
	// brief is a lease that runs out while a test waits.
	brief = 150 * time.Millisecond
)

type world struct {
	Harness
	t        *testing.T
	lease    time.Duration
	patience time.Duration
	redis    func() *redis.Client
}

func newWorld(t *testing.T, open func(t *testing.T) Harness, patience time.Duration) *world {
	t.Helper()
	w := &world{Harness: open(t), t: t, lease: brief, patience: patience, redis: sync.OnceValue(func() *redis.Client { return kafkatest.Redis(t) })}
	return w
}

func twice(w *world) {
	p := w.start(0)
	w.whole(p)
	p.from = 0
	w.whole(p)
	p.end()
	w.finish(w.start(0))
}

func redelivered(w *world) {
	p := w.start(0)
	p.away = true
	w.hand(p)
	w.await(p.failed, "it has no effect")
	p.kill()
	p.end()
	if w.Effects() != 0 {
		w.t.Error("what failed stands")
	}
	for i, err := range p.results() {
		if retry.IsPermanent(err) {
			w.t.Errorf("message %d was given up for what passes: %v", i, err)
		}
	}
	w.finish(w.start(p.complete())) // another process
}

func uncommitted(w *world) {
	p := w.start(0)
	w.whole(p)
	p.end()
	w.finish(w.start(0))
}

// crash tells whether there was an n-th effect to die at.
func crash(w *world, at step, n int) bool {
	p := w.start(0)
	p.at, p.n = at, n
	w.hand(p)
	reached := w.diesOrEnds(p)
	p.end()
	w.finish(w.start(p.complete()))
	return reached
}

// late tells whether there was an n-th effect to be paused at.
func late(w *world, n int) bool {
	w.lease = time.Hour // it renews nothing while it is paused
	old := w.start(0)
	old.at, old.n = pausedAt, n
	w.hand(old)
	reached := w.diesOrEnds(old)
	if reached && old.claimed() {
		if err := w.redis().FlushDB(w.t.Context()).Err(); err != nil { // the lease runs out
			w.t.Fatal(err)
		}
	}
	w.lease = brief
	next := w.start(old.complete())
	w.whole(next)
	old.goOn()
	old.end()
	next.end()
	w.finish(w.start(0))
	return reached
}

// await fails with what is wrong if nothing comes in time.
func (w *world) await(come <-chan struct{}, wrong string) {
	w.t.Helper()
	select {
	case <-come:
	case <-time.After(w.patience):
		w.t.Fatal(wrong)
	}
}

// whole hands a process everything from where it is on, and waits until all of it is complete and its effect stands.
func (w *world) whole(p *Process) {
	w.t.Helper()
	w.hand(p)
	w.await(p.all, "not every message was completed")
	for i, err := range p.results() {
		if err != nil {
			w.t.Fatalf("message %d: %v", i, err)
		}
	}
	w.once()
}

// finish is whole, and the end.
func (w *world) finish(p *Process) {
	w.t.Helper()
	w.whole(p)
	p.end()
	if n := w.Effects(); n != 1 {
		w.t.Errorf("at the end the effect stands %d times", n)
	}
}

// once waits until the effect stands, which may be after its messages were completed.
func (w *world) once() {
	w.t.Helper()
	tick, end := time.NewTicker(5*time.Millisecond), time.After(w.patience)
	defer tick.Stop()
	for {
		switch n := w.Effects(); n {
		case 0:
		case 1:
			return
		default:
			w.t.Fatalf("the effect stands %d times", n)
		}
		select {
		case <-tick.C:
		case <-end:
			w.t.Fatal("the effect never came")
		}
	}
}

// diesOrEnds waits until a process has died, or is paused, or has done all that there is; false for the last.
func (w *world) diesOrEnds(p *Process) bool {
	w.t.Helper()
	tick, end := time.NewTicker(5*time.Millisecond), time.After(w.patience)
	defer tick.Stop()
	for {
		select {
		case <-p.died:
			return true
		default:
		}
		select {
		case <-p.all:
			if w.Effects() == 1 && p.rests() {
				return false
			}
		default:
		}
		select {
		case <-p.died:
			return true
		case <-tick.C:
		case <-end:
			w.t.Fatal("it neither died nor came to an end")
		}
	}
}

// hand hands messages over one after another, as a consumer does, each when the handler has returned from the one before it.
func (w *world) hand(p *Process) {
	all := w.Messages()
	p.mu.Lock()
	round := p.handed
	p.handed++
	p.all = make(chan struct{})
	p.errs = make([]error, len(all))
	for i := range all {
		if i >= p.from {
			p.errs[i] = errOpen
		}
	}
	p.closeIfAll()
	p.mu.Unlock()
	p.working.Go(func() {
		for i, m := range all {
			if i < p.from {
				continue
			}
			if p.ctx.Err() != nil || !p.sound(i) {
				return
			}
			m.Offset += int64(round * len(all)) // again, and so behind
			var once sync.Once
			p.handler(p.ctx, m, func(err error) {
				first := false
				once.Do(func() { first = true; p.completed(round, i, err) })
				if !first {
					w.t.Errorf("message %d was completed twice, the second time with %v", i, err)
				}
			})
		}
	})
}

var errOpen = errors.New("it is not complete")

func (w *world) start(from int) *Process {
	p := newProcess(w, from)
	p.handler = w.Open(w.t, p)
	return p
}
