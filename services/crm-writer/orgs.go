package crmwriter

import (
	"context"
	"errors"
	"fmt"

	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/app"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub"
)

// orgs is every org that a tenant writes to, by the name that the tenants' files give it. Each has its own
// connections, queues and circuit of the breaker, so that one org's outage is its own.
type orgs map[string]*crm.Org

// openOrgs prepares the orgs and reaches out to none. Tenants may share one, with the same credentials.
func openOrgs(cfg Config, tenants *tenant.Set, tel *telemetry.Telemetry, billed crm.Billed) (orgs, error) {
	out, first := orgs{}, map[string]*tenant.Tenant{}
	if cfg.CRM.Waiting == 0 && severalOrgs(tenants) {
		cfg.CRM.Waiting = max(1, cfg.Consume.Concurrency*2/3)
	}
	b, err := breaker.New(cfg.CRM.Breaker, tel)
	if err != nil {
		return nil, err // says what it could not make
	}
	var errs []error
	for _, t := range tenants.All() {
		name := t.Salesforce.Org
		if other := first[name]; other != nil {
			if !sameOrg(other.Salesforce, t.Salesforce) {
				errs = append(errs, fmt.Errorf("tenants %s and %s name one org, %s, with different login, user or event", other.ID, t.ID, name))
			}
			continue
		}
		first[name] = t
		o, err := openOrg(cfg, t.Salesforce, b, tel, billed)
		if err != nil {
			errs = append(errs, fmt.Errorf("tenant %s: %w", t.ID, err))
			continue
		}
		out[name] = o
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, out.close(context.Background()))
	}
	return out, nil
}

// severalOrgs tells whether one org's calls could take places that another's need.
func severalOrgs(tenants *tenant.Set) bool {
	names := map[string]bool{}
	for _, t := range tenants.All() {
		names[t.Salesforce.Org] = true
	}
	return len(names) > 1
}

func openOrg(cfg Config, s tenant.Salesforce, b *breaker.Breaker, tel *telemetry.Telemetry, billed crm.Billed) (*crm.Org, error) {
	d, err := salesforce.New(salesforce.Config{
		Client: clientConfig(cfg, s),
		PubSub: pubsub.Config{Endpoint: s.PubSubEndpoint, Insecure: s.Insecure},
		Event:  s.Event, NoSearch: !cfg.Search, NoFallback: !cfg.Fallback, Log: tel.Log,
	})
	if err != nil {
		return nil, err // names the org and every fault
	}
	return crm.NewOrg(s.Org, d, cfg.CRM, b, tel, billed) // says what it could not make
}

func sameOrg(a, b tenant.Salesforce) bool {
	return a.LoginURL == b.LoginURL && a.Audience == b.Audience && a.ClientID == b.ClientID && a.Username == b.Username &&
		a.PrivateKey == b.PrivateKey && a.APIVersion == b.APIVersion && a.PubSubEndpoint == b.PubSubEndpoint && a.Event == b.Event
}

// of is the org of a tenant.
func (o orgs) of(t *tenant.Tenant) app.CRM { return o[t.Salesforce.Org] }

// held is the error of a tenant's calls while its org is left alone.
func (o orgs) held(t *tenant.Tenant) error {
	if org := o[t.Salesforce.Org]; org != nil {
		return org.Held() //nolint:wrapcheck // classified by the breaker
	}
	return nil
}

// close waits until what the orgs have taken is answered, or ctx ends.
func (o orgs) close(ctx context.Context) error {
	var errs []error
	for name, org := range o {
		if err := org.Close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("closing org %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
