package redact

import "strings"

var (
	streetTypes = set("street st avenue ave av road rd boulevard blvd lane ln drive dr court ct way place pl terrace circle cir highway hwy parkway pkwy square sq trail alley plaza loop row crescent close")
	calleTypes  = set("calle avenida av avda paseo camino carretera callejon calzada boulevard bulevar ronda travesia via c plaza plazuela colonia glorieta")
	unitWords   = set("apartment apt suite ste unit floor building bldg room number piso puerta apartamento departamento depto interior escalera bloque portal planta numero letra izquierda derecha")
	addressCues = []string{
		"my address is", "address is", "address", "i live at", "live at", "live on", "located at", "we're at", "i'm at", "deliver to", "deliver it to", "ship it to", "shipping address", "billing address",
		"home address", "street address", "mailing address", "moved to", "mi direccion es", "direccion es", "direccion", "domicilio", "vivo en", "vivimos en", "estamos en", "resido en",
	}
	zipCues = []string{"zip", "zip code", "zipcode", "postal code", "postcode", "codigo postal", "c p"}
	states  = set("alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan " +
		"minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming " +
		"al ak az ar ca co ct de fl ga ia id il ks ky la ma md mi mn mo ms mt nc nd ne nh nj nm nv ny oh ok pa ri sc sd tn tx ut va vt wa wi wv wy")
	twoWordStates = map[string]bool{
		"new york": true, "new jersey": true, "new mexico": true, "new hampshire": true, "north carolina": true, "south carolina": true, "north dakota": true, "south dakota": true,
		"west virginia": true, "rhode island": true,
	}
	compass = set("north south east west n s e w northeast northwest southeast southwest")
	// notStreet ends the words between a house number and its street type: what stands there is a sentence.
	notStreet = set("is are was were and or the a an of for to in on my your our i we you it that this at by with from about order number tickets years days minutes hours percent dollars people users " +
		"seats licenses months weeks times o'clock am pm es un una los las por para con que se")
)

// addresses finds a house number with its street, a calle with its number, a post-office box, a postcode that is
// spoken of, and what follows "my address is".
func (s *stream) addresses() []finding {
	var found []finding
	for _, r := range s.runs {
		switch from := r.from(); {
		case s.poBox(from) > 0:
			found = append(found, s.address(from-s.poBox(from), s.town(r.to())))
		case (len(r.digits) == 5 || len(r.digits) == 9) && s.cue(from, 4, zipCues):
			found = append(found, s.address(from, r.to()))
		default:
			if to := s.street(r); to > 0 {
				found = append(found, s.address(s.unitBefore(from), s.town(to)))
			}
		}
	}
	for i := range s.toks {
		if to := s.calle(i); to > 0 {
			found = append(found, s.address(i, s.town(to)))
		} else if n := s.startsWith(i, addressCues); n > 0 {
			if from, to := s.cuedAddress(i + n); to > 0 {
				found = append(found, s.address(from, s.town(to)))
			}
		}
	}
	return found
}

func (s *stream) address(from, to int) finding {
	return s.finding(Address, from, to, s.said(from, to))
}

// street reads "1420 North Maple Street" after the run of its number; 0 if there is no street type within five
// words of the same sentence.
func (s *stream) street(r run) int {
	if len(r.digits) > 6 {
		return 0
	}
	for i := r.to(); i < min(r.to()+6, len(s.toks)); i++ {
		t := s.toks[i]
		if i > r.to() && streetTypes[t.norm] {
			return i + 1
		}
		// "Maple St." has a dot that ends nothing; "Dr. Smith" is a person.
		if t.line != s.toks[r.from()].line && i > r.to()+1 || strings.ContainsAny(t.gap, ".?!") || notStreet[t.norm] {
			return 0
		}
	}
	return 0
}

// unitBefore is where an address begins whose unit stands before its street: "Suite 410 at 77 Battery Street".
func (s *stream) unitBefore(from int) int {
	i := from
	if w := s.norm(i - 1); w == "at" || w == "in" || w == "on" {
		i--
	}
	if i >= 2 && unitWords[s.norm(i-2)] && (s.isNumber(i-1) || s.toks[i-1].letter()) {
		return i - 2
	}
	return from
}

func (s *stream) poBox(i int) int {
	for phrase, n := range map[string]int{"p o box": 3, "po box": 2, "apartado postal": 2, "apartado de correos": 3, "apartado": 1} {
		if s.endsWith(i, phrase) {
			return n
		}
	}
	return 0
}

