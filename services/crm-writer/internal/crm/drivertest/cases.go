package drivertest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

func as(err error, target **retry.Error) bool { return errors.As(err, target) }

func makes(t *testing.T, h *Harness) {
	out := good(t, h, Plan(1, 1))
	lead, task := one(t, h, "Lead"), one(t, h, "Task")
	is(t, lead, "Company", "Unknown (phone)")
	is(t, lead, "Caller_Key__c", phone)
	is(t, lead, "Duration__c", 61)
	is(t, task, "WhoId", lead["Id"])
	is(t, task, "Call_Id__c", call(1).ID+":log")
	caller, log := role(t, out, "caller"), role(t, out, "log")
	if caller.ID != lead["Id"] || caller.Action != crm.Create || caller.Object != "Lead" || caller.Key != phone {
		t.Errorf("caller %+v", caller)
	}
	if log.ID != task["Id"] || log.Action != crm.Create || log.KeyField != "Call_Id__c" {
		t.Errorf("log %+v", log)
	}
	if out.Superseded {
		t.Error("superseded")
	}
}

func repeats(t *testing.T, h *Harness) {
	first := good(t, h, Plan(1, 1))
	second := good(t, h, Plan(1, 1))
	one(t, h, "Lead")
	one(t, h, "Task")
	if role(t, first, "caller").ID != role(t, second, "caller").ID || second.Superseded {
		t.Errorf("%+v", second)
	}
	for _, r := range second.Records {
		if r.Action != crm.Leave {
			t.Errorf("%s was %s", r.Role, r.Action)
		}
	}
}

func lower(t *testing.T, h *Harness) {
	good(t, h, Plan(1, 3))
	out := good(t, h, Plan(1, 2))
	if !out.Superseded {
		t.Errorf("%+v", out)
	}
	is(t, one(t, h, "Task"), "Subject", "Call 1, revision 3")
}

func higher(t *testing.T, h *Harness) {
	good(t, h, Plan(1, 1))
	out := good(t, h, Plan(1, 2))
	is(t, one(t, h, "Task"), "Subject", "Call 1, revision 2")
	is(t, one(t, h, "Lead"), "Call_Revision__c", Plan(1, 2).Writes[0].Revision)
	if role(t, out, "log").Action != crm.Update {
		t.Errorf("%+v", out)
	}
}

func latestCall(t *testing.T, h *Harness) {
	good(t, h, Plan(5, 1))
	out := good(t, h, Plan(4, 7))
	is(t, one(t, h, "Lead"), "Last_Call_Id__c", call(5).ID)
	if len(h.Records(t, "Task")) != 2 || out.Superseded {
		t.Errorf("an earlier call is a call all the same: %+v", out)
	}
	is(t, h.Records(t, "Task")[1], "WhoId", one(t, h, "Lead")["Id"])
}

// laterCall: a call that was written and is tried again, after a later one of the same person.
func laterCall(t *testing.T, h *Harness) {
	good(t, h, Plan(1, 1))
	good(t, h, Plan(2, 1))
	out := good(t, h, Plan(1, 1))
	if out.Superseded || role(t, out, "caller").Action != crm.Leave || role(t, out, "log").Action != crm.Leave {
		t.Errorf("%+v", out)
	}
	is(t, one(t, h, "Lead"), "Last_Call_Id__c", call(2).ID)
}

func onlyNew(t *testing.T, h *Harness) {
	good(t, h, Plan(1, 1))
	p := Plan(1, 2)
	p.Writes[0].Fields["Company"] = "Other"
	p.Writes[1].Fields["Status"] = "Not Started"
	good(t, h, p)
	is(t, one(t, h, "Lead"), "Company", "Unknown (phone)")
	is(t, one(t, h, "Task"), "Status", "Completed")
}

func onlyBlank(t *testing.T, h *Harness) {
	p := Plan(1, 1)
	p.Writes[0].Fields["LastName"] = "Unknown caller"
	good(t, h, p)
	good(t, h, Plan(2, 1)) // now the name is known
	is(t, one(t, h, "Lead"), "LastName", "Doe")
	p = Plan(3, 1)
	p.Writes[0].Fields["LastName"] = "Dough"
	good(t, h, p)
	is(t, one(t, h, "Lead"), "LastName", "Doe")
}

