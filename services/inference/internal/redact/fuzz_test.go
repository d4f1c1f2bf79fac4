package redact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// checkDigit makes a number that the Luhn check accepts of its first digits.
func checkDigit(digits string) string {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return digits + fmt.Sprint((10-sum%10)%10)
}

// cardOf makes a card number of a network and so long out of a seed.
func cardOf(seed uint64) string {
	kinds := []struct {
		prefix string
		length int
	}{
		{"4", 16}, {"4", 13}, {"4", 19}, {"51", 16}, {"55", 16}, {"2221", 16}, {"2720", 16}, {"34", 15}, {"37", 15}, {"6011", 16}, {"65", 16}, {"36", 14}, {"3530", 16}, {"62", 16}, {"62", 17}, {"62", 18}, {"62", 19}, {"50", 16},
	}
	k := kinds[seed%uint64(len(kinds))]
	seed /= uint64(len(kinds))
	d := k.prefix
	for len(d) < k.length-1 {
		d += fmt.Sprint(seed % 10)
		seed = seed/10*6364136223846793005 + seed*31 + 7
	}
	return checkDigit(d)
}

// grouped writes digits in one of the ways in which recognisers do.
func grouped(digits string, style uint8) string {
	step, sep := 4, " "
	switch style % 5 {
	case 0:
		return digits
	case 1:
		step = 1
	case 2:
		sep = "-"
	case 3:
		sep = ", "
	case 4:
		step = 2
	}
	var groups []string
	for len(digits) > step {
		groups = append(groups, digits[:step])
		digits = digits[step:]
	}
	return strings.Join(append(groups, digits), sep)
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// FuzzRedact: whatever is said, nothing panics, no line is lost, what is put back has the words that were said, and a
// card number that stands in it shows no more than its last four digits.
func FuzzRedact(f *testing.F) {
	f.Add("My name is Amara Okonkwo, my email is", "a at b dot com", "en", uint64(7), uint8(0))
	f.Add("It's", "and the order number is 12", "en-US", uint64(123456789), uint8(1))
	f.Add("[CARD_1] [NAME_7] [x", "] Mi DNI es 12345678 zeta", "es", uint64(99), uint8(2))
	f.Add("calle de Alcalá 45, ñandú", "double triple o h oh as in", "", uint64(5), uint8(3))
	f.Add("\xff\xfe İ ß 4", "٤١١١ １２", "zh", uint64(1<<40), uint8(4))
	f.Fuzz(func(t *testing.T, before, after, language string, seed uint64, style uint8) {
		plain := []redact.Line{{Caller: true, Text: before}, {Text: after}, {Caller: true, Text: after}}
		r := redact.Redact(plain, language)
		if len(r.Redacted) != len(plain) || len(r.Masked) != len(plain) {
			t.Fatalf("%d and %d lines of %d", len(r.Redacted), len(r.Masked), len(plain))
		}
		if r.Confidence < 0 || r.Confidence >= 1 {
			t.Errorf("confidence %v", r.Confidence)
		}
		if len(r.Counts) == 0 {
			for i, l := range plain {
				if restored, _ := r.Restore(r.Redacted[i]); restored != l.Text || r.Masked[i] != l.Text {
					t.Errorf("nothing found, but %q became %q", l.Text, restored)
				}
			}
		}
		card := cardOf(seed)
		r = redact.Redact([]redact.Line{{Caller: true, Text: "so " + words(before) + ": " + grouped(card, style) + ". " + words(after)}, {Text: words(after)}}, language)
		for _, out := range [][]string{r.Redacted, r.Masked} {
			left := strings.ReplaceAll(onlyDigits(strings.Join(out, " ")), "****", "")
			if strings.Contains(left, card) || strings.Contains(left, card[:len(card)-4]) {
				t.Errorf("a card number stands in %q", out)
			}
		}
	})
}

// words leaves the letters of a text, so that no digit or number of it runs into the card's.
func words(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return ' '
		}
		return r
	}, s)
}

// FuzzRestore: a line without secrets comes back with its words, whatever stood around them.
func FuzzRestore(f *testing.F) {
	f.Add("Amara", "Okonkwo", "please call")
	f.Fuzz(func(t *testing.T, first, last, rest string) {
		line := "My name is " + capitalised(first) + " " + capitalised(last) + ". " + unspelt(rest)
		r := redact.Redact([]redact.Line{{Caller: true, Text: line}}, "en")
		for kind := range r.Counts {
			if kind == redact.Card || kind == redact.CVV || kind == redact.Expiry {
				return
			}
		}
		if len(r.Counts) != 1 || strings.Count(r.Redacted[0], "[NAME_") != 1 {
			return // what else was found comes back as records want it, and so does a name's short form
		}
		back, ok := r.Restore(r.Redacted[0])
		if !ok || normal(back) != normal(line) {
			t.Errorf("%q came back as %q (%v) by way of %q", line, back, ok, r.Redacted[0])
		}
	})
}

// unspelt leaves the words of a text, without letters that stand alone: those spell a name, which comes back joined.
func unspelt(s string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(words(s)), func(w string) bool { return utf8.RuneCountInString(w) < 2 }), " ")
}

func capitalised(s string) string {
	s = strings.ReplaceAll(words(s), " ", "")
	if utf8.RuneCountInString(s) < 2 {
		return "Rowan"
	}
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}

func normal(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }
