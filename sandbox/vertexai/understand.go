package vertexai

import (
	"math"
	"slices"
	"strings"
)

// findings is what the reader makes of a call.
type findings struct {
	reader                *reader
	gist                  *gist
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
	f.gist = r.gist(p.lines)
	found, heard := score(p.lines, r.wants), hear(p.lines)
	f.chooseIntent(p, intents, found, heard)
	ends := score(p.lines, r.outcomes)
	f.chooseDisposition(p, dispositions, ends)
	f.details = extract(p.lines)
	if d := f.time(); d.value != "" {
		f.details = append(f.details, d)
	}
	f.compose(p)
	return f
}

// time is what was agreed in the end, which counts for more than what the caller named first; else what he wished for.
func (f *findings) time() detail {
	switch c := f.disposition.by; {
	case c == booked || c == moved:
		return f.gist.agreed(c == moved)
	case f.intent.by == support && c == ticket && f.gist.visits():
		return f.gist.agreed(false)
	case f.intent.by == demo || f.intent.by == pricing || f.intent.by == reschedule || f.intent.by == voicemail:
		return f.gist.preferred(f.intent.by == reschedule)
	}
	return detail{}
}

// The least score that makes an intent, one clear phrase of the caller's, and the least that makes a guess at one.
const (
	enough = 1.5
	hint   = 1
)

// likely is the most that a guess is worth.
const likely = 0.65

func (f *findings) chooseIntent(p *prompt, names []string, found *scores, heard map[string]bool) {
	weights := map[concept]float64{}
	f.gist.doubt(found)
	for c, w := range found.of {
		weights[c] = max(0, w)
	}
	f.gist.weigh(weights)
	// That a caller speaks to a machine says little of what he wants.
	weights[voicemail] = min(weights[voicemail], 1)
	if onVoicemail(p) {
		weights[voicemail] = 2.2 + 1.5*min(1.2, f.gist.wants[voicemail])
		weights[wrongNumber] = max(0, found.of[wrongNumber])
	}
	// Who rings the support line has trouble rather than not.
	switch business := strings.ToLower(p.business); {
	case strings.Contains(business, "support"):
		weights[support] += 0.8
	case strings.Contains(business, "sales") && weights[demo]+weights[pricing] > 0:
		weights[demo] += 0.4
		weights[pricing] += 0.4
	}
	f.intentLabel = f.reader.labels(names, p.described, f.reader.wants)
	rs := rank(f.intentLabel, weights, heard)
	guessed := rs[0].score < enough
	if rs[0].score < hint {
		rs = f.fallback(rs, p.lines)
	}
	f.intent, f.certain = rs[0], sure(rs)
	if guessed {
		f.certain = min(f.certain, likely)
	}
	f.wanted = found.matches
	f.intentAt = best(found.matches, f.intent.by, p.lines)
	if f.intentAt.line < 0 {
		f.intentAt = f.strongest()
	}
	if f.intentAt.line < 0 {
		f.intentAt = anyLine(p.lines)
	}
}

// fallback puts the label first that fits where nothing speaks for any: the one for questions if the caller has asked
// something, else the one for calls that are none of the others.
func (f *findings) fallback(rs []ranked, lines []utterance) []ranked {
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
