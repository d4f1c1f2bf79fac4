package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// grounds are how sure it is that a name stands at a place.
type grounds int

const (
	// weak grounds: a word may be a name there. It must have a capital, or be a known given name.
	weak grounds = iota
	// named: somebody is named there. Where the recogniser writes capitals it must have one.
	named
	// sure: "my name is". Whatever is no everyday word is a name, however it is written.
	sure
)

// particles stand inside a name.
var particles = set("de la las los del van von der den di da dos das do mac mc bin ibn al el abu o' st ter ten zu y e bint ben le du della san")

// names finds names that somebody introduces, answers with, spells or is called by.
func (s *stream) names() []finding { return s.namesIn(nil) }

// namesIn finds those that begin in the lines told, in all if nil.
func (s *stream) namesIn(lines map[int]bool) []finding {
	var found []finding
	add := func(from, to int) {
		if from >= 0 && to > from {
			from = s.withInitials(s.withParticles(s.withGiven(from)))
			found = append(found, s.finding(Name, from, to, s.spoken(from, to)))
		}
	}
	for i := range s.toks {
		if lines != nil && !lines[s.toks[i].line] {
			continue
		}
		if from, g := s.introduced(i); from > 0 {
			if to := s.nameEnd(from, g); g == sure || !s.namesThing(to) {
				add(from, to)
			}
		}
		add(i, s.unintroduced(i))
		from, to := s.acting(i)
		add(from, to)
	}
	found = append(found, s.answers()...)
	found = append(found, s.companions(found)...)
	return s.spellings(found, lines)
}

// lowered finds the names in those lines that have no capitals in a transcript that has them elsewhere, as in one without
// capitals: recognisers differ by party and by line.
func (d *document) lowered() []finding {
	if !d.cased {
		return nil
	}
	lower := map[int]bool{}
	for _, s := range d.streams {
		small, capitals := 0, false
		for i, t := range s.toks {
			if t.first {
				small, capitals = 0, false
			}
			r, _ := utf8.DecodeRuneInString(t.text)
			switch {
			case unicode.IsUpper(r) && t.stem != "i" && (t.first || !calendar[t.norm] && months[t.norm] == 0):
				capitals = true
			case unicode.IsLower(r):
				small++
			}
			if (i+1 == len(s.toks) || s.toks[i+1].first) && small > 2 && !capitals {
				lower[t.line] = true
			}
		}
	}
	if len(lower) == 0 {
		return nil
	}
	d.cased = false
	defer func() { d.cased = true }()
	var found []finding
	for _, s := range d.streams {
		for _, f := range s.namesIn(lower) {
			if lower[f.line()] {
				found = append(found, f)
			}
		}
	}
	return found
}

// withGiven is where a name begins that was found from word i on, a given name before it included that is a word as well:
// "Guadalupe Ibáñez" at the start of a sentence.
func (s *stream) withGiven(i int) int {
	if i == 0 || s.toks[i].first || !joined(s.toks[i].gap) || !s.capital(i-1) || !s.capital(i) || !givenNames[s.norm(i-1)] || s.doc.lang.common(s.norm(i-1)) {
		return i
	}
	return i - 1
}

// capital tells whether word i has a capital that means something: the recogniser writes them, and it is no acronym.
func (s *stream) capital(i int) bool {
	if i < 0 || i >= len(s.toks) {
		return false
	}
	t := s.toks[i]
	return s.doc.cased && t.upper() && !allUpper(t.text)
}

// midCapital tells whether word i has a capital that no beginning of a sentence explains.
func (s *stream) midCapital(i int) bool { return s.capital(i) && !s.toks[i].sentence() }

func allUpper(s string) bool {
	for _, r := range s {
		if unicode.ToUpper(r) != r {
			return false
		}
	}
	return len(s) > 1
}

// mayName tells whether word i may be part of a name at all.
func (s *stream) mayName(i int) bool {
	if i < 0 || i >= len(s.toks) {
		return false
	}
	t := s.toks[i]
	r, _ := utf8.DecodeRuneInString(t.norm)
	return utf8.RuneCountInString(t.stem) >= 2 && countDigits(t.norm) == 0 && unicode.IsLetter(r) && !(s.doc.cased && allUpper(t.text)) && !s.explained(i)
}

