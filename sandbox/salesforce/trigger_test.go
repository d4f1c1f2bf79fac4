package salesforce_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

// writes makes Writes__c of a support call by somebody with this number.
func writes(call, revision, number, intent string) obj {
	person := "2026-03-01T14:00:00.000Z|" + call + "|" + revision
	return obj{"v": 1, "call": call, "revision": revision, "writes": list{
		obj{
			"ref": "caller", "object": "Lead", "match": obj{"phone": number, "objects": list{"Contact", "Lead"}},
			"revision": person, "revision_scope": "person",
			"fields": obj{
				"LastName": "Unknown caller", "Company": "Unknown (phone)", "Caller_Key__c": number, "Phone": number, "Phone_E164__c": number,
				"Last_Call_Id__c": call, "Intent__c": intent, "Consent_Record__c": true,
			},
		},
		obj{"ref": "case", "object": "Case", "match": obj{"by": "Call_Id__c", "value": call}, "revision_scope": "call", "fields": obj{"Subject": "A " + intent, "Intent__c": intent}},
		obj{"ref": "log", "object": "Task", "match": obj{"by": "Call_Id__c", "value": call + ":log"}, "fields": obj{"Subject": "Call", "WhoId": "@caller", "Status": "Completed"}},
	}}
}

func publish(c *client, call string, plan any) {
	c.t.Helper()
	text, err := json.Marshal(plan)
	if err != nil {
		c.t.Fatal(err)
	}
	a := c.do(http.MethodPost, "/sobjects/Call_Completed__e/", obj{
		"Call_Id__c": call, "Event_Id__c": "event-" + call, "Intent_Confidence__c": 0.9, "StartTime__c": "2026-03-01T14:00:00Z", "Writes__c": string(text),
	})
	if a.status != http.StatusCreated || a.at(c.t, "success") != true || a.at(c.t, "errors", 0, "statusCode") != "OPERATION_ENQUEUED" || len(fmt.Sprint(a.at(c.t, "errors", 0, "message"))) != 36 {
		c.t.Fatalf("publishing: %d %s", a.status, a.text)
	}
	settle(c.t, c.s)
}

func settle(t testing.TB, s *salesforce.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Settled(ctx); err != nil {
		t.Fatal(err)
	}
}

// told are the results of every Call_Written__e.
func told(t testing.TB, s *salesforce.Server) []map[string]any {
	t.Helper()
	events := s.Events("", "Call_Written__e", 0)
	out := make([]map[string]any, 0, len(events))
	for _, e := range events {
		var results struct{ Results []map[string]any }
		if err := json.Unmarshal([]byte(fmt.Sprint(e.Fields["Results__c"])), &results); err != nil {
			t.Fatal(err)
		}
		if e.Fields["Calls__c"] != float64(len(results.Results)) {
			t.Errorf("%v calls in %d results", e.Fields["Calls__c"], len(results.Results))
		}
		out = append(out, results.Results...)
	}
	return out
}

func only(t testing.TB, s *salesforce.Server, object string) map[string]any {
	t.Helper()
	records := s.Records("", object)
	if len(records) != 1 {
		t.Fatalf("%d records of %s", len(records), object)
	}
	return records[0]
}

