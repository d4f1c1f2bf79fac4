package redact

import (
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	spellCues = phraseList("spelled, spelt, that's, spell it, spelling is, that is, it's, spelled as, i spell it, se escribe, se deletrea, deletreado, con")
	// explains stand between a letter and the word that it begins: "o as in oscar".
	explains = [][]string{{"as", "in"}, {"like"}, {"for"}, {"de"}, {"as"}, {"como"}, {"is", "for"}, {"like", "in"}, {"como", "en"}}
	// letterGaps stand between spelt letters.
	letterGaps = set("dash hyphen apostrophe space capital then and uh um guion luego espacio")
)

// spellings finds names spelt letter by letter, "O K O N K W O" or "o as in oscar", joins each to the name that
// it spells and corrects that name by it. A word that is spelt is a name, if nothing says that it is something else.
func (s *stream) spellings(found []finding, lines map[int]bool) []finding {
	for i := 0; i < len(s.toks); i++ {
		if lines != nil && !lines[s.toks[i].line] {
			continue
		}
		word, to := s.spelt(i)
		if utf8.RuneCountInString(word) < 3 {
			continue
		}
		word, to = s.tailed(word, to, found)
		value, spells := capital(word), false
		for k := range found {
			f := &found[k]
			if f.to > i || i-f.to >= 25 {
				continue
			}
			if spelledIn(f.value, word) {
				value, spells = f.value, true // "McGillicuddy" stays as it is written
			} else if at, part := spelledPart(f.value, word); part != "" {
				f.value = f.value[:at] + capital(word) + f.value[at+len(part):]
				value, spells = f.value, true
			}
		}
		if at := s.spelledWord(i, word); !spells && at >= 0 {
			from, end := at, s.nameEnd(at, weak)
			for from > 0 && s.midCapital(from) && s.midCapital(from-1) && !s.everydayAt(from-1) && joined(s.toks[from].gap) {
				from--
			}
			value, spells = s.spoken(from, max(end, at+1)), true
			found = append(found, s.finding(Name, from, max(end, at+1), value))
		}
		if spells || s.cueBefore(i, 8, introductions) >= 0 || s.cueBefore(i, 8, namings) >= 0 || s.cueBefore(i, 4, spellCues) >= 0 && (utf8.RuneCountInString(word) > 3 || surnames[word]) || s.askedFor(i, nameAsks) && !s.askedFor(i, firmAsks) {
			found = append(found, s.finding(Name, i, to, value))
			if end := s.nameEnd(to, sure); spells && s.midCapital(to) && end > to && s.endsSentence(end-1) { // "Ruairi, R U A I R I, Mac Suibhne"
				found = append(found, s.finding(Name, to, end, s.spoken(to, end)))
			}
		}
		i = to - 1
	}
	return found
}

// tailed goes on from spelt letters over the word that ends the name in one piece: "W R I double G L E S worth".
func (s *stream) tailed(word string, to int, found []finding) (whole string, end int) {
	if len(word) < 3 || s.norm(to) == "" || s.toks[to].sentence() || s.toks[to].letter() {
		return word, to
	}
	whole = word + s.norm(to)
	for _, f := range found {
		if f.kind == Name && slices.Contains(parts(f.value), whole) {
			return whole, to + 1
		}
	}
	return word, to
}

// spelledIn tells whether letters spell one word of a name, or some that follow each other: "D E V R I E S" of de Vries, "O S
// H E A" of O'Shea.
func spelledIn(name, letters string) bool {
	words := strings.FieldsFunc(fold(name), func(r rune) bool { return r == ' ' || r == '-' })
	for i := range words {
		rest := letters
		for _, w := range words[i:] {
			var ok bool
			for piece := range strings.SplitSeq(w, "'") {
				if rest, ok = strings.CutPrefix(rest, piece); !ok {
					break
				}
			}
			if !ok {
				break
			}
			if rest == "" {
				return true
			}
		}
	}
	return false
}

// spelledPart is the word of a name that a spelling spells, the last that fits, and where it stands in the name.
func spelledPart(name, word string) (at int, part string) {
	for end := len(name); end > 0; {
		at = strings.LastIndexAny(name[:end], " -") + 1
		if p := name[at:end]; p != "" && near(fold(p), fold(word)) {
			return at, p
		}
		end = at - 1
	}
	return 0, ""
}

// spelledWord is the word within ten before i that the letters spell exactly; -1 if none does.
func (s *stream) spelledWord(i int, word string) int {
	for at := i - 1; at >= max(0, i-10); at-- {
		if s.mayName(at) && s.norm(at) == fold(word) && !s.doc.lang.everyday(s.norm(at)) {
			return at
		}
	}
	return -1
}

