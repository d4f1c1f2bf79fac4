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

// tell sends how far the call has come and returns at once; kept waits.
func (c *call) tell(ctx context.Context, cause error) {
	done := make(chan error, 1)
	c.told = append(c.told, done)
	c.Writer.records.Send(ctx, c.record(cause), func(err error) { done <- err })
}

// lastWord is how long a call waits for the topic after its context has ended: what was written while the partition was lost
// is done, and not written again by the next owner, if its claim can be completed.
const lastWord = 2 * time.Second

// kept returns when everything that was told is in the topic, or ctx has ended a while ago: what was sent goes on then, and
// whoever gets the message next tells it again.
func (c *call) kept(ctx context.Context) error {
	waiting, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	defer context.AfterFunc(ctx, func() {
		t := time.AfterFunc(lastWord, func() { end(ctx.Err()) })
		context.AfterFunc(waiting, func() { t.Stop() })
	})()
	for _, done := range c.told {
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("telling what became of the call: %w", err)
			}
		case <-waiting.Done():
			return fmt.Errorf("telling what became of the call: %w", context.Cause(waiting))
		}
	}
	return nil
}

// record is the call as decided, and what the CRM holds of it. Its event id follows from revision, status and
// what stands: telling it again repeats the id.
func (c *call) record(cause error) *events.CallEvent {
	r := &events.CallRecord{
		CrmStatus: c.status, Org: c.tenant.Salesforce.Org, Pattern: string(c.tenant.Salesforce.Pattern),
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
