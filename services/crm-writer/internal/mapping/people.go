package mapping

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// forPeople makes text of the model's readable for those who work with the person's own record: what the
// caller gave of himself stands there in place of its placeholder, everything else in words, so that no
// placeholder is left. A name that nobody is sure of is left out, as it is on the record.
func (v *view) forPeople(text string) string {
	if !strings.Contains(text, "[") {
		return text
	}
	for _, g := range v.givens() {
		text = strings.ReplaceAll(text, g.placeholder, g.value)
	}
	if v.name.sure && !strings.Contains(text, "[") {
		return text // nothing of it is words of ours
	}
	text = callerTwice.ReplaceAllString(text, "$1")
	return capitalised(titled.ReplaceAllString(placeholders.ReplaceAllStringFunc(text, v.inWords), "$1"))
}

// given is what stands for a placeholder, or for several in a row.
type given struct{ placeholder, value string }

// oneself is what a caller has put in by name: it stands on his own record or beside it. An address does
// not, and nobody else's data do.
var oneself = []string{"name", "first_name", "last_name", "company", "email", "phone"}

// givens are what the caller gave of himself, the longest first: "[NAME_1] and Sons" before "[NAME_1]".
func (v *view) givens() []given {
	var out []given
	for _, d := range v.insight.GetDetails() {
		said := strings.TrimSpace(d.GetRedacted())
		if !slices.Contains(oneself, d.GetName()) || !placeholders.MatchString(said) {
			continue
		}
		value := strings.TrimSpace(d.GetValue())
		if strings.HasSuffix(d.GetName(), "name") {
			value = v.callersName(d)
		}
		out = append(out, given{said, value})
		// Half of a name is the caller, too.
		if all := placeholders.FindAllString(said, -1); d.GetName() == "name" && len(all) > 1 {
			for _, one := range all {
				out = append(out, given{one, value})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b given) int {
		return cmp.Or(cmp.Compare(len(b.placeholder), len(a.placeholder)), cmp.Compare(a.placeholder, b.placeholder))
	})
	return out
}

// callersName is what a detail that is a name shows. First and last name that were split from a whole one have
// its placeholder, and stand for it.
func (v *view) callersName(d *events.Detail) string {
	switch whole := v.details("name"); {
	case !v.name.sure:
		return "the caller"
	case whole != nil && whole.GetRedacted() == d.GetRedacted():
		return v.name.whole()
	default:
		return strings.TrimSpace(d.GetValue())
	}
}

// inWords is a placeholder that nothing may be put in for. Of a call whose caller gave his name, any other
// name is somebody else's.
func (v *view) inWords(placeholder string) string {
	kind, _, _ := strings.Cut(strings.Trim(placeholder, "[]"), "_")
	switch kind {
	case "NAME":
		if v.name.sure {
			return "another person"
		}
		return "a person"
	case "EMAIL":
		return "an e-mail address"
	case "PHONE":
		return "a phone number"
	case "ADDRESS":
		return "an address"
	case "CARD":
		return "a card number"
	case "CVV":
		return "a security code"
	case "EXPIRY":
		return "an expiry date"
	case "DOB":
		return "a date of birth"
	case "ID":
		return "an identity number"
	}
	return "something private"
}

var (
	// placeholders as inference writes them.
	placeholders = regexp.MustCompile(`\[[A-Z]+_[0-9]+\]`)
	// callerTwice is "the caller [NAME_1]" once nobody is sure of the name.
	callerTwice = regexp.MustCompile(`\b([Tt]he caller),? the caller\b`)
	// titled is a title without its name.
	titled = regexp.MustCompile(`\b(?:M(?:iste)?r|M(?:is)?s|Mrs|Dr|Doctor|Do[nñ]a?|Sr|Sra|Señora?)\.? (another person|a person|the caller)\b`)
	// opening is where a sentence begins with words that were put in.
	opening = regexp.MustCompile(`(^|[.!?]\s+)(the caller|another person|a person|an? (?:[a-z-]+ )?(?:address|number|date|code))\b`)
)

// capitalised gives sentences that begin with words of ours their capital.
func capitalised(text string) string {
	return opening.ReplaceAllStringFunc(text, func(s string) string {
		at := strings.IndexFunc(s, unicode.IsLetter)
		first, size := utf8.DecodeRuneInString(s[at:])
		return s[:at] + string(unicode.ToUpper(first)) + s[at+size:]
	})
}
