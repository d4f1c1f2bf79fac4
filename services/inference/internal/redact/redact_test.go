package redact_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// talk makes lines of a text: "C: " begins a caller's, "A: " an agent's.
func talk(text ...string) []redact.Line {
	lines := make([]redact.Line, len(text))
	for i, l := range text {
		lines[i] = redact.Line{Caller: strings.HasPrefix(l, "C: "), Text: l[3:], StartMS: int64(i) * 1000, EndMS: int64(i)*1000 + 900}
	}
	return lines
}

// TestValues holds the form in which records get what was said.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		name, language string
		lines          []redact.Line
		want           map[string]string
	}{
		{"name in capitals", "en", talk("C: my name is amara okonkwo and i have a question"), map[string]string{"[NAME_1]": "Amara Okonkwo"}},
		{
			"spelling corrects a misheard name", "en", talk("C: My name is Amara Okonko.", "A: How do you spell your last name?", "C: O K O N K W O.", "A: Thank you, Ms. Okonkwo."),
			map[string]string{"[NAME_1]": "Amara Okonkwo"},
		},
		{"spelling with words", "en", talk("C: It's Wright, W as in whiskey, R as in Romeo, I, G, H, T.", "A: Thanks."), map[string]string{"[NAME_1]": "Wright"}},
		{"firm that bears a name", "en", talk("C: This is Celeste Abernathy.", "A: And the company?", "C: Abernathy Cellars."), map[string]string{"[NAME_1]": "Celeste Abernathy", "[NAME_2]": "Abernathy"}},
		{"spelling ends before a sentence", "en", talk("C: Marta Quell, Q U E L L. I wanted a demo."), map[string]string{"[NAME_1]": "Marta Quell"}},
		{"particles stay small", "es", talk("C: Me llamo José Luis de la Torre."), map[string]string{"[NAME_1]": "José Luis de la Torre"}},
		{"hyphenated name", "en", talk("C: My name is Ngaire Osei-Bonsu."), map[string]string{"[NAME_1]": "Ngaire Osei-Bonsu"}},
		{"phone of North America", "en", talk("C: My number is four one five, five five five, oh one double two."), map[string]string{"[PHONE_1]": "+14155550122"}},
		{"phone with its one", "en", talk("C: Call me at 1-415-555-0122."), map[string]string{"[PHONE_1]": "+14155550122"}},
		{"phone with a plus", "en", talk("C: It's +44 20 7946 0958."), map[string]string{"[PHONE_1]": "+442079460958"}},
		{"phone of Britain", "en-GB", talk("C: My number is 020 7946 0958."), map[string]string{"[PHONE_1]": "+442079460958"}},
		{"phone of Spain", "es-ES", talk("C: Mi teléfono es seis uno dos, treinta y cuatro, cincuenta y seis, setenta y ocho."), map[string]string{"[PHONE_1]": "+34612345678"}},
		{"phone of Mexico", "es-MX", talk("C: Mi celular es 55 1234 5678."), map[string]string{"[PHONE_1]": "+525512345678"}},
		{"email spoken", "en", talk("C: My email is dana underscore k dot lee at mail dot north dash shore dot co dot uk."), map[string]string{"[EMAIL_1]": "dana_k.lee@mail.north-shore.co.uk"}},
		{"email spelt", "en", talk("C: It's j as in juliet, o, k at gmail dot com."), map[string]string{"[EMAIL_1]": "jok@gmail.com"}},
		{"email written", "en", talk("C: Write to Jo.Kim+home@mail.example.museum please."), map[string]string{"[EMAIL_1]": "jo.kim+home@mail.example.museum"}},
		{"email after the word with its verb", "en", talk("C: The e-mail's hello at example dot com, my Gmail's just leo at gmail dot com."), map[string]string{"[EMAIL_1]": "hello@example.com", "[EMAIL_2]": "leo@gmail.com"}},
		{"email written after an at", "en", talk("C: Could you send me a quote at esperance@example.com, and mail me the forms jo@example.org?"), map[string]string{"[EMAIL_1]": "esperance@example.com", "[EMAIL_2]": "jo@example.org"}},
		{"email after a name", "en", talk("C: My name is Nora Quist, nora at hello dot example dot com."), map[string]string{"[NAME_1]": "Nora Quist", "[EMAIL_1]": "nora@hello.example.com"}},
		{"email that greets", "en", talk("C: It's hello at hello dot example dot com."), map[string]string{"[EMAIL_1]": "hello@hello.example.com"}},
		{"email in Spanish", "es", talk("C: Mi correo es ana guion bajo ruiz ochenta y tres arroba correo punto com punto mx."), map[string]string{"[EMAIL_1]": "ana_ruiz83@correo.com.mx"}},
		{"birth date in words", "en", talk("A: What's your date of birth?", "C: Two nineteen sixty three."), map[string]string{"[DOB_1]": "1963-02-19"}},
		{"birth date in digits", "en", talk("C: Date of birth is 03051980."), map[string]string{"[DOB_1]": "1980-03-05"}},
		{"birth date day first", "es", talk("C: Nací el 3 del 5 del 80."), map[string]string{"[DOB_1]": "1980-05-03"}},
		{"address", "en", talk("C: I live at seven forty two Cedar Avenue, apartment five, Springfield, Illinois, six two seven oh four."), map[string]string{"[ADDRESS_1]": "742 Cedar Avenue, apartment 5, Springfield, Illinois, 62704"}},
		{"DNI", "es", talk("C: Mi DNI es 12345678 zeta."), map[string]string{"[ID_1]": "12345678Z"}},
		{"passport", "en", talk("C: My passport number is C as in Charlie, 0 3 1 8, 4427."), map[string]string{"[ID_1]": "C03184427"}},
		{"no value of a card", "en", talk("C: My card is 4111 1111 1111 1111, expires 04/29, the CVV is 123."), map[string]string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := redact.Redact(c.lines, c.language)
			if !maps.Equal(got.Values, c.want) {
				t.Errorf("values %q, want %q; redacted %q", got.Values, c.want, got.Redacted)
			}
		})
	}
}

