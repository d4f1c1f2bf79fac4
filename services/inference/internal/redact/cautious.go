package redact

import "slices"

// unexplained is a number that may be part of a card; it gets no placeholder, since nobody knows what it is.
const unexplained Kind = "UNEXPLAINED"

const (
	// cautiousDigits is how many digits an unexplained number has at least: what has fewer is part of a card only in
	// company.
	cautiousDigits = 3
	// companyDigits is how many digits make such company, and apartWords how many words of the same party lie between its
	// numbers at most.
	companyDigits = 12
	apartWords    = 12
)

// Cautious is r with every number masked too, in Redacted and in Masked, that no finding covers, that no date, order or
// amount explains, and that could be part of a card: one dictated in turns, with nothing said about it, is found by
// no rule. It is for a transcript whose confidence is too low to be shown, and costs numbers that are harmless.
func (r *Result) Cautious() *Result {
	if r.doc == nil {
		return r // nothing was read
	}
	found := slices.Clone(r.found)
	for _, s := range r.doc.streams {
		found = append(found, s.unexplained()...)
	}
	out := r.doc.replace(r.doc.resolve(found))
	out.Confidence = r.Confidence
	return out
}

// unexplained are the numbers to mask.
func (s *stream) unexplained() []finding {
	var left []run
	for _, r := range s.runs {
		if !r.sum && !s.allFound(r) {
			left = append(left, r)
		}
	}
	card := s.cardsInTurns(left)
	var out []finding
	for i, r := range left {
		if card[i] || !s.accounted(r) && (len(r.digits) >= cautiousDigits || s.company(left, i) >= companyDigits) {
			out = append(out, s.finding(unexplained, r.from(), r.to(), r.digits))
		}
	}
	return out
}

func (s *stream) accounted(r run) bool {
	return s.dated(r.from()) || s.ordered(r.from(), 8) || s.askedFor(r.from(), orderCues) || s.counts(r)
}

// cardsInTurns tells which of the numbers make, one after the other, a card number that a network issues, whatever was
// said before them.
func (s *stream) cardsInTurns(left []run) map[int]bool {
	card := map[int]bool{}
	for i := range left {
		digits := ""
		for j := i; j < len(left) && len(digits) < 19; j++ {
			if digits += left[j].digits; issued(digits) && luhn(digits) {
				for k := i; k <= j; k++ {
					card[k] = true
				}
			}
		}
	}
	return card
}

// company counts the digits of the unexplained numbers around number i, each near the next.
func (s *stream) company(left []run, i int) int {
	near := func(a, b run) bool { return b.from()-a.to() <= apartWords && !s.accounted(b) && !s.accounted(a) }
	n := len(left[i].digits)
	for j := i; j > 0 && near(left[j-1], left[j]); j-- {
		n += len(left[j-1].digits)
	}
	for j := i; j+1 < len(left) && near(left[j], left[j+1]); j++ {
		n += len(left[j+1].digits)
	}
	return n
}
