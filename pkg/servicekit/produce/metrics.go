package produce

import (
	"errors"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// metrics of a producer:
//
//	kafka.produce.queued    bytes waiting or under way
//	kafka.produce.messages  acknowledged, by topic
//	kafka.produce.batches   requests answered well, by topic
//	kafka.produce.errors    requests that failed, by topic and code; those that are retried too
//	kafka.produce.latency   seconds from Send to acknowledgement of the oldest message of each batch, by topic
type metrics struct {
	queued   metric.Int64UpDownCounter
	messages metric.Int64Counter
	batches  metric.Int64Counter
	errors   metric.Int64Counter
	latency  metric.Float64Histogram
}

// newMetrics makes the instruments. Their names are constants and valid, which is all that the API's errors
// are about; it returns working no-ops beside an error anyway.
func newMetrics(m metric.Meter) metrics {
	var out metrics
	out.queued, _ = m.Int64UpDownCounter("kafka.produce.queued", metric.WithUnit("By"), metric.WithDescription("Bytes waiting for their acknowledgement."))
	out.messages, _ = m.Int64Counter("kafka.produce.messages", metric.WithDescription("Messages acknowledged."))
	out.batches, _ = m.Int64Counter("kafka.produce.batches", metric.WithDescription("Produce requests acknowledged."))
	out.errors, _ = m.Int64Counter("kafka.produce.errors", metric.WithDescription("Produce requests failed, retried ones included."))
	out.latency, _ = m.Float64Histogram("kafka.produce.latency", metric.WithUnit("s"),
		metric.WithDescription("From Send to acknowledgement, oldest message of each batch."),
		metric.WithExplicitBucketBoundaries(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30))
	return out
}

func (m *metrics) batch(q *queue, batch []*item, err error) {
	if err != nil {
		code := "unreachable"
		var k kafka.Error
		if errors.As(err, &k) {
			code = codeOf(k)
		}
		m.errors.Add(q.p.ctx, 1, q.attrs, metric.WithAttributes(attribute.String("code", code)))
		return
	}
	m.batches.Add(q.p.ctx, 1, q.attrs)
	m.messages.Add(q.p.ctx, int64(len(batch)), q.attrs)
	// Within the trace of the oldest, so that an exemplar leads to who waited longest.
	m.latency.Record(trace.ContextWithSpanContext(q.p.ctx, batch[0].span), time.Since(batch[0].at).Seconds(), q.attrs)
}
