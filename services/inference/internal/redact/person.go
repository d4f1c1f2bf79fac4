package redact

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// parts of a name, folded, without its particles.
func parts(name string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(fold(name), func(r rune) bool { return r == ' ' || r == '-' }), func(w string) bool { return particles[w] })
}

// person is a name as it was said at one place, with its parts.
type person struct {
	*finding
	parts []string
}

// within tells whether every part of one name is a part of the other.
func (p person) within(fuller person) bool {
	return len(p.parts) > 0 && len(p.parts) <= len(fuller.parts) && !slices.ContainsFunc(p.parts, func(w string) bool { return !slices.Contains(fuller.parts, w) })
}

// onePerson gives every finding that is part of a fuller name that name's value: "Amara" after "Amara Okonkwo" is the
// same person and gets the same placeholder. Two who share a name stay two; a short form of both is whom the call spoke
// of last.
func onePerson(found []finding) {
	var people []person
	known := map[string][]string{}
	for i := range found {
		f := &found[i]
		if f.kind != Name || f.firm {
			continue
		}
		of, ok := known[f.value]
		if !ok {
			of = parts(f.value)
			known[f.value] = of
		}
		people = append(people, person{f, of})
	}
	slices.SortStableFunc(people, func(a, b person) int { return cmp.Compare(a.line(), b.line()) })
	values := make([]string, len(people))
	for i := range people {
		values[i] = fuller(people, i)
	}
	for i, p := range people {
		p.value = values[i]
	}
}

// fuller is the fullest form of the name of person i: as said last before, else as said next.
func fuller(people []person, i int) string {
	best := people[i]
	if len(best.parts) == 1 {
		for _, p := range people { // spelt in one go: "D E V R I E S" of Saskia de Vries
			if strings.Contains(p.value, " ") && !best.within(p) && spelledIn(p.value, best.parts[0]) {
				best = p
			}
		}
	}
	better := func(other person) bool { return len(other.parts) > len(best.parts) && best.within(other) }
	for k := i - 1; k >= 0; k-- {
		if better(people[k]) {
			best = people[k]
		}
	}
	for k := i + 1; k < len(people); k++ {
		if better(people[k]) {
			best = people[k]
		}
	}
	// Of two spellings of the same words, the first that was said holds.
	for _, p := range people {
		if p.within(best) && best.within(p) {
			return p.value
		}
	}
	return best.value
}

func (f finding) line() int { return f.stream.toks[f.from].line }

// families finds the family name right after a given name that was found alone elsewhere, in a transcript without capitals: "is
// your mother consuelo", "yes consuelo barrientos".
func (d *document) families(found []finding) []finding {
	if d.cased {
		return nil
	}
	known := map[string]bool{}
	for _, f := range found {
		if w := fold(f.value); f.kind == Name && givenNames[w] {
			known[w] = true
		}
	}
	var more []finding
	for _, s := range d.streams {
		for i := range s.toks {
			to := i + 1
			if !known[s.norm(i)] {
				continue
			}
			if s.beforeFamily(to) {
				to++
			}
			if to < len(s.toks) && (s.familyName(to) || s.isName(to, weak, true)) && s.sameNumber(to) {
				more = append(more, s.finding(Name, i, to+1, s.spoken(i, to+1)))
			}
		}
	}
	return more
}

// recurringNames finds every further place where the words of a found name stand, in either party's words: "Thanks,
// Ms. Okonkwo", "is that O K O N K W O?". Everyday words count only with a capital inside a sentence. Within the name of a
// firm they stand for themselves.
func (d *document) recurringNames(found []finding) []finding {
	known := map[string]string{}
	for _, f := range found {
		if f.kind != Name || f.firm {
			continue
		}
		for _, w := range parts(f.value) {
			if utf8.RuneCountInString(w) >= 3 && len(f.value) > len(known[w]) {
				known[w] = f.value
			}
		}
	}
	if len(known) == 0 {
		return nil
	}
	var again []finding
	for _, s := range d.streams {
		for i := 0; i < len(s.toks); {
			if value, to := s.speltName(i, known); value != "" {
				again = append(again, s.finding(Name, i, to, value))
				i = to
				continue
			}
			value, to := known[s.toks[i].stem], i+1
			if value == "" || !s.meant(i) && !s.beforeFull(i, value) {
				i++
				continue
			}
			for to < len(s.toks) && to-i <= strings.Count(value, " ")+strings.Count(value, "-") && !s.firmName(i) && known[s.toks[to].stem] == value && joined(s.toks[to].gap) && !s.toks[to].first {
				to++
			}
			f := s.finding(Name, s.withParticles(i), to, value)
			if s.partOfFirm(i, to) || s.firmOf(i, to, value) {
				f = s.finding(Name, i, to, s.said(i, to))
			}
			again = append(again, f)
			i = to
		}
	}
	return again
}

// firmOf tells whether the family name of somebody at words [i, to) is their firm's rather than theirs: "we at Mokoena", "Abernathy
// Vintners".
func (s *stream) firmOf(i, to int, value string) bool {
	if to != i+1 || !s.capital(i) || !strings.Contains(value, " ") || s.endsAt(i, titles) > 0 {
		return false
	}
	p := parts(value)
	if len(p) < 2 || p[0] == s.toks[i].stem {
		return false
	}
	if w := s.norm(i - 1); w == "at" && s.midCapital(i) {
		return true
	}
	w := s.norm(to)
	return s.midCapital(to) && s.sameNumber(to) && !surnames[w] && !givenNames[w] && !s.doc.lang.everyday(w) && !slices.Contains(p, s.toks[to].stem)
}

// speltName is the known name that is spelt letter by letter from word i on, and where it ends.
func (s *stream) speltName(i int, known map[string]string) (value string, to int) {
	word, to := s.spelt(i)
	if len(word) < 4 {
		return "", to
	}
	if value = known[word]; value == "" {
		for _, w := range slices.Sorted(maps.Keys(known)) {
			if spelledIn(known[w], word) {
				return known[w], to
			}
		}
	}
	return value, to
}

// meant tells whether the word of a found name at i is meant as the name: it is no other word, has a capital that says so,
// or stands after a greeting.
func (s *stream) meant(i int) bool {
	w := s.toks[i].stem
	switch {
	case !s.doc.lang.ambiguous(w), s.midCapital(i), (s.capital(i) || !s.doc.cased) && !s.doc.lang.everyday(w),
		s.capital(i) && s.startsWith(i-1, titles) == 1: // "Mr. Price"
		return true
	}
	return !s.doc.cased && s.endsAt(i, greetings) > 0 && !grammar[w]
}

// beforeFull tells whether word i is a family name that is said before the full name, as in "Park, Ji-woo Park".
func (s *stream) beforeFull(i int, name string) bool {
	p := parts(name)
	return s.capital(i) && strings.Contains(s.after(i), ",") && len(p) > 1 && p[len(p)-1] == s.norm(i) && p[0] == s.norm(i+1)
}

// bound are particles that belong to no word but a name, so that a name takes them along wherever it is found.
var bound = set("van von der den ter ten bin ibn mac mc zu")

// withParticles is where a name begins that was found from word i on, its particles included: "Mr. van der Merwe".
func (s *stream) withParticles(i int) int {
	from := i
	for from > 0 && bound[s.norm(from-1)] && s.toks[from].gap == " " && s.toks[from-1].line == s.toks[i].line && !determiners[s.norm(from-2)] {
		from--
	}
	return from
}
