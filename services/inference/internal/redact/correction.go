package redact

import (
	"slices"
	"strings"
)

// halts are said over a number that somebody begins again.
var halts = phraseList("hang on, hold on, one second, one moment, let me see, let me start over, start again, espere, espera, un momento, un segundo, a ver, empiezo de nuevo")

// restated finds what is said again of numbers that were found: what corrects them, "no, sorry, 0119", what was begun and broken
// off before them, and what either party repeats of them.
func (d *document) restated(found []finding) []finding {
	var more []finding
	for _, f := range found {
		if f.restartable() {
			more = append(more, f.falseStart(found)...)
		}
		for ok := f.correctable(); ok; {
			if f, ok = f.correction(); ok {
				more = append(more, f)
			}
		}
	}
	return append(more, d.repeated(slices.Concat(found, more))...)
}

// restartable tells whether the number of a finding is so long that people begin it twice.
func (f finding) restartable() bool { return f.kind == Card || f.kind == Phone || f.kind == ID }

// correctable tells whether a piece of a finding may be corrected by itself. Cards are corrected where they are read.
func (f finding) correctable() bool {
	return f.kind == Phone || f.kind == ID || f.kind == Address && f.stream.isNumber(f.from)
}

// correction is the number that takes back the end of a finding, or the number of its house; ok is false if none does.
func (f finding) correction() (corrected finding, ok bool) {
	s := f.stream
	at := s.runFrom(f.to)
	if at == len(s.runs) {
		return finding{}, false
	}
	r := s.runs[at]
	near := r.from()-f.to <= 8 && s.toks[r.from()].line <= s.toks[f.to-1].line+2
	if !near || !s.corrected(f.to, r.from()) || s.elseAbout(r, f.kind) {
		return finding{}, false
	}
	direct := s.norm(r.from()-1) == "no" || s.endsAt(r.from(), corrections) > 0 || s.endsAt(r.from(), lastFourCues) > 0
	if f.kind == Address {
		if !direct && len(r.digits) < 3 || len(r.digits) > 5 || !s.phraseEnds(r.to()) {
			return finding{}, false
		}
		return s.finding(Address, r.from(), r.to(), r.digits+strings.TrimLeft(f.value, "0123456789")), true
	}
	if len(r.digits) < 2 || !direct && len(r.digits) < 3 || len(r.digits) > len(f.value) {
		return finding{}, false
	}
	return s.finding(f.kind, r.from(), r.to(), f.value[:len(f.value)-len(r.digits)]+r.digits), true
}

// elseAbout tells whether a number is one of something else than a finding of the kind: it names a thing, "the 435 one", is what a
// number is not, counts things, tells a time or a price, or was announced as another number.
func (s *stream) elseAbout(r run, k Kind) bool {
	before := s.norm(r.from() - 1)
	if r.sum || before == "the" || before == "not" || s.counts(r) || s.slashed(r) && k != Expiry || s.clock(r.from(), r.to()-r.from()) || s.dated(r.from()) {
		return true
	}
	return s.announced(r.from()) && s.cueBefore(r.from(), 5, ownCues[k]) < 0
}

// ownCues are those of the kinds whose numbers are corrected and repeated.
var ownCues = map[Kind]*phrases{Phone: phoneCues, ID: idCues, Address: addressCues, Card: cardCues, CVV: cvvCues, Expiry: expiryCues}

// phraseEnds tells whether a sentence ends before word i, or a comma stands there.
func (s *stream) phraseEnds(i int) bool {
	return s.endsSentence(i-1) || strings.Contains(s.after(i-1), ",")
}

