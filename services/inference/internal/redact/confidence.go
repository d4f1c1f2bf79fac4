package redact

import (
	"math"
	"slices"
)

// What a transcript with nothing suspicious in it still misses: the share of marks of the eighth set, the control, that were
// missed when it was first measured, 20 of 194 (docs/redaction.md). In other languages that share is a guess on the safe side.
const (
	baseKnown   = 0.897
	baseUnknown = 0.70 // neither English nor Spanish: numbers and addresses by shape only
)

// Each sign that something was said and not found costs this share of the confidence.
const (
	costOfDigits = 0.06 // seven or more digits that nothing explains
	costOfCue    = 0.05 // somebody asked for it, or announced it, and nothing was found near
)

// confidence estimates that nothing was missed from what is left over: long numbers without a reason, and
// announcements that nothing followed.
func (d *document) confidence() float64 {
	c := baseKnown
	if !d.lang.known {
		c = baseUnknown
	}
	for _, s := range d.streams {
		c *= math.Pow(1-costOfDigits, float64(s.unexplainedNumbers()))
		c *= math.Pow(1-costOfCue, float64(s.emptyAnnouncements()))
	}
	return c
}

// unexplainedNumbers counts runs of seven digits or more that no finding covers and no date, order or ticket explains.
func (s *stream) unexplainedNumbers() int {
	n := 0
	for _, r := range s.runs {
		if len(r.digits) >= 7 && !r.sum && !s.allFound(r) && !s.dated(r.from()) && !s.ordered(r.from(), 8) && !s.askedFor(r.from(), orderCues) {
			n++
		}
	}
	return n
}

// allFound tells whether every digit of a run belongs to some finding: a card, its expiry date and its code may be
// said in one breath.
func (s *stream) allFound(r run) bool {
	return !slices.ContainsFunc(r.word, func(i int) bool { return !covered(s.found, i, i+1) })
}

// announcements are phrases that personal data follows.
var announcements = map[Kind]*phrases{
	Card:    phraseList("my card number is, the card number is, mi numero de tarjeta es, numero de la tarjeta es, numero de mi tarjeta es"),
	Email:   phraseList("my email is, my email address is, email address is, mi correo es, mi correo electronico es"),
	DOB:     phraseList("date of birth is, i was born on, fecha de nacimiento es, naci el"),
	Name:    phraseList("my name is, my name's, me llamo, mi nombre es"),
	ID:      phraseList("my social is, social security number is, mi dni es, mi nie es, my passport number is"),
	Address: phraseList("my address is, i live at, mi direccion es, vivo en la calle"),
	Phone:   phraseList("my phone number is, my cell number is, mi telefono es, mi celular es"),
}

// emptyAnnouncements counts announcements that no finding follows within twenty words.
func (s *stream) emptyAnnouncements() int {
	n := 0
	for i := range s.toks {
		for kind, phrases := range announcements {
			m := s.startsWith(i, phrases)
			if m == 0 {
				continue
			}
			met := false
			for _, f := range s.found {
				met = met || f.kind == kind && f.from >= i && f.from <= i+m+20
			}
			if !met {
				n++
			}
		}
	}
	return n
}

func covered(found []finding, from, to int) bool {
	for _, f := range found {
		if f.from <= from && f.to >= to {
			return true
		}
	}
	return false
}
