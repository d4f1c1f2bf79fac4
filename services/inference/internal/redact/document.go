package redact

import "strings"

// documentAfter is the number of a document that was named: letters and digits, five or more signs with at least
// three digits, beginning within six words.
func (s *stream) documentAfter(i int) (finding, bool) {
	for start := i; start < min(i+7, len(s.toks)); start++ {
		if s.inside[start] >= 0 && s.inside[start] < start {
			continue
		}
		if value, end := s.document(start); end > 0 {
			return s.finding(ID, start, end, value), true
		}
	}
	return finding{}, false
}

// document reads letters and digits from word i on; end is 0 if they are no number of a document.
func (s *stream) document(i int) (value string, end int) {
	var b strings.Builder
	digits := 0
	for j := i; j < len(s.toks); {
		if t := s.toks[j]; j > i && (t.sentence() && !t.first && t.gap != "." || t.first && s.newTopic(j-1, j, 0)) {
			break
		}
		piece, n := s.documentPiece(j)
		if n == 0 && j > i && dashes[s.norm(j)] {
			j++
			continue
		}
		if n == 0 {
			break
		}
		b.WriteString(piece)
		digits += countDigits(piece)
		j += n
		end = j
	}
	if digits < 3 || b.Len() < 5 {
		return "", 0
	}
	return strings.ToUpper(b.String()), end
}

// dashes part the pieces of a number of a document.
var dashes = set("dash hyphen slash guion barra")

// documentPiece is a number, a letter, letters in capitals before or after a number, or letters and digits in one word.
func (s *stream) documentPiece(j int) (string, int) {
	if d, n := s.number(j); n > 0 {
		return d, n
	}
	t := s.toks[j]
	switch {
	case t.letter():
		n := s.asIn(j+1, t.norm)
		next := j+1 < len(s.toks) && s.toks[j+1].letter()
		if wordLetter(t.norm) && n == 0 && !s.isNumber(j+1) && !next {
			return "", 0
		}
		return t.norm, 1 + n
	case mixed(t.norm):
		return t.norm, 1
	case allUpper(t.text) && ascii(t.norm) && len(t.norm) <= 6 && (s.isNumber(j+1) || s.isNumber(j-1) || j > 0 && mixed(s.norm(j-1))):
		return t.norm, 1
	case s.doc.lang.es && letterNames[t.norm] != "" && t.norm != "de" && (s.isNumber(j+1) || s.isNumber(j-1) && s.endsSentence(j)):
		return letterNames[t.norm], 1
	}
	return "", 0
}

// wordLetter are letters that are words as well.
func wordLetter(w string) bool { return w == "i" || w == "a" || w == "y" || w == "e" || w == "o" }

// mixed tells whether a word has letters and digits, as "x1234567", and is no ordinal.
func mixed(w string) bool {
	d := countDigits(w)
	if d == 0 || d == len(w) {
		return false
	}
	switch w[d:] {
	case "st", "nd", "rd", "th":
		return false
	}
	return true
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