func TestTriggerWritesACall(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	plan := writes("CA1", "000001", "+14155550123", "SupportRequest")
	// A Lead can't have the Task on a Case; the writer's mapping knows.
	publish(c, "CA1", plan)
	lead, kase, task := only(t, s, "Lead"), only(t, s, "Case"), only(t, s, "Task")
	if lead["Caller_Key__c"] != "+14155550123" || lead["Call_Revision__c"] != "2026-03-01T14:00:00.000Z|CA1|000001" ||
		kase["Call_Revision__c"] != "000001" || task["WhoId"] != lead["Id"] || task["CreatedById"] != lead["CreatedById"] {
		t.Errorf("lead %v\ncase %v\ntask %v", lead, kase, task)
	}
	r := told(t, s)
	if len(r) != 1 || r[0]["call"] != "CA1" || r[0]["outcome"] != "written" || r[0]["event_id"] != "event-CA1" || dig(t, r[0], "writes", 0, "id") != lead["Id"] || dig(t, r[0], "writes", 2, "outcome") != "created" {
		t.Errorf("told: %v", r)
	}
	// The same event again changes nothing that anybody can see.
	publish(c, "CA1", plan)
	if got := only(t, s, "Lead"); got["Frontdesk_State__c"] != lead["Frontdesk_State__c"] {
		t.Errorf("after a repeat: %v", got)
	}
	if r = told(t, s); len(r) != 2 || dig(t, r[1], "writes", 0, "outcome") != "updated" || dig(t, r[1], "writes", 0, "before") != nil && len(dig(t, r[1], "writes", 0, "before").(map[string]any)) != 0 {
		t.Errorf("told: %v", r[1])
	}
	for _, ch := range s.ChangeLog(salesforce.Filter{API: "trigger", Op: "create"}) {
		if ch.Request == "" || ch.User != lead["CreatedById"] {
			t.Errorf("change without its cause: %+v", ch)
		}
	}
}

func TestTriggerRevisions(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	publish(c, "CA1", writes("CA1", "000002", "+14155550123", "SupportRequest"))
	publish(c, "CA1", writes("CA1", "000001", "+14155550123", "Spam"))
	if got := only(t, s, "Case"); got["Intent__c"] != "SupportRequest" || got["Call_Revision__c"] != "000002" {
		t.Errorf("an older revision: %v", got)
	}
	if r := told(t, s); r[1]["outcome"] != "stale" {
		t.Errorf("told: %v", r[1])
	}
	publish(c, "CA1", writes("CA1", "000003", "+14155550123", "Reschedule"))
	if got := only(t, s, "Case"); got["Intent__c"] != "Reschedule" || got["Subject"] != "A Reschedule" {
		t.Errorf("a newer revision: %v", got)
	}
	if r := told(t, s); dig(t, r[2], "writes", 1, "before", "Intent__c") != "SupportRequest" {
		t.Errorf("before-image: %v", r[2])
	}
	// Another call of the same person, but an older one: its own records are made, the person's snapshot stays.
	older := writes("CA0", "000001", "+14155550123", "Spam")
	dig(t, older, "writes", 0).(obj)["revision"] = "2026-02-01T00:00:00.000Z|CA0|000001"
	publish(c, "CA0", older)
	lead := only(t, s, "Lead")
	if lead["Intent__c"] != "Reschedule" || lead["Last_Call_Id__c"] != "CA1" || len(s.Records("", "Case")) != 2 || s.Records("", "Task")[1]["WhoId"] != lead["Id"] {
		t.Errorf("an older call: %v", lead)
	}
}

func TestTriggerKeepsWhatIsThere(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	named := func(call, revision, last, status string) obj {
		plan := writes(call, revision, "+14155550123", "BookDemo")
		w := dig(t, plan, "writes", 0).(obj)
		w["fields"].(obj)["LastName"], w["fields"].(obj)["Status"] = last, status
		w["only_new"], w["only_blank"] = list{"Status"}, obj{"LastName": "Unknown caller"}
		return plan
	}
	for i, step := range []struct{ last, want string }{{"Unknown caller", "Unknown caller"}, {"Abel", "Abel"}, {"Unknown caller", "Abel"}} {
		status := []string{"Open - Not Contacted", "Working - Contacted", "Working - Contacted"}[i]
		publish(c, fmt.Sprintf("CA%d", i+1), named(fmt.Sprintf("CA%d", i+1), "000001", step.last, status))
		if lead := only(t, s, "Lead"); lead["LastName"] != step.want || lead["Status"] != "Open - Not Contacted" || lead["Last_Call_Id__c"] != fmt.Sprintf("CA%d", i+1) {
			t.Errorf("after %d calls: %v", i+1, lead)
		}
	}
}

