package redact

import (
	"regexp"
	"strings"
)

var (
	// streetTypes end the name of a street, whatever the words before them.
	streetTypes = set("street st avenue ave av road rd boulevard blvd lane ln parkway pkwy highway hwy terrace crescent cres mews turnpike expressway alley gardens avenida calle")
	// weakTypes do so where the recogniser gives them a capital; else they are words like others.
	weakTypes = set("drive dr court ct way place pl circle cir square sq trail trl plaza loop row close walk park hill hills view run ridge point crossing grove green path pike bend heights landing cove commons bluff hollow creek glen broadway pass track common quay rise vale wharf yard")
	// numberedWays have a number for a name: "County Road 12", "Highway 61 North".
	numberedWays = set("highway hwy route rte road rd interstate carretera autopista ruta")
	wayKinds     = set("county state us old rural farm township ranch north south east west interstate business")
	calleTypes   = set("calle avenida av avda paseo camino carretera callejon calzada boulevard bulevar ronda travesia via c plaza plazuela colonia glorieta carrera cra diagonal transversal pasaje rambla urbanizacion privada cerrada poligono prolongacion circuito andador eje carrer kalea rua praza")
	// numberSign stands before the number of a house.
	numberSign = set("numero num no n con")
	// notCalle stands in no name of a street.
	notCalle = set("es son para con que se por plan mi su me cuesta tiene hay desde hasta")
	// notStreet ends the words between a house number and its street type: what stands there is a sentence.
	notStreet = set("is are was were and or the a an of for to in on my your our i we you it that this at by with from about order number tickets years days minutes hours percent dollars people users " +
		"seats licenses months weeks times o'clock am pm es un una los las por para con que se")
)

// addresses finds a house number with its street, a calle with its number, a post-office box, a postcode that is
// spoken of, what follows "my address is", and streets that are named without their kind (bare.go).
func (s *stream) addresses() []finding {
	var found []finding
	for _, r := range s.runs {
		switch from := r.from(); {
		case r.sum, s.timeOrPrice(from, r.to()):
		case s.poBox(from) > 0:
			found = append(found, s.address(from-s.poBox(from), s.town(r.to())))
		case (len(r.digits) == 5 || len(r.digits) == 9) && s.zipped(from), len(r.digits) == 4 && s.doc.lang.es && s.answersWith(r, zipCues):
			found = append(found, s.address(from, r.to()))
		default:
			if to := s.street(r); to > 0 {
				found = append(found, s.address(s.unitBefore(from), s.town(to)))
			} else if to := s.bareStreet(r); to > 0 {
				found = append(found, s.address(s.unitBefore(from), s.town(to)))
			} else if begins, to := s.bareCalle(r); to > 0 {
				found = append(found, s.address(begins, s.town(to)))
			}
		}
	}
	for i, t := range s.toks {
		if to := s.lettered(i); to > 0 {
			found = append(found, s.address(i, s.town(to)))
		} else if n := s.postcode(i); n > 0 && (allUpper(t.text) || t.first && s.directlyAsked(t.line, zipCues)) {
			found = append(found, s.address(i, i+n))
		} else if to := s.calle(i); to > 0 {
			found = append(found, s.address(i, s.town(to)))
		} else if from, to := s.streetFirst(i); to > 0 {
			found = append(found, s.address(from, s.town(to)))
		} else if to := s.houseNamed(i); to > 0 {
			found = append(found, s.address(i, s.town(to)))
		} else if from, to := s.townAnswer(i, found); to > 0 {
			found = append(found, s.address(from, s.town(to)))
		} else if to := s.spokenPostcode(i); to > 0 {
			found = append(found, s.address(i, to))
		} else if to := s.units(i); to > 0 {
			found = append(found, s.address(i, s.town(to)))
		} else if from, to := s.dwelling(i); to > from {
			found = append(found, s.address(from, s.town(to)))
		} else if from, to := s.townNamed(i, found); to > from {
			found = append(found, s.address(from, s.town(to)))
		} else if n := s.startsWith(i, zipCues); n > 0 && s.postcode(s.skipIs(i+n)) > 0 {
			at := s.skipIs(i + n)
			found = append(found, s.address(at, at+s.postcode(at)))
		} else if n := s.startsWith(i, addressCues); n > 0 {
			if from, to := s.cuedAddress(i + n); to > 0 {
				found = append(found, s.address(from, s.town(to)))
			}
		}
	}
	return found
}