// spelt reads single letters from word i, over "as in oscar", "de oscar", "double l" and dashes; in Spanish the
// names of letters too.
func (s *stream) spelt(i int) (word string, to int) {
	var b strings.Builder
	to = i
	letters, explained := 0, false
	for j := i; j < len(s.toks); {
		if j > i && s.toks[j].line > s.toks[to-1].line+2 {
			break
		}
		l, n := s.spokenLetter(j)
		if n == 0 && letterGaps[s.norm(j)] && to == j && j > i {
			if _, m := s.spokenLetter(j + 1); m > 0 && (s.norm(j) != "and" || s.toks[j+1].letter()) {
				j++
				continue
			}
		}
		if n == 0 {
			break
		}
		if n == 1 && letters >= 2 && s.wordAgain(i, j, b.String()) {
			break
		}
		// "O K W U O S A, O like Oscar": the letters are over, and are explained now.
		if s.toks[j].letter() && letters >= 3 {
			if n > 1 && !explained && s.toks[j].norm == b.String()[:1] && strings.ContainsAny(s.toks[j].gap, ",.") {
				break
			}
		}
		explained = explained || n > 1 && s.toks[j].letter()
		if s.toks[j].letter() {
			letters++
		}
		b.WriteString(l)
		j += n
		to = j
	}
	// The names of letters are words too: "de te" is no spelling, "ge u erre erre u" is.
	if letters*3 < b.Len() && b.Len() < 4 || letters == 0 && b.Len() < 4 {
		return "", i + 1
	}
	return b.String(), to
}

// wordAgain tells whether the letter at word j, after the letters of a name from word i on, is a word like the words after it:
// it begins a sentence, "Q U E L L. A table", is the pronoun before a verb, "R O S S I I want", or stands after a name that
// has been said and is spelt to its end.
func (s *stream) wordAgain(i, j int, letters string) bool {
	t := s.toks[j]
	next := j + 1
	if !t.letter() || !wordLetter(t.norm) || next >= len(s.toks) || s.toks[next].first || s.toks[next].letter() || s.toks[next].gap != " " || s.isNumber(next) || times[s.norm(next)] > 0 {
		return false
	}
	whole := s.spelledWord(i, letters) >= 0
	switch {
	case s.spelledWord(i, letters+t.norm) >= 0:
		return false // "Rui, R U I want"
	case whole, t.norm == "i" && firstPerson[s.norm(next)]:
		return true
	case t.first, strings.ContainsAny(t.gap, "?!"):
		return true
	}
	dotted := strings.Contains(s.toks[j-1].gap, ".") && s.toks[j-1].letter() // "R. O. S. S. I from"
	return strings.Contains(t.gap, ".") && !dotted || strings.Contains(t.gap, ",") && s.doc.lang.es && t.norm == "y" && !strings.Contains(s.toks[j-1].gap, ",")
}

// firstPerson are words that follow the pronoun I.
var firstPerson = set("am was want wanted need needed have had got get would will can could can't cannot do did don't didn't just really also think thought guess believe called call calling said say take took like love live know knew wasn't haven't hope bought buy booked book ordered order paid pay see saw used use work worked make made should may might must wish wonder wondered tried try still never always already only actually mean meant come came go went spoke speak left lost forgot received sent send")

// spokenLetter reads one letter, or a doubled one, at word i, and how many words it takes; 0 if there is none.
func (s *stream) spokenLetter(i int) (string, int) {
	if i >= len(s.toks) {
		return "", 0
	}
	t := s.toks[i]
	switch {
	case t.letter():
		return t.norm, 1 + s.asIn(i+1, t.norm)
	case times[t.norm] > 0 || t.norm == "capital":
		if i+1 < len(s.toks) && s.toks[i+1].letter() {
			return strings.Repeat(s.toks[i+1].norm, max(1, times[t.norm])), 2
		}
		if l := letterNames[s.norm(i+1)]; l != "" && s.doc.lang.es {
			return strings.Repeat(l, max(1, times[t.norm])), 2
		}
	case !s.doc.lang.es:
	case t.norm == "i" && s.norm(i+1) == "griega":
		return "y", 2
	case letterNames[t.norm] != "":
		return letterNames[t.norm], 1 + s.asIn(i+1, letterNames[t.norm])
	}
	return "", 0
}

// asIn is how many words at i explain the letter before them: "as in oscar"; 0 if none do.
func (s *stream) asIn(i int, letter string) int {
	for _, as := range explains {
		n := len(as)
		if i+n < len(s.toks) && s.stands(i, as) && strings.HasPrefix(s.norm(i+n), letter) && !s.toks[i+n].letter() {
			return n + 1
		}
	}
	return 0
}

// near tells whether two words differ by at most a third of their letters: a misheard name and its spelling.
func near(a, b string) bool {
	if a == b {
		return true
	}
	limit := max(len(a), len(b)) / 3
	if a == "" || b == "" || a[0] != b[0] || max(len(a), len(b))-min(len(a), len(b)) > limit {
		return false
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)] <= limit
}
