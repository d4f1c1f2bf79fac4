package redact

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// parts of a name, folded, without its particles.
func parts(name string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(fold(name), func(r rune) bool { return r == ' ' || r == '-' }), func(w string) bool { return particles[w] })
}

// within tells whether every part of one name is a part of the other.
func within(name, fuller string) bool {
	of := parts(fuller)
	own := parts(name)
	return len(own) > 0 && len(own) <= len(of) && !slices.ContainsFunc(own, func(w string) bool { return !slices.Contains(of, w) })
}

// onePerson gives every finding that is part of a fuller name that name's value: "Amara" after "Amara Okonkwo" is the
// same person and gets the same placeholder. Two who share a name stay two; a short form of both is whom the call spoke
// of last.
func onePerson(found []finding) {
	var people []*finding
	for i := range found {
		if found[i].kind == Name {
			people = append(people, &found[i])
		}
	}
	slices.SortStableFunc(people, func(a, b *finding) int { return cmp.Compare(a.line(), b.line()) })
	values := make([]string, len(people))
	for i, f := range people {
		values[i] = fuller(people, i, f.value)
	}
	for i, f := range people {
		f.value = values[i]
	}
}

// fuller is the fullest form of the name of person i: as said last before, else as said next.
func fuller(people []*finding, i int, name string) string {
	best := name
	better := func(other string) bool { return len(parts(other)) > len(parts(best)) && within(best, other) }
	for k := i - 1; k >= 0; k-- {
		if better(people[k].value) {
			best = people[k].value
		}
	}
	for k := i + 1; k < len(people); k++ {
		if better(people[k].value) {
			best = people[k].value
		}
	}
	// Of two spellings of the same words, the first that was said holds.
	for _, p := range people {
		if within(p.value, best) && within(best, p.value) {
			return p.value
		}
	}
	return best
}

func (f finding) line() int { return f.stream.toks[f.from].line }

// recurringNames finds every further place where a word of a found name stands, in either party's words: "Thanks,
// Ms. Okonkwo". Everyday words count only with a capital inside a sentence.
func (d *document) recurringNames(found []finding) []finding {
	known := map[string]string{}
	for _, f := range found {
		if f.kind != Name {
			continue
		}
		for _, w := range parts(f.value) {
			if utf8.RuneCountInString(w) >= 3 && len(f.value) > len(known[w]) {
				known[w] = f.value
			}
		}
	}
	var again []finding
	for _, s := range d.streams {
		for i, t := range s.toks {
			value := known[t.stem]
			if value == "" || d.lang.ambiguous(t.stem) && !s.midCapital(i) {
				continue
			}
			again = append(again, s.finding(Name, i, i+1, value))
		}
	}
	return again
}
