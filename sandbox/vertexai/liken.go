package vertexai

import (
	"maps"
	"math"
	"slices"
)

// likeness is naive Bayes over words and pairs of words of the examples: what the lexicon has no phrase for is
// taken for what it sounds most like. It is never changed.
type likeness struct {
	concepts []concept
	holds    map[concept]map[string]float64 // examples that hold a word or pair
	examples map[concept]float64
	known    map[string]bool
}

func newLikeness(of map[concept][]string) likeness {
	l := likeness{
		concepts: slices.Sorted(maps.Keys(of)), holds: map[concept]map[string]float64{}, examples: map[concept]float64{}, known: map[string]bool{},
	}
	for c, list := range of {
		l.holds[c] = map[string]float64{}
		for _, text := range list {
			l.examples[c]++
			for g := range grams(newUtterance(true, text)) {
				l.holds[c][g]++
				l.known[g] = true
			}
		}
	}
	return l
}

// grams are the beginnings of an utterance's words, and of each two that follow one another.
func grams(u utterance) map[string]bool {
	out, before := map[string]bool{}, ""
	for _, w := range u.words {
		this := begin(w.norm)
		out[this] = true
		if before != "" {
			out[before+" "+this] = true
		}
		before = this
	}
	return out
}

// clearLead is the least by which one concept must be likelier than any other, as a logarithm: seven times.
const clearLead = 2

// likens returns what one of the caller's first lines sounds like; false if none sounds clearly like anything.
func (l likeness) likens(lines []utterance) (concept, bool) {
	var out concept
	most, nth := float64(clearLead), 0
	for _, u := range lines {
		if !u.caller {
			continue
		}
		if nth++; nth > 3 {
			break
		}
		if c, lead := l.nearest(u); lead >= most && l.knows(u) {
			out, most = c, lead
		}
	}
	return out, out != ""
}

// knows tells whether an utterance has words of substance that examples have: two at least, for anything may hang
// on one.
func (l likeness) knows(u utterance) bool {
	n := 0
	for _, w := range u.words {
		if stem(w.norm) != "" && l.known[begin(w.norm)] {
			n++
		}
	}
	return n >= 2
}

// begin is as much of a word as is compared.
func begin(w string) string { return w[:min(len(w), 6)] }

// nearest is the likeliest concept of an utterance and by how much it leads.
func (l likeness) nearest(u utterance) (out concept, lead float64) {
	gs := slices.Sorted(maps.Keys(grams(u))) // sums of floats depend on their order
	first, second := math.Inf(-1), math.Inf(-1)
	for _, c := range l.concepts {
		sum := 0.0
		for _, g := range gs {
			if l.known[g] {
				sum += math.Log((l.holds[c][g] + 0.2) / (l.examples[c] + 1))
			}
		}
		if sum > first {
			out, first, second = c, sum, first
		} else {
			second = max(second, sum)
		}
	}
	return out, first - second
}
