// Package metrics is everything that ingress counts. Names follow OpenTelemetry; Prometheus shows
// "frontdesk.ingress.webhooks" as frontdesk_ingress_webhooks_total. No label ever holds a call, a number or a name.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Metrics holds the instruments. Safe for concurrent use.
type Metrics struct {
	webhooks, refused, unknown, restarts metric.Int64Counter
	odd                                  metric.Int64Counter
	frames, bytes, repeated, gaps, gapMs metric.Int64Counter
	streams                              metric.Int64UpDownCounter
	ends, mediaEvents, sockets           metric.Int64Counter
	webhookSeconds, publishSeconds       metric.Float64Histogram
	spoolRefused, spoolDiverted          metric.Int64Counter
	spoolDrained, spoolLost, spoolBad    metric.Int64Counter
	spoolRecords, spoolBytes, spoolDisk  metric.Int64ObservableGauge
	spoolAge                             metric.Float64ObservableGauge
	claims, handOvers                    metric.Int64Counter
	meter                                metric.Meter
}

// seconds are the histograms' bounds: a webhook has 15 s at most, a caller is kept waiting for 3.
var seconds = []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10, 15}

// New makes the instruments.
func New(m metric.Meter) (*Metrics, error) {
	b := builder{m: m}
	out := &Metrics{
		webhooks: b.counter("frontdesk.ingress.webhooks", "Webhooks by kind and outcome."),
		refused:  b.counter("frontdesk.ingress.refused", "Requests refused for a wrong or missing signature, account or token; sockets also for a bad handshake or want of room."),
		unknown:  b.counter("frontdesk.ingress.unknown_numbers", "Calls to a number that no tenant owns."),
		odd:      b.counter("frontdesk.ingress.odd_values", "Parameters of webhooks whose value can't be, by kind and name: a time days off the clock, a call of more than a day, a number that is none. Set right, or left out."),
		restarts: b.counter("frontdesk.ingress.stream_restarts", "Streams that broke, by what came of it."),
		frames:   b.counter("frontdesk.ingress.audio.frames", "Audio frames heard."),
		bytes:    b.counter("frontdesk.ingress.audio.bytes", "Audio bytes heard."),
		repeated: b.counter("frontdesk.ingress.audio.repeated_frames", "Audio frames that came twice and were dropped."),
		gaps:     b.counter("frontdesk.ingress.audio.gaps", "Declared gaps, by reason."),
		gapMs:    b.counter("frontdesk.ingress.audio.gap_milliseconds", "Audio that the declared gaps stand for."),
		ends:     b.counter("frontdesk.ingress.streams_ended", "Streams ended, by reason."),
		sockets:  b.counter("frontdesk.ingress.sockets_ended", "Media sockets ended, by reason."),
		mediaEvents: b.counter("frontdesk.ingress.media_events_failed",
			"Events of streams, audio apart, that failed to be stored: resent, or lost."),
		spoolRefused:  b.counter("frontdesk.ingress.spool.refused", "Events that neither Kafka nor the spool took, since it is full, by kind. Audio becomes a declared gap; webhooks are refused."),
		spoolDiverted: b.counter("frontdesk.ingress.spool.diversions", "Times that Kafka did not take events and the spool began to."),
		spoolDrained:  b.counter("frontdesk.ingress.spool.drained", "Events sent from the spool to Kafka."),
		spoolLost:     b.counter("frontdesk.ingress.spool.lost", "Events in the spool that are known to be lost: damaged on the disk, or of no topic."),
		spoolBad:      b.counter("frontdesk.ingress.spool.unreadable_bytes", "Bytes of the spool that could not be read: what a crash was writing, or damage."),
		handOvers:     b.counter("frontdesk.ingress.stream_handovers", "Streams that outlived the grace of a shutdown: taken by another replica before they ended, unseen (nobody knows in time), ended by themselves meanwhile, needless, or failed."),
		claims:        b.counter("frontdesk.ingress.claims", "Events of webhooks by what Redis said of them: new, done, busy, away, or skipped while it is away."),
		meter:         m,
	}
	var err error
	b.gauge(&out.spoolRecords, "frontdesk.ingress.spool.records", "Events that wait in the spool.", "")
	b.gauge(&out.spoolBytes, "frontdesk.ingress.spool.bytes", "Bytes that wait in the spool.", "By")
	b.gauge(&out.spoolDisk, "frontdesk.ingress.spool.disk_bytes", "Bytes that the spool takes on the disk; its bound is max_bytes.", "By")
	out.spoolAge, err = m.Float64ObservableGauge("frontdesk.ingress.spool.oldest", metric.WithUnit("s"), metric.WithDescription("Age of the oldest event in the spool; 0 if it is empty."))
	b.errs = append(b.errs, err)
	out.streams, err = m.Int64UpDownCounter("frontdesk.ingress.streams_open", metric.WithDescription("Streams open now."))
	b.errs = append(b.errs, err)
	out.webhookSeconds = b.histogram("frontdesk.ingress.webhook.duration", "Time to answer a webhook.")
	out.publishSeconds = b.histogram("frontdesk.ingress.publish.duration", "Time until an event is stored.")
	return out, errors.Join(b.errs...)
}

type builder struct {
	m    metric.Meter
	errs []error
}

func (b *builder) counter(name, doc string) metric.Int64Counter {
	c, err := b.m.Int64Counter(name, metric.WithDescription(doc))
	b.errs = append(b.errs, err)
	return c
}

func (b *builder) histogram(name, doc string) metric.Float64Histogram {
	h, err := b.m.Float64Histogram(name, metric.WithDescription(doc), metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(seconds...))
	b.errs = append(b.errs, err)
	return h
}

