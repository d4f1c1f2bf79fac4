package crm

import (
	"fmt"
	"testing"
)

func TestDecide(t *testing.T) {
	person := Write{
		Ref: "caller", Object: "Lead", Match: Match{Phone: "+1", Objects: []string{"Contact", "Lead"}}, Key: &Key{"Caller_Key__c", "+1"},
		Scope: ScopePerson, Revision: "b", Fields: map[string]any{"LastName": "Doe", "LeadSource": "Phone", "Caller_Key__c": "+1", "Intent__c": "x"},
		FieldsOf: map[string]map[string]any{"Contact": {"Intent__c": "x"}},
		OnlyNew:  []string{"LeadSource"}, OnlyBlank: map[string]string{"LastName": "Unknown"},
	}
	finder := person
	finder.Key = nil
	link := finder
	link.Fields, link.FieldsOf = nil, nil
	latest := person
	latest.Match.Several = SeveralLatest
	task := Write{
		Object: "Task", Match: Match{By: "Call_Id__c", Value: "CA1"}, Revision: "000002", Scope: ScopeCall,
		Fields: map[string]any{"Disposition__c": "Spam", "Disposition_Source__c": "AI", "CallDisposition": "Spam", "Subject": "s"},
	}
	agents := task
	agents.Fields = map[string]any{"Disposition__c": "Spam", "Disposition_Source__c": "Agent"}

	lead := Existing{Object: "Lead", ID: "Q1", Revision: "a", Values: map[string]any{"LastName": "Unknown"}}
	contact := Existing{Object: "Contact", ID: "C1", Revision: "a"}
	second := Existing{Object: "Contact", ID: "C2", Revision: "a", Activity: "2026-03-01"}
	keyed := Existing{Object: "Contact", ID: "C3", Key: "+1", Revision: "a"}
	theirs := Existing{Object: "Task", ID: "T1", Key: "CA1", Revision: "000001", Values: map[string]any{"Disposition_Source__c": "Agent"}}
	with := func(x Existing, revision string) Existing { x.Revision = revision; return x }

	for _, tt := range []struct {
		name  string
		write Write
		found []Existing
		want  string
	}{
		{"nobody, with a key", person, nil, "created Lead  [Caller_Key__c Intent__c LastName LeadSource]"},
		{"nobody, without", finder, nil, "nothing   []"},
		{"nobody to link", link, nil, "nothing   []"},
		{"a lead with a name that stands for none", person, []Existing{lead}, "updated Lead Q1 [Intent__c LastName]"},
		{"a contact before a lead", person, []Existing{lead, contact}, "updated Contact C1 [Intent__c]"},
		{"the same contact found twice", person, []Existing{contact, contact}, "updated Contact C1 [Intent__c]"},
		{"two contacts", person, []Existing{contact, second, lead}, "ambiguous   []"},
		{"two contacts, one of them ours", person, []Existing{contact, keyed}, "updated Contact C3 [Intent__c]"},
		{"two contacts, the latest", latest, []Existing{contact, second}, "updated Contact C2 [Intent__c]"},
		{"a link", link, []Existing{contact}, "linked Contact C1 []"},
		{"an equal revision", person, []Existing{with(contact, "b")}, "left Contact C1 []"},
		{"a higher revision", person, []Existing{with(contact, "c")}, "left Contact C1 []"},
		{"a higher revision of the call", task, []Existing{with(theirs, "000003")}, "left Task T1 [] overtaken"},
		{"no revision yet", person, []Existing{with(contact, "")}, "updated Contact C1 [Intent__c]"},
		{"an agent's word against a model's", task, []Existing{theirs}, "updated Task T1 [Subject]"},
		{"an agent's word against an agent's", agents, []Existing{theirs}, "updated Task T1 [Disposition_Source__c Disposition__c]"},
		{"a record of another kind is none", task, []Existing{contact}, "created Task  [CallDisposition Disposition_Source__c Disposition__c Subject]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Decide(tt.write, tt.found)
			got := fmt.Sprintf("%s %s %s %v", d.Action, d.Object, d.ID, sortedNames(d.Fields))
			if d.Overtaken {
				got += " overtaken"
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestReferencesFitTheirFields(t *testing.T) {
	for field, want := range map[string]string{
		"ContactId": "Contact", "WhoId": "Contact Lead", "WhatId": "Case", "Other__c": "Contact Lead Case",
	} {
		got := ""
		for _, object := range []string{"Contact", "Lead", "Case"} {
			if Fits(field, object) {
				got += " " + object
			}
		}
		if got != " "+want {
			t.Errorf("%s takes%s", field, got)
		}
	}
}
