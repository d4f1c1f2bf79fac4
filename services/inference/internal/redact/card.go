package redact

import "strings"

var (
	cardCues = []string{
		"card", "card number", "credit card", "debit card", "visa", "mastercard", "master card", "amex", "american express", "discover",
		"tarjeta", "numero de tarjeta", "credito", "debito",
	}
	cvvCues = []string{
		"cvv", "cvc", "cvv2", "cid", "security code", "verification code", "three digits on the back", "three digit code", "digits on the back",
		"code on the back", "number on the back", "codigo de seguridad", "codigo de verificacion", "tres digitos", "digitos de atras", "cvv es",
	}
	expiryCues = []string{
		"expires", "expiry", "expiration", "expiration date", "exp date", "exp", "expiring", "valid until", "valid through", "good through", "good thru",
		"vence", "vencimiento", "caduca", "caducidad", "expira", "fecha de vencimiento",
	}
	lastFourCues = []string{"ending in", "ends in", "ending", "last four", "last 4", "terminada en", "termina en", "ultimos cuatro", "last four digits", "last four are"}
)

// cards finds card numbers (ISO/IEC 7812: 13 to 19 digits with a Luhn check digit), security codes and expiry
// dates.
func (s *stream) cards() []finding {
	found := s.expiries()
	for i := 0; i < len(s.runs); i++ {
		r := s.runs[i]
		if f, ok := s.luhnCard(r); ok {
			found = append(found, f)
			continue
		}
		if covered(found, r.from(), r.to()) {
			continue
		}
		if s.securityCode(r) {
			found = append(found, s.finding(CVV, r.from(), r.to(), r.digits))
			continue
		}
		if len(r.digits) == 4 && s.cuePos(r.from(), 6, lastFourCues) >= 0 {
			continue // the last four digits may be shown (PCI DSS 3.4.1)
		}
		if s.cue(r.from(), 25, cardCues) {
			groups := s.dictatedCard(i)
			found = append(found, groups...)
			i += max(0, len(groups)-1)
		}
	}
	return found
}

// securityCode tells whether a run of three or four digits was announced as the code on the back, or is the first number
// of the answer to the question for it.
func (s *stream) securityCode(r run) bool {
	if len(r.digits) != 3 && len(r.digits) != 4 {
		return false
	}
	return s.announces(cvvCues, r, 8) || s.answersWith(r, cvvCues)
}

// answersWith tells whether r is the first number of a line that directly answers a question for the cues.
func (s *stream) answersWith(r run, cues []string) bool {
	line := s.toks[r.from()].line
	for i := r.from() - 1; i >= 0 && s.toks[i].line == line; i-- {
		if s.isNumber(i) {
			return false
		}
	}
	return s.directlyAsked(line, cues)
}

// announces tells whether one of the phrases stands within so many words before r, with no other number between.
func (s *stream) announces(phrases []string, r run, within int) bool {
	back := s.cuePos(r.from(), within, phrases)
	if back < 0 {
		return false
	}
	for i := r.from() - back; i < r.from(); i++ {
		if s.isNumber(i) {
			return false
		}
	}
	return true
}

// luhnCard is the longest stretch of a run that is a card number by its own digits.
func (s *stream) luhnCard(r run) (finding, bool) {
	for _, n := range []int{16, 15, 14, 13, 19, 18, 17} { // the usual lengths first
		for i := 0; i+n <= len(r.digits); i++ {
			d := r.digits[i : i+n]
			if strings.IndexByte("23456", d[0]) < 0 || !luhn(d) {
				continue
			}
			from, to := r.sub(i, i+n)
			if len(r.digits) <= 19 {
				from, to, d = r.from(), r.to(), r.digits // a digit too many is still the card's
			}
			return s.finding(Card, from, to, d), true
		}
	}
	return finding{}, false
}

// dictatedCard collects the groups of a card number that were dictated one by one, with words between, or of which
// one was misheard so that the check digit is wrong. Every group becomes a finding of its own with the value
// of the whole; fewer than eight digits are no card number. It ends where the check digit is right, at 16
// digits, or where something else is announced.
func (s *stream) dictatedCard(first int) []finding {
	const apart = 12 // words of the same party between two groups
	digits, n := "", 0
	for i := first; i < len(s.runs); i++ {
		r := s.runs[i]
		if i > first && (r.from()-s.runs[i-1].to() > apart || s.announced(r.from())) {
			break
		}
		if len(digits)+len(r.digits) > 19 {
			break
		}
		digits += r.digits
		n++
		if len(digits) >= 16 || len(digits) >= 13 && luhn(digits) {
			break
		}
	}
	if len(digits) < 8 {
		return nil
	}
	found := make([]finding, n)
	for k, r := range s.runs[first : first+n] {
		found[k] = s.finding(Card, r.from(), r.to(), digits)
	}
	return found
}

// announced tells whether something else than a card number was announced just before word i.
func (s *stream) announced(i int) bool {
	for _, cues := range [][]string{expiryCues, cvvCues, phoneCues, birthCues, zipCues, addressCues, orderCues, ssnCues} {
		if s.cuePos(i, 5, cues) >= 0 {
			return true
		}
	}
	return s.dated(i)
}

// expiries finds "expires oh nine twenty eight", "exp 09/28", "vence en marzo del 2028".
func (s *stream) expiries() []finding {
	var found []finding
	for _, r := range s.runs {
		near := s.announces(expiryCues, r, 5) || s.answersWith(r, expiryCues) && len(r.digits) <= 6
		if !near || len(r.digits) > 8 {
			continue
		}
		from := r.from()
		for back := 1; back <= 3; back++ {
			if _, month := months[s.norm(from-back)]; month {
				from -= back
				break
			}
		}
		found = append(found, s.finding(Expiry, from, r.to(), r.digits))
	}
	return found
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
