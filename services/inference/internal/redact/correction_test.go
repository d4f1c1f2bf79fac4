package redact_test

import (
	"slices"
	"testing"

	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// redaction is a conversation and what it becomes.
type redaction struct {
	language string
	lines    []redact.Line
	want     []string
}

func (c redaction) check(t *testing.T) {
	t.Helper()
	if got := redact.Redact(c.lines, c.language).Redacted; !slices.Equal(got, c.want) {
		t.Errorf("%v\nbecame %q\nwant   %q", c.lines, got, c.want)
	}
}

// TestRestated: what corrects, begins or repeats a number belongs to it, and other numbers near it do not.
func TestRestated(t *testing.T) {
	for _, c := range []redaction{
		{"en", talk("C: It's 415 555 0142, no, wait, 43. I have 20 minutes.", "A: I booked 2 rooms. Your order is 0143."),
			[]string{"It's [PHONE_1], no, wait, [PHONE_2]. I have 20 minutes.", "I booked 2 rooms. Your order is 0143."}},
		{"en", talk("C: My number is 415 555, hang on, 415 555 0142.", "A: And the order?", "C: Order 4417. No, wait, 4455."),
			[]string{"My number is [PHONE_1], hang on, [PHONE_1].", "And the order?", "Order 4417. No, wait, 4455."}},
		{"en", talk("C: my number is three oh three five five five oh one one eight", "A: three oh three five five five", "C: yes", "A: so it ends in oh one one eight"),
			[]string{"my number is [PHONE_1]", "[PHONE_1]", "yes", "so it ends in [PHONE_1]"}},
		{"en", talk("C: My social is 987 65 4321. No, sorry, the last is 4325.", "A: It ends in 4325?"),
			[]string{"My social is [ID_1]. No, sorry, the last is [ID_2].", "It ends in [ID_2]?"}},
		{"en", talk("C: My card is 4111 1111 1111 1111.", "A: So 4111?", "C: Yes. No, sorry, the last is 1112.", "A: It ends in 1112."),
			[]string{"My card is [CARD_1].", "So [CARD_1]?", "Yes. No, sorry, the last is [CARD_2].", "It ends in 1112."}},
		{"en", talk("A: What's the address?", "C: 900 Calloway Court. No, sorry, 950.", "A: 950 Calloway Court."),
			[]string{"What's the address?", "[ADDRESS_1]. No, sorry, [ADDRESS_2].", "[ADDRESS_2]."}},
		{"en", talk("A: And the address?", "C: 12 Elm Street. No, 14. Sorry, 16.", "A: Is 14 taken? No, 3 rooms are."),
			[]string{"And the address?", "[ADDRESS_1]. No, [ADDRESS_2]. Sorry, [ADDRESS_3].", "Is 14 taken? No, 3 rooms are."}},
		{"en", talk("C: the card is 5500 0000 0000 0004 exp 0930 cvv 123", "A: is that 5500"), []string{"the card is [CARD_1] exp [EXPIRY_1] cvv [CVV_1]", "is that [CARD_1]"}},
		{"en", talk("C: My card number is 4242 42, no, let me start again, 4242 4242 4242 4242."), []string{"My card number is [CARD_1], no, let me start again, [CARD_1]."}},
		{"en", talk("C: my amex is 3782 822463 10005 good till 11/29", "A: the code on the front", "C: one two three four no wait one two four three", "A: one two four three thanks your total is 1243 dollars"),
			[]string{"my amex is [CARD_1] good till [EXPIRY_1]", "the code on the front", "[CVV_1] no wait [CVV_2]", "[CVV_2] thanks your total is 1243 dollars"}},
		{"en", talk("C: My card is 6011 0009 9013 9424, it's 09/27, code 321.", "A: So 9424, 09/27, 321. Your total is 321 dollars for 9, 27 and 24."),
			[]string{"My card is [CARD_1], it's [EXPIRY_1], code [CVV_1].", "So [CARD_1], [EXPIRY_1], [CVV_1]. Your total is 321 dollars for 9, 27 and 24."}},
		{"es", talk("C: Mi teléfono es 213 555 0164. No, perdón, 0146."),
			[]string{"Mi teléfono es [PHONE_1]. No, perdón, [PHONE_2]."}},
	} {
		c.check(t)
	}
}

// TestNumbersApart: a number does not go on from another that only stands before it.
func TestNumbersApart(t *testing.T) {
	for _, c := range []redaction{
		{"en", talk("C: a table for six at seven thirty", "A: and a phone number", "C: nine one six five five five", "A: yes", "C: oh one oh eight"),
			[]string{"a table for six at seven thirty", "and a phone number", "[PHONE_1]", "yes", "[PHONE_1]"}},
		{"es", talk("C: vence en febrero del veintiocho", "A: y el código de la tarjeta", "C: siete cero dos"),
			[]string{"vence en [EXPIRY_1]", "y el código de la tarjeta", "[CVV_1]"}},
		{"en", talk("A: Card number?", "C: 4000, hold on, let me find my glasses. 4000 0566 5566 5556."), []string{"Card number?", "[CARD_1], hold on, let me find my glasses. [CARD_1]."}},
		{"en", talk("A: The card, please.", "C: 4242 4242 4242 4242.", "A: And the expiry?", "C: Eleven thirty. And it says triple seven on the back."), []string{"The card, please.", "[CARD_1].", "And the expiry?", "[EXPIRY_1]. And it says [CVV_1] on the back."}},
		{"es", talk("C: Quiero pagar la reserva con tarjeta. Es cuatro cero cero cero, espere, cero cero veinticinco,", "A: Dígame.", "C: cero cero cero cero, y termina con tres uno cinco cinco.", "A: ¿Y la fecha de caducidad?", "C: Once del veintinueve."),
			[]string{"Quiero pagar la reserva con tarjeta. Es [CARD_1], espere, [CARD_1],", "Dígame.", "[CARD_1], y termina con [CARD_1].", "¿Y la fecha de caducidad?", "[EXPIRY_1]."}},
		{"en", talk("C: the mastercard 5555 5555 5555 4444 expires 10 27 code 118 and I arrive at 1130"),
			[]string{"the mastercard [CARD_1] expires [EXPIRY_1] code [CVV_1] and I arrive at 1130"}},
		{"es", talk("C: Llame al once cincuenta y cinco cincuenta y cinco cero uno cuarenta y dos. Mi CUIL es veinte guion doce millones trescientos mil doce guion seis. Quiero once sillas y veintinueve mesas."),
			[]string{"Llame al [PHONE_1]. Mi CUIL es [ID_1]. Quiero once sillas y veintinueve mesas."}},
		{"en", talk("C: my number is 415 555 0142", "A: great and how many seats", "C: 142 no wait 143 seats", "A: that's 415 dollars and the order number is 4155"),
			[]string{"my number is [PHONE_1]", "great and how many seats", "142 no wait 143 seats", "that's 415 dollars and the order number is 4155"}},
		{"es", talk("A: ¿Y el número de la Seguridad Social?", "C: 08 1234567890. No, espere, termina en 91.", "A: ¿Un teléfono?", "C: 655 55 01 87"),
			[]string{"¿Y el número de la Seguridad Social?", "[ID_1]. No, espere, termina en [ID_2].", "¿Un teléfono?", "[PHONE_1]"}},
		{"en", talk("A: What are your dates of birth?", "C: Mine is four twelve nineteen eighty, and hers is six three eighty two. We want to come on March 3rd, 2027."),
			[]string{"What are your dates of birth?", "Mine is [DOB_1], and hers is [DOB_2]. We want to come on March 3rd, 2027."}},
		{"en", talk("C: I was born August 8, 1988, and I need an appointment on March 5th, 2027.", "A: And your twins?", "C: Mateo is May 3rd, 2019, and Inês is June 5th, 2021."),
			[]string{"I was born [DOB_1], and I need an appointment on March 5th, 2027.", "And your twins?", "[NAME_1] is [DOB_2], and [NAME_2] is [DOB_3]."}},
		{"en", talk("C: I need a lawyer.", "A: What email should we use?", "C: h underscore lindqvist seventy four at example dot org.", "A: Again, please?", "C: H underscore L I N D Q V I S T seven four."),
			[]string{"I need a lawyer.", "What email should we use?", "[EMAIL_1].", "Again, please?", "[EMAIL_1]."}},
	} {
		c.check(t)
	}
}
