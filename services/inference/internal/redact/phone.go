package redact

import (
	"slices"
	"strings"
)

// phones finds numbers of the North American plan, of Spain (nine digits that begin with 6 to 9), those that are
// spoken of as phones, and whatever is given with a plus sign (ITU-T E.164).
func (s *stream) phones() []finding {
	var found []finding
	for _, r := range s.runs {
		if value := s.phone(r); value != "" {
			found = append(found, s.finding(Phone, r.from(), r.to(), value))
		}
	}
	return found
}

// phone is a run's number in E.164 as far as its country is known, "" if it is no phone number.
func (s *stream) phone(r run) string {
	d := r.digits
	order := s.cueBefore(r.from(), 5, orderCues)
	phone := s.cueBefore(r.from(), 10, phoneCues)
	asked := s.askedFor(r.from(), phoneCues)
	// The nearer word decides what a number is.
	thing := order >= 0 && (phone < 0 || order < phone) || order < 0 && phone < 0 && !asked && s.askedFor(r.from(), orderCues)
	cued := phone >= 0 || asked || s.cueAfter(r.to(), 5, phoneCues) || s.doc.lang.es && s.norm(r.from()-1) == "al" // "al once cincuenta y cinco"
	switch {
	case r.plus && len(d) >= 8 && len(d) <= 15:
		return "+" + d
	case thing || r.sum:
	case cued && len(d) >= 7 && len(d) <= 15, s.looksDialled(r):
		return s.doc.lang.e164(r)
	}
	return ""
}

// looksDialled tells whether a number is a phone's by its own digits: ten of the North American plan (NPA and NXX begin
// with 2 to 9), eleven with its 1, nine of Spain. Groups that no phone number has speak against it.
func (s *stream) looksDialled(r run) bool {
	d := strings.TrimPrefix(r.digits, "1")
	if s.doc.lang.es && len(r.digits) == 9 && strings.IndexByte("6789", r.digits[0]) >= 0 {
		return true
	}
	// 5188-4612-10 is a part number; 55 1234 5678 is dialled in Mexico, 11 5555 0143 in Argentina.
	if s.doc.lang.es && slices.Equal(r.groups, []int{2, 4, 4}) {
		return true
	}
	if len(d) != 10 || d[0] < '2' || len(r.digits) == 10 && r.digits[0] == '1' {
		return false
	}
	return d[3] >= '2' && (!slices.Contains(r.groups, 4) || r.groups[len(r.groups)-1] == 4)
}

// country is how phones are dialled within a country.
type country struct {
	code   string
	length int    // of a national number, without the trunk prefix
	trunk  string // said before it at home, not from abroad
}

// countries by the region of a language tag (ITU-T E.164, national numbering plans). Every other region is taken for
// North America.
var countries = map[string]country{
	"es": {"34", 9, ""}, "mx": {"52", 10, "01"}, "co": {"57", 10, ""}, "ar": {"54", 10, "0"}, "cl": {"56", 9, ""}, "pe": {"51", 9, ""},
	"gb": {"44", 10, "0"}, "ie": {"353", 9, "0"}, "au": {"61", 9, "0"}, "nz": {"64", 9, "0"}, "in": {"91", 10, "0"}, "za": {"27", 9, "0"},
}

// e164 writes a national number with its country; a number that fits no country stays as it was said.
func (t tongue) e164(r run) string {
	d := r.digits
	if c, ok := countries[t.region]; ok {
		n := strings.TrimPrefix(d, c.trunk)
		switch {
		case len(n) == c.length:
			return "+" + c.code + n
		case len(d) == c.length+len(c.code) && strings.HasPrefix(d, c.code):
			return "+" + d
		}
	}
	if n, ok := strings.CutPrefix(d, "00"); ok && len(n) >= 10 {
		return "+" + n
	}
	switch {
	case len(d) == 10 && t.es && slices.Equal(r.groups, []int{2, 4, 4}):
		return "+52" + d
	case len(d) == 10 && d[0] >= '2':
		return "+1" + d
	case len(d) == 11 && d[0] == '1' && d[1] >= '2':
		return "+" + d
	case len(d) == 9 && t.es && strings.IndexByte("6789", d[0]) >= 0:
		return "+34" + d
	}
	return d
}
