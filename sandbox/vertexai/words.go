package vertexai

import (
	"iter"
	"maps"
	"regexp"
	"strings"
	"unicode"
)

// word is one word as it is compared: lower case, without accents and punctuation, contractions opened up. A
// placeholder is "#" and its kind, e.g. "#name".
type word struct {
	norm string
	// at is the index of the word that it comes from.
	at int
	// brk tells that a clause ends before it.
	brk bool
}

var placeholder = regexp.MustCompile(`\[([A-Z]+)_\d+\]`)

// words of a line.
func words(raw []string) []word {
	var out []word
	brk := true
	for i, r := range raw {
		for _, n := range normal(r) {
			out = append(out, word{norm: n, at: i, brk: brk})
			brk = false
		}
		if strings.HasSuffix(r, ",") || strings.HasSuffix(r, ";") || strings.HasSuffix(r, ":") || ends(r) {
			brk = true
		}
	}
	return out
}

// contractions open up to the words that the lexicon is written in; with and without their apostrophe, since
// recognisers differ.
var contractions = map[string]string{
	"im": "i am", "ive": "i have", "dont": "do not", "doesnt": "does not", "didnt": "did not", "cant": "can not",
	"cannot": "can not", "wont": "will not", "isnt": "is not", "arent": "are not", "wasnt": "was not",
	"werent": "were not", "hasnt": "has not", "havent": "have not", "hadnt": "had not", "wouldnt": "would not",
	"couldnt": "could not", "shouldnt": "should not", "youre": "you are", "youve": "you have", "theyre": "they are",
	"whats": "what is", "thats": "that is", "theres": "there is", "wheres": "where is", "whens": "when is",
	"hows": "how is", "whos": "who is", "heres": "here is", "gonna": "going to", "wanna": "want to",
	"gotta": "got to", "lemme": "let me", "alright": "all right", "del": "de el", "al": "a el",
}

// apostrophes that only make sense with their apostrophe: "I'll" is not "ill".
var apostrophes = map[string]string{
	"i'd": "i would", "i'll": "i will", "we'd": "we would", "we'll": "we will", "you'd": "you would",
	"you'll": "you will", "he's": "he is", "she's": "she is", "it's": "it is", "we're": "we are", "we've": "we have",
	"they've": "they have", "it'll": "it will", "that'd": "that would", "name's": "name is", "number's": "number is",
	"let's": "let us", "o'clock": "oclock", "there'd": "there would", "that'll": "that will", "company's": "company is",
	"email's": "email is", "order's": "order is", "screen's": "screen is",
}

func normal(raw string) []string {
	if m := placeholder.FindStringSubmatch(raw); m != nil {
		return []string{"#" + strings.ToLower(m[1])}
	}
	w := fold(strings.ToLower(strings.ReplaceAll(raw, "’", "'")))
	w = strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '$' && r != '€' })
	if open, ok := apostrophes[w]; ok {
		return strings.Fields(open)
	}
	if open, ok := contractions[strings.ReplaceAll(w, "'", "")]; ok {
		return strings.Fields(open)
	}
	w = strings.TrimSuffix(w, "'s")
	w = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		if r == '$' || r == '€' {
			return r
		}
		return -1
	}, w)
	if w == "" {
		return nil
	}
	if open, ok := contractions[w]; ok {
		return strings.Fields(open)
	}
	return []string{w}
}

// fold takes accents off the letters of Spanish and its neighbours.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 'á', 'à', 'ä', 'â', 'ã':
			return 'a'
		case 'é', 'è', 'ë', 'ê':
			return 'e'
		case 'í', 'ì', 'ï', 'î':
			return 'i'
		case 'ó', 'ò', 'ö', 'ô', 'õ':
			return 'o'
		case 'ú', 'ù', 'ü', 'û':
			return 'u'
		case 'ñ':
			return 'n'
		case 'ç':
			return 'c'
		}
		return r
	}, s)
}

// camel opens "BookDemo", "book_demo" and "book-demo" up to words.
func camel(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r == '_' || r == '-' {
			r = ' '
		} else if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func keys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }
