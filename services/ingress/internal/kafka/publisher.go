// Package kafka puts ingress's events on Kafka, and reads back the one thing that it asks of the log.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
)

// Producer is the part of produce.Producer that is used.
type Producer interface {
	Publish(ctx context.Context, msgs ...produce.Message) error
	Send(ctx context.Context, m produce.Message, done func(error))
}

// Publisher is app.Publisher on a Kafka producer. Safe for concurrent use.
//
// Send goes through a lane: the producer's own Send waits while its queue is full, or while nobody can tell it
// how many partitions a topic has, and whoever reads a socket must not. A call always takes the same lane,
// and Publish waits until that lane has handed over what came before, so that what is told of a call, by its
// webhooks and by its stream, keeps the order in which it was told: a reader of calls.lifecycle never sees a
// call's end before a stream that began earlier. What Publish gives up is given up: Twilio brings it again.
type Publisher struct {
	prod  Producer
	m     *metrics.Metrics
	seed  maphash.Seed
	lanes []*lane
	bufs  sync.Pool // *[]byte
}

var _ app.Publisher = (*Publisher)(nil)

// laneCount bounds how many Sends of the producer wait at once; one would do while the broker is well.
const laneCount = 8

// NewPublisher makes a publisher on a producer that the caller closes, after Close.
func NewPublisher(prod Producer, m *metrics.Metrics) *Publisher {
	p := &Publisher{prod: prod, m: m, seed: maphash.MakeSeed()}
	p.bufs.New = func() any { b := make([]byte, 0, 2<<10); return &b }
	for range laneCount {
		p.lanes = append(p.lanes, newLane(prod))
	}
	return p
}

// Close waits until everything sent has been handed to the producer. When ctx ends it gives up on the rest,
// and every message still gets its done. What is sent afterwards fails with produce.ErrClosed.
func (p *Publisher) Close(ctx context.Context) {
	for _, l := range p.lanes {
		l.finish()
	}
	for _, l := range p.lanes {
		l.wait(ctx)
	}
}

// Publish implements app.Publisher. The messages are of one call.
func (p *Publisher) Publish(ctx context.Context, msgs ...app.Message) error {
	out := make([]produce.Message, len(msgs))
	for i, m := range msgs {
		value, err := events.Marshal(m.Event)
		if err != nil {
			return invalid(err)
		}
		out[i] = message(m, value)
	}
	begun := time.Now()
	err := p.lane(msgs[0].Event.GetCallId()).passed(ctx)
	if err == nil {
		err = p.prod.Publish(ctx, out...)
	}
	for _, m := range msgs {
		p.m.Published(ctx, m.Topic.Name, outcome(err), time.Since(begun))
	}
	if err != nil {
		return fmt.Errorf("publishing to Kafka: %w", err)
	}
	return nil
}

// Send implements app.Publisher. The event is encoded before it returns, into a buffer that is used again once it is
// stored; a buffer that was given up may still be in a request, and is left to the collector.
func (p *Publisher) Send(ctx context.Context, m app.Message, done func(error)) {
	buf, _ := p.bufs.Get().(*[]byte)
	value, err := events.Append((*buf)[:0], m.Event)
	if err != nil {
		p.bufs.Put(buf)
		done(invalid(err))
		return
	}
	*buf = value
	begun, topic := time.Now(), m.Topic.Name
	it := item{span: trace.SpanContextFromContext(ctx), msg: message(m, value), done: func(err error) {
		if err == nil {
			p.bufs.Put(buf)
		}
		p.m.Published(ctx, topic, outcome(err), time.Since(begun))
		done(given(err))
	}}
	if !p.lane(m.Event.GetCallId()).add(it) {
		it.done(produce.ErrClosed)
	}
}

// given marks an error for good where nothing will be sent any more.
func given(err error) error {
	if errors.Is(err, produce.ErrClosed) || errors.Is(err, context.Canceled) {
		return retry.Permanently("closed", err)
	}
	return err
}

func (p *Publisher) lane(call string) *lane {
	return p.lanes[maphash.String(p.seed, call)%laneCount]
}

// message has the headers by which a reader routes without decoding; produce adds the traceparent.
func message(m app.Message, value []byte) produce.Message {
	e := m.Event
	return produce.Message{
		Topic: m.Topic.Name, Key: []byte(e.GetCallId()), Value: value,
		Headers: []kafka.Header{
			{Key: events.HeaderEventID, Value: []byte(e.GetEventId())},
			{Key: events.HeaderKind, Value: []byte(e.Kind().String())},
			{Key: events.HeaderTenant, Value: []byte(e.GetTenant())},
		},
	}
}

// invalid: the same webhook would make the same invalid event again.
func invalid(err error) error {
	return &retry.Error{Class: retry.Permanent, Code: "invalid-event", Err: err}
}

func outcome(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}
