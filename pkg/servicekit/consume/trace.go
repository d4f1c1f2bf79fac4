package consume

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// headerKind is the header that says what a message is about; it names the span.
const headerKind = "event-kind"

// traced gives each message a span, "<group> <kind>", under the one that published it, or under the root of
// its call (the key) if it has no traceparent. It ends at completion. Kinds in Config.Untraced get none.
func (c *Consumer) traced(next Handler) Handler {
	return func(ctx context.Context, m *Message, done func(error)) {
		if tp := m.Header(telemetry.HeaderTraceparent); tp != "" {
			ctx = telemetry.WithTraceparent(ctx, tp)
		} else if len(m.Key) > 0 {
			ctx = telemetry.WithCall(ctx, string(m.Key))
		}
		kind := m.Header(headerKind)
		if slices.Contains(c.cfg.Untraced, kind) {
			c.measured(ctx, m, next, done)
			return
		}
		if kind == "" {
			kind = m.Topic
		}
		ctx, span := c.tel.Tracer.Start(ctx, c.cfg.Group+" "+kind, trace.WithSpanKind(trace.SpanKindConsumer))
		if span.IsRecording() {
			span.SetAttributes(
				attribute.String("messaging.system", "kafka"),
				attribute.String("messaging.destination.name", m.Topic),
				attribute.Int("messaging.destination.partition.id", m.Partition),
				attribute.Int64("messaging.kafka.offset", m.Offset),
				attribute.String("messaging.consumer.group.name", c.cfg.Group),
				attribute.Bool("parked", m.Parked),
			)
		}
		c.measured(ctx, m, next, func(err error) {
			if err != nil {
				span.AddEvent("left to the next owner")
			}
			span.End()
			done(err)
		})
	}
}

// measured calls next and takes its time. What is counted of a message is counted within its trace, so that an exemplar
// leads there.
func (c *Consumer) measured(ctx context.Context, m *Message, next Handler, done func(error)) {
	m.from.span = trace.SpanContextFromContext(ctx)
	began := time.Now()
	next(ctx, m, done)
	c.metrics.duration.Record(ctx, time.Since(began).Seconds(), c.metrics.topic[m.Topic])
}

// context is the generation's, within the trace of the message.
func (d *delivery) context() context.Context {
	return trace.ContextWithSpanContext(d.p.gen.ctx, d.span)
}

// failedSpan notes on the message's span what became of a failure: its code, never its text.
func failedSpan(ctx context.Context, what string, cause error) {
	span := trace.SpanFromContext(ctx)
	span.SetStatus(codes.Error, retry.Code(cause))
	span.AddEvent(what, trace.WithAttributes(attribute.String("code", retry.Code(cause))))
}
