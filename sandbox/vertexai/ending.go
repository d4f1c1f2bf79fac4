package vertexai

import (
	"slices"
	"strings"
)

// chooseDisposition weighs how the call ended: what was wanted says what may have come of it, and the agent's words
// say whether it did.
func (f *findings) chooseDisposition(p *prompt, names []string, ends *scores) {
	said := func(c concept) float64 { return max(0, ends.of[c]) }
	ev := map[concept]float64{}
	for c := range ends.of {
		ev[c] = 0.15 * said(c)
	}
	g := f.gist
	promised := g.does(actQuotes, actCalls)
	switch f.intent.by { //nolint:exhaustive // the rest mean nothing here
	case demo:
		ev[lead] = 4
		if f.bookedBy(ends) {
			ev[booked] = 9
		}
	case pricing:
		ev[lead], ev[informed] = 3+said(lead), 2.5+said(informed)
		told := priced(p.lines) || g.does(actPrices)
		switch {
		case g.does(actQuotes) || promised && !told:
			ev[lead] += 6
		case told:
			ev[informed] += 5
		}
	case support:
		ev[ticket] = 4 + said(ticket)
		if !taken(ends) && (solved(p.lines) || g.does(actInstructs, actTells) && !g.does(actTickets, actCalls) && !g.sends()) {
			ev[informed] = 9 + said(ticket)
		}
	case reschedule:
		ev[moved], ev[review] = 3.5+said(moved), 2.5
		if promised && said(moved) < 4 && !g.does(actMoves, actBooks) && !g.appoints() {
			ev[review] = 6
		}
	case general:
		ev[informed] = 5
	case wrongNumber:
		ev = map[concept]float64{dialled: 12}
	case spam:
		ev = map[concept]float64{unwanted: 12}
	case unknown, "":
		for c := range ev {
			ev[c] *= 3
		}
		ev[review] += 3
	}
	if f.intent.by != wrongNumber && f.intent.by != spam {
		if (said(transferred) >= 5 || g.does(actTransfers)) && !g.returned() {
			ev[transferred] = 14
		}
		if onVoicemail(p) {
			ev[left] = 16
		}
	}
	f.endLabel = f.reader.labels(names, p.described, f.reader.outcomes)
	rs := rank(f.endLabel, ev, nil)
	f.disposition, f.ended = rs[0], sure(rs)
	f.dispositAt = best(ends.matches, f.disposition.by, p.lines)
	if f.dispositAt.line < 0 && (f.intent.by == wrongNumber || f.intent.by == spam) {
		f.dispositAt = f.intentAt
	}
}

// How likely an act must be to count as done, and to count as done where something else is promised.
const (
	probable = 0.5
	evident  = 0.8
)

// does tells whether an agent's sentence likely does one of these.
func (g *gist) does(acts ...act) bool {
	return slices.ContainsFunc(g.said, func(s sentence) bool { return s.does(acts...) })
}

func (s sentence) does(acts ...act) bool {
	sum := 0.0
	for _, a := range acts {
		sum += s.acts[a]
	}
	return !s.caller && sum >= probable
}

// asks tells whether a sentence is a question.
func (s sentence) asks() bool { return strings.HasSuffix(s.raw[len(s.raw)-1], "?") }

// bookedBy tells whether the agent says that a time is fixed, rather than offers one or tells when somebody will call.
func (f *findings) bookedBy(ends *scores) bool {
	promised := f.gist.does(actCalls, actQuotes)
	return slices.ContainsFunc(f.gist.said, func(s sentence) bool {
		if s.caller || s.asks() || s.does(actCalls, actQuotes, actTransfers) {
			return false
		}
		if promised {
			return s.acts[actBooks]+s.acts[actMoves] >= evident
		}
		return s.does(actBooks, actMoves) || s.appoints() || s.weight(ends, booked) >= 3.9
	})
}

// weight is what the lexicon finds in a sentence for a concept.
func (s sentence) weight(found *scores, c concept) float64 {
	sum := 0.0
	for _, m := range found.matches {
		if m.line == s.line && m.phrase.concept == c && m.phrase.who == agent && m.weight > 0 && m.at >= s.from && m.at < s.from+len(s.raw) {
			sum += m.weight
		}
	}
	return sum
}

