// Package handlertest is the contract of handlers whose effect is under a claim: whatever a process comes to, the
// effect of a message stands once.
package handlertest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// Harness is a handler and what its effects go to, which outlives its processes.
type Harness struct {
	// Open makes the handler of a new process, without retries in place.
	Open func(claims consume.Claims) consume.Handler
	// Message makes the same message each time.
	Message func() *consume.Message
	// Effects is how often the message's effect stands.
	Effects func() int
	// Fail has the effect fail, so that it may succeed later, or no longer.
	Fail func(on bool)
	// Stall has the next effect stand still on its way, until it is resumed; reached is closed when it does.
	Stall func() (reached <-chan struct{}, resume func())
}

// Exercise runs the contract, each part on a harness of its own.
func Exercise(t *testing.T, open func(t *testing.T) Harness) {
	for name, part := range map[string]func(t *testing.T, w *world){
		"run twice":                             twice,
		"fail, then redeliver":                  redelivered,
		"crash between claim and effect":        claimedOnly,
		"crash between effect and commit":       uncommitted,
		"late completion by a paused old owner": late,
	} {
		t.Run(name, func(t *testing.T) { part(t, &world{open(t), kafkatest.Redis(t)}) })
	}
}

type world struct {
	Harness
	redis *redis.Client
}

func twice(t *testing.T, w *world) {
	p := w.start(t, brief)
	w.must(t, p)
	w.must(t, p)
	w.stands(t, 1)
	w.must(t, w.start(t, brief))
	w.stands(t, 1)
}

func redelivered(t *testing.T, w *world) {
	p := w.start(t, brief)
	w.Fail(true)
	if err := w.handle(t, p); err == nil || retry.IsPermanent(err) {
		t.Fatalf("the failing effect: %v", err)
	}
	w.stands(t, 0)
	w.Fail(false)
	w.must(t, w.start(t, brief)) // another process: the claim was given back
	w.stands(t, 1)
}

func claimedOnly(t *testing.T, w *world) {
	p := w.start(t, brief)
	p.afterClaim = true
	if err := w.handle(t, p); err == nil {
		t.Fatal("a dead process has completed")
	}
	w.stands(t, 0)
	w.must(t, w.start(t, brief)) // it waits for the lease to run out
	w.stands(t, 1)
}

func uncommitted(t *testing.T, w *world) {
	p := w.start(t, brief)
	p.beforeMark = true
	_ = w.handle(t, p) // what it says is never committed
	w.stands(t, 1)
	w.must(t, w.start(t, brief))
	w.stands(t, 1)
}

func late(t *testing.T, w *world) {
	reached, resume := w.Stall()
	paused := w.start(t, time.Hour) // it renews nothing while it is paused
	var old sync.WaitGroup
	old.Go(func() { _ = w.handle(t, paused) }) // nobody hears any more what it says
	<-reached
	if err := w.redis.FlushDB(t.Context()).Err(); err != nil { // the lease runs out
		t.Fatal(err)
	}
	w.must(t, w.start(t, brief))
	w.stands(t, 1)
	resume()
	old.Wait()
	w.stands(t, 1)
	w.must(t, w.start(t, brief))
	w.stands(t, 1)
}

func (w *world) must(t *testing.T, p *process) {
	t.Helper()
	if err := w.handle(t, p); err != nil {
		t.Fatal(err)
	}
}

func (w *world) stands(t *testing.T, want int) {
	t.Helper()
	if got := w.Effects(); got != want {
		t.Errorf("the effect stands %d times, want %d", got, want)
	}
}

// handle has a process handle the message, and returns how it was completed.
func (w *world) handle(t *testing.T, p *process) error {
	out := make(chan error, 2)
	w.Open(p)(t.Context(), w.Message(), func(err error) { out <- err })
	err := <-out
	select {
	case again := <-out:
		t.Errorf("the message was completed twice, the second time with %v", again)
	default:
	}
	return err
}

// brief is a lease that runs out while a test waits.
const brief = 150 * time.Millisecond

// process has claims of its own, and may die at them.
type process struct {
	store      *idempotency.Store
	afterClaim bool
	beforeMark bool
	dead       atomic.Bool
}

func (w *world) start(t *testing.T, lease time.Duration) *process {
	p := &process{store: idempotency.NewStore(w.redis, idempotency.Config{Lease: lease}, telemetry.Discard())}
	t.Cleanup(p.die)
	return p
}

func (p *process) die() {
	if !p.dead.Swap(true) {
		_ = p.store.Close()
	}
}

var errDead = errors.New("the process is dead")

// Claim implements consume.Claims.
func (p *process) Claim(ctx context.Context, k idempotency.Key) (*idempotency.Claim, error) {
	if p.dead.Load() {
		return nil, errDead
	}
	c, err := p.store.Claim(ctx, k)
	if p.afterClaim {
		p.die()
		return nil, errDead
	}
	return c, err
}

// Complete implements consume.Claims.
func (p *process) Complete(ctx context.Context, c *idempotency.Claim, result []byte) error {
	if p.beforeMark {
		p.die()
	}
	if p.dead.Load() {
		return errDead
	}
	return p.store.Complete(ctx, c, result)
}

// Release implements consume.Claims.
func (p *process) Release(ctx context.Context, c *idempotency.Claim) error {
	if p.dead.Load() {
		return errDead
	}
	return p.store.Release(ctx, c)
}