func TestTriggerMatches(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	ids, err := s.Seed("", []salesforce.Record{{Object: "Contact", Fields: map[string]any{"LastName": "Abel", "Phone": "(415) 555-0123"}}})
	if err != nil {
		t.Fatal(err)
	}
	publish(c, "CA1", writes("CA1", "000001", "+14155550123", "SupportRequest"))
	contact := only(t, s, "Contact")
	if len(s.Records("", "Lead")) != 0 || contact["LastName"] != "Abel" || contact["Intent__c"] != "SupportRequest" || contact["Caller_Key__c"] != nil || contact["Consent_Record__c"] != true {
		t.Errorf("contact: %v", contact)
	}
	if r := told(t, s); !reflect.DeepEqual(dig(t, r[0], "writes", 0, "left"), []any{"LastName", "Phone"}) || dig(t, r[0], "writes", 0, "id") != ids[0] {
		t.Errorf("told: %v", r[0])
	}
	// A lead that was converted since stands for its contact.
	publish(c, "CA2", writes("CA2", "000001", "+14155550124", "BookDemo"))
	id, err := s.Convert("", fmt.Sprint(only(t, s, "Lead")["Id"]))
	if err != nil {
		t.Fatal(err)
	}
	publish(c, "CA3", writes("CA3", "000001", "+14155550124", "PricingQuestion"))
	if got := c.get("Contact", id); got["Last_Call_Id__c"] != "CA3" || len(s.Records("", "Lead")) != 1 {
		t.Errorf("after the conversion: %v", got)
	}
}

// What a person changes stays, in events and in direct writes.
func TestHumanEdits(t *testing.T) {
	s := start(t)
	c, rep := login(t, s, integration), login(t, s, "rep@acme.example")
	publish(c, "CA1", writes("CA1", "000001", "+14155550123", "SupportRequest"))
	kase := fmt.Sprint(only(t, s, "Case")["Id"])
	if a := rep.do(http.MethodPatch, "/sobjects/Case/"+kase, obj{"Subject": "Mine", "Status": "Working"}); a.status != http.StatusNoContent {
		t.Fatalf("%d %s", a.status, a.text)
	}
	publish(c, "CA1", writes("CA1", "000002", "+14155550123", "Reschedule"))
	if got := only(t, s, "Case"); got["Subject"] != "Mine" || got["Intent__c"] != "Reschedule" || got["Status"] != "Working" {
		t.Errorf("by an event: %v", got)
	}
	a := c.do(http.MethodPatch, "/sobjects/Case/Call_Id__c/CA1", obj{"Call_Revision__c": "000003", "Subject": "Ours", "Status": "Closed", "Intent__c": "BookDemo"})
	got := only(t, s, "Case")
	if a.status != http.StatusOK || got["Subject"] != "Mine" || got["Status"] != "Working" || got["Intent__c"] != "BookDemo" {
		t.Errorf("by a direct write: %d %v", a.status, got)
	}
	log := s.ChangeLog(salesforce.Filter{ID: kase, API: "rest"})
	if last := log[len(log)-1]; !reflect.DeepEqual(last.Left, []string{"Status", "Subject"}) || last.Before["Intent__c"] != "Reschedule" || last.After["Intent__c"] != "BookDemo" {
		t.Errorf("change log: %+v", last)
	}
	a = c.do(http.MethodPatch, "/sobjects/Case/"+kase, obj{"Call_Revision__c": "000001", "Intent__c": "Spam"})
	if got = only(t, s, "Case"); a.status != http.StatusNoContent || got["Intent__c"] != "BookDemo" || got["Call_Revision__c"] != "000003" {
		t.Errorf("a stale direct write: %d %v", a.status, got)
	}
	if log = s.ChangeLog(salesforce.Filter{ID: kase, API: "rest"}); !log[len(log)-1].Stale || len(log[len(log)-1].After) != 0 {
		t.Errorf("change log: %+v", log[len(log)-1])
	}
}

