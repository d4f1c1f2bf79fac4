package kafka

import (
	"context"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// lane hands messages to the producer, one after the other. What waits in it is bounded by those who send:
// package media counts every byte of audio that is not stored yet, and the rest is small and rare.
type lane struct {
	prod Producer
	// ctx ends when Close gives up, and with it every wait in the producer. After an orderly end it lives on:
	// messages still under way are the producer's to finish.
	ctx  context.Context // the lane's own
	stop context.CancelFunc
	done chan struct{} // closed when the lane's goroutine has ended

	mu       sync.Mutex
	waiting  []item
	busy     bool          // a batch is being handed over
	wake     chan struct{} // holds a token when there may be something to do
	finished bool
}

// item is a message, or, without done, a mark whose passing is told.
type item struct {
	ctx    context.Context // ends the sending; nil is the lane's own
	span   trace.SpanContext
	msg    produce.Message
	done   func(error)
	passed chan struct{}
}

func newLane(prod Producer) *lane {
	ctx, stop := context.WithCancel(context.Background())
	l := &lane{prod: prod, ctx: ctx, stop: stop, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	go l.run()
	return l
}

// add is false for a lane that is finished.
func (l *lane) add(it item) bool {
	l.mu.Lock()
	if l.finished {
		l.mu.Unlock()
		return false
	}
	l.waiting = append(l.waiting, it)
	l.mu.Unlock()
	l.poke()
	return true
}

// passed returns when everything added before has been handed over.
func (l *lane) passed(ctx context.Context) error {
	l.mu.Lock()
	if !l.busy && len(l.waiting) == 0 {
		l.mu.Unlock()
		return nil
	}
	mark := item{passed: make(chan struct{})}
	l.waiting = append(l.waiting, mark)
	l.mu.Unlock()
	l.poke()
	select {
	case <-mark.passed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the call's earlier events: %w", ctx.Err())
	}
}

func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run ends when the lane is finished and empty.
func (l *lane) run() {
	defer close(l.done)
	var batch []item
	for {
		l.mu.Lock()
		batch, l.waiting = l.waiting, batch[:0]
		finished := l.finished
		l.busy = len(batch) > 0
		l.mu.Unlock()
		if len(batch) == 0 {
			if finished {
				return
			}
			<-l.wake
			continue
		}
		for i := range batch {
			if batch[i].done == nil {
				close(batch[i].passed)
				continue
			}
			ctx := batch[i].ctx
			if ctx == nil {
				ctx = l.ctx
			}
			l.prod.Send(trace.ContextWithSpanContext(ctx, batch[i].span), batch[i].msg, batch[i].done)
		}
		clear(batch) // what is sent must not stay reachable
	}
}

// finish says that nothing more will be added.
func (l *lane) finish() {
	l.mu.Lock()
	l.finished = true
	l.mu.Unlock()
	l.poke()
}

// wait returns when the lane is empty; when ctx ends, what waits fails and the lane empties at once.
func (l *lane) wait(ctx context.Context) {
	select {
	case <-l.done:
	case <-ctx.Done():
		l.stop()
		<-l.done
	}
}
