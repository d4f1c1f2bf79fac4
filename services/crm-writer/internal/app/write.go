package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// Permanent reasons of ours.
const (
	CodeTenant = "tenant.unknown"
	CodeSealed = "event.sealed"
	CodeFolded = "event.unexpected"
)

// Write writes one insight the tenant's way:
//
//	decide      → calls.records: pending
//	write       → direct: one graph; events: one platform event; both: the graph, then the event;
//	              analytics: nothing yet, the record waits for the backfill
//	tell        → calls.records: written, published or failed, with what the CRM holds
//	file        → the full transcript, on the record that the plan names
//
// The record of the decision is on its way while the CRM is asked, and is kept before what came of it is
// told. first is false for a further try of the same message: its decision has been told. Repeating Write
// changes nothing in the CRM. A revision that a higher one has overtaken is told no more: calls.records has the higher
// one.
func (w *Writer) Write(ctx context.Context, e *events.CallEvent, first bool) error {
	t, err := w.admit(e)
	if err != nil {
		return err
	}
	c := &call{Writer: w, event: e, tenant: t}
	pending := c.tellPending(ctx, first)
	err = c.write(ctx)
	if perr := pending(); perr != nil {
		// Nothing is lost: the message comes again, and the CRM finds its revision.
		return fmt.Errorf("telling of a decision: %w", perr)
	}
	switch {
	case err == nil && c.superseded:
		w.count(ctx, t, outcomeSuperseded)
		return nil
	case err == nil && t.Salesforce.Pattern == tenant.PatternAnalytics:
		w.count(ctx, t, outcomePending)
		return nil
	case err == nil:
		err = c.tellDone(ctx)
	case retry.IsPermanent(err):
		err = errors.Join(err, c.tellFailed(ctx, err))
	}
	if err == nil {
		err = c.attach(ctx)
	}
	if err != nil && !retry.IsPermanent(err) {
		w.count(ctx, t, outcomeRetried)
	}
	return err
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
	return nil, retry.Permanently(CodeFolded, fmt.Errorf("a %s does not belong in this topic", e.Kind()))
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
}

// write decides and writes.
func (c *call) write(ctx context.Context) (err error) {
	if c.plan, err = c.decide(); err != nil {
		return err
	}
	pattern := c.tenant.Salesforce.Pattern
	if pattern == tenant.PatternAnalytics {
		return nil
	}
	org := c.orgs(c.tenant)
	if pattern == tenant.PatternDirect || pattern == tenant.PatternBoth {
		out := org.Apply(ctx, c.plan, c.tenant.Salesforce.MaxWait.Std())
		if out.Err != nil {
			return fmt.Errorf("writing to the CRM: %w", out.Err)
		}
		c.records, c.superseded, c.status = out.Records, out.Superseded, events.CrmStatus_CRM_STATUS_WRITTEN
		if c.superseded {
			return nil
		}
	}
	if pattern == tenant.PatternEvents || pattern == tenant.PatternBoth {
		// After the graph, so that whoever applies the event finds the revision written and changes nothing.
		out := org.Publish(ctx, c.plan)
		if out.Err != nil {
			return fmt.Errorf("publishing to the CRM's bus: %w", out.Err)
		}
		c.busID = out.BusID
		if c.status == events.CrmStatus_CRM_STATUS_UNSPECIFIED {
			c.status = events.CrmStatus_CRM_STATUS_PUBLISHED
		}
	}
	return nil
}

func (c *call) decide() (*crm.Plan, error) {
	owner, number := c.tenants.ByNumber(factsOf(c.event).GetTo())
	if owner != c.tenant {
		number = nil // it has changed hands since
	}
	p, err := c.mappings[c.tenant.ID].Plan(c.event, c.tenant, number)
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
	if c.plan.File == nil {
		return nil
	}
	for _, r := range c.records {
		if r.Role == c.plan.File.Ref && r.ID != "" {
			if _, err := c.orgs(c.tenant).Attach(ctx, c.plan, r.ID); err != nil {
				return fmt.Errorf("attaching the transcript: %w", err)
			}
			return nil
		}
	}
	return nil
}