func agents(t *testing.T, h *Harness) {
	p := Plan(1, 1)
	p.Writes[1].Fields["Disposition__c"], p.Writes[1].Fields["Disposition_Source__c"] = "ResolvedByAgent", "Agent"
	good(t, h, p)
	good(t, h, Plan(1, 2))
	task := one(t, h, "Task")
	is(t, task, "Disposition__c", "ResolvedByAgent")
	is(t, task, "Disposition_Source__c", "Agent")
	is(t, task, "Subject", "Call 1, revision 2")
}

func contactFirst(t *testing.T, h *Harness) {
	h.Seed(t, "Lead", map[string]any{"LastName": "Lead", "Company": "C", "Phone_E164__c": phone})
	contact := h.Seed(t, "Contact", map[string]any{"LastName": "Contact", "Phone_E164__c": phone})
	out := good(t, h, Plan(1, 1))
	is(t, one(t, h, "Contact"), "Last_Call_Id__c", call(1).ID)
	is(t, one(t, h, "Contact"), "LastName", "Contact")
	is(t, one(t, h, "Lead"), "Last_Call_Id__c", nil)
	is(t, one(t, h, "Task"), "WhoId", contact)
	if r := role(t, out, "caller"); r.Object != "Contact" || r.ID != contact || r.Action != crm.Update {
		t.Errorf("%+v", r)
	}
}

func several(t *testing.T, h *Harness) {
	for _, name := range []string{"One", "Two"} {
		h.Seed(t, "Contact", map[string]any{"LastName": name, "Phone_E164__c": phone})
	}
	good(t, h, Plan(1, 1))
	none(t, h, "Lead")
	tasks := h.Records(t, "Task")
	if len(tasks) != 2 {
		t.Fatalf("%d tasks", len(tasks))
	}
	for _, task := range tasks {
		is(t, task, "WhoId", nil)
	}
	for _, c := range h.Records(t, "Contact") {
		is(t, c, "Last_Call_Id__c", nil)
	}
}

func severalLatest(t *testing.T, h *Harness) {
	for _, name := range []string{"One", "Two"} {
		h.Seed(t, "Contact", map[string]any{"LastName": name, "Phone_E164__c": phone})
	}
	p := Plan(1, 1)
	p.Writes[0].Match.Several = crm.SeveralLatest
	r := role(t, good(t, h, p), "caller")
	is(t, one(t, h, "Task"), "WhoId", r.ID)
}

func matchOnly(t *testing.T, h *Harness) {
	p := Plan(1, 1)
	p.Writes[0].Key = nil
	out := good(t, h, p)
	none(t, h, "Lead", "Contact")
	is(t, one(t, h, "Task"), "WhoId", nil)
	if len(out.Records) != 1 {
		t.Errorf("%+v", out.Records)
	}
	lead := h.Seed(t, "Lead", map[string]any{"LastName": "Lead", "Company": "C", "Phone_E164__c": phone})
	p = Plan(2, 1)
	p.Writes[0].Key = nil
	good(t, h, p)
	is(t, one(t, h, "Lead"), "Last_Call_Id__c", call(2).ID)
	is(t, h.Records(t, "Task")[1], "WhoId", lead)
}

func links(t *testing.T, h *Harness) {
	contact := h.Seed(t, "Contact", map[string]any{"LastName": "Contact", "Phone_E164__c": phone})
	p := Plan(1, 1)
	p.Writes[0].Key, p.Writes[0].Fields, p.Writes[0].FieldsOf = nil, nil, nil
	out := good(t, h, p)
	is(t, one(t, h, "Contact"), crm.RevisionField, nil)
	is(t, one(t, h, "Task"), "WhoId", contact)
	if r := role(t, out, "caller"); r.Action != crm.Link || r.Key != "" {
		t.Errorf("%+v", r)
	}
}