// explained tells whether word i only explains a letter before it: "R as in Romeo".
func (s *stream) explained(i int) bool {
	for back := 2; back <= 3 && back <= i; back++ {
		if t := s.toks[i-back]; t.letter() && s.asIn(i-back+1, t.norm) == back {
			return true
		}
	}
	return false
}

// ambiguous tells whether a given name is a word, a place or a make as well.
func (t tongue) ambiguous(w string) bool { return doubleNames[w] || placeNames[w] || t.everyday(w) }

// isName tells whether word i is a name on the given grounds; further tells that a name stands right before it.
func (s *stream) isName(i int, g grounds, further bool) bool {
	if !s.mayName(i) {
		return false
	}
	w := s.toks[i].stem
	known := (givenNames[w] || (further || g >= named) && surnames[w]) && !grammar[w]
	if s.doc.cased {
		switch {
		case further && g >= named && s.midCapital(i) && joined(s.toks[i].gap) && !grammar[w] && !calendar[w] && months[w] == 0 && !companyEnding[w]:
			return true // "Will Price": nobody writes the word so for what it means
		case s.capital(i) && s.doc.lang.everyday(w):
			// A capital inside a sentence makes a name of "Grace" and "Stone", after an introduction also at its start.
			return known && (!s.toks[i].sentence() || g == sure) && (g >= named || further || !placeNames[w]) && months[w] == 0 || months[w] > 0 && known && (g >= named && !s.monthly(i))
		case s.capital(i):
			return true
		}
		return g == sure && !s.doc.lang.everyday(w) && !inflected(w) && !further
	}
	switch {
	case s.doc.lang.everyday(w):
		if g == sure && !further && (w == "will" || w == "may") && i+1 < len(s.toks) && !s.toks[i+1].first && s.endsAt(i, introductions) > 0 {
			return !notWill[s.norm(i+1)] // nobody says "my name is will" of what will be
		}
		return further && surnames[w] && !givenNames[w] && !functionWord(w) || g == sure && (givenNames[w] || surnames[w] && !s.doc.lang.common(w)) && !functionWord(w) && months[w] == 0
	case known && (g >= named || further || !s.doc.lang.ambiguous(w)):
		return true
	}
	return g >= named && !inflected(w) && !relations[w] && !divisions[w]
}

// grammar are words that are never names, though some list has them; functionWord adds those that are none where
// nothing is written with a capital.
var grammar = set("a an the and or but if so as at by in of on to up us we me my he she his her him it its i you no not do did has had be is am are was oh ok hi yes go who how why what when where can for with from que se le lo la y a de en si no mi tu su")

func functionWord(w string) bool { return grammar[w] || w == "will" || w == "may" || len(w) < 3 }

// notWill follows a "will" that is no name, even after "the name is".
var notWill = set("be not never have change appear show stay remain need go come do")

// monthly tells whether a number stands beside the name of a month.
func (s *stream) monthly(i int) bool { return s.isNumber(i+1) || s.dayAhead(i+1) }

// nameEnd is where a name ends that begins at word from: at most five words with its particles, in one sentence;
// from itself if none begins there.
func (s *stream) nameEnd(from int, g grounds) int {
	to, words := from, 0
	for i := from; i < min(from+7, len(s.toks)) && words < 4; i++ {
		t := s.toks[i]
		if i > from && (t.sentence() && !s.initial(i-1) || strings.ContainsAny(t.gap, ",&")) {
			break
		}
		further := words > 0
		limit := 3 // words of a name that is written without capitals
		switch {
		case bound[t.norm] && further && s.nameAhead(i+1, named):
			g = named
		case particles[t.norm] && (further || g == sure) && s.nameAhead(i+1, g) && !companyEnding[s.norm(i+1)]:
		case t.letter() && i > from && s.initial(i) && s.nameAhead(i+1, g):
		case further && s.beforeFamily(i):
		case t.text == "i" && s.doc.lang.es && s.midCapital(i-1) && s.midCapital(i+1): // "Puig i Casals"
		case further && s.midCapital(i) && s.midCapital(i+1) && joined(s.toks[i+1].gap) && surnames[s.norm(i+1)] && !companyEnding[t.norm] && !grammar[t.stem]:
			to = i + 1 // "Gonzalo Iván Terrazas Duarte"
			words++
		case t.gap == "-" && i > from && s.capital(i-1) && s.mayName(i) && (further || g == sure):
			to = i + 1 // "Hyun-woo"
		case (s.isName(i, g, further) || further && (s.familyName(i) || s.introducedWhole(from, i))) && (s.doc.cased || words < limit):
			to = i + 1
			words++
			if strings.HasSuffix(t.norm, "'s") {
				return to
			}
		default:
			return to
		}
	}
	return to
}

