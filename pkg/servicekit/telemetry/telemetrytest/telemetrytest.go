// Package telemetrytest keeps what would leave a process by its telemetry, for tests that look for what must not.
package telemetrytest

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// Watched is telemetry of which everything that would leave the process is kept: every line of the log down to debug,
// spans with their attributes, and metrics with their labels.
type Watched struct {
	*telemetry.Telemetry
	spans *tracetest.SpanRecorder

	mu    sync.Mutex
	lines bytes.Buffer
}

// Watch makes telemetry that is kept until the test ends.
func Watch(t *testing.T) *Watched {
	t.Helper()
	w := &Watched{spans: tracetest.NewSpanRecorder()}
	tel, stop, err := telemetry.New(t.Context(), "test", telemetry.Config{}, telemetry.Options{
		Log: slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})), Spans: w.spans,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(t.Context()) })
	w.Telemetry = tel
	return w
}

// Write implements io.Writer.
func (w *Watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines.Write(b) //nolint:wrapcheck // a buffer has no errors
}

// Logged is the log so far.
func (w *Watched) Logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines.String()
}

// left is everything that has left.
func (w *Watched) left(t *testing.T) (logs, spans, metrics string) {
	scraped := httptest.NewRecorder()
	w.Metrics.ServeHTTP(scraped, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	var b strings.Builder
	for _, s := range w.spans.Ended() {
		fmt.Fprintln(&b, s.Name(), attributes(s), s.Status().Code, s.Status().Description)
	}
	return w.Logged(), b.String(), scraped.Body.String()
}

func attributes(s sdktrace.ReadOnlySpan) string {
	var b strings.Builder
	fmt.Fprint(&b, s.Attributes())
	for _, e := range s.Events() {
		fmt.Fprint(&b, e.Name, e.Attributes)
	}
	return b.String()
}

// HoldsNone looks for what must be in none of it. want is what must be in the log, or nothing was looked at.
func (w *Watched) HoldsNone(t *testing.T, sentinels []string, want ...string) {
	t.Helper()
	logs, spans, metrics := w.left(t)
	for _, s := range sentinels {
		for where, text := range map[string]string{"a log": logs, "a span": spans, "a metric": metrics} {
			if i := strings.Index(strings.ToLower(text), strings.ToLower(s)); i >= 0 {
				t.Errorf("%s holds %q: …%s…", where, s, text[max(0, i-150):min(len(text), i+80)])
			}
		}
	}
	for _, line := range want {
		if !strings.Contains(logs, line) {
			t.Errorf("the log lacks %q:\n%s", line, logs)
		}
	}
	if len(spans) == 0 || len(metrics) == 0 {
		t.Error("no spans or no metrics: nothing was looked at")
	}
}
