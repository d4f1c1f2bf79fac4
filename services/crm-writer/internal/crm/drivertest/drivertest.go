// Package drivertest is the conformance suite that every crm driver passes: what a plan means for the records
// that stand, whichever product holds them.
package drivertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// Harness is one driver on an empty org.
type Harness struct {
	Driver crm.Driver
	// Seed makes a record as a person would and returns its id.
	Seed func(t *testing.T, object string, fields map[string]any) string
	// Records returns an object's records, oldest first, each with its "Id".
	Records func(t *testing.T, object string) []map[string]any
	// Applied waits until everything that is published is applied; nil where nobody applies it.
	Applied func(t *testing.T)
}

// Run runs the suite; open makes a new harness for each test and closes it with the test.
func Run(t *testing.T, open func(t *testing.T) *Harness) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *Harness){
		"a plan makes its records and links them": makes,
		"the same plan again changes nothing":     repeats,
		"a lower revision changes nothing":        lower,
		"a higher revision changes what is there": higher,
		"a person's latest call wins":             latestCall,
		"a later call supersedes no other":        laterCall,
		"fields for new records are left alone":   onlyNew,
		"fields for blank values are left alone":  onlyBlank,
		"an agent's disposition stays":            agents,
		"a contact comes before a lead":           contactFirst,
		"several people are nobody":               several,
		"the latest of several, where asked":      severalLatest,
		"without a key nothing is made":           matchOnly,
		"a link changes nothing":                  links,
		"a withheld number goes by its key":       withheld,
		"one plan's failure is its own":           failure,
		"a file is made once":                     file,
		"files of a batch are each for itself":    files,
		"events are taken again":                  publish,
		"an ended context ends the work":          ended,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

const phone = "+14155550123"

// call is the call of a plan, by number.
func call(n int) events.Call {
	id := fmt.Sprintf("CA%032d", n)
	return events.Call{ID: id, Leg: id, Tenant: "acme", LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO}
}

// Plan is a sales plan of call n at a revision: a Lead unless a Contact matches, and the logged call.
func Plan(n int, revision uint32) *crm.Plan {
	c := call(n)
	person := fmt.Sprintf("2026-03-02T14:%02d:00.000Z|%s|%s", n, c.ID, crm.CallRevision(revision))
	return &crm.Plan{
		Call: c, Payer: "product", Revision: revision, Parent: phone,
		Writes: []crm.Write{
			{
				Ref: "caller", Object: "Lead", Scope: crm.ScopePerson, Revision: person,
				Match: crm.Match{Phone: phone, Objects: []string{"Contact", "Lead"}},
				Key:   &crm.Key{Field: "Caller_Key__c", Value: phone},
				Fields: map[string]any{
					"LastName": "Doe", "Company": "Unknown (phone)", "Phone": phone, "Phone_E164__c": phone, "Caller_Key__c": phone,
					"Last_Call_Id__c": c.ID, "Duration__c": int64(60 + n), "Call_Revision__c": person,
				},
				FieldsOf: map[string]map[string]any{"Contact": {
					"LastName": "Doe", "Last_Call_Id__c": c.ID, "Duration__c": int64(60 + n), "Call_Revision__c": person,
				}},
				OnlyNew:   []string{"Company"},
				OnlyBlank: map[string]string{"LastName": "Unknown caller", "Phone": "", "Phone_E164__c": ""},
			},
			{
				Ref: "log", Object: "Task", Scope: crm.ScopeCall, Revision: crm.CallRevision(revision),
				Match: crm.Match{By: "Call_Id__c", Value: c.ID + ":log"},
				Fields: map[string]any{
					"Subject": fmt.Sprintf("Call %d, revision %d", n, revision), "Status": "Completed", "Priority": "Normal",
					"Disposition__c": "QualifiedLead", "Disposition_Source__c": "AI", "WhoId": "@caller",
					"Call_Revision__c": crm.CallRevision(revision),
				},
				OnlyNew:   []string{"Status"},
				OnlyBlank: map[string]string{"WhoId": ""},
			},
		},
		Ambiguous: []crm.Write{{
			Ref: "review", Object: "Task", Scope: crm.ScopeCall, Revision: crm.CallRevision(revision),
			Match:  crm.Match{By: "Call_Id__c", Value: c.ID + ":review"},
			Fields: map[string]any{"Subject": "Review call", "Priority": "High", "Call_Revision__c": crm.CallRevision(revision)},
		}},
		Event: map[string]any{"Call_Id__c": c.ID, "Event_Id__c": fmt.Sprintf("%08d-0000-5000-8000-%012d", n, revision)},
	}
}

func apply(t *testing.T, h *Harness, plans ...*crm.Plan) []crm.Outcome {
	t.Helper()
	out := h.Driver.Apply(t.Context(), plans)
	if len(out) != len(plans) {
		t.Fatalf("%d outcomes of %d plans", len(out), len(plans))
	}
	return out
}

// good applies one plan that must succeed.
func good(t *testing.T, h *Harness, p *crm.Plan) crm.Outcome {
	t.Helper()
	out := apply(t, h, p)[0]
	if out.Err != nil {
		t.Fatalf("%v: %v", out.Err, cause(out.Err))
	}
	return out
}

func cause(err error) any {
	var e *retry.Error
	if as(err, &e) {
		return e.Err
	}
	return nil
}

// one is the only record of an object.
func one(t *testing.T, h *Harness, object string) map[string]any {
	t.Helper()
	r := h.Records(t, object)
	if len(r) != 1 {
		t.Fatalf("%d records of %s: %v", len(r), object, r)
	}
	return r[0]
}

func none(t *testing.T, h *Harness, objects ...string) {
	t.Helper()
	for _, o := range objects {
		if r := h.Records(t, o); len(r) > 0 {
			t.Errorf("%s was made: %v", o, r)
		}
	}
}

func is(t *testing.T, r map[string]any, field string, want any) {
	t.Helper()
	if fmt.Sprint(r[field]) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", field, r[field], want)
	}
}

func role(t *testing.T, out crm.Outcome, name string) crm.Record {
	t.Helper()
	for _, r := range out.Records {
		if r.Role == name {
			return r
		}
	}
	t.Fatalf("no record %q in %+v", name, out.Records)
	return crm.Record{}
}

func ended(t *testing.T, h *Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, out := range h.Driver.Publish(ctx, []*crm.Plan{Plan(1, 1)}) {
		if out.Err != nil && retry.IsPermanent(out.Err) {
			t.Errorf("an ended context is permanent: %v", out.Err)
		}
	}
}
