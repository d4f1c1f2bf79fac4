package redact

import (
	"slices"
	"strconv"
	"strings"
)

// numeral is a number as one says it: its digits, and how many words it takes.
type numeral struct {
	digits string
	n      int
}

// run is a sequence of numbers as one hears it: "four two, forty-two" is 4242. Every digit remembers the word
// that it came from.
type run struct {
	digits string
	word   []int // index in the stream, one for each digit
	// groups are the lengths of the written or spoken groups: 415 555 0100 has 3, 3, 4.
	groups []int
	// plus tells that a plus sign, written or spoken, stands before it.
	plus bool
	// sum tells that it is an amount of money or a share: it has a currency or a percent sign.
	sum bool
}

func (r run) from() int { return r.word[0] }
func (r run) to() int   { return r.word[len(r.word)-1] + 1 }

// whole tells whether r is a telephone number as it is written in North America: what follows a comma or stands in
// the next line is another number.
func (r run) whole() bool {
	return slices.Equal(r.groups, []int{3, 3, 4}) || slices.Equal(r.groups, []int{10})
}

// sub is digits [i, j) of r as words of the stream.
func (r run) sub(i, j int) (from, to int) { return r.word[i], r.word[j-1] + 1 }

// part is digits [i, j) of r as a run of its own.
func (r run) part(i, j int) run { return run{digits: r.digits[i:j], word: r.word[i:j]} }

// cutsWord tells whether a boundary before digit i would stand inside a word.
func (r run) cutsWord(i int) bool {
	return i > 0 && i < len(r.digits) && r.word[i] == r.word[i-1]
}

