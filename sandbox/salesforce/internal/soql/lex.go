package soql

import (
	"strings"
	"unicode/utf8"
)

type kind int

const (
	end kind = iota
	word
	quoted
	number // digits, dates, times: sorted out by the parser
	sign
)

type token struct {
	kind kind
	// text of a word, number or sign; the content of a quoted string, unescaped.
	text string
	at   int
}

func (t token) is(keyword string) bool { return t.kind == word && strings.EqualFold(t.text, keyword) }

func lex(text string) ([]token, *Error) {
	var out []token
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '\'':
			t, next, err := lexString(text, i)
			if err != nil {
				return nil, err
			}
			out, i = append(out, t), next
		case letter(c):
			n := span(text[i:], func(c byte) bool { return letter(c) || digit(c) || c == '.' })
			out, i = append(out, token{word, text[i : i+n], i}), i+n
		case digit(c) || (c == '-' || c == '+') && i+1 < len(text) && digit(text[i+1]):
			n := 1 + span(text[i+1:], func(c byte) bool {
				return digit(c) || letter(c) || c == '.' || c == ':' || c == '-' || c == '+'
			})
			out, i = append(out, token{number, text[i : i+n], i}), i+n
		default:
			n := signLength(text[i:])
			if n == 0 {
				r, size := utf8.DecodeRuneInString(text[i:])
				if r == utf8.RuneError && size <= 1 {
					return nil, Malformed(text, i, "unexpected character")
				}
				return nil, Malformed(text, i, "unexpected token: '%c'", r)
			}
			out, i = append(out, token{sign, text[i : i+n], i}), i+n
		}
	}
	return append(out, token{kind: end, at: len(text)}), nil
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func signLength(s string) int {
	for _, two := range []string{"!=", "<>", "<=", ">="} {
		if strings.HasPrefix(s, two) {
			return 2
		}
	}
	if strings.IndexByte("=<>(),:{}", s[0]) >= 0 {
		return 1
	}
	return 0
}

// lexString reads a quoted string; backslashes escape as in the SOQL reference, and keep \% and \_ for LIKE.
func lexString(text string, at int) (token, int, *Error) {
	var b strings.Builder
	for i := at + 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '\'':
			return token{quoted, b.String(), at}, i + 1, nil
		case '\\':
			i++
			if i == len(text) {
				return token{}, 0, Malformed(text, at, "line 1:%d mismatched character '<EOF>' expecting '''", i)
			}
			esc, ok := unescape(text[i])
			if !ok {
				return token{}, 0, Malformed(text, i-1, "Invalid string literal '%s'. Illegal character sequence '\\%c' in string literal",
					strings.ToValidUTF8(text[at+1:i+1], "?"), text[i])
			}
			b.WriteString(esc)
		default:
			b.WriteByte(c)
		}
	}
	return token{}, 0, Malformed(text, at, "line 1:%d mismatched character '<EOF>' expecting '''", len(text))
}

func unescape(c byte) (string, bool) {
	switch c {
	case 'n', 'N':
		return "\n", true
	case 'r', 'R':
		return "\r", true
	case 't', 'T':
		return "\t", true
	case 'b', 'B':
		return "\b", true
	case 'f', 'F':
		return "\f", true
	case '"', '\'', '\\':
		return string(c), true
	case '_', '%':
		return "\\" + string(c), true
	default:
		return "", false
	}
}
