package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const callID = "CA00000000000000000000000000000001"

// start is telemetry whose spans are looked at.
func start(t *testing.T, log *slog.Logger) (*telemetry.Telemetry, *tracetest.SpanRecorder) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	tel, stop, err := telemetry.New(t.Context(), "svc", telemetry.Config{}, telemetry.Options{Log: log, Spans: spans})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return tel, spans
}

func TestStagesHangUnderTheSpanOfTheirCall(t *testing.T) {
	tel, spans := start(t, nil)
	began := time.Date(2026, 11, 16, 15, 4, 5, 0, time.UTC)
	_, stage := tel.Tracer.Start(telemetry.WithCall(t.Context(), callID), "stage")
	stage.End()
	for range 2 { // a crash tells it again
		telemetry.CallSpan(telemetry.WithCall(t.Context(), "another"), tel.Tracer, callID, began, began.Add(time.Minute), attribute.String("tenant", "acme"))
	}
	got := spans.Ended()
	if len(got) != 3 {
		t.Fatalf("%d spans", len(got))
	}
	child, root, again := got[0], got[1], got[2]
	if root.Parent().IsValid() || root.SpanContext().TraceID() != telemetry.TraceID(callID) || !root.SpanContext().IsSampled() {
		t.Errorf("the call's span: trace %s, parent %s", root.SpanContext().TraceID(), root.Parent().SpanID())
	}
	if child.Parent().SpanID() != root.SpanContext().SpanID() || child.SpanContext().TraceID() != root.SpanContext().TraceID() {
		t.Errorf("the stage hangs under %s of %s", child.Parent().SpanID(), child.SpanContext().TraceID())
	}
	if !again.SpanContext().Equal(root.SpanContext()) {
		t.Error("told twice, it is two spans")
	}
	if root.StartTime() != began || root.EndTime() != began.Add(time.Minute) || len(root.Attributes()) != 2 {
		t.Errorf("from %s to %s with %v", root.StartTime(), root.EndTime(), root.Attributes())
	}
}

func TestOtherSpansHaveIdsOfTheirOwn(t *testing.T) {
	tel, spans := start(t, nil)
	seen := map[trace.SpanID]bool{}
	for range 100 {
		ctx, root := tel.Tracer.Start(t.Context(), "root")
		_, child := tel.Tracer.Start(ctx, "child")
		child.End()
		root.End()
	}
	for _, s := range spans.Ended() {
		if seen[s.SpanContext().SpanID()] || !s.SpanContext().IsValid() {
			t.Fatalf("span %s", s.SpanContext().SpanID())
		}
		seen[s.SpanContext().SpanID()] = true
	}
}

func TestTraceparentTravels(t *testing.T) {
	if telemetry.Traceparent(t.Context()) != "" {
		t.Error("a traceparent of no span")
	}
	ctx := telemetry.WithCall(t.Context(), callID)
	back := telemetry.WithTraceparent(t.Context(), telemetry.Traceparent(ctx))
	if !trace.SpanContextFromContext(back).Equal(trace.SpanContextFromContext(ctx)) {
		t.Errorf("%v came back as %v", trace.SpanContextFromContext(ctx), trace.SpanContextFromContext(back))
	}
	if sc := trace.SpanContextFromContext(telemetry.WithTraceparent(t.Context(), "nonsense")); sc.IsValid() {
		t.Errorf("nonsense is %v", sc)
	}
}

func TestLinesOfAGivenLoggerLeadToTheirTrace(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	tel, _ := start(t, log)
	again, _ := start(t, tel.Log) // wrapped already
	ctx := telemetry.WithCall(t.Context(), callID)
	for name, l := range map[string]*slog.Logger{"plain": tel.Log, "with": tel.Log.With("a", 1), "wrapped twice": again.Log} {
		out.Reset()
		l.InfoContext(ctx, "x")
		if want := "trace_id=" + telemetry.TraceID(callID).String(); strings.Count(out.String(), want) != 1 || !strings.Contains(out.String(), "service=svc") {
			t.Errorf("%s: %s", name, out.String())
		}
	}
	out.Reset()
	tel.Log.Info("x")
	if strings.Contains(out.String(), "trace_id") {
		t.Errorf("a trace of no span: %s", out.String())
	}
}

func TestMetricsHaveExemplarsOfTheirTrace(t *testing.T) {
	tel, _ := start(t, nil)
	h, err := tel.Meter.Float64Histogram("work.duration")
	if err != nil {
		t.Fatal(err)
	}
	h.Record(telemetry.WithCall(t.Context(), callID), 1)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	req.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	rec := httptest.NewRecorder()
	tel.Metrics.ServeHTTP(rec, req)
	if want := `trace_id="` + telemetry.TraceID(callID).String() + `"`; !strings.Contains(rec.Body.String(), want) {
		t.Errorf("no %s in the scrape", want)
	}
}

// TestEveryServiceTellsWhatItHolds: memory, goroutines, open files, and what the last collection found in use.
func TestEveryServiceTellsWhatItHolds(t *testing.T) {
	tel, _ := start(t, nil)
	rec := httptest.NewRecorder()
	tel.Metrics.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, name := range []string{"process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total", "go_goroutines", "go_gc_heap_live_bytes"} {
		if !strings.Contains(rec.Body.String(), "\n"+name+" ") {
			t.Errorf("no %s in the scrape", name)
		}
	}
}

func TestNobodyLooksAtSpansThatNobodyWants(t *testing.T) {
	tel, stop, err := telemetry.New(t.Context(), "svc", telemetry.Config{}, telemetry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tel.Tracer.Start(telemetry.WithCall(t.Context(), callID), "stage")
	if _, recording := span.(sdktrace.ReadOnlySpan); recording && span.IsRecording() {
		t.Error("it is recorded")
	}
	if !strings.Contains(telemetry.Traceparent(ctx), telemetry.TraceID(callID).String()) {
		t.Errorf("the trace does not travel: %s", telemetry.Traceparent(ctx))
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestEveryFaultOfTheSettingsIsNamed(t *testing.T) {
	err := telemetry.Config{LogLevel: "loud", LogFormat: "xml"}.Validate()
	for _, want := range []string{`telemetry.log_level: "loud"`, `telemetry.log_format: "xml"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}
