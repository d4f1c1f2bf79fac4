package breaker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

const acme = "salesforce:acme"

var (
	down = &retry.Error{Code: "salesforce.SERVER_UNAVAILABLE"}
	wait = func(d time.Duration) error { return &retry.Error{Code: "salesforce.REQUEST_LIMIT_EXCEEDED", After: d} }
)

func make3(t *testing.T, tel *telemetry.Telemetry) *breaker.Breaker {
	t.Helper()
	b, err := breaker.New(breaker.Settings{Failures: 3, Open: time.Second, Most: 4 * time.Second}, tel)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestStates goes through what is reported and asked, in order. A step is "ok", "down", "canceled" or "wait <time>" for a
// report, "pass <time>" for the clock, "free" and "held <time>" for what is to be allowed and how long it is held, "due" for what would
// be allowed.
func TestStates(t *testing.T) {
	for name, steps := range map[string]string{
		"closed at first":                            "free, ok, free",
		"opens at the third in a row":                "down, down, free, down, held 1s",
		"a success between starts the count anew":    "down, down, ok, down, down, free",
		"a named time opens at once":                 "wait 30s, held 30s, pass 29s, held 1s, pass 1s, free",
		"no longer than an hour":                     "wait 48h, held 1h0m0s",
		"one probe at a time":                        "down, down, down, pass 1s, free, held 1s, held 1s, ok, free, free",
		"the time doubles up to its most":            "down, down, down, pass 1s, free, down, held 2s, pass 2s, free, down, held 4s, pass 4s, free, down, held 4s",
		"a probe may name a time":                    "down, down, down, pass 1s, free, wait 30s, held 30s, pass 30s, free, ok, free",
		"a lost probe is given up":                   "down, down, down, pass 1s, free, pass 999ms, held 1ms, pass 1ms, free, held 1s",
		"a cancelled probe is given up at once":      "down, down, down, pass 1s, free, held 1s, canceled, free, held 1s",
		"cancelled work says nothing":                "down, down, canceled, free, down, held 1s, canceled, held 1s",
		"what was under way does not lengthen it":    "down, down, down, down, down, held 1s",
		"unless it names a time":                     "down, down, down, wait 9s, held 9s, wait 2s, held 9s",
		"what was under way and works closes it":     "down, down, down, ok, free",
		"but not before a time that was named":       "wait 5s, ok, held 5s, pass 5s, ok, free",
		"closed, it begins again with the first":     "down, down, down, pass 1s, free, down, held 2s, pass 2s, free, ok, down, down, free, down, held 1s",
		"after a named time the first comes first":   "wait 30s, pass 30s, free, down, held 2s",
		"while a probe is out the wait stays short":  "down, down, down, pass 1s, free, down, pass 2s, free, down, pass 4s, free, held 1s",
		"nothing asked after its time is half open":  "down, down, down, pass 1h, free, held 1s",
		"who only wants to know is no probe":         "due, down, down, down, pass 1s, due, due, free, held 1s, ok, due",
		"a late report of a failure opens it longer": "down, down, down, pass 1s, down, held 2s",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := make3(t, telemetry.Discard())
				for i, step := range strings.Split(steps, ", ") {
					word, arg, _ := strings.Cut(step, " ")
					d, _ := time.ParseDuration(arg)
					switch word {
					case "ok":
						b.Report(acme, nil)
					case "down":
						b.Report(acme, down)
					case "wait":
						b.Report(acme, wait(d))
					case "canceled":
						b.Report(acme, fmt.Errorf("asking: %w", context.Canceled))
					case "pass":
						time.Sleep(d)
					case "free":
						if err := b.Allow(acme); err != nil {
							t.Fatalf("step %d: held for %v", i, retry.After(err))
						}
					case "due":
						if err := b.Held(acme); err != nil {
							t.Fatalf("step %d: held for %v", i, retry.After(err))
						}
					case "held":
						if held := b.Held(acme); retry.After(held) != d {
							t.Fatalf("step %d (%s): would be held for %v", i, step, retry.After(held))
						}
						err := b.Allow(acme)
						if retry.After(err) != d || retry.Code(err) != breaker.CodeOpen || retry.Dependency(err) != acme || retry.IsPermanent(err) {
							t.Fatalf("step %d (%s): %v for %v", i, step, err, retry.After(err))
						}
					default:
						t.Fatalf("no step: %q", step)
					}
				}
			})
		})
	}
}

