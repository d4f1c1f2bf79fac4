package vertexai

import "slices"

// gist is what the learnt readers make of a call, sentence by sentence.
type gist struct {
	wants map[concept]float64 // what the caller's sentences are likely to ask for, added up
	acts  map[act]float64     // what the agent's are likely to do
	said  []sentence
}

// sentence is a part of a line, with what it is likely to be.
type sentence struct {
	utterance
	line int
	from int // its first word in the line
	// haggles: the agent has offered a time, so that other times in it are about that one.
	haggles bool
	wants   map[concept]float64
	acts    map[act]float64
}

// gist reads a call sentence by sentence. What the caller comes to first weighs more, since the rest is about when and
// who; what he says that he doesn't want weighs nothing.
func (r *reader) gist(lines []utterance) *gist {
	g := &gist{wants: map[concept]float64{}, acts: map[act]float64{}}
	nth, offered := 0, false
	for i, u := range lines {
		if !u.caller && nth == 0 {
			continue // what a call is answered with says nothing of it
		}
		for from := 0; from < len(u.raw); {
			_, to := sentenceAt(u, from)
			s := sentence{utterance: utterance{caller: u.caller, raw: u.raw[from:to]}, line: i, from: from}
			if s.words = words(s.raw); len(s.words) == 0 {
				from = to
				continue
			}
			if u.caller {
				kept := s.wanted()
				s.wants = r.caller.of(signs(kept, r.wants))
				if s.haggles = offered; offered {
					s.wants[reschedule] *= bargain
				}
				nth++
				weight := r.known(kept) * min(1, 0.6+2/float64(nth))
				for c, p := range s.wants {
					g.wants[c] += p * p * weight
				}
			} else {
				s.acts = r.agent.of(signs(s.utterance, r.outcomes))
				for a, p := range s.acts {
					g.acts[a] += p * p
				}
				offered = offered || s.does(actOffersTime)
			}
			g.said = append(g.said, s)
			from = to
		}
	}
	return g
}

// known is how much of an utterance the examples have words for, from nothing to one: of what nobody has ever said, nothing
// follows.
func (r *reader) known(u utterance) float64 {
	n := 0.0
	for _, w := range u.words {
		if _, ok := r.caller.signs[begin(w.norm)]; ok && stem(w.norm) != "" || classes[w.norm] != "" {
			n++
		}
	}
	return min(1, 0.4+0.3*n)
}

// wanted is a sentence of the caller's without the clauses in which he says what he doesn't want.
func (s sentence) wanted() utterance {
	out := utterance{caller: true}
	for from := 0; from < len(s.words); {
		to := from + 1
		for to < len(s.words) && !s.words[to].brk && !contrasts[s.words[to].norm] {
			to++
		}
		if !slices.ContainsFunc(denials, func(p pattern) bool {
			for i := from; i < to; i++ {
				if end, ok := p.match(s.words, i); ok && end <= to {
					return true
				}
			}
			return false
		}) {
			out.words = append(out.words, s.words[from:to]...)
		}
		from = to
	}
	if len(out.words) == 0 {
		return s.utterance
	}
	out.raw = s.raw
	return out
}

// contrasts are words that turn from what isn't wanted to what is.
var contrasts = set("but just only rather actually instead sino pero solo nada")

// denials are how callers say what they don't want.
var denials = []pattern{
	compile("not want|need|require|looking|calling|ringing|phoning|interested|here|bothered|fussed"), compile("no need|demo|quote|presentation|price|problem"),
	compile("not about|for|a|another|the demo|quote|price|presentation|problem|trial"), compile("forget|skip|nevermind"), compile("never mind"),
	compile("was|were going to"), compile("skip that|it|those"), compile("no quiero|queremos|necesito|necesitamos|busco|llamo|hace"),
}

// What a likelihood of one adds to a wish, beside the lexicon's phrases: by what the caller said, and by what the agent did.
const (
	byCaller = 4
	byAgent  = 4
)

// speaksFor tells what an agent's act says of what the caller wanted.
var speaksFor = map[act]map[concept]float64{
	actBooks: {demo: 0.8, reschedule: 0.2}, actShows: {demo: 1}, actOffersTime: {demo: 0.4, reschedule: 0.3},
	actQuotes: {pricing: 1}, actPrices: {pricing: 1}, actCalls: {demo: 0.2, pricing: 0.2},
	actTickets: {support: 1}, actSorry: {support: 0.4}, actInstructs: {support: 1}, actTells: {support: 0.7},
	actAnswers: {general: 1}, actMoves: {reschedule: 1}, actNotHere: {wrongNumber: 2}, actDeclines: {spam: 1.6},
}

// doubt halves what the lexicon has found in a caller's sentence that is hardly likely to ask for it.
func (g *gist) doubt(found *scores) {
	for i, m := range found.matches {
		c := m.phrase.concept
		for _, s := range g.said {
			if s.caller && s.line == m.line && m.at >= s.from && m.at < s.from+len(s.raw) && c != history && m.weight > 0 {
				less := m.weight * 0.5 * (1 - min(1, s.wants[c]/likelyEnough))
				if c == reschedule && s.haggles {
					less = m.weight * (1 - bargain)
				}
				found.matches[i].weight -= less
				found.of[c] -= less
			}
		}
	}
}

// bargain is what is left of a wish for another time where one has only just been offered.
const bargain = 0.3

// likelyEnough is how likely a wish must be for the lexicon to be believed.
const likelyEnough = 0.25

// apologises tells whether the caller begs pardon for having called.
func (g *gist) apologises() bool {
	return slices.ContainsFunc(g.said, func(s sentence) bool { return s.caller && speaks(s.utterance, len(s.raw), apologies) })
}

var apologies = set("sorry apologies apologize apologise pardon mistake silly wrong misdialed misdialled oops whoops gosh perdon perdone disculpe disculpa equivoque equivocado mal")

// forHelp is to whom callers with trouble are handed on.
var forHelp = set("technician technicians engineer technical support workshop tecnico tecnicos soporte taller ingeniero")

// weigh adds to what speaks for each wish.
func (g *gist) weigh(weights map[concept]float64) {
	for c, w := range g.wants {
		if c != chatter && c != voicemail {
			weights[c] += byCaller * w
		}
	}
	for _, a := range slices.Sorted(keys(g.acts)) {
		for c, share := range speaksFor[a] {
			if a == actNotHere && !g.apologises() {
				share /= 2
			}
			weights[c] += byAgent * share * min(1.5, g.acts[a])
		}
	}
	for _, s := range g.said {
		if s.does(actTransfers) && speaks(s.utterance, len(s.raw), forHelp) {
			weights[support] += byAgent / 2
		}
	}
	// Whom an agent serves hasn't dialled wrong, and sells nothing.
	if g.does(actBooks, actMoves, actQuotes, actPrices, actTickets, actInstructs, actTransfers) {
		weights[wrongNumber] *= 0.4
		weights[spam] *= 0.6
	}
}

// visits tells whether the agent says at what hour of a day somebody will come.
func (g *gist) visits() bool {
	return slices.ContainsFunc(g.moments(), func(m moment) bool { return !m.caller && !m.asks && m.day != "" && m.hour != "" })
}
