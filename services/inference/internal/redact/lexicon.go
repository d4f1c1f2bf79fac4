package redact

import (
	_ "embed" // the word lists
	"strings"
)

// The word lists are files, so that they can be read and mended as lists; each begins with what it is for.
var (
	//go:embed lexicon/common-en.txt
	commonFileEN string
	//go:embed lexicon/common-es.txt
	commonFileES string
	//go:embed lexicon/other.txt
	otherFile string
	//go:embed lexicon/given.txt
	givenFile string
	//go:embed lexicon/double.txt
	doubleFile string
	//go:embed lexicon/place.txt
	placeFile string
	//go:embed lexicon/surnames.txt
	surnameFile string
	//go:embed lexicon/company.txt
	companyFile string
	//go:embed lexicon/trades.txt
	tradeFile string

	commonEN      = list(commonFileEN)
	commonES      = list(commonFileES)
	otherWords    = list(otherFile)
	givenNames    = list(givenFile + doubleFile)
	doubleNames   = list(doubleFile)
	placeNames    = list(placeFile)
	surnames      = list(surnameFile)
	companyEnding = list(companyFile)
	// trades are the words that make a firm of the capitalised words beside them, companyEnding among them.
	trades = list(companyFile + tradeFile)
)

// OnlyGiven tells whether a word is known as a given name and not as a family name: the second word of "Yuliana Andrea
// Ospina".
func OnlyGiven(word string) bool {
	w := fold(word)
	return givenNames[w] && !surnames[w]
}

// list is the words of a file; lines that begin with # are comments.
func list(file string) map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(file) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.Fields(line) {
			m[fold(w)] = true
		}
	}
	return m
}

func set(s string) map[string]bool { return list(s) }

// words numbers the words of a table from 0.
func words(s string) map[string]int {
	m := map[string]int{}
	for i, w := range strings.Fields(s) {
		m[w] = i
	}
	return m
}

// inflections are endings of verbs, adverbs, adjectives and abstract nouns: an unknown word that has one is no name.
var inflections = []string{
	"ing", "ingly", "ed", "ly", "tion", "tions", "sion", "ment", "ments", "ness", "able", "ible", "ful", "less", "ous", "ious", "ive", "ity", "ical", "ism", "ship", "n't",
	"ando", "iendo", "mente", "cion", "ciones", "dad", "aron", "ieron", "aba", "aban", "ible", "ado", "ada", "ido", "ida", "ados", "idos",
}

// stem is a word without the verb or the possessive that an apostrophe ties to it: "i" of "i'm".
func stem(w string) string {
	at := strings.LastIndexByte(w, '\'')
	if at <= 0 {
		return w
	}
	switch w[at+1:] {
	case "s", "m", "re", "ll", "ve", "d":
		return w[:at]
	}
	return w
}

// common tells whether a folded word is an everyday one of the language.
func (t tongue) common(w string) bool { return t.en && commonEN[w] || t.es && commonES[w] }

// everyday tells whether a folded word is one of the language, a firm or a place, rather than a name.
func (t tongue) everyday(w string) bool {
	w = stem(w)
	if t.common(w) || otherWords[w] || months[w] > 0 {
		return true
	}
	if givenNames[w] {
		return false // James is no jam
	}
	if one, ok := strings.CutSuffix(w, "ies"); ok && t.common(one+"y") {
		return true
	}
	for _, plural := range []string{"s", "es"} {
		if one, ok := strings.CutSuffix(w, plural); ok && len(one) > 2 && t.common(one) {
			return true
		}
	}
	return false
}

// inflected tells whether an unknown word has the ending of a verb, an adverb or an adjective.
func inflected(w string) bool {
	if givenNames[w] || surnames[w] || len(w) < 6 {
		return false
	}
	for _, e := range inflections {
		if strings.HasSuffix(w, e) && len(w) > len(e)+2 {
			return true
		}
	}
	return false
}
