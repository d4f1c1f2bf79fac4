package kafka

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume/handlertest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// records are a CRM that knows its records by an external id.
type records struct {
	mu      sync.Mutex
	made    map[string]int
	failing bool
	stalled chan struct{} // the next write waits for it
	reached chan struct{}
}

func (r *records) write(_ context.Context, e *events.CallEvent, _ bool) error {
	r.mu.Lock()
	stalled, reached := r.stalled, r.reached
	r.stalled = nil
	failing := r.failing
	r.mu.Unlock()
	if failing {
		return errors.New("the org is away")
	}
	if stalled != nil {
		close(reached)
		<-stalled
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made[e.GetEventId()] = 1 // an upsert
	return nil
}

// TestContract of handlers: an insight is written once, whatever becomes of the processes.
func TestContract(t *testing.T) {
	e := event()
	handlertest.Exercise(t, func(t *testing.T) handlertest.Harness {
		r := &records{made: map[string]int{}}
		return handlertest.Harness{
			Open: func(claims consume.Claims) consume.Handler {
				return Handler(r.write, Options{Claims: claims, Retry: retry.Policy{Budget: -1}})
			},
			Message: func() *consume.Message { return &consume.Message{Key: []byte("CA1"), Value: value(t, e)} },
			Effects: func() int {
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.made[e.GetEventId()]
			},
			Fail: func(on bool) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.failing = on
			},
			Stall: func() (<-chan struct{}, func()) {
				r.stalled, r.reached = make(chan struct{}), make(chan struct{})
				return r.reached, sync.OnceFunc(func(c chan struct{}) func() { return func() { close(c) } }(r.stalled))
			},
		}
	})
}
