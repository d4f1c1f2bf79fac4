package redact

import (
	"slices"
	"strings"
)

// cards finds card numbers, and the security codes and expiry dates that go with them.
func (s *stream) cards() []finding {
	c := cardReader{s: s, found: s.expiries()}
	for i := 0; i < len(s.runs); i++ {
		i += c.read(i)
	}
	return c.found
}

// cardReader goes through the numbers of a stream in order: what follows a card number belongs to it.
type cardReader struct {
	s     *stream
	found []finding
	// end is the word after the last card number, its expiry date or code; 0 before the first. amex tells that the
	// card's code has four digits.
	end  int
	amex bool
}

func (c *cardReader) add(k Kind, from, to int, value string) {
	c.found = append(c.found, c.s.finding(k, from, to, value))
	c.end = to
}

// read takes the run at i for what it is, and returns how many runs after it went with it.
func (c *cardReader) read(i int) int {
	s, r := c.s, c.s.runs[i]
	switch {
	case r.sum:
	case c.number(r):
	case covered(c.found, r.from(), r.to()):
		c.end = r.to() // the expiry date
	case s.securityCode(r):
		c.add(CVV, r.from(), r.to(), r.digits)
	case len(r.digits) == 4 && s.cueBefore(r.from(), 6, lastFourCues) >= 0:
		// The last four digits may be shown (PCI DSS 3.4.1).
	case c.goesOn(r):
	case c.mayBegin(r) && !s.announced(r.from()) && !s.ordered(r.from(), 8):
		groups := c.dictatedCard(i)
		for _, f := range groups {
			c.add(Card, f.from, f.to, f.value)
		}
		return max(0, len(groups)-1)
	}
	return 0
}

// mayBegin tells whether the groups of a card number may begin with a run: a card is spoken of, after the last one that was
// given whole.
func (c *cardReader) mayBegin(r run) bool {
	s := c.s
	if !s.cardTalk(r.from()) || s.slashed(r) {
		return false
	}
	if last := c.last(Card); last.stream == nil || !luhn(last.value) || len(last.value) < 13 {
		return true
	}
	line := s.toks[r.from()].line
	return s.cueBefore(r.from(), r.from()-c.end, cardCues) >= 0 || line > s.toks[c.end-1].line && s.directlyAsked(line, cardCues)
}

// slashed tells whether a run is written with a slash, as no group of a card number is: "11/26".
func (s *stream) slashed(r run) bool {
	return slices.ContainsFunc(s.toks[r.from()+1:r.to()], func(t token) bool { return strings.Contains(t.gap, "/") })
}

// number takes a run that holds a card number, and what was said with it in one breath.
func (c *cardReader) number(r run) bool {
	i, j := c.s.cardAlone(r)
	if j == 0 {
		i, j = cardIn(r, c.s.ordered(r.from(), 8))
	}
	if j == 0 {
		return false
	}
	value := r.digits[i:j]
	c.amex = value[0] == '3' && (value[1] == '4' || value[1] == '7')
	if len(r.digits) <= 19 && !c.tailFits(r, i, j) {
		i, j = 0, len(r.digits) // a digit too many is still the card's
	}
	from, to := r.sub(i, j)
	c.add(Card, from, to, value)
	if j < len(r.digits) {
		c.tail(r.part(j, len(r.digits)))
	}
	return true
}

// cardAlone is where a line or sentence within a run begins with a card number whole, as [i, j) of its digits, whatever was
// said before it: "order 55812. 4242 4242 4242 4242, code 737".
func (s *stream) cardAlone(r run) (i, j int) {
	for i := 1; i < len(r.digits); i++ {
		if r.cutsWord(i) || !s.toks[r.word[i]].sentence() {
			continue
		}
		for _, n := range lengthsOf(r.digits[i:]) {
			if i+n <= len(r.digits) && !r.cutsWord(i+n) && luhn(r.digits[i:i+n]) {
				return i, i + n
			}
		}
	}
	return 0, 0
}

// tailFits tells whether what a run says after a card number is an expiry date, a security code, or both.
func (c *cardReader) tailFits(r run, i, j int) bool {
	if i > 0 || j == len(r.digits) || r.cutsWord(j) {
		return false
	}
	rest := r.part(j, len(r.digits))
	return c.isCode(rest) || expiryDigits(rest) > 0
}

