package redact_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

var writeDoc = flag.Bool("doc", false, "write the tables into docs/redaction.md")

// score of one kind. A mark is recalled when none of its letters and digits is left; a placeholder is right when it
// stands where something of its kind was marked, and most of what it replaced was.
type score struct{ marks, recalled, placed, right int }

func (s score) recall() float64    { return share(s.recalled, s.marks) }
func (s score) precision() float64 { return share(s.right, s.placed) }

func share(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// tally is the scores of one set.
type tally struct {
	name                      string
	conversations, utterances int
	scores                    map[redact.Kind]*score
}

func newTally(name string) *tally {
	t := &tally{name: name, scores: map[redact.Kind]*score{}}
	for _, k := range redact.Kinds() {
		t.scores[k] = &score{}
	}
	return t
}

// count redacts one conversation and holds it against its marks.
func (t *tally) count(ex example, complain func(string, ...any)) {
	t.conversations++
	t.utterances += len(ex.lines)
	r, spans := redact.Spans(ex.lines, ex.language)
	for i, l := range ex.lines {
		for _, want := range ex.labels[i] {
			s := t.scores[want.kind]
			s.marks++
			left := remains(l.Text, want, spans[i])
			if left == "" {
				s.recalled++
				continue
			}
			complain("%s:%d missed %s %q in: %s", ex.file, ex.at+i, want.kind, left, r.Redacted[i])
		}
		for _, p := range spans[i] {
			s := t.scores[p.Kind]
			s.placed++
			if right(l.Text, p, ex.labels[i]) {
				s.right++
				continue
			}
			complain("%s:%d wrongly took %s %q", ex.file, ex.at+i, p.Kind, l.Text[p.Start:p.End])
		}
	}
}

// remains is what is left of a mark's letters and digits outside every placeholder.
func remains(text string, want label, got []redact.Span) string {
	var left strings.Builder
	for i, r := range text[want.start:want.end] {
		at := want.start + i
		covered := slices.ContainsFunc(got, func(p redact.Span) bool { return p.Start <= at && at < p.End })
		if !covered && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == ' ') {
			left.WriteRune(r)
		}
	}
	return strings.TrimSpace(left.String())
}

func right(text string, p redact.Span, marks []label) bool {
	inside, all := 0, 0
	for i, r := range text[p.Start:p.End] {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		all++
		at := p.Start + i
		if slices.ContainsFunc(marks, func(m label) bool { return m.kind == p.Kind && m.start <= at && at < m.end }) {
			inside++
		}
	}
	return 2*inside > all
}

func (t *tally) table() string {
	var b strings.Builder
	marks, recalled := 0, 0
	for _, s := range t.scores {
		marks, recalled = marks+s.marks, recalled+s.recalled
	}
	fmt.Fprintf(&b, "**%s**: %d conversations, %d utterances, %d marks of which %.1f %% were missed.\n\n", t.name, t.conversations, t.utterances, marks, 100*(1-share(recalled, marks)))
	b.WriteString("| kind | marked | recall | placeholders | precision |\n|---|---|---|---|---|\n")
	for _, k := range redact.Kinds() {
		s := t.scores[k]
		fmt.Fprintf(&b, "| %s | %d | %.3f | %d | %.3f |\n", k, s.marks, s.recall(), s.placed, s.precision())
	}
	return b.String()
}

const (
	docPath  = "../../../../docs/redaction.md"
	docBegin = "<!-- begin: figures, written by `go test ./services/inference/internal/redact -run LabelledSet -doc` -->\n"
	docEnd   = "<!-- end -->"
)

// checkDoc holds docs/redaction.md to the figures of today.
func checkDoc(t *testing.T, tables string) {
	t.Helper()
	b, err := os.ReadFile(docPath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), docBegin)
	figures, after, ok2 := strings.Cut(rest, docEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the figures", docPath)
	}
	if *writeDoc {
		if err := os.WriteFile(docPath, []byte(before+docBegin+tables+docEnd+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if figures != tables {
		t.Errorf("the figures in docs/redaction.md are not today's; write them with -doc")
	}
}
