package crmwriter

import (
	"context"
	"errors"
	"fmt"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/app"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/mapping"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub"
)

// Audit compares what calls must have in the tenants' orgs with what these hold. It decides by the same mappings, matches and rules as
// the service and writes nothing: what it finds absent is what the service would make of the same insight. Safe for concurrent use.
type Audit struct {
	tenants  *tenant.Set
	mappings map[string]*mapping.Mapping
	drivers  map[string]*salesforce.Driver // by tenant
	green    float64
}

// Absence is one record that an org does not hold, or holds with a lower revision.
type Absence = crm.Absence

// Expected are the records that one revision of a call must have, without what stands in them.
type Expected struct{ plan *crm.Plan }

// auditBatch is how many calls one look at an org is about.
const auditBatch = 2500

// OpenAudit compiles the mappings and reaches out to nobody. Its error lists every fault.
func OpenAudit(cfg Config, tenants *tenant.Set) (*Audit, error) {
	a := &Audit{tenants: tenants, drivers: map[string]*salesforce.Driver{}, green: cfg.CRM.Green}
	var err error
	if a.mappings, err = app.LoadMappings(tenants); err != nil {
		return nil, fmt.Errorf("wrong mapping:\n%w", err)
	}
	var errs []error
	for _, t := range tenants.All() {
		s := t.Salesforce
		d, err := salesforce.New(salesforce.Config{
			Client: clientConfig(cfg, s), PubSub: pubsub.Config{Endpoint: s.PubSubEndpoint, Insecure: s.Insecure}, Event: s.Event, NoSearch: !cfg.Search,
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("tenant %s: %w", t.ID, err))
			continue
		}
		a.drivers[t.ID] = d
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Expect is what an insight's call must have by its tenant's mapping. An error is permanent, as it would be for the service: it has made
// a dead letter of the insight.
func (a *Audit) Expect(e *events.CallEvent) (*Expected, error) {
	t := a.tenants.ByID(e.GetTenant())
	if t == nil {
		return nil, retry.Permanently(app.CodeTenant, errors.New("no tenant file has the event's tenant"))
	}
	p, err := app.Decide(a.tenants, a.mappings[t.ID], t, e)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what it did
	}
	if t.Salesforce.Pattern == tenant.PatternEvents {
		p.File = nil // files never travel on the bus
	}
	return &Expected{salesforce.Slim(p, nil)}, nil
}

// Written narrows x to what the service has told of on calls.records: a mapping that was changed since, or people who came into the org
// since, then make nothing look lost. What was found and not changed is nobody's to miss. The file is told last: it is expected as soon
// as its parent is told.
func (x *Expected) Written(records []*events.CrmRecord) *Expected {
	ours := map[string]bool{}
	for _, r := range records {
		if r.GetId() != "" && r.GetKeyField() != "" {
			ours[r.GetRole()] = true
		}
	}
	if f := x.plan.File; f != nil {
		ours[crm.RoleFile] = ours[f.Ref]
	}
	return &Expected{salesforce.Slim(x.plan, func(ref string) bool { return ours[ref] })}
}

// Absent asks the tenant's org which of the records it lacks, in the order of all. It spends a request on some thousands of records,
// and none where the org's daily allowance has run low: that is the calls' own then.
func (a *Audit) Absent(ctx context.Context, tenantID string, all []*Expected) ([][]Absence, error) {
	d := a.drivers[tenantID]
	if d == nil {
		return nil, retry.Permanently(app.CodeTenant, errors.New("no tenant file has this tenant"))
	}
	var out [][]Absence
	for len(all) > 0 {
		if share := d.Allowance().Share(); share > a.green {
			return nil, &retry.Error{Class: retry.Retryable, Code: "salesforce.allowance", Err: fmt.Errorf(
				"%.0f %% of the org's requests of the day are spent, and the rest is for calls; reconcile again when it is green", share*100)}
		}
		n := min(len(all), auditBatch)
		plans := make([]*crm.Plan, n)
		for i, x := range all[:n] {
			plans[i] = x.plan
		}
		all = all[n:]
		absent, err := d.Absent(ctx, plans)
		if err != nil {
			return nil, fmt.Errorf("asking the org for records: %w", err)
		}
		out = append(out, absent...)
	}
	return out, nil
}

// Close drops the connections.
func (a *Audit) Close() error {
	var errs []error
	for _, d := range a.drivers {
		errs = append(errs, d.Close())
	}
	return errors.Join(errs...)
}
