package vertexai

import (
	"slices"
	"strings"
)

// pattern is a phrase of the lexicon, compiled. Its notation, word by word:
//
//	book|schedule   one of these
//	reschedul~      any word that begins so
//	the?            may be there
//	*               up to four words of any kind, within the clause
//	#name           a placeholder
//	@day            one of a family's words, see families
type pattern []step

type step struct {
	alternatives []string
	words        map[string]bool // alternatives that are whole words
	stems        []string        // beginnings of words
	optional     bool
	gap          bool
}

// most words that a gap spans.
const mostGap = 4

func compile(text string) pattern { return compileWith(text, nil) }

func compileWith(text string, all map[string]string) pattern {
	var p pattern
	for _, t := range strings.Fields(text) {
		if t == "*" {
			p = append(p, step{gap: true})
			continue
		}
		s := step{}
		if strings.HasSuffix(t, "?") {
			s.optional, t = true, strings.TrimSuffix(t, "?")
		}
		s.alternatives, s.words = strings.Split(family(t, all), "|"), map[string]bool{}
		for _, a := range s.alternatives {
			if stem, ok := strings.CutSuffix(a, "~"); ok {
				s.stems = append(s.stems, stem)
			} else {
				s.words[a] = true
			}
		}
		p = append(p, s)
	}
	return p
}

// begins lists the words that p may begin with; false if there are others.
func (p pattern) begins() (words []string, ok bool) {
	for _, s := range p {
		if s.gap || len(s.stems) > 0 {
			return nil, false
		}
		words = append(words, s.alternatives...)
		if !s.optional {
			return words, true
		}
	}
	return nil, false
}

func (s step) fits(w string) bool {
	return s.words[w] || slices.ContainsFunc(s.stems, func(stem string) bool { return strings.HasPrefix(w, stem) })
}

// match tells whether p begins at ws[i], and where it ends. A gap doesn't run over the end of a clause; the
// rest of a phrase may, since a recogniser's commas are a whim.
func (p pattern) match(ws []word, i int) (end int, ok bool) { return p.from(ws, i, i) }

func (p pattern) from(ws []word, start, i int) (int, bool) {
	if len(p) == 0 {
		return i, i > start
	}
	s := p[0]
	if s.gap {
		for n := 0; n <= mostGap && i+n <= len(ws); n++ {
			if end, ok := p[1:].from(ws, start, i+n); ok {
				return end, true
			}
			if i+n < len(ws) && ws[i+n].brk && n > 0 {
				break
			}
		}
		return 0, false
	}
	if i < len(ws) && s.fits(ws[i].norm) {
		if end, ok := p[1:].from(ws, start, i+1); ok {
			return end, true
		}
	}
	if s.optional {
		return p[1:].from(ws, start, i)
	}
	return 0, false
}

// negated tells whether what begins at ws[i] is denied: by "not" or "never" up to four words before it in the
// clause, by "no" or "without" right before it.
func negated(ws []word, i int) bool {
	for n := 1; n <= 4 && i-n >= 0; n++ {
		if ws[i-n+1].brk {
			return false
		}
		w := ws[i-n].norm
		if slices.Contains([]string{"not", "never", "nunca", "tampoco", "ni", "neither", "nor"}, w) {
			return !double(ws, i-n)
		}
		if dropped(ws, i-n) {
			return true
		}
		if n <= 2 && slices.Contains([]string{"no", "without", "sin", "nothing"}, w) && !answers(ws, i-n) {
			return true
		}
		// In Spanish "no" stands before its verb, and up to three words before what the verb is about.
		if n <= 4 && w == "no" && i-n+1 < len(ws) && slices.Contains(spanishVerbs, ws[i-n+1].norm) {
			return true
		}
	}
	return false
}

// dropped tells whether what follows is given up for something else: "forget about the quote", "rather than a
// demo", "en vez de una cita".
func dropped(ws []word, i int) bool {
	w, before := ws[i].norm, ""
	if i > 0 {
		before = ws[i-1].norm
	}
	switch w {
	case "forget", "skip", "olvide", "olvidese", "olvidemos":
		return before != "not" && before != "never" && before != "i"
	case "than":
		return before == "rather" || before == "other"
	case "of":
		return before == "instead"
	case "de":
		return before == "vez" || before == "lugar"
	}
	return false
}

// spanishVerbs are what a caller denies by a "no" before it.
var spanishVerbs = []string{"quiero", "queremos", "necesito", "necesitamos", "busco", "llamo", "es", "me", "nos", "tengo", "hay", "estoy"}

// double tells whether the negation is part of a question or an invitation, which denies nothing: "why don't
// you", "can't wait", "not only".
func double(ws []word, i int) bool {
	after := ""
	if i+1 < len(ws) {
		after = ws[i+1].norm
	}
	before := ""
	if i > 0 {
		before = ws[i-1].norm
	}
	return after == "only" || after == "sure" || after == "just" || before == "why" || before == "wait" || after == "wait"
}

// answers tells whether a "no" is an answer of its own ("no I'd like a demo") and denies nothing.
func answers(ws []word, i int) bool {
	return i+1 < len(ws) && (ws[i+1].brk || slices.Contains([]string{"i", "we", "actually", "it", "that", "yo", "quiero", "gracias", "pero", "but", "thanks", "problem"}, ws[i+1].norm))
}
