// Package redact replaces personal data in a transcript by numbered placeholders before anybody else reads it.
//
// A transcript is read party by party, over line breaks and over the other party's interjections, since a
// number is dictated in pieces (stream.go). Words are cut and folded (token.go), spoken numbers become
// digits that remember their words (number.go), phrases tell what is near them (phrase.go, cue.go), and each kind
// of personal data has a finder of its own: cards (card.go, luhn.go, expiry.go), e-mail (email.go), national ids
// (nationalid.go, document.go), phones (phone.go), dates of birth (date.go), addresses (address.go, town.go) and
// names (name.go, introduce.go, spell.go, person.go). What is corrected or said again belongs to what was found
// (correction.go). What they find is put in order and replaced (replace.go), and what they may have missed makes the
// confidence (confidence.go); where that is too low, numbers that nothing explains are masked besides (cautious.go).
package redact

import (
	"slices"
	"strings"
)

// Line is one utterance as recognised.
type Line struct {
	// Caller tells the caller's lines from the agent's.
	Caller bool
	// StartMS and EndMS are call time.
	StartMS, EndMS int64
	Text           string
}

// Kind of a finding; the placeholder is "[" + kind + "_" + number + "]".
type Kind string

// The kinds, in the order in which a finder may claim words.
const (
	Email   Kind = "EMAIL"
	Card    Kind = "CARD"
	CVV     Kind = "CVV"
	Expiry  Kind = "EXPIRY" // of a card
	ID      Kind = "ID"     // national ids: SSN, DNI, NIE, passport and the like
	Phone   Kind = "PHONE"
	DOB     Kind = "DOB"
	Address Kind = "ADDRESS"
	Name    Kind = "NAME"
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Email, Card, CVV, Expiry, ID, Phone, DOB, Address, Name} }

// Version of the rules: it stands in every insight.
const Version = "3"

// Result of one transcript.
type Result struct {
	// Redacted are the lines with placeholders, one for each line given, in the same order. The same value has
	// the same placeholder throughout.
	Redacted []string
	// Masked are the lines in full, but card numbers and security codes masked ("****4242", "***").
	Masked []string
	// Values are what the placeholders stand for, in the form that a record wants: a spelt name joined
	// ("Okonkwo"), spoken digits as digits, a phone number in E.164, a date as YYYY-MM-DD, an e-mail address as an
	// address. Cards, security codes and expiry dates are not in it.
	Values map[string]string
	// Counts of distinct values per kind.
	Counts map[Kind]int
	// Confidence that nothing was missed, 0 to 1: one less the estimated share missed.
	Confidence float64

	// doc and found are what Cautious goes on from.
	doc   *document
	found []finding
}

// Redact finds personal data in the joined transcript, across lines and parties. language is BCP 47; English
// and Spanish are known, others fall back to both with a lower confidence. It never fails and is safe for
// concurrent use.
func Redact(lines []Line, language string) *Result {
	doc := read(lines, languageOf(language))
	found := doc.find()
	r := doc.replace(doc.resolve(found))
	r.Confidence = doc.confidence()
	r.doc, r.found = doc, found
	return r
}

// spans are what everything that was found replaces.
func (d *document) spans() []span { return d.resolve(d.find()) }

// find is everything that the finders find.
func (d *document) find() []finding {
	var found []finding
	for _, s := range d.streams {
		found = append(found, s.findAll()...)
	}
	found = append(found, d.lowered()...)
	found = append(found, d.restated(found)...)
	found = append(found, d.recurringEmails(found)...)
	found = append(found, d.doors(found)...)
	found = append(found, d.families(found)...)
	d.ofFirms(found)
	onePerson(found)
	found = append(found, d.recurringNames(found)...)
	return append(found, d.recurringAddresses(found)...)
}

// Restore puts the values back in place of their placeholders; ok is false if one has none (a card). Brackets that
// are no placeholder stay.
func (r *Result) Restore(s string) (restored string, ok bool) {
	ok = true
	var b strings.Builder
	for {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			break
		}
		open := max(0, strings.LastIndexByte(s[:end], '['))
		placeholder := s[open : end+1]
		b.WriteString(s[:open])
		if value, known := r.Values[placeholder]; known {
			b.WriteString(value)
		} else {
			b.WriteString(placeholder)
			ok = ok && !isPlaceholder(placeholder)
		}
		s = s[end+1:]
	}
	b.WriteString(s)
	return b.String(), ok
}

// isPlaceholder tells "[CARD_1]" from brackets that somebody wrote.
func isPlaceholder(s string) bool {
	if !strings.HasPrefix(s, "[") || !strings.HasSuffix(s, "]") {
		return false
	}
	kind, number, ok := strings.Cut(s[1:len(s)-1], "_")
	if !ok || number == "" || strings.Trim(number, "0123456789") != "" {
		return false
	}
	return slices.Contains(Kinds(), Kind(kind))
}

// tongue is which lexicons apply, and how dates and phones are given where it is spoken.
type tongue struct {
	en, es, known bool
	region        string // ISO 3166, lower case; "" if the tag has none
	dayFirst      bool   // 3/5 is the third of May
}

func languageOf(bcp47 string) tongue {
	tag := strings.FieldsFunc(strings.ToLower(bcp47), func(r rune) bool { return r == '-' || r == '_' })
	t := tongue{en: true, es: true, dayFirst: true}
	for _, sub := range tag[min(1, len(tag)):] {
		if len(sub) == 2 {
			t.region = sub
		}
	}
	if len(tag) == 0 {
		return t
	}
	switch tag[0] {
	case "en":
		t.es, t.known = false, true
		t.dayFirst = t.english()
	case "es":
		t.en, t.known = false, true
	}
	return t
}

// english tells whether English puts the day first in the region.
func (t tongue) english() (dayFirst bool) {
	return t.region != "" && t.region != "us" && t.region != "ca" && t.region != "ph"
}

// heard corrects the language that was told by the words that were said: people speak English on a Spanish line, and both
// in one call. A language that a tenth of the words are of is listened to; one that hardly any are of is not.
func (t tongue) heard(streams []*stream) tongue {
	if !t.known {
		return t
	}
	en, es := 0, 0
	for _, s := range streams {
		for _, tok := range s.toks {
			switch {
			case commonEN[tok.stem] && !commonES[tok.stem]:
				en++
			case commonES[tok.stem] && !commonEN[tok.stem]:
				es++
			}
		}
	}
	switch {
	case !t.en && en >= 4 && 9*en >= es:
		t.en, t.es = true, 9*es >= en
		t.dayFirst = t.es || t.english()
	case !t.es && es >= 4 && 9*es >= en:
		t.es, t.en = true, 9*en >= es
		t.dayFirst = t.dayFirst || !t.en
	}
	return t
}
