package kafka

import (
	"context"
	"strconv"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/inference/internal/app"
)

// Handler turns messages into events for the desk.
func Handler(desk *app.Desk) consume.Handler {
	return func(ctx context.Context, m *consume.Message, done func(error)) {
		e, err := events.Unmarshal(m.Value)
		if err != nil {
			done(&retry.Error{Class: retry.Permanent, Code: "undecodable", Err: err})
			return
		}
		if e.GetSealed() != nil {
			done(&retry.Error{Class: retry.Permanent, Code: "sealed", Err: errSealed})
			return
		}
		if e.Kind() == 0 {
			done(nil) // from a newer producer: not for this reader
			return
		}
		offset := int64(-1)
		if m.Topic == events.Transcripts.Name {
			offset = origin(m)
		}
		desk.Take(ctx, m.Partition, e, offset, done)
	}
}

// origin is where a message stands in its own topic: one that comes back from the retry topic tells in its
// headers.
func origin(m *consume.Message) int64 {
	if !m.Parked {
		return m.Offset
	}
	if o, err := strconv.ParseInt(m.Header(deadletter.HeaderOffset), 10, 64); err == nil {
		return o
	}
	return m.Offset
}
