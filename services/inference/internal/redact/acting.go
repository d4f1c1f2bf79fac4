package redact

import "strings"

var (
	// speaks follows somebody's name: "Maria speaking", "Latoya told me".
	speaks = phraseList("speaking, here, calling, stepped out, stepped away, said, told, asked, mentioned, promised, suggested, recommended, explained, called, emailed, texted, helped, did say, said that, told me, had said, has been helping, was helping, was supposed to, will call, would call, is calling, is expecting, is the one",
		"is out, is out today, is away, is in a meeting, is on vacation, is on leave, is on the other line, is off today, is with a, is busy, is not in, isn't in, is not here, isn't here, is my, was my, is our, is on our, is your, can help you, will help you, will be with you, is at lunch, is unavailable, booked it, set it up, set this up",
		"al habla, dijo, me dijo, me llamo, llamo ayer, me atendio, me ayudo, esta de vacaciones, esta ocupado, esta ocupada, esta en una reunion, no esta, esta fuera, le atendera, le llamara, me comento, me prometio")
	// persons are what no firm does.
	persons = phraseList("speaking, told me, told us, told him, told her, asked me, asked us, promised, stepped out, stepped away, did say, mentioned, dijo que, me dijo")
	// notThings keep "is out" from meaning a product.
	notThings = phraseList("out of stock, out of order, out of service, not available in, on sale")
	// present follow a name that "is" or "will" stands before: "Is Dale around?", "Will Percival be there?"
	present   = phraseList("there, around, available, in, in today, free, still, back, out, working, coming, be, be there, be in, have, call, know, going, on the line, with you, ahi, disponible, ocupado, ocupada, en la oficina, libre")
	askings   = set("is was will has does did can could would should are isn't esta estara puede")
	divisions = set("accounting accounts billing sales purchasing procurement support service shipping receiving marketing operations finance payroll legal hr it dispatch maintenance reception engineering claims admissions scheduling collections compliance administration facilities logistics parts leasing management " +
		"contabilidad ventas compras facturacion administracion recepcion soporte recursos marketing operaciones almacen finanzas cobranza sistemas")
)

// acting returns a name that stands before or after what only people do: [from, to), from -1 if there is none.
func (s *stream) acting(i int) (from, to int) {
	switch {
	case s.startsWith(i, speaks) > 0:
		return s.nameBefore(i), i
	case askings[s.norm(i)] && s.mayName(i+1) && (s.midCapital(i+1) || !s.doc.cased && givenNames[s.norm(i+1)]):
		to := s.nameEnd(i+1, named)
		if to > i+1 && s.startsWith(to, present) > 0 && !otherWords[s.norm(i+1)] && !s.ofThing(i+1, to) {
			return i + 1, to
		}
		if to > i+1 && s.doc.lang.es && strings.Contains(s.toks[i].gap, "¿") && s.endsSentence(to-1) {
			return i + 1, to
		}
	case divisions[s.norm(i)]:
		at := i - 1
		if s.norm(at) == "in" || s.norm(at) == "from" || s.norm(at) == "at" || s.norm(at) == "de" || s.norm(at) == "en" {
			return s.nameBefore(at), at
		}
	case s.vocativeAt(i):
		return i, s.nameEnd(i, named)
	default:
		if end := s.alone(i); end > 0 {
			return i, end
		}
	}
	return -1, -1
}

// nameBefore is where a name begins that ends before word i, at most three words of one sentence; -1 if none does.
func (s *stream) nameBefore(i int) int {
	if i == 0 || i < len(s.toks) && s.toks[i].sentence() {
		return -1
	}
	if from := s.presents(i); from >= 0 {
		return from
	}
	from := i
	for from > 0 && i-from < 3 && s.actor(from-1) && s.toks[from-1].line == s.toks[i].line {
		from--
		if s.toks[from].sentence() || strings.Contains(s.toks[from].gap, ",") {
			break
		}
	}
	if from == i || s.ofThing(from, i) || s.startsWith(i+1, notThings) > 0 {
		return -1
	}
	// One unknown word at the start of a sentence may be anything: "Tamarack called" is a firm.
	if from == i-1 && s.toks[from].sentence() && !givenNames[s.norm(from)] && s.startsWith(i, persons) == 0 {
		return -1
	}
	return from
}

