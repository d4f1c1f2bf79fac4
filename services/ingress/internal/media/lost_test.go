package media_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
)

// failing refuses the first n events of a kind on calls.media.
func failing(kind events.Kind, n int, err error) func(app.Message) error {
	return func(m app.Message) error {
		if m.Topic.Name != events.Media.Name || m.Event.Kind() != kind || n == 0 {
			return nil
		}
		n--
		return err
	}
}

// failed counts the events of a kind that were not stored, by what came of them.
func failed(t *testing.T, reader *metric.ManualReader) map[string]int64 {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &rm); err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, s := range rm.ScopeMetrics {
		for _, m := range s.Metrics {
			data, ok := m.Data.(metricdata.Sum[int64])
			if m.Name != "frontdesk.ingress.media_events_failed" || !ok {
				continue
			}
			for _, p := range data.DataPoints {
				kind, _ := p.Attributes.Value("kind")
				outcome, _ := p.Attributes.Value("outcome")
				out[kind.AsString()+" "+outcome.AsString()] += p.Value
			}
		}
	}
	return out
}

// TestEventsOfAStreamAreNotLostSilently: they are few, and a reader goes wrong without them.
func TestEventsOfAStreamAreNotLostSilently(t *testing.T) {
	permanent := retry.Permanently("kafka.invalid_record", errAway)
	tests := map[string]struct {
		fail         func(app.Message) error
		resent, lost int64
	}{
		"started, at the second try": {failing(events.KindMediaStarted, 1, errAway), 1, 0},
		"gap, at the last try":       {failing(events.KindMediaGap, 3, errAway), 3, 0},
		"ended, at the third try":    {failing(events.KindMediaEnded, 2, errAway), 2, 0},
		"started, never":             {failing(events.KindMediaStarted, -1, errAway), 3, 1},
		"ended, never":               {failing(events.KindMediaEnded, -1, errAway), 3, 1},
		"gap, refused for good":      {failing(events.KindMediaGap, -1, permanent), 0, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pub, log, reader := &apptest.Publisher{}, &bytes.Buffer{}, metric.NewManualReader()
				pub.FailSome(tt.fail)
				in := watched(t, pub, media.Config{}, metric.NewMeterProvider(metric.WithReader(reader)).Meter(""), slog.NewTextHandler(log, nil))
				s := in.Open(t.Context(), facts(), spec(caller))
				feed(t, s, caller, 0, 5)
				feed(t, s, caller, 10, 5) // 100 ms are missing
				if err := s.End(stopped); err != nil {
					t.Fatal(err)
				}
				kind, _, _ := strings.Cut(name, ",")
				kind = "media_" + kind
				if got := failed(t, reader); got[kind+" resent"] != tt.resent || got[kind+" lost"] != tt.lost {
					t.Errorf("counted %v", got)
				}
				stored := 0
				for _, e := range pub.Events(events.Media) {
					if e.Kind().String() == kind {
						stored++
					}
				}
				if stored != int(1-tt.lost) {
					t.Errorf("%d stored", stored)
				}
				if told := strings.Contains(log.String(), kind) && strings.Contains(log.String(), "call=CA1"); told != (tt.lost > 0) {
					t.Errorf("the log says %q", log)
				}
			})
		})
	}
}

// TestAudioThatFailsAfterTheEnd: End has given up waiting, and still the hole is declared.
func TestAudioThatFailsAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub := &apptest.Publisher{}
		s := intake(t, pub, media.Config{EndWait: time.Second}).Open(t.Context(), facts(), spec(caller))
		pub.Hold()
		feed(t, s, caller, 0, 20)
		if err := s.End(stopped); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v, want a deadline", err)
		}
		pub.FailSome(func(m app.Message) error {
			if c, ok := m.Event.Message().(*events.AudioChunk); ok && c.GetChunk() == 1 {
				return errAway
			}
			return nil
		})
		pub.Release()
		want(t, pub, "started +1500", "chunk caller 0 1500+200", "gap caller 1700-1900 SPOOL_FULL", "ended STOPPED 2/0 at 1900")
	})
}
