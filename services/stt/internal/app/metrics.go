package app

import (
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// metrics of hearing. The tenant is a label where cost or trouble is somebody's; parties and calls never
// are.
type metrics struct {
	sessions  metric.Int64UpDownCounter
	audio     metric.Float64Counter
	bill      metric.Float64Counter
	lag       metric.Float64Histogram
	gaps      metric.Float64Counter
	forced    metric.Int64Counter
	completes metric.Int64Counter
}

func newMetrics(m metric.Meter) (*metrics, error) {
	var (
		out  metrics
		errs [7]error
	)
	out.sessions, errs[0] = m.Int64UpDownCounter("frontdesk.stt.sessions", metric.WithDescription("Recogniser sessions open."))
	out.audio, errs[1] = m.Float64Counter("frontdesk.stt.audio.sent", metric.WithUnit("s"), metric.WithDescription("Audio given to a recogniser, what was given again not counted."))
	out.bill, errs[2] = m.Float64Counter("frontdesk.stt.audio.billed", metric.WithUnit("s"), metric.WithDescription("Audio that the recogniser bills."))
	out.lag, errs[3] = m.Float64Histogram("frontdesk.stt.lag", metric.WithUnit("s"), metric.WithDescription("From the end of an utterance to its final."),
		metric.WithExplicitBucketBoundaries(0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 13, 30, 60, 300))
	out.gaps, errs[4] = m.Float64Counter("frontdesk.stt.gaps", metric.WithUnit("s"), metric.WithDescription("Audio never heard, by reason."))
	out.forced, errs[5] = m.Int64Counter("frontdesk.stt.finals.forced", metric.WithDescription("Finals forced to make room."))
	out.completes, errs[6] = m.Int64Counter("frontdesk.stt.streams.completed", metric.WithDescription("Streams completed, by outcome."))
	return &out, errors.Join(errs[:]...)
}

func of(s *stream, more ...attribute.KeyValue) metric.MeasurementOption {
	attrs := append(more, attribute.String("tenant", s.meta.Tenant))
	if s.tenant != nil {
		attrs = append(attrs, attribute.String("provider", s.tenant.Speech.Provider))
	}
	return metric.WithAttributes(attrs...)
}

func (m *metrics) opened(s *stream, n int64) { m.sessions.Add(s.ctx, n, of(s)) }

func (m *metrics) sent(s *stream, d time.Duration) {
	m.audio.Add(s.ctx, d.Seconds(), s.labels)
}

func (m *metrics) billed(s *stream, u *recogniser.Usage) {
	m.bill.Add(s.ctx, u.Billed.Seconds(), of(s, attribute.Bool("estimated", u.Estimated)))
}

func (m *metrics) segment(s *stream, lag time.Duration) { m.lag.Record(s.ctx, lag.Seconds(), s.labels) }

func (m *metrics) gap(s *stream, reason events.MediaGapReason, d time.Duration) {
	m.gaps.Add(s.ctx, d.Seconds(), of(s, attribute.String("reason", word(reason.String(), "MEDIA_GAP_REASON_"))))
}

func (m *metrics) force(s *stream) { m.forced.Add(s.ctx, 1, s.labels) }

func (m *metrics) completed(s *stream, o events.TranscriptOutcome) {
	m.completes.Add(s.ctx, 1, of(s, attribute.String("outcome", word(o.String(), "TRANSCRIPT_OUTCOME_"))))
}

// word makes a label of an enum's name.
func word(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }
