package redact

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var (
	months = map[string]int{
		"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
		"jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sept": 9, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
		"enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8, "septiembre": 9, "setiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12,
	}
	ordinals = ordinalWords()
)

// latestBirth is the last year that a date without a cue is taken for one of birth: later ones are appointments
// and deliveries.
const latestBirth = 2012

func ordinalWords() map[string]int {
	m := words("zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth")
	m["thirtieth"], m["primero"], m["primer"] = 30, 1, 1
	return m
}

// births finds dates of birth: dates near a cue, or in the answer to the question, and dates with a year so
// long ago that they can be nothing else.
func (s *stream) births() []finding {
	var found []finding
	for i := 0; i < len(s.toks); i++ {
		d, n := s.date(i)
		if n == 0 {
			continue
		}
		cued := s.bornAt(i, 14) || d.year > 0 && s.anotherBirth(i, found)
		if cued && !s.expires(i) || d.year >= 1900 && d.year <= latestBirth && d.day > 0 && !s.version(i, n) {
			found = append(found, s.finding(DOB, i, i+n, d.String()))
			i += n - 1
		}
	}
	return s.birthDigits(found)
}

// anotherBirth tells whether the date at word i is that of one more person, after the last date of birth before it: of
// somebody named or pointed at in the same answer, "Mateo is May 3rd 2019 and Inês June 5th 2021", or of the relation that the
// other party asks for, "and your twins?".
func (s *stream) anotherBirth(i int, found []finding) bool {
	var last finding
	for _, f := range found {
		if f.to <= i && f.to > last.to {
			last = f
		}
	}
	if last.to == 0 {
		return false
	}
	line := s.toks[i].line
	if line == last.line() {
		return i-last.to <= 8 && slices.ContainsFunc(s.toks[last.to:i], func(t token) bool { return s.somebody(t) })
	}
	q := s.asked[line]
	return line <= last.line()+3 && slices.ContainsFunc(s.other.toks[q.from:q.to], func(t token) bool { return related(t.norm) })
}

// somebody tells whether a word points at a person: a name, a relation, "hers".
func (s *stream) somebody(t token) bool {
	return related(t.norm) || theirs[t.norm] || givenNames[t.norm] && !s.doc.lang.ambiguous(t.norm) || s.doc.cased && t.upper() && !t.sentence() && !s.doc.lang.everyday(t.norm)
}

var theirs = set("mine his hers theirs mia mio suya suyo ella el")

// related tells whether a word is somebody's relation, or several of them.
func related(w string) bool { return relations[w] || relations[strings.TrimSuffix(w, "s")] }

func (s *stream) expires(i int) bool { return s.cueBefore(i, 5, expiryCues) >= 0 }

// bornAt tells whether a birth is spoken of before word i, with no date between, or asked for.
func (s *stream) bornAt(i, within int) bool {
	back := s.cueBefore(i, within, birthCues)
	return back >= 0 && s.straight(i-back, i) || s.askedFor(i, birthCues) && !s.numberBefore(i)
}

// numberBefore tells whether a number stands before word i in its line.
func (s *stream) numberBefore(i int) bool {
	for k := i - 1; k >= 0 && s.toks[k].line == s.toks[i].line; k-- {
		if s.isNumber(k) {
			return true
		}
	}
	return false
}

// version tells whether n words at i are parted by dots without a whole year: the version of a program.
func (s *stream) version(i, n int) bool {
	return n == 3 && s.toks[i+1].gap == "." && len(s.norm(i)) < 4 && len(s.norm(i+2)) < 4
}

// birthDigits adds the dates of birth that are given as bare digits: "zero three zero five nineteen eighty".
func (s *stream) birthDigits(found []finding) []finding {
	for _, r := range s.runs {
		n := len(r.digits)
		if n < 4 || n > 8 || r.sum || covered(found, r.from(), r.to()) || s.expires(r.from()) || s.ordered(r.from(), 5) {
			continue
		}
		d, whole := s.doc.lang.birthday(r)
		if !s.bornAt(r.from(), 10) && !(whole && s.anotherBirth(r.from(), found)) {
			continue
		}
		value := r.digits
		if whole {
			value = d.String()
		}
		found = append(found, s.finding(DOB, r.from(), r.to(), value))
	}
	return found
}

