package events

import (
	"slices"
	"strings"
	"unicode"
)

// SplitName takes a whole name, the value of a Detail "name", apart into what goes under "first_name" and "last_name".
// "Ana María García López" is "Ana María", "García López" in Spanish, which has two last names, and "Mary Ann Smith" is
// "Mary Ann", "Smith" elsewhere. Particles belong to the last name, as does what stands before an "y": "del Río y
// Zúñiga". A single word is a first name, unless a title stands before it; a name that begins with its particles, "van
// der Merwe", is a last name. given knows words that are given names and no family names; nil knows none, and takes the
// word before the last name for another last name in Spanish.
func SplitName(name, language string, given func(word string) bool) (first, last string) {
	words := strings.Fields(name)
	titled := false
	for len(words) > 1 && isTitle(words[0]) {
		words, titled = words[1:], true
	}
	if len(words) == 0 {
		return "", ""
	}
	if len(words) == 1 {
		if titled {
			return "", words[0]
		}
		return words[0], ""
	}
	end := len(words) - 1
	if isSuffix(words[end]) && end > 1 {
		end--
	}
	at := lastName(words, end)
	// Of two words before the last name, the second may be another last name, or belong to the first: "Yuliana Andrea Ospina".
	if strings.HasPrefix(language, "es") && at > 1 && bare(words[at]) != "y" && (given == nil || !given(words[at-1])) {
		at = lastName(words, at-1)
	}
	if at == 1 && isParticle(words[0]) && !isShortened(words[0]) {
		at = 0
	}
	if at > 1 && bare(words[at]) == "y" {
		at = lastName(words, at-1)
	}
	return strings.Join(words[:at], " "), strings.Join(words[at:], " ")
}

// lastName is where the last name begins whose last word is words[end], its particles included.
func lastName(words []string, end int) int {
	at := end
	for at > 1 && isParticle(words[at-1]) {
		at--
	}
	return at
}

func isTitle(w string) bool {
	return slices.Contains([]string{"mr", "mrs", "ms", "miss", "dr", "prof", "señor", "señora", "señorita", "sr", "sra", "srta", "don", "doña"}, bare(w))
}

func isParticle(w string) bool {
	return slices.Contains([]string{"de", "del", "la", "las", "los", "da", "dos", "di", "van", "von", "der", "den", "ter", "ten", "el", "al", "bin", "ibn", "ben", "le", "du", "mac", "mc", "y"}, bare(w))
}

// isSuffix tells what follows a last name and belongs to it.
func isSuffix(w string) bool {
	return slices.Contains([]string{"jr", "ii", "iii", "iv"}, bare(w))
}

// isShortened tells first names that particles look like.
func isShortened(w string) bool {
	return slices.Contains([]string{"al", "ben", "mac", "du", "y"}, bare(w))
}

// bare is a word in lower case and without the punctuation around it.
func bare(w string) string {
	return strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }))
}
