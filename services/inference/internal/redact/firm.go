package redact

import "strings"

// readFirms collects the words of names that are told to be a firm's, a place's or a product's: those with capitals
// before "Logistics" or "Winery", those after "calling from" and "brand", and those that the first thing said begins with,
// "Rapid Rooter, how can I help?". Wherever they stand again they are no person's, unless somebody introduces themself by
// them.
func (d *document) readFirms() {
	d.firms, d.firmNames = map[string]bool{}, map[string]bool{}
	for _, s := range d.streams {
		for i := range s.toks {
			switch {
			case s.capital(i) && (s.firmPlace(i) || s.toks[i].first && s.firmAsked(i)) && s.tradeName(i) > 0:
				d.firmNames[s.toks[i].stem+" "+s.toks[i+1].stem] = true
				for k := i; k < s.tradeName(i); k++ {
					d.firm(s, k)
				}
			case trades[s.norm(i)] && s.midCapital(i) && surnames[s.norm(i)] && s.fullName(i-1) == i+1 && !placeNames[s.norm(i-1)]: // "Dana Day"
			case trades[s.norm(i)] && s.midCapital(i):
				for k := i - 1; k >= 0 && i-k <= 3 && s.capital(k) && joined(s.toks[k+1].gap) && !s.toks[k+1].first; k-- {
					d.firm(s, k)
				}
			case s.midCapital(i) && makers[s.norm(i-1)] && s.toks[i].gap == " ":
				d.firms[s.toks[i].stem] = true
			case s.midCapital(i) && s.employer(i):
				for k := i; k < min(i+3, len(s.toks)) && s.midCapital(k) && (k == i || joined(s.toks[k].gap)); k++ {
					d.firm(s, k)
				}
			}
		}
	}
	d.answeredAs()
}

// goods are trades that are family names as well, so that only the place tells which they are.
var goods = set("stone gold silver marine glass wine mills golf woods wood steel iron brick rose baker taylor potter mason carpenter fisher gardner cook brewer flowers fields meadows banks farmer miller wheeler weaver tailor")

// firmPlace tells whether word i stands where one says which firm one is of: "from Nordhavn Marine", "Naledi at Mokoena Gold".
// What comes from somebody is no firm's: "a letter from Maren Stone".
func (s *stream) firmPlace(i int) bool {
	switch s.norm(i - 1) {
	case "from", "at", "of", "de", "desde", "en":
		return s.endsAt(i, mentions) == 0
	case "with", "con":
		return s.employer(i)
	}
	return false
}

// firmAsked tells whether word i begins the answer to a question for somebody's firm.
func (s *stream) firmAsked(i int) bool {
	line := s.toks[i].line
	return s.directlyAsked(line, orgAsks) && !s.directlyAsked(line, nameAsks)
}

// tradeName is where the words with capitals end that begin with word i and of which the first or the last names a trade; 0 if none
// does, or if they are somebody's, "Grace Stone".
func (s *stream) tradeName(i int) int {
	end := i + 1
	for end < min(i+4, len(s.toks)) && s.midCapital(end) && s.sameNumber(end) {
		end++
	}
	if end < i+2 || givenNames[s.toks[i].stem] {
		return 0
	}
	last := s.toks[end-1].stem
	if trades[last] || trades[s.toks[i].stem] {
		return end
	}
	// "Aurelius Banks of Trenton" may be referred from anywhere; whom one calls from is a firm.
	if goods[last] && (s.employer(i) || s.norm(i-1) == "at" || s.norm(i-1) == "of" && s.midCapital(i-2) || s.toks[i].first) {
		return end
	}
	return 0
}

// firmName tells whether the name of a firm that somebody is of begins at word i.
func (s *stream) firmName(i int) bool {
	return i >= 0 && i+1 < len(s.toks) && len(s.doc.firmNames) > 0 && s.doc.firmNames[s.toks[i].stem+" "+s.toks[i+1].stem]
}

func (d *document) firm(s *stream, i int) {
	if w := s.toks[i].stem; !givenNames[w] || d.lang.ambiguous(w) {
		d.firms[w] = true
	}
}

// makers stand before the name of who makes a thing, or of the thing.
var makers = set("brand make model suite marca modelo paquete plan color curso calle avenida salon sala habitacion")