// presents is where a full name begins whose words are words like others, "Summer Park here", "frank best speaking", and which
// somebody gives for their own before word i; -1 if none does.
func (s *stream) presents(i int) int {
	w := s.norm(i)
	if w != "here" && w != "speaking" && w != "calling" && w != "al" || i < 2 || s.toks[i-1].line != s.toks[i].line || w == "here" && s.hereAbouts(i+1) {
		return -1
	}
	for from := i - 2; from >= max(0, i-3); from-- {
		if s.doc.cased && s.fullName(from) == i && (s.familyAt(from+1) || !placeNames[s.norm(from)]) {
			return from
		}
		if !s.doc.cased && from == i-2 && givenNames[s.norm(from)] && (surnames[s.norm(from+1)] || w == "speaking" && !functionWord(s.norm(from+1)) && !askings[s.norm(from+1)]) && s.sameNumber(from+1) && !grammar[s.norm(from)] && (s.toks[from].sentence() || s.endsAt(from, greetings) > 0) {
			return from
		}
	}
	return -1
}

// hereAbouts tells whether words at i say where "here" is: "Sunny Day here in town".
func (s *stream) hereAbouts(i int) bool {
	return i < len(s.toks) && !s.toks[i].sentence() && placed[s.norm(i)] && s.norm(i) != "from" && s.norm(i) != "at" && s.norm(i) != "de" && s.norm(i) != "desde"
}

// actor tells whether word i may be the last or the first name of somebody who acts.
func (s *stream) actor(i int) bool {
	w := s.norm(i)
	if !s.mayName(i) || s.norm(i) != stem(w) {
		return false
	}
	if !s.doc.cased {
		// "shawna speaking": nobody else speaks.
		return givenNames[w] && !s.doc.lang.ambiguous(w) || s.norm(i+1) == "speaking" && !s.doc.lang.everyday(w) && !inflected(w)
	}
	if s.doc.lang.everyday(w) {
		return givenNames[w] && s.midCapital(i) && !otherWords[w]
	}
	return s.capital(i) && !inflected(w)
}

// vocativeAt tells whether somebody is addressed at word i: a capital between a comma and the end of the sentence,
// after words without one.
func (s *stream) vocativeAt(i int) bool {
	if i == 0 || !s.midCapital(i) || !strings.Contains(s.toks[i].gap, ",") || s.everydayAt(i) || s.capital(i-1) && !s.toks[i-1].sentence() || s.isNumber(i-1) {
		return false
	}
	end := s.nameEnd(i, weak)
	return !s.doc.firms[s.toks[i].stem] && end > i && end-i <= 2 && s.endsSentence(end-1) && s.doc.lang.everyday(s.norm(i-1)) && !s.ofThing(i, end)
}

// alone is where a name ends that is all that a sentence has, or all that stands before its first comma or after the firm that
// somebody calls from: "It's for my granddaughter. Posey.", "Jacinda, at 614 555 0139", "Summer Park. I have a question",
// "calling from Little Lambs Nursery, Adaeze Obi"; 0 if none begins at word i.
func (s *stream) alone(i int) int {
	afterFirm := s.afterFirm(i)
	if !s.toks[i].sentence() && !afterFirm || !s.capital(i) || !s.mayName(i) {
		return 0
	}
	w := s.toks[i].stem
	ends := func(end int) bool { return s.endsSentence(end-1) || strings.Contains(s.after(end-1), ",") }
	if end := s.fullName(i); end > 0 && (ends(end) || s.comesFrom(end)) && s.familyAt(i+1) && (!s.doc.lang.common(w) || surnames[s.norm(i+1)]) && (!s.doc.lang.ambiguous(w) || !s.asksThing(s.toks[i].line)) {
		return end
	}
	if s.doc.lang.everyday(w) || inflected(w) || placeNames[w] || trades[w] || s.doc.firms[w] || s.firmName(i) || s.startsWith(i, titles) > 0 {
		return 0
	}
	end := s.nameEnd(i, weak)
	if end == i || end == i+1 && (afterFirm || doubleNames[w] && !relations[s.norm(i-1)]) || end-i > 3 || s.ofThing(i, end) {
		return 0
	}
	if !givenNames[w] && (afterFirm || strings.Contains(s.after(end-1), "?") || s.after(end-1) == "" && s.asks(end-1)) {
		return 0 // "¿Caduca?" asks for no person
	}
	for k := i + 1; k < end; k++ {
		if s.doc.lang.everyday(s.norm(k)) && !surnames[s.norm(k)] {
			return 0
		}
	}
	if !ends(end) && !(end == i+2 && s.toks[i].first && s.comesFrom(end)) || s.asksThing(s.toks[i].line) {
		return 0
	}
	return end
}

