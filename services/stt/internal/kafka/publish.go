package kafka

import (
	"context"

	segment "github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/app"
)

// Publisher publishes on the topics that stt owns. Safe for concurrent use.
type Publisher struct{ prod *produce.Producer }

var _ app.Publisher = (*Publisher)(nil)

// NewPublisher returns a publisher on a producer that the caller closes.
func NewPublisher(prod *produce.Producer) *Publisher { return &Publisher{prod: prod} }

// Publish implements app.Publisher: what was used goes to calls.usage by tenant, everything else to
// calls.transcripts by call. A message that is too large is refused for good.
func (p *Publisher) Publish(ctx context.Context, e *events.CallEvent, done func(error)) {
	value, err := events.Marshal(e)
	if err != nil {
		done(&retry.Error{Class: retry.Permanent, Code: "unencodable", Err: err})
		return
	}
	topic, key := events.Transcripts.Name, e.GetCallId()
	if e.Kind() == events.KindUsageRecorded {
		topic, key = events.Usage.Name, e.GetTenant()
	}
	p.prod.Send(ctx, produce.Message{
		Topic: topic, Key: []byte(key), Value: value,
		Headers: []segment.Header{
			{Key: events.HeaderEventID, Value: []byte(e.GetEventId())},
			{Key: events.HeaderKind, Value: []byte(e.Kind().String())},
			{Key: events.HeaderTenant, Value: []byte(e.GetTenant())},
		},
	}, done)
}
