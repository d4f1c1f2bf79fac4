package crmwriter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	sandbox "github.com/frontdesk/frontdesk/sandbox/salesforce"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

func audit(t *testing.T, w *world) *crmwriter.Audit {
	t.Helper()
	a, err := crmwriter.OpenAudit(w.settings(), w.tenants)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// absences are what an audit finds absent of calls, each as "call object role".
func absences(t *testing.T, w *world, a *crmwriter.Audit, pattern string, told bool, all ...*events.CallEvent) []string {
	t.Helper()
	expected := make([]*crmwriter.Expected, len(all))
	for i, e := range all {
		x, err := a.Expect(e)
		if err != nil {
			t.Fatal(err)
		}
		if told {
			records := w.told(e.GetCallId())
			x = x.Written(records[len(records)-1].GetRecords())
		}
		expected[i] = x
	}
	absent, err := a.Absent(t.Context(), pattern, expected)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for i, of := range absent {
		for _, x := range of {
			out = append(out, fmt.Sprintf("%s %s %s", strings.TrimLeft(all[i].GetCallId(), "CA0"), x.Object, x.Role))
		}
	}
	return out
}

// TestWhatIsDeletedIsFoundAndMadeAgain: in each pattern that writes, the audit names exactly what was deleted, and the insight sent again
// as a repair makes exactly that and changes nothing else.
func TestWhatIsDeletedIsFoundAndMadeAgain(t *testing.T) {
	w := newWorld(t)
	w.start()
	a := audit(t, w)
	for i, pattern := range []string{"direct", "events", "both"} {
		told := pattern != "events"
		sales := origin(pattern, 210+i).Event(time.Now(), insight(210+i, 1, "BookDemo", "QualifiedLead"))
		support := origin(pattern, 310+i).Event(time.Now(), insight(310+i, 1, "SupportRequest", "SupportTicketOpened"))
		for _, e := range []*events.CallEvent{sales, support} {
			w.publish(events.CallOf(e), e.Message())
			w.last(e.GetCallId(), 1, map[bool]events.CrmStatus{true: written, false: published}[told])
			if pattern == "both" { // what came onto the bus later would make again what is deleted
				w.until("the event to be told", func() bool {
					all := w.told(e.GetCallId())
					return all[len(all)-1].GetBusEventId() != ""
				})
			}
		}
		if told {
			w.attached(support.GetCallId())
		}
		w.settled()
		if got := absences(t, w, a, pattern, told, sales, support); len(got) > 0 {
			t.Fatalf("%s: nothing is deleted, and %q are absent", pattern, got)
		}
		want, ids := []string{fmt.Sprint(210+i, " Lead caller"), fmt.Sprint(210+i, " Task log"), fmt.Sprint(310+i, " Case case"), fmt.Sprint(310+i, " Task log")}, []string{}
		for _, object := range []string{"Lead", "Case"} {
			call := map[string]string{"Lead": sales.GetCallId(), "Case": support.GetCallId()}[object]
			ids = append(ids, text(w.of(pattern, object, call)[0], "Id"))
		}
		if told {
			ids = append(ids, text(w.of(pattern, "ContentVersion", support.GetCallId())[0], "ContentDocumentId"))
			want = append(want, fmt.Sprint(310+i, " ContentVersion file"))
		}
		if err := w.crm.Delete(pattern, ids...); err != nil {
			t.Fatal(err)
		}
		contact := w.of(pattern, "Contact", support.GetCallId())[0]
		if got := absences(t, w, a, pattern, told, sales, support); !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("%s: absent are %q, want %q", pattern, got, want)
		}
		from := len(w.crm.ChangeLog(sandbox.Filter{Org: pattern}))
		for _, id := range []string{"r1", "r1"} { // a repair that is told twice is one
			w.repair(id, sales, support)
		}
		w.until(pattern+" to be mended", func() bool { w.settled(); return len(absences(t, w, a, pattern, told, sales, support)) == 0 })
		made := []string{}
		for _, c := range w.crm.ChangeLog(sandbox.Filter{Org: pattern})[from:] {
			if c.Op == "create" && c.Object != "ContentDocument" && c.Object != "ContentDocumentLink" {
				made = append(made, c.Object)
			}
			if c.ID == contact["Id"] && c.Op == "update" && len(c.After) > 0 {
				t.Errorf("%s: the Contact was written: %v", pattern, c.After)
			}
		}
		if len(made) != len(want) {
			t.Errorf("%s: made were %q for %q", pattern, made, want)
		}
	}
}

// TestAnAuditIsCheap: thousands of calls cost a handful of requests, and none once the allowance has run low.
func TestAnAuditIsCheap(t *testing.T) {
	w := newWorld(t)
	a := audit(t, w)
	all := make([]*crmwriter.Expected, 3000)
	for i := range all {
		x, err := a.Expect(origin("direct", i).Event(time.Now(), insight(i, 1, "Spam", "Spam")))
		if err != nil {
			t.Fatal(err)
		}
		all[i] = x
	}
	absent, err := a.Absent(t.Context(), "direct", all)
	if err != nil || len(absent) != len(all) || len(absent[2999]) != 1 {
		t.Fatalf("%d, %v", len(absent), err)
	}
	used := w.crm.Usage()[0].Calls
	t.Logf("%d requests for 3,000 calls", used)
	if used > 10 {
		t.Errorf("%d requests for 3,000 calls", used)
	}
	if err := w.crm.SetAllowance("direct", 100, 90); err != nil {
		t.Fatal(err)
	}
	if _, err = a.Absent(t.Context(), "direct", all[:1]); err != nil { // its answer tells of the allowance
		t.Fatal(err)
	}
	if _, err = a.Absent(t.Context(), "direct", all[:1]); retry.Code(err) != "salesforce.allowance" {
		t.Errorf("%v", err)
	}
}

// repair sends insights again as `frontdesk reconcile --repair` does.
func (w *world) repair(id string, all ...*events.CallEvent) {
	w.t.Helper()
	for _, e := range all {
		value, err := events.Marshal(e)
		if err != nil {
			w.t.Fatal(err)
		}
		err = w.prod.Publish(w.t.Context(), produce.Message{
			Topic: events.Insights.Retry("crm-writer").Name, Key: []byte(e.GetCallId()), Value: value,
			Headers: []kafkago.Header{{Key: events.HeaderRepair, Value: []byte(id)}},
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) settled() {
	w.t.Helper()
	if err := w.crm.Settled(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func text(r map[string]any, field string) string {
	s, _ := r[field].(string)
	return s
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }
