package reconcile

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
	"github.com/frontdesk/frontdesk/services/ingress"
)

// now of every test; the sample calls began an hour before.
var now = time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)

// ago is a moment before now.
func ago(d time.Duration) time.Time { return now.Add(-d) }

// world is the sources, by hand.
type world struct {
	tenants *tenant.Set
	listed  []ingress.ListedCall
	refused error // of the carrier
	trails  map[string]*Trail
	unread  map[string]bool // by group
	absent  map[*crmwriter.Expected][]crmwriter.Absence
	away    map[string]error // of the CRM, by tenant
	sent    []string
	fails   error // of sending
}

func newWorld(t *testing.T) *world {
	t.Helper()
	set, err := tenant.Load("../../../../samples/tenants")
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		tenants: set, trails: map[string]*Trail{}, unread: map[string]bool{}, absent: map[*crmwriter.Expected][]crmwriter.Absence{}, away: map[string]error{},
	}
}

func (w *world) Since(_ context.Context, account string, since time.Time) ([]ingress.ListedCall, error) {
	if w.refused != nil {
		return nil, w.refused
	}
	var out []ingress.ListedCall
	for _, c := range w.listed {
		if w.tenants.ByID(c.Tenant).Twilio.AccountSID == account && !c.Started.Before(since) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (w *world) End(c ingress.ListedCall) *events.CallEvent {
	return events.Call{ID: c.ID, Leg: c.ID, Tenant: c.Tenant, Source: events.Source_SOURCE_TWILIO}.Event(c.Ended, &events.CallEnded{
		Status: events.CallStatus_CALL_STATUS_COMPLETED, EndedAt: timestamppb.New(c.Ended), Duration: durationpb.New(c.Ended.Sub(c.Started)),
	})
}

func (w *world) Read(context.Context, time.Time) (map[string]*Trail, error) { return w.trails, nil }

func (w *world) Unread(group string, _ events.Topic, _ Place) bool { return w.unread[group] }

func (w *world) Send(_ context.Context, t events.Topic, e *events.CallEvent) error {
	w.sent = append(w.sent, fmt.Sprintf("%s %s to %s", e.GetCallId(), e.Kind(), t.Name))
	return w.fails
}

func (w *world) Again(_ context.Context, t events.Topic, at Place, group, repair string) error {
	if repair == "" {
		return errors.New("a repair without an id")
	}
	w.sent = append(w.sent, fmt.Sprintf("%d of %s to %s", at.Offset, t.Name, group))
	return w.fails
}

func (w *world) Absent(_ context.Context, tenantID string, calls []*crmwriter.Expected) ([][]crmwriter.Absence, error) {
	if err := w.away[tenantID]; err != nil {
		return nil, err
	}
	out := make([][]crmwriter.Absence, len(calls))
	for i, x := range calls {
		out[i] = w.absent[x]
	}
	return out, nil
}

func (w *world) look(t *testing.T, change ...func(*Options)) *Report {
	t.Helper()
	o := DefaultOptions()
	o.Now = func() time.Time { return now }
	for _, f := range change {
		f(&o)
	}
	r, err := Run(t.Context(), Sources{Tenants: w.tenants, Carrier: w, Topics: w, CRM: w}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// listed is a call of a tenant that rang an hour before now and ended so long before.
func listed(id, tenantID string, ended time.Duration) ingress.ListedCall {
	c := ingress.ListedCall{ID: id, Tenant: tenantID, Started: ago(time.Hour)}
	if ended > 0 {
		c.Ended = ago(ended)
	}
	return c
}

// published is the trail of a call that is decided, and of which calls.records tells a status. Its CRM is asked by what is published, as
// [Trail.Expected] itself is then.
func published(tenantID string, status events.CrmStatus) *Trail {
	return &Trail{
		Tenant: tenantID, Begun: ago(time.Hour), Started: true, Ended: ago(50 * time.Minute), End: Place{Offset: 7}, Revision: 2, Insight: Place{Offset: 9},
		InsightID: "insight", Expected: &crmwriter.Expected{}, Touched: ago(49 * time.Minute), Record: &Told{Revision: 2, Status: status, At: ago(49 * time.Minute)},
	}
}

var errAway = &retry.Error{Class: retry.Retryable, Code: "salesforce.SERVER_UNAVAILABLE"}