func TestTriggerRefusals(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	bad := writes("CA1", "000001", "+14155550123", "Nope")
	unknownRef := obj{"v": 1, "call": "CA2", "revision": "000001", "writes": list{
		obj{"ref": "log", "object": "Task", "match": obj{"by": "Call_Id__c", "value": "CA2:log"}, "fields": obj{"WhoId": "@nobody"}},
	}}
	for i, tt := range []struct {
		call string
		plan any
		code string
	}{
		{"CA1", bad, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
		{"CA2", unknownRef, "UNKNOWN_REF"},
		{"CA3", obj{"v": 3, "call": "CA3", "revision": "", "writes": list{}}, "WRITES_INVALID"},
		{"CA4", obj{"v": 1, "call": "other", "revision": "", "writes": list{}}, "WRITES_INVALID"},
		{"CA5", obj{"v": 1, "call": "CA5", "surprise": true}, "WRITES_INVALID"},
		{"CA6", "text", "WRITES_INVALID"},
		{"CA7", obj{"v": 1, "call": "CA7", "revision": "", "writes": list{obj{"ref": "a", "object": "Shoe", "match": obj{"by": "X", "value": "y"}, "fields": obj{}}}}, "INVALID_TYPE"},
		{"CA8", obj{"v": 1, "call": "CA8", "revision": "", "writes": list{obj{"ref": "a", "object": "Case", "match": obj{}, "fields": obj{}}}}, "MATCH_FAILED"},
		{"CA9", obj{"v": 1, "call": "CA9", "revision": "", "writes": list{obj{"ref": "a", "object": "Case", "match": obj{"by": "Call_Id__c", "value": "CA9"}, "key": obj{"field": "Call_Id__c", "value": "CA9"}}}}, "WRITES_INVALID"},
		{"CA10", obj{"v": 1, "call": "CA10", "revision": "", "writes": list{}, "ambiguous": list{}}, "WRITES_INVALID"},
		{"CA11", obj{"v": 2, "call": "CA11", "revision": "", "writes": list{obj{"ref": "a", "object": "Case", "match": obj{"id": "500000000000001AAA"}}}}, "WRITES_INVALID"},
		{"CA12", obj{"v": 2, "call": "CA12", "revision": "", "writes": list{obj{"ref": "a", "object": "Case", "match": obj{"by": "Call_Id__c", "value": "CA12"}, "key": obj{"field": "Call_Id__c", "value": "CA12"}}}}, "WRITES_INVALID"},
		{"CA13", obj{"v": 2, "call": "CA13", "revision": "", "writes": list{obj{"ref": "a", "object": "Lead", "match": obj{"phone": "+14155550123", "objects": list{"Lead"}, "several": "first"}}}}, "MATCH_FAILED"},
	} {
		publish(c, tt.call, tt.plan)
		if r := told(t, s); r[i]["outcome"] != "failed" || r[i]["code"] != tt.code || r[i]["message"] == "" {
			t.Errorf("%s: %v", tt.call, r[i])
		}
	}
	if len(s.Records("", "Lead"))+len(s.Records("", "Task"))+len(s.Records("", "Case")) != 0 {
		t.Error("a call that fails leaves nothing")
	}
}

// What a write comes to that makes and changes nothing is told, too.
func TestTriggerTellsWhatItOnlyFound(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	finds := func(call string) obj {
		return obj{"v": 2, "call": call, "revision": "000001", "writes": list{
			obj{"ref": "caller", "object": "Contact", "match": obj{"phone": "+14155550123", "objects": list{"Contact"}}},
		}}
	}
	for i, want := range []string{"nothing", "linked", "ambiguous"} {
		publish(c, fmt.Sprint("CA", i), finds(fmt.Sprint("CA", i)))
		r := told(t, s)[i]
		if r["outcome"] != "written" || dig(t, r, "writes", 0, "outcome") != want {
			t.Errorf("told: %v, want %s", r, want)
		}
		if _, err := s.Seed("", []salesforce.Record{{Object: "Contact", Fields: map[string]any{"LastName": want, "Phone_E164__c": "+14155550123"}}}); err != nil {
			t.Fatal(err)
		}
	}
}

// A locked row is tried again, later each time and four times at most; what was applied before it in the batch stays.
func TestTriggerRetries(t *testing.T) {
	s := start(t, withOrg(func(o *salesforce.Org) { o.TriggerPause = time.Millisecond }))
	c := login(t, s, integration)
	s.SetFaults(fault.Settings{Errors: []fault.Share{{Code: "UNABLE_TO_LOCK_ROW", Share: 0.5, Operation: "trigger.Lead"}}, Seed: 3})
	for i := range 12 {
		publish(c, fmt.Sprint("CA", i), writes(fmt.Sprint("CA", i), "000001", fmt.Sprintf("+1415555%04d", i), "BookDemo"))
	}
	written, failed := 0, 0
	for _, r := range told(t, s) {
		switch {
		case r["outcome"] == "written":
			written++
		case r["code"] == "UNABLE_TO_LOCK_ROW":
			failed++
		}
	}
	if written+failed != 12 || written < 9 || len(s.Records("", "Lead")) != written || len(s.Records("", "Task")) != written {
		t.Errorf("%d written, %d failed, %d leads", written, failed, len(s.Records("", "Lead")))
	}
}

// A duplicate rule of the org names whom the call is from.
func TestTriggerMergesIntoADuplicate(t *testing.T) {
	s := start(t, withOrg(func(o *salesforce.Org) {
		o.DuplicateRules = []salesforce.DuplicateRule{{Name: "By company", Object: "Lead", Match: []string{"Lead"}, Fields: []string{"Company"}}}
	}))
	c := login(t, s, integration)
	if _, err := s.Seed("", []salesforce.Record{{Object: "Lead", Fields: map[string]any{"LastName": "Abel", "Company": "Unknown (phone)"}}}); err != nil {
		t.Fatal(err)
	}
	publish(c, "CA1", writes("CA1", "000001", "+14155550123", "BookDemo"))
	if lead := only(t, s, "Lead"); lead["LastName"] != "Abel" || lead["Last_Call_Id__c"] != "CA1" {
		t.Errorf("lead: %v", lead)
	}
}

func TestApplyNone(t *testing.T) {
	s := start(t, withOrg(func(o *salesforce.Org) { o.Apply = "none" }))
	c := login(t, s, integration)
	publish(c, "CA1", writes("CA1", "000001", "+14155550123", "BookDemo"))
	if len(s.Records("", "Lead")) != 0 || len(s.Events("", "Call_Completed__e", 0)) != 1 {
		t.Error("only subscribers act")
	}
}

func TestRefusedEvents(t *testing.T) {
	var clock fakeClock // which stands still: no hour ends between two events
	s := start(t, func(c *salesforce.Config) { c.Now = clock.now }, withOrg(func(o *salesforce.Org) { o.Limits.HourlyEvents = 1 }))
	c := login(t, s, integration)
	for _, tt := range []struct {
		body obj
		want string
	}{
		{obj{}, "REQUIRED_FIELD_MISSING"},
		{obj{"Call_Id__c": strings.Repeat("x", 65)}, "STRING_TOO_LONG"},
		{obj{"Call_Id__c": "CA1", "Nope__c": 1}, "INVALID_FIELD"},
		{obj{"Call_Id__c": "CA1"}, ""},
		{obj{"Call_Id__c": "CA2"}, "LIMIT_EXCEEDED"},
	} {
		if a := c.do(http.MethodPost, "/sobjects/Call_Completed__e/", tt.body); a.code(t) != tt.want {
			t.Errorf("%v: %d %s", tt.body, a.status, a.text)
		}
	}
	if a := c.do(http.MethodGet, "/limits", nil); a.at(t, "HourlyPublishedPlatformEvents", "Remaining") != 0.0 {
		t.Errorf("limits: %s", a.text)
	}
}

// TestTheTriggerIsSubscribed: an org with the package says who acts on its event, one without says that nobody does.
func TestTheTriggerIsSubscribed(t *testing.T) {
	for _, apply := range []string{"package", "none"} {
		s := start(t, func(c *salesforce.Config) { c.Orgs[0].Apply = apply })
		a := login(t, s, integration).query("SELECT Name, Status, Type FROM EventBusSubscriber WHERE Topic = 'Call_Completed__e'")
		if want := map[string]float64{"package": 1}[apply]; a.at(t, "totalSize") != want {
			t.Fatalf("apply %s: %s", apply, a.text)
		}
		if apply == "package" && (a.at(t, "records", 0, "Status") != "Running" || a.at(t, "records", 0, "Type") != "ApexTrigger") {
			t.Errorf("%s", a.text)
		}
	}
}
