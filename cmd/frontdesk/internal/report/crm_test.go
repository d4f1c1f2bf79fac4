package report

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// org is a CRM of records and changes.
type org struct {
	changes []Change
	records []Record
}

func (o org) Changes() []Change { return o.changes }

func (o org) Records(object string) []Record {
	return slices.DeleteFunc(slices.Clone(o.records), func(r Record) bool { return r.Object != object })
}

func TestWrittenIsWhatTheCallItselfWrote(t *testing.T) {
	lead := func(call, intent string) map[string]any {
		return map[string]any{"Call_Revision__c": "2026-03-02T14:00:00.000Z|" + call + "|000001", "Intent__c": intent, "SystemModstamp": "x"}
	}
	changes := []Change{
		{Op: "create", Object: "Contact", ID: "003", API: "seed", Fields: map[string]any{"LastName": "Lind"}},
		{Op: "create", Object: "Lead", ID: "00Q", API: "graph", Request: "r1", Fields: lead("CA1", "PricingQuestion")},
		{Op: "create", Object: "Task", ID: "00T", API: "graph", Request: "r1", Fields: map[string]any{"Call_Id__c": "CA1:log", "Subject": "old"}},
		{Op: "update", Object: "Task", ID: "00T", API: "graph", Request: "r2", Fields: map[string]any{"Subject": "new"}},
		{Op: "rollup", Object: "Lead", ID: "00Q", Fields: map[string]any{"LastActivityDate": "2026-03-02"}},
		{Op: "update", Object: "Lead", ID: "00Q", API: "graph", Request: "r3", Fields: lead("CA2", "BookDemo")},
	}
	got := written(changes, "CA1")
	if len(got) != 2 || !got[0].Created || got[0].ID != "00Q" || len(got[0].Fields) != 2 {
		t.Fatalf("%+v", got)
	}
	if got[1].Fields["Subject"] != "new" || !slices.Equal(got[1].Requests, []string{"r1", "r2"}) {
		t.Errorf("%+v", got[1])
	}
	if asLeft(got, "Intent__c") != "PricingQuestion" {
		t.Errorf("the call's own intent is %v", asLeft(got, "Intent__c"))
	}
	if again := written(changes, "CA2"); len(again) != 1 || again[0].Created || again[0].Fields["Intent__c"] != "BookDemo" {
		t.Errorf("%+v", again)
	}
	if none := written(changes, ""); len(none) != 0 {
		t.Errorf("a call that never rang wrote %+v", none)
	}
}

func TestDoublesShareAKey(t *testing.T) {
	record := func(object, id, field, key string) Record { return Record{object, id, map[string]any{field: key}} }
	got := doubles(org{records: []Record{
		record("Task", "1", "Call_Id__c", "CA1:log"), record("Task", "2", "Call_Id__c", "ca1:LOG"), record("Task", "3", "Call_Id__c", "CA1:next"),
		record("Lead", "4", "Phone_E164__c", "+12025550123"), record("Contact", "5", "Phone_E164__c", "+12025550123"),
		record("Lead", "6", "LastName", "Lind"), record("Lead", "7", "LastName", "Lind"),
	}})
	if len(got) != 1 || got[0].Key != "ca1:log" || !slices.Equal(got[0].IDs, []string{"1", "2"}) {
		t.Errorf("%+v", got)
	}
}

func TestSettled(t *testing.T) {
	no := false
	log := Record{"Task", "00T", map[string]any{"Call_Id__c": "CA1:log", "Disposition__c": "HungUp", "WhoId": "00Q"}}
	lead := Record{"Lead", "00Q", map[string]any{"LastName": "Lind", "Consent_Record__c": true}}
	for name, c := range map[string]struct {
		expect  calls.Expect
		records []Record
		played  Played
		want    []string
	}{
		"as expected": {calls.Expect{Disposition: "HungUp", Records: []calls.ExpectedRecord{{Object: "Lead", Fields: map[string]any{"LastName": "Lind"}}}},
			[]Record{log, lead}, Played{SID: "CA1"}, nil},
		"another disposition": {calls.Expect{Disposition: "NoSpeech"}, []Record{log}, Played{SID: "CA1"}, []string{`disposition is "HungUp", expected "NoSpeech"`}},
		"another field": {calls.Expect{Records: []calls.ExpectedRecord{{Object: "Lead", Fields: map[string]any{"LastName": "Berg", "Company": "*"}}}},
			[]Record{log, lead}, Played{SID: "CA1"}, []string{`Lead.Company is empty, expected "*"`, `Lead.LastName is "Lind", expected "Berg"`}},
		"no record":           {calls.Expect{Records: []calls.ExpectedRecord{{Object: "Case"}}}, []Record{log}, Played{SID: "CA1"}, []string{"no Case"}},
		"consent":             {calls.Expect{Consent: &no}, []Record{log, lead}, Played{SID: "CA1"}, []string{"consent is true, expected false"}},
		"not there":           {calls.Expect{}, nil, Played{SID: "CA1"}, []string{"no logged call (Task CA1:log)"}},
		"must leave nothing":  {calls.Expect{Recorded: &no}, []Record{log}, Played{SID: "CA1"}, []string{"it left records, and must leave nothing"}},
		"nobody's number":     {calls.Expect{Recorded: &no}, nil, Played{Refused: true, Err: errors.New("no such number")}, nil},
		"could not be played": {calls.Expect{Recorded: &no}, nil, Played{Err: errors.New("seeding the CRM: no org")}, []string{"seeding the CRM: no org"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.played.Call = &calls.Call{Expect: c.expect}
			ok, diffs := Settled(org{records: c.records}, c.played)
			if got := texts(diffs); ok != (len(c.want) == 0) || strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("%v %q, want %q", ok, got, c.want)
			}
		})
	}
}

func TestALeakIsToldWithItsField(t *testing.T) {
	e := events.Call{ID: "CA1", Leg: "CA1"}.Event(time.Time{}, &events.CallInsight{
		Summary: "card 4242 4242 4242 4242", Transcript: []*events.Line{{Full: "nothing"}, {Full: "it is 4242-4242 4242-4242."}},
	})
	got := fieldsWith([]*events.CallEvent{e}, "4242424242424242")
	if want := []string{"call_insight.summary", "call_insight.transcript.full"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAPromptIsAboutTheCallWhoseWordsItHolds(t *testing.T) {
	say := func(name, sid, text string) Played {
		return Played{SID: sid, Call: &calls.Call{Name: name, Script: []calls.Utterance{{Text: text}}}}
	}
	h := asked([]string{
		"rules\n<transcript>\n1 00:01 caller: this is [NAME_1] and my kettle leaks\n</transcript>",
		"rules\n<transcript>\n1 00:01 caller: nobody called me back about the invoice\n</transcript>",
	}, []Played{say("kettle", "CA1", "This is Nobody Jones and my kettle leaks."), say("invoice", "CA2", "Nobody called me back about the invoice.")})
	if text := h.of("CA1"); !strings.Contains(text, "kettle") || strings.Contains(text, "nobody") {
		t.Errorf("the first call's prompts are %q", text)
	}
	if text := h.of("CA2"); !strings.Contains(text, "invoice") || strings.Contains(text, "kettle") {
		t.Errorf("the second call's prompts are %q", text)
	}
}