// dwelling reads the unit that somebody lives in or speaks from, "I'm in unit 14C", from the words before it on; to is not
// beyond from if none stands there.
func (s *stream) dwelling(i int) (from, to int) {
	n := s.startsWith(i, dwellings)
	if n == 0 {
		return 0, 0
	}
	from = i + n
	switch w := s.norm(from - 1); {
	case s.doc.lang.es && floorsES[s.norm(from)]: // "el vecino del cuarto B"
		return from, from + s.townWord(from, from)
	case w != "at" && w != "to" && s.door(from):
		return from, from + 1
	}
	if s.norm(i) == "this" && !homes[s.norm(from)] || weakUnits[s.norm(from)] && !(s.norm(from) == "box" && s.norm(from-1) == "to") {
		return 0, 0
	}
	return from, s.unitEnd(from)
}

// unitEnd is where a unit ends that begins at word i: "unit three oh two", "apartamento 12"; 0 if none does.
func (s *stream) unitEnd(i int) int {
	switch {
	case !unitWords[s.norm(i)] || s.toks[i+1:] == nil:
		return 0
	case s.isNumber(i + 1):
		end := s.runEnd(i + 1)
		if s.unitLetter(end) {
			end++
		}
		return end
	case mixed(s.norm(i + 1)):
		return i + 2
	}
	return 0
}

// door tells whether word i is what stands on the door of a flat: "4B".
func (s *stream) door(i int) bool {
	w := s.norm(i)
	return mixed(w) && len(w) <= 4 && countDigits(w) == len(w)-1 && w[0] <= '9' && (!sizes[w] || s.phraseEnds(i+1))
}

// sizes look like what stands on a door, and go on: "3D printing".
var sizes = set("2d 3d 4k 8k 5k 10k 3g 4g 5g")

// doors finds the unit that somebody with a name lives in or speaks from: "this is Lakshmi from unit 302", "Tyrone in 4B", "I'm
// Saoirse in 302".
func (d *document) doors(found []finding) []finding {
	var more []finding
	for _, f := range found {
		s := f.stream
		at := f.to + 1
		if f.kind != Name || !doorways[s.norm(f.to)] || at >= len(s.toks) || s.toks[at].sentence() {
			continue
		}
		if s.door(at) || len(s.norm(at)) == 3 && s.toks[at].digits() && s.phraseEnds(at+1) {
			more = append(more, s.address(at, at+1))
		} else if to := s.unitEnd(at); to > 0 && !weakUnits[s.norm(at)] {
			more = append(more, s.address(at, s.town(to)))
		}
	}
	return more
}

// doorways stand between somebody and their unit.
var doorways = set("in at from of en de del")

var (
	dwellings = phraseList("i'm in, im in, we're in, i am in, we are in, live in, i'm at, we're at, lives in, moved to, ship to, ship it to, shipping to, send it to, mail it to, calling from, this is, i rent, we rent, vivo en el, vivimos en el, estoy en el, rento el, rentamos el, alquilo el, alquilamos el, vive en el, viven en el, vecino del, vecina del, llamo del")
	weakUnits = set("number numero letra room level block box local casa")
)

