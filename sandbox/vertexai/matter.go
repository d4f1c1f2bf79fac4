package vertexai

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostMatter is how long a quote in a summary may be, in characters: a Case's subject holds 255, and people read
// less.
const mostMatter = 120

// matter is what the call is about in the caller's own words: the sentence that speaks most for what he wants,
// without the greeting and the introduction before it. Empty where no sentence does.
func (f *findings) matter() string {
	at := f.strongest()
	if at.line < 0 || !f.lines[at.line].caller {
		return ""
	}
	u := f.lines[at.line]
	from, to := sentenceAt(u, at.from)
	from = skipOpening(u, from, at.from)
	said := strings.Trim(strings.Join(u.raw[from:to], " "), ` .,;:"`)
	if utf8.RuneCountInString(said) > mostMatter {
		said = shorten(u.raw[from:to], at.to-from)
	}
	return capital(said)
}

// capital begins a text with one, after an opening question mark too.
func capital(s string) string {
	rest := strings.TrimLeft(s, "¿¡")
	first, size := utf8.DecodeRuneInString(rest)
	if size == 0 {
		return s
	}
	return s[:len(s)-len(rest)] + string(unicode.ToUpper(first)) + rest[size:]
}

// strongest is the first of the matches in that sentence of the caller's in which all of them together weigh most.
func (f *findings) strongest() place {
	type key struct{ line, from int }
	sums, first := map[key]float64{}, map[key]place{}
	out, most := f.intentAt, 0.0
	for _, m := range f.wanted {
		u := f.lines[m.line]
		if m.phrase.concept != f.intent.by || m.weight <= 0 || !u.caller {
			continue
		}
		at := place{m.line, u.words[m.from].at, u.words[m.to-1].at + 1}
		begin, _ := sentenceAt(u, at.from)
		k := key{m.line, begin}
		sums[k] += m.weight
		if had, ok := first[k]; !ok || at.from < had.from {
			first[k] = at
		}
	}
	for _, m := range f.wanted { // in the order of the transcript, so that of two alike the same one is taken always
		u := f.lines[m.line]
		begin, _ := sentenceAt(u, u.words[m.from].at)
		if k := (key{m.line, begin}); sums[k] > most {
			most, out = sums[k], first[k]
		}
	}
	return out
}

// sentenceAt is the bounds of the sentence around a word.
func sentenceAt(u utterance, at int) (from, to int) {
	from, to = at, at+1
	for from > 0 && !ends(u.raw[from-1]) {
		from--
	}
	for to < len(u.raw) && !ends(u.raw[to-1]) {
		to++
	}
	return from, to
}

// skipOpening drops clauses before the wish that only greet, hesitate or introduce.
func skipOpening(u utterance, from, wish int) int {
	for start := from; start < wish; {
		end := start
		for end < wish && !strings.HasSuffix(u.raw[end], ",") {
			end++
		}
		if end >= wish {
			// The wish is in this clause: words that only lead to it go, the rest stays.
			return skipIntroduction(u, start, wish)
		}
		if !opens(u, start, end+1) {
			return start
		}
		start = end + 1
		from = start
	}
	return from
}

// skipIntroduction drops what leads to the wish within its clause: fillers, and "my name is Olga and".
func skipIntroduction(u utterance, start, wish int) int {
	for start < wish && slices.ContainsFunc(normal(u.raw[start]), func(n string) bool { return leading[n] }) {
		start++
	}
	for i := start; i < wish; i++ {
		if w := strings.ToLower(u.raw[i]); (w == "and" || w == "y") && opens(u, start, i) {
			return i + 1
		}
	}
	return start
}

// opens tells whether a clause is all opening: a greeting, a filler, who speaks and from where.
func opens(u utterance, from, to int) bool {
	named := false
	for _, w := range u.words {
		if w.at < from || w.at >= to {
			continue
		}
		named = named || w.norm == "#name"
		capital := isCompanyWord(u.raw[w.at])
		if !openings[w.norm] && !introduced[w.norm] && w.norm != "#name" && !(capital && (named || from != w.at)) {
			return false
		}
	}
	return true
}

var (
	leading  = set(`yeah yes yep hi hey hello hiya well so um uh er erm ah oh okay ok hola bueno pues oiga mire eh`)
	openings = set(`yeah yes yep hi hey hello hiya well so um uh er erm ah oh okay ok right good morning afternoon evening day there look listen sure and but
 actually basically anyway please god no sorry quick one thanks hola buenas buenos dias tardes noches oiga mire bueno pues si eh este disculpe perdone`)
	introduced = set("this is i am it my name me again llamo soy habla mi nombre es de from with at calling speaking here on behalf llamo para")
)

// shorten keeps what is around the wish: the first words of the sentence if it comes early, else those before it.
func shorten(words []string, wish int) string {
	from := 0
	if utf8.RuneCountInString(strings.Join(words[:min(wish, len(words))], " ")) > mostMatter {
		from = max(0, wish-12)
	}
	to := from
	for n := 0; to < len(words); to++ {
		if n += utf8.RuneCountInString(words[to]) + 1; n > mostMatter {
			break
		}
	}
	s := strings.Trim(strings.Join(words[from:to], " "), ` .,;:"`)
	if from > 0 {
		s = "…" + s
	}
	if to < len(words) {
		s += "…"
	}
	return s
}
