package redact

import "strconv"

// network is an issuer's range of card numbers: what they begin with and how long they are.
type network struct {
	low, high string // inclusive, both of the same length
	lengths   []int
}

// networks are those of ISO/IEC 7812 that take payments, by the tables that they publish for merchants.
var networks = []network{
	{"4", "4", []int{16, 13, 19}},                   // Visa
	{"51", "55", []int{16}},                         // Mastercard
	{"2221", "2720", []int{16}},                     // Mastercard
	{"34", "34", []int{15}},                         // American Express
	{"37", "37", []int{15}},                         // American Express
	{"6011", "6011", []int{16, 19}},                 // Discover
	{"644", "659", []int{16, 19}},                   // Discover
	{"300", "305", []int{14, 16, 19}},               // Diners Club
	{"36", "36", []int{14, 16, 19}},                 // Diners Club
	{"38", "39", []int{14, 16, 19}},                 // Diners Club
	{"3528", "3589", []int{16, 19}},                 // JCB
	{"62", "62", []int{16, 17, 18, 19}},             // UnionPay
	{"81", "81", []int{16, 17, 18, 19}},             // UnionPay
	{"50", "50", []int{16, 13, 14, 15, 17, 18, 19}}, // Maestro
	{"56", "58", []int{16, 13, 14, 15, 17, 18, 19}}, // Maestro
	{"63", "63", []int{16, 18, 19}},                 // Maestro
	{"67", "67", []int{16, 13, 14, 15, 17, 18, 19}}, // Maestro
}

// luhn checks the last digit (ISO/IEC 7812-1, annex B).
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// lengthsOf are the lengths that a card number may have that begins like digits; none if no network issues it.
func lengthsOf(digits string) []int {
	for _, n := range networks {
		if k := len(n.low); len(digits) >= k && n.low <= digits[:k] && digits[:k] <= n.high {
			return n.lengths
		}
	}
	return nil
}

// issued tells whether a network issues numbers like this one, check digit aside.
func issued(digits string) bool {
	for _, n := range lengthsOf(digits) {
		if n == len(digits) {
			return true
		}
	}
	return false
}

// cardIn is where in a run a card number stands, digits [i, j); j is 0 if there is none. ordered tells that the
// number was named as that of an order or a parcel: long numbers of parcels hold a card number by chance.
func cardIn(r run, ordered bool) (i, j int) {
	d := r.digits
	n := len(d)
	switch {
	case n < 13:
		return 0, 0
	case n <= 19 && luhn(d) && (issued(d) || !ordered && d[0] != '0'):
		return 0, n
	case !ordered && issued(d) && (n == 16 || n == 15):
		return 0, n // a digit was misheard
	case ordered && n > 20: // a parcel's number
		return 0, 0
	}
	for i := 0; i+13 <= n; i++ {
		for _, k := range lengthsOf(d[i:]) {
			if i+k <= n && luhn(d[i:i+k]) && !r.cutsWord(i) && (!r.cutsWord(i+k) || n <= 19) {
				return i, i + k
			}
		}
	}
	return 0, 0
}

// expiryDigits is how many digits at the start of a run are a card's expiry date, month before year; 0 if they are
// none.
func expiryDigits(r run) int {
	for _, n := range []int{4, 3, 6, 5} {
		if len(r.digits) < n || r.cutsWord(n) {
			continue
		}
		if rest := len(r.digits) - n; rest != 0 && rest != 3 && rest != 4 {
			continue
		}
		if monthYear(r.digits[:n]) != "" {
			return n
		}
	}
	return 0
}

// monthYear is MM/YY of "0928", "928", "092028" or "92028", "" if it is no date on which a card may expire: cards
// run for some years, and people give expired ones.
func monthYear(digits string) string {
	split := len(digits) % 2
	month, err := strconv.Atoi(digits[:2-split])
	if err != nil || month < 1 || month > 12 {
		return ""
	}
	year := digits[2-split:]
	if len(year) == 4 {
		if year[:2] != "20" {
			return ""
		}
		year = year[2:]
	}
	if y, err := strconv.Atoi(year); len(year) != 2 || err != nil || y < 20 || y > 45 {
		return ""
	}
	return string('0'+byte(month/10)) + string('0'+byte(month%10)) + "/" + year
}
