package kafka

import (
	"context"
	"errors"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
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
		if e.GetCallId() != string(m.Key) {
			done(&retry.Error{Class: retry.Permanent, Code: "wrong_key", Err: errKey})
			return
		}
		offset := int64(-1)
		if m.Topic == events.Transcripts.Name {
			if m.Parked {
				// Nothing here parks, so somebody put it there by hand: its words could not be found again.
				done(&retry.Error{Class: retry.Permanent, Code: "segment_parked", Err: errParked})
				return
			}
			offset = m.Offset
		}
		desk.Take(ctx, m.Partition, e, offset, done)
	}
}

var (
	errSealed = errors.New("the event is sealed, and this version holds no keys")
	errKey    = errors.New("the message's key is not its call's id: the order of the call is lost")
	errParked = errors.New("a segment stands in the retry topic: redrive it to its own topic")
)
