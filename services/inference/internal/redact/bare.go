package redact

import (
	"slices"
	"strings"
)

// Streets are named without their kind: "640 South Wabash", "5509 San Marcos", "Reforma 222, piso 9". A number before words
// is no address by itself, so something has to speak for it: a compass point, a unit after it, the question for an
// address, or words such as "deliver it to".
var (
	streetCues = phraseList("bring it to, bring them to, bring that to, going to, goes to, shipping to, send it to, send them to, send that to, mail it to, mail them to, come by, come to, drop it at, drop it off at, pick it up from, pick it up at, pick up from, over at, floor of, house is, house is at, place is, it's at, site is at, job is at, still at, address on file is",
		"es en, esta en, mandemelo a, mandelo a, enviemelo a, envielo a, llevelo a, traigalo a, entregar en, entrega en")
	streetAsks = phraseList("address, what street, which street, where are you, where are you at, where do you live, where should, where are we, where's it coming, coming from, going to, drop off, where to, where is it, where's it going, where is it going, where does it go, deliver it, direccion, domicilio, cual es su calle, que calle, what's the street, donde vive, a donde, adonde")
	// otherAddresses are no streets.
	otherAddresses = phraseList("email address, e mail address, mail address, web address, ip address, correo, direccion de correo")
	corrected      = phraseList("should be, supposed to be, deberia ser, tiene que ser")
	townAsks       = phraseList("town, city, what city, city and state, what state, which state, state, county, suburb, pueblo, ciudad, municipio, poblacion, localidad")
	townCues       = phraseList("town is, the city is, city's, town's, ciudad es, pueblo es, localidad es")
	// townStarts begin a town's name of two words or more.
	townStarts = set("los las san santa saint st new fort port palm mount el la lake north south east west saint ciudad villa")
	// townEnds end one.
	townEnds = set("city falls springs beach creek heights valley lake rapids junction rock")
	// statesSpoken are short forms of states that are said, not only written.
	statesSpoken = set("dc mass calif conn penn tenn wash minn mich fla ariz colo")
)

// bareStreet reads "640 South Wabash" after the run of its number; 0 if nothing speaks for an address.
func (s *stream) bareStreet(r run) int {
	from, i := r.from(), r.to()
	if len(r.digits) > 5 || i >= len(s.toks) || s.midCapital(from) || s.toks[i].first || !joined(s.toks[i].gap) {
		return 0
	}
	compassed := compass[s.norm(i)] && len(s.norm(i)) > 1
	if compassed {
		i++
	}
	spoken := s.streetAsked(from)
	to := s.streetWords(i, spoken && (compassed || s.doc.cased))
	if last := s.norm(to - 1); to > i && companyEnding[last] && !streetTypes[last] && !weakTypes[last] { // "3 Brothers Pizza"
		return 0
	}
	if to == i || s.ordered(from, 6) || s.dated(from) || s.clock(from, r.to()-from) {
		return 0
	}
	if compassed && len(r.digits) > 1 || spoken || s.unitAhead(to) || s.unitBefore(from) < from {
		return to
	}
	return 0
}

// unitAhead tells whether a unit stands at word i: "unit 6", "fourth floor", "cuarto A".
func (s *stream) unitAhead(i int) bool {
	if i >= len(s.toks) || s.townWord(i, i) < 2 && !(unitSides[s.norm(i)] && unitWords[s.norm(i+1)]) {
		return false
	}
	w := s.norm(i)
	if unitSides[w] && unitWords[s.norm(i+1)] {
		return true // "back unit"
	}
	return unitWords[w] && !weakUnits[w] || s.norm(i+1) == "floor" || s.doc.lang.es && floorsES[w]
}

// streetAsked tells whether an address is asked for in the line of word i, or announced right before it.
func (s *stream) streetAsked(i int) bool {
	line := s.toks[i].line
	if s.directlyAsked(line, streetAsks) && !s.directlyAsked(line, otherAddresses) {
		return true
	}
	if s.cueBefore(i, 0, corrected) >= 0 && s.cueBefore(i, 8, addressCues) >= 0 {
		return true
	}
	return s.cueBefore(i, 1, streetCues) >= 0 || s.cueBefore(i, 1, addressCues) >= 0 && s.cueBefore(i, 2, otherAddresses) < 0
}

// streetWords is where the words end that may name a street from word i on; i itself if there are none. everyday allows
// one word of the language.
func (s *stream) streetWords(i int, everyday bool) int {
	to := i
	for to < min(i+3, len(s.toks)) && s.streetWord(to, i, everyday) {
		to++
	}
	if s.doc.cased {
		return to
	}
	return min(to, i+2)
}

func (s *stream) streetWord(k, first int, everyday bool) bool {
	t := s.toks[k]
	w := t.norm
	switch {
	case t.sentence() || !joined(t.gap) || !s.mayName(k) || calendar[w] || months[w] > 0 || companyEnding[w] && !s.doc.cased:
		return false
	case s.doc.cased:
		return s.capital(k) && (k > first || everyday || !s.doc.lang.everyday(w) || surnames[w] || placeNames[w] || otherWords[w] && !s.doc.lang.common(w))
	case everyday && k == first:
		return !grammar[w] && !notStreet[w]
	}
	return !s.doc.lang.everyday(w) && !inflected(w) && len(w) > 3
}

