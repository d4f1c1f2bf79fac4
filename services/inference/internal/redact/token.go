package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is one word of one line.
type token struct {
	line       int
	start, end int    // bytes in the line's text
	text       string // as written
	norm       string // lower case, without accents
	gap        string // what stands between the word before and this one, in the same line; "" at its start
	first      bool   // first word of its line
}

// upper tells whether the word is written with a capital.
func (t token) upper() bool {
	r, _ := utf8.DecodeRuneInString(t.text)
	return unicode.IsUpper(r)
}

// sentence tells whether a sentence ends between the word before and this one.
func (t token) sentence() bool { return t.first || strings.ContainsAny(t.gap, ".?!;:") }

// letter tells whether the word is one letter, as in a spelt name.
func (t token) letter() bool { return len(t.norm) == 1 && t.norm[0] >= 'a' && t.norm[0] <= 'z' }

// digits tells whether the word is written in digits.
func (t token) digits() bool { return t.norm != "" && strings.Trim(t.norm, "0123456789") == "" }

// cut takes a line apart into words: runs of letters and digits, apostrophes inside them kept.
func cut(line int, text string) []token {
	var toks []token
	last := 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !isWord(r) {
			i += n
			continue
		}
		start := i
		for i < len(text) {
			r, n = utf8.DecodeRuneInString(text[i:])
			if !isWord(r) && !(isApostrophe(r) && followsWord(text[i+n:])) {
				break
			}
			i += n
		}
		t := token{line: line, start: start, end: i, text: text[start:i], gap: text[last:start], first: len(toks) == 0}
		t.norm = fold(t.text)
		toks = append(toks, t)
		last = i
	}
	return toks
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

func isApostrophe(r rune) bool { return r == '\'' || r == '’' }

func followsWord(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return isWord(r)
}

var folds = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "ñ", "n", "’", "'")

// fold makes a word comparable: lower case, without accents.
func fold(s string) string { return folds.Replace(strings.ToLower(s)) }
