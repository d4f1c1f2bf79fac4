package consume

import (
	"context"
	"errors"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// exhausted is a failure that has been retried for as long as it may.
type exhausted struct{ cause error }

func (e *exhausted) Error() string { return "retries are spent: " + e.cause.Error() }
func (e *exhausted) Unwrap() error { return e.cause }

// deadLettered sends what failed for good to the dead-letter topic. The message is complete when that stands,
// and not before.
func (c *Consumer) deadLettered(next Handler) Handler {
	return func(ctx context.Context, m *Message, done func(error)) {
		next(ctx, m, func(err error) {
			var spent *exhausted
			if err == nil || m.from.cut(err) || !retry.IsPermanent(err) && !errors.As(err, &spent) {
				done(err)
				return
			}
			failedSpan(ctx, "dead letter", err)
			c.bury(m, err, done) //nolint:contextcheck // it outlives the handler, within the message's trace
		})
	}
}

// bury publishes a dead letter and then calls done. Until then the next message of the key waits, as long as no handler has it yet.
func (c *Consumer) bury(m *Message, cause error, done func(error)) {
	msg := c.deadLetter(m, cause)
	p, key := m.from.p, string(m.Key)
	g := p.gen
	p.mu.Lock()
	p.hold(key)
	p.mu.Unlock()
	c.tel.Log.WarnContext(m.from.context(), "a message became a dead letter", "topic", m.Topic, "partition", m.Partition, "offset", m.Offset,
		"parked", m.Parked, "code", retry.Code(cause), "field", retry.Field(cause), "dependency", retry.Dependency(cause))
	buried := func(err error) {
		if err == nil {
			c.metrics.deadLetters.Add(m.from.context(), 1, c.metrics.group,
				metric.WithAttributes(attribute.String("topic", m.Topic), attribute.String("code", retry.Code(cause))))
		}
		done(err)
		p.release(key)
	}
	g.publish(msg, func(err error) {
		if !errors.Is(err, produce.ErrTooLarge) {
			buried(err)
			return
		}
		// Bytes that fit into their own topic do not fit with the reason added. What says where they are
		// is better than a partition that stands still.
		msg.Headers = deadletter.Set(msg.Headers, header(deadletter.HeaderOmitted, strconv.Itoa(len(msg.Value))))
		msg.Value = nil
		g.publish(msg, buried)
	})
}

// deadLetter is the original with the reason.
func (c *Consumer) deadLetter(m *Message, cause error) produce.Message {
	now := time.Now()
	o := deadletter.Origin{
		Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Time: m.Time, Group: c.cfg.Group,
		Attempts: m.Attempts + m.tries, FirstFailure: m.FirstFailure, FailedAt: now,
	}
	if e := m.from.entry; e != nil {
		o.Offset = e.origin
		if e.origin < 0 { // put into the retry topic by hand
			o.Topic, o.Offset = m.from.src.topic, m.Offset
		}
	}
	if o.FirstFailure.IsZero() {
		o.FirstFailure = now
	}
	return produce.Message{
		Topic: c.cfg.DeadLetters, Key: m.Key, Value: m.Value, AnySize: true,
		Headers: deadletter.Headers(append([]kafka.Header(nil), m.Headers...), o, cause),
	}
}

// cut tells whether err is the end of the generation rather than a failure of the message: then it is
// nobody's fault, and the next owner's.
func (d *delivery) cut(err error) bool {
	if !d.p.gen.ended() {
		return false
	}
	return !retry.IsPermanent(err) || d.p.gen.ctx.Err() != nil
}
