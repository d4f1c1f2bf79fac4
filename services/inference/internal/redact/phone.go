package redact

import "strings"

var phoneCues = []string{
	"phone", "phone number", "telephone", "cell", "cell phone", "mobile", "my number", "my number is", "call me", "call me at", "call me back", "call back", "callback", "callback number",
	"reach me", "reach me at", "text me", "contact number", "home number", "work number", "a number", "best number", "area code", "fax", "telefono", "celular", "movil", "mi numero", "llamame", "llamarme",
	"llamen", "numero de telefono", "numero de contacto", "contacto", "whatsapp", "localizarme", "reached at",
}

// phones finds numbers of the North American plan (ten digits, or eleven with the leading 1), of Spain (nine
// digits that begin with 6 to 9), local ones of seven digits where a phone is spoken of, and whatever is
// given with a plus sign (ITU-T E.164).
func (s *stream) phones() []finding {
	var found []finding
	for _, r := range s.runs {
		d := r.digits
		order := s.cuePos(r.from(), 5, orderCues)
		phone := s.cuePos(r.from(), 10, phoneCues)
		asked := s.askedFor(r.from(), phoneCues)
		// The nearer word decides what a number is.
		isOrder := order >= 0 && (phone < 0 || order < phone) || order < 0 && phone < 0 && !asked && s.askedFor(r.from(), orderCues)
		cued := phone >= 0 || asked || s.cueAfter(r.to(), 5, phoneCues)
		value := ""
		switch {
		case r.plus && len(d) >= 8 && len(d) <= 15:
			value = "+" + d
		case isOrder:
		case len(d) == 10 && d[0] >= '2':
			value = "+1" + d
		case len(d) == 11 && d[0] == '1' && d[1] >= '2':
			value = "+" + d
		case len(d) == 9 && s.doc.lang.es && strings.IndexByte("6789", d[0]) >= 0:
			value = "+34" + d
		case cued && len(d) >= 7 && len(d) <= 15:
			value = d
		}
		if value != "" {
			found = append(found, s.finding(Phone, r.from(), r.to(), value))
		}
	}
	return found
}