func withheld(t *testing.T, h *Harness) {
	p := Plan(1, 1)
	id := p.Call.ID
	w := &p.Writes[0]
	w.Match, w.Key = crm.Match{By: "Caller_Key__c", Value: id}, nil
	for _, name := range []string{"Phone", "Phone_E164__c", "Caller_Key__c"} {
		delete(w.Fields, name)
	}
	good(t, h, p)
	is(t, one(t, h, "Lead"), "Caller_Key__c", id)
	good(t, h, p)
	one(t, h, "Lead")
}

func failure(t *testing.T, h *Harness) {
	bad := Plan(2, 1)
	bad.Parent = "+14155550999"
	w := &bad.Writes[0]
	w.Match.Phone, w.Key.Value = bad.Parent, bad.Parent
	w.Fields["Caller_Key__c"], w.Fields["Phone_E164__c"] = bad.Parent, bad.Parent
	delete(w.Fields, "LastName")
	out := apply(t, h, Plan(1, 1), bad)
	if out[0].Err != nil || !retry.IsPermanent(out[1].Err) || out[1].Down {
		t.Fatalf("%+v", out)
	}
	if retry.Code(out[1].Err) == "" || retry.Field(out[1].Err) == "" {
		t.Errorf("the error names no code or field: %v", out[1].Err)
	}
	one(t, h, "Lead")
	one(t, h, "Task") // the failed plan's task is not there either
}

// transcript of call n.
func transcript(n int) *crm.Plan {
	p := Plan(n, 1)
	p.File = &crm.File{
		Ref: "caller", Object: "ContentVersion", KeyField: "Call_Id__c", Key: p.Call.ID + ":0011223344556677", ParentField: "FirstPublishLocationId",
		Fields:       map[string]any{"Title": fmt.Sprint("Transcript ", n), "PathOnClient": "CA1.txt", "SharingPrivacy": "P"},
		ContentField: "VersionData", Content: []byte("[00:00] Caller: hello"),
	}
	return p
}

func file(t *testing.T, h *Harness) {
	contact := h.Seed(t, "Contact", map[string]any{"LastName": "Contact"})
	for _, want := range []crm.Action{crm.Create, crm.Leave} {
		out := attach(t, h, crm.Attachment{Plan: transcript(1), Parent: contact})[0]
		if out.Err != nil {
			t.Fatalf("%v: %v", out.Err, cause(out.Err))
		}
		if r := role(t, out, crm.RoleFile); r.Action != want || want == crm.Create && r.ID == "" || r.Key != transcript(1).File.Key {
			t.Fatalf("%+v", r)
		}
	}
	is(t, one(t, h, "ContentVersion"), "Title", "Transcript 1")
}

func files(t *testing.T, h *Harness) {
	contact := h.Seed(t, "Contact", map[string]any{"LastName": "Contact"})
	attach(t, h, crm.Attachment{Plan: transcript(2), Parent: contact})
	var batch []crm.Attachment
	for n := range 3 {
		batch = append(batch, crm.Attachment{Plan: transcript(n + 1), Parent: contact})
	}
	for i, out := range attach(t, h, batch...) {
		want := crm.Create
		if i == 1 {
			want = crm.Leave
		}
		if out.Err != nil || role(t, out, crm.RoleFile).Action != want || role(t, out, crm.RoleFile).Key != transcript(i+1).File.Key {
			t.Errorf("%d: %+v", i, out)
		}
	}
	var titles []any
	for _, r := range h.Records(t, "ContentVersion") {
		titles = append(titles, r["Title"])
	}
	if fmt.Sprint(titles) != "[Transcript 2 Transcript 1 Transcript 3]" {
		t.Errorf("%v", titles)
	}
}

func attach(t *testing.T, h *Harness, files ...crm.Attachment) []crm.Outcome {
	t.Helper()
	out := h.Driver.Attach(t.Context(), files)
	if len(out) != len(files) {
		t.Fatalf("%d outcomes of %d files", len(out), len(files))
	}
	return out
}

func publish(t *testing.T, h *Harness) {
	for range 2 {
		out := h.Driver.Publish(t.Context(), []*crm.Plan{Plan(1, 1), Plan(2, 1)})
		for _, o := range out {
			if o.Err != nil || o.BusID == "" {
				t.Errorf("%+v: %v", o, cause(o.Err))
			}
		}
	}
}