func TestADependencyIsItsOwn(t *testing.T) {
	b := make3(t, telemetry.Discard())
	b.Report(acme, wait(time.Hour))
	if b.Allow(acme) == nil || b.Allow("salesforce:globex") != nil || !b.Open(acme) || b.Open("salesforce:globex") {
		t.Error("one org's outage is another's")
	}
}

func TestOneProbeOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := make3(t, telemetry.Discard())
		b.Report(acme, wait(time.Second))
		time.Sleep(time.Second)
		var free atomic.Int64
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if b.Allow(acme) == nil {
					free.Add(1)
				}
			})
		}
		wg.Wait()
		if free.Load() != 1 {
			t.Errorf("%d went through", free.Load())
		}
		for range 100 {
			wg.Go(func() { b.Report(acme, nil); _ = b.Allow(acme); b.Report(acme, down) })
		}
		wg.Wait()
	})
}

func TestItTellsOnceThatItOpensAndOnceThatItCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		reader := sdkmetric.NewManualReader()
		tel := telemetry.Discard()
		tel.Log = slog.New(slog.NewTextHandler(&lines, nil))
		tel.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("")
		b := make3(t, tel)
		for range 5 {
			b.Report(acme, down)
		}
		for range 7 {
			_ = b.Allow(acme)
		}
		if got := values(t, reader); got["open"] != 1 || got["held"] != 7 || got["openings"] != 1 {
			t.Errorf("open: %v", got)
		}
		for range 3 { // looks in vain
			time.Sleep(time.Minute)
			if err := b.Allow(acme); err != nil {
				t.Fatal(err)
			}
			b.Report(acme, down)
		}
		time.Sleep(time.Minute)
		_ = b.Allow(acme)
		for range 3 {
			b.Report(acme, nil)
		}
		if got := values(t, reader); got["open"] != 0 || got["held"] != 7 || got["openings"] != 1 {
			t.Errorf("closed: %v", got)
		}
		said := lines.String()
		if strings.Count(said, "\n") != 2 || strings.Count(said, "dependency="+acme) != 2 || !strings.Contains(said, "code=salesforce.SERVER_UNAVAILABLE") {
			t.Errorf("said:\n%s", said)
		}
	})
}

// values of the metrics of acme, by the last word of their name.
func values(t *testing.T, r *sdkmetric.ManualReader) map[string]int64 {
	t.Helper()
	var got metricdata.ResourceMetrics
	if err := r.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, m := range got.ScopeMetrics[0].Metrics {
		var points []metricdata.DataPoint[int64]
		switch data := m.Data.(type) {
		case metricdata.Gauge[int64]:
			points = data.DataPoints
		case metricdata.Sum[int64]:
			points = data.DataPoints
		}
		for _, p := range points {
			if v, ok := p.Attributes.Value("dependency"); ok && v.AsString() == acme {
				out[strings.TrimPrefix(m.Name, "frontdesk.dependency.")] = p.Value
			}
		}
	}
	return out
}

func TestSettings(t *testing.T) {
	if err := (breaker.Settings{Failures: 1, Open: time.Second, Most: time.Second}).Validate("crm.breaker"); err != nil {
		t.Error(err)
	}
	err := breaker.Settings{Failures: 0, Open: 0, Most: -1}.Validate("crm.breaker")
	for _, want := range []string{"crm.breaker.failures", "crm.breaker.open", "crm.breaker.most"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s: %v", want, err)
		}
	}
}

func BenchmarkAllow(b *testing.B) {
	x, err := breaker.New(breaker.Settings{Failures: 3, Open: time.Second, Most: time.Minute}, telemetry.Discard())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := x.Allow(acme); err != nil {
			b.Fatal(errors.Unwrap(err))
		}
		x.Report(acme, nil)
	}
}