// units reads a flat that somebody is in, "in unit 4C", or one unit after the other, "Pier 9, Suite 116", from word i on; 0 if
// neither stands there.
func (s *stream) units(i int) int {
	if !unitWords[s.norm(i)] || weakUnits[s.norm(i)] {
		return 0
	}
	n := s.townWord(i, i)
	if n < 2 {
		return 0
	}
	if homes[s.norm(i)] && (s.norm(i) != "unit" || mixed(s.norm(i+1))) && (s.norm(i-1) == "in" || s.norm(i-1) == "at" || s.norm(i-1) == "from" || s.norm(i-1) == "en") {
		return i + n
	}
	if s.unitAhead(i+n) && strings.Contains(s.toks[i+n].gap, ",") {
		return i + n + s.townWord(i+n, i+n)
	}
	return 0
}

// homes are units that people live in.
var homes = set("apartment apt unit flat suite apartamento departamento depto")

// spokenPostcode reads a British or Canadian postcode that is dictated as the answer to the question for it, "p h two eight q
// t", at word i; 0 if none stands there.
func (s *stream) spokenPostcode(i int) int {
	if !s.toks[i].first || !s.toks[i].letter() || !s.directlyAsked(s.toks[i].line, zipCues) {
		return 0
	}
	var b strings.Builder
	for j := i; j < len(s.toks) && b.Len() < 8; {
		piece, n := s.documentPiece(j)
		if n == 0 {
			break
		}
		b.WriteString(piece)
		j += n
		if spelledPostcode.MatchString(b.String()) {
			return j
		}
	}
	return 0
}

var spelledPostcode = regexp.MustCompile(`^([a-z]{1,2}\d[a-z\d]?\d[a-z]{2}|[a-z]\d[a-z]\d[a-z]\d)$`)

func (s *stream) skipIs(i int) int {
	if w := s.norm(i); w == "is" || w == "es" {
		return i + 1
	}
	return i
}

func (s *stream) address(from, to int) finding {
	return s.finding(Address, from, to, s.written(from, to))
}

// written is an address as a record wants it: spoken numbers in digits, commas kept, one where a line breaks.
func (s *stream) written(from, to int) string {
	starts := map[int]run{}
	for _, r := range s.runs {
		if r.from() >= from && r.to() <= to {
			starts[r.from()] = r
		}
	}
	var b strings.Builder
	for i := from; i < to; {
		if t := s.toks[i]; i > from {
			switch {
			case t.first || strings.Contains(t.gap, ","):
				b.WriteString(", ")
			default:
				b.WriteString(" ")
			}
		}
		if r, ok := starts[i]; ok {
			b.WriteString(r.digits)
			i = r.to()
			continue
		}
		b.WriteString(s.toks[i].text)
		i++
	}
	return b.String()
}

// street reads "1420 North Maple Street" after the run of its number; 0 if there is no street type within five
// words of the same sentence.
func (s *stream) street(r run) int {
	if len(r.digits) > 6 {
		return 0
	}
	if to := s.numberedWay(r.to()); to > 0 {
		return to
	}
	return s.streetName(r.to(), s.toks[r.from()].line, !s.doc.cased && s.streetAsked(r.from()))
}

// lettered reads "82B Larkfield Close" and "Rural Route 3" at word i, which no number begins; 0 if neither stands there.
func (s *stream) lettered(i int) int {
	w := s.norm(i)
	if s.norm(i) == "rural" && s.norm(i+1) == "route" {
		return s.numberedWay(i)
	}
	if d := countDigits(w); d == 0 || d > 5 || d != len(w)-1 || w[len(w)-1] < 'a' || !mixed(w) {
		return 0
	}
	return s.streetName(i+1, s.toks[i].line, false)
}

