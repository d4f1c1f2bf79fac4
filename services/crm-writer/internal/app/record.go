package app

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// tellPending tells of the decision and returns at once; the returned function waits until that is kept.
func (c *call) tellPending(ctx context.Context, first bool) (kept func() error) {
	if !first {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	c.Writer.records.Send(ctx, c.record(events.CrmStatus_CRM_STATUS_PENDING, nil), func(err error) { done <- err })
	return func() error { return <-done }
}

func (c *call) tellDone(ctx context.Context) error {
	e := c.record(c.status, nil)
	if err := c.Writer.records.Publish(ctx, e); err != nil {
		return fmt.Errorf("telling what was written: %w", err)
	}
	outcome := outcomeWritten
	if c.status == events.CrmStatus_CRM_STATUS_PUBLISHED {
		outcome = outcomePublished
	}
	c.count(ctx, c.tenant, outcome)
	return nil
}

func (c *call) tellFailed(ctx context.Context, cause error) error {
	if err := c.Writer.records.Publish(ctx, c.record(events.CrmStatus_CRM_STATUS_FAILED, cause)); err != nil {
		return fmt.Errorf("telling of a refusal: %w", err)
	}
	c.count(ctx, c.tenant, outcomeFailed)
	return nil
}

// record is the call as decided, and what the CRM holds of it. Its event id follows from revision and status:
// telling it again repeats the id.
func (c *call) record(status events.CrmStatus, cause error) *events.CallEvent {
	r := &events.CallRecord{
		CrmStatus: status, Org: c.tenant.Salesforce.Org, Pattern: string(c.tenant.Salesforce.Pattern),
		MappingVersion: c.mappings[c.tenant.ID].Version(), At: timestamppb.Now(), BusEventId: c.busID,
	}
	switch m := c.event.Message().(type) {
	case *events.CallInsight:
		r.Revision, r.Decision = m.GetRevision(), &events.CallRecord_Insight{Insight: m}
	case *events.InsightUnavailable:
		r.Revision, r.Decision = m.GetRevision(), &events.CallRecord_Unavailable{Unavailable: m}
	}
	if cause != nil {
		r.ErrorCode, r.ErrorField = retry.Code(cause), retry.Field(cause)
	}
	for _, x := range c.records {
		r.Records = append(r.Records, &events.CrmRecord{
			Object: x.Object, Id: x.ID, KeyField: x.KeyField, Key: x.Key, Role: x.Role, Created: x.Action == crm.Create,
		})
	}
	return events.CallOf(c.event).Event(time.Now(), r)
}
