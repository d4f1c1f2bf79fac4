package redact

import "strings"

var (
	unitWords = set("apartment apt suite ste unit floor building bldg room number lot trailer space penthouse ph level flat box tower block piso puerta apartamento departamento depto interior exterior int ext escalera bloque portal planta " +
		"numero letra izquierda derecha manzana lote local oficina torre casa edificio km kilometro parcela nave dock bay slip berth pier timbre")
	// unitSides tell which of two flats with one number; quarters stand before the name of a part of a town.
	unitSides = set("back rear front upstairs downstairs left right izquierda derecha fondo")
	quarters  = set("colonia fraccionamiento residencial barrio urbanizacion")
	// floorsES are floors as one says them in Spain: "tercero izquierda", "segundo B".
	floorsES = set("bajo primero segundo tercero cuarto quinto sexto septimo octavo noveno decimo atico entresuelo principal")
	states   = set("alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan " +
		"minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming " +
		"dc al ak az ar ca co ct de fl ga ia id il ks ky la ma md mi mn mo ms mt nc nd ne nh nj nm nv ny oh ok pa ri sc sd tn tx ut va vt wa wi wv wy")
	twoWordStates = map[string]bool{
		"new york": true, "new jersey": true, "new mexico": true, "new hampshire": true, "north carolina": true, "south carolina": true, "north dakota": true, "south dakota": true,
		"west virginia": true, "rhode island": true,
	}
	// hesitations are said while looking for the next word.
	hesitations = set("uh um er eh este mmm")
	compass     = set("north south east west n s e w northeast northwest southeast southwest norte sur este oeste oriente poniente")
)

// town goes on over what belongs to an address that has ended its street: unit, town, state, postcode.
func (s *stream) town(to int) int {
	end := to
	for i := to; i < min(to+14, len(s.toks)); {
		t := s.toks[i]
		if strings.ContainsAny(t.gap, "?!") || t.first && t.line > s.toks[to-1].line+2 {
			break
		}
		switch n := s.townWord(i, end); {
		case n == 0 && i == end && t.norm == "in" && s.midCapital(i+1) && !s.doc.lang.everyday(s.norm(i+1)): // "27 Old Mill Road in Peterborough"
			i += 2
			end = i
		case n == 0 && i == end && t.norm == "in" && s.townName(i+1) > 0:
			i += 1 + s.townName(i+1)
			end = i
		case n == 0 && i == end && hesitations[t.norm] && unitWords[s.norm(i+1)]: // "906 East Magnolia, uh, unit B"
			i++
		case n == 0 && i == end && s.townAlone(i) > 0:
			i += s.townAlone(i)
			end = i
		case n == 0 && i == end && s.townName(i) > 0:
			i += s.townName(i)
			end = i
		case n == 0:
			// A capitalised word, or one before a state, may be the town's.
			if !(s.doc.cased && t.upper() && !t.sentence() && !s.doc.lang.common(t.norm) || s.beforeState(i)) {
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
			if s.unitLetter(i+1+n) || unitSides[s.norm(i+1+n)] && !s.toks[i+1+n].sentence() {
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
	case s.doc.lang.es && floorsES[w]:
		if next := s.norm(i + 1); next == "izquierda" || next == "derecha" || next == "centro" || next == "piso" || s.unitLetter(i+1) {
			return 2
		}
		if strings.Contains(s.toks[i].gap, ",") && (s.endsSentence(i) || strings.Contains(s.after(i), ",")) {
			return 1
		}
	case s.doc.lang.es && s.toks[i].digits() && len(w) < 3 && (unitSides[s.norm(i+1)] || s.toks[i].ordinal() && i+1 < len(s.toks) && (s.toks[i+1].ordinal() || s.unitLetter(i+1))): // "3.º izquierda", "2.º 1.ª"
		return 2
	case unitSides[w] && unitWords[s.norm(i+1)] && !s.toks[i+1].sentence():
		return 2
	case s.doc.lang.es && quarters[w] && i+1 < len(s.toks):
		if townStarts[s.norm(i+1)] {
			return 3
		}
		return 2
	case w == "ciudad" && s.norm(i+1) == "de" && s.mayName(i+2):
		return 3
	case statesSpoken[w] && i == end && (s.endsSentence(i) || s.isNumber(i+1)):
		return 1
	case w == "box" && s.isNumber(i+1):
		return 2
	case s.postcode(i) > 0:
		return s.postcode(i)
	case countDigits(w) > 0 && countDigits(w) < len(w) && (s.norm(i+1) == "floor" || s.norm(i+1) == "fl"), s.norm(i+1) == "floor" && ordinals[w] > 0:
		return 2 // "15th floor"
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

// postcode is how many words at i are a British or Canadian postcode, "SW1A 2AA", "M5V 2T6"; 0 if none are.
func (s *stream) postcode(i int) int {
	if i+1 >= len(s.toks) || !mixed(s.norm(i)) || s.toks[i+1].gap != " " {
		return 0
	}
	out, in := s.norm(i), s.norm(i+1)
	if len(out) < 2 || len(out) > 4 || out[0] < 'a' || len(in) != 3 || in[0] > '9' || !mixed(in) {
		return 0
	}
	return 2
}
