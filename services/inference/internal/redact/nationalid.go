package redact

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// letterNames are Spanish letters by their names, as they are spelt out loud.
	letterNames = map[string]string{
		"be": "b", "ce": "c", "de": "d", "efe": "f", "ge": "g", "hache": "h", "jota": "j", "ka": "k", "ele": "l", "eme": "m", "ene": "n", "pe": "p", "cu": "q", "erre": "r", "ere": "r", "ese": "s", "te": "t",
		"uve": "v", "ve": "v", "equis": "x", "ye": "y", "zeta": "z", "ceta": "z",
	}
)

const dniLetters = "trwagmyfpdxbnjzsqvhlcke"

// nationalIDs finds SSN and ITIN (nine digits), Spain's DNI and NIE (with their check letter), Mexico's CURP and RFC,
// and what follows the name of another document.
func (s *stream) nationalIDs() []finding {
	var found []finding
	for _, r := range s.runs {
		if f, ok := s.numberedID(r); ok {
			found = append(found, f)
		}
	}
	for i, t := range s.toks {
		if t.first && s.directlyAsked(t.line, idCues) {
			if f, ok := s.documentAfter(i); ok {
				found = append(found, f)
			}
		}
		if f, ok := s.shapedID(i); ok {
			found = append(found, f)
		} else if n := s.startsWith(i, idCues); n > 0 {
			if f, ok := s.documentAfter(i + n); ok {
				found = append(found, f)
			}
		}
	}
	return found
}

// numberedID takes a run that is a social security number, or the digits of a DNI or NIE.
func (s *stream) numberedID(r run) (finding, bool) {
	n := len(r.digits)
	whole := s.finding(ID, r.from(), r.to(), r.digits)
	switch {
	case r.sum:
		return finding{}, false
	case n == 9 && (s.cue(r.from(), 14, ssnCues) || slices.Equal(r.groups, []int{3, 2, 4}) && !s.ordered(r.from(), 6)):
		return whole, true
	case (s.announces(ssnCues, r, 14) || s.answersWith(r, ssnCues)) && n >= 4 && n < 12 && !s.dated(r.from()) && !s.ordered(r.from(), 5):
		return whole, true
	case n == 7 || n == 8:
		return s.dni(r)
	}
	return finding{}, false
}

// dni is eight digits and a letter, or X, Y or Z, seven digits and a letter (Real Decreto 1553/2005).
func (s *stream) dni(r run) (finding, bool) {
	from, to, digits := r.from(), r.to(), r.digits
	if len(digits) == 7 {
		lead, n := s.letterBefore(from)
		p := strings.IndexByte("xyz", lead)
		if n == 0 || p < 0 {
			return finding{}, false
		}
		from -= n
		digits = string(rune('0'+p)) + digits
	}
	letter, n := s.letterAt(to)
	if n == 0 {
		return finding{}, false
	}
	if dniLetter(digits) != letter && (!s.cue(from, 14, idCues) || s.ordered(from, 6)) {
		return finding{}, false
	}
	return s.finding(ID, from, to+n, strings.ToUpper(r.digits+string(letter))), true
}

func dniLetter(digits string) byte {
	n := 0
	for i := range len(digits) {
		n = (n*10 + int(digits[i]-'0')) % 23
	}
	return dniLetters[n]
}

// shapedID is what is a document by its own shape: a DNI or NIE that the recogniser wrote as one word, a CURP or an
// RFC (Mexico's population and tax registers: four letters or three, a birth date, a tail), in one word or parted.
func (s *stream) shapedID(i int) (finding, bool) {
	if f, ok := s.fusedDNI(i); ok {
		return f, true
	}
	if len(s.norm(i)) < 3 {
		return finding{}, false // "es J-12345678-9" is neither
	}
	var b strings.Builder
	for j := i; j < min(i+4, len(s.toks)) && b.Len() < 18 && (j == i || s.toks[j].gap == " " || s.toks[j].gap == "-"); j++ {
		b.WriteString(s.norm(j))
		if w := b.String(); curp.MatchString(w) || rfc.MatchString(w) && s.doc.lang.es {
			return s.finding(ID, i, j+1, strings.ToUpper(w)), true
		}
	}
	return finding{}, false
}

var (
	curp = regexp.MustCompile(`^[a-z]{4}\d{6}[hmx][a-z]{5}[a-z0-9]\d$`)
	rfc  = regexp.MustCompile(`^[a-z]{3,4}\d{6}(\d[a-z0-9]{2}|[a-z][a-z0-9]{2})$`)
)

// fusedDNI is a DNI or NIE that the recogniser wrote as one word.
func (s *stream) fusedDNI(i int) (finding, bool) {
	w := s.norm(i)
	if len(w) != 9 {
		return finding{}, false
	}
	digits, letter := w[:8], w[8]
	if p := strings.IndexByte("xyz", w[0]); p >= 0 {
		digits = string(rune('0'+p)) + w[1:8]
	}
	if strings.Trim(digits, "0123456789") != "" || dniLetter(digits) != letter {
		return finding{}, false
	}
	return s.finding(ID, i, i+1, strings.ToUpper(w)), true
}

// letterAt reads a letter, spelt or by its Spanish name, "letra" before it passed over.
func (s *stream) letterAt(i int) (byte, int) {
	skip := 0
	switch w := s.norm(i); {
	case w == "letra" || w == "letter" || w == "guion":
		skip = 1
	case w == "y" && s.norm(i+1) == "la" && s.norm(i+2) == "letra":
		skip = 3
	}
	w := s.norm(i + skip)
	if len(w) == 1 && w[0] >= 'a' && w[0] <= 'z' {
		return w[0], skip + 1
	}
	if l, ok := letterNames[w]; ok && s.doc.lang.es {
		return l[0], skip + 1
	}
	return 0, 0
}

func (s *stream) letterBefore(i int) (byte, int) {
	if s.endsWith(i, "y griega") || s.endsWith(i, "i griega") {
		return 'y', 2
	}
	if w := s.norm(i - 1); len(w) == 1 {
		return w[0], 1
	}
	if l, ok := letterNames[s.norm(i-1)]; ok {
		return l[0], 1
	}
	return 0, 0
}
