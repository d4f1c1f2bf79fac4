package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/mapping"
)

// Permanent reasons of ours.
const (
	CodeTenant = "tenant.unknown"
	CodeSealed = "event.sealed"
	CodeKind   = "event.unexpected"
)

// Write writes one insight the tenant's way:
//
//	decide      → calls.records: pending
//	write       → direct: one graph; events: one platform event; both: the graph, then the event;
//	              analytics: nothing yet, the record waits for the backfill
//	file        → the full transcript, on the record that the plan names
//
// After each write calls.records is told what the CRM holds by then: written or published, once more with the file.
// What is refused for good is told with its code: as failed while nothing stands, else beside what does.
//
// What is told is on its way while the CRM is asked, and is kept before Write returns without an error or with a
// permanent one: otherwise the message comes again, and the CRM finds its revision. first is false for a further
// try of the same message: its decision has been told. Repeating Write changes nothing in the CRM. A revision that
// a higher one of the call has overtaken is told no more: calls.records has the higher one.
func (w *Writer) Write(ctx context.Context, e *events.CallEvent, first bool) error {
	t, err := w.admit(e)
	if err != nil {
		return err
	}
	c := &call{Writer: w, event: e, tenant: t, status: events.CrmStatus_CRM_STATUS_PENDING}
	if first {
		c.tell(ctx, nil)
	}
	if err = c.write(ctx); retry.IsPermanent(err) {
		if c.status == events.CrmStatus_CRM_STATUS_PENDING {
			c.status = events.CrmStatus_CRM_STATUS_FAILED
		}
		c.tell(ctx, err)
	}
	// A refusal that was not told must not end in the dead letters: calls.records would say pending for ever.
	if terr := c.kept(ctx); terr != nil {
		err = terr
	}
	w.count(ctx, t, c.outcome(err))
	return err
}

// outcome as metrics show it.
func (c *call) outcome(err error) string {
	switch {
	case retry.IsPermanent(err):
		return outcomeFailed
	case err != nil:
		return outcomeRetried
	case c.superseded:
		return outcomeSuperseded
	case c.status == events.CrmStatus_CRM_STATUS_PUBLISHED:
		return outcomePublished
	case c.status == events.CrmStatus_CRM_STATUS_WRITTEN:
		return outcomeWritten
	}
	return outcomePending
}

// admit checks that the event is one that this writer can do something with.
func (w *Writer) admit(e *events.CallEvent) (*tenant.Tenant, error) {
	t := w.tenants.ByID(e.GetTenant())
	switch {
	case t == nil:
		return nil, retry.Permanently(CodeTenant, fmt.Errorf("no tenant file has the event's tenant; add it, then redrive"))
	case e.GetSealed() != nil:
		return nil, retry.Permanently(CodeSealed, fmt.Errorf("the event is sealed and this writer has no keys"))
	}
	switch e.Message().(type) {
	case *events.CallInsight, *events.InsightUnavailable:
		return t, nil
	}
	return nil, retry.Permanently(CodeKind, fmt.Errorf("a %s does not belong in this topic", e.Kind()))
}

// call is one revision on its way.
type call struct {
	*Writer
	event  *events.CallEvent
	tenant *tenant.Tenant

	plan       *crm.Plan
	status     events.CrmStatus
	records    []crm.Record
	busID      string
	superseded bool
	// told are the records on their way to calls.records.
	told []<-chan error
}

// write decides and writes, and tells after each write.
func (c *call) write(ctx context.Context) (err error) {
	if c.plan, err = c.decide(); err != nil {
		return err
	}
	pattern := c.tenant.Salesforce.Pattern
	if pattern == tenant.PatternDirect || pattern == tenant.PatternBoth {
		if err := c.apply(ctx); err != nil || c.superseded {
			return err
		}
	}
	if pattern == tenant.PatternEvents || pattern == tenant.PatternBoth {
		// After the graph, so that whoever applies the event finds the revision written and changes nothing.
		if err := c.publish(ctx); err != nil {
			return err
		}
	}
	return c.attach(ctx)
}

func (c *call) apply(ctx context.Context) error {
	out := c.orgs(c.tenant).Apply(ctx, c.plan, c.tenant.Salesforce.MaxWait.Std())
	if out.Err != nil {
		return fmt.Errorf("writing to the CRM: %w", out.Err)
	}
	if c.superseded = out.Superseded; c.superseded {
		return nil
	}
	c.records, c.status = out.Records, events.CrmStatus_CRM_STATUS_WRITTEN
	c.tell(ctx, nil)
	return nil
}

func (c *call) publish(ctx context.Context) error {
	out := c.orgs(c.tenant).Publish(ctx, c.plan)
	if out.Err != nil {
		return fmt.Errorf("publishing to the CRM's bus: %w", out.Err)
	}
	c.busID = out.BusID
	if c.status == events.CrmStatus_CRM_STATUS_PENDING {
		c.status = events.CrmStatus_CRM_STATUS_PUBLISHED
	}
	c.tell(ctx, nil)
	return nil
}

func (c *call) decide() (*crm.Plan, error) {
	return Decide(c.tenants, c.mappings[c.tenant.ID], c.tenant, c.event)
}

// Decide is what to write of an insight of t's, by its mapping.
func Decide(tenants *tenant.Set, m *mapping.Mapping, t *tenant.Tenant, e *events.CallEvent) (*crm.Plan, error) {
	owner, number := tenants.ByNumber(factsOf(e).GetTo())
	if owner != t {
		number = nil // it has changed hands since
	}
	p, err := m.Plan(e, t, number)
	if err != nil {
		return nil, fmt.Errorf("deciding what to write: %w", err)
	}
	return p, nil
}

func factsOf(e *events.CallEvent) *events.CallFacts {
	switch m := e.Message().(type) {
	case *events.CallInsight:
		return m.GetFacts()
	case *events.InsightUnavailable:
		return m.GetFacts()
	}
	return nil
}

// attach hangs the file on the record that the plan names, after the records stand: the file is no part of
// the graph, and one that is there already is done. In the events pattern the record's id is not known here.
func (c *call) attach(ctx context.Context) error {
	f := c.plan.File
	if f == nil {
		return nil
	}
	at := slices.IndexFunc(c.records, func(r crm.Record) bool { return r.Role == f.Ref && r.ID != "" })
	if at < 0 {
		return nil
	}
	file, err := c.orgs(c.tenant).Attach(ctx, c.plan, c.records[at].ID)
	switch {
	case err == nil:
		c.records = append(c.records, file)
		c.tell(ctx, nil)
		return nil
	case retry.IsPermanent(err):
		// Without an id: calls.records shows what is missing.
		c.records = append(c.records, crm.Record{Role: crm.RoleFile, Object: f.Object, KeyField: f.KeyField, Key: f.Key})
	}
	return fmt.Errorf("attaching the transcript: %w", err)
}
