package vertexai

import (
	"regexp"
	"slices"
	"strings"
)

// detail is one thing that the caller told of himself or his matter.
type detail struct {
	name, value string
	sure        float64
	at          place
}

// extract picks details but for a time out of the caller's lines, each once.
func extract(lines []utterance) []detail {
	var out []detail
	add := func(ds ...detail) {
		for _, d := range ds {
			if d.value != "" && !slices.ContainsFunc(out, func(had detail) bool { return had.name == d.name }) {
				out = append(out, d)
			}
		}
	}
	add(person(lines)...)
	if c := company(lines); !slices.ContainsFunc(out, func(had detail) bool { return had.value == c.value }) {
		add(c)
	}
	add(contact(lines, "email", "#email", literalEmail), contact(lines, "phone", "#phone", literalPhone), contact(lines, "address", "#address", nil))
	add(orderNumber(lines))
	return out
}

var (
	literalEmail = regexp.MustCompile(`^[\w.+-]+@[\w-]+(\.[\w-]+)+$`)
	literalPhone = regexp.MustCompile(`^\+?\d[\d().-]{8,}\d$`)
)

// taker takes a value out of a line, from one of its words as they stand; end is the word after it.
type taker func(u utterance, from int) (value string, end int)

// after finds a value that follows one of the phrases in a caller's line.
func after(lines []utterance, name string, phrases []pattern, take taker) (detail, bool) {
	for i, u := range lines {
		if !u.caller {
			continue
		}
		for k := range u.words {
			for _, p := range phrases {
				end, ok := p.match(u.words, k)
				if !ok || end >= len(u.words) || negated(u.words, k) {
					continue
				}
				if v, to := take(u, u.words[end].at); v != "" {
					return detail{name: name, value: v, at: place{i, u.words[k].at, to}}, true
				}
			}
		}
	}
	return detail{}, false
}

// answered finds a value in what the caller says next after the agent has asked for it.
func answered(lines []utterance, name string, asks []pattern, take taker) (detail, bool) {
	for i, u := range lines {
		asked := !u.caller && slices.ContainsFunc(asks, func(p pattern) bool {
			for k := range u.words {
				if _, ok := p.match(u.words, k); ok {
					return true
				}
			}
			return false
		})
		if !asked {
			continue
		}
		for j, next := range lines[i+1 : min(len(lines), i+4)] {
			if !next.caller {
				continue
			}
			for k := range next.raw {
				if v, to := take(next, k); v != "" {
					return detail{name: name, value: v, at: place{i + 1 + j, k, to}}, true
				}
			}
			break
		}
	}
	return detail{}, false
}

// common are words that a sentence begins with, or that carry a capital and are nobody's name.
var common = set(`sure certainly absolutely course right fine claro vale bueno perfecto the a an my our your yes yeah no hi hello hey okay ok sorry thanks thank please well so and but is it this that
 there here what when where who why how can could would i'm i'd i'll i've we we're calling just still about from with
 monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
 september october november december english spanish
 hola si no gracias buenos buenas dias tardes lunes martes miercoles jueves viernes sabado domingo me mi un una la el los
 las es quiero llamo para por quisiera necesito`)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// contact finds a placeholder of a kind in the caller's lines, or the value as it stands where nothing was redacted: the
// first, or the last where he corrects himself.
func contact(lines []utterance, name, kind string, literal *regexp.Regexp) detail {
	var out detail
	corrected := false
	for i, u := range lines {
		if !u.caller {
			continue
		}
		for k, r := range u.raw {
			corrected = corrected || corrects(u, k)
			v, sure := "", 0.95
			if n := normal(r); len(n) == 1 && n[0] == kind {
				v = placeholder.FindString(r)
			} else if t := strings.TrimRight(r, ".,!?;:"); literal != nil && literal.MatchString(t) {
				v, sure = t, 0.9
			}
			if v != "" && (out.value == "" || corrected) {
				out, corrected = detail{name, v, sure, place{i, k, k + 1}}, false
			}
		}
	}
	return out
}

// corrects tells whether the caller takes back what he said before a word.
func corrects(u utterance, at int) bool {
	w := normal(u.raw[at])
	if len(w) == 0 {
		return false
	}
	next := ""
	if at+1 < len(u.raw) {
		next = bare(u.raw[at+1])
	}
	switch w[0] {
	case "no", "not", "wait", "sorry", "actually", "scratch", "correction", "rather", "wrong", "old", "pardon", "perdon", "digo", "apologies", "hang", "hold", "other", "corrijo", "miento", "disculpe", "oops", "whoops", "mejor", "instead", "better", "espere", "oh":
		return true
	case "i":
		return next == "mean" || next == "meant" || next == "misread"
	case "make":
		return next == "that" || next == "it"
	}
	return false
}