// streetName reads "North Maple Street" from word from on; 0 if there is no street type within five words. announced tells that
// an address was asked for or announced, so that a street may be named like anything.
func (s *stream) streetName(from, line int, announced bool) int {
	plain := true // no word so far is an everyday one
	end := 0      // after a weak type: "Oak Ridge" may go on to "Oak Ridge Road"
	for i := from; i < min(from+6, len(s.toks)); i++ {
		t := s.toks[i]
		// "Maple St." has a dot that ends nothing; "Dr. Smith" is a person.
		if t.line != line && i > from+1 || strings.ContainsAny(t.gap, ".?!") || notStreet[t.norm] {
			return end
		}
		switch {
		case i == from:
			if to := s.namedAfter(i); to > 0 {
				return to
			}
		case streetTypes[t.norm]:
			return s.numberAfter(i + 1)
		case weakTypes[t.norm] && (s.doc.cased && t.upper() || !s.doc.cased && (plain || announced || end > 0 && end == i)): // "willow bend drive"
			end = i + 1
		}
		if end > 0 && i >= end && s.doc.cased && !t.upper() {
			return end
		}
		plain = plain && (!s.doc.lang.everyday(t.norm) || townStarts[t.norm])
	}
	return end
}

// namedAfter reads a street whose name follows its kind, "Avenue of the Americas", "Rue de Rivoli", at word i; 0 if none
// stands there.
func (s *stream) namedAfter(i int) int {
	if w := s.norm(i); !s.doc.cased || !streetTypes[w] && w != "rue" && w != "rua" && w != "via" && w != "viale" {
		return 0
	}
	to := i + 1
	for skip := 0; skip < 2 && (particles[s.norm(to)] || s.norm(to) == "of" || s.norm(to) == "the" || s.norm(to) == "des"); skip++ {
		to++
	}
	if !s.midCapital(to) {
		return 0
	}
	for to < len(s.toks) && s.midCapital(to) && !s.toks[to].first && joined(s.toks[to].gap) && to < i+6 {
		to++
	}
	return to
}

// numberAfter passes over the number that is the name of a way: "County Road 12".
func (s *stream) numberAfter(i int) int {
	if _, n := s.number(i); n > 0 && numberedWays[s.norm(i-1)] && s.toks[i].gap == " " {
		return i + n
	}
	return i
}

// numberedWay reads "Highway 61", "County Road 12", "Old State Route 9" at word i; 0 if none stands there.
func (s *stream) numberedWay(i int) int {
	for skip := 0; skip < 3 && wayKinds[s.norm(i)]; skip++ {
		i++
	}
	if !numberedWays[s.norm(i)] {
		return 0
	}
	if _, n := s.number(i + 1); n > 0 && s.toks[i+1].gap == " " {
		return i + 1 + n
	}
	return 0
}

// unitBefore is where an address begins whose unit stands before its street: "Suite 410 at 77 Battery Street".
func (s *stream) unitBefore(from int) int {
	i := from
	if w := s.norm(i - 1); w == "at" || w == "in" || w == "on" {
		i--
	}
	if i >= 2 && unitWords[s.norm(i-2)] && (s.isNumber(i-1) || s.toks[i-1].letter()) {
		return i - 2
	}
	return from
}

func (s *stream) poBox(i int) int { return s.endsAt(i, boxes) }

var boxes = phraseList("p o box, po box, post office box, apartado postal, apartado de correos, apartado")

// calle reads "calle de Alcalá 45", "Avenida Juárez, número 12", "Carrera 15 número 88-21".
func (s *stream) calle(i int) int {
	if !s.doc.lang.es || !calleTypes[s.norm(i)] || s.norm(i) == "c" && !strings.HasPrefix(s.after(i), "/") {
		return 0
	}
	start := i + 1
	if s.norm(start) == "es" || s.norm(start) == "se" && s.norm(start+1) == "llama" { // "la calle es Padre Mier 820"
		start++
	}
	for j := start; j < min(i+9, len(s.toks)); j++ {
		t := s.toks[j]
		if t.line != s.toks[i].line && j > i+6 || strings.ContainsAny(t.gap, "?!") || strings.Contains(t.gap, ".") && len(s.norm(j-1)) > 3 || notCalle[t.norm] && j > start && !s.isNumber(j+1) {
			return 0
		}
		if _, n := s.number(j); n > 0 {
			if k := j + n; numberSign[s.norm(k)] && s.isNumber(k+1) {
				return s.runEnd(k + 1)
			}
			if j > i+1 {
				return s.runEnd(j)
			}
		}
	}
	return 0
}