// answeredAs reads the firm that the call is answered in the name of: the words with capitals that the agent's first line begins
// with, or that follow its greeting, before a comma or the end of the sentence. "Imogen speaking" and "Maria, hello" are people.
func (d *document) answeredAs() {
	s := d.streams[1]
	if len(s.toks) == 0 || s.toks[0].line > 0 {
		return
	}
	from := s.pastGreeting()
	if !s.capital(from) || s.startsWith(from, greetings) > 0 || s.startsWith(from, titles) > 0 {
		return
	}
	end := from + 1
	for s.firmWord(end) || firmTies[s.norm(end)] && s.firmWord(end+1) {
		end++
	}
	w := s.toks[from].stem
	whole := s.endsSentence(end-1) || strings.Contains(s.after(end-1), ",") || from > 0 && end > from+1 && s.startsWith(end, speaks) == 0
	if !whole || givenNames[w] && !companyEnding[s.norm(end-1)] {
		return
	}
	for i := from; i < end; i++ {
		if !firmTies[s.norm(i)] {
			d.firms[s.toks[i].stem] = true
		}
	}
}

// pastGreeting is the word after the greeting that the first line begins with, if a firm may follow: "Good morning, Lakeside
// Elementary", "gracias por llamar a la Veterinaria San Martín".
func (s *stream) pastGreeting() int {
	if n := s.startsWith(0, callThanks); n > 0 {
		if w := s.norm(n); w == "la" || determiners[w] {
			n++
		}
		return n
	}
	if n := s.startsWith(0, greetings); n > 0 && strings.Contains(s.after(n-1), ",") {
		return n
	}
	return 0
}

// callThanks stand before the name of a firm.
var callThanks = phraseList("thank you for calling, thanks for calling, gracias por llamar a, gracias por llamar al, gracias por comunicarse a, gracias por comunicarse con")

// firmTies stand inside the name of a firm: "Quick Lube on Fifth", "Ibarra y Asociados".
var firmTies = set("and of on y de")

// firmWord tells whether word i goes on in the name of a firm.
func (s *stream) firmWord(i int) bool {
	return i < len(s.toks) && s.capital(i) && s.sameNumber(i)
}

// kin stand after the "and" of a firm's name.
var kin = set("sons son daughters daughter brothers bros sisters hijos hijas hermanos company co associates partners asociados compania cia")

// calendar words may have a capital beside a name, and belong to no firm.
var calendar = set("monday tuesday wednesday thursday friday saturday sunday today tomorrow christmas easter lunes martes miercoles jueves viernes sabado domingo")

// partOfFirm tells whether the words [from, to) of a name are part of the name of a firm: "Foss and Daughters", "Brandt
// Escrow", "Barsanti's Bakery", "calling from Foss".
func (s *stream) partOfFirm(from, to int) bool {
	if s.employer(from) || s.midCapital(from-1) && trades[s.norm(from-1)] && joined(s.toks[from].gap) || s.firmName(from) || s.firmName(from-1) { // "Transportes Bracamontes"
		return true
	}
	if to >= len(s.toks) || s.toks[to].first {
		return false
	}
	w, gap := s.norm(to), s.toks[to].gap
	switch {
	case strings.Trim(gap, " ") == "&":
		return true
	case !joined(gap):
		return false
	case w == "and" || w == "y" || w == "e":
		return kin[s.norm(to+1)] || s.midCapital(to+1) && companyEnding[s.norm(to+2)] && s.capital(to+2)
	case s.midCapital(to):
		named := surnames[w] || givenNames[w] || calendar[w] || months[w] > 0 || grammar[s.toks[to].stem]
		return trades[w] || s.doc.lang.everyday(w) && !named
	}
	return !s.doc.cased && to == from+1 && trades[w] && !surnames[w] && !s.toks[from].sentence() && s.endsAt(from, introductions) == 0 // "celeste abernathy with abernathy cellars"
}

// ofFirms gives every name that is part of a firm's name the words that were said as its value: a firm that bears
// somebody's name is not that person, and has to come back as it was called.
func (d *document) ofFirms(found []finding) {
	for i := range found {
		if f := &found[i]; f.kind == Name && f.stream.partOfFirm(f.from, f.to) {
			f.firm, f.value = true, f.stream.said(f.from, f.to)
		}
	}
}

// said is the words [from, to) with capitals and as they were said, the possessive too: "Barsanti's".
func (s *stream) said(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		if i > from {
			b.WriteString(s.toks[i].gap)
		}
		b.WriteString(capitalFirst(s.toks[i].text))
	}
	return b.String()
}