// familyName tells whether word i, after the beginning of a name, is its family name in a transcript without capitals: an unknown
// word right after a given name is, and one that ends the sentence or the clause.
func (s *stream) familyName(i int) bool {
	if s.doc.cased || !s.unlisted(i) {
		return false
	}
	return s.givenBefore(i) || s.unknown(i) && (s.endsSentence(i) || clauses[s.norm(i+1)])
}

// introducedWhole tells whether an everyday word at i is the family name of somebody whose name an introduction gives from word from
// on, in a transcript without capitals: "my name is will price", "me llamo paz blanco y quiero". It stands right after the given name and
// ends the clause.
func (s *stream) introducedWhole(from, i int) bool {
	w := s.norm(i)
	if s.doc.cased || i != from+1 || !givenNames[s.norm(from)] || !joined(s.toks[i].gap) || s.endsAt(from, introductions) == 0 {
		return false
	}
	return s.mayName(i) && len(w) > 2 && !functionWord(w) && !grammar[w] && !trailing[w] && !inflected(w) && !calendar[w] && months[w] == 0 && !relations[w] && (s.endsSentence(i) || clauses[s.norm(i+1)])
}

// trailing words follow a name at the end of a sentence and are no part of it.
var trailing = set("here speaking calling please thanks thank again now today tonight yes yeah yep okay sorry too also well hello right actually just there first last correct though anyway sir ma'am maam then still misspelled wrong not was has and but because from with " +
	"gracias perdon aqui tambien bueno favor hola ahora hoy senor senora senorita vale otra disculpe nomas nada pues entonces tarde")

// givenBefore tells whether a given name stands right before word i, over a particle or an initial.
func (s *stream) givenBefore(i int) bool {
	if i > 1 && (middles[s.norm(i-1)] || s.middleInitial(i-1)) && !s.toks[i-1].first {
		i--
	}
	return i > 0 && givenNames[s.norm(i-1)] && joined(s.toks[i].gap)
}

// beforeFamily tells whether word i is a particle or an initial between a given name and an unknown family name, in a transcript
// without capitals: "idris el amrani", "ishaan t bhattacharya".
func (s *stream) beforeFamily(i int) bool {
	return !s.doc.cased && i+1 < len(s.toks) && (middles[s.norm(i)] || s.middleInitial(i)) && !s.toks[i].sentence() && s.familyName(i+1)
}

func (s *stream) middleInitial(i int) bool { return s.toks[i].letter() && !wordLetter(s.norm(i)) }

// middles are particles that do not also tie other words to a name, as "de" and "la" do.
var middles = set("el al abu ben da dos di du le della van von der den ter ten bin ibn mac mc")

// clauses begin after a whole name in a transcript without capitals: "this is alasdair mckinnon i've moved".
var clauses = set("i i'm i've i'd i'll im ive and from calling here with my at speaking again y de del no que quiero llamo")

// initial tells whether word i is an initial, as in "James T. Kirk".
func (s *stream) initial(i int) bool {
	return s.toks[i].letter() && s.toks[i].upper() && strings.HasPrefix(s.after(i), ".")
}