// runEnd is where the run ends that word i belongs to, if it is short enough for the number of a house; else where
// the number at i does.
func (s *stream) runEnd(i int) int {
	for _, r := range s.runs {
		if r.from() <= i && i < r.to() && len(r.digits) <= 6 && r.to() <= i+4 {
			return r.to()
		}
	}
	_, n := s.number(i)
	return i + n
}

// cuedAddress is what follows "my address is": from the first number within four words, to the end of the
// sentence, twelve words at most. Without a number within it there is none.
func (s *stream) cuedAddress(i int) (from, to int) {
	for from = i; from < min(i+4, len(s.toks)); from++ {
		if _, n := s.number(from); n > 0 {
			break
		}
		if s.toks[from].sentence() && from > i && !s.toks[from].first {
			return 0, 0
		}
	}
	d, n := s.number(from)
	if n == 0 || len(d) > 6 || s.dated(from) || s.timeOrPrice(from, from+n) || s.ordered(from, 1) {
		return 0, 0
	}
	for to = from + n; to < min(from+12, len(s.toks)); to++ {
		if s.toks[to].sentence() || notStreet[s.norm(to)] {
			break
		}
	}
	if to == from+n || s.doc.lang.everyday(s.norm(from+n)) && !compass[s.norm(from+n)] && !unitWords[s.norm(from+n)] && !streetTypes[s.norm(from+n)] {
		return 0, 0 // a number alone is no address, nor is one of things
	}
	return from, to
}

// zipped tells whether a postcode is spoken of right before word i, or asked for by the other party. A question of the same
// party's in another line asks for nothing that it says itself.
func (s *stream) zipped(i int) bool {
	if back := s.cueBefore(i, 4, zipCues); back >= 0 && (back == 0 || s.cueBefore(i, back-1, orderCues) < 0) {
		if cue := i - back - 1; s.toks[cue].line == s.toks[i].line || !s.asks(s.lineEnd(cue)) {
			return true
		}
	}
	return s.askedFor(i, zipCues)
}

// lineEnd is the last word of the line that word i is in.
func (s *stream) lineEnd(i int) int {
	for i+1 < len(s.toks) && !s.toks[i+1].first {
		i++
	}
	return i
}

// clock tells whether n words at i are a time of day: "5 p.m.", "5:30", "5 de la tarde".
func (s *stream) clock(i, n int) bool {
	i += n
	switch s.norm(i) {
	case "am", "pm", "o'clock":
		return true
	case "a", "p":
		return s.norm(i+1) == "m" && !s.toks[i].first && !s.toks[i+1].first
	case "de", "por":
		return s.norm(i+1) == "la" && dayParts[s.norm(i+2)]
	case "in":
		return s.norm(i+1) == "the" && dayParts[s.norm(i+2)]
	}
	return strings.HasPrefix(s.after(i-1), ":")
}

var (
	dayParts = set("morning afternoon evening tarde manana noche madrugada")
	// coins follow a price.
	coins = set("dollars dollar bucks cents pounds quid euros euro pesos percent dolares centavos soles")
)

// timeOrPrice tells whether words [from, to) are a time of day or a price, which no house has for its number.
func (s *stream) timeOrPrice(from, to int) bool {
	return s.clock(from, to-from) || strings.ContainsAny(s.toks[from].gap, "$€£") || coins[s.norm(to)] && !s.toks[to].sentence() ||
		strings.ContainsAny(s.after(to-1), "€%")
}

func (s *stream) dated(i int) bool {
	_, n := s.date(i)
	return n > 0
}
