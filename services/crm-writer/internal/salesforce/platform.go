package salesforce

import (
	"context"
	"fmt"
	"net/http"
)

// EventResult is what became of one platform event published over REST.
type EventResult struct {
	// ID is the event's UUID on the bus.
	ID string
	// Err is the classified error of an event that was refused.
	Err error
}

// codeEnqueued is how a success looks: an entry among the errors whose message is the event's UUID.
const codeEnqueued = "OPERATION_ENQUEUED"

// PublishEvents puts platform events on the bus over REST, 25 in one request. Unlike the Pub/Sub API this
// spends the daily allowance: it is the fallback.
func (c *Client) PublishEvents(ctx context.Context, event string, events []Fields) []EventResult {
	results := make([]EventResult, 0, len(events))
	for len(events) > 0 {
		n := min(len(events), MaxSubrequests)
		results = append(results, c.publish(ctx, event, events[:n])...)
		events = events[n:]
	}
	return results
}

func (c *Client) publish(ctx context.Context, event string, events []Fields) []EventResult {
	results := make([]EventResult, len(events))
	subs := make([]Subrequest, len(events))
	for i, e := range events {
		subs[i] = Subrequest{
			Method: http.MethodPost, URL: c.ObjectPath(event), ReferenceID: fmt.Sprintf("e%d", i), Body: e,
		}
	}
	answers, err := c.Composite(ctx, subs)
	for i := range results {
		if err != nil {
			results[i].Err = err
			continue
		}
		if results[i].Err = c.Err("event", answers[i]); results[i].Err == nil {
			results[i].ID = enqueued(answers[i].Saved())
		}
	}
	return results
}

// enqueued is the event's UUID, else the record-like id that came with it.
func enqueued(s Saved) string {
	for _, e := range s.Errors {
		if e.code() == codeEnqueued {
			return e.Message
		}
	}
	return s.ID
}