func TestRestore(t *testing.T) {
	r := redact.Redact(talk("C: My name is Amara Okonkwo, my card is 4111 1111 1111 1111."), "en")
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"[NAME_1] called", "Amara Okonkwo called", true},
		{"[NAME_1][NAME_1]", "Amara OkonkwoAmara Okonkwo", true},
		{"paid with [CARD_1]", "paid with [CARD_1]", false},
		{"[NAME_2] called", "[NAME_2] called", false},
		{"as agreed [see note] and [NAME_x]", "as agreed [see note] and [NAME_x]", true},
		{"[[NAME_1]]", "[Amara Okonkwo]", true},
		{"open [ and shut ] and [NAME_1", "open [ and shut ] and [NAME_1", true},
		{"] [NAME_1]", "] Amara Okonkwo", true},
		{"", "", true},
	} {
		if got, ok := r.Restore(c.in); got != c.want || ok != c.ok {
			t.Errorf("Restore(%q) = %q, %v, want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestMasked(t *testing.T) {
	for _, c := range []struct{ in, redacted, masked string }{
		{"My card is 4111 1111 1111 1111.", "My card is [CARD_1].", "My card is ****1111."},
		{"4111 1111 1111 1111, 04/29, 123, I'm Ana Ruiz.", "[CARD_1], [EXPIRY_1], [CVV_1], I'm [NAME_1].", "****1111, ***, ***, I'm Ana Ruiz."},
		{"The CVV is 1 2 3.", "The CVV is [CVV_1].", "The CVV is ***."},
		{"It ends in 1111.", "It ends in 1111.", "It ends in 1111."},
		{"Call me at 415 555 0122.", "Call me at [PHONE_1].", "Call me at 415 555 0122."},
	} {
		r := redact.Redact(talk("C: "+c.in), "en")
		if r.Redacted[0] != c.redacted || r.Masked[0] != c.masked {
			t.Errorf("%q: redacted %q, masked %q, want %q, %q", c.in, r.Redacted[0], r.Masked[0], c.redacted, c.masked)
		}
	}
}

// TestMaskedInPieces: a card number dictated over lines shows its last four digits once.
func TestMaskedInPieces(t *testing.T) {
	r := redact.Redact(talk("C: My card is 4111 1111", "A: Mm-hmm.", "C: 1111 1111."), "en")
	if want := []string{"My card is ***", "Mm-hmm.", "****1111."}; !slices.Equal(r.Masked, want) {
		t.Errorf("masked %q, want %q", r.Masked, want)
	}
	if want := []string{"My card is [CARD_1]", "Mm-hmm.", "[CARD_1]."}; !slices.Equal(r.Redacted, want) {
		t.Errorf("redacted %q, want %q", r.Redacted, want)
	}
}

func TestPlaceholders(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []redact.Line
		want  []string
	}{
		{
			"same value, other line and party",
			talk("C: My number is 415 555 0122.", "A: Is that four one five, five five five, oh one two two?", "C: Yes, 415-555-0122."),
			[]string{"My number is [PHONE_1].", "Is that [PHONE_1]?", "Yes, [PHONE_1]."},
		},
		{
			"card read back in words",
			talk("C: It's 4111 1111 1111 1111.", "A: So that's four one one one, one one one one, one one one one, one one one one?"),
			[]string{"It's [CARD_1].", "So that's [CARD_1]?"},
		},
		{
			"one person, one placeholder",
			talk("C: Hi, this is Amara.", "A: Hi Amara, and your last name?", "C: Okonkwo. Amara Okonkwo.", "A: Thank you, Ms. Okonkwo."),
			[]string{"Hi, this is [NAME_1].", "Hi [NAME_1], and your last name?", "[NAME_1]. [NAME_1].", "Thank you, Ms. [NAME_1]."},
		},
		{
			"two people who share a name",
			talk("C: My name is Amara Okonkwo and my sister is Amara Bello.", "A: Thank you."),
			[]string{"My name is [NAME_1] and my sister is [NAME_2].", "Thank you."},
		},
		{
			"placeholders that stood there are kept, and not given again",
			talk("A: [NAME_1] asked Priya Raman about [CARD_1]."),
			[]string{"[NAME_1] asked [NAME_2] about [CARD_1]."},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := redact.Redact(c.lines, "en").Redacted; !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestCounts(t *testing.T) {
	r := redact.Redact(talk("C: I'm Amara Okonkwo, call 415 555 0122 or 415 555 0199.", "A: Thanks, Amara."), "en")
	if want := map[redact.Kind]int{redact.Name: 1, redact.Phone: 2}; !maps.Equal(r.Counts, want) {
		t.Errorf("counts %v, want %v", r.Counts, want)
	}
}

func TestEmpty(t *testing.T) {
	r := redact.Redact(nil, "")
	if len(r.Redacted) != 0 || len(r.Masked) != 0 || r.Values == nil || r.Counts == nil {
		t.Errorf("%+v", r)
	}
	if r := redact.Redact([]redact.Line{{}, {Caller: true, Text: " "}}, "en"); !slices.Equal(r.Redacted, []string{"", " "}) {
		t.Errorf("%q", r.Redacted)
	}
}

// TestConfidence: it falls with every sign that something was said and not found.
func TestConfidence(t *testing.T) {
	of := func(language string, text ...string) float64 {
		return redact.Redact(talk(text...), language).Confidence
	}
	plain := of("en", "C: I'd like to book a demo for Tuesday.")
	if plain <= 0.5 || plain >= 1 {
		t.Fatalf("plain call: %.3f, want between 0.5 and 1", plain)
	}
	for name, less := range map[string]float64{
		"digits that nothing explains":        of("en", "C: It says 1 0 0 4 4 8 2 9 1 3 3 on it."),
		"announcement that nothing follows":   of("en", "C: My email is.", "A: Sorry?"),
		"announcement that nothing fits":      of("en", "C: My name is on the list."),
		"language that nobody knows":          of("ja", "C: デモをお願いします。"),
		"no language at all":                  of("", "C: demo"),
		"announcement in Spanish, unanswered": of("es", "C: Mi correo es un poco largo."),
	} {
		if less >= plain {
			t.Errorf("%s: %.3f, want less than %.3f", name, less, plain)
		}
	}
	if two := of("en", "C: My email is.", "A: Sorry?", "C: My date of birth is.", "A: Sorry?"); two >= of("en", "C: My email is.", "A: Sorry?") {
		t.Errorf("two signs: %.3f, want less than with one", two)
	}
	for name, same := range map[string]float64{
		"digits of an order":             of("en", "C: My order number is 1 0 0 4 4 8 2 9."),
		"announcement that is fulfilled": of("en", "C: My email is jo at mail dot com."),
		"found phone":                    of("en", "C: My phone number is 415 555 0122."),
	} {
		if same != plain {
			t.Errorf("%s: %.3f, want %.3f", name, same, plain)
		}
	}
}
