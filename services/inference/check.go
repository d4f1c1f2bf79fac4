package inference

import (
	"context"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/model/vertex"
)

// Checks ask what only this service depends on: the tenants' models. They cost nothing and read only. Kafka and Redis are asked
// by whoever has the settings of all services.
func Checks(_ Config, tenants *tenant.Set) []check.Check {
	var all []check.Check
	for _, t := range tenants.All() {
		i := t.Inference
		c := check.Check{Part: "model", Tenant: t.ID, Name: "the model of " + t.ID}
		switch i.Provider {
		case "none":
			c.Run = check.Known(check.Finding{Code: "model.none", Level: check.Note, What: "No model is asked: insights are made by rule only."})
		case "vertex":
			c.Run = func(ctx context.Context) []check.Finding {
				return []check.Finding{vertex.Check(ctx, vertex.Config{
					Project: i.Project, Location: i.Location, Endpoint: i.Endpoint, Insecure: i.Insecure,
				}, i.Model)}
			}
		default:
			c.Run = check.Known(check.Finding{
				Code: "model.provider", Level: check.Fault, Subject: i.Provider, What: "This version knows no model provider " + i.Provider + ".",
				Do: "Set inference.provider to vertex or none.",
			})
		}
		all = append(all, c)
	}
	return all
}
