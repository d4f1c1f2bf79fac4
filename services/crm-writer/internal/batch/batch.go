// Package batch joins what many callers want done at the same time into few requests, without a queue that
// could lose: every caller waits for its own answer.
//
// While nothing asks it to wait, a batcher sends what is there at once, so that a lone item is not delayed. Under load,
// once as many items are under way as fill a request or all places are taken, items queue up, and batches fill by
// themselves.
package batch

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// ErrClosed says that the batcher takes nothing any more.
var ErrClosed = errors.New("the batcher is closed")

// Config bounds a batcher.
type Config struct {
	// MaxItems and MaxWeight bound one request. An item heavier than MaxWeight goes alone.
	MaxItems, MaxWeight int
	// InFlight bounds requests under way at once.
	InFlight int
}

// Item is what one caller wants done.
type Item[T any] struct {
	Value T
	// Parent serialises: of items with the same parent one is under way at a time, in the order in which
	// they came. Empty: no parent.
	Parent string
	// Weight counts against MaxWeight.
	Weight int
	// Wait is how long the item may be kept for company; 0 sends it at once.
	Wait time.Duration
}

// Send does a batch in one request and returns one result per value, in order. It bounds its own time: its
// context ends only with the batcher.
type Send[T, R any] func(ctx context.Context, values []T) []R

type entry[T, R any] struct {
	item Item[T]
	due  time.Time
	// answer has room for one: the sender never blocks on a caller.
	answer chan R
}

// Batcher is safe for concurrent use.
type Batcher[T, R any] struct {
	cfg  Config
	send Send[T, R]

	mu       sync.Mutex
	queue    []*entry[T, R]
	queued   int // weight
	busy     map[string]bool
	inFlight int
	underWay int // items
	closed   bool

	wake   chan struct{}
	done   chan struct{}
	ctx    context.Context // the life of requests under way is the batcher's own
	cancel context.CancelFunc
}

// New starts a batcher; Close ends it.
func New[T, R any](cfg Config, send Send[T, R]) *Batcher[T, R] {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:gosec // Close calls it
	b := &Batcher[T, R]{
		cfg:  Config{MaxItems: max(cfg.MaxItems, 1), MaxWeight: max(cfg.MaxWeight, 1), InFlight: max(cfg.InFlight, 1)},
		send: send, busy: map[string]bool{},
		wake: make(chan struct{}, 1), done: make(chan struct{}), ctx: ctx, cancel: cancel,
	}
	go b.run()
	return b
}

// Do waits for item's turn and for its answer. When ctx ends while the item still queues, it is taken back and ctx's
// error returned; once it is under way Do waits for the answer all the same, since the effect may stand.
func (b *Batcher[T, R]) Do(ctx context.Context, item Item[T]) (R, error) {
	var none R
	e := &entry[T, R]{item: item, due: time.Now().Add(item.Wait), answer: make(chan R, 1)}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return none, ErrClosed
	}
	b.queue, b.queued = append(b.queue, e), b.queued+item.Weight
	b.mu.Unlock()
	b.poke()
	select {
	case r := <-e.answer:
		return r, nil
	case <-ctx.Done():
	}
	if b.takeBack(e) {
		return none, ctx.Err()
	}
	return <-e.answer, nil
}

func (b *Batcher[T, R]) takeBack(e *entry[T, R]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, q := range b.queue {
		if q == e {
			b.queue, b.queued = append(b.queue[:i], b.queue[i+1:]...), b.queued-e.item.Weight
			return true
		}
	}
	return false
}

// Close refuses new items, waits until those that it has are answered, and ends. When ctx ends first, the
// requests under way are cancelled and waited for.
func (b *Batcher[T, R]) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.poke()
	select {
	case <-b.done:
		b.cancel()
		return nil
	case <-ctx.Done():
		b.cancel()
		<-b.done
		return ctx.Err()
	}
}

func (b *Batcher[T, R]) poke() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// run hands out batches until the batcher is closed and empty.
func (b *Batcher[T, R]) run() {
	defer close(b.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		// Whoever is about to queue goes first: a burst becomes one batch, at the price of one yield.
		runtime.Gosched()
		next, over := b.dispatch()
		if over {
			return
		}
		timer.Reset(next)
		select {
		case <-b.wake:
		case <-timer.C:
		}
	}
}

// dispatch starts every request that may start now. It returns when to look again, and whether the batcher
// is closed and has nothing left.
func (b *Batcher[T, R]) dispatch() (next time.Duration, over bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next = time.Hour // completions and arrivals wake the loop; only waiting for company needs the clock
	for b.inFlight < b.cfg.InFlight {
		taken, wait := b.take()
		if len(taken) == 0 {
			if wait > 0 {
				next = wait
			}
			break
		}
		b.inFlight++
		go b.do(taken)
	}
	return next, b.closed && b.inFlight == 0 && len(b.queue) == 0
}

// take removes the next batch from the queue: in order of arrival, passing over items whose parent is under
// way or in the batch already. It takes nothing while the batch has room and a full one's worth is under way, or,
// and then it returns how long to wait, while every item in it may still be kept for company.
func (b *Batcher[T, R]) take() (taken []*entry[T, R], wait time.Duration) {
	if b.saturated() && len(b.queue) < b.cfg.MaxItems && b.queued < b.cfg.MaxWeight {
		return nil, 0
	}
	now, weight, full := time.Now(), 0, false
	due := time.Time{}
	parents := map[string]bool{}
	rest := make([]*entry[T, R], 0, len(b.queue))
	for i, e := range b.queue {
		p := e.item.Parent
		if p != "" && (b.busy[p] || parents[p]) {
			rest = append(rest, e)
			continue
		}
		if len(taken) > 0 && (len(taken) == b.cfg.MaxItems || weight+e.item.Weight > b.cfg.MaxWeight) {
			rest, full = append(rest, b.queue[i:]...), true
			break
		}
		taken, weight = append(taken, e), weight+e.item.Weight
		if p != "" {
			parents[p] = true
		}
		if due.IsZero() || e.due.Before(due) {
			due = e.due
		}
	}
	full = full || len(taken) == b.cfg.MaxItems || weight >= b.cfg.MaxWeight
	if len(taken) > 0 && !full && (b.saturated() || !b.closed && due.After(now)) {
		return nil, due.Sub(now)
	}
	b.queue, b.queued, b.underWay = rest, b.queued-weight, b.underWay+len(taken)
	for p := range parents {
		b.busy[p] = true
	}
	return taken, 0
}

// saturated tells whether a full batch's worth is under way, so that what is not full had better wait for company. The
// caller holds mu.
func (b *Batcher[T, R]) saturated() bool { return !b.closed && b.underWay >= b.cfg.MaxItems }

func (b *Batcher[T, R]) do(taken []*entry[T, R]) {
	values := make([]T, len(taken))
	for i, e := range taken {
		values[i] = e.item.Value
	}
	results := b.send(b.ctx, values)
	if len(results) != len(taken) {
		panic("batch: one result per value, or callers wait forever")
	}
	b.mu.Lock()
	b.inFlight--
	b.underWay -= len(taken)
	for _, e := range taken {
		delete(b.busy, e.item.Parent)
	}
	b.mu.Unlock()
	b.poke()
	for i, e := range taken {
		e.answer <- results[i]
	}
}

// Waiting is how many items queue and how many requests are under way.
func (b *Batcher[T, R]) Waiting() (queued, inFlight int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue), b.inFlight
}
