package redact

import (
	"fmt"
	"slices"
	"strings"
)

// expiries finds dates that were announced or asked for as a card's expiry: "expires oh nine twenty eight", "exp
// 09/28", "11 of 29", "vence en marzo del 2028".
func (s *stream) expiries() []finding {
	var found []finding
	for i, r := range s.runs {
		near := s.announces(expiryCues, r, 5) || s.answersWith(r, expiryCues)
		if !near || r.sum || len(r.digits) > 8 || covered(found, r.from(), r.to()) {
			continue
		}
		from, to, value := r.from(), r.to(), monthYear(r.digits)
		m, back := s.monthBefore(from)
		switch {
		case back > 0:
			from -= back
			year := min(len(r.digits), 2)
			if strings.HasPrefix(r.digits, "20") && len(r.digits) >= 4 {
				year = 4
			}
			value = fmt.Sprintf("%02d/%s", m, r.digits[max(0, year-2):year])
			// "April of twenty nine and three eight one four": the code goes with it.
			if rest := len(r.digits) - year; (rest == 3 || rest == 4) && !r.cutsWord(year) {
				code := r.part(year, len(r.digits))
				found = append(found, s.finding(CVV, code.from(), code.to(), code.digits))
				_, to = r.sub(0, year)
			}
		case len(r.digits) <= 2 && i+1 < len(s.runs) && s.ofYear(to, s.runs[i+1]):
			value = monthYear(r.digits + s.runs[i+1].digits)
			to = s.runs[i+1].to()
		case value == "":
			// "Expires 10 27, code 118": what goes beyond a date is the code.
			if n := expiryDigits(r); n > 0 {
				code := r.part(n, len(r.digits))
				found = append(found, s.finding(CVV, code.from(), code.to(), code.digits))
				_, to = r.sub(0, n)
				value = monthYear(r.digits[:n])
			}
		}
		if value == "" {
			if !s.cardTalk(from) && !s.cardSaid(i) {
				continue // a passport or a contract expires too
			}
			value = r.digits
		}
		found = append(found, s.finding(Expiry, from, to, value))
	}
	return found
}

// cardSaid tells whether one of the three numbers before number i is long enough for a card's.
func (s *stream) cardSaid(i int) bool {
	return slices.ContainsFunc(s.runs[max(0, i-3):i], func(r run) bool { return len(r.digits) >= 12 })
}

// monthBefore is the month whose name stands within three words before word i, and how many words before.
func (s *stream) monthBefore(i int) (month, back int) {
	for back = 1; back <= 3 && back <= i && s.toks[i-back].line == s.toks[i].line; back++ {
		if m, ok := months[s.norm(i-back)]; ok {
			return m, back
		}
	}
	return 0, 0
}

// ofYear tells whether a run is the year of a month that ends before word i: "11 of 29", "cero nueve del veintinueve".
func (s *stream) ofYear(i int, year run) bool {
	if year.from() == i || year.from()-i > 2 || len(year.digits) != 2 && len(year.digits) != 4 {
		return false
	}
	for k := i; k < year.from(); k++ {
		switch s.norm(k) {
		case "of", "del", "de", "slash", "barra", "and":
		default:
			return false
		}
	}
	return true
}
