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
	f, l := events.SplitName(whole.GetValue(), language, redact.OnlyGiven)
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

// firmAsSaid is a firm that its owner's name stands in, as it was said. One placeholder stood for the whole name and for the
// last name alone, so what is put back may be more than was said: "Celeste Abernathy Cellars" of Abernathy Cellars.
func firmAsSaid(firm string, details []*events.Detail, said func(string) bool) string {
	if said(firm) {
		return firm
	}
	value := func(name string) string {
		i := slices.IndexFunc(details, func(d *events.Detail) bool { return d.GetName() == name })
		if i < 0 {
			return ""
		}
		return details[i].GetValue()
	}
	for _, part := range []string{value("last_name"), value("first_name")} {
		if shorter := strings.Replace(firm, value("name"), part, 1); part != "" && value("name") != "" && said(shorter) {
			return shorter
		}
	}
	return firm
}
