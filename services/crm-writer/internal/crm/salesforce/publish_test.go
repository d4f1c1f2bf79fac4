package salesforce_test

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/salesforce"
)

func TestEventsAreAppliedOnTheFarSide(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	known := seed(s)(t, "Contact", map[string]any{"LastName": "Ferrer", "Phone": "(415) 556-0002"})
	plans := many(4)
	plans[1].Writes[0].Key = nil // a caller who gave no name: only found, here among the Contacts
	plans[2].Writes[0].Key = nil // and here nowhere
	linked := &plans[3].Writes[0]
	linked.Key, linked.Fields, linked.FieldsOf = nil, nil, nil
	linked.Match.Phone = "+14155560002" // a call that only links
	good(t, d.Publish(t.Context(), plans))
	if err := s.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if leads := s.Records("acme", "Lead"); len(leads) != 1 {
		t.Errorf("leads %v", leads)
	}
	who := map[any]any{}
	for _, task := range s.Records("acme", "Task") {
		who[task["Subject"]] = task["WhoId"]
	}
	if len(who) != 4 || who["Call 2, revision 1"] != known || who["Call 3, revision 1"] != nil || who["Call 4, revision 1"] != known {
		t.Errorf("%v", who)
	}
	if c := s.Records("acme", "Contact")[0]; c["Last_Call_Id__c"] != plans[1].Call.ID || c["LastName"] != "Ferrer" {
		t.Errorf("contact %v", c)
	}
	good(t, d.Publish(t.Context(), plans)) // again: the revisions stand
	if err := s.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Records("acme", "Task")); n != 4 {
		t.Errorf("%d tasks", n)
	}
}

func TestEventsCostNoAPIRequests(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	plans := many(200)
	for i, p := range plans {
		if i%2 == 0 {
			p.Writes[0].Key = nil // a write that only finds
		}
	}
	good(t, d.Publish(t.Context(), plans))
	if u := s.Usage()[0]; u.Calls != 0 {
		t.Errorf("%+v", u)
	}
	if n := len(s.Events("acme", "Call_Completed__e", 0)); n != 200 {
		t.Errorf("%d events", n)
	}
}

func TestEventsGoByRESTWhileThePubSubAPIIsAway(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	s.Faults().Set(share("pubsub.publish", "UNAVAILABLE"))
	var last []crm.Outcome
	for range 3 {
		last = d.Publish(t.Context(), []*crm.Plan{sales(1, 1)})
	}
	good(t, last)
	if e := s.Events("acme", "Call_Completed__e", 0); len(e) != 1 || e[0].ID != last[0].BusID {
		t.Errorf("%+v, %+v", e, last)
	}
	s.Faults().Set(fault.Settings{})
	good(t, d.Publish(t.Context(), []*crm.Plan{sales(2, 1)}))
	if u := s.Usage()[0]; u.Calls != 1 {
		t.Errorf("%+v", u)
	}
	strict := driver(t, s, func(c *salesforce.Config) { c.NoFallback = true })
	s.Faults().Set(share("pubsub.publish", "UNAVAILABLE"))
	for range 4 {
		last = strict.Publish(t.Context(), []*crm.Plan{sales(3, 1)})
	}
	if last[0].Err == nil || !last[0].Down {
		t.Errorf("%+v", last)
	}
}

// TestAnEventIsTheSameByWhicheverDoor: what is sent again for want of an answer may go by REST, which has other manners.
func TestAnEventIsTheSameByWhicheverDoor(t *testing.T) {
	s := org(t)
	d := driver(t, s)
	p := sales(1, 1)
	maps.Copy(p.Event, map[string]any{
		"StartTime__c": time.Date(2026, 3, 2, 9, 0, 0, 999_876_543, time.FixedZone("", -5*3600)), "Summary__c": "\n Wants a demo. \n", "Next_Action__c": " \n",
		"Duration__c": int64(61), "Intent_Confidence__c": 0.9312, "Consent_Record__c": false, "Disposition__c": "Qualified  <Lead> & \u2028 é",
	})
	s.Faults().Set(share("pubsub.answer", "UNAVAILABLE")) // published, and not answered
	var last []crm.Outcome
	for range 3 {
		last = d.Publish(t.Context(), []*crm.Plan{p})
	}
	good(t, last)
	e := s.Events("acme", "Call_Completed__e", 0)
	if len(e) != 4 || e[3].ID != last[0].BusID {
		t.Fatalf("%d events, %+v", len(e), last)
	}
	for i := range e {
		delete(e[i].Fields, "CreatedDate") // the request's
		if !reflect.DeepEqual(e[i].Fields, e[0].Fields) {
			t.Errorf("%d: %v\nis not %v", i, e[i].Fields, e[0].Fields)
		}
	}
	start := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC).UnixMilli()
	if f := e[0].Fields; f["StartTime__c"] != start || f["Summary__c"] != "Wants a demo." || f["Next_Action__c"] != nil || f["Duration__c"] != 61.0 {
		t.Errorf("%v", f)
	}
}
