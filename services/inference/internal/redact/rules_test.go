package redact

import (
	"slices"
	"testing"
)

func TestLuhn(t *testing.T) {
	for digits, want := range map[string]bool{
		"4111111111111111": true, "4111111111111112": false, "378282246310005": true, "30569309025904": true, "6011000990139424": true,
		"5555555555554444": true, "5555555555554445": false, "79927398713": true, "0": true, "8": false,
	} {
		if got := luhn(digits); got != want {
			t.Errorf("luhn(%s) = %v, want %v", digits, got, want)
		}
	}
}

func TestIssued(t *testing.T) {
	for digits, want := range map[string]bool{
		"4111111111111111": true, "411111111111111": false, "371449635398431": true, "361449635398431": false, "2221000000000009": true, "2721000000000004": false,
		"6011000990139424": true, "6445644564456445": true, "6200000000000005": true, "1111111111111117": false, "": false,
	} {
		if got := issued(digits); got != want {
			t.Errorf("issued(%s) = %v, want %v", digits, got, want)
		}
	}
}

func TestMonthYear(t *testing.T) {
	for digits, want := range map[string]string{
		"0928": "09/28", "928": "09/28", "1230": "12/30", "1330": "", "0019": "", "0912": "", "092028": "09/28", "92028": "09/28", "091928": "", "1249": "",
	} {
		if got := monthYear(digits); got != want {
			t.Errorf("monthYear(%s) = %q, want %q", digits, got, want)
		}
	}
}

func TestDNILetter(t *testing.T) {
	for digits, want := range map[string]byte{"12345678": 'z', "00000000": 't', "99999999": 'r', "55248603": 'g', "01418095": 'f'} {
		if got := dniLetter(digits); got != want {
			t.Errorf("dniLetter(%s) = %c, want %c", digits, got, want)
		}
	}
}

// stream1 reads one line of a caller.
func stream1(text, language string) *stream {
	return read([]Line{{Caller: true, Text: text}}, languageOf(language)).streams[0]
}

func TestNumberWords(t *testing.T) {
	for _, c := range []struct {
		language, text string
		want           []string // the digits of each run
	}{
		{"en", "four two four two", []string{"4242"}},
		{"en", "forty-two forty two", []string{"4242"}},
		{"en", "double four, oh seven", []string{"4407"}},
		{"en", "triple nine zero", []string{"9990"}},
		{"en", "nineteen eighty five", []string{"1985"}},
		{"en", "two thousand five", []string{"2005"}},
		{"en", "eight hundred five five five", []string{"800555"}},
		{"en", "eighteen hundred", []string{"1800"}},
		{"en", "one hundred and twelve", []string{"112"}},
		{"en", "four two uh four two", []string{"4242"}},
		{"en", "415-555-0100, 4242", []string{"4155550100", "4242"}},
		{"en", "oh, I see, 4 apples", []string{"4"}},
		{"en", "at 10:30", []string{"10", "30"}},
		{"en", "the sixteen digit number", nil},
		{"es", "cuarenta y dos, cuarenta y dos", []string{"4242"}},
		{"es", "mil novecientos ochenta y cinco", []string{"1985"}},
		{"es", "dos mil cinco", []string{"2005"}},
		{"es", "seis uno dos, veintitrés", []string{"61223"}},
		{"es", "doble cero siete", []string{"007"}},
		{"es", "quinientas doce", []string{"512"}},
		{"es", "ciento diez", []string{"110"}},
	} {
		var got []string
		for _, r := range stream1(c.text, c.language).runs {
			got = append(got, r.digits)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %q: %v, want %v", c.language, c.text, got, c.want)
		}
	}
}

func TestDate(t *testing.T) {
	for _, c := range []struct{ language, text, want string }{
		{"en", "March 5th, 1980", "1980-03-05"},
		{"en", "march the fifth nineteen eighty", "1980-03-05"},
		{"en", "the fifth of March 1980", "1980-03-05"},
		{"en", "twenty third of april ninety two", "1992-04-23"},
		{"en", "5 March 2001", "2001-03-05"},
		{"en", "03/05/1980", "1980-03-05"},
		{"en-GB", "03/05/1980", "1980-05-03"},
		{"en", "25/05/1980", "1980-05-25"},
		{"en", "1980-03-05", "1980-03-05"},
		{"en", "march 5th", "--03-05"},
		{"en", "March 1980", "1980-03"},
		{"en", "may I ask", ""},
		{"en", "13/32/1980", ""},
		{"es", "5 de marzo de 1980", "1980-03-05"},
		{"es", "cinco de marzo de mil novecientos ochenta", "1980-03-05"},
		{"es", "veintiuno del cuatro del ochenta y ocho", "1988-04-21"},
		{"es", "09/05/2019", "2019-05-09"},
	} {
		s := stream1(c.text, c.language)
		got := ""
		for i := range s.toks {
			if d, n := s.date(i); n > 0 {
				got = d.String()
				break
			}
		}
		if got != c.want {
			t.Errorf("%s %q: %q, want %q", c.language, c.text, got, c.want)
		}
	}
}

func TestNear(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"okonkwo", "okonkwo", true}, {"oconquo", "okonkwo", false}, {"okonko", "okonkwo", true}, {"web", "webb", true}, {"webb", "hill", false}, {"", "a", false}, {"smith", "smyth", true},
	} {
		if got := near(c.a, c.b); got != c.want {
			t.Errorf("near(%s, %s) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
