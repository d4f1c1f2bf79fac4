package consume

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// hand is what a handler's context knows of the consumer.
type hand struct {
	c      *Consumer
	ending <-chan struct{}
	slot   *slot
	// rested is when the handler came back from waiting at a gate, Unix ns; the end of time while it waits.
	rested atomic.Int64
}

type handKey struct{}

func handOf(ctx context.Context) *hand {
	h, _ := ctx.Value(handKey{}).(*hand)
	return h
}

// Ending is closed when the partition of ctx's message is lost or the process stops: a handler that only
// waits, for a lock or for another owner, returns then; one that works has the drain time left. It is nil,
// and blocks for ever, outside a consumer.
func Ending(ctx context.Context) <-chan struct{} {
	if h := handOf(ctx); h != nil {
		return h.ending
	}
	return nil
}

// Detach returns a context that outlives the partition: for a request that is paid for and must not be made
// twice. It ends when the process has drained. The caller stores the answer under its claim; its completion
// will no longer count. Run waits for a handler that is still in its call, up to Config.Detached; what goes
// on after the handler has returned is waited for only if it was started by [Go].
//
// Outside a consumer it is ctx without its end.
func Detach(ctx context.Context) context.Context {
	free := context.WithoutCancel(ctx)
	if h := handOf(ctx); h != nil {
		return detachedContext{free, h.c.detached}
	}
	return free
}

// Go runs fn under a detached context in a goroutine of its own, which Run waits for like a handler.
func Go(ctx context.Context, fn func(ctx context.Context)) {
	d := Detach(ctx)
	h := handOf(ctx)
	if h == nil {
		go fn(d)
		return
	}
	h.c.lingers.running.add()
	go func() {
		defer h.c.lingers.running.done()
		fn(d)
	}()
}

// detachedContext has the values of one context and the end of another.
type detachedContext struct {
	context.Context
	life context.Context
}

func (d detachedContext) Deadline() (time.Time, bool) { return d.life.Deadline() }
func (d detachedContext) Done() <-chan struct{}       { return d.life.Done() }
func (d detachedContext) Err() error                  { return d.life.Err() } //nolint:wrapcheck // a context passes it on

// AfterFunc lets package context derive children without a goroutine each.
func (d detachedContext) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(d.life, f) }

// slots is the process-wide limit on running handlers; waiters are served in turn.
type slots chan struct{}

// slot is one handler's claim on the limit. It belongs to the goroutine of the handler.
type slot struct {
	of   slots
	held bool
}

// take waits for a slot; false when stop came first.
func (s *slot) take(stop <-chan struct{}) bool {
	if s.held {
		return true
	}
	select {
	case s.of <- struct{}{}:
		s.held = true
	case <-stop:
	}
	return s.held
}

func (s *slot) give() {
	if s.held {
		s.held = false
		<-s.of
	}
}

// tally counts what runs, and tells when nothing does. Unlike a sync.WaitGroup it may go up from zero while
// somebody waits.
type tally struct {
	mu   sync.Mutex
	n    int
	none chan struct{}
}

func (t *tally) add() {
	t.mu.Lock()
	t.n++
	t.mu.Unlock()
}

func (t *tally) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n--; t.n == 0 && t.none != nil {
		close(t.none)
		t.none = nil
	}
}

// zero is closed when nothing runs, or as soon as nothing does.
func (t *tally) zero() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == 0 {
		c := make(chan struct{})
		close(c)
		return c
	}
	if t.none == nil {
		t.none = make(chan struct{})
	}
	return t.none
}

// lingers are handlers that outstayed the drain of their generation. A key's next handler in this process
// waits for the one before, so that a key never has two.
type lingers struct {
	running tally

	mu   sync.Mutex
	keys map[lingerKey]chan struct{}
}

type lingerKey struct {
	partition int
	key       string
}

// leave notes that a handler of the key is still running; the returned function tells that it has ended.
func (l *lingers) leave(partition int, key string) (ended func()) {
	l.running.add()
	k, c := lingerKey{partition, key}, make(chan struct{})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys == nil {
		l.keys = map[lingerKey]chan struct{}{}
	}
	l.keys[k] = c // one at most: its successor in the key waits for it before it starts
	return func() {
		l.mu.Lock()
		delete(l.keys, k)
		l.mu.Unlock()
		close(c)
		l.running.done()
	}
}

// of is closed when the key's old handler has ended; nil if there is none.
func (l *lingers) of(partition int, key string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.keys) == 0 {
		return nil
	}
	return l.keys[lingerKey{partition, key}]
}
