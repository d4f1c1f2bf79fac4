package redact

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	// introduce is followed by a name.
	introduce = []string{
		"my name is", "name is", "my name's", "the name is", "name's", "full name is", "first name is", "last name is", "surname is", "family name is", "first name", "last name", "surname", "under the name",
		"under the name of", "under", "call me", "speaking with", "speaking to", "talking to", "talk to", "named", "through to", "speak with", "speak to", "ask for", "asking for", "attention to", "mr", "mrs", "ms", "miss", "doctor", "dr",
		"mister", "my wife", "my husband", "my daughter", "my son", "my mother", "my father", "my boss", "my colleague", "mi esposa", "mi esposo", "mi hija", "mi hijo", "mi nombre es", "nombre es", "me llamo",
		"se llama", "le habla", "de parte de", "a nombre de", "apellido es", "apellido", "apellidos son", "mi apellido es", "nombre completo es", "senor", "senora", "senorita", "don", "dona", "hablar con",
		"pregunte por", "soy la senora", "soy el senor",
	}
	// weakly introduces a name only where the next word looks like one.
	weakly = []string{"this is", "i'm", "i am", "it's", "it is", "thanks", "thank you", "hi", "hello", "hey", "goodbye", "bye", "okay", "ok", "sure", "perfect", "great", "soy", "habla", "con", "hola", "gracias", "sorry", "welcome"}
	// speaks follows a name: "Maria speaking".
	speaks = []string{"speaking", "here", "calling", "al habla"}
	// particles stand inside a name.
	particles = set("de la las los del van von der den di da dos mac mc bin al el o' y st")
	nameAsks  = []string{"your name", "your full name", "your last name", "your first name", "the name", "a name", "name please", "who am i speaking with", "who's calling", "who is calling", "may i have your name", "spell", "su nombre", "su apellido", "como se llama", "quien habla", "con quien hablo", "nombre completo", "tu nombre"}
	spellCues = []string{"spelled", "spelt", "that's", "spell it", "spelling is", "that is", "se escribe", "se deletrea", "deletreado", "it's"}
)

// names finds names that somebody introduces, answers with, spells or is called by.
func (s *stream) names() []finding {
	var found []finding
	for i := range s.toks {
		for _, from := range s.introduced(i) {
			if to := s.nameEnd(from, true); to > from {
				found = append(found, s.finding(Name, from, to, s.spoken(from, to)))
			}
		}
		if to := s.given(i); to > 0 {
			found = append(found, s.finding(Name, i, to, s.spoken(i, to)))
		}
		if from := s.beforeSpeaking(i); from >= 0 {
			found = append(found, s.finding(Name, from, i, s.spoken(from, i)))
		}
	}
	found = append(found, s.answers()...)
	return s.spellings(found)
}

// introduced returns where a name begins that the words before it introduce: right there, or after one filler.
func (s *stream) introduced(i int) []int {
	if n := s.longest(i, introduce); n > 0 {
		from := i + n
		if w := s.norm(from); w == "is" || w == "es" || w == "uh" || w == "um" || w == "eh" || w == "mr" || w == "mrs" || w == "ms" || w == "dr" || w == "senor" || w == "senora" {
			from++
		}
		if s.norm(i) == "under" && !s.looksLikeName(from) || shortTitle(s.norm(i)) && !s.looksLikeName(from) {
			return nil
		}
		return []int{from}
	}
	if n := s.longest(i, weakly); n > 0 && s.looksLikeName(i+n) && !s.sentenceAt(i+n, s.norm(i)) {
		return []int{i + n}
	}
	return nil
}

// shortTitle are introductions that are also other things: "dr" is a drive, "under" a place.
func shortTitle(w string) bool {
	return w == "dr" || w == "don" || w == "st" || w == "doctor" || w == "miss"
}

// sentenceAt tells whether a new sentence begins at word i; after a greeting that is no matter.
func (s *stream) sentenceAt(i int, cue string) bool {
	greeting := slices.Contains([]string{"thanks", "thank", "hi", "hello", "hey", "bye", "goodbye", "hola", "gracias", "okay", "ok", "sure", "perfect", "great", "sorry", "welcome"}, cue)
	if i >= len(s.toks) {
		return true
	}
	return !greeting && strings.ContainsAny(s.toks[i].gap, ".?!;:,") || greeting && strings.ContainsAny(s.toks[i].gap, ".?!;:") || s.toks[i].first
}

// longest is the number of words of the longest phrase at word i; 0 if none stands there.
func (s *stream) longest(i int, phrases []string) int {
	n := 0
	for _, p := range phrases {
		if m := strings.Count(p, " ") + 1; m > n && s.endsWith(i+m, p) {
			n = m
		}
	}
	return n
}