// birthday reads a run as a date: by its groups if there are three ("two nineteen sixty three"), else by how many
// digits it has.
func (t tongue) birthday(r run) (date, bool) {
	var parts []string
	at := 0
	for _, n := range r.groups {
		parts = append(parts, r.digits[at:at+n])
		at += n
	}
	d := r.digits
	switch {
	case len(parts) == 3:
	case len(parts) == 4 && len(parts[2]) == 2 && len(parts[3]) == 2: // nineteen eighty
		parts = []string{parts[0], parts[1], parts[2] + parts[3]}
	case len(d) == 8 && (d[:2] == "19" || d[:2] == "20"):
		parts = []string{d[:4], d[4:6], d[6:]}
	case len(d) == 6 || len(d) == 8:
		parts = []string{d[:2], d[2:4], d[4:]}
	case len(d) == 5 || len(d) == 7:
		parts = []string{d[:1], d[1:3], d[3:]}
	default:
		return date{}, false
	}
	var v [3]int
	for i, p := range parts {
		if len(p) > 4 {
			return date{}, false
		}
		v[i], _ = strconv.Atoi(p) // at most four digits
	}
	return t.ordered(v, len(parts[0]) == 4)
}

// ordered puts three numbers in the order year, month, day: as the language has it, unless only the other way is a
// date.
func (t tongue) ordered(v [3]int, yearFirst bool) (date, bool) {
	y, m, d := v[2], v[0], v[1]
	switch {
	case yearFirst:
		y, m, d = v[0], v[1], v[2]
	case t.dayFirst:
		m, d = d, m
	}
	if m > 12 {
		m, d = d, m
	}
	if m < 1 || m > 12 || d < 1 || d > 31 {
		return date{}, false
	}
	return date{year: century(y), month: m, day: d}, true
}

// date as far as it was said; 0 for what was not.
type date struct{ year, month, day int }

func (d date) String() string {
	switch {
	case d.year > 0 && d.day > 0:
		return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
	case d.year > 0:
		return fmt.Sprintf("%04d-%02d", d.year, d.month)
	}
	return fmt.Sprintf("--%02d-%02d", d.month, d.day)
}

// date reads the date at word i and how many words it takes; 0 if there is none.
func (s *stream) date(i int) (date, int) {
	if m, ok := months[s.norm(i)]; ok && (m != 5 || s.norm(i) != "may" || s.dayAhead(i+1)) {
		return s.monthFirst(i, m)
	}
	if d, n := s.dayFirst(i); n > 0 {
		return d, n
	}
	return s.numeric(i)
}

func (s *stream) dayAhead(i int) bool {
	if s.norm(i) == "the" {
		i++
	}
	_, n := s.day(i)
	return n > 0
}

// monthFirst reads "March 5th, 1980", "march the fifth nineteen eighty", "March 1980".
func (s *stream) monthFirst(i, month int) (date, int) {
	n := 1
	if s.norm(i+n) == "the" {
		n++
	}
	d := date{month: month}
	if day, m := s.day(i + n); m > 0 {
		d.day = day
		n += m
	}
	if w := s.norm(i + n); w == "of" || w == "in" {
		if _, m := s.year(i + n + 1); m > 0 {
			n++
		}
	}
	year, m := s.year(i + n)
	if d.day == 0 && m == 0 {
		return date{}, 0
	}
	d.year = year
	return d, n + m
}

// dayFirst reads "5 de marzo de 1980", "the fifth of march", "5 March 1980".
func (s *stream) dayFirst(i int) (date, int) {
	day, n := s.day(i)
	if n == 0 {
		return date{}, 0
	}
	if w := s.norm(i + n); w == "of" || w == "de" || w == "del" {
		n++
	}
	month, ok := months[s.norm(i+n)]
	if !ok {
		if d, n := s.ordinalMonth(i+n, day); n > 0 {
			return d, n - i
		}
		return s.spokenES(i, day)
	}
	n++
	d := date{month: month, day: day}
	skip := 0
	if w := s.norm(i + n); w == "de" || w == "del" || w == "of" || w == "in" {
		skip = 1
	}
	if year, m := s.year(i + n + skip); m > 0 {
		d.year = year
		n += skip + m
	}
	return d, n
}

