package app

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// nameParts adds first and last name to a whole one. The model can't: it saw "[NAME_1]". What the caller
// gave in parts stays as it is.
func nameParts(details []*events.Detail, language string) []*events.Detail {
	get := func(name string) *events.Detail {
		i := slices.IndexFunc(details, func(d *events.Detail) bool { return d.GetName() == name })
		if i < 0 {
			return nil
		}
		return details[i]
	}
	whole, first, last := get("name"), get("first_name"), get("last_name")
	if whole == nil {
		return details
	}
	f, l := splitName(whole.GetValue(), language)
	for _, part := range []struct {
		name, value string
		had         *events.Detail
	}{{"first_name", f, first}, {"last_name", l, last}} {
		if part.had != nil || part.value == "" {
			continue
		}
		d, _ := proto.Clone(whole).(*events.Detail)
		d.Name, d.Value = part.name, part.value
		details = append(details, d)
	}
	return details
}

// splitName is "Ana María García López" → "Ana María", "García López" in Spanish, which has two last
// names, and "Mary Ann Smith" → "Mary Ann", "Smith" elsewhere. Particles belong to the last name, as does what stands
// before an "y": "del Río y Zúñiga". A single word is a first name, unless a title stands before it; a name that begins
// with its particles, "van der Merwe", is a last name.
func splitName(name, language string) (first, last string) {
	words := strings.Fields(name)
	titled := false
	for len(words) > 1 && isTitle(words[0]) {
		words, titled = words[1:], true
	}
	if len(words) == 0 {
		return "", ""
	}
	if len(words) == 1 {
		if titled {
			return "", words[0]
		}
		return words[0], ""
	}
	end := len(words) - 1
	if isSuffix(words[end]) && end > 1 {
		end--
	}
	at := lastName(words, end)
	// Of two words before the last name, the second may be another last name, or belong to the first: "Yuliana Andrea Ospina".
	if strings.HasPrefix(language, "es") && at > 1 && norm(words[at]) != "y" && !redact.OnlyGiven(words[at-1]) {
		at = lastName(words, at-1)
	}
	if at == 1 && isParticle(words[0]) && !isShortened(words[0]) {
		at = 0
	}
	if at > 1 && norm(words[at]) == "y" {
		at = lastName(words, at-1)
	}
	return strings.Join(words[:at], " "), strings.Join(words[at:], " ")
}

// lastName is where the last name begins whose last word is words[end], its particles included.
func lastName(words []string, end int) int {
	at := end
	for at > 1 && isParticle(words[at-1]) {
		at--
	}
	return at
}

func isTitle(w string) bool {
	return slices.Contains([]string{"mr", "mrs", "ms", "miss", "dr", "prof", "señor", "señora", "señorita", "sr", "sra", "srta", "don", "doña"}, norm(w))
}

func isParticle(w string) bool {
	return slices.Contains([]string{"de", "del", "la", "las", "los", "da", "dos", "di", "van", "von", "der", "den", "ter", "ten", "el", "al", "bin", "ibn", "ben", "le", "du", "mac", "mc", "y"}, norm(w))
}

// isSuffix tells what follows a last name and belongs to it.
func isSuffix(w string) bool {
	return slices.Contains([]string{"jr", "ii", "iii", "iv"}, norm(w))
}

// isShortened tells first names that particles look like.
func isShortened(w string) bool {
	return slices.Contains([]string{"al", "ben", "mac", "du", "y"}, norm(w))
}