// nameAhead tells whether a name goes on at word i, over one more particle.
func (s *stream) nameAhead(i int, g grounds) bool {
	if i < len(s.toks) && particles[s.toks[i].norm] {
		i++
	}
	return i < len(s.toks) && (!s.toks[i].sentence() || s.initial(i-1)) && s.isName(i, g, true)
}

// unintroduced is where a name ends that begins at word i and that its own words tell: a known given name, or a word with
// a capital before a known family name. It is no name where it is part of the name of a firm or a thing.
func (s *stream) unintroduced(i int) int {
	if !s.mayName(i) || i > 0 && s.midCapital(i-1) && !s.toks[i].sentence() && s.toks[i].gap == " " && !s.everydayAt(i-1) {
		return i
	}
	w := s.toks[i].stem
	if goods[w] && s.midCapital(i) && s.capital(i-1) && joined(s.toks[i].gap) && !givenNames[s.norm(i-1)] {
		return i // "Great Lakes Marine"
	}
	if s.doc.firms[w] || s.firmName(i) || s.firmName(i-1) || trades[w] && s.midCapital(i+1) && joined(s.toks[i+1].gap) && !givenNames[w] || (s.norm(i-1) == "and" || s.norm(i-1) == "y") && s.midCapital(i-2) && s.everydayAt(i-2) && !givenNames[s.norm(i-2)] && !surnames[s.norm(i-2)] {
		return i // "Tile and Stone"
	}
	if dedicated[s.norm(i-1)] && !s.toks[i].first && s.capital(i) {
		return i // "Saint Joseph's"
	}
	var end int
	switch {
	case givenNames[w] && !grammar[w] && s.tells(i, w):
		end = max(i+1, s.nameEnd(i, weak))
	case s.midCapital(i) && !s.doc.lang.everyday(w) && s.midCapital(i+1) && (surnames[s.norm(i+1)] || givenNames[s.norm(i+1)]) && joined(s.toks[i+1].gap):
		end = s.nameEnd(i, weak)
	case s.midCapital(i) && surnames[w] && !s.doc.lang.ambiguous(w) && receives[s.norm(i-1)] && (s.endsSentence(i) || strings.Contains(s.after(i), ",")):
		end = i + 1 // "a case aside for Cordero, please"
	case s.stranger(i, w):
		end = s.nameEnd(i, weak)
	default:
		return i
	}
	if s.ofThing(i, end) || s.namesThing(end) {
		return i
	}
	return end
}

// namesThing tells whether the word that follows a name makes it a thing's: a capital on an everyday word, "Alma Linux".
func (s *stream) namesThing(end int) bool {
	if !s.midCapital(end) || !joined(s.toks[end].gap) {
		return false
	}
	w := s.toks[end].stem
	return s.doc.lang.everyday(w) && !surnames[w] && !givenNames[w] && !calendar[w] && months[w] == 0 && !grammar[w] && w != "speaking" && w != "here"
}

func (s *stream) everydayAt(i int) bool { return s.doc.lang.everyday(s.norm(i)) }

// tells tells whether a given name speaks for itself: it is no other word, or a capital or a family name make it one.
func (s *stream) tells(i int, w string) bool {
	family := i+1 < len(s.toks) && surnames[stem(s.norm(i+1))] && joined(s.toks[i+1].gap) && !s.toks[i+1].sentence()
	if !s.doc.cased {
		return !s.doc.lang.ambiguous(w) || family && !s.doc.lang.everyday(w) && !placeNames[w] && !s.doc.lang.everyday(s.norm(i+1))
	}
	switch {
	case !s.capital(i):
		return false
	case !s.doc.lang.ambiguous(w):
		return true
	case family && s.midCapital(i+1):
		return !placeNames[w] || !states[stem(s.norm(i+1))] && !otherWords[stem(s.norm(i+1))]
	case placeNames[w] && s.startsWith(i, titles) == 0 && s.midCapital(i) && s.midCapital(i+1) && !s.doc.lang.everyday(s.norm(i+1)) && joined(s.toks[i+1].gap):
		return true // "Guadalupe Arredondo"
	}
	// "Bob Iverson" at the start of a sentence is a name, "Will Percival be there" is not.
	further := s.midCapital(i+1) && joined(s.toks[i+1].gap) && !s.doc.lang.everyday(s.norm(i+1)) && !s.doc.lang.common(w)
	return (s.midCapital(i) || further) && !placeNames[w] && months[w] == 0 && !otherWords[w]
}