var (
	unitsEN = words("zero one two three four five six seven eight nine")
	teensEN = words("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tensEN  = words("twenty thirty forty fifty sixty seventy eighty ninety")
	unitsES = words("cero uno dos tres cuatro cinco seis siete ocho nueve")
	teensES = words("diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve")
	tensES  = words("veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa")
	twentES = words("veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve")
	hundES  = words("cien doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos")
	times   = map[string]int{"double": 2, "doble": 2, "triple": 3}
	// between stands between the groups of a dictated number.
	between = set("dash hyphen space uh um er hmm then and okay ok yeah plus point guion espacio eh este luego y mas bueno si area code")
	// counted follows how many digits there are.
	counted = set("digits digit digitos numbers numeros cifras letters letras")
	// pronoun stand before a "one" that counts nothing: "a new one".
	pronoun = set("new that this another other which same old first last next right wrong good only different")
	// currency follows an amount.
	currency = set("dollar dollars bucks cent cents euro euros peso pesos pound pounds percent usd eur mxn gbp centavos centimos")
)

// readNumbers reads the number that begins at each word of a stream.
func (s *stream) readNumbers() {
	s.numerals = make([]numeral, len(s.toks))
	s.inside = make([]int, len(s.toks))
	for i := len(s.toks) - 1; i >= 0; i-- {
		d, n := s.read(i)
		s.numerals[i] = numeral{d, n}
		s.inside[i] = -1
	}
	for i := 0; i < len(s.toks); i++ {
		for k := range s.numerals[i].n {
			s.inside[i+k] = i
		}
		i += max(0, s.numerals[i].n-1)
	}
}

// readRuns joins the numbers that were said in one go; the other party's numbers have been read.
func (s *stream) readRuns() {
	for i := 0; i < len(s.toks); {
		d, n := s.number(i)
		if n == 0 {
			i++
			continue
		}
		r := run{plus: strings.HasSuffix(s.toks[i].gap, "+") || s.norm(i-1) == "plus" || s.norm(i-1) == "mas"}
		r.sum = strings.ContainsAny(s.toks[i].gap, "$€£")
		i = s.extend(&r, i, d, n)
		r.sum = r.sum || currency[s.norm(i)] && !s.toks[i].sentence() || strings.ContainsAny(s.after(i-1), "%€£")
		r.sum = r.sum && len(r.digits) < 12 // nobody owes that much
		s.runs = append(s.runs, r)
	}
}

// extend takes the number at i and all that follow it into r, and returns the word after them.
func (s *stream) extend(r *run, i int, digits string, n int) int {
	for {
		for range len(digits) {
			r.word = append(r.word, i)
		}
		if n > 1 { // the last digit's word is the number's last
			r.word[len(r.word)-1] = i + n - 1
		}
		r.digits += digits
		r.groups = append(r.groups, len(digits))
		next := i + n
		// At most two words between two groups, else it is another number.
		for skip := 0; skip < 2 && next < len(s.toks) && between[s.toks[next].norm] && !s.isNumber(next); skip++ {
			next++
		}
		if len(r.digits) >= 7 && s.norm(i+n) == "area" { // another phone begins
			return i + n
		}
		if next >= len(s.toks) || breaks(s.toks[next].gap) || s.toks[next].ordinal() || s.toks[i+n-1].ordinal() || r.whole() && (s.toks[next].first || s.another(i+n, next)) || s.newTopic(i+n-1, next, len(r.digits)) || s.unitOver(r.word[0], next) {
			return i + n
		}
		d, m := s.number(next)
		if m == 0 {
			return i + n
		}
		i, digits, n = next, d, m
	}
}

// unitOver tells whether the number that begins at word first is that of a unit, and the one at next, after a comma, that
// of a house or a postcode: "Flat 3, 12 Mill Lane", "unit 12, 90210".
func (s *stream) unitOver(first, next int) bool {
	if !unitWords[s.norm(first-1)] || !strings.Contains(s.toks[next].gap, ",") {
		return false
	}
	d, n := s.number(next)
	return n > 0 && (len(d) == 5 || s.streetName(next+n, s.toks[next].line, false) > 0)
}

// another tells whether what stands in [end, next) begins another number after a whole one: a comma or "and".
func (s *stream) another(end, next int) bool {
	if strings.Contains(s.toks[next].gap, ",") {
		return true
	}
	return slices.ContainsFunc(s.toks[end:next], func(t token) bool { return t.norm == "and" || t.norm == "y" })
}

// newTopic tells whether the number at word i, the next after word last, stands in a line that answers a new question:
// what is said now goes on from nothing before it.
func (s *stream) newTopic(last, i, soFar int) bool {
	if s.toks[i].line == s.toks[last].line {
		return false
	}
	// A card number is whole: a new line says it again, or something else. After more than a nod of the other party,
	// the line is another beginning.
	if q := s.asked[s.toks[i].line]; soFar >= 13 || q.to-q.from > 8 {
		return true
	}
	// So is what the card is asked for by, be it the rest of one: its groups are put together again.
	return s.directlyAsked(s.toks[i].line, cardCues) || s.directlyAsked(s.toks[i].line, codeAsks) || s.directlyAsked(s.toks[i].line, streetAsks) || slices.ContainsFunc(otherTopics, func(cues *phrases) bool { return s.directlyAsked(s.toks[i].line, cues) })
}

// breaks tells whether what stands between two numbers keeps them apart: a time, a sum, a question.
func breaks(gap string) bool { return strings.ContainsAny(gap, ":$€£?%@") }

func (s *stream) isNumber(i int) bool {
	_, n := s.number(i)
	return n > 0
}

// number is the number at word i as digits, and how many words it takes; 0 if there is none.
func (s *stream) number(i int) (digits string, n int) {
	if i < 0 || i >= len(s.toks) {
		return "", 0
	}
	return s.numerals[i].digits, s.numerals[i].n
}

// read reads the number at word i; those after it have been read.
func (s *stream) read(i int) (digits string, n int) {
	w := s.toks[i].norm
	if counted[s.norm(i+1)] {
		return "", 0 // it counts the digits, it is none
	}
	if s.toks[i].digits() {
		return w, 1
	}
	if times[w] > 0 {
		if d, m := s.number(i + 1); m == 1 && len(d) == 1 {
			return strings.Repeat(d, times[w]), 2
		}
	}
	if s.doc.lang.en {
		if d, m := s.numberEN(i); m > 0 {
			return d, m
		}
	}
	if s.doc.lang.es {
		return s.numberES(i)
	}
	return "", 0
}

func (s *stream) numberEN(i int) (string, int) {
	w := s.norm(i)
	if v, ok := unitsEN[w]; ok {
		switch {
		case w == "one" && pronoun[s.norm(i-1)] && !s.toks[i].sentence() && s.endsSentence(i):
			return "", 0
		case s.norm(i+1) == "hundred":
			return s.hundreds(i+2, v*100, 2)
		case s.norm(i+1) == "thousand":
			return s.thousands(i+2, v*1000, 2)
		}
		return strconv.Itoa(v), 1
	}
	if (w == "oh" || w == "o") && (s.digitWord(i-1) && !s.toks[i].sentence() || s.digitWord(i+1) && !s.toks[i+1].sentence()) {
		return "0", 1
	}
	if v, ok := teensEN[w]; ok {
		if s.norm(i+1) == "hundred" {
			return s.hundreds(i+2, (v+10)*100, 2)
		}
		return strconv.Itoa(v + 10), 1
	}
	if v, ok := tensEN[w]; ok {
		v, n := 10*(v+2), 1
		if u, ok := unitsEN[s.norm(i+1)]; ok && u > 0 && s.sameNumber(i+1) && s.norm(i+2) != "thousand" {
			v, n = v+u, 2
		}
		if s.norm(i+n) == "hundred" { // "sixty two hundred Wilshire"
			return s.hundreds(i+n+1, v*100, n+1)
		}
		return strconv.Itoa(v), n
	}
	return "", 0
}

// digitWord tells whether word i is a digit, so that an "oh" beside it is a zero.
func (s *stream) digitWord(i int) bool {
	if i < 0 || i >= len(s.toks) {
		return false
	}
	_, unit := unitsEN[s.norm(i)]
	_, ten := tensEN[s.norm(i)]
	return unit || ten || s.norm(i) == "oh" || s.toks[i].digits() || times[s.norm(i)] > 0 && s.isNumber(i)
}

// joined tells whether two words are one number: "forty-two", "forty two", but not "forty, two".
func joined(gap string) bool { return strings.Trim(gap, " -") == "" }

// sameNumber tells whether word i may go on in the number of the word before it: "thirty" at the end of a line and "nine" at
// the beginning of the next are two.
func (s *stream) sameNumber(i int) bool { return !s.toks[i].first && joined(s.toks[i].gap) }

// hundreds goes on after "four hundred": "and twenty five".
func (s *stream) hundreds(i, value, n int) (string, int) {
	if s.norm(i) == "and" && s.small(i+1) > 0 {
		i, n = i+1, n+1
	}
	// "Eight hundred five five five" goes on digit by digit: the five is not the hundred's.
	if v, m := s.smallNumber(i); m > 0 && (s.norm(i-1) == "and" || s.small(i+m) == 0 && s.norm(i+m) != "oh" || !joined(s.toks[i+m].gap)) {
		return strconv.Itoa(value + v), n + m
	}
	return strconv.Itoa(value), n
}

// thousands goes on after "two thousand": "and five", "three hundred".
func (s *stream) thousands(i, value, n int) (string, int) {
	if v, ok := unitsEN[s.norm(i)]; ok && s.norm(i+1) == "hundred" {
		return s.hundreds(i+2, value+100*v, n+2)
	}
	return s.hundreds(i, value, n)
}

func (s *stream) small(i int) int {
	_, m := s.smallNumber(i)
	return m
}

// smallNumber reads 1 to 99 in English words.
func (s *stream) smallNumber(i int) (value, n int) {
	if v, ok := tensEN[s.norm(i)]; ok {
		if u, ok := unitsEN[s.norm(i+1)]; ok && u > 0 && !s.toks[i+1].first {
			return 10*(v+2) + u, 2
		}
		return 10 * (v + 2), 1
	}
	if v, ok := teensEN[s.norm(i)]; ok {
		return v + 10, 1
	}
	if v, ok := unitsEN[s.norm(i)]; ok && v > 0 {
		return v, 1
	}
	return 0, 0
}

// numberES reads "cuarenta y dos", "mil novecientos ochenta y cinco", "dos mil cinco", "doce millones trescientos mil" or
// one digit.
func (s *stream) numberES(i int) (string, int) {
	value, n := s.groupES(i)
	if n > 0 && s.norm(i+n) == "millones" {
		value, n = value*1_000_000, n+1
		v, m := s.thousandsES(i + n)
		return strconv.Itoa(value + v), n + m
	}
	value, n = s.thousandsES(i)
	if n == 0 {
		return "", 0
	}
	return strconv.Itoa(value), n
}

// thousandsES reads a number below a million.
func (s *stream) thousandsES(i int) (value, n int) {
	value, n = s.groupES(i)
	switch {
	case s.norm(i) == "mil":
		value, n = 1000, 1
	case n > 0 && value > 1 && s.norm(i+n) == "mil":
		value, n = value*1000, n+1
	default:
		return value, n
	}
	if v, m := s.groupES(i + n); v > 0 {
		value, n = value+v, n+m
	}
	return value, n
}

// groupES reads a number below a thousand.
func (s *stream) groupES(i int) (value, n int) {
	if h, ok := hundES[hundredES(s.norm(i))]; ok {
		value, n = 100*(h+1), 1
	}
	if v, m := s.smallES(i + n); m > 0 && (n == 0 || v > 0) {
		value, n = value+v, n+m
	}
	return value, n
}

func (s *stream) smallES(i int) (value, n int) {
	w := s.norm(i)
	if v, ok := twentES[w]; ok && v > 0 {
		return 20 + v, 1
	}
	if v, ok := tensES[w]; ok {
		v = 10 * (v + 2)
		if u, ok := unitsES[s.norm(i+2)]; ok && s.norm(i+1) == "y" && u > 0 {
			return v + u, 3
		}
		if s.norm(i+1) == "y" && s.norm(i+2) == "un" && (s.norm(i+3) == "millones" || s.norm(i+3) == "mil") {
			return v + 1, 3
		}
		return v, 1
	}
	if v, ok := teensES[w]; ok {
		return v + 10, 1
	}
	if v, ok := unitsES[w]; ok {
		return v, 1
	}
	return 0, 0
}

// hundredES folds "ciento" and the feminine "doscientas" into the table's forms.
func hundredES(w string) string {
	if w == "ciento" {
		return "cien"
	}
	if f, ok := strings.CutSuffix(w, "as"); ok {
		return f + "os"
	}
	return w
}
