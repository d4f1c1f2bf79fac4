package vertexai

import (
	"math"
	"slices"
	"strings"
)

// findings is what the reader makes of a call.
type findings struct {
	reader                *reader
	intent, disposition   ranked
	certain, ended        float64 // confidences of the two
	intentAt, dispositAt  place
	details               []detail
	summary               string
	action                *action
	lines                 []utterance
	wanted                []match // what speaks for an intent
	intentLabel, endLabel []labelled
}

// place is a quote in a line; nothing if the line is negative.
type place struct {
	line     int
	from, to int // words as they stand
}

// action is what should happen next.
type action struct {
	subject, reason string
	due             int
}

// understand reads the transcript against the labels.
func (r *reader) understand(p *prompt, intents, dispositions []string) *findings {
	f := &findings{reader: r, lines: p.lines, intentAt: place{line: -1}, dispositAt: place{line: -1}}
	if len(intents) == 0 {
		intents = []string{"Unknown"}
	}
	if len(dispositions) == 0 {
		dispositions = []string{"NeedsReview"}
	}
	found, heard := score(p.lines, r.wants), hear(p.lines)
	f.chooseIntent(p, intents, found, heard)
	ends := score(p.lines, r.outcomes)
	f.chooseDisposition(p, dispositions, ends)
	f.details = extract(p.lines, f.intent.by)
	// What was agreed in the end counts for more than what the caller named first.
	if c := f.disposition.by; c == booked || c == moved {
		if d := agreed(p.lines, ends.matches, c); d.value != "" {
			f.details = append(slices.DeleteFunc(f.details, func(had detail) bool { return had.name == d.name }), d)
		}
	}
	f.compose(p)
	return f
}

// enough is the least score that makes an intent: one clear phrase of the caller's.
const enough = 1.5

// likely is the most that a guess is worth.
const likely = 0.65

func (f *findings) chooseIntent(p *prompt, names []string, found *scores, heard map[string]bool) {
	weights := map[concept]float64{}
	for c, w := range found.of {
		weights[c] = max(0, w)
	}
	// That a caller speaks to a machine says little of what he wants.
	weights[voicemail] = min(weights[voicemail], 1)
	if onVoicemail(p) {
		weights[voicemail] = 2.2
	}
	// Who rings the support line has trouble rather than not.
	if strings.Contains(strings.ToLower(p.business), "support") {
		weights[support] += 0.8
	}
	f.intentLabel = f.reader.labels(names, p.described, f.reader.wants)
	rs := rank(f.intentLabel, weights, heard)
	guessed := rs[0].score < enough
	if guessed {
		rs = f.fallback(rs, p.lines)
	}
	f.intent, f.certain = rs[0], sure(rs)
	if guessed {
		f.certain = min(f.certain, likely)
	}
	f.wanted = found.matches
	f.intentAt = best(found.matches, f.intent.by, p.lines)
	if f.intentAt.line < 0 {
		f.intentAt = anyLine(p.lines)
	}
}

// fallback puts the label first that fits where no phrase speaks for any: the one for what the caller's words
// sound like, else the one for questions if he has asked something, else the one for calls that are none of the
// others.
func (f *findings) fallback(rs []ranked, lines []utterance) []ranked {
	if c, ok := f.reader.like.likens(lines); ok {
		if out := f.prefer(rs, c, 2); out != nil {
			return out
		}
	}
	if asks(lines) {
		if out := f.prefer(rs, general, 2.2); out != nil {
			return out
		}
	}
	if out := f.prefer(rs, unknown, 1); out != nil {
		return out
	}
	rs = slices.Clone(rs)
	rs[0].score, rs[0].by = 1, unknown
	return rs
}

// prefer puts the label first that speaks most of a meaning; nil if none does.
func (f *findings) prefer(rs []ranked, meaning concept, score float64) []ranked {
	most, at := 0.3, -1
	for i, r := range rs {
		k := slices.IndexFunc(f.intentLabel, func(l labelled) bool { return l.name == r.name })
		if a := f.intentLabel[k].affinity[meaning]; a > most {
			most, at = a, i
		}
	}
	if at < 0 {
		return nil
	}
	chosen := rs[at]
	chosen.score, chosen.by = score, meaning
	return append([]ranked{chosen}, slices.Delete(slices.Clone(rs), at, at+1)...)
}

// asks tells whether the caller puts a question of some substance.
func asks(lines []utterance) bool {
	for _, u := range lines {
		for _, w := range u.words {
			if !u.caller || !interrogative[w.norm] {
				continue
			}
			for k := w.at; k < len(u.raw); k++ {
				if strings.HasSuffix(u.raw[k], "?") && k-w.at >= 3 {
					return true
				}
				if ends(u.raw[k]) {
					break
				}
			}
		}
	}
	return false
}

var interrogative = set(`what when where which who whose why how is are was were do does did can could will would should may
 que cual cuales cuando donde quien como cuanto cuantos hay es son estan tienen puedo pueden`)

func hear(lines []utterance) map[string]bool {
	heard := map[string]bool{}
	for _, u := range lines {
		for _, w := range u.words {
			if st := stem(w.norm); st != "" && u.caller {
				heard[st] = true
			}
		}
	}
	return heard
}