var (
	// placed stand before places, firms and things.
	placed = set("from at in on near to via of through for within around into onto off per than like over without inside outside toward de en a por para hacia desde sin sobre entre del al")
	// handled are what one does with things.
	handled = set("use uses using used buy buys bought buying sell sells selling sold have has had got get install installed run running download downloaded want wants order ordered carry carries stock need needs offer offers support supports own owns drive drives driving try tried take takes accept accepts speak speaks love like prefer prefers calling reached reaching choosing chose joining visited watch watched read mostly called including usar uso usamos comprar compre vende venden tengo tienen quiero instalar probar llamado llamada")
)

// dedicated stand before names that are churches', hospitals' and places'; receives before those of people who get something.
var (
	dedicated = set("saint st mount mt lake fort port")
	receives  = set("for to by with para con")
)

// recipients tells whether two unknown words with capitals stand where somebody gets something: "para Marlén Cubillos", ", a
// Nahuel".
func (s *stream) recipients(i int, before string) bool {
	if before == "a" {
		return s.doc.lang.es && strings.Contains(s.toks[i-1].gap, ",")
	}
	return (before == "for" || before == "para") && s.nameEnd(i, weak) == i+2 && !s.doc.lang.everyday(s.norm(i+1)) && !employed[s.norm(i-2)]
}

// stranger tells whether an unknown word with a capital inside a sentence is taken for a name though nothing
// introduces it: whoever cannot be told from a thing is hidden. What is placed, handled or joined to other words with
// capitals is a thing.
func (s *stream) stranger(i int, w string) bool {
	if !s.midCapital(i) || s.doc.lang.everyday(w) || inflected(w) || placeNames[w] || trades[w] || trades[stem(s.norm(i+1))] {
		return false
	}
	if s.doc.firms[w] || s.isNumber(i-1) && strings.HasSuffix(w, "s") { // "two Cokes"
		return false
	}
	before := s.norm(i - 1)
	if placed[before] && !s.recipients(i, before) || handled[before] || s.determined(i) || trades[before] || s.capital(i-1) && !s.toks[i-1].sentence() && !givenNames[before] {
		return false
	}
	if (before == "and" || before == "y") && s.capital(i-2) && (!givenNames[s.norm(i-2)] || placeNames[s.norm(i-2)]) {
		return false // "Bexley and Stroud", unless the first is found to be a name
	}
	end := s.nameEnd(i, weak)
	if end < len(s.toks) && !s.toks[end].sentence() && joined(s.toks[end].gap) && (s.midCapital(end) && stem(s.norm(end)) != "i" || s.isNumber(end) || allUpper(s.toks[end].text) && stem(s.norm(end)) != "i") {
		return false // "Horizon Pro", "Nighthawk 4000"
	}
	return true
}

// determiners stand before things and firms, not before people.
var determiners = set("the a an any your our this these those another every el los las un una tu nuestro nuestra este esta ese esa unos unas")

// determined tells whether an article or the like stands before word i. The "a" of Spanish stands before people.
func (s *stream) determined(i int) bool {
	w := s.norm(i - 1)
	return determiners[w] && !(w == "a" && s.doc.lang.es)
}