// taken tells whether the agent says in so many words that a ticket was opened.
func taken(ends *scores) bool {
	return slices.ContainsFunc(ends.matches, func(m match) bool { return m.phrase.concept == ticket && m.phrase.weight >= 4 && m.weight > 0 })
}

// sends tells whether the agent speaks of somebody or something that will be sent.
func (g *gist) sends() bool {
	return slices.ContainsFunc(g.said, func(s sentence) bool { return !s.caller && speaks(s.utterance, len(s.raw), remediesSent) })
}

var remediesSent = set("technician engineer fitter plumber electrician replacement tecnico ingeniero reemplazo")

// returned tells whether the agent came back since nobody was there to hand the caller on to.
func (g *gist) returned() bool {
	return slices.ContainsFunc(g.said, func(s sentence) bool { return !s.caller && saysAny(s.utterance, nobodyThere) })
}

var nobodyThere = []pattern{
	compile("is|are busy|engaged|out|unavailable|away"), compile("line is busy|engaged"), compile("not picking|answering|at|available"), compile("no answer|reply"), compile("nobody|noone is|there|picks"),
	compile("no contesta|contestan|esta|estan|responde"), compile("esta|estan ocupado|ocupada|ocupados"),
}

// appoints tells whether an agent states a time.
func (g *gist) appoints() bool { return slices.ContainsFunc(g.said, sentence.appoints) }

// appoints tells whether the agent states a time for the caller rather than offers one or tells when somebody will call.
func (s sentence) appoints() bool {
	if s.caller || s.asks() || speaks(s.utterance, len(s.raw), noAppointment) {
		return false
	}
	for k := range s.raw {
		if v, _ := timeAt(s.utterance, k); v != "" {
			return true
		}
	}
	return false
}

// noAppointment are words beside which a time is none: of offers, of opening hours, of who calls or sends when.
var noAppointment = set(`call calls ring rings phone send sends mail email reach contact touch back could can would might shall if available free offer open
 close closed opening hours from until later llamara llama llamar llamamos marcar marcara mando mandare envio enviare contacto contactara si abierto abrimos cerramos
 tenemos not no technician follow prepare information reply answer hear`)

// priced tells whether the agent named a price.
func priced(lines []utterance) bool {
	return agentSays(lines, "free", "no charge", "gratis|gratuito", "dollars|euros|pounds|pesos|bucks|cents", "$|€", "per|a|a month|user|seat|year", "a el|por|cada mes|usuario|ano") ||
		slices.ContainsFunc(lines, func(u utterance) bool {
			return !u.caller && slices.ContainsFunc(u.raw, func(w string) bool { return strings.ContainsAny(w, "$€£") })
		})
}

// solved tells whether the caller said that all is well now.
func solved(lines []utterance) bool {
	for _, u := range lines {
		for i := range u.words {
			for _, p := range remedies {
				if _, ok := p.match(u.words, i); ok && u.caller && !negated(u.words, i) {
					return true
				}
			}
		}
	}
	return false
}

var remedies = []pattern{
	compile("it works|worked|helped|helps"), compile("that worked|helped|helps"), compile("that works now|again|better"), compile("it is working now|again"), compile("working now|again|fine"), compile("solved|fixed now?"),
	compile("that fixed|solved|did it"), compile("i am in"), compile("found it"), compile("there it is"), compile("i see it now"), compile("got it working|now"), compile("let me in"), compile("much better"), compile("ya lo|la vi|encontre|tengo|hallo|halle"), compile("ya entre"), compile("ya funciona|sirve|esta|entro|prende|enciende"), compile("se arreglo|soluciono"),
}

func agentSays(lines []utterance, phrases ...string) bool {
	for _, text := range phrases {
		p := compile(text)
		for _, u := range lines {
			for i := range u.words {
				if _, ok := p.match(u.words, i); ok && !u.caller {
					return true
				}
			}
		}
	}
	return false
}
