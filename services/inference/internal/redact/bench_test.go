package redact_test

import (
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// longCall is a transcript of so many lines, put together from marked conversations; always the same, so that figures of
// different days compare.
func longCall(tb testing.TB, lines int) []redact.Line {
	tb.Helper()
	var out []redact.Line
	for _, f := range []string{"testdata/control-en.txt", "testdata/heldout-en.txt"} {
		for _, ex := range readMarked(tb, f) {
			out = append(out, ex.lines...)
		}
	}
	if len(out) < lines {
		tb.Fatalf("%d lines, want %d", len(out), lines)
	}
	return out[:lines]
}

// BenchmarkRedact is a call of 200 lines, some twenty minutes: it must take less than 20 ms.
func BenchmarkRedact(b *testing.B) {
	lines := longCall(b, 200)
	b.ReportAllocs()
	for b.Loop() {
		redact.Redact(lines, "en-US")
	}
}

// TestFast holds the benchmark's bound, with room for a busy machine: of many tries one has a processor to itself.
func TestFast(t *testing.T) {
	const bound = 60 * time.Millisecond
	lines := longCall(t, 200)
	best := time.Hour
	for try := 0; try < 200 && best > bound; try++ {
		start := time.Now()
		redact.Redact(lines, "en-US")
		best = min(best, time.Since(start))
	}
	if best > bound {
		t.Errorf("200 lines took %v at best, want under %v", best, bound)
	}
}
