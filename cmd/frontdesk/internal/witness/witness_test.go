package witness

import (
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

const call = "CA00000000000000000000000000000001"

// change is one committed change of a record.
func change(op, object, id string, fields map[string]any) salesforce.Change {
	var c salesforce.Change
	c.At, c.API, c.Op, c.Object, c.ID, c.After = time.Unix(1, 0), "rest", op, object, id, fields
	return c
}

// written is a call that stands as it must.
func written() []salesforce.Change {
	return []salesforce.Change{
		change("create", "Lead", "00Q1", map[string]any{"Caller_Key__c": "+12025550101", "Last_Call_Id__c": call, "Phone": "+12025550101", "Call_Revision__c": "2026-01-01|" + call + "|000001"}),
		change("create", "Task", "00T1", map[string]any{"Call_Id__c": call + ":log", "WhoId": "00Q1", "Disposition__c": "VoicemailLeft", "Call_Revision__c": "000001"}),
		change("create", "Case", "5001", map[string]any{"Call_Id__c": call, "Call_Revision__c": "000001"}),
		change("create", "ContentVersion", "0681", map[string]any{"Call_Id__c": call + ":aa"}),
	}
}

func sample() *calls.Call {
	return &calls.Call{
		From: "+12025550999", // the sample's own caller: this one is another
		Expect: calls.Expect{
			Disposition: "VoicemailLeft", Absent: []string{"Contact"},
			Records: []calls.ExpectedRecord{{Object: "Lead", Fields: map[string]any{"Phone": "+12025550999"}}},
		},
	}
}

func TestJudge(t *testing.T) {
	event := func(id, revision, summary string) salesforce.Event {
		return salesforce.Event{At: time.Unix(2, 0), Fields: map[string]any{"Event_Id__c": id, "Call_Id__c": call, "Call_Revision__c": revision, "Summary__c": summary}}
	}
	for _, tt := range []struct {
		name    string
		changes func([]salesforce.Change) []salesforce.Change
		events  []salesforce.Event
		want    string // which list has exactly one fault; empty for none
		repeats int
	}{
		{name: "as it must be"},
		{name: "no log", changes: func(c []salesforce.Change) []salesforce.Change { return c[:1] }, want: "lost"},
		{name: "no file", changes: func(c []salesforce.Change) []salesforce.Change { return c[:3] }, want: "lost"},
		{name: "deleted", changes: with(change("delete", "Task", "00T1", nil)), want: "lost"},
		{name: "two logs of one call", changes: with(change("create", "Task", "00T2", map[string]any{"Call_Id__c": call + ":LOG"})), want: "doubled"},
		{name: "a next step is another task", changes: with(change("create", "Task", "00T2", map[string]any{"Call_Id__c": call + ":next"}))},
		{name: "two files", changes: with(change("create", "ContentVersion", "0682", map[string]any{"Call_Id__c": call + ":bb"})), want: "doubled"},
		{name: "two people", changes: with(change("create", "Lead", "00Q2", map[string]any{"Caller_Key__c": "+12025550101"})), want: "doubled"},
		{name: "a person who was there", changes: with(change("create", "Contact", "0031", map[string]any{"Caller_Key__c": "+12025550101"}))},
		{name: "a person that must not be", changes: with(
			change("create", "Contact", "0031", map[string]any{"Caller_Key__c": "+12025550101", "Last_Call_Id__c": call}),
			change("update", "Case", "5001", map[string]any{"ContactId": "0031"}),
		), want: "otherwise"},
		{name: "a later revision", changes: with(change("update", "Task", "00T1", map[string]any{"Call_Revision__c": "000002"}))},
		{name: "an earlier revision", changes: with(
			change("update", "Task", "00T1", map[string]any{"Call_Revision__c": "000003"}), change("update", "Task", "00T1", map[string]any{"Call_Revision__c": "000002"}),
		), want: "out of order"},
		{name: "otherwise", changes: with(change("update", "Task", "00T1", map[string]any{"Disposition__c": "Spam"})), want: "otherwise"},
		{name: "another number", changes: with(change("update", "Lead", "00Q1", map[string]any{"Phone": "+12025550102"})), want: "otherwise"},
		{name: "the vendor's own update", changes: with(change("rollup", "Task", "00T1", map[string]any{"Disposition__c": "Spam"}))},
		{name: "two revisions on the bus", events: []salesforce.Event{event("e1", "1", "a"), event("e2", "2", "b")}},
		{name: "sent again", events: []salesforce.Event{event("e1", "1", "a"), event("e1", "1", "a")}, repeats: 1},
		{name: "two of one id", events: []salesforce.Event{event("e1", "1", "a"), event("e1", "1", "b")}, want: "doubled"},
		{name: "two of one revision", events: []salesforce.Event{event("e1", "1", "a"), event("e2", "1", "a")}, want: "doubled"},
		{name: "nobody's", events: []salesforce.Event{{Fields: map[string]any{}}}, want: "doubled"},
	} {
		o := Watch(nil, "acme")
		changes := written()
		if tt.changes != nil {
			changes = tt.changes(changes)
		}
		for _, c := range changes {
			o.change(c)
		}
		for _, e := range tt.events {
			o.published(e)
		}
		w := &Witness{orgs: map[string]*Org{"acme": o}, lines: map[string]Line{"+1": {Org: "acme", Files: true, Events: len(tt.events) > 1}}}
		v := w.Judge([]Call{{SID: call, From: "+12025550101", To: "+1", Status: "completed"}}, func(string) *calls.Call { return sample() })
		got := map[string][]Fault{"lost": v.Lost, "otherwise": v.Otherwise, "doubled": v.Doubled, "out of order": v.OutOfOrder}
		for list, faults := range got {
			if want := map[bool]int{true: 1}[list == tt.want]; len(faults) != want {
				t.Errorf("%s: %s: %v", tt.name, list, faults)
			}
		}
		if v.Calls != 1 || v.Repeats != tt.repeats {
			t.Errorf("%s: %d calls, %d repeats", tt.name, v.Calls, v.Repeats)
		}
	}
}

func with(more ...salesforce.Change) func([]salesforce.Change) []salesforce.Change {
	return func(c []salesforce.Change) []salesforce.Change { return append(c, more...) }
}

// The fields that differ are named, those that only one of the two has among them; what is in them is not.
func TestTwoEventsOfOneIDDifferInNamedFields(t *testing.T) {
	o := Watch(nil, "acme")
	fields := func(summary string, more ...string) map[string]any {
		f := map[string]any{"Event_Id__c": "e1", "Call_Id__c": call, "Summary__c": summary, "CreatedDate": int64(len(o.doubled)), "Duration__c": 7.0}
		for _, name := range more {
			f[name] = false
		}
		return f
	}
	o.published(salesforce.Event{Fields: fields("a")})
	o.published(salesforce.Event{Fields: fields("secret", "Consent_Record__c")})
	want := Fault{call, "two different events of the id e1: they differ in Consent_Record__c, Summary__c"}
	if len(o.doubled) != 1 || o.doubled[0] != want {
		t.Errorf("%v", o.doubled)
	}
}

// What was not completed needs no record; a leg is none.
func TestOnlyCompletedRootsCount(t *testing.T) {
	w := &Witness{orgs: map[string]*Org{}, lines: map[string]Line{}}
	v := w.Judge([]Call{
		{SID: "CA1", Status: "busy"}, {SID: "CA2", Status: "in-progress"}, {SID: "CA3", Status: "completed", Parent: "CA1"}, {SID: "CA4", Status: "completed"},
	}, func(string) *calls.Call { return sample() })
	if v.Calls != 1 || len(v.Lost) != 1 || v.Lost[0].Call != "CA4" {
		t.Errorf("%+v", v)
	}
}
