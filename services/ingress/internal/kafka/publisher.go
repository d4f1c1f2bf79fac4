// Package kafka puts ingress's events on Kafka, and reads back the one thing that it asks of the log.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
	"github.com/frontdesk/frontdesk/services/ingress/internal/spool"
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
// call's end before a stream that began earlier. Without a spool what Publish gives up is given up: Twilio brings it again.
// With one, both go by the outbox, and are done with when Kafka or the spool has them.
type Publisher struct {
	prod  Producer
	m     *metrics.Metrics
	seed  maphash.Seed
	lanes []*lane
	out   *outbox   // nil without a spool
	bufs  sync.Pool // *[]byte
}

var _ app.Publisher = (*Publisher)(nil)

// laneCount bounds how many Sends of the producer wait at once; one would do while the broker is well.
const laneCount = 8

// NewPublisher makes a publisher without a spool, on a producer that the caller closes, after Close.
func NewPublisher(prod Producer, m *metrics.Metrics) *Publisher {
	p := &Publisher{prod: prod, m: m, seed: maphash.MakeSeed()}
	p.bufs.New = func() any { b := make([]byte, 0, 2<<10); return &b }
	for range laneCount {
		p.lanes = append(p.lanes, newLane(prod))
	}
	return p
}

// NewSpoolingPublisher is NewPublisher with a spool, which the publisher closes, for what Kafka has not acknowledged within a
// time.
func NewSpoolingPublisher(prod Producer, sp *spool.Spool, after time.Duration, m *metrics.Metrics, log *slog.Logger) *Publisher {
	p := NewPublisher(prod, m)
	p.out = newOutbox(prod, sp, after, m, log)
	return p
}

// Close waits until everything sent has been handed to the producer, with a spool until everything is acknowledged or spooled.
// When ctx ends it gives up on the rest, and every message still gets its done; what is in the spool stays there. What is sent
// afterwards fails with produce.ErrClosed.
func (p *Publisher) Close(ctx context.Context) {
	if p.out != nil {
		p.out.close(ctx)
	}
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
	err := p.publish(ctx, msgs, out)
	for _, m := range msgs {
		p.m.Published(ctx, m.Topic.Name, outcome(err), time.Since(begun))
	}
	if err != nil {
		return fmt.Errorf("publishing to Kafka: %w", given(err))
	}
	return nil
}

func (p *Publisher) publish(ctx context.Context, msgs []app.Message, out []produce.Message) error {
	if p.out == nil {
		if err := p.lane(msgs[0].Event.GetCallId()).passed(ctx); err != nil {
			return err
		}
		return p.prod.Publish(ctx, out...) //nolint:wrapcheck // Publish says what it did
	}
	stored := make(chan error, len(msgs))
	parcels := make([]*parcel, len(msgs))
	for i, m := range msgs {
		parcels[i] = p.parcel(ctx, m, out[i], func(_ *parcel, err error) { stored <- err })
	}
	p.out.send(parcels...) //nolint:contextcheck // a parcel outlives its request
	var first error
	for range msgs {
		select {
		case err := <-stored:
			if first == nil {
				first = err
			}
		case <-ctx.Done():
			return fmt.Errorf("waiting for an acknowledgement: %w", ctx.Err())
		}
	}
	return first
}

func (p *Publisher) parcel(ctx context.Context, m app.Message, msg produce.Message, done func(*parcel, error)) *parcel {
	return &parcel{
		span: trace.SpanContextFromContext(ctx), msg: msg, kind: m.Event.Kind().String(), audio: isAudio(m.Event), at: time.Now(),
		lane: p.lane(m.Event.GetCallId()), done: done,
	}
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
	if p.out != nil {
		p.out.send(p.parcel(ctx, m, message(m, value), func(sent *parcel, err error) { //nolint:contextcheck // as above
			if err == nil && !sent.spooled {
				p.bufs.Put(buf)
			}
			p.m.Published(ctx, topic, outcome(err), time.Since(begun))
			done(given(err))
		}))
		return
	}
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