// onVoicemail tells whether the caller speaks to a machine.
func onVoicemail(p *prompt) bool {
	if strings.Contains(strings.ToLower(p.handling), "voicemail") {
		return true
	}
	for _, u := range p.lines {
		for i := range u.words {
			for _, g := range greetings {
				if _, ok := g.match(u.words, i); ok && !u.caller {
					return true
				}
			}
		}
	}
	return false
}

var greetings = []pattern{
	compile("leave|record * message * tone|beep"), compile("after the? tone|beep"),
	compile("deje|grabe * mensaje * tono|senal"), compile("despues de el? tono"),
}

// best is the place that speaks most for a concept, in the caller's words if there are any.
func best(ms []match, c concept, lines []utterance) place {
	out, most := place{line: -1}, 0.0
	for _, m := range ms {
		w := m.weight
		if lines[m.line].caller {
			w *= 4
		}
		if m.phrase.concept == c && w > most {
			ws := lines[m.line].words
			most, out = w, place{m.line, ws[m.from].at, ws[m.to-1].at + 1}
		}
	}
	return out
}

// anyLine is the caller's longest line, for an intent that no phrase speaks for.
func anyLine(lines []utterance) place {
	out := place{line: -1}
	for i, u := range lines {
		better := out.line < 0 || u.caller && !lines[out.line].caller ||
			u.caller == lines[out.line].caller && len(u.raw) > len(lines[out.line].raw)
		if len(u.raw) > 0 && better {
			out = place{i, 0, 1}
		}
	}
	return out
}

// chooseDisposition weighs how the call ended: what was wanted says what may have come of it, and the agent's words
// say whether it did.
func (f *findings) chooseDisposition(p *prompt, names []string, ends *scores) {
	said := func(c concept) float64 { return max(0, ends.of[c]) }
	ev := map[concept]float64{}
	for c := range ends.of {
		ev[c] = 0.15 * said(c)
	}
	switch f.intent.by { //nolint:exhaustive // the rest mean nothing here
	case demo:
		ev[lead] = 4
		if said(booked) >= 3.9 || appointed(p.lines) {
			ev[booked] = 9
		}
	case pricing:
		ev[lead], ev[informed] = 3+said(lead), 2.5+said(informed)
		if priced(p.lines) {
			ev[informed] += 4
		}
	case support:
		ev[ticket] = 4 + said(ticket)
		if solved(p.lines) && said(ticket) < 4 {
			ev[informed] = 8
		}
	case reschedule:
		ev[moved], ev[review] = 3.5+said(moved), 2.5
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
		if said(transferred) >= 5 {
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

// appointed tells whether the agent states a time for the caller rather than offers one or tells when
// somebody will call.
func appointed(lines []utterance) bool {
	for _, u := range lines {
		if u.caller {
			continue
		}
		for from := 0; from < len(u.raw); {
			to := from
			for to < len(u.raw)-1 && !ends(u.raw[to]) {
				to++
			}
			if !strings.HasSuffix(u.raw[to], "?") && !speaks(u, from, to+1, noAppointment) {
				for k := from; k <= to; k++ {
					if v, end := timeAt(u, k); v != "" && end > k {
						return true
					}
				}
			}
			from = to + 1
		}
	}
	return false
}

// noAppointment are words beside which a time is none: of offers, of opening hours, of who calls or sends when.
var noAppointment = set(`call calls ring rings phone send sends mail email reach contact touch back could can would might shall if available free offer open
 close closed opening hours from until later llamara llama llamar marcar marcara mando mandare envio enviare contacto contactara si abierto abrimos cerramos
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
	compile("that|it works|worked|helped|helps"), compile("it is working now|again"), compile("working now|again|fine"), compile("solved|fixed now?"),
	compile("that fixed|solved|did it"), compile("i am in"), compile("ya funciona|sirve|esta|entro|prende|enciende"), compile("se arreglo|soluciono"),
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

// tree is the findings as the members of an answer.
func (f *findings) tree() map[string]any {
	labelled := func(r ranked, sure float64, at place) map[string]any {
		quote, who := f.quote(at)
		return map[string]any{"value": r.name, "confidence": sure, "quote": quote, "speaker": who}
	}
	out := map[string]any{
		"intent": labelled(f.intent, f.certain, f.intentAt), "disposition": labelled(f.disposition, f.ended, f.dispositAt),
		"summary": f.summary, "next_action": nil, "details": []any{},
	}
	if end, ok := out["disposition"].(map[string]any); ok && end["quote"] == "" {
		end["quote"] = "none"
	}
	if a := f.action; a != nil {
		at := f.dispositAt
		if at.line < 0 {
			at = f.intentAt
		}
		quote, who := f.quote(at)
		out["next_action"] = map[string]any{"subject": a.subject, "reason": a.reason, "due_in_days": a.due, "quote": quote, "speaker": who}
	}
	list := make([]any, 0, len(f.details))
	for _, d := range f.details {
		quote, who := f.quote(d.at)
		list = append(list, map[string]any{
			"name": d.name, "value": d.value, "confidence": math.Round(d.sure*100) / 100, "quote": quote, "speaker": who,
		})
	}
	out["details"] = list
	return out
}

// quote is the words at a place and who said them.
func (f *findings) quote(at place) (quote, speaker string) {
	if at.line < 0 {
		return "", "caller"
	}
	u := f.lines[at.line]
	if u.caller {
		speaker = "caller"
	} else {
		speaker = "agent"
	}
	return u.quote(at.from, at.to), speaker
}
