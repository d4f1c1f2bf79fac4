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
	numberIs   = []pattern{compile("number is?"), compile("numero es?"), compile("el numero")}
	orderWords = set(`order orders ordered parcel package delivery bought paquete tracking confirmation reference ticket case purchase invoice serial pedido orden seguimiento compra caso
 factura referencia`)
	phoneWords = set("area phone telephone mobile cell telefono celular movil")
	askOrder   = []pattern{
		compile("order|tracking|confirmation|reference|ticket|case|purchase|invoice number|no|id"), compile("numero de? el? pedido|orden|seguimiento|compra|caso|factura"),
	}
)

// orderNumber finds a number of an order, ticket or the like, written as one would type it: the last where the caller
// corrects himself.
func orderNumber(lines []utterance) detail {
	d, ok := after(lines, "order_number", orderIs, codeAfterFiller)
	d.sure = 0.93
	if !ok {
		if d, ok = answered(lines, "order_number", askOrder, codeNotPhone); !ok {
			d, ok = after(lines, "order_number", numberIs, codeOfOrder)
		}
		if !ok {
			d, ok = lettered(lines)
		}
		d.sure = 0.9
	}
	if ok {
		d = corrected(lines, d)
	}
	return d
}

// lettered finds a code of letters and digits that is a sentence of its own.
func lettered(lines []utterance) (detail, bool) {
	for i, u := range lines {
		for k := range u.raw {
			if !u.caller || k > 0 && !ends(u.raw[k-1]) {
				continue
			}
			if v, end := codeAt(u, k); v != "" && unicode.IsLetter(rune(v[0])) && (end == len(u.raw) || ends(u.raw[end-1])) {
				return detail{name: "order_number", value: v, at: place{i, k, end}}, true
			}
		}
	}
	return detail{}, false
}

// corrected follows a number through the caller's corrections: "A 7230. No wait, A 7320". Where he repeats the digits
// alone, the letters before them stay.
func corrected(lines []utterance, d detail) detail {
	taken := false
	for i := d.at.line; i < len(lines); i++ {
		u := lines[i]
		if !u.caller {
			continue
		}
		from := 0
		if i == d.at.line {
			from = d.at.to
		}
		for k := from; k < len(u.raw); k++ {
			taken = taken || corrects(u, k)
			v, end := codeAt(u, k)
			if v == "" {
				continue
			}
			if v != d.value && (taken && near(v, d.value) || twin(v, d.value)) {
				if letters := strings.TrimRight(d.value, "0123456789"); strings.Trim(v, "0123456789") == "" && len(v) == len(d.value)-len(letters) {
					v = letters + v
				}
				d.value, d.at = v, place{i, k, end}
			}
			taken = false
			k = end - 1
		}
	}
	return d
}

// twin tells whether two numbers differ as one and its slip do: in two places at most.
func twin(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	n := 0
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n <= 2
}

// near tells whether one number may be meant for another: about as long.
func near(a, b string) bool {
	return len(a)-len(b) <= 2 && len(b)-len(a) <= 2
}

// codeOfOrder is codeAfterFiller where the line spoke of an order before.
func codeOfOrder(u utterance, from int) (string, int) {
	if !speaks(u, from, orderWords) {
		return "", from
	}
	return codeAfterFiller(u, from)
}

// codeNotPhone is codeAt unless the words before say that a telephone's number comes.
func codeNotPhone(u utterance, from int) (string, int) {
	if speaks(u, from, phoneWords) && !speaks(u, from, orderWords) {
		return "", from
	}
	return codeAt(u, from)
}

// speaks tells whether one of the words stands in the line before word to.
func speaks(u utterance, to int, of map[string]bool) bool {
	return slices.ContainsFunc(u.words, func(w word) bool { return w.at < to && of[w.norm] })
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

var fillers = set("is it its the number no um uh er ah yes sure that would be was should like a looks sorry let me see okay reads says es era el numero si de la here hmm i have got think so well right #")

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
		case paired(low) != "":
			b.WriteString(paired(low))
		case tens[low] != "" && tensAt(&b, u, &i):
		case (low == "dash" || low == "hyphen" || low == "minus" || low == "guion" || low == "slash" || low == "space") && b.Len() > 0:
		case (low == "for" || low == "as" || low == "like" || low == "de" || low == "como") && spells(&b, u, &i):
		case isCode(w) && (b.Len() > 0 || !slices.Contains([]string{"a", "I", "y", "o"}, w)):
			b.WriteString(strings.ToUpper(strings.ReplaceAll(w, "-", "")))
		default:
			break loop
		}
		if ends(u.raw[i]) && len(w) != 1 {
			i++
			break
		}
	}
	code := b.String()
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

// tens are the words for the first digits of what is read in pairs: "forty-four seventy-one".
var tens = map[string]string{
	"twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8", "ninety": "9",
	"veinte": "2", "treinta": "3", "cuarenta": "4", "cincuenta": "5", "sesenta": "6", "setenta": "7", "ochenta": "8", "noventa": "9",
}

// paired is two digits in one word: "forty-four".
func paired(w string) string {
	if ten, unit, ok := strings.Cut(w, "-"); ok && tens[ten] != "" && digits[unit] != "" {
		return tens[ten] + digits[unit]
	}
	return ""
}

// tensAt reads a number between 20 and 99 in words.
func tensAt(b *strings.Builder, u utterance, i *int) bool {
	b.WriteString(tens[bare(u.raw[*i])])
	next := *i + 1
	if next < len(u.raw) && bare(u.raw[next]) == "y" {
		next++
	}
	if next < len(u.raw) && !closes(u, *i+1) && digits[bare(u.raw[next])] != "" && digits[bare(u.raw[next])] != "0" {
		b.WriteString(digits[bare(u.raw[next])])
		*i = next
	} else {
		b.WriteByte('0')
	}
	return true
}

// spells skips what a letter is spelt with: "C for Charlie", "B as in Bravo".
func spells(b *strings.Builder, u utterance, i *int) bool {
	at := *i + 1
	if at < len(u.raw) && bare(u.raw[at]) == "in" {
		at++
	}
	code := b.String()
	if code == "" || at >= len(u.raw) || !unicode.IsLetter(rune(code[len(code)-1])) || !strings.HasPrefix(bare(u.raw[at]), strings.ToLower(code[len(code)-1:])) {
		return false
	}
	*i = at
	return true
}

// isCode tells whether a word is part of a code: a digit in it, or a letter alone, or a few capitals.
func isCode(w string) bool {
	if w == "" || strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return false
	}
	return strings.ContainsAny(w, "0123456789") || len(w) == 1 || len(w) <= 4 && strings.ToUpper(w) == w
}
