package redact

import "strings"

var (
	topDomains = set("com net org edu gov io co us es mx ar cl info biz me dev app ai health dental law uk de eu ca")
	// emailEdge ends the local part on its left.
	emailEdge = set("is it's its es email e-mail mail address correo electronico direccion to a at me contact send write my mi the el la and y or so that's thats sure yes yeah ok okay si " +
		"called it un una on by por con en")
	emailDots  = set("dot period punto point")
	emailDash  = set("dash hyphen guion")
	emailUnder = set("underscore")
)

// emails finds written and spoken addresses: "jo.k@mail.com", "j o k at mail dot com", "ana guion bajo ruiz arroba
// correo punto es".
func (s *stream) emails() []finding {
	var found []finding
	for i := 1; i < len(s.toks); i++ {
		host := i // first word of the domain
		switch {
		case strings.HasSuffix(s.toks[i].gap, "@"):
		case s.norm(i) == "at" || s.norm(i) == "arroba":
			host = i + 1
		default:
			continue
		}
		domain, to := s.domain(host)
		if to == 0 {
			continue
		}
		local, from := s.local(i)
		if local == "" {
			continue
		}
		found = append(found, s.finding(Email, from, to, local+"@"+domain))
	}
	return found
}

// domain reads "gmail dot com" from word i; to is 0 if there is none.
func (s *stream) domain(i int) (domain string, to int) {
	var b strings.Builder
	for j := i; j < len(s.toks) && j < i+14; {
		if j > i && s.toks[j].sentence() && s.toks[j].gap != "." {
			break
		}
		piece, n := s.piece(j)
		b.WriteString(piece)
		j += n
		dot := j < len(s.toks) && s.toks[j].gap == "." || emailDots[s.norm(j)]
		if !dot {
			if domain != "" {
				return domain, to
			}
			if j >= len(s.toks) || emailEdge[s.norm(j)] {
				return "", 0
			}
			continue
		}
		if emailDots[s.norm(j)] {
			j++
		}
		if !topDomains[s.norm(j)] {
			b.WriteByte('.')
			continue
		}
		b.WriteByte('.')
		b.WriteString(s.norm(j))
		domain, to = b.String(), j+1
		// "co dot uk", "com punto mx" go on.
		if next := j + 1; !(emailDots[s.norm(next)] && topDomains[s.norm(next+1)]) && !(next < len(s.toks) && s.toks[next].gap == "." && topDomains[s.norm(next)]) {
			return domain, to
		}
		b.WriteByte('.')
		if emailDots[s.norm(j+1)] {
			j++
		}
		b.WriteString(s.norm(j + 1))
		return b.String(), j + 2
	}
	return domain, to
}

// piece is one element of an address: a word, a letter, a number in digits, or a sign spoken as a word.
func (s *stream) piece(i int) (string, int) {
	switch {
	case emailUnder[s.norm(i)]:
		return "_", 1
	case s.norm(i) == "guion" && s.norm(i+1) == "bajo":
		return "_", 2
	case emailDash[s.norm(i)]:
		return "-", 1
	}
	if d, n := s.number(i); n > 0 {
		return d, n
	}
	return s.norm(i), 1
}

// local reads the part before word `at` leftwards: what is tied to it by dots, dashes and spelling, else the one
// or two words between the cue and it.
func (s *stream) local(at int) (string, int) {
	from := at
	for from > 0 && at-from < 24 {
		w := s.toks[from-1]
		next := s.toks[from]
		if from < at && next.sentence() && next.gap != "." && !w.letter() && !next.letter() {
			break
		}
		if emailEdge[w.norm] && !emailDots[next.norm] && !(w.letter() && from-2 >= 0 && s.toks[from-2].letter()) {
			break
		}
		if s.endsWith(from, "guion bajo") {
			from -= 2
			continue
		}
		from--
	}
	// Without a cue before it, only what is tied together belongs to the address.
	if from > 0 && !emailEdge[s.toks[from-1].norm] || at-from > 8 {
		from = s.tied(at)
	}
	var b strings.Builder
	for i := from; i < at; {
		if emailDots[s.norm(i)] && i > from {
			b.WriteByte('.')
			i++
			continue
		}
		if i > from && strings.Trim(s.toks[i].gap, " ") != "" && strings.ContainsAny(s.toks[i].gap, "._-") && !s.toks[i-1].letter() {
			b.WriteString(strings.Trim(s.toks[i].gap, " "))
		}
		piece, n := s.piece(i)
		b.WriteString(piece)
		i += n
	}
	return b.String(), from
}

// tied goes left from word at as long as letters, digits, dots and dashes tie the words together.
func (s *stream) tied(at int) int {
	from := at
	for from > 0 {
		w := s.toks[from-1]
		link := from == at || w.letter() && s.toks[from].letter() || s.toks[from].gap == "." || s.toks[from].gap == "_" || s.toks[from].gap == "-" ||
			emailDots[w.norm] || emailDash[w.norm] || emailUnder[w.norm] || emailDots[s.toks[from].norm] || emailDash[s.toks[from].norm] ||
			emailUnder[s.toks[from].norm] || s.isNumber(from) || w.digits()
		if !link {
			break
		}
		from--
	}
	return from
}