// ordinalMonth goes on after "fourth of": "the second sixty seven". It returns where the date ends; 0 if none stands there.
func (s *stream) ordinalMonth(i, day int) (d date, end int) {
	if s.norm(i-1) != "of" {
		return date{}, 0
	}
	if s.norm(i) == "the" {
		i++
	}
	month := ordinals[s.norm(i)]
	year, n := s.year(i + 1)
	if month < 1 || month > 12 || n == 0 {
		return date{}, 0
	}
	return date{year: year, month: month, day: day}, i + 1 + n
}

// spokenES reads "veintiuno del cuatro del ochenta y ocho".
func (s *stream) spokenES(i, day int) (date, int) {
	_, n := s.day(i)
	if s.norm(i+n) != "del" && s.norm(i+n) != "de" {
		return date{}, 0
	}
	n++
	month, m := s.day(i + n)
	if m == 0 || month > 12 || s.norm(i+n+m) != "del" && s.norm(i+n+m) != "de" {
		return date{}, 0
	}
	n += m + 1
	year, m := s.year(i + n)
	if m == 0 {
		return date{}, 0
	}
	return date{year: year, month: month, day: day}, n + m
}

// numeric reads 03/05/1980, 3-5-80, 1980-03-05.
func (s *stream) numeric(i int) (date, int) {
	var v [3]int
	for k := range v {
		if i+k >= len(s.toks) || !s.toks[i+k].digits() || k > 0 && !dateGap(s.toks[i+k].gap) {
			return date{}, 0
		}
		n, err := strconv.Atoi(s.toks[i+k].norm)
		if err != nil {
			return date{}, 0
		}
		v[k] = n
	}
	if last := len(s.toks[i+2].norm); last != 2 && last != 4 && len(s.toks[i].norm) != 4 {
		return date{}, 0
	}
	d, ok := s.doc.lang.ordered(v, len(s.toks[i].norm) == 4)
	if !ok {
		return date{}, 0
	}
	return d, 3
}

func dateGap(gap string) bool { return gap == "/" || gap == "-" || gap == "." }

// day reads 1 to 31 as digits ("5", "5th"), an ordinal or a number in words.
func (s *stream) day(i int) (int, int) {
	w := s.norm(i)
	digits := strings.TrimRight(w, "sthnrd")
	if n := len(digits); (n == 1 || n == 2) && countDigits(digits) == n {
		if v, err := strconv.Atoi(digits); err == nil && v >= 1 && v <= 31 {
			return v, 1
		}
	}
	if v, ok := ordinals[w]; ok && v > 0 {
		return v, 1
	}
	if tens, ok := tensEN[w]; ok && tens <= 1 {
		if v, ok := ordinals[s.norm(i+1)]; ok && v > 0 && v < 10 {
			return 10*(tens+2) + v, 2
		}
	}
	d, n := s.number(i)
	if v, err := strconv.Atoi(d); n > 0 && err == nil && v >= 1 && v <= 31 {
		return v, n
	}
	return 0, 0
}

// year reads 1980, "nineteen eighty", "two thousand five", "eighty five", "85".
func (s *stream) year(i int) (int, int) {
	if i >= len(s.toks) || strings.ContainsAny(s.toks[i].gap, ":?") {
		return 0, 0
	}
	d, n := s.number(i)
	if n == 0 {
		return 0, 0
	}
	if v, err := strconv.Atoi(d); err == nil && len(d) == 4 && v >= 1900 && v <= 2099 {
		return v, n
	}
	if d == "19" || d == "20" {
		if e, m := s.number(i + n); m > 0 && len(e) == 2 {
			v, _ := strconv.Atoi(d + e) // four digits
			return v, n + m
		}
		if e, m := s.number(i + n); m > 0 && len(e) == 1 && s.norm(i+n) == "oh" {
			if f, k := s.number(i + n + m); k > 0 && len(f) == 1 {
				v, _ := strconv.Atoi(d + e + f)
				return v, n + m + k
			}
		}
		return 0, 0
	}
	if v, err := strconv.Atoi(d); err == nil && len(d) == 2 && v > 31 {
		return century(v), n
	}
	return 0, 0
}

func century(y int) int {
	switch {
	case y >= 100:
		return y
	case y > 25:
		return 1900 + y
	}
	return 2000 + y
}
