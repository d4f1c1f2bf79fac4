package redact

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// span is one stretch of one line that is replaced.
type span struct {
	line, start, end int
	kind             Kind
	value            string
	last             bool // the finding's last line: where a masked number shows its last digits
}

// resolve makes spans of findings. Where two claim the same word, the kind that comes first in [Kinds] has it,
// then the longer one.
func (d *document) resolve(found []finding) []span {
	rank := map[Kind]int{}
	for i, k := range Kinds() {
		rank[k] = i
	}
	rank[unexplained] = len(rank)
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(rank[a.kind], rank[b.kind]), cmp.Compare(b.to-b.from, a.to-a.from))
	})
	type word struct {
		s *stream
		i int
	}
	taken := map[word]bool{}
	for _, s := range d.streams {
		for i, t := range s.toks {
			taken[word{s, i}] = t.placeholder
		}
	}
	var spans []span
	for _, f := range found {
		free := func(i int) bool { return !taken[word{f.stream, i}] }
		for from := f.from; from < f.to; {
			if !free(from) {
				from++
				continue
			}
			to := from
			for to < f.to && free(to) && f.stream.toks[to].line == f.stream.toks[from].line {
				taken[word{f.stream, to}] = true
				to++
			}
			first, last := f.stream.toks[from], f.stream.toks[to-1]
			spans = append(spans, span{first.line, first.start, last.end, f.kind, f.value, to == f.to})
			from = to
		}
	}
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.start, b.start))
	})
	return d.joined(spans)
}

// joined makes one span of neighbours that are the same value: the two words of a name that was found word by word,
// the groups of a card number.
func (d *document) joined(spans []span) []span {
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && d.goesOn(out[n-1], s) {
			out[n-1].end, out[n-1].last = s.end, s.last
			continue
		}
		out = append(out, s)
	}
	return out
}

// goesOn tells whether the span after another is more of the same value, rather than the value once more.
func (d *document) goesOn(a, b span) bool {
	if a.line != b.line || a.kind != b.kind || a.value != b.value {
		return false
	}
	text := d.lines[a.line].Text
	if a.kind == Name {
		return b.start == a.end+1 && len(parts(text[a.start:b.end])) <= len(parts(a.value))
	}
	return strings.Trim(text[a.end:b.start], " -,") == ""
}

// replace writes the lines with placeholders, and the lines in full but for cards.
func (d *document) replace(spans []span) *Result {
	r := &Result{Values: map[string]string{}, Counts: map[Kind]int{}}
	placeholders := map[string]string{}
	used := d.placeholders()
	name := func(s span) string {
		if s.kind == unexplained {
			return s.masked()
		}
		key := string(s.kind) + " " + fold(s.value)
		if placeholders[key] == "" {
			r.Counts[s.kind]++
			placeholders[key] = fmt.Sprintf("[%s_%d]", s.kind, used[s.kind]+r.Counts[s.kind])
			if !s.kind.secret() {
				r.Values[placeholders[key]] = s.value
			}
		}
		return placeholders[key]
	}
	for i, l := range d.lines {
		var redacted, full strings.Builder
		at := 0
		for len(spans) > 0 && spans[0].line == i {
			s := spans[0]
			spans = spans[1:]
			redacted.WriteString(l.Text[at:s.start])
			full.WriteString(l.Text[at:s.start])
			redacted.WriteString(name(s))
			if s.kind.secret() {
				full.WriteString(s.masked())
			} else {
				full.WriteString(l.Text[s.start:s.end])
			}
			at = s.end
		}
		r.Redacted = append(r.Redacted, redacted.String()+l.Text[at:])
		r.Masked = append(r.Masked, full.String()+l.Text[at:])
	}
	return r
}

// placeholders is the highest number, per kind, of the placeholders that stood in the text already: theirs are not
// given again.
func (d *document) placeholders() map[Kind]int {
	used := map[Kind]int{}
	for _, s := range d.streams {
		for _, t := range s.toks {
			if !t.placeholder {
				continue
			}
			kind, number, _ := strings.Cut(strings.Trim(t.text, "[]"), "_")
			if n, err := strconv.Atoi(number); err == nil && n < 1_000_000 {
				used[Kind(kind)] = max(used[Kind(kind)], n)
			}
		}
	}
	return used
}

// secret tells kinds that are masked even in the full transcript and never put back (PCI DSS 3.3, 3.4).
func (k Kind) secret() bool { return k == Card || k == CVV || k == Expiry || k == unexplained }

func (s span) masked() string {
	if s.kind == Card && s.last && len(s.value) >= 13 {
		return "****" + s.value[len(s.value)-4:]
	}
	return "***"
}
