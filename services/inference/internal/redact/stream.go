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
	// cased tells that the recogniser writes capitals inside sentences, so that a name can be told by them.
	cased bool
	// firms are words of the names of firms and things that the transcript itself tells to be such.
	firms map[string]bool
	// firmNames are the first two words of the names of firms that somebody calls from, works at or is with.
	firmNames map[string]bool
}

// stream is everything that one party says, in order: numbers and addresses go on over line breaks and over
// the other party's "uh-huh".
type stream struct {
	doc   *document
	other *stream
	toks  []token
	// numerals are the numbers that begin at each word; inside is where the number begins that each word is part of,
	// -1 if of none.
	numerals []numeral
	inside   []int
	runs     []run
	found    []finding
	asked    map[int]asked // by line
	places   map[*phrases]*matches
}

// finding is personal data in words [from, to) of a stream.
type finding struct {
	stream   *stream
	kind     Kind
	from, to int
	value    string // in the form that a record wants
	// firm tells that the words are part of a firm's name rather than somebody's: they stand for themselves.
	firm bool
}

func read(lines []Line, lang tongue) *document {
	d := &document{lines: lines, lang: lang}
	caller := &stream{doc: d, asked: map[int]asked{}, places: map[*phrases]*matches{}}
	agent := &stream{doc: d, asked: map[int]asked{}, places: map[*phrases]*matches{}, other: caller}
	caller.other = agent
	d.streams = []*stream{caller, agent}
	begun, capitals := 0, 0       // lines, and those of them that begin with a capital
	answered := map[*stream]int{} // words of the other party that this party's lines have answered
	for i, l := range lines {
		me := caller
		if !l.Caller {
			me = agent
		}
		toks := cut(i, l.Text)
		me.toks = append(me.toks, toks...)
		me.asked[i] = asked{answered[me], len(me.other.toks)}
		answered[me] = len(me.other.toks)
		if len(toks) > 0 {
			begun++
			if toks[0].upper() {
				capitals++
			}
		}
		d.cased = d.cased || slices.ContainsFunc(toks, func(t token) bool { return !t.sentence() && t.upper() && t.stem != "i" })
	}
	d.cased = d.cased || capitals > 1 && 2*capitals > begun
	d.lang = lang.heard(d.streams)
	for _, s := range d.streams {
		s.readNumbers()
	}
	for _, s := range d.streams {
		s.readRuns()
	}
	d.readFirms()
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

// after is what stands after word i in its line.
func (s *stream) after(i int) string {
	if i+1 < len(s.toks) && !s.toks[i+1].first {
		return s.toks[i+1].gap
	}
	return ""
}

// endsSentence tells whether a sentence, or the line, ends after word i.
func (s *stream) endsSentence(i int) bool {
	return i+1 >= len(s.toks) || s.toks[i+1].sentence()
}

// endsWith tells whether the words before word `end` are the phrase.
func (s *stream) endsWith(end int, phrase string) bool {
	n := strings.Count(phrase, " ") + 1
	return end >= n && s.stands(end-n, strings.Fields(phrase))
}
