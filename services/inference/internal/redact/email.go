package redact

import (
	"slices"
	"strings"
)

var (
	// topDomains end a spoken address; a written one, with its @, may end as it likes.
	topDomains = set("com net org edu gov mil int io co us uk es mx ar cl pe ve ec uy cr gt do pr br pt fr de it nl be ch at se no dk fi ie eu ca au nz in jp cn za info biz me dev app ai tv cc xyz site online store shop tech cloud " +
		"studio agency group email live pro health dental law legal care clinic solutions services consulting design media work works life world page homes club cat gal eus")
	// emailEdge ends the local part on its left.
	emailEdge = set("is it's its es was were are use used be email e-mail mail address correo electronico direccion to a me contact send write my mi the el la and y or so that's thats sure yes yeah yep ok okay si claro " +
		"just simply only solo called it un una on by por con en at via para al your tu su our uh um eh well alright right")
	emailAsks  = phraseList("email, e mail, mail, correo, correo electronico")
	emailDots  = set("dot period punto point")
	emailSigns = map[string]string{"dash": "-", "hyphen": "-", "minus": "-", "guion": "-", "underscore": "_", "underline": "_", "subguion": "_", "plus": "+", "mas": "+"}
)

// emails finds written and spoken addresses: "jo.k@mail.com", "j o k at mail dot com", "ana guion bajo ruiz arroba
// correo punto es".
func (s *stream) emails() []finding {
	var found []finding
	for i := 1; i < len(s.toks); i++ {
		host := i // first word of the domain
		written := strings.HasSuffix(s.toks[i].gap, "@")
		if !written {
			if s.norm(i) != "at" && s.norm(i) != "arroba" {
				continue
			}
			host = i + 1
		}
		domain, to := s.writtenDomain(host)
		if !written || to == 0 {
			domain, to = s.domain(host)
		}
		if to == 0 {
			continue
		}
		if s.toks[i].sentence() && s.toks[i].gap != "." {
			continue // the sentence before it is no part of an address
		}
		if local, from := s.local(i, written); local != "" && !s.cardWithin(from, i) {
			found = append(found, s.finding(Email, from, to, local+"@"+domain))
		}
	}
	return found
}

// recurringEmails finds the part before the "at" of a found address wherever it is said or spelt again: "H underscore L I N D
// Q V I S T seven four".
func (d *document) recurringEmails(found []finding) []finding {
	known := map[string][]finding{} // by the first letter
	for _, f := range found {
		if at := strings.IndexByte(f.value, '@'); f.kind == Email && at > 5 {
			known[f.value[:1]] = append(known[f.value[:1]], f)
		}
	}
	if len(known) == 0 {
		return nil
	}
	var again []finding
	for _, s := range d.streams {
		for i, t := range s.toks {
			for _, f := range known[t.norm[:min(1, len(t.norm))]] {
				if to := s.says(i, f.value[:strings.IndexByte(f.value, '@')]); to > i+1 {
					again = append(again, s.finding(Email, i, to, f.value))
				}
			}
		}
	}
	return again
}

// says is where the words end that say the part before the "at" of an address from word i on, in one line; 0 if they say
// something else.
func (s *stream) says(i int, local string) (to int) {
	rest := local
	for to = i; rest != ""; {
		if to >= len(s.toks) || to > i && s.toks[to].first {
			return 0
		}
		piece, n := s.piece(to)
		if _, dotted := s.dot(to); dotted && emailDots[s.norm(to)] {
			piece, n = ".", 1
		}
		var ok bool
		if rest, ok = strings.CutPrefix(rest, piece); n == 0 || !ok {
			return 0
		}
		to += n
	}
	return to
}

// cardWithin tells whether a card number stands among words [from, to): what looks like an address before an "at" is then
// none, for a card is hidden in the full transcript too.
func (s *stream) cardWithin(from, to int) bool {
	return slices.ContainsFunc(s.runs, func(r run) bool {
		_, end := cardIn(r, false)
		return end > 0 && r.from() < to && r.to() > from
	})
}

// writtenDomain reads "mail.harborside-clinic.org" from word i, as it is written; to is 0 if it has no dot.
func (s *stream) writtenDomain(i int) (domain string, to int) {
	var b strings.Builder
	dots := 0
	for to = i; to < len(s.toks); to++ {
		if gap := s.toks[to].gap; to > i {
			if s.toks[to].first || gap != "." && gap != "-" {
				break
			}
			dots += strings.Count(gap, ".")
			b.WriteString(gap)
		}
		b.WriteString(s.norm(to))
	}
	if dots == 0 {
		return "", 0
	}
	return b.String(), to
}

// domain reads "gmail dot com", "mail dot harborside dash clinic dot org" from word i; to is 0 if there is none.
func (s *stream) domain(i int) (domain string, to int) {
	var b strings.Builder
	loose := 0 // words of the label so far that nothing ties together
	for j := i; j < len(s.toks) && j < i+14; {
		if j > i && strings.Contains(s.toks[j].gap, "@") {
			return "", 0 // "a quote at esperance@example.com": the sign says which "at" it is
		}
		if t := s.toks[j]; j > i && t.gap != "." && (t.sentence() || strings.Contains(t.gap, ",")) && !s.tiedDomain(j) {
			return "", 0
		}
		piece, n := s.piece(j)
		if n == 0 || emailEdge[piece] && loose > 0 {
			return "", 0
		}
		b.WriteString(piece)
		j += n
		loose++
		next, dotted := s.dot(j)
		if !dotted {
			if loose > 4 && len(piece) > 1 {
				return "", 0 // "I looked at your website": a sentence
			}
			continue
		}
		b.WriteByte('.')
		loose = 0
		j = next
		if !topDomains[s.norm(j)] {
			continue
		}
		// "co dot uk", "com punto mx" go on.
		for b.WriteString(s.norm(j)); ; b.WriteString("." + s.norm(j)) {
			further, more := s.dot(j + 1)
			if !more || !topDomains[s.norm(further)] {
				return b.String(), j + 1
			}
			j = further
		}
	}
	return "", 0
}