// bareCalle reads "Reforma 222" before the run of its number, in Spanish: where the name begins, and where the number ends;
// 0 if a unit does not follow and nothing announces it.
func (s *stream) bareCalle(r run) (from, to int) {
	to = r.to()
	if !s.doc.lang.es || len(r.digits) > 5 || len(r.digits) < 2 || !joined(s.toks[r.from()].gap) || s.toks[r.from()].first || s.ordered(r.from(), 6) || s.dated(r.from()) {
		return 0, 0
	}
	from = r.from()
	named := false
	for from > 0 && r.from()-from < 4 && !s.toks[from].first && joined(s.toks[from].gap) && s.calleWord(from-1) {
		from--
		named = named || !townStarts[s.norm(from)] && !compass[s.norm(from)]
		if s.toks[from].sentence() {
			break
		}
	}
	if !named {
		return 0, 0
	}
	spoken := s.cueBefore(from, 0, streetCues) >= 0 || s.cueBefore(from, 0, addressCues) >= 0 || s.directlyAsked(s.toks[from].line, streetAsks) && !s.directlyAsked(s.toks[from].line, otherAddresses)
	if !spoken && !s.unitAhead(to) && !compass[s.norm(to)] {
		return 0, 0
	}
	return from, to
}

// calleWord tells whether word i may be part of a street's name before its number.
func (s *stream) calleWord(i int) bool {
	w := s.norm(i)
	if !s.mayName(i) || calendar[w] || months[w] > 0 {
		return false
	}
	if s.doc.cased {
		return s.capital(i) && (townStarts[w] || compass[w] || !s.doc.lang.common(w) || surnames[w])
	}
	return !s.doc.lang.everyday(w) && !inflected(w) && len(w) > 3 || w == "los" || w == "las"
}

// streetFirst reads "Old Mill Road, number 27" and "county road 340 north of Bethel, number 8811" around word i, the last of
// the street's name: where it begins, and where its number ends; 0 if it has none.
func (s *stream) streetFirst(i int) (from, to int) {
	end, within := i+1, 0
	switch {
	case streetTypes[s.norm(i)] || weakTypes[s.norm(i)] && s.midCapital(i):
		for from = i; from > 0 && i-from < 3 && s.wayWord(from-1) && !s.toks[from].first && joined(s.toks[from].gap); {
			from--
		}
		if from == i {
			return 0, 0
		}
	case wayKinds[s.norm(i)] && s.numberedWay(i) > 0:
		from, end, within = i, s.numberedWay(i), 4
	default:
		return 0, 0
	}
	for k := end; k <= end+within && k < len(s.toks); k++ {
		if d, n := s.number(k + 1); n > 0 && len(d) < 6 && (s.norm(k) == "number" || s.norm(k) == "numero") {
			return from, s.runEnd(k + 1)
		}
		// "We used to be on Hudson Terrace, 88."
		if d, n := s.number(k); n > 0 && k == end && len(d) < 5 && strings.Contains(s.toks[k].gap, ",") && s.endsSentence(k+n-1) && placed[s.norm(from-1)] {
			return from, k + n
		}
		if s.toks[k].sentence() {
			break
		}
	}
	return 0, 0
}

// wayWord tells whether word i may be part of a street's name before its kind.
func (s *stream) wayWord(i int) bool {
	if s.doc.cased {
		return s.capital(i)
	}
	return !grammar[s.norm(i)] && !notStreet[s.norm(i)] && !placed[s.norm(i)]
}

// houseNamed reads an address whose house has a name for a number, from word i on: "the Old Rectory, Church Lane, Great
// Milton", words with capitals in two parts or more, one of which ends like a street. It is 0 if none stands there.
func (s *stream) houseNamed(i int) (to int) {
	if !s.midCapital(i) || !placed[s.norm(i-1)] && s.norm(i-1) != "the" && s.endsAt(i, addressCues) == 0 {
		return 0
	}
	street, parts := false, 1
	for k := i; k < min(i+12, len(s.toks)); k++ {
		t := s.toks[k]
		if !s.capital(k) || t.first || k > i && t.sentence() || calendar[t.norm] || months[t.norm] > 0 {
			break
		}
		if k > i && strings.Contains(t.gap, ",") {
			parts++
		}
		street = street || k > i && streetTypes[t.norm] && k+1 < len(s.toks) && strings.Contains(s.toks[k+1].gap, ",")
		to = k + 1
	}
	if !street || parts < 2 || s.streetFirstWord(i) {
		return 0
	}
	return to
}

// streetFirstWord tells whether the first part from word i on is itself a street, as in "on Station Road, Otley": a landmark.
func (s *stream) streetFirstWord(i int) bool {
	for k := i; k < len(s.toks); k++ {
		if k > i && strings.Contains(s.toks[k].gap, ",") {
			return streetTypes[s.norm(k-1)]
		}
	}
	return false
}

