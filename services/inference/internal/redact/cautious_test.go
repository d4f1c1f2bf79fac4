package redact_test

import (
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// TestCautious masks what may be a card, and leaves what is explained.
func TestCautious(t *testing.T) {
	for name, c := range map[string]struct {
		lines        []redact.Line
		gone, stands string // parted by |
	}{
		"typed, in four turns": {
			turns("It's 4242.", "Right.", "4242, yes.", "Sure, what was the weather like in the mountains up there?", "4242.", "And the last?", "4242."),
			"4242", "Right.|the weather",
		},
		"spoken, in four turns": {
			turns("four one one one", "Okay then, we can do that for you now.", "one one one one", "Got it, and after that?", "one one one one", "Mhm.", "one one one one"),
			"one one", "Okay then",
		},
		"in Spanish": {
			turns("cuatro cinco seis siete", "Dígame más, por favor, cuando quiera usted.", "ocho nueve cero uno"),
			"cuatro|siete|ocho", "por favor",
		},
		"in pairs": {
			turns("fifty four, are you with me, twelve, all right then, seventy five, good, are you there, twelve, wait a second, thirty four, fifty six"),
			"fifty|twelve|thirty", "with me",
		},
		"an order, a sum, a date": {
			turns("My order number is 88213, it cost $340 on March 3rd 2026, for 25 people."),
			"", "88213|$340|2026|25 people",
		},
		"a card in the words of an order": {
			turns("The order is on 4242.", "Mhm.", "The order also has 4242 in it.", "Yes.", "And 4242 and 4242 on the order."),
			"4242", "The order",
		},
	} {
		t.Run(name, func(t *testing.T) {
			language := "en-US"
			if name == "in Spanish" {
				language = "es-MX"
			}
			r := redact.Redact(c.lines, language).Cautious()
			for which, text := range map[string]string{"redacted": strings.Join(r.Redacted, "\n"), "masked": strings.Join(r.Masked, "\n")} {
				for _, want := range parted(c.stands) {
					if !strings.Contains(text, want) {
						t.Errorf("%s: %q is gone: %s", which, want, text)
					}
				}
				for _, leak := range parted(c.gone) {
					if strings.Contains(text, leak) {
						t.Errorf("%s: %q stands: %s", which, leak, text)
					}
				}
			}
		})
	}
}

func parted(s string) []string { return strings.FieldsFunc(s, func(r rune) bool { return r == '|' }) }

// TestCautiousKeepsPlaceholders: what was found is named as it was.
func TestCautiousKeepsPlaceholders(t *testing.T) {
	r := redact.Redact(turns("My name is Martin Whitfield, my card number is 4242 4242 4242 4242.", "And?", "7731, that is."), "en-US")
	c := r.Cautious()
	if !strings.HasPrefix(c.Redacted[0], "My name is [NAME_1], my card number is [CARD_1]") || c.Values["[NAME_1]"] != "Martin Whitfield" ||
		len(c.Counts) != len(r.Counts) || strings.Contains(c.Masked[2], "7731") || !strings.Contains(c.Masked[0], "****4242") {
		t.Errorf("%v %v %v", c.Redacted, c.Masked, c.Counts)
	}
	if empty := (&redact.Result{}).Cautious(); len(empty.Redacted) != 0 {
		t.Errorf("%v", empty)
	}
}

// turns are lines of the caller and the agent in turn.
func turns(texts ...string) []redact.Line {
	var out []redact.Line
	for i, text := range texts {
		out = append(out, redact.Line{Caller: i%2 == 0, StartMS: int64(i) * 1000, EndMS: int64(i)*1000 + 900, Text: text})
	}
	return out
}
