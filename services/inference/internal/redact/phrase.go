package redact

import "strings"

// phrases are folded phrases, kept by their first word: looking for all of them at a place costs one look-up.
type phrases struct {
	byFirst map[string][][]string
}

// phraseList takes phrases parted by commas, and folds them.
func phraseList(list ...string) *phrases {
	p := &phrases{byFirst: map[string][][]string{}}
	for _, l := range list {
		for phrase := range strings.SplitSeq(l, ",") {
			w := strings.Fields(fold(phrase))
			p.byFirst[w[0]] = append(p.byFirst[w[0]], w)
		}
	}
	return p
}

// matches are where the phrases of one list stand in a stream: the number of words of the longest that begins at word
// i, and of the longest that ends before it.
type matches struct{ starts, ends []int }

// matches of a list are looked for once per transcript, however often they are asked for.
func (s *stream) matches(p *phrases) *matches {
	if m, ok := s.places[p]; ok {
		return m
	}
	m := &matches{starts: make([]int, len(s.toks)+1), ends: make([]int, len(s.toks)+1)}
	for i, t := range s.toks {
		m.add(s, i, p.byFirst[t.norm])
		if t.stem != t.norm {
			m.add(s, i, p.byFirst[t.stem])
		}
	}
	s.places[p] = m
	return m
}

func (m *matches) add(s *stream, i int, list [][]string) {
	for _, phrase := range list {
		if s.stands(i, phrase) {
			m.starts[i] = max(m.starts[i], len(phrase))
			m.ends[i+len(phrase)] = max(m.ends[i+len(phrase)], len(phrase))
		}
	}
}

// stands tells whether a phrase stands at word i; "my social's" counts as "my social".
func (s *stream) stands(i int, phrase []string) bool {
	if i+len(phrase) > len(s.toks) {
		return false
	}
	for k, w := range phrase {
		if s.toks[i+k].norm != w && s.toks[i+k].stem != w {
			return false
		}
	}
	return true
}

// startsWith is the number of words of the longest of the phrases that begins at word i; 0 if none does.
func (s *stream) startsWith(i int, p *phrases) int {
	if i < 0 || i >= len(s.toks) {
		return 0
	}
	return s.matches(p).starts[i]
}

// endsAt is the number of words of the longest of the phrases that ends before word i; 0 if none does.
func (s *stream) endsAt(i int, p *phrases) int {
	if i < 0 || i > len(s.toks) {
		return 0
	}
	return s.matches(p).ends[i]
}

// cueBefore is how many words before word i the nearest of the phrases ends; -1 if none does within so many words.
func (s *stream) cueBefore(i, within int, p *phrases) int {
	ends := s.matches(p).ends
	for back := 0; back <= within && i-back > 0; back++ {
		if ends[i-back] > 0 {
			return back
		}
	}
	return -1
}

// cueAfter tells whether one of the phrases stands within so many words from word i on, in the same sentence.
func (s *stream) cueAfter(i, within int, p *phrases) bool {
	starts := s.matches(p).starts
	for j := i; j < min(i+within, len(s.toks)) && !(j > i && s.toks[j].sentence()); j++ {
		if starts[j] > 0 {
			return true
		}
	}
	return false
}

// cue tells whether one of the phrases stands among the words before word i, or in the question that its line answers.
func (s *stream) cue(i, within int, p *phrases) bool {
	return s.cueBefore(i, within, p) >= 0 || s.askedFor(i, p)
}

// asked is what the other party said since this party's line before: words [from, to) of its stream.
type asked struct{ from, to int }

// directlyAsked tells whether a line answers a question that holds one of the phrases.
func (s *stream) directlyAsked(line int, p *phrases) bool {
	q, ok := s.asked[line]
	if !ok || q.from == q.to {
		return false
	}
	ends := s.other.matches(p).ends
	for k := q.from + 1; k <= q.to; k++ {
		if ends[k] > 0 && k-ends[k] >= q.from && !s.other.answered(k) {
			return true
		}
	}
	return false
}

// answered tells whether the phrase that ends before word i is no question, since its value follows: "it expires in
// August of 2028", "in the name of Zaldívar" ask for nothing.
func (s *stream) answered(i int) bool {
	value := false
	for j := i; j < len(s.toks); j++ {
		t := s.toks[j]
		if t.sentence() {
			return value && !strings.Contains(t.gap, "?") && !(t.first && s.asks(j-1))
		}
		value = value || j < i+6 && !t.first && (s.isNumber(j) || s.midCapital(j) && !s.doc.lang.everyday(t.norm))
	}
	return value && !s.asks(len(s.toks)-1)
}

// asks tells whether a question ends after word i, the last of its line.
func (s *stream) asks(i int) bool {
	t := s.toks[i]
	return strings.Contains(s.doc.lines[t.line].Text[t.end:], "?")
}

// askedFor tells whether the question that word i's line answers holds one of the phrases. A question holds for the
// two lines after it, so that "sure, one second" does not lose it.
func (s *stream) askedFor(i int, p *phrases) bool {
	seen := 0
	for l := s.toks[i].line; l >= 0 && seen < 3; l-- {
		q, mine := s.asked[l]
		if !mine {
			continue
		}
		seen++
		if q.from == q.to {
			continue
		}
		return s.directlyAsked(l, p)
	}
	return false
}
