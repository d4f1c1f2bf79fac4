package redact_test

import (
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// otherNumbers are conversations with numbers of other kinds, before a card is said.
var otherNumbers = [][]string{
	{}, {"C: I was charged twice. Order 55812.", "A: Which card was that on?"}, {"C: My order is 774 6021.", "A: And the number?"},
	{"A: What's the order number?", "C: Order A 4471.", "A: And how would you like to pay?"},
	{"C: You can reach me at 202 555 0142.", "A: Thank you. The card, please?"}, {"C: call me at two oh two five five five oh one four two", "A: ok and the card"},
	{"C: It's for 340 dollars on invoice 20261129.", "A: Go ahead."}, {"C: Tracking number 1Z 999 AA1 0123456784.", "A: Mm-hm."},
	{"C: I was born on 03/14/1981 and my zip is 62704.", "A: Card number?"}, {"C: I need 12 of them by 3 p.m. on the 14th."},
	{"A: Their reference is 88 2110 445.", "C: Right."}, {"C: Flight 1183 at 6:50, seat 14.", "A: I see it."},
	{"C: Mi pedido es el 55812.", "A: ¿Con qué tarjeta?"}, {"C: Factura 2209, son 340 pesos.", "A: Dígame."},
}

// TestACardIsHiddenWhateverIsSaidAround: a card number said whole, in any way of saying it, is hidden to the last digit
// whatever other numbers and words stand before and after it.
func TestACardIsHiddenWhateverIsSaidAround(t *testing.T) {
	ways := []string{
		"4242 4242 4242 4242", "4242424242424242", "4242-4242-4242-4242", "four two four two four two four two four two four two four two four two",
		"forty-two forty-two forty-two forty-two forty-two forty-two forty-two forty-two", "5555 5555 5555 4444",
		"five five five five five five five five five five five five four four four four", "3782 822463 10005", "6011 1111 1111 1117",
		"4 2 4 2, 4 2 4 2, 4 2 4 2, 4 2 4 2", "cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos",
	}
	after := []string{".", ", expires 08/28.", ", code 737.", ". My order is 55812.", " and the zip is 62704.", ". Call me at 202 555 0142."}
	for _, language := range []string{"en-US", "es-US"} {
		for _, lines := range otherNumbers {
			for _, way := range ways {
				for _, rest := range after {
					said := append(append([]string{}, lines...), "C: "+way+rest)
					shown := redact.Redact(talk(said...), language).Redacted
					last := shown[len(shown)-1]
					if !strings.HasPrefix(last, "[CARD_1]") {
						t.Errorf("%s: %q became %q", language, said, last)
					}
				}
			}
		}
	}
}

// TestACardInPiecesIsHidden: the same of one that is dictated over several lines, between nods of the other party.
func TestACardInPiecesIsHidden(t *testing.T) {
	pieces := [][]string{
		{"It's 4242.", "4242.", "4242.", "4242."}, {"four two four two", "four two four two", "four two four two", "four two four two"},
		{"5555 5555", "5555 4444."}, {"the card is 6011 1111", "1111 1117"}, {"3782", "822463", "10005"},
	}
	for _, language := range []string{"en-US", "es-US"} {
		for _, lines := range otherNumbers {
			for _, list := range pieces {
				said := append(append([]string{}, lines...), "A: The card number?")
				for i, piece := range list {
					if i > 0 {
						said = append(said, "A: Mm-hm.")
					}
					said = append(said, "C: "+piece)
				}
				shown := redact.Redact(talk(said...), language).Redacted
				for _, line := range shown[len(lines)+1:] {
					if line != "Mm-hm." && !strings.Contains(line, "[CARD_1]") {
						t.Errorf("%s: %q became %q", language, said, shown)
						break
					}
				}
			}
		}
	}
}
