package app

import (
	"strings"
	"unicode"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// token is one word of one line, as it stands and as it is compared.
type token struct {
	line       int
	text, norm string
}

// tokens of all lines of a party, one after the other: a quote may run from one utterance into the next.
func tokens(lines []shown, party events.Party) []token {
	var out []token
	for i, l := range lines {
		if l.party != party {
			continue
		}
		for _, w := range strings.Fields(oneLine(l.text)) {
			if n := norm(w); n != "" {
				out = append(out, token{line: i, text: w, norm: n})
			}
		}
	}
	return out
}

// norm is a word without case and the punctuation around it: a quote is word for word, not comma for comma.
func norm(w string) string {
	return strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }))
}

// find looks for a quote in what a party said. It returns the words as they stand in the transcript, and the line
// that they begin in.
func findQuote(lines []shown, party events.Party, quote string) (found string, line int, ok bool) {
	var want []string
	for _, w := range strings.Fields(oneLine(quote)) {
		if n := norm(w); n != "" {
			want = append(want, n)
		}
	}
	said := tokens(lines, party)
	for i := 0; len(want) > 0 && i+len(want) <= len(said); i++ {
		n := 0
		for n < len(want) && said[i+n].norm == want[n] {
			n++
		}
		if n == len(want) {
			words := make([]string, 0, n)
			for _, t := range said[i : i+n] {
				words = append(words, t.text)
			}
			return strings.Join(words, " "), said[i].line, true
		}
	}
	return "", 0, false
}