// looksLikeName tells whether word i may be a name on weak grounds: a known given name, or a capital where the
// recogniser writes them, and no common word.
func (s *stream) looksLikeName(i int) bool {
	if i >= len(s.toks) || s.toks[i].norm == "" || utf8.RuneCountInString(s.toks[i].text) < 2 {
		return false
	}
	t := s.toks[i]
	if commonWord[t.norm] || notAName[t.norm] || countDigits(t.norm) > 0 {
		return false
	}
	return givenNames[t.norm] || s.doc.cased && t.upper() && !allUpper(t.text)
}

func allUpper(s string) bool { return len(s) > 1 && strings.ToUpper(s) == s }

// nameEnd is where a name that begins at word from ends: at most four words, in one sentence. strong tells that an
// introduction stands before it, so that words without a capital count where the recogniser writes none.
func (s *stream) nameEnd(from int, strong bool) int {
	to := from
	for i := from; i < min(from+5, len(s.toks)); i++ {
		t := s.toks[i]
		if i > from && (t.sentence() || strings.ContainsAny(t.gap, ",")) {
			break
		}
		if i == from && t.first && !strong {
			break
		}
		common := commonWord[t.norm] && !(ambiguousName[t.norm] && t.upper() && s.doc.cased)
		name := !common && !notAName[t.norm] && countDigits(t.norm) == 0 && utf8.RuneCountInString(t.text) > 1 &&
			(t.upper() && s.doc.cased || givenNames[t.norm] || !s.doc.cased && strong && i < from+2)
		switch {
		case name:
			to = i + 1
		case particles[t.norm] && s.nameAhead(i+1, strong):
		case t.letter() && t.upper() && i > from && strings.HasPrefix(s.after(i), ".") && s.nameAhead(i+1, strong): // an initial
		default:
			return to
		}
	}
	return to
}

func (s *stream) nameAhead(i int, strong bool) bool {
	if i >= len(s.toks) {
		return false
	}
	t := s.toks[i]
	return particles[t.norm] && i+1 < len(s.toks) && s.toks[i+1].upper() && s.doc.cased && !s.toks[i+1].sentence() ||
		!t.sentence() && !commonWord[t.norm] && !notAName[t.norm] && (t.upper() && s.doc.cased || !s.doc.cased && strong)
}

// given finds a known given name that nobody introduced: capitalised, and followed by another capital or alone.
func (s *stream) given(i int) int {
	t := s.toks[i]
	if !givenNames[t.norm] || ambiguousName[t.norm] || !(s.doc.cased && t.upper()) {
		return 0
	}
	return s.nameEnd(i, true)
}

// beforeSpeaking is where a name begins that ends before word i, as in "Maria Lopez speaking"; -1 if there is none.
func (s *stream) beforeSpeaking(i int) int {
	if s.longest(i, speaks) == 0 || i == 0 {
		return -1
	}
	from := i
	for from > 0 && i-from < 3 && s.looksLikeName(from-1) && s.toks[from-1].line == s.toks[i].line {
		from--
		if s.toks[from].sentence() {
			break
		}
	}
	if from == i || from == i-1 && s.norm(i) != "speaking" && !givenNames[s.norm(from)] {
		return -1
	}
	return from
}

// answers finds a name that is nothing but the answer to "may I have your name?".
func (s *stream) answers() []finding {
	var found []finding
	for i, t := range s.toks {
		if !t.first || !s.directlyAsked(t.line, nameAsks) {
			continue
		}
		from := i
		for from < len(s.toks) && s.toks[from].line == t.line && (commonWord[s.norm(from)] || notAName[s.norm(from)]) && from-i < 6 {
			from++
		}
		if from >= len(s.toks) || s.toks[from].line != t.line || s.toks[from].letter() {
			continue
		}
		if to := s.nameEnd(from, true); to > from {
			found = append(found, s.finding(Name, from, to, s.spoken(from, to)))
		}
	}
	return found
}

// directlyAsked is askedFor without its patience: the line itself answers.
func (s *stream) directlyAsked(line int, phrases []string) bool {
	text := " " + strings.Join(s.asked[line], " ") + " "
	return slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(text, " "+p+" ") })
}

