package vertexai

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostMatter is how long a quote in a summary may be, in characters: a Case's subject holds 255, and people read
// less.
const mostMatter = 90

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
	for from < at.from && follows[bare(u.raw[from])] {
		from++
	}
	said := strings.Trim(strings.Join(u.raw[from:to], " "), ` .,;:"`)
	if utf8.RuneCountInString(said) > mostMatter {
		said = shorten(u.raw[from:to], at.from-from, at.to-from)
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

// strongest is the sentence of the caller's that speaks most for what he wants, by its first phrase that does; what only
// gives a number or a name speaks less.
func (f *findings) strongest() place {
	out, most := f.intentAt, 0.0
	for _, s := range f.gist.said {
		if !s.caller {
			continue
		}
		score, at := 0.0, place{s.line, s.from, s.from + 1}
		for _, m := range f.wanted {
			if m.phrase.concept != f.intent.by || m.weight <= 0 || m.line != s.line || m.at < s.from || m.at >= s.from+len(s.raw) {
				continue
			}
			if score == 0 || m.at < at.from {
				at = place{s.line, m.at, f.lines[m.line].words[m.to-1].at + 1}
			}
			score += m.weight
		}
		score = score*(1-0.6*s.wants[chatter]) + byCaller*s.wants[f.intent.by]
		if s.givesCode() || slices.ContainsFunc(s.words, func(w word) bool { return w.norm == "#email" || w.norm == "#phone" }) {
			score /= 2
		}
		if score > most {
			out, most = at, score
		}
	}
	return out
}

// givesCode tells whether a sentence gives a number.
func (s sentence) givesCode() bool {
	for k := range s.raw {
		if v, _ := codeAt(s.utterance, k); v != "" {
			return true
		}
	}
	return false
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

// follows are words by which a sentence follows on another.
var follows = set("and but so because see actually well y pero pues que oye mire che fijese mira oiga")

// shorten keeps what is around the wish, which stands from wish to end: from the beginning if there is room, else from the
// clause that it begins in, to the end of the last clause that there is room for. A clause too long alone is cut.
func shorten(words []string, wish, end int) string {
	length := func(from, to int) int { return utf8.RuneCountInString(strings.Join(words[from:to], " ")) }
	end = min(max(end, wish+1), len(words))
	from := 0
	for k := 1; k <= wish && length(from, min(end+3, len(words))) > mostMatter; k++ {
		if parts(words, k) {
			from = k
		}
	}
	cut := length(from, end) > mostMatter
	if cut {
		from = max(from, wish-3)
	}
	to, whole := from, from
	for to < len(words) && length(from, to+1) < mostMatter {
		if to++; to == len(words) || parts(words, to) {
			whole = to
		}
	}
	if whole >= end && length(from, whole) >= mostMatter/3 {
		to = whole
	}
	s := strings.Trim(strings.Join(words[from:to], " "), ` .,;:"`)
	if cut && from > 0 && !parts(words, from) {
		s = "…" + s
	}
	if to < len(words) && to != whole {
		s += "…"
	}
	return s
}

// parts tells whether a clause begins at a word.
func parts(words []string, at int) bool {
	switch before := words[at-1]; bare(words[at]) {
	case "and", "but", "because", "so", "since", "y", "pero", "porque", "when", "which", "while", "until", "before", "que":
		return true
	default:
		return strings.HasSuffix(before, ",") || strings.HasSuffix(before, ";") || strings.HasSuffix(before, ":")
	}
}