// calle reads "calle de Alcalá 45", "Avenida Juárez, número 12".
func (s *stream) calle(i int) int {
	if !s.doc.lang.es || !calleTypes[s.norm(i)] || s.norm(i) == "c" && !strings.HasPrefix(s.after(i), "/") {
		return 0
	}
	for j := i + 1; j < min(i+9, len(s.toks)); j++ {
		if s.toks[j].line != s.toks[i].line && j > i+6 || strings.ContainsAny(s.toks[j].gap, "?!") {
			return 0
		}
		if _, n := s.number(j); n > 0 && j > i+1 {
			return j + n
		}
	}
	return 0
}

// after is what stands after word i in its line.
func (s *stream) after(i int) string {
	if i+1 < len(s.toks) && !s.toks[i+1].first {
		return s.toks[i+1].gap
	}
	return ""
}

// cuedAddress is what follows "my address is": from the first number or capital within six words, to the end of the
// sentence, twelve words at most. Without a number within it there is none.
func (s *stream) cuedAddress(i int) (from, to int) {
	for from = i; from < min(i+4, len(s.toks)); from++ {
		if _, n := s.number(from); n > 0 {
			break
		}
		if s.toks[from].sentence() && from > i && !s.toks[from].first {
			return 0, 0
		}
	}
	if _, n := s.number(from); n == 0 || from >= len(s.toks) {
		return 0, 0
	}
	d, n := s.number(from)
	if len(d) > 6 || s.dated(from) {
		return 0, 0
	}
	for to = from + n; to < min(from+12, len(s.toks)); to++ {
		if s.toks[to].sentence() || notStreet[s.norm(to)] {
			break
		}
	}
	if to == from+n {
		return 0, 0 // a number alone is no address
	}
	return from, to
}

func (s *stream) dated(i int) bool {
	_, n := s.date(i)
	return n > 0
}

// town goes on over what belongs to an address that has ended its street: unit, town, state, postcode.
func (s *stream) town(to int) int {
	end := to
	for i := to; i < min(to+14, len(s.toks)); {
		t := s.toks[i]
		if strings.ContainsAny(t.gap, "?!") || t.first && t.line > s.toks[to-1].line+2 {
			break
		}
		switch n := s.townWord(i, end); {
		case n == 0:
			// A capitalised word, or one before a state, may be the town's.
			if !(s.doc.cased && t.upper() && !t.sentence() && !commonWord[t.norm] || s.beforeState(i)) {
				return end
			}
			i++
			if s.doc.cased && t.upper() {
				end = i
			}
		default:
			i += n
			end = i
		}
	}
	return end
}

// townWord is how many words at i are a unit with its number, a compass point, a state or a postcode; 0 if none.
func (s *stream) townWord(i, end int) int {
	w := s.norm(i)
	switch {
	case unitWords[w]:
		if _, n := s.number(i + 1); n > 0 {
			if s.unitLetter(i + 1 + n) {
				return n + 2
			}
			return n + 1
		}
		if i+1 < len(s.toks) && (s.toks[i+1].letter() || mixed(s.norm(i+1))) {
			return 2
		}
		if w == "izquierda" || w == "derecha" {
			return 1
		}
	case compass[w] && !s.toks[i].sentence():
		return 1
	case twoWordStates[w+" "+s.norm(i+1)]:
		return 2
	case states[w] && (len(w) > 2 || s.toks[i].text == strings.ToUpper(w)):
		return 1
	case s.startsWith(i, zipCues) > 0:
		return s.startsWith(i, zipCues)
	}
	if d, _ := s.number(i); len(d) >= 1 {
		for _, r := range s.runs {
			if r.from() == i && len(r.digits) == 5 && i-end <= 3 {
				return r.to() - i
			}
		}
	}
	return 0
}

func (s *stream) unitLetter(i int) bool {
	return i < len(s.toks) && s.toks[i].letter() && !s.toks[i].sentence() && s.toks[i].norm != "i" && s.toks[i].norm != "y"
}

// beforeState tells whether a state stands within three words after word i in the same sentence.
func (s *stream) beforeState(i int) bool {
	for j := i + 1; j <= i+3 && j < len(s.toks); j++ {
		if s.toks[j].sentence() && !s.toks[j].first {
			return false
		}
		w := s.norm(j)
		if len(w) > 3 && states[w] || twoWordStates[w+" "+s.norm(j+1)] || states[w] && s.toks[j].text == strings.ToUpper(w) {
			return true
		}
	}
	return false
}