// tiedDomain tells whether word i goes on in a domain over a comma: spelt letters do.
func (s *stream) tiedDomain(i int) bool { return s.toks[i].letter() && s.toks[i-1].letter() }

// dot tells whether a dot, written or spoken, stands at word i, and which word follows it.
func (s *stream) dot(i int) (next int, ok bool) {
	switch {
	case i >= len(s.toks):
		return 0, false
	case s.toks[i].gap == "." && !s.toks[i].first:
		return i, true
	case emailDots[s.norm(i)] && i+1 < len(s.toks):
		return i + 1, true
	}
	return 0, false
}

// piece is one element of an address: a word, a letter with what explains it, a number in digits, or a sign spoken as a
// word.
func (s *stream) piece(i int) (string, int) {
	if i >= len(s.toks) || s.toks[i].placeholder {
		return "", 0
	}
	w := s.norm(i)
	switch {
	case w == "guion" && s.norm(i+1) == "bajo", w == "under" && s.norm(i+1) == "score":
		return "_", 2
	case emailSigns[w] != "":
		return emailSigns[w], 1
	}
	if d, n := s.number(i); n > 0 {
		return d, n
	}
	if s.toks[i].letter() {
		return w, 1 + s.asIn(i+1, w)
	}
	return w, 1
}

// local reads the part before word `at` leftwards: what is tied to it by dots, dashes and spelling, else the one
// or two words between the cue and it. Before a written @ that holds right after the word for e-mail only.
func (s *stream) local(at int, written bool) (string, int) {
	from := at
	for from > 0 && at-from < 24 {
		back := s.pieceBefore(from)
		w, next := s.toks[back], s.toks[from]
		if from < at && next.sentence() && next.gap != "." && !(w.letter() && next.letter()) {
			break
		}
		if from < at && strings.Contains(next.gap, ",") && !(w.letter() || next.letter() || s.sign(back) || s.sign(from) || s.isNumber(back) || s.isNumber(from)) {
			break
		}
		if s.emailEdge(back) && s.inside[back] < 0 && !emailDots[next.norm] && emailSigns[next.norm] == "" && !(w.letter() && back > 0 && s.toks[back-1].letter()) {
			break
		}
		from = back
	}
	// Without a cue before it, only what is tied together belongs to the address. The question for it is a cue.
	asked := s.toks[from].first && s.directlyAsked(s.toks[from].line, emailAsks)
	cued := from == 0 || s.emailEdge(from-1) || asked
	if !cued || at-from > 8 || written && !asked && !s.emailAnnounced(from) {
		from = s.tied(at)
	}
	var b strings.Builder
	for i := from; i < at; {
		if emailDots[s.norm(i)] && i > from {
			b.WriteByte('.')
			i++
			continue
		}
		if gap := strings.Trim(s.toks[i].gap, " "); i > from && gap != "" && strings.ContainsAny(gap, "._-+") && !(s.toks[i-1].letter() && gap == "-") {
			b.WriteString(gap)
		}
		piece, n := s.piece(i)
		if n == 0 {
			return "", 0
		}
		b.WriteString(piece)
		i += n
	}
	return b.String(), from
}

// emailAnnounced tells whether the word for e-mail stands before word i, "my email is", "correo electrónico:", and nothing else.
func (s *stream) emailAnnounced(i int) bool {
	for range 2 {
		if w := s.norm(i - 1); w == "is" || w == "it's" || w == "es" || w == "address" || w == "just" {
			i--
		}
	}
	return s.endsAt(i, emailAsks) > 0
}

// emailEdge tells whether word i ends the local part on its left; no local part has a verb tied to it: "my Gmail's".
func (s *stream) emailEdge(i int) bool { return emailEdge[s.norm(i)] || s.toks[i].stem != s.norm(i) }

// pieceBefore is where the piece begins that ends before word i: a number of several words, "o as in oscar", a word.
func (s *stream) pieceBefore(i int) int {
	if at := s.inside[i-1]; at >= 0 {
		return at
	}
	for back := 2; back <= 4 && back <= i; back++ {
		if s.toks[i-back].letter() && 1+s.asIn(i-back+1, s.norm(i-back)) == back {
			return i - back
		}
	}
	return i - 1
}

// tied goes left from word at as long as letters, digits, dots and dashes tie the words together.
func (s *stream) tied(at int) int {
	from := at
	for from > 0 {
		back := s.pieceBefore(from)
		w, next := s.toks[back], s.toks[from]
		link := from == at || w.letter() && next.letter() || next.gap == "." || next.gap == "_" || next.gap == "-" || next.gap == "+" ||
			s.sign(back) || s.sign(from) || s.endsWith(from, "guion bajo") || s.isNumber(from) || s.isNumber(back)
		if !link || from < at && (next.first || strings.ContainsAny(next.gap, "?!")) {
			break
		}
		from = back
	}
	return from
}

// sign tells whether word i is a dot, dash or underscore of an address.
func (s *stream) sign(i int) bool { return emailDots[s.norm(i)] || emailSigns[s.norm(i)] != "" }
