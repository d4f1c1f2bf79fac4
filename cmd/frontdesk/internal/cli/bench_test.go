package cli

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/bench"
)

// TestBenchFitsATerminal, with every figure whole, and without columns that would be empty.
func TestBenchFitsATerminal(t *testing.T) {
	bound, met := 500_000.0, false
	informing := bench.Figure{
		Name: "ingress: 500 calls of 100 frames/s, allocations, those of chunks and requests included", Value: 1234567, Unit: "CPU s per 1,000 call-seconds",
	}
	aimed := informing
	aimed.Aim, aimed.Met = &bench.Aim{AtLeast: &bound}, &met
	for _, width := range []int{80, 120} {
		var b bytes.Buffer
		printBench(&b, width, benchJSON{Figures: []bench.Figure{informing, aimed}})
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns of %d: %s", n, width, line)
			}
		}
		for _, word := range strings.Fields(informing.Name + " " + informing.Unit + " 1234567 ≥ 500000 short") {
			if !strings.Contains(b.String(), word) {
				t.Errorf("no %q in\n%s", word, b.String())
			}
		}
	}
	var b bytes.Buffer
	printBench(&b, 120, benchJSON{Figures: []bench.Figure{informing}})
	if strings.Contains(b.String(), "aim") {
		t.Errorf("a column without aims:\n%s", b.String())
	}
}
