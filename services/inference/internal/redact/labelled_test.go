package redact_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

var writeDoc = flag.Bool("doc", false, "write the table into docs/redaction.md")

// label is one stretch of one line that a person marked.
type label struct {
	kind       redact.Kind
	start, end int
}

// example is one conversation of the labelled set: a person's marks beside its lines.
type example struct {
	file     string
	at       int
	language string
	lines    []redact.Line
	labels   [][]label
}

// readLabelled reads a file of the set: "== en" sets the language, "C:" and "A:" begin a caller's and an agent's
// line, {KIND:words} marks personal data, an empty line ends a conversation.
func readLabelled(tb testing.TB, path string) []example {
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

// score of one kind. A mark is recalled when none of its words is left; a placeholder is right when it stands
// where something of its kind was marked.
type score struct{ marks, recalled, placed, right int }

func (s score) recall() float64    { return share(s.recalled, s.marks) }
func (s score) precision() float64 { return share(s.right, s.placed) }

func share(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// placed is one placeholder and the stretch of the original line that it stands for.
type placed struct {
	kind       redact.Kind
	start, end int
}

// align finds what each placeholder of a redacted line replaced: what stands between them is unchanged.
func align(original, redacted string) []placed {
	var out []placed
	at := 0
	for {
		open := strings.IndexByte(redacted, '[')
		if open < 0 {
			return out
		}
		end := open + strings.IndexByte(redacted[open:], ']')
		kind, _, _ := strings.Cut(redacted[open+1:end], "_")
		start := at + open
		redacted = redacted[end+1:]
		next, _, _ := strings.Cut(redacted, "[")
		stop := len(original)
		if next != "" {
			if i := strings.Index(original[start:], next); i >= 0 && strings.Contains(redacted, "[") {
				stop = start + i
			} else if strings.HasSuffix(original, next) {
				stop = len(original) - len(next)
			}
		}
		out = append(out, placed{redact.Kind(kind), start, stop})
		at = stop
	}
}

func evaluate(tb testing.TB, set []example, complain func(string, ...any)) map[redact.Kind]*score {
	tb.Helper()
	scores := map[redact.Kind]*score{}
	for _, k := range redact.Kinds() {
		scores[k] = &score{}
	}
	for _, ex := range set {
		r := redact.Redact(ex.lines, ex.language)
		for i, l := range ex.lines {
			got := align(l.Text, r.Redacted[i])
			for _, want := range ex.labels[i] {
				s := scores[want.kind]
				s.marks++
				if left := remains(l.Text, want, got); left == "" {
					s.recalled++
				} else {
					complain("%s:%d missed %s %q in: %s", ex.file, ex.at+i, want.kind, left, r.Redacted[i])
				}
			}
			for _, p := range got {
				s := scores[p.kind]
				s.placed++
				if slices.ContainsFunc(ex.labels[i], func(w label) bool { return w.kind == p.kind && w.start < p.end && p.start < w.end }) {
					s.right++
				} else {
					complain("%s:%d wrongly took %s %q", ex.file, ex.at+i, p.kind, l.Text[p.start:p.end])
				}
			}
		}
	}
	return scores
}

// remains is what is left of a mark's letters and digits outside every placeholder.
func remains(text string, want label, got []placed) string {
	var left strings.Builder
	for i := want.start; i < want.end; i++ {
		covered := slices.ContainsFunc(got, func(p placed) bool { return p.start <= i && i < p.end })
		if !covered {
			left.WriteByte(text[i])
		}
	}
	return strings.Trim(left.String(), " ,.;:-()+¿?¡!'\"")
}

func TestLabelledSet(t *testing.T) {
	files, err := filepath.Glob("testdata/labelled*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no labelled set")
	}
	var set []example
	utterances := 0
	for _, f := range files {
		for _, ex := range readLabelled(t, f) {
			set = append(set, ex)
			utterances += len(ex.lines)
		}
	}
	complain := func(string, ...any) {}
	if testing.Verbose() {
		complain = t.Logf
	}
	scores := evaluate(t, set, complain)
	table := tableOf(scores, len(set), utterances)
	t.Log("\n" + table)
	if utterances < 300 {
		t.Errorf("%d utterances, want at least 300", utterances)
	}
	if s := scores[redact.Card]; s.recall() < 0.99 || s.precision() < 0.99 {
		t.Errorf("cards: recall %.3f, precision %.3f, want 0.99 of both", s.recall(), s.precision())
	}
	for kind, floor := range map[redact.Kind][2]float64{
		redact.Email: {0.95, 0.95}, redact.CVV: {0.95, 0.95}, redact.Expiry: {0.95, 0.95}, redact.ID: {0.95, 0.95},
		redact.Phone: {0.95, 0.95}, redact.DOB: {0.95, 0.95}, redact.Address: {0.90, 0.90}, redact.Name: {0.90, 0.90},
	} {
		if s := scores[kind]; s.recall() < floor[0] || s.precision() < floor[1] {
			t.Errorf("%s: recall %.3f, precision %.3f, want %.2f and %.2f", kind, s.recall(), s.precision(), floor[0], floor[1])
		}
	}
	checkDoc(t, table)
}

func tableOf(scores map[redact.Kind]*score, conversations, utterances int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d conversations, %d utterances.\n\n| kind | marked | recall | placeholders | precision |\n|---|---|---|---|---|\n", conversations, utterances)
	for _, k := range redact.Kinds() {
		s := scores[k]
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
func checkDoc(t *testing.T, table string) {
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
		if err := os.WriteFile(docPath, []byte(before+docBegin+table+docEnd+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if figures != table {
		t.Errorf("the figures in docs/redaction.md are not today's; write them with -doc")
	}
}
