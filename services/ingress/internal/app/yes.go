package app

import (
	"slices"
	"strings"
	"unicode"
)

// words of assent and of doubt, per language. The list is short on purpose: what isn't plainly a yes is none.
func words(language string) (yes, no []string) {
	switch base, _, _ := strings.Cut(language, "-"); base {
	case "es":
		return []string{"sí", "si", "claro", "acepto", "vale", "okay", "ok", "correcto"}, []string{"no", "nunca", "tampoco", "pero"}
	default:
		return []string{"yes", "yeah", "yep", "yup", "sure", "okay", "ok", "agree", "consent", "accept", "fine"},
			[]string{"no", "not", "nope", "don't", "dont", "never", "disagree", "decline", "but", "cannot", "can't"}
	}
}

// saysYes tells whether an utterance agrees: it holds a word of assent and none of doubt.
func saysYes(language, utterance string) bool {
	said := strings.FieldsFunc(strings.ToLower(utterance), func(r rune) bool {
		return !unicode.IsLetter(r) && r != '\''
	})
	yes, no := words(language)
	in := func(list []string) bool {
		return slices.ContainsFunc(said, func(w string) bool { return slices.Contains(list, w) })
	}
	return in(yes) && !in(no)
}
