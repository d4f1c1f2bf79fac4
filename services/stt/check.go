package stt

import (
	"context"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/googlespeech"
)

// Checks ask what only this service depends on: the tenants' recognisers. They cost nothing. Kafka is asked by whoever has the
// settings of all services.
func Checks(_ Config, tenants *tenant.Set) []check.Check {
	var all []check.Check
	for _, t := range tenants.All() {
		c := check.Check{Part: "speech", Tenant: t.ID, Name: "the recogniser of " + t.ID}
		switch s := t.Speech; s.Provider {
		case "none":
			c.Run = check.Known(check.Finding{Code: "speech.none", Level: check.Note, What: "Calls are not recognised: the tenant's file names no recogniser."})
		case googlespeech.Product:
			c.Run = func(ctx context.Context) []check.Finding { return hear(ctx, t) }
		default:
			c.Run = check.Known(check.Finding{
				Code: "speech.provider", Level: check.Fault, Subject: s.Provider, What: "This version knows no recogniser " + s.Provider + ".",
				Do: "Set speech.provider to googlespeech or none.",
			})
		}
		all = append(all, c)
	}
	return all
}

// hear opens a stream for each set of languages that a number of the tenant has.
func hear(ctx context.Context, t *tenant.Tenant) []check.Finding {
	conns := googlespeech.NewConnections()
	defer func() { _ = conns.Close() }() // everything was answered
	s := t.Speech
	d := googlespeech.New(googlespeech.Config{
		Project: s.Project, Location: s.Location, Model: s.Model, Endpoint: s.Endpoint, Insecure: s.Insecure,
	}, conns)
	var found []check.Finding
	asked := map[string]bool{}
	for _, n := range t.Numbers {
		languages := []string{n.Language}
		for _, l := range s.Languages {
			if !slices.Contains(languages, l) {
				languages = append(languages, l)
			}
		}
		if key := strings.Join(languages, ","); !asked[key] {
			asked[key] = true
			found = append(found, d.Check(ctx, languages))
		}
	}
	return found
}
