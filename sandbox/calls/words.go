package calls

import (
	"strings"
	"unicode"
)

// bare is text as words are compared: in lower case, letters and digits only, one space between words.
func bare(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// short is the beginning of a text that is quoted in a message.
func short(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
