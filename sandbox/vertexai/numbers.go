package vertexai

import (
	"slices"
	"strings"
	"unicode"
)

// Phrases that an order number follows.
var (
	orderIs = []pattern{
		compile("order|tracking|confirmation|reference|ticket|case|account|purchase|invoice|serial number|no|id|code"),
		compile("order|ticket|case|invoice is?"), compile("numero de? el? pedido|orden|seguimiento|compra|caso|factura|referencia|cliente"),
		compile("pedido|orden|factura numero?"),
	}
	// A number of no kind may be a telephone's: it takes a word for an order before it.
	numberIs   = []pattern{compile("number is"), compile("numero es"), compile("el numero")}
	orderWords = set(`order orders tracking confirmation reference ticket case purchase invoice serial pedido orden seguimiento compra caso
 factura referencia`)
	phoneWords = set("area phone telephone mobile cell telefono celular movil")
	askOrder   = []pattern{
		compile("order|tracking|confirmation|reference|ticket|case|purchase|invoice number|no|id"), compile("numero de? el? pedido|orden|seguimiento|compra|caso|factura"),
	}
)

// orderNumber finds a number of an order, ticket or the like, written as one would type it.
func orderNumber(lines []utterance) detail {
	d, ok := after(lines, "order_number", orderIs, codeAfterFiller)
	if d.sure = 0.93; ok {
		return d
	}
	if d, ok = after(lines, "order_number", numberIs, codeOfOrder); !ok {
		d, _ = answered(lines, "order_number", askOrder, codeNotPhone)
	}
	d.sure = 0.9
	return d
}

// codeOfOrder is codeAfterFiller where the line spoke of an order before.
func codeOfOrder(u utterance, from int) (string, int) {
	if !speaks(u, 0, from, orderWords) {
		return "", from
	}
	return codeAfterFiller(u, from)
}

// codeNotPhone is codeAt unless the words before say that a telephone's number comes.
func codeNotPhone(u utterance, from int) (string, int) {
	if speaks(u, 0, from, phoneWords) && !speaks(u, 0, from, orderWords) {
		return "", from
	}
	return codeAt(u, from)
}

// speaks tells whether one of the words stands in a stretch of the line.
func speaks(u utterance, from, to int, of map[string]bool) bool {
	return slices.ContainsFunc(u.words, func(w word) bool { return from <= w.at && w.at < to && of[w.norm] })
}

// codeAfterFiller skips the little words between "number" and the number.
func codeAfterFiller(u utterance, from int) (string, int) {
	for i := from; i < len(u.raw) && i < from+5; i++ {
		if v, end := codeAt(u, i); v != "" {
			return v, end
		}
		if w := normal(u.raw[i]); !slices.ContainsFunc(w, func(n string) bool { return fillers[n] }) {
			return "", from
		}
	}
	return "", from
}

var fillers = set("is it its the number no um uh er ah yes sure that would be sorry let me see okay es el numero si de #")

var digits = map[string]string{
	"zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
	"nine": "9", "cero": "0", "uno": "1", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5", "seis": "6", "siete": "7", "ocho": "8", "nueve": "9",
}

// codeAt reads letters and digits, said one by one or written together, as one code. It takes three digits
// at least to make one.
func codeAt(u utterance, from int) (string, int) {
	var b strings.Builder
	i := from
loop:
	for ; i < len(u.raw); i++ {
		w := strings.TrimFunc(u.raw[i], func(r rune) bool { return strings.ContainsRune(`.,;:!?"()#`, r) })
		low := fold(strings.ToLower(w))
		switch {
		case digits[low] != "":
			b.WriteString(digits[low])
		case (low == "double" || low == "doble") && i+1 < len(u.raw):
			d := digits[fold(strings.ToLower(strings.TrimRight(u.raw[i+1], ".,")))]
			if d == "" {
				d = strings.TrimRight(u.raw[i+1], ".,")
			}
			if len(d) != 1 {
				break loop
			}
			b.WriteString(d + d)
			i++
		case (low == "dash" || low == "hyphen" || low == "minus" || low == "guion") && b.Len() > 0:
			b.WriteByte('-')
		case isCode(w) && (b.Len() > 0 || !slices.Contains([]string{"a", "I", "y", "o"}, w)):
			b.WriteString(strings.ToUpper(w))
		default:
			break loop
		}
		if ends(u.raw[i]) && len(w) != 1 {
			i++
			break
		}
	}
	code := strings.Trim(b.String(), "-")
	n := 0
	for _, r := range code {
		if unicode.IsDigit(r) {
			n++
		}
	}
	if n < 3 || len(code) > 24 {
		return "", from
	}
	return code, i
}

// isCode tells whether a word is part of a code: a digit in it, or a letter alone, or a few capitals.
func isCode(w string) bool {
	if w == "" || strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return false
	}
	return strings.ContainsAny(w, "0123456789") || len(w) == 1 || len(w) <= 4 && strings.ToUpper(w) == w
}
