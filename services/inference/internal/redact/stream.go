package redact

import (
	"slices"
	"strings"
)

// document is a whole transcript.
type document struct {
	lines   []Line
	lang    tongue
	streams []*stream
	// cased tells that the recogniser writes capitals, so that a name can be told by them.
	cased bool
}

// stream is everything that one party says, in order: numbers and addresses go on over line breaks and over
// the other party's "uh-huh".
type stream struct {
	doc   *document
	toks  []token
	runs  []run
	found []finding
	// asked is, for each line of this party, what the other party said since this party's line before: the
	// question that a line answers.
	asked map[int][]string
}

// finding is personal data in words [from, to) of a stream.
type finding struct {
	stream   *stream
	kind     Kind
	from, to int
	value    string // in the form that a record wants
}

func read(lines []Line, lang tongue) *document {
	d := &document{lines: lines, lang: lang}
	caller := &stream{doc: d, asked: map[int][]string{}}
	agent := &stream{doc: d, asked: map[int][]string{}}
	d.streams = []*stream{caller, agent}
	var pending [2][]string // said since the caller's, the agent's last line
	for i, l := range lines {
		toks := cut(i, l.Text)
		me, other := caller, 1
		if !l.Caller {
			me, other = agent, 0
		}
		me.toks = append(me.toks, toks...)
		me.asked[i] = pending[1-other]
		pending[1-other] = nil
		for _, t := range toks {
			pending[other] = append(pending[other], t.norm)
		}
		d.cased = d.cased || slices.ContainsFunc(toks, func(t token) bool { return !t.first && t.upper() && t.norm != "i" })
	}
	for _, s := range d.streams {
		s.runs = s.numbers()
	}
	return d
}

func (s *stream) findAll() []finding {
	s.found = slices.Concat(s.emails(), s.cards(), s.nationalIDs(), s.phones(), s.births(), s.addresses(), s.names())
	return s.found
}

func (s *stream) finding(k Kind, from, to int, value string) finding {
	return finding{stream: s, kind: k, from: from, to: to, value: value}
}

// norm of a word, "" beyond the ends.
func (s *stream) norm(i int) string {
	if i < 0 || i >= len(s.toks) {
		return ""
	}
	return s.toks[i].norm
}

// said is the text of words [from, to) as spoken, one space between them.
func (s *stream) said(from, to int) string {
	words := make([]string, 0, to-from)
	for _, t := range s.toks[from:to] {
		words = append(words, t.text)
	}
	return strings.Join(words, " ")
}

// cue tells whether one of the phrases stands among the `within` words before word i, or in the question that
// word i's line answers. Phrases are folded words with one space between.
func (s *stream) cue(i, within int, phrases []string) bool {
	return s.cuePos(i, within, phrases) >= 0 || s.askedFor(i, phrases)
}

// cuePos is how many words before word i the nearest of the phrases ends; -1 if none stands there.
func (s *stream) cuePos(i, within int, phrases []string) int {
	for back := 0; back <= within && i-back-1 >= 0; back++ {
		for _, p := range phrases {
			if s.endsWith(i-back, p) {
				return back
			}
		}
	}
	return -1
}

// cueAfter tells whether one of the phrases stands within so many words after word i, in the same sentence.
func (s *stream) cueAfter(i, within int, phrases []string) bool {
	for j := i; j < min(i+within, len(s.toks)) && !(j > i && s.toks[j].sentence()); j++ {
		if s.startsWith(j, phrases) > 0 {
			return true
		}
	}
	return false
}

// askedFor tells whether the question that word i's line answers holds one of the phrases. A question
// holds for the two lines after it, so that "sure, one second" does not lose it.
func (s *stream) askedFor(i int, phrases []string) bool {
	line := s.toks[i].line
	seen := 0
	for l := line; l >= 0 && seen < 3; l-- {
		question, mine := s.asked[l]
		if !mine {
			continue
		}
		seen++
		if len(question) == 0 {
			continue
		}
		text := " " + strings.Join(question, " ") + " "
		return slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(text, " "+p+" ") })
	}
	return false
}

// endsWith tells whether the words before word `end` are the phrase.
func (s *stream) endsWith(end int, phrase string) bool {
	words := strings.Split(phrase, " ")
	if end < len(words) || end > len(s.toks) {
		return false
	}
	for k, w := range words {
		if s.toks[end-len(words)+k].norm != w {
			return false
		}
	}
	return true
}

// startsWith returns how many words the first of the phrases that stands at word i has; 0 if none does.
func (s *stream) startsWith(i int, phrases []string) int {
	for _, p := range phrases {
		n := strings.Count(p, " ") + 1
		if s.endsWith(i+n, p) {
			return n
		}
	}
	return 0
}
