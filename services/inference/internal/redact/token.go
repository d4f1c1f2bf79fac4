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
	stem       string // norm without the "is" or the possessive that an apostrophe ties to it
	gap        string // what stands between the word before and this one, in the same line; "" at its start
	first      bool   // first word of its line
	// placeholder tells that the word is one that stood in the text already; it is left alone.
	placeholder bool
}

// upper tells whether the word is written with a capital.
func (t token) upper() bool {
	r, _ := utf8.DecodeRuneInString(t.text)
	return unicode.IsUpper(r)
}

// sentence tells whether a sentence ends between the word before and this one.
func (t token) sentence() bool { return t.first || strings.ContainsAny(t.gap, ".?!;:¿¡…") }

// letter tells whether the word is one letter, as in a spelt name.
func (t token) letter() bool {
	return len(t.norm) == 1 && t.norm[0] >= 'a' && t.norm[0] <= 'z'
}

// digits tells whether the word is written in digits.
func (t token) digits() bool { return t.norm != "" && strings.Trim(t.norm, "0123456789") == "" }

// ordinal tells whether the word is a number with the sign of an ordinal: "3.º".
func (t token) ordinal() bool {
	return t.text[0] >= '0' && t.text[0] <= '9' && (strings.HasSuffix(t.text, "º") || strings.HasSuffix(t.text, "ª"))
}

// cut takes a line apart into words: runs of letters and digits, apostrophes inside them kept; a placeholder is one
// word.
func cut(line int, text string) []token {
	var toks []token
	last := 0
	for i := 0; i < len(text); {
		n, placeholder := wordAt(text[i:])
		if n == 0 {
			_, size := utf8.DecodeRuneInString(text[i:])
			i += size
			continue
		}
		t := token{line: line, start: i, end: i + n, text: text[i : i+n], gap: text[last:i], first: len(toks) == 0, placeholder: placeholder}
		t.norm = fold(t.text)
		if t.ordinal() {
			t.norm = strings.TrimRight(t.norm, ".ºª")
		}
		t.stem = stem(t.norm)
		toks = append(toks, t)
		i += n
		last = i
	}
	return toks
}

// wordAt is the length of the word or placeholder that the text begins with; 0 if it begins with neither.
func wordAt(text string) (n int, placeholder bool) {
	if text[0] == '[' {
		if end := strings.IndexByte(text, ']'); end > 0 && isPlaceholder(text[:end+1]) {
			return end + 1, true
		}
		return 0, false
	}
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if !isWord(r) && !(n > 0 && isApostrophe(r) && followsWord(text[n+size:])) {
			break
		}
		n += size
	}
	if n > 0 && text[n-1] >= '0' && text[n-1] <= '9' && (strings.HasPrefix(text[n:], ".º") || strings.HasPrefix(text[n:], ".ª")) {
		n += len(".º")
	}
	return n, false
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

func isApostrophe(r rune) bool { return r == '\'' || r == '’' }

func followsWord(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return isWord(r)
}

// folds writes letters without their marks, and the digits of other scripts as ours.
var folds = strings.NewReplacer(
	"á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "ă", "a", "ą", "a", "ā", "a", "æ", "ae",
	"é", "e", "è", "e", "ê", "e", "ë", "e", "ě", "e", "ę", "e", "ė", "e", "í", "i", "ì", "i", "î", "i", "ï", "i", "ı", "i",
	"ó", "o", "ò", "o", "ô", "o", "ö", "o", "õ", "o", "ő", "o", "ø", "o", "œ", "oe", "ú", "u", "ù", "u", "û", "u", "ü", "u", "ű", "u", "ů", "u",
	"ñ", "n", "ń", "n", "ň", "n", "ç", "c", "ć", "c", "č", "c", "ş", "s", "ș", "s", "ś", "s", "š", "s", "ß", "ss", "ğ", "g", "ł", "l", "ř", "r", "đ", "d", "ď", "d",
	"ạ", "a", "ả", "a", "ấ", "a", "ầ", "a", "ẩ", "a", "ẫ", "a", "ậ", "a", "ắ", "a", "ằ", "a", "ẳ", "a", "ẵ", "a", "ặ", "a", "ẹ", "e", "ẻ", "e", "ẽ", "e", "ế", "e", "ề", "e", "ể", "e", "ễ", "e", "ệ", "e", "ỉ", "i", "ị", "i", "ĩ", "i", "ọ", "o", "ỏ", "o", "ố", "o", "ồ", "o", "ổ", "o", "ỗ", "o", "ộ", "o", "ớ", "o", "ờ", "o", "ở", "o", "ỡ", "o", "ợ", "o", "ơ", "o", "ụ", "u", "ủ", "u", "ứ", "u", "ừ", "u", "ử", "u", "ữ", "u", "ự", "u", "ư", "u", "ũ", "u", "ỳ", "y", "ỵ", "y", "ỷ", "y", "ỹ", "y",
	"ţ", "t", "ț", "t", "ť", "t", "ž", "z", "ź", "z", "ż", "z", "ý", "y", "ÿ", "y", "’", "'",
	"٠", "0", "١", "1", "٢", "2", "٣", "3", "٤", "4", "٥", "5", "٦", "6", "٧", "7", "٨", "8", "٩", "9",
	"۰", "0", "۱", "1", "۲", "2", "۳", "3", "۴", "4", "۵", "5", "۶", "6", "۷", "7", "۸", "8", "۹", "9",
	"०", "0", "१", "1", "२", "2", "३", "3", "४", "4", "५", "5", "६", "6", "७", "7", "८", "8", "९", "9",
	"０", "0", "１", "1", "２", "2", "３", "3", "４", "4", "５", "5", "６", "6", "７", "7", "８", "8", "９", "9",
)

// fold makes a word comparable: lower case, without accents, composed or not.
func fold(s string) string {
	s = strings.ToLower(s)
	if ascii(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, folds.Replace(s))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