// falseStart is the number that was broken off right before a finding: "four two four, no, sorry, four two four two".
func (f finding) falseStart(found []finding) []finding {
	s := f.stream
	at := s.runFrom(f.from)
	if at == 0 || at == len(s.runs) {
		return nil
	}
	r := s.runs[at-1]
	within := 6
	if len(r.digits) >= 4 && strings.HasPrefix(s.runs[at].digits, r.digits) {
		within = 16 // the same again is nothing else, however long it took to find the glasses
	}
	if f.from-r.to() > within || len(r.digits) < 3 || !strings.HasPrefix(s.runs[at].digits, r.digits[:2]) || s.elseAbout(r, f.kind) || s.claimed(r, found) {
		return nil
	}
	for i := r.to(); i < f.from; i++ {
		if s.startsWith(i, halts) > 0 || s.startsWith(i, corrections) > 0 {
			return []finding{s.finding(f.kind, r.from(), r.to(), f.value)}
		}
	}
	return nil
}

// claimed tells whether a finding has a word of a run.
func (s *stream) claimed(r run, found []finding) bool {
	return slices.ContainsFunc(found, func(f finding) bool { return f.stream == s && f.from < r.to() && f.to > r.from() })
}

// runFrom is the first of the stream's runs that begins at word i or after it.
func (s *stream) runFrom(i int) int {
	at, _ := slices.BinarySearchFunc(s.runs, i, func(r run, i int) int { return r.from() - i })
	return at
}

// known is a number that was found, and its digits.
type known struct {
	finding
	digits string
}

// repeated finds runs that say once more what was found: the end of a number, "so it ends in 4325?", or a piece of it that the
// other party says after the line that it stands in.
func (d *document) repeated(found []finding) []finding {
	var numbers []known
	for _, f := range found {
		if f.restartable() || f.kind == CVV || f.kind == Expiry {
			numbers = append(numbers, known{f, digitsIn(f.value)})
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	var again []finding
	for _, s := range d.streams {
		for _, r := range s.runs {
			if len(r.digits) < 3 || r.sum || s.ordered(r.from(), 6) || s.claimed(r, found) {
				continue
			}
			if f, ok := s.repeats(r, numbers); ok {
				again = append(again, f)
				continue
			}
			for _, piece := range s.pieces(r) {
				if f, ok := s.repeats(piece, numbers); ok {
					again = append(again, f)
				}
			}
		}
	}
	return again
}

// repeats is the number that a run says again; ok is false if it says none.
func (s *stream) repeats(r run, numbers []known) (f finding, ok bool) {
	of := slices.IndexFunc(numbers, func(k known) bool { return k.saidIn(s, r) })
	if of < 0 || s.elseAbout(r, numbers[of].kind) {
		return finding{}, false
	}
	return s.finding(numbers[of].kind, r.from(), r.to(), numbers[of].value), true
}

// pieces are what commas part a run into: "1117, 09/27, 321" says three numbers in one breath. There are none without commas.
func (s *stream) pieces(r run) []run {
	var all []run
	begin := 0
	for i := 1; i < len(r.word); i++ {
		if r.word[i] != r.word[i-1] && strings.Contains(s.toks[r.word[i]].gap, ",") {
			all = append(all, r.part(begin, i))
			begin = i
		}
	}
	if begin > 0 {
		all = append(all, r.part(begin, len(r.word)))
	}
	return slices.DeleteFunc(all, func(p run) bool { return len(p.digits) < 3 })
}

func digitsIn(value string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, value)
}

// saidIn tells whether a run says a piece of a number again; a date and a code have no pieces. The last four digits of a card may be
// shown (PCI DSS 3.4.1).
func (k known) saidIn(s *stream, r run) bool {
	after := s.toks[r.from()].line - k.line()
	replies := s == k.stream.other && after > 0 && after <= 2
	switch k.kind {
	case CVV, Expiry:
		return replies && strings.TrimLeft(r.digits, "0") == strings.TrimLeft(k.digits, "0")
	case Card:
	default:
		if len(r.digits) >= 4 && strings.HasSuffix(k.digits, r.digits) {
			return true
		}
	}
	return replies && strings.Contains(k.digits, r.digits) && s.cueBefore(r.from(), 6, lastFourCues) < 0
}
