package vertexai

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// match is one phrase found in the transcript.
type match struct {
	phrase   *phrase
	nth      int // the phrase in its lexicon
	line     int
	from, to int // words of the line, as compared
	at       int // the first of them, as it stands
	weight   float64
}

// scores per concept, with the phrases that made them.
type scores struct {
	of      map[concept]float64
	matches []match
}

// score finds the lexicon in a transcript. The caller's lines weigh in full, the agent's less; what says why
// somebody calls weighs more; what is denied takes away.
func score(lines []utterance, lex *lexicon) *scores {
	s := &scores{of: map[concept]float64{}}
	nth := 0
	for i, u := range lines {
		factor := 0.35
		if u.caller {
			factor = 1
			if nth++; nth <= 3 {
				factor = 1.15
			}
			if purposeful(u.words) {
				factor *= 1.35
			}
		}
		for _, m := range claim(find(u, i, lex)) {
			if m.phrase.who == agent {
				m.weight /= 0.35 // made for agents: nobody else says it
			}
			m.weight *= factor
			s.matches = append(s.matches, m)
		}
	}
	// Saying the same thing over and over adds less and less.
	seen := map[*phrase]int{}
	for i, m := range s.matches {
		s.matches[i].weight /= math.Pow(2, float64(seen[m.phrase]))
		seen[m.phrase]++
		s.of[m.phrase.concept] += s.matches[i].weight
	}
	return s
}

// find is every phrase in one line, each once.
func find(u utterance, line int, lex *lexicon) []match {
	var out []match
	found := map[int]bool{}
	try := func(k, i int) {
		p := &lex.phrases[k]
		if p.who == caller && !u.caller || p.who == agent && u.caller || found[k] {
			return
		}
		end, ok := p.pattern.match(u.words, i)
		if !ok {
			return
		}
		found[k] = true
		w := p.weight
		if !p.pattern.denies() && (negated(u.words, i) || deniedWithin(u.words[i:end])) {
			w = -w / 2
		}
		out = append(out, match{phrase: p, nth: k, line: line, from: i, to: end, at: u.words[i].at, weight: w})
	}
	for i, w := range u.words {
		for _, k := range lex.begun[w.norm] {
			try(k, i)
		}
		for _, k := range lex.rest {
			try(k, i)
		}
	}
	slices.SortFunc(out, func(a, b match) int { return cmp.Compare(a.nth, b.nth) })
	return out
}

// deniedWithin tells whether a gap of a phrase has run over a denial: "do not need another demo" is no "do … demo".
func deniedWithin(ws []word) bool {
	return slices.ContainsFunc(ws, func(w word) bool { return w.norm == "not" || w.norm == "never" || w.norm == "nunca" })
}

// claim settles who may have which words: the heavier phrase takes them, and a phrase of another concept that
// lies wholly within is dropped ("move my demo" is no wish for a demo). Of one concept, phrases that lie within
// a heavier one add half.
func claim(ms []match) []match {
	slices.SortStableFunc(ms, func(a, b match) int {
		return cmp.Or(cmp.Compare(math.Abs(b.weight), math.Abs(a.weight)), cmp.Compare(b.to-b.from, a.to-a.from))
	})
	var out []match
	for _, m := range ms {
		keep := true
		for _, had := range out {
			if had.from <= m.from && m.to <= had.to {
				if had.phrase.concept != m.phrase.concept || had.weight < 0 {
					keep = false
					break
				}
				m.weight /= 2
			}
		}
		if keep {
			out = append(out, m)
		}
	}
	return out
}

// denies tells whether the phrase holds its own denial.
func (p pattern) denies() bool {
	return slices.ContainsFunc(p, func(s step) bool {
		return slices.Contains(s.alternatives, "not") || slices.Contains(s.alternatives, "no") || slices.Contains(s.alternatives, "never") ||
			slices.Contains(s.alternatives, "nobody") || slices.Contains(s.alternatives, "unable")
	})
}

// purposeful tells whether a line says why somebody calls.
func purposeful(ws []word) bool {
	for _, p := range purposes {
		for i := range ws {
			if _, ok := p.match(ws, i); ok {
				return true
			}
		}
	}
	return false
}

var purposes = []pattern{
	compile("i am calling|phoning|ringing to|about|because|regarding|for|in"), compile("calling to|about|because|regarding"),
	compile("i would like|love to|a"), compile("i want|wanted|need|needed|have to"), compile("i need|want a|an|some|help"), compile("i was hoping|wondering"),
	compile("reason * call|calling"), compile("can|could i|you|we"), compile("looking to|for"),
	compile("llamo|llamaba|llamando para|porque|por|de"), compile("quiero|quisiera|queria|necesito|queremos|quisieramos|necesitamos"), compile("me|nos gustaria"),
	compile("es para|porque"),
}

