package kafka

import (
	"context"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// Publisher puts events on calls.records and calls.usage.
type Publisher struct{ prod *produce.Producer }

// NewPublisher makes a publisher on a producer that the caller closes.
func NewPublisher(prod *produce.Producer) *Publisher { return &Publisher{prod} }

// Send queues e; done is called once, when it is acknowledged or given up, and must not block. It outlives the loss
// of the call's partition: what e tells of has happened, whoever owns the call now.
func (p *Publisher) Send(ctx context.Context, e *events.CallEvent, done func(error)) {
	m, err := message(e)
	if err != nil {
		done(err)
		return
	}
	p.prod.Send(consume.Detach(ctx), m, done)
}

// message routes an event by its kind: records by call, usage by tenant.
func message(e *events.CallEvent) (produce.Message, error) {
	topic, key := events.Records.Name, e.GetCallId()
	if e.Kind() == events.KindUsageRecorded {
		topic, key = events.Usage.Name, e.GetTenant()
	}
	value, err := events.Marshal(e)
	if err != nil {
		return produce.Message{}, retry.Permanently("event.invalid", err)
	}
	return produce.Message{Topic: topic, Key: []byte(key), Value: value, Headers: []kafka.Header{
		{Key: events.HeaderEventID, Value: []byte(e.GetEventId())},
		{Key: events.HeaderKind, Value: []byte(e.Kind().String())},
		{Key: events.HeaderTenant, Value: []byte(e.GetTenant())},
	}}, nil
}
