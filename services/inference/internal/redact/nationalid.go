package redact

import (
	"slices"
	"strings"
)

var (
	ssnCues = []string{
		"social", "social security", "social security number", "ssn", "s s n", "itin", "tax id", "taxpayer id", "seguro social", "numero de seguro",
	}
	idCues = []string{
		"dni", "d n i", "nie", "n i e", "documento", "documento de identidad", "identidad", "cedula", "curp", "pasaporte", "passport", "passport number",
		"driver's license", "drivers license", "driver's license number", "driving licence", "license number", "licence number", "licencia", "licencia de conducir", "national id",
		"id number", "identification number", "medicare number", "medicare", "state id",
	}
	orderCues = []string{
		"order", "order number", "ticket", "ticket number", "case", "case number", "reference", "reference number", "confirmation", "confirmation number", "invoice", "invoice number",
		"tracking", "tracking number", "account number", "booking", "booking number", "serial number", "model number", "extension", "pedido", "numero de pedido", "orden", "numero de orden",
		"factura", "numero de factura", "referencia", "reserva", "confirmacion", "po number", "purchase order", "quote number", "part number", "policy number",
	}
	letterNames = map[string]byte{
		"equis": 'x', "zeta": 'z', "jota": 'j', "hache": 'h', "ka": 'k', "cu": 'q', "erre": 'r', "ese": 's', "te": 't', "uve": 'v', "ve": 'v', "be": 'b', "ce": 'c', "de": 'd',
		"efe": 'f', "ge": 'g', "ele": 'l', "eme": 'm', "ene": 'n', "pe": 'p', "ye": 'y',
	}
)

const dniLetters = "trwagmyfpdxbnjzsqvhlcke"

// nationalIDs finds SSN and ITIN (nine digits), Spain's DNI and NIE (with their check letter), and what follows
// the name of another document.
func (s *stream) nationalIDs() []finding {
	var found []finding
	for _, r := range s.runs {
		social := s.cue(r.from(), 14, ssnCues)
		switch {
		case len(r.digits) == 9 && (social || slices.Equal(r.groups, []int{3, 2, 4}) && !s.cue(r.from(), 6, orderCues)):
			found = append(found, s.finding(ID, r.from(), r.to(), r.digits))
		case (s.announces(ssnCues, r, 14) || s.answersWith(r, ssnCues)) && len(r.digits) >= 4 && len(r.digits) < 10 && !s.dated(r.from()):
			found = append(found, s.finding(ID, r.from(), r.to(), r.digits))
		case len(r.digits) == 7 || len(r.digits) == 8:
			if f, ok := s.dni(r); ok {
				found = append(found, f)
			}
		}
	}
	for i, t := range s.toks {
		if t.first && s.directlyAsked(t.line, idCues) {
			if f, ok := s.documentAfter(i); ok {
				found = append(found, f)
			}
		}
		if f, ok := s.fusedDNI(i); ok {
			found = append(found, f)
		} else if n := s.startsWith(i, idCues); n > 0 {
			if f, ok := s.documentAfter(i + n); ok {
				found = append(found, f)
			}
		}
	}
	return found
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
	if dniLetter(digits) != letter && !s.cue(from, 14, idCues) {
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
	if w := s.norm(i); w == "letra" || w == "letter" || w == "guion" || w == "y" && s.norm(i+1) == "la" {
		skip = 1
		if w == "y" {
			skip = 3
		}
	}
	w := s.norm(i + skip)
	if len(w) == 1 && w[0] >= 'a' && w[0] <= 'z' {
		return w[0], skip + 1
	}
	if l, ok := letterNames[w]; ok {
		return l, skip + 1
	}
	return 0, 0
}

func (s *stream) letterBefore(i int) (byte, int) {
	if s.endsWith(i, "y griega") {
		return 'y', 2
	}
	if w := s.norm(i - 1); len(w) == 1 {
		return w[0], 1
	}
	if l, ok := letterNames[s.norm(i-1)]; ok {
		return l, 1
	}
	return 0, 0
}

// documentAfter is the number of a document that was named: letters and digits, five or more signs with at least
// three digits, beginning within six words.
func (s *stream) documentAfter(i int) (finding, bool) {
	for start := i; start < min(i+7, len(s.toks)); start++ {
		var b strings.Builder
		digits, end := 0, start
	read:
		for j := start; j < len(s.toks); {
			w := s.toks[j]
			d, n := s.number(j)
			switch {
			case n > 0:
				b.WriteString(d)
				digits += len(d)
			case w.letter() && (!wordLetter(w.norm) || s.asIn(j+1, w.norm) > 0 || s.isNumber(j+1) || j+1 < len(s.toks) && s.toks[j+1].letter()), mixed(w.norm):
				b.WriteString(w.norm)
				digits += countDigits(w.norm)
				n = 1 + s.asIn(j+1, w.norm)
			}
			if n == 0 || j > start && w.sentence() && !w.first && w.gap != "." {
				break read
			}
			j += n
			end = j
		}
		if digits >= 3 && b.Len() >= 5 {
			return s.finding(ID, start, end, strings.ToUpper(b.String())), true
		}
	}
	return finding{}, false
}

// wordLetter are letters that are words as well.
func wordLetter(w string) bool { return w == "i" || w == "a" || w == "y" || w == "e" || w == "o" }

// mixed tells whether a word has letters and digits, as "x1234567".
func mixed(w string) bool {
	d := countDigits(w)
	return d > 0 && d < len(w)
}

func countDigits(w string) int {
	n := 0
	for i := range len(w) {
		if w[i] >= '0' && w[i] <= '9' {
			n++
		}
	}
	return n
}