// comesFrom tells whether a firm follows at word i that a caller gives right after their name: "Duke Ellery with Ellery & Sons".
func (s *stream) comesFrom(i int) bool {
	switch s.norm(i) {
	case "with", "from", "at", "of", "de", "desde":
		return s == s.doc.streams[0] && s.midCapital(i+1)
	}
	return false
}

// afterFirm tells whether a comma parts word i from the name of a firm before it.
func (s *stream) afterFirm(i int) bool {
	if !s.midCapital(i) || !strings.Contains(s.toks[i].gap, ",") {
		return false
	}
	return s.capital(i-1) && (trades[s.norm(i-1)] || s.doc.firms[s.toks[i-1].stem])
}

// fullName is where a known given name ends with the capitalised words after it, which may be words like others, "Summer Park";
// 0 if none begins at word i, or if it is a thing's: "Summer Park Grill", "Virginia Beach".
func (s *stream) fullName(i int) int {
	if i < 0 || i >= len(s.toks) || !s.capital(i) || !s.mayName(i) {
		return 0
	}
	w := s.toks[i].stem
	if !givenNames[w] || grammar[w] || townStarts[w] || s.toks[i].norm != w || s.startsWith(i, trademarks) > 0 || s.startsWith(i, titles) > 0 {
		return 0
	}
	end := i + 1
	for end < min(i+4, len(s.toks)) && s.midCapital(end) && joined(s.toks[end].gap) {
		v := s.toks[end].stem
		if !s.mayName(end) || calendar[v] || months[v] > 0 || grammar[v] || divisions[v] || relations[v] || states[v] || months[w] > 0 && companyEnding[v] || townEnds[v] && !surnames[v] || companyEnding[v] && !surnames[v] || trades[v] && !surnames[v] && s.doc.lang.ambiguous(w) || end > i+1 && s.doc.lang.everyday(v) && !surnames[v] {
			return 0
		}
		end++
	}
	if end == i+1 || end == i+4 || end < len(s.toks) && s.sameNumber(end) && (s.isNumber(end) || allUpper(s.toks[end].text)) || companyEnding[s.norm(i+1)] && placeNames[w] && !surnames[s.norm(i+1)] {
		return 0
	}
	return end
}

// familyAt tells whether word i, after a given name, is a family name rather than a word: it is on the list of them, or on none.
func (s *stream) familyAt(i int) bool {
	w := s.toks[i].stem
	return surnames[w] || !s.doc.lang.everyday(w) && !companyEnding[w]
}

// asksThing tells whether a line answers a question whose answer is a thing, a place or a firm.
func (s *stream) asksThing(line int) bool {
	return s.directlyAsked(line, firmAsks) || s.directlyAsked(line, thingAsks) || s.directlyAsked(line, orgAsks) && !s.directlyAsked(line, nameAsks)
}

// orgAsks are questions whose answer is a firm, unless a name is asked for besides.
var orgAsks = phraseList("what's the company, which company, what company, your company, and the company, and company, what's the business, your business, what business, which business, your firm, which firm, your organisation, your organization, your employer, who are you with, who do you work for, calling from",
	"que empresa, su empresa, cual empresa, y la empresa, que compania, su compania, que negocio, su negocio, desde donde llama")

// thingAsks are questions whose answer is a thing or a place.
var thingAsks = phraseList("which, what kind, what model, which model, what brand, what make, what city, what town, what state, where, what product, what plan, what color, what company, que modelo, que marca, que ciudad, donde, cual, que empresa")

// companions finds the second of two who are named together: "with Amaya and Jon", "Beth y Nubia".
func (s *stream) companions(found []finding) []finding {
	var more []finding
	for _, f := range found {
		if w := s.norm(f.to); w != "and" && w != "y" && w != "e" && w != "or" {
			continue
		}
		at := f.to + 1
		if s.mayName(at) && !s.toks[at].sentence() && (s.midCapital(at) && !s.doc.lang.everyday(s.norm(at)) || givenNames[s.norm(at)] && !s.doc.lang.ambiguous(s.norm(at)) || !s.doc.cased && s.unknown(at)) {
			if to := s.nameEnd(at, weak); to > at && !s.ofThing(at, to) {
				more = append(more, s.finding(Name, at, to, s.spoken(at, to)))
			}
		}
	}
	return more
}
