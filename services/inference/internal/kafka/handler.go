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
			if offset = standsAt(m); offset < 0 && e.Kind() == events.KindTranscriptSegment {
				// Nothing here parks, so somebody put it there by hand: its words could not be found again.
				done(&retry.Error{Class: retry.Permanent, Code: "segment_parked", Err: errParked})
				return
			}
		}
		desk.Take(ctx, m.Partition, e, offset, done)
	}
}

// standsAt is where a segment stands in calls.transcripts; −1 if nobody knows.
func standsAt(m *consume.Message) int64 {
	if m.Parked {
		return m.Origin
	}
	return m.Offset
}

var (
	errSealed = errors.New("the event is sealed, and this version holds no keys")
	errKey    = errors.New("the message's key is not its call's id: the order of the call is lost")
	errParked = errors.New("a segment stands in the retry topic, and nobody knows where in its own: redrive it by frontdesk dlq while its topic keeps it")
)