// townAnswer reads the answer to "and the town?" at the start of a line, once an address has been given: where it begins and
// ends; 0 if it is none.
func (s *stream) townAnswer(i int, found []finding) (from, to int) {
	line := s.toks[i].line
	if !s.toks[i].first || !s.directlyAsked(line, townAsks) {
		return 0, 0
	}
	if !slices.ContainsFunc(found, func(f finding) bool { return f.kind == Address && line-f.line() <= 6 && f.from < i }) {
		return 0, 0
	}
	for from = i; from < min(i+3, len(s.toks)) && s.toks[from].line == line && s.doc.lang.everyday(s.norm(from)) && !s.midCapital(from) && !(len(s.norm(from)) > 2 && states[s.norm(from)]); from++ {
	}
	for to = from; to < min(from+3, len(s.toks)) && s.toks[to].line == line && s.mayName(to); to++ {
		if to > from && !joined(s.toks[to].gap) || s.doc.cased && !s.capital(to) || !s.doc.cased && s.doc.lang.everyday(s.norm(to)) && !townStarts[s.norm(to)] {
			break
		}
	}
	if from == to {
		return 0, 0
	}
	return from, to
}

// townNamed reads the town of "the town is Ashford, Vermont" at word i, once an address has been given: where it begins and ends,
// which is where it begins if none stands there.
func (s *stream) townNamed(i int, found []finding) (from, to int) {
	from = i + s.startsWith(i, townCues)
	if from == i || from >= len(s.toks) || s.toks[from].sentence() || len(found) == 0 || s.toks[i].line-found[len(found)-1].line() > 6 {
		return 0, 0
	}
	if !s.doc.cased {
		return from, from + s.townName(from)
	}
	for to = from; to < min(from+3, len(s.toks)) && s.capital(to) && (to == from || s.sameNumber(to)) && !s.doc.lang.common(s.norm(to)); to++ {
	}
	return from, to
}

// townName is how many words at i name a town in a transcript without capitals, right after a street: "los angeles",
// "skokie"; 0 if none do.
func (s *stream) townName(i int) int {
	if s.doc.cased || i >= len(s.toks) || s.toks[i].first || strings.Trim(s.toks[i].gap, " ,") != "" {
		return 0
	}
	unknown := func(k int) bool {
		w := s.norm(k)
		return len(w) > 3 && s.mayName(k) && !s.toks[k].first && !s.doc.lang.common(w) && !inflected(w) && !strings.Contains(w, "'")
	}
	switch {
	case townStarts[s.norm(i)] && unknown(i+1):
		return 2
	case unknown(i) && (unknown(i+1) && s.endsSentence(i+1) || i+1 < len(s.toks) && townEnds[s.norm(i+1)] && s.sameNumber(i+1)):
		return 2
	case unknown(i):
		return 1
	}
	return 0
}

// lastNumber is what a run says after its last comma or dot: "971, not 917. 971".
func (r run) lastNumber(s *stream) run {
	for i := len(r.word) - 1; i > 0; i-- {
		if r.word[i] != r.word[i-1] && strings.ContainsAny(s.toks[r.word[i]].gap, ".,") {
			return r.part(i, len(r.digits))
		}
	}
	return r
}

// townAlone is how many words at i are a town that is a sentence of its own after a street: "45 Industrial Way. Hayward.";
// 0 if none are.
func (s *stream) townAlone(i int) int {
	if s.toks[i].first || !strings.Contains(s.toks[i].gap, ".") {
		return 0
	}
	for k := i; k < min(i+3, len(s.toks)); k++ {
		w := s.norm(k)
		if !s.capital(k) || givenNames[w] && !placeNames[w] || s.doc.lang.common(w) && !townStarts[w] || k > i && !joined(s.toks[k].gap) {
			return 0
		}
		if s.endsSentence(k) {
			return k + 1 - i
		}
	}
	return 0
}

// recurringAddresses finds a postcode that was found wherever it is said again, and a street that was found once wherever its
// name stands again after a number: "no, sorry, eighty Foxglove".
func (d *document) recurringAddresses(found []finding) []finding {
	known := map[string]int{} // words of a street that follow its number, by the first of them
	for _, f := range found {
		if f.kind != Address {
			continue
		}
		if (len(f.value) == 5 || len(f.value) == 9) && digitsIn(f.value) == f.value { // a postcode
			known[f.value] = f.to
		}
		if _, n := f.stream.number(f.from); n > 0 && f.from+n < f.to {
			known[f.stream.norm(f.from+n)] = f.from + n
		}
	}
	if len(known) == 0 {
		return nil
	}
	var again []finding
	for _, s := range d.streams {
		for _, r := range s.runs {
			if known[r.digits] > 0 && !r.sum && !s.ordered(r.from(), 6) && !s.timeOrPrice(r.from(), r.to()) {
				again = append(again, s.address(r.from(), r.to()))
				continue
			}
			r = r.lastNumber(s)
			if to := r.to(); known[s.norm(to)] > 0 && len(r.digits) < 6 && !s.toks[to].first && joined(s.toks[to].gap) {
				if end := s.streetWords(to, true); end > to {
					again = append(again, s.address(r.from(), end))
				}
			}
		}
	}
	return again
}