// tail takes the digits that follow a card number in the same run: an expiry date, a code, or whatever they are, for
// nobody says anything else in that breath.
func (c *cardReader) tail(rest run) {
	if n := expiryDigits(rest); n > 0 {
		from, to := rest.sub(0, n)
		c.add(Expiry, from, to, monthYear(rest.digits[:n]))
		if n == len(rest.digits) {
			return
		}
		rest = rest.part(n, len(rest.digits))
	}
	c.add(CVV, rest.from(), rest.to(), rest.digits)
}

// goesOn takes a run that follows a card number closely and is not announced as anything else: a group that
// corrects it, its expiry date, its code.
func (c *cardReader) goesOn(r run) bool {
	s := c.s
	if c.end == 0 || s.street(r) > 0 || r.from()-c.end > 8 || s.toks[r.from()].line > s.toks[c.end-1].line+2 || s.announced(r.from()) || s.counts(r) {
		return false
	}
	corrects := s.corrected(c.end, r.from())
	if !corrects && (r.from()-c.end > 6 || s.elsewhere(c.end, r.from())) {
		return false
	}
	near := r.from()-c.end <= 2 || s.cueBefore(r.from(), 2, codeWords) >= 0
	n := expiryDigits(r)
	switch {
	case c.isCode(r) && (s.cueBefore(r.from(), 2, codeWords) >= 0 || s.cueAfter(r.to(), 2, codeWords) || s.answersWith(r, codeAsks)), c.isCode(r) && corrects && c.ended() == CVV:
		c.add(CVV, r.from(), r.to(), r.digits)
	case corrects && !s.slashed(r) && len(r.digits) >= 3 && len(r.digits) <= 8:
		if c.ended() == Expiry {
			c.add(Expiry, r.from(), r.to(), r.digits)
		} else {
			c.add(Card, r.from(), r.to(), c.last(Card).value+" "+r.digits)
		}
	case near && n > 0 && (n == len(r.digits) || c.isCode(r.part(n, len(r.digits)))):
		c.tail(r)
	case near && c.isCode(r):
		c.add(CVV, r.from(), r.to(), r.digits)
	default:
		return false
	}
	return true
}

// elsewhere tells whether word i is in a line that answers a question about something else than the card that was given
// before word end: "What's the unit number?" "118."
func (s *stream) elsewhere(end, i int) bool {
	line := s.toks[i].line
	if line == s.toks[end-1].line || s.directlyAsked(line, codeWords) || s.directlyAsked(line, cvvCues) || s.directlyAsked(line, expiryCues) {
		return false
	}
	q := s.asked[line]
	return q.to-q.from > 2 && s.other.asks(q.to-1)
}

func (c *cardReader) last(k Kind) finding {
	for i := len(c.found) - 1; i >= 0; i-- {
		if c.found[i].kind == k {
			return c.found[i]
		}
	}
	return finding{}
}

// ended is the kind of what was said last of the card.
func (c *cardReader) ended() Kind {
	for _, f := range c.found {
		if f.to == c.end {
			return f.kind
		}
	}
	return ""
}

// isCode tells whether a run has the length of the card's security code.
func (c *cardReader) isCode(r run) bool {
	return len(r.digits) == 3 || c.amex && len(r.digits) == 4
}

// counts tells whether a number counts things: "340 seats".
func (s *stream) counts(r run) bool {
	i := r.to()
	return i < len(s.toks) && !s.toks[i].sentence() && s.toks[i].gap == " " && len(s.norm(i)) > 3 && strings.HasSuffix(s.norm(i), "s") && !uncounted[s.norm(i)]
}

// uncounted have an s at their end and are no things.
var uncounted = set("thanks this that's plus perhaps always unless gracias pues entonces antes despues menos buenas")

// corrections stand between a number and what it should have been.
var corrections = phraseList("no wait, wait, sorry, i mean, correction, actually, no no, make that, i said, scratch that, let me correct, no it's, no its, not, perdon, digo, no espere, mejor dicho, corrijo, me equivoque, no es")

func (s *stream) corrected(from, to int) bool {
	for i := from; i < to; i++ {
		if s.startsWith(i, corrections) > 0 {
			return true
		}
	}
	return from < to && s.norm(from) == "no"
}

// codeWords announce a security code once a card number has been given.
var codeWords = phraseList("code, code's, codes, the back, on the back, the front, digits, codigo, clave, atras, numeros")

