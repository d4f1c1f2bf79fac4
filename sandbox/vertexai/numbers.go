package vertexai

import (
	"slices"
	"strings"
	"unicode"
)

// Phrases that an order number follows.
var (
	orderIs = []pattern{
		compile("order|tracking|confirmation|reference|ticket|case|account|purchase|invoice|serial? number|no|id|code"),
		compile("order|ticket|case|invoice is?"), compile("number is"), compile("numero de? el? pedido|orden|seguimiento|compra|caso|factura|referencia|cliente"),
		compile("pedido|orden|factura numero?"), compile("numero es"), compile("el numero"),
	}
	askOrder = []pattern{
		compile("order|tracking|confirmation|reference|ticket|case|purchase|invoice number|no|id"), compile("numero de? el? pedido|orden|seguimiento|compra|caso|factura"),
	}
)

// orderNumber finds a number of an order, ticket or the like, written as one would type it.
func orderNumber(lines []utterance) detail {
	d, ok := after(lines, "order_number", orderIs, codeAfterFiller)
	if d.sure = 0.93; ok {
		return d
	}
	d, _ = answered(lines, "order_number", askOrder, codeAt)
	d.sure = 0.9
	return d
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

// preferred finds a time that the caller names: the first, or the last where he moves from one to another.
func preferred(lines []utterance, last bool) detail {
	var out detail
	for i, u := range lines {
		if !u.caller {
			continue
		}
		for k := 0; k < len(u.raw); k++ {
			v, end := timeAt(u, k)
			if v == "" {
				continue
			}
			out = detail{"preferred_time", v, 0.85, place{i, k, end}}
			if !last {
				return out
			}
			k = end
		}
	}
	return out
}

var (
	days = set(`monday tuesday wednesday thursday friday saturday sunday tomorrow today weekend lunes martes miercoles jueves viernes
 sabado domingo manana hoy january february march april june july august september october november december enero febrero
 marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre`)
	beforeDay = set("next this the coming on early late proximo proxima este esta el la siguiente")
	withDay   = set(`at after before around between and by from in the of on until to morning afternoon evening noon midday night week month
 early late oclock am pm a.m p.m o'clock half past quarter next one two three four five six seven eight nine ten eleven twelve thirty fifteen forty
 fortyfive a las la las por de el en una dos tres cuatro cinco seis siete ocho nueve diez once doce y media tarde manana
 noche mediodia proximo proxima siguiente que viene semana`)
	loose = set("at after before around between and by from in the of on until to next early late half past a las la por de el en y que half")
)

// timeAt reads a day with what belongs to it: "next Tuesday at 3 p.m.", "el martes por la mañana".
func timeAt(u utterance, from int) (string, int) {
	plain := func(i int) string {
		return fold(strings.ToLower(strings.TrimFunc(u.raw[i], func(r rune) bool { return strings.ContainsRune(`.,;:!?"()¿¡`, r) })))
	}
	i := from
	for i < len(u.raw) && i < from+2 && beforeDay[plain(i)] && !days[plain(i)] {
		i++
	}
	if i >= len(u.raw) {
		return "", from
	}
	next := i > from && slices.Contains([]string{"week", "month", "semana"}, plain(i))
	if !days[plain(i)] && !next {
		return "", from
	}
	end := i + 1
	for k := end; k < len(u.raw) && k < end+7 && !stops(u.raw[k-1]); k++ {
		w := plain(k)
		if (w == "to" || w == "until" || w == "para" || w == "a" || w == "al") && k+1 < len(u.raw) && (days[plain(k+1)] || beforeDay[plain(k+1)]) {
			break // from one day to another: two times
		}
		if !withDay[w] && !days[w] && strings.Trim(w, "0123456789:stndrh") != "" && strings.Trim(w, "0123456789:apm.") != "" {
			break
		}
		if !loose[w] {
			end = k + 1
		}
	}
	words := slices.Clone(u.raw[from:end])
	for len(words) > 1 && (strings.EqualFold(words[0], "on") || strings.EqualFold(words[0], "the")) {
		words = words[1:]
	}
	v := strings.Join(words, " ")
	if !strings.HasSuffix(v, "p.m.") && !strings.HasSuffix(v, "a.m.") {
		v = strings.TrimRight(v, ".,;:!?")
	}
	return v, end
}

// stops tells whether a sentence ends at a word, which "p.m." doesn't tell.
func stops(w string) bool {
	return ends(w) && !strings.HasSuffix(w, "p.m.") && !strings.HasSuffix(w, "a.m.")
}