// spellings finds names spelt letter by letter, "O K O N K W O" or "o as in oscar", joins each to the name that
// it spells and corrects that name by it.
func (s *stream) spellings(found []finding) []finding {
	for i := 0; i < len(s.toks); i++ {
		word, to := s.spelt(i)
		if utf8.RuneCountInString(word) < 3 {
			continue
		}
		value, spells := capital(word), false
		for k := range found {
			if last := lastWord(found[k].value); found[k].to <= i && i-found[k].to < 25 && near(fold(last), fold(word)) {
				found[k].value = strings.TrimSuffix(found[k].value, last) + capital(word)
				value, spells = found[k].value, true
			}
		}
		if spells || s.cuePos(i, 8, introduce) >= 0 || s.cuePos(i, 4, spellCues) >= 0 || s.askedFor(i, nameAsks) {
			found = append(found, s.finding(Name, i, to, value))
		}
		i = to - 1
	}
	return found
}

// spelt reads single letters from word i, over "as in oscar", "de oscar", "double l" and dashes.
func (s *stream) spelt(i int) (word string, to int) {
	var b strings.Builder
	to = i
	for j := i; j < len(s.toks); {
		t := s.toks[j]
		switch {
		case t.letter() && (j == i || s.toks[j].line <= s.toks[to-1].line+2):
			b.WriteString(t.norm)
			j++
			j += s.asIn(j, t.norm)
			to = j
		case (t.norm == "double" || t.norm == "doble") && j+1 < len(s.toks) && s.toks[j+1].letter():
			b.WriteString(s.toks[j+1].norm + s.toks[j+1].norm)
			j += 2
			to = j
		case (t.norm == "dash" || t.norm == "hyphen" || t.norm == "then" || t.norm == "and" || t.norm == "uh") && to == j && j > i && j+1 < len(s.toks) && s.toks[j+1].letter():
			j++
		default:
			return b.String(), to
		}
	}
	return b.String(), to
}

// asIn is how many words at i explain the letter before them: "as in oscar"; 0 if none do.
func (s *stream) asIn(i int, letter string) int {
	for _, as := range []string{"as in", "like", "for", "de", "as"} {
		n := strings.Count(as, " ") + 1
		if s.endsWith(i+n, as) && strings.HasPrefix(s.norm(i+n), letter) && i+n < len(s.toks) && !s.toks[i+n].letter() {
			return n + 1
		}
	}
	return 0
}

// spoken is the words of a name, each with a capital.
func (s *stream) spoken(from, to int) string {
	parts := strings.Fields(s.said(from, to))
	for i, p := range parts {
		if !particles[fold(p)] || i == 0 {
			parts[i] = capitalFirst(strings.TrimSuffix(strings.TrimSuffix(p, "'s"), "’s"))
		}
	}
	return strings.Join(parts, " ")
}

func capital(w string) string { return capitalFirst(strings.ToLower(w)) }

func capitalFirst(w string) string {
	r, n := utf8.DecodeRuneInString(w)
	return string(unicode.ToUpper(r)) + w[n:]
}

func lastWord(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }

// near tells whether two words differ by at most a third of their letters: a misheard name and its spelling.
func near(a, b string) bool {
	if a == b {
		return true
	}
	limit := max(len(a), len(b)) / 3
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
	return row[len(b)] <= limit && a[0] == b[0]
}

// onePerson gives every finding that is part of a fuller name that name's value: "Amara" after "Amara Okonkwo" is
// the same person and gets the same placeholder.
func onePerson(found []finding) {
	full := map[string]string{}
	for _, f := range found {
		for _, w := range strings.Fields(f.value) {
			if n := fold(w); f.kind == Name && len(f.value) > len(full[n]) {
				full[n] = f.value
			}
		}
	}
	for i, f := range found {
		if f.kind != Name {
			continue
		}
		words := strings.Fields(f.value)
		fuller := full[fold(words[0])]
		part := func(w string) bool { return slices.Contains(strings.Fields(fold(fuller)), fold(w)) }
		if !slices.ContainsFunc(words, func(w string) bool { return !part(w) }) {
			found[i].value = fuller
		}
	}
}

// recurringNames finds every further place where a word of a found name stands, in either party's words: "Thanks,
// Ms. Okonkwo". Common words count only with a capital.
func (d *document) recurringNames(found []finding) []finding {
	known := map[string]string{}
	for _, f := range found {
		if f.kind != Name {
			continue
		}
		for _, w := range strings.Fields(f.value) {
			if n := fold(w); utf8.RuneCountInString(n) >= 3 && !particles[n] && (known[n] == "" || len(f.value) > len(known[n])) {
				known[n] = f.value
			}
		}
	}
	var again []finding
	for _, s := range d.streams {
		for i, t := range s.toks {
			n := strings.TrimSuffix(t.norm, "'s")
			if value := known[n]; value != "" && (!commonWord[n] && !ambiguousName[n] || d.cased && t.upper() && !t.sentence()) {
				again = append(again, s.finding(Name, i, i+1, value))
			}
		}
	}
	return again
}