// ofThing tells whether words [from, to) belong to the name of a firm, a place or a product: "Harper Logistics", "the
// Victoria lamp", "calling from Jackson Hewitt".
func (s *stream) ofThing(from, to int) bool {
	for i := from; i <= to && i < len(s.toks); i++ {
		if i > from && (s.toks[i].sentence() || strings.Contains(s.toks[i].gap, ",")) {
			break
		}
		if i == from+1 && i == to-1 && trades[s.norm(i)] && !companyEnding[s.norm(i)] && givenNames[s.norm(from)] && !s.doc.lang.ambiguous(s.norm(from)) {
			continue // "Ted Groves"
		}
		if trades[s.norm(i)] && (i < to || s.capital(i)) && i > from && !(i == to-1 && surnames[s.norm(i)] && (s.toks[i-1].gap == "-" || givenNames[s.norm(from)] && !s.doc.lang.ambiguous(s.norm(from)))) || s.startsWith(i, trademarks) > 0 || i < to && s.endsAt(i+1, trademarks) > 0 {
			return true
		}
	}
	if w := s.toks[from].stem; trades[w] && s.capital(from) && to > from+1 && !givenNames[w] && !surnames[w] { // "Notaría Sáenz"
		return true
	}
	if from == 0 || s.toks[from].sentence() {
		return false
	}
	before := s.norm(from - 1)
	if s.determined(from) && s.toks[from].gap == " " {
		return true
	}
	if (s.midCapital(from-1) || s.capital(from-1) && !s.doc.lang.common(before)) && trades[before] && !strings.Contains(s.toks[from].gap, ",") || s.endsAt(from, trademarks) > 0 {
		return true
	}
	return s.employer(from)
}

// trademarks are made of people's names.
var trademarks = phraseList("dr pepper, jackson hewitt, charles schwab, wells fargo, jp morgan, morgan stanley, edward jones, ralph lauren, calvin klein, tommy hilfiger, michael kors, johnson and johnson, ernst and young",
	"mary kay, martha stewart, merrill lynch, goldman sachs, john deere, john hancock, jack daniels, jim beam, trader joe's, papa john's, sam's club, ben and jerry's, uncle ben's, aunt jemima, mercedes benz, rolls royce",
	"harley davidson, best buy, home depot, whole foods, el corte ingles, santa clara, santa fe, santa monica, santa barbara, santa cruz, san jose, san diego, san francisco, san antonio, san juan, san sebastian",
	"christmas eve, new year's eve, new years eve, st louis, st paul, saint paul, saint louis, fort wayne, fort worth, marks and spencer, john lewis, dick's sporting goods, victoria's secret, jimmy john's, wendy's, denny's, arby's, macy's, levi's, vera wang, kate spade, victoria falls, lake victoria")

// employed are words before "from", "at", "with" and "for" that make what follows a firm or a place.
var employed = set("calling i'm im we're am are is he's she's work works working worked over llamo llamando llamamos hablo trabajo vengo vivo somos soy estamos located based live lives")

// employer tells whether what stands at word i is where somebody works or calls from.
func (s *stream) employer(i int) bool {
	switch s.norm(i - 1) {
	case "for":
		if s.norm(i-2) == "calling" && givenNames[s.norm(i)] { // "I'm calling for Yolanda"
			return false
		}
		return employed[s.norm(i-2)] && s.norm(i-2) != "is" && s.norm(i-2) != "are"
	case "from", "at", "de", "en", "desde", "in", "near":
		return employed[s.norm(i-2)] || s.midCapital(i-2) && !s.doc.lang.everyday(s.norm(i-2))
	case "with":
		return s.midCapital(i-2) && !s.doc.lang.everyday(s.norm(i-2)) || s.norm(i-2) == "i'm" || s.norm(i-2) == "im" || s.norm(i-2) == "we're" || s.norm(i-2) == "am" && s.norm(i-3) == "i"
	}
	return false
}

// spoken is the words of a name, each with a capital.
func (s *stream) spoken(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		w := s.toks[i].text
		if i > from {
			if strings.TrimSpace(s.toks[i].gap) == "-" {
				b.WriteByte('-')
			} else {
				b.WriteByte(' ')
			}
		}
		if w == strings.ToLower(w) && (!particles[fold(w)] && w != "i" || i == from) {
			w = capitalFirst(w)
		}
		b.WriteString(strings.TrimSuffix(strings.TrimSuffix(w, "'s"), "’s"))
	}
	return b.String()
}

func capital(w string) string { return capitalFirst(strings.ToLower(w)) }

func capitalFirst(w string) string {
	r, n := utf8.DecodeRuneInString(w)
	return string(unicode.ToUpper(r)) + w[n:]
}
