package redact_test

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// label is one stretch of one line that a person marked.
type label struct {
	kind       redact.Kind
	start, end int
}

// example is one conversation of a set: a person's marks beside its lines.
type example struct {
	file     string
	at       int // number of its first line in the file
	language string
	lines    []redact.Line
	labels   [][]label
}

// readMarked reads a file of conversations: "== en" sets the language, "C:" and "A:" begin a caller's and an agent's
// line, {KIND:words} marks personal data, an empty line ends a conversation.
func readMarked(tb testing.TB, path string) []example {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var all []example
	cur := example{file: filepath.Base(path)}
	language := "en"
	flush := func() {
		if len(cur.lines) > 0 {
			all = append(all, cur)
		}
		cur = example{file: filepath.Base(path)}
	}
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		text := strings.TrimSpace(sc.Text())
		switch {
		case text == "":
			flush()
		case strings.HasPrefix(text, "#"):
		case strings.HasPrefix(text, "== "):
			flush()
			language = text[3:]
		case strings.HasPrefix(text, "C: "), strings.HasPrefix(text, "A: "):
			if len(cur.lines) == 0 {
				cur.at, cur.language = n, language
			}
			plain, labels := unmark(tb, path, n, text[3:])
			cur.lines = append(cur.lines, redact.Line{Caller: text[0] == 'C', StartMS: int64(len(cur.lines)) * 3000, Text: plain})
			cur.labels = append(cur.labels, labels)
		default:
			tb.Fatalf("%s:%d: neither C: nor A:", path, n)
		}
	}
	if err := sc.Err(); err != nil {
		tb.Fatal(err)
	}
	flush()
	return all
}

func unmark(tb testing.TB, path string, n int, text string) (string, []label) {
	tb.Helper()
	var plain strings.Builder
	var labels []label
	for {
		before, rest, marked := strings.Cut(text, "{")
		plain.WriteString(before)
		if !marked {
			return plain.String(), labels
		}
		kind, rest, ok := strings.Cut(rest, ":")
		words, after, ok2 := strings.Cut(rest, "}")
		if !ok || !ok2 || !slices.Contains(redact.Kinds(), redact.Kind(kind)) {
			tb.Fatalf("%s:%d: a mark is {KIND:words}, with one of %v", path, n, redact.Kinds())
		}
		labels = append(labels, label{redact.Kind(kind), plain.Len(), plain.Len() + len(words)})
		plain.WriteString(words)
		text = after
	}
}

// sets are the marked conversations, by how much their figures flatter.
var sets = []struct{ name, files string }{
	{"Labelled, on which the rules were written", "testdata/labelled-*.txt"},
	{"Held out, measured once and then mended on", "testdata/heldout-*.txt"},
	{"Unseen, measured once and then mended on where a principle was wrong", "testdata/unseen-*.txt"},
	{"Second unseen, likewise", "testdata/second-*.txt"},
	{"Former control, likewise", "testdata/control-*.txt"},
	{"Third unseen, likewise", "testdata/third-*.txt"},
	{"Fourth unseen, likewise", "testdata/fourth-*.txt"},
	{"Fifth unseen, likewise", "testdata/fifth-*.txt"},
	{"Sixth unseen, likewise", "testdata/sixth-*.txt"},
	{"Seventh, written by another hand, likewise", "testdata/seventh-*.txt"},
	{"Eighth, control, written by yet another hand; measured once and not mended on", "testdata/eighth-*.txt"},
}

// floors of recall and precision that all sets together must keep.
var floors = map[redact.Kind][2]float64{
	redact.Card: {0.99, 0.99}, redact.CVV: {0.95, 0.95}, redact.Expiry: {0.95, 0.95}, redact.Email: {0.95, 0.95}, redact.ID: {0.95, 0.95},
	redact.Phone: {0.95, 0.95}, redact.DOB: {0.95, 0.95}, redact.Address: {0.90, 0.90}, redact.Name: {0.90, 0.90},
}

// TestLabelledSet prints recall and precision per kind, of every set and of all together, holds them to their floors
// and docs/redaction.md to them.
func TestLabelledSet(t *testing.T) {
	complain := func(string, ...any) {}
	if testing.Verbose() {
		complain = t.Logf
	}
	all := newTally("All together")
	var tables strings.Builder
	for _, set := range sets {
		files, err := filepath.Glob(set.files)
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s", set.files)
		}
		own := newTally(set.name)
		for _, f := range files {
			for _, ex := range readMarked(t, f) {
				own.count(ex, complain)
				all.count(ex, func(string, ...any) {})
			}
		}
		tables.WriteString("\n" + own.table())
	}
	report := all.table() + tables.String()
	t.Log("\n" + report)
	if all.utterances < 300 {
		t.Errorf("%d utterances, want at least 300", all.utterances)
	}
	for kind, floor := range floors {
		if s := all.scores[kind]; s.recall() < floor[0] || s.precision() < floor[1] {
			t.Errorf("%s: recall %.3f, precision %.3f, want %.2f and %.2f", kind, s.recall(), s.precision(), floor[0], floor[1])
		}
	}
	checkDoc(t, report)
}
