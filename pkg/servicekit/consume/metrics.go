package consume

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// metrics of a consumer, all by group:
//
//	kafka.consume.handled           messages complete, by topic
//	kafka.consume.duration          seconds in the handler's call, by topic
//	kafka.consume.parkings          messages parked after a failure, by topic and code
//	kafka.consume.dead_letters      messages given up, by topic and code
//	kafka.consume.late              completions after the generation's last commit
//	kafka.consume.lost              parked messages that were gone from their retry topic
//	kafka.consume.resets            positions outside their log
//	kafka.consume.generations       assignments taken up
//	kafka.consume.pauses            fetches paused at the bound
//	kafka.consume.fetch.errors, kafka.consume.commit.errors
//	kafka.consume.taken             messages taken and not complete
//	kafka.consume.taken.bytes       their bytes
//	kafka.consume.parked            messages parked, and kafka.consume.parked.keys their keys
//	kafka.consume.lag               messages not complete, by topic and partition
//	kafka.consume.oldest            age in seconds of the oldest message taken and not complete
//	kafka.consume.oldest.handler    age in seconds of the oldest handler's call
type metrics struct {
	meter metric.Meter
	group metric.MeasurementOption
	name  attribute.KeyValue
	topic map[string]metric.MeasurementOption

	handled, parkings, deadLetters, late, lost, resets metric.Int64Counter
	generations, pauses, fetchErrors, commitErrors     metric.Int64Counter
	duration                                           metric.Float64Histogram

	taken, takenBytes, parked, parkedKeys, lag metric.Int64ObservableGauge
	oldest, oldestHandler                      metric.Float64ObservableGauge
}

// newMetrics makes the instruments. Their names are constants and valid, which is all that the API's errors
// are about; it returns working no-ops beside an error anyway.
func newMetrics(m metric.Meter, group string, topics []string) *metrics {
	out := &metrics{meter: m, name: attribute.String("group", group), topic: map[string]metric.MeasurementOption{}}
	out.group = metric.WithAttributeSet(attribute.NewSet(out.name))
	for _, t := range topics {
		out.topic[t] = metric.WithAttributeSet(attribute.NewSet(out.name, attribute.String("topic", t)))
	}
	counter := func(name, what string) metric.Int64Counter {
		c, _ := m.Int64Counter("kafka.consume."+name, metric.WithDescription(what))
		return c
	}
	gauge := func(name, unit, what string) metric.Int64ObservableGauge {
		g, _ := m.Int64ObservableGauge("kafka.consume."+name, metric.WithUnit(unit), metric.WithDescription(what))
		return g
	}
	age := func(name, what string) metric.Float64ObservableGauge {
		g, _ := m.Float64ObservableGauge("kafka.consume."+name, metric.WithUnit("s"), metric.WithDescription(what))
		return g
	}
	out.handled = counter("handled", "Messages complete.")
	out.parkings = counter("parkings", "Messages parked after a failure.")
	out.deadLetters = counter("dead_letters", "Messages given up to the dead-letter topic.")
	out.late = counter("late", "Completions that came after the generation's last commit.")
	out.lost = counter("lost", "Parked messages that were gone from their retry topic.")
	out.resets = counter("resets", "Positions found outside their log.")
	out.generations = counter("generations", "Partition assignments taken up.")
	out.pauses = counter("pauses", "Fetches paused at the bound.")
	out.fetchErrors = counter("fetch.errors", "Fetches that failed.")
	out.commitErrors = counter("commit.errors", "Commits that failed.")
	out.duration, _ = m.Float64Histogram("kafka.consume.duration", metric.WithUnit("s"),
		metric.WithDescription("Time in the handler's call, retries in place included."),
		metric.WithExplicitBucketBoundaries(.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120))
	out.taken = gauge("taken", "{message}", "Messages taken and not complete.")
	out.takenBytes = gauge("taken.bytes", "By", "Bytes of messages taken and not complete.")
	out.parked = gauge("parked", "{message}", "Messages parked.")
	out.parkedKeys = gauge("parked.keys", "{key}", "Keys with parked messages.")
	out.lag = gauge("lag", "{message}", "Messages between the oldest incomplete one and the end of the partition.")
	out.oldest = age("oldest", "Age of the oldest message taken and not complete.")
	out.oldestHandler = age("oldest.handler", "Age of the oldest handler's call.")
	return out
}

// observe reports the gauges until the returned function is called.
func (m *metrics) observe(c *Consumer) (unregister func()) {
	r, err := m.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		n, bytes := c.process.state()
		o.ObserveInt64(m.taken, int64(n), m.group)
		o.ObserveInt64(m.takenBytes, int64(bytes), m.group)
		c.mu.Lock()
		g := c.current
		c.mu.Unlock()
		if g != nil {
			g.observe(o, m)
		}
		return nil
	}, m.taken, m.takenBytes, m.parked, m.parkedKeys, m.lag, m.oldest, m.oldestHandler)
	if err != nil {
		return func() {}
	}
	return func() { _ = r.Unregister() }
}

func (g *generation) observe(o metric.Observer, m *metrics) {
	now := time.Now()
	oldest, handler := now, now
	var keys, messages int
	for _, p := range g.partitions {
		p.mu.Lock()
		k, n := p.parked.counts()
		keys, messages = keys+k, messages+n
		for _, s := range p.sources {
			if at := s.offsets.oldest(); !s.retry && !at.IsZero() && at.Before(oldest) {
				oldest = at
			}
			o.ObserveInt64(m.lag, max(0, s.offsets.high-s.offsets.mark()), metric.WithAttributeSet(attribute.NewSet(
				m.name, attribute.String("topic", s.topic), attribute.Int("partition", p.id))))
		}
		for _, q := range p.keys {
			if !q.since.IsZero() && q.since.Before(handler) {
				handler = q.since
			}
		}
		p.mu.Unlock()
	}
	o.ObserveInt64(m.parked, int64(messages), m.group)
	o.ObserveInt64(m.parkedKeys, int64(keys), m.group)
	o.ObserveFloat64(m.oldest, now.Sub(oldest).Seconds(), m.group)
	o.ObserveFloat64(m.oldestHandler, now.Sub(handler).Seconds(), m.group)
}