func (b *builder) gauge(g *metric.Int64ObservableGauge, name, doc, unit string) {
	var err error
	*g, err = b.m.Int64ObservableGauge(name, metric.WithDescription(doc), metric.WithUnit(unit))
	b.errs = append(b.errs, err)
}

func label(key, value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(key, value)))
}

func labels(key, value, key2, value2 string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(key, value), attribute.String(key2, value2)))
}

// Odd counts a parameter whose value can't be.
func (m *Metrics) Odd(ctx context.Context, kind, param string) {
	m.odd.Add(ctx, 1, labels("kind", kind, "parameter", param))
}

// Webhook counts one answered webhook.
func (m *Metrics) Webhook(ctx context.Context, kind, outcome string, took time.Duration) {
	m.webhooks.Add(ctx, 1, labels("kind", kind, "outcome", outcome))
	m.webhookSeconds.Record(ctx, took.Seconds(), label("kind", kind))
}

// Refused counts a request that was not believed: reason is "signature", "account" or "token"; and a socket that was not
// opened: "handshake", "full" or "shutdown".
func (m *Metrics) Refused(ctx context.Context, kind, reason string) {
	m.refused.Add(ctx, 1, labels("kind", kind, "reason", reason))
}

// UnknownNumber counts a call that nobody owns; outcome is "refused" or "default".
func (m *Metrics) UnknownNumber(ctx context.Context, outcome string) {
	m.unknown.Add(ctx, 1, label("outcome", outcome))
}

// Restart counts a broken stream by what came of it.
func (m *Metrics) Restart(ctx context.Context, outcome string) {
	m.restarts.Add(ctx, 1, label("outcome", outcome))
}

// StreamOpened counts a stream up.
func (m *Metrics) StreamOpened(ctx context.Context) { m.streams.Add(ctx, 1) }

// StreamEnded counts a stream down.
func (m *Metrics) StreamEnded(ctx context.Context, reason string) {
	m.streams.Add(ctx, -1)
	m.ends.Add(ctx, 1, label("reason", reason))
}

// SocketEnded counts a media socket down: reason is "stopped", "shutdown", "idle", "disconnected", "unstored" (its audio
// was not stored in time), or what of the protocol it broke, in the words that the peer was told.
func (m *Metrics) SocketEnded(ctx context.Context, reason string) {
	m.sockets.Add(ctx, 1, label("reason", reason))
}

// Audio counts what was heard, a chunk at a time: counting frame by frame would cost as much as packing them.
func (m *Metrics) Audio(ctx context.Context, frames, bytes int) {
	m.frames.Add(ctx, int64(frames))
	m.bytes.Add(ctx, int64(bytes))
}

// Repeated counts frames dropped as repetitions.
func (m *Metrics) Repeated(ctx context.Context, frames int) { m.repeated.Add(ctx, int64(frames)) }

// Gap counts a declared gap of some milliseconds.
func (m *Metrics) Gap(ctx context.Context, reason string, ms int64) {
	m.gaps.Add(ctx, 1, label("reason", reason))
	m.gapMs.Add(ctx, ms, label("reason", reason))
}

// MediaEvent counts an event of a stream, not audio, that was not stored; outcome is "resent" or "lost".
func (m *Metrics) MediaEvent(ctx context.Context, kind, outcome string) {
	m.mediaEvents.Add(ctx, 1, labels("kind", kind, "outcome", outcome))
}

// Published records how long it took to store events; outcome is "ok" or "error".
func (m *Metrics) Published(ctx context.Context, topic, outcome string, took time.Duration) {
	m.publishSeconds.Record(ctx, took.Seconds(), labels("topic", topic, "outcome", outcome))
}

// Spool shows a spool's depth at every reading, until stop is called.
func (m *Metrics) Spool(depth func() (records, bytes, disk int64, oldest time.Time)) (stop func(), err error) {
	r, err := m.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		records, bytes, disk, oldest := depth()
		o.ObserveInt64(m.spoolRecords, records)
		o.ObserveInt64(m.spoolBytes, bytes)
		o.ObserveInt64(m.spoolDisk, disk)
		age := time.Duration(0)
		if !oldest.IsZero() {
			age = max(time.Since(oldest), 0)
		}
		o.ObserveFloat64(m.spoolAge, age.Seconds())
		return nil
	}, m.spoolRecords, m.spoolBytes, m.spoolDisk, m.spoolAge)
	if err != nil {
		return nil, fmt.Errorf("showing the spool's depth: %w", err)
	}
	return func() { _ = r.Unregister() }, nil // nobody reads it any more
}

// SpoolRefused counts an event that neither Kafka nor the spool took.
func (m *Metrics) SpoolRefused(ctx context.Context, kind string) {
	m.spoolRefused.Add(ctx, 1, label("kind", kind))
}

// SpoolDiverted counts that the spool begins to take events.
func (m *Metrics) SpoolDiverted(ctx context.Context) { m.spoolDiverted.Add(ctx, 1) }

// SpoolDrained counts events that went from the spool to Kafka.
func (m *Metrics) SpoolDrained(ctx context.Context, n int) { m.spoolDrained.Add(ctx, int64(n)) }

// SpoolLost counts events known to be lost in the spool, and bytes that could not be read.
func (m *Metrics) SpoolLost(ctx context.Context, events, bytes int64) {
	m.spoolLost.Add(ctx, events)
	m.spoolBad.Add(ctx, bytes)
}

// Claim counts what Redis said of an event of a webhook.
func (m *Metrics) Claim(ctx context.Context, outcome string) {
	m.claims.Add(ctx, 1, label("outcome", outcome))
}

// HandOver counts what became of a stream that outlived the grace of a shutdown.
func (m *Metrics) HandOver(ctx context.Context, outcome string) {
	m.handOvers.Add(ctx, 1, label("outcome", outcome))
}