// securityCode tells whether a run of three or four digits was announced as the code on the back, or is the first number
// of the answer to the question for it.
func (s *stream) securityCode(r run) bool {
	if len(r.digits) != 3 && len(r.digits) != 4 {
		return false
	}
	if s.cueBefore(r.from(), 10, otherCards) >= 0 {
		return false // the code of a gift card
	}
	return s.announces(cvvCues, r, 8) || s.answersWith(r, cvvCues)
}

// answersWith tells whether r is the first number of a line that directly answers a question for the cues.
func (s *stream) answersWith(r run, cues *phrases) bool {
	return !s.numberBefore(r.from()) && s.directlyAsked(s.toks[r.from()].line, cues)
}

// announces tells whether one of the phrases stands within so many words before r, with no other number between.
func (s *stream) announces(cues *phrases, r run, within int) bool {
	back := s.cueBefore(r.from(), within, cues)
	if back < 0 {
		return false
	}
	// A question is over once the other party has answered it with a number.
	if line := s.toks[r.from()].line; s.toks[r.from()-back-1].line != line {
		for k, q := s.asked[line].from, s.asked[line]; k < q.to; k++ {
			if s.other.isNumber(k) {
				return false
			}
		}
	}
	return s.straight(r.from()-back, r.from())
}

// straight tells whether neither a number nor the end of a question stands among words [from, to): what was said before
// them still tells what follows.
func (s *stream) straight(from, to int) bool {
	for i := from; i < to; i++ {
		if s.isNumber(i) {
			return false
		}
	}
	for i := max(1, from); i <= to && i < len(s.toks); i++ {
		if t := s.toks[i]; strings.Contains(t.gap, "?") || t.first && s.asks(i-1) {
			return false
		}
	}
	return true
}

// dictatedCard collects the groups of a card number that were dictated one by one, with words between, or of which
// one was misheard so that the check digit is wrong. Every group becomes a finding of its own with the value
// of the whole; fewer than eight digits are no card number, nor fewer than twelve that nothing announces. It ends where the check digit is right, at 16
// digits, or where something else is announced.
func (c *cardReader) dictatedCard(first int) []finding {
	s := c.s
	const apart = 12 // words of the same party between two groups
	digits, n := "", 0
	for i := first; i < len(s.runs); i++ {
		r := s.runs[i]
		if i > first && (r.from()-s.runs[i-1].to() > apart || s.announced(r.from())) || r.sum || i == first && len(r.digits) < 2 {
			break
		}
		if i > first && len(digits) >= 4 && len(digits)+len(r.digits) > 16 && s.corrected(s.runs[i-1].to(), r.from()) {
			digits = digits[:len(digits)-4] // what was said last is taken back
		}
		if len(digits)+len(r.digits) > 19 || covered(c.found, r.from(), r.to()) || s.slashed(r) || s.street(r) > 0 {
			break
		}
		digits += r.digits
		n++
		if len(digits) >= 16 || len(digits) >= 13 && luhn(digits) {
			break
		}
	}
	least := 12
	if s.cueBefore(s.runs[first].from(), 3, cardAnnounced) >= 0 || s.askedFor(s.runs[first].from(), cardCues) {
		least = 8
	}
	if len(digits) < least {
		return nil
	}
	found := make([]finding, n)
	for k, r := range s.runs[first : first+n] {
		found[k] = s.finding(Card, r.from(), r.to(), digits)
	}
	return found
}

// cardTalk tells whether a payment card is spoken of near word i, or was asked for.
func (s *stream) cardTalk(i int) bool {
	for back := 0; back <= 25 && i-back > 0; back++ {
		if s.endsAt(i-back, cardCues) > 0 && s.endsAt(i-back, otherCards) == 0 && s.endsAt(i-back+1, otherCards) == 0 {
			return true
		}
	}
	return s.askedFor(i, cardCues) && !s.askedFor(i, otherCards)
}

// announced tells whether something else than a card number was announced just before word i; of two announcements the nearer
// holds: "the booking, by card. It's four".
func (s *stream) announced(i int) bool {
	card := s.cueBefore(i, 5, cardCues)
	for _, cues := range otherTopics {
		if back := s.cueBefore(i, 5, cues); back >= 0 && (card < 0 || back < card) && s.straight(i-back, i) {
			return true
		}
	}
	return s.dated(i)
}
