package calls

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// hidden says what is wrong with the texts that may not be seen. Only what belongs to a payment card vanishes
// everywhere; but of a caller who must not be heard, or not any more, every word may be asked for.
func hidden(c *Call, f *faults) {
	for i, h := range c.Expect.Hidden {
		key := fmt.Sprintf("expect.hidden[%d]", i)
		if tooShort(h, key, f) || silenced(c) || cardLike(h) {
			continue
		}
		f.add(key, "%q is no card number, security code or expiry date, and only these vanish everywhere: move it to hidden_from_model", short(h))
	}
	for i, h := range c.Expect.HiddenFromModel {
		tooShort(h, fmt.Sprintf("expect.hidden_from_model[%d]", i), f)
	}
}

// spokenAddress is how an e-mail address is said; in the script it may be written either way.
var spokenAddress = strings.NewReplacer("@", " at ", ".", " dot ")

// Unsaid names the texts to hide that nobody says in the script, neither in these words nor in these digits: they guard
// nothing, most likely for a slip of the pen.
func (c *Call) Unsaid() []string {
	var words strings.Builder
	for _, u := range c.Script {
		words.WriteString(bare(u.Text) + " " + bare(spokenAddress.Replace(u.Text)) + " ")
	}
	joined, digits := strings.ReplaceAll(words.String(), " ", ""), digitsOf(strings.Fields(words.String()))
	var out []string
	for key, list := range map[string][]string{"hidden": c.Expect.Hidden, "hidden_from_model": c.Expect.HiddenFromModel} {
		for i, h := range list {
			words := bare(spokenAddress.Replace(h))
			number := digitsOf(strings.Fields(words))
			if !strings.Contains(joined, strings.ReplaceAll(words, " ", "")) && (number == "" || !strings.Contains(digits, number)) {
				out = append(out, fmt.Sprintf("expect.%s[%d]: nobody says %q in the script, so it guards nothing; write it as it is said", key, i, short(h)))
			}
		}
	}
	slices.Sort(out)
	return out
}

// tooShort tells, and says so, that a text would be found in much that has nothing to do with it.
func tooShort(h, key string, f *faults) bool {
	letters := 0
	for _, r := range h {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			letters++
		}
	}
	switch {
	case !f.clean(key):
	case letters == 0:
		f.add(key, "is empty: it would stand everywhere")
	case letters < 3:
		f.add(key, "%q is too short: it would stand in many other words; give at least three letters or digits", h)
	default:
		return false
	}
	return true
}

// silenced tells whether nothing of a call may be known from some time on.
func silenced(c *Call) bool {
	return c.Expect.Transcript != nil && len(c.Expect.Transcript) == 0 ||
		c.Expect.Recorded != nil && !*c.Expect.Recorded ||
		slices.ContainsFunc(c.ReportConsent, func(r ConsentReport) bool { return r.Answer != ConsentGranted })
}

// What may stand beside the digits of a card, in English and Spanish; expiring words also allow a month's name.
const (
	cardWords = " card number visa mastercard master amex american express discover debit credit security code cvv cvc cvv2 cvc2 csc " +
		"the is my it its it's and on in of to back front three four digit digits last first a an ending ends with then oh double triple " +
		"tarjeta de del crédito credito débito debito número numero código codigo seguridad el la es mi y termina en doble triple últimos ultimos cuatro tres dígitos digitos "
	expiryWords = " expires expire expiry expiration expiring exp date valid until till through thru good " +
		"vence vencimiento caduca caducidad fecha válida valida hasta "
	monthWords = " january february march april may june july august september october november december " +
		"jan feb mar apr jun jul aug sep sept oct nov dec " +
		"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre "
)

// cardLike tells whether a text can be (a part of) a card number, a security code or an expiry date: digits, typed or
// spoken, of the right number, and no other words than go with them.
func cardLike(s string) bool {
	words := strings.Fields(bare(s))
	has := func(set, w string) bool { return strings.Contains(set, " "+w+" ") }
	expires := slices.ContainsFunc(words, func(w string) bool { return has(expiryWords, w) })
	month := false
	for _, w := range words {
		switch _, number := numeral(w); {
		case number, has(cardWords, w), has(expiryWords, w), strings.Trim(w, "0123456789") == "", w == "s":
		case has(monthWords, w):
			month = true
		default:
			return false
		}
	}
	d := digitsOf(words)
	switch n := len(d); {
	case month && expires:
		return n == 2 || n == 4 // of the year
	case month: // without a word that says so it must be a year in which cards expire
		return n == 2 && "24" <= d && d <= "45" || n == 4 && "2024" <= d && d <= "2045"
	case n == 3, n == 4, n == 8, n == 12, n >= 16 && n <= 19:
		return true
	case n == 6: // month and year
		return d[:2] >= "01" && d[:2] <= "12" && d[2:4] == "20"
	case n >= 13:
		return luhn(d)
	}
	return false
}

// digitsOf reads digits that are typed or spoken in any way: "42", "four two", "forty-two", "double four".
func digitsOf(words []string) string {
	var b strings.Builder
	times, tens := 1, false
	for _, w := range words {
		d, ok := numeral(w)
		switch {
		case w == "double" || w == "doble":
			times = 2
			continue
		case w == "triple":
			times = 3
			continue
		case strings.Trim(w, "0123456789") == "":
			d = w
		case !ok:
			continue
		}
		if s := b.String(); tens && len(d) == 1 && d != "0" && ok {
			b.Reset()
			b.WriteString(s[:len(s)-1])
		}
		b.WriteString(strings.Repeat(d, times))
		times, tens = 1, ok && len(d) == 2 && d[1] == '0' && d != "10"
	}
	return b.String()
}

// numeral is a number word's digits, in English and Spanish.
func numeral(w string) (digits string, ok bool) {
	for n, names := range map[string]string{
		"0": " zero oh cero ", "1": " one uno una ", "2": " two dos ", "3": " three tres ", "4": " four cuatro ", "5": " five cinco ",
		"6": " six seis ", "7": " seven siete ", "8": " eight ocho ", "9": " nine nueve ", "10": " ten diez ", "11": " eleven once ",
		"12": " twelve doce ", "13": " thirteen trece ", "14": " fourteen catorce ", "15": " fifteen quince ", "16": " sixteen dieciséis ",
		"17": " seventeen diecisiete ", "18": " eighteen dieciocho ", "19": " nineteen diecinueve ", "20": " twenty veinte ",
		"21": " veintiuno ", "22": " veintidós ", "23": " veintitrés ", "24": " veinticuatro ", "25": " veinticinco ", "26": " veintiséis ",
		"27": " veintisiete ", "28": " veintiocho ", "29": " veintinueve ", "30": " thirty treinta ", "40": " forty cuarenta ", "50": " fifty cincuenta ", "60": " sixty sesenta ", "70": " seventy setenta ",
		"80": " eighty ochenta ", "90": " ninety noventa ",
	} {
		if strings.Contains(names, " "+w+" ") {
			return n, true
		}
	}
	return "", false
}

// luhn checks a card number's last digit (ISO/IEC 7812-1, annex B).
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}
