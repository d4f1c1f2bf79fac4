package kafka

import (
	"context"
	"sync"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume/handlertest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// TestContract of handlers: an insight is written once, whatever becomes of the processes.
func TestContract(t *testing.T) {
	e := event()
	handlertest.Exercise(t, func(t *testing.T) handlertest.Harness {
		var mu sync.Mutex
		records := map[string]int{} // a CRM that knows its records by an external id
		return handlertest.Harness{
			Open: func(_ *testing.T, p *handlertest.Process) consume.Handler {
				write := func(_ context.Context, e *events.CallEvent, _ bool) error {
					return p.Effect(func() {
						mu.Lock()
						defer mu.Unlock()
						records[e.GetEventId()] = 1 // an upsert
					})
				}
				return Handler(write, Options{Claims: p, Retry: retry.Policy{Budget: -1}})
			},
			Messages: func() []*consume.Message { return []*consume.Message{{Key: []byte("CA1"), Value: value(t, e)}} },
			Effects: func() int {
				mu.Lock()
				defer mu.Unlock()
				return records[e.GetEventId()]
			},
		}
	})
}
