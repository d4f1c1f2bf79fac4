package mapping

import "testing"

const needy = `version: 1
name: needy-1
writes:
  - ref: caller
    object: Lead
    when: intent.kind == 'sales'
    match:
      phone: caller.phone
      objects: [Contact, Lead]
      key: {field: Caller_Key__c, value: caller.key, when: caller.named}
    revision: person
    fields:
      LastName: {value: tenant.lead_last_name, only: blank, blank: tenant.lead_last_name}
      Company: {value: tenant.lead_company, only: new}
      Intent__c: {value: intent.name, translate: {BookDemo: Demo}, fallback: Other}
    other:
      Contact: {Last_Call_Id__c: call.id}
  - ref: log
    object: Task
    match:
      by: {field: Call_Id__c, value: "call.id + ':log'"}
    fields:
      Subject: {text: Call}
      CallDurationInSeconds: call.duration
      WhoId: {ref: caller, only: blank}
      Done__c: call.recorded
      Start__c: call.started
lengths:
  Lead.Company: 255
`

// TestNeedsSayWhatFieldsMustTake is what an org is checked against.
func TestNeedsSayWhatFieldsMustTake(t *testing.T) {
	m, err := Compile("needy.yaml", []byte(needy))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Need{}
	for _, n := range m.Needs() {
		got[n.Object+"."+n.Field] = n
	}
	for name, want := range map[string]Need{
		"Lead.Caller_Key__c":         {Kind: KindText, Key: true, Once: true, Always: true, Longest: 34},
		"Lead.Call_Revision__c":      {Kind: KindText, Always: true, Longest: 66},
		"Lead.LastName":              {Kind: KindText, Always: true},
		"Lead.Company":               {Kind: KindText, Once: true, Always: true, Longest: 255},
		"Lead.Intent__c":             {Kind: KindText, Always: true, Labels: LabelIntents, Fallback: "Other"},
		"Contact.Last_Call_Id__c":    {Kind: KindText},
		"Task.Call_Id__c":            {Kind: KindText, Key: true, Once: true, Always: true, Longest: 38},
		"Task.Call_Revision__c":      {Kind: KindText, Always: true, Longest: 6},
		"Task.Subject":               {Kind: KindText, Always: true, Longest: 4},
		"Task.CallDurationInSeconds": {Kind: KindNumber, Always: true},
		"Task.WhoId":                 {Kind: KindReference},
		"Task.Done__c":               {Kind: KindBoolean, Always: true},
		"Task.Start__c":              {Kind: KindMoment, Always: true},
		".Call_Revision__c":          {Kind: KindText, Always: true, Longest: 6},
	} {
		n, ok := got[name]
		if !ok || n.Kind != want.Kind || n.Key != want.Key || n.Once != want.Once || n.Always != want.Always || n.Longest != want.Longest ||
			n.Labels != want.Labels || n.Fallback != want.Fallback {
			t.Errorf("%s is %+v, want %+v", name, n, want)
		}
	}
	if n := got["Lead.Intent__c"]; n.Shown("BookDemo") != "Demo" || n.Shown("Spam") != "Other" {
		t.Errorf("labels are shown as %q and %q", n.Shown("BookDemo"), n.Shown("Spam"))
	}
	if f := m.Finds(); len(f) != 2 || f[0] != "Contact" || f[1] != "Lead" {
		t.Errorf("people are found in %v", f)
	}
}

// TestRevisionsAreAsLongAsNeedsSay holds the lengths of revisions to what is written.
func TestRevisionsAreAsLongAsNeedsSay(t *testing.T) {
	const start, call, number = "2026-11-24T09:30:00.000Z", "CA00000000000000000000000000000001", "000001"
	if len(call) != callIDLength || len(number) != numberLength || len(start+"||") != startLength {
		t.Errorf("a call id has %d characters, a revision %d, a start with its strokes %d", len(call), len(number), len(start+"||"))
	}
}
