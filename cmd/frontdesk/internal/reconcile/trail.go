package reconcile

import (
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

// Place of a message among those of its topic.
type Place struct {
	Partition int
	Offset    int64
}

// Trail is what the topics hold of one call, as far as it tells how far the call has come. It holds no word of the call and no number.
type Trail struct {
	Tenant string
	// Begun is when the call began; zero while nothing tells.
	Begun time.Time
	// Started: the root's CallStarted is there. Ended is when the call ended; zero without the root's CallEnded, which stands at End.
	Started bool
	Ended   time.Time
	End     Place
	// Revision is the highest on calls.insights, 0 for none; it stands at Insight and has the event id InsightID.
	Revision  uint32
	Insight   Place
	InsightID string
	// Expected is what the CRM must hold of it; nil if the mapping fails on it, for the reason Unplanned.
	Expected  *crmwriter.Expected
	Unplanned string
	// Record is the last word of calls.records; nil for none.
	Record *Told
	// Touched is when the last message of the call came, by the broker's clock.
	Touched time.Time
	// Dead are the messages of the call that were given up, oldest first; Parked are those that wait in retry topics.
	Dead   []Buried
	Parked []Waits
}

// Told is what calls.records tells of a call.
type Told struct {
	Revision uint32
	Status   events.CrmStatus
	Records  []*events.CrmRecord
	// Code of what was refused for good; empty if nothing was.
	Code string
	// At is when it was told, by the broker's clock.
	At time.Time
}

// Buried is a message of the call that was given up.
type Buried struct {
	ID                         deadletter.ID
	Group, Kind, EventID, Code string
	At                         time.Time
	// Done is the last that somebody did with it: that it was redriven, or dropped. The zero Mark while nothing was.
	Done deadletter.Mark
}

// Waits is a message of the call that waits in a retry topic.
type Waits struct {
	Group string
	// Repair is the id of the repair that has sent it; empty if the service itself has parked it.
	Repair string
	consume.Parked
}

// begins takes note of when the call began: what tells it first is believed.
func (t *Trail) begins(at time.Time) {
	if t.Begun.IsZero() || at.Before(t.Begun) {
		t.Begun = at
	}
}

// touch takes note of a message of the call.
func (t *Trail) touch(at time.Time) {
	if at.After(t.Touched) {
		t.Touched = at
	}
}

// expects says what the CRM must hold of an insight's call.
type expects func(*events.CallEvent) (*crmwriter.Expected, error)

// add folds an event of the call that stands at a place since a time.
func (t *Trail) add(e *events.CallEvent, at Place, came time.Time, expect expects) {
	t.touch(came)
	if t.Tenant == "" || e.Kind() != events.KindCallStarted {
		t.Tenant = e.GetTenant() // the later stages know best whose call it is
	}
	root := e.GetLegId() == e.GetCallId()
	switch m := e.Message().(type) {
	case *events.CallStarted:
		if root {
			t.Started = true
			t.begins(e.GetOccurredAt().AsTime())
		}
	case *events.CallEnded:
		if root {
			t.Ended, t.End = m.GetEndedAt().AsTime(), at
			t.begins(t.Ended.Add(-m.GetDuration().AsDuration()))
		}
	case *events.CallInsight:
		t.insight(e, m.GetRevision(), m.GetFacts(), at, expect)
	case *events.InsightUnavailable:
		t.insight(e, m.GetRevision(), m.GetFacts(), at, expect)
	case *events.CallRecord:
		if t.Record == nil || m.GetRevision() >= t.Record.Revision {
			t.Record = &Told{Revision: m.GetRevision(), Status: m.GetCrmStatus(), Code: m.GetErrorCode(), At: came}
			for _, r := range m.GetRecords() { // without the key, which may be a number
				t.Record.Records = append(t.Record.Records, &events.CrmRecord{
					Object: r.GetObject(), Id: r.GetId(), KeyField: r.GetKeyField(), Role: r.GetRole(),
				})
			}
		}
	}
}

func (t *Trail) insight(e *events.CallEvent, revision uint32, f *events.CallFacts, at Place, expect expects) {
	if f.GetStartedAt() != nil {
		t.begins(f.GetStartedAt().AsTime())
	}
	if revision < t.Revision {
		return
	}
	t.Revision, t.Insight, t.InsightID = revision, at, e.GetEventId()
	var err error
	t.Unplanned = ""
	if t.Expected, err = expect(e); err != nil {
		t.Unplanned = retry.Code(err)
	}
}

// dead is the latest dead letter of a group that ok agrees to, nil if there is none. One that was redriven is none any more: what
// comes of it is told by what the group does with it now.
func (t *Trail) dead(group string, ok func(Buried) bool) *Buried {
	for i := len(t.Dead) - 1; i >= 0; i-- {
		if d := &t.Dead[i]; d.Group == group && d.Done.What != deadletter.Redriven && ok(*d) {
			return d
		}
	}
	return nil
}

// parked is what of the call waits for a group; nil if nothing does.
func (t *Trail) parked(group string) *Waits {
	for i := range t.Parked {
		if t.Parked[i].Group == group {
			return &t.Parked[i]
		}
	}
	return nil
}