// label is one name of an enum, and what it speaks of.
type labelled struct {
	name     string
	affinity map[concept]float64 // 1 for what it speaks of most; empty for a name that speaks of nothing known
	stems    map[string]bool     // content words of name and description
	rare     map[string]float64  // stems, by how few labels share them
}

// study reads a catalogue: what each label's name and description speak of. The name counts three times.
func study(names []string, described map[string]item, lex *lexicon) []labelled {
	out := make([]labelled, 0, len(names))
	shared := map[string]int{}
	for _, n := range names {
		l := labelled{name: n, affinity: map[concept]float64{}, stems: map[string]bool{}, rare: map[string]float64{}}
		for text, times := range map[string]float64{camel(n): 3, described[n].description: 1} {
			u := newUtterance(true, text)
			for _, m := range claim(findLabel(u, lex)) {
				if m.weight > 0 {
					l.affinity[m.phrase.concept] += times * m.weight
				}
			}
			for _, w := range u.words {
				if st := stem(w.norm); st != "" {
					l.stems[st] = true
				}
			}
		}
		most := 0.0
		for _, w := range l.affinity {
			most = max(most, w)
		}
		for c, w := range l.affinity {
			if w <= 0 {
				delete(l.affinity, c)
				continue
			}
			l.affinity[c] = math.Pow(w/most, 3)
		}
		for st := range l.stems {
			shared[st]++
		}
		out = append(out, l)
	}
	for i := range out {
		for st := range out[i].stems {
			out[i].rare[st] = 1 / float64(shared[st])
		}
	}
	return out
}

// findLabel is find for the text of a label, where words for labels count too.
func findLabel(u utterance, lex *lexicon) []match {
	var out []match
	for k := range lex.phrases {
		p := &lex.phrases[k]
		if p.who == agent {
			continue
		}
		weight := p.weight
		if p.who != label {
			weight /= 2 // how callers speak, not how catalogues do
		}
		for i := range u.words {
			if end, ok := p.pattern.match(u.words, i); ok {
				if !p.pattern.denies() && negated(u.words, i) {
					weight = -weight
				}
				out = append(out, match{phrase: p, from: i, to: end, weight: weight})
				break
			}
		}
	}
	return out
}

// stem is a word's beginning where it says something; "" for words that every sentence has.
func stem(w string) string {
	if len(w) < 4 || strings.Contains(stopwords, " "+w+" ") {
		return ""
	}
	return w[:min(len(w), 6)]
}

const stopwords = ` about after again also asks because before being both call called caller callers calling calls company could does
 doing done each else ever every from gave give given have having here into just know like make many more most much
 need needs only other over part person phone please some somebody someone something such take than thank thanks that
 their them then there they thing things this those through time told took under until very want wanted wants were what when
 where which while will with without would your yours hello
 cuando como para pero porque por que donde desde esta este esto hola gracias tiene tengo quiero llama llamar persona `

// ranked is a label with its score.
type ranked struct {
	name  string
	score float64
	by    concept // what speaks most for it; empty where only its words do
}

// rank orders labels by how well they fit what was found.
func rank(labels []labelled, found map[concept]float64, heard map[string]bool) []ranked {
	out := make([]ranked, 0, len(labels))
	for _, l := range labels {
		r := ranked{name: l.name}
		best := 0.0
		for c, a := range l.affinity {
			if w := a * found[c]; w > 0 {
				r.score += w
				if w > best || w == best && c < r.by {
					best, r.by = w, c
				}
			}
		}
		overlap := 0.0
		for st, rare := range l.rare {
			if heard[st] && rare > 0.4 {
				overlap += rare
			}
		}
		// For a label that speaks of nothing known, its own words are all there is.
		if len(l.affinity) == 0 {
			overlap *= 3
		}
		r.score += min(overlap, 6) * 0.6
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	return out
}

// sure turns the distance between first and second into a confidence: a clear phrase and little against it is
// above 0.9, a toss-up about a half, a hint alone about 0.6.
func sure(rs []ranked) float64 {
	if len(rs) == 0 || rs[0].score <= 0 {
		return 0.3
	}
	first, second := rs[0].score, 0.0
	if len(rs) > 1 {
		second = max(0, rs[1].score)
	}
	margin := max(0, first-second) / (first + second)
	evidence := 1 - math.Exp(-first/1.1)
	return math.Round(100*min(0.97, max(0.3, (0.5+0.48*math.Sqrt(margin))*evidence))) / 100
}
