package crmwriter

import (
	"context"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/app"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/mapping"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/orgcheck"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub"
)

// Checks ask what only this service depends on: the tenants' mappings, and their orgs. They read only, and need settings that are
// valid. Kafka and Redis are asked by whoever has the settings of all services.
func Checks(cfg Config, tenants *tenant.Set) []check.Check {
	all := []check.Check{{Part: "tenants", Run: func(context.Context) []check.Finding { return orgFindings(tenants) }}}
	for _, t := range tenants.All() {
		m, err := mappingOf(t)
		all = append(all, check.Check{Part: "tenants", Tenant: t.ID, Run: func(context.Context) []check.Finding {
			return mappingFindings(m, err)
		}})
		if err != nil { // nobody knows what would be written
			all = append(all, check.Check{Part: "salesforce", Tenant: t.ID, Run: func(context.Context) []check.Finding {
				return []check.Finding{{
					Code: "salesforce.not_asked", Level: check.Fault, Subject: t.Salesforce.Org, What: "The org was not asked, since the tenant's mapping is refused.",
					Do: "See `frontdesk check --only tenants`.",
				}}
			}})
			continue
		}
		all = append(all, check.Check{Part: "salesforce", Tenant: t.ID, Name: "the Salesforce of " + t.ID, Run: func(ctx context.Context) []check.Finding {
			s := t.Salesforce
			return orgcheck.Run(ctx, orgcheck.Config{
				Client: clientConfig(cfg, s), PubSub: pubsub.Config{Endpoint: s.PubSubEndpoint, Insecure: s.Insecure}, Tenant: t, Mapping: m, Search: cfg.Search,
			})
		}})
	}
	return all
}

// orgFindings tells of tenants that name one org and mean several: the service does not start with them.
func orgFindings(tenants *tenant.Set) []check.Finding {
	var found []check.Finding
	first := map[string]*tenant.Tenant{}
	for _, t := range tenants.All() {
		name := t.Salesforce.Org
		switch other := first[name]; {
		case other == nil:
			first[name] = t
		case !sameOrg(other.Salesforce, t.Salesforce):
			found = append(found, check.Finding{
				Code: "tenants.org_differs", Level: check.Fault, Tenant: t.ID, Subject: name,
				What: "The tenants " + other.ID + " and " + t.ID + " name one org, " + name + ", with different login, user, key, API version or event.",
				Do:   "Make them equal, or give the orgs different names (salesforce.org).",
			})
		}
	}
	return found
}

func mappingOf(t *tenant.Tenant) (*mapping.Mapping, error) {
	one, err := tenant.NewSet(t)
	if err != nil {
		return nil, err //nolint:wrapcheck // one tenant has no other to clash with
	}
	all, err := app.LoadMappings(one)
	return all[t.ID], err //nolint:wrapcheck // it names every fault
}

func mappingFindings(m *mapping.Mapping, err error) []check.Finding {
	if err == nil {
		return []check.Finding{check.Okay("tenants.mapping", m.Version(), "The mapping %s compiles.", m.Version())}
	}
	var found []check.Finding
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "tenant ") && strings.HasSuffix(line, ":") {
			continue
		}
		found = append(found, check.Finding{
			Code: "tenants.mapping", Level: check.Fault, What: "The mapping is refused: " + strings.TrimSuffix(line, ".") + ".",
			Do: "Correct it at that line and column; docs/mapping.md explains the format.",
		})
	}
	return found
}

func clientConfig(cfg Config, s tenant.Salesforce) sf.Config {
	return sf.Config{
		Org: s.Org, LoginURL: s.LoginURL, Audience: s.Audience, ClientID: s.ClientID, Username: s.Username,
		PrivateKey: s.PrivateKey.Reveal(), APIVersion: s.APIVersion, InFlight: cfg.CRM.InFlight,
	}
}
