package ingress

import (
	"context"
	"net/http"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
)

// Checks ask what only this service depends on: the tenants' accounts and numbers at the carrier, and the way from there to here.
// They read only, and need settings that are valid. Kafka is asked by whoever has the settings of all services.
func Checks(cfg Config, tenants *tenant.Set) []check.Check {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true}
	c, err := twilio.NewChecker(tenants, cfg.PublicURL, cfg.Insecure, transport)
	if err != nil {
		return nil // told by Validate
	}
	all := []check.Check{{Part: "config", Run: func(context.Context) []check.Finding { return unknownNumber(cfg, tenants) }}}
	all = append(all, check.Check{Part: "twilio", Name: "the public URL", Run: c.Public})
	for _, t := range tenants.All() {
		all = append(all, check.Check{Part: "twilio", Tenant: t.ID, Name: "the Twilio account of " + t.ID, Run: func(ctx context.Context) []check.Finding {
			return c.Account(ctx, t)
		}})
	}
	return all
}

func unknownNumber(cfg Config, tenants *tenant.Set) []check.Finding {
	if cfg.UnknownNumber == UnknownRefuse || tenants.ByID(cfg.UnknownNumber) != nil {
		return nil
	}
	return []check.Finding{{
		Code: "config.unknown_number", Level: check.Fault, Subject: "ingress",
		What: "ingress' unknown_number names the tenant " + cfg.UnknownNumber + ", which there is not: ingress does not start.",
		Do:   "Name a tenant's id, or \"" + UnknownRefuse + "\".",
	}}
}
