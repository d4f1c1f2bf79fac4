package salesforce_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

type obj = map[string]any
type list = []any

func sub(ref, method, path string, body any) obj {
	o := obj{"referenceId": ref, "method": method, "url": version + path}
	if body != nil {
		o["body"] = body
	}
	return o
}

// outcomes are "status code" of each subrequest.
func outcomes(t testing.TB, responses any) string {
	t.Helper()
	l, _ := responses.([]any)
	out := make([]string, 0, len(l))
	for _, r := range l {
		s := fmt.Sprint(dig(t, r, "httpStatusCode"))
		if errs, ok := dig(t, r, "body").([]any); ok && len(errs) > 0 {
			if m, ok := errs[0].(map[string]any); ok && m["errorCode"] != nil {
				s += fmt.Sprint(" ", m["errorCode"])
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestComposite(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	account := c.create("Account", obj{"Name": "There"})
	for _, tt := range []struct {
		name string
		body obj
		want string
		left string // Contacts afterwards
	}{
		{"references", obj{"compositeRequest": list{
			sub("acc", "POST", "/sobjects/Account", obj{"Name": "New"}),
			sub("con", "POST", "/sobjects/Contact", obj{"LastName": "Ref", "AccountId": "@{acc.id}", "Description": "of @{acc.id}"}),
			sub("q", "GET", "/query?q=SELECT+LastName,AccountId+FROM+Contact+WHERE+Id='@{con.id}'", nil),
			sub("up", "PATCH", "/sobjects/Contact/@{con.id}", obj{"FirstName": "@{q.records[0].LastName}"}),
			sub("get", "GET", "/sobjects/Contact/@{con.id}", nil),
		}}, "201, 201, 200, 204, 200", "Ref Ref"},
		{"all or none", obj{"allOrNone": true, "compositeRequest": list{
			sub("one", "POST", "/sobjects/Contact", obj{"LastName": "Undone"}),
			sub("two", "POST", "/sobjects/Contact", obj{}),
			sub("three", "POST", "/sobjects/Contact", obj{"LastName": "Untried"}),
		}}, "400 PROCESSING_HALTED, 400 REQUIRED_FIELD_MISSING, 400 PROCESSING_HALTED", "Ref Ref"},
		{"each by itself", obj{"allOrNone": false, "collateSubrequests": false, "compositeRequest": list{
			sub("bad", "POST", "/sobjects/Account", obj{}),
			sub("dep", "POST", "/sobjects/Contact", obj{"LastName": "Orphan", "AccountId": "@{bad.id}"}),
			sub("good", "POST", "/sobjects/Contact", obj{"LastName": "Kept"}),
		}}, "400 REQUIRED_FIELD_MISSING, 400 PROCESSING_HALTED, 201", "Ref Ref;Kept"},
		{"upsert and its id", obj{"compositeRequest": list{
			sub("lead", "PATCH", "/sobjects/Lead/Caller_Key__c/+1555", obj{"LastName": "L", "Company": "C"}),
			sub("task", "POST", "/sobjects/Task", obj{"WhoId": "@{lead.id}"}),
		}}, "201, 201", "Ref Ref;Kept"},
		{"references are case-sensitive", obj{"compositeRequest": list{
			sub("get", "GET", "/sobjects/Account/"+account, nil),
			sub("ok", "PATCH", "/sobjects/Account/@{get.Id}", obj{"Industry": "A"}),
			sub("wrong", "PATCH", "/sobjects/Account/@{get.id}", obj{"Industry": "B"}),
		}}, "200, 204, 400 PROCESSING_HALTED", "Ref Ref;Kept"},
		{"no reference to an empty answer", obj{"compositeRequest": list{
			sub("patch", "PATCH", "/sobjects/Account/"+account, obj{"Industry": "A"}),
			sub("dep", "PATCH", "/sobjects/Account/@{patch.id}", obj{"Industry": "B"}),
		}}, "204, 400 PROCESSING_HALTED", "Ref Ref;Kept"},
		{"other resources", obj{"compositeRequest": list{
			sub("limits", "GET", "/limits", nil),
			sub("describe", "GET", "/sobjects/Case/describe", nil),
			sub("many", "POST", "/composite/sobjects", obj{"records": list{obj{"attributes": obj{"type": "Account"}, "Name": "Many"}}}),
			sub("use", "PATCH", "/sobjects/Account/@{many[0].id}", obj{"Industry": "X"}),
			sub("nested", "POST", "/composite", obj{"compositeRequest": list{}}),
			sub("event", "POST", "/sobjects/Call_Written__e", obj{"Batch_Id__c": "x"}),
		}}, "200, 200, 200, 204, 400 INVALID_INPUT, 201", "Ref Ref;Kept"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := c.do(http.MethodPost, "/composite", tt.body)
			if a.status != http.StatusOK || outcomes(t, a.at(t, "compositeResponse")) != tt.want {
				t.Errorf("%d %s", a.status, outcomes(t, a.at(t, "compositeResponse")))
			}
			contacts := s.Records("", "Contact")
			names := make([]string, 0, len(contacts))
			for _, r := range contacts {
				names = append(names, strings.TrimSpace(fmt.Sprint(or(r["FirstName"]), " ", r["LastName"])))
			}
			if got := strings.Join(names, ";"); got != tt.left {
				t.Errorf("contacts afterwards: %s", got)
			}
		})
	}
}

func or(v any) any {
	if v == nil {
		return ""
	}
	return v
}

func TestCompositeForm(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	many := make(list, 0, 26)
	for i := range 26 {
		many = append(many, sub(fmt.Sprint("r", i), "GET", "/limits", nil))
	}
	a := c.do(http.MethodPost, "/composite", obj{"compositeRequest": many})
	if a.status != http.StatusOK || a.at(t, "compositeResponse", 0, "body", 0, "errorCode") != "LIMIT_EXCEEDED" || a.at(t, "compositeResponse", 0, "referenceId") != nil {
		t.Errorf("26 subrequests: %d %s", a.status, a.text)
	}
	queries := make(list, 0, 6)
	for i := range 6 {
		queries = append(queries, sub(fmt.Sprint("q", i), "GET", "/query?q=SELECT+Id+FROM+Lead", nil))
	}
	for name, body := range map[string]any{
		"six queries":         obj{"compositeRequest": queries},
		"none":                obj{"compositeRequest": list{}},
		"a bad reference id":  obj{"compositeRequest": list{sub("a-b", "GET", "/limits", nil)}},
		"the same twice":      obj{"compositeRequest": list{sub("a", "GET", "/limits", nil), sub("a", "GET", "/limits", nil)}},
		"no version":          obj{"compositeRequest": list{obj{"referenceId": "a", "method": "GET", "url": "/limits"}}},
		"another host":        obj{"compositeRequest": list{obj{"referenceId": "a", "method": "GET", "url": "https://elsewhere.example/services/data/v67.0/limits"}}},
		"an unknown key":      obj{"compositeRequest": list{}, "allOrNothing": true},
		"a wrong type":        obj{"compositeRequest": "x"},
		"an unknown node key": obj{"compositeRequest": list{obj{"referenceId": "a", "method": "GET", "url": version + "/limits", "headers": obj{}}}},
	} {
		if a := c.do(http.MethodPost, "/composite", body); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}

// Without an order asked for, what waits for nothing may run grouped by kind.
func TestCollate(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	body := obj{"compositeRequest": list{
		sub("a1", "POST", "/sobjects/Account", obj{"Name": "A1"}),
		sub("c1", "POST", "/sobjects/Contact", obj{"LastName": "C1"}),
		sub("a2", "POST", "/sobjects/Account", obj{"Name": "A2"}),
	}}
	order := func() string {
		changes := s.ChangeLog(filterAPI("composite"))
		out := make([]string, 0, len(changes))
		for _, ch := range changes {
			out = append(out, ch.Object)
		}
		return strings.Join(out, " ")
	}
	a := c.do(http.MethodPost, "/composite", body)
	if got := order(); got != "Account Account Contact" || a.at(t, "compositeResponse", 1, "referenceId") != "c1" {
		t.Errorf("collated: %s, %s", got, a.text)
	}
	body["collateSubrequests"] = false
	c.do(http.MethodPost, "/composite", body)
	if got := order(); got != "Account Account Contact Account Contact Account" {
		t.Errorf("in order: %s", got)
	}
}

func graph(id string, nodes ...any) obj { return obj{"graphId": id, "compositeRequest": nodes} }

func TestGraphs(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	a := c.do(http.MethodPost, "/composite/graph", obj{"graphs": list{
		graph("good",
			sub("task", "PATCH", "/sobjects/Task/Call_Id__c/CA1:log", obj{"WhoId": "@{lead.id}", "Subject": "Call"}), // before what it needs
			sub("lead", "PATCH", "/sobjects/Lead/Caller_Key__c/+1555", obj{"LastName": "L", "Company": "C"})),
		graph("bad",
			sub("lead", "PATCH", "/sobjects/Lead/Caller_Key__c/+1556", obj{"LastName": "L", "Company": "C"}),
			sub("task", "POST", "/sobjects/Task", obj{"WhoId": "@{lead.id}", "TaskSubtype": "Nope"})),
		graph("circle",
			sub("a", "POST", "/sobjects/Account", obj{"Name": "@{b.id}"}), sub("b", "POST", "/sobjects/Account", obj{"Name": "@{a.id}"})),
		graph("query", sub("q", "GET", "/query?q=SELECT+Id+FROM+Lead", nil)),
	}})
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.text)
	}
	for i, want := range []string{
		"201, 201 true", "400 PROCESSING_HALTED, 400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST false", "400 INVALID_INPUT, 400 INVALID_INPUT false", "400 INVALID_INPUT false",
	} {
		got := fmt.Sprint(outcomes(t, a.at(t, "graphs", i, "graphResponse", "compositeResponse")), " ", a.at(t, "graphs", i, "isSuccessful"))
		if got != want {
			t.Errorf("graph %v: %s, want %s", a.at(t, "graphs", i, "graphId"), got, want)
		}
	}
	if len(s.Records("", "Lead")) != 1 || len(s.Records("", "Task")) != 1 || len(s.Records("", "Account")) != 0 {
		t.Error("a graph that fails leaves nothing")
	}
	if ch := s.ChangeLog(filterAPI("graph")); len(ch) != 2 || ch[1].External["Call_Id__c"] != "CA1:log" {
		t.Errorf("change log: %+v", ch)
	}
}

func TestGraphLimits(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	account := func(ref string) obj { return sub(ref, "POST", "/sobjects/Account", obj{"Name": "A"}) }
	graphs := func(n int, nodes ...any) list {
		l := make(list, 0, n)
		for i := range n {
			l = append(l, graph(fmt.Sprint("g", i), nodes...))
		}
		return l
	}
	seven := make(list, 0, 7)
	for i := range 7 {
		seven = append(seven, account(fmt.Sprint("n", i)))
	}
	chain := list{account("n0")}
	for i := 1; i < 16; i++ {
		chain = append(chain, sub(fmt.Sprint("n", i), "POST", "/sobjects/Account", obj{"Name": "A", "ParentId": fmt.Sprintf("@{n%d.id}", i-1)}))
	}
	for name, body := range map[string]any{
		"76 graphs": graphs(76, account("a")), "504 nodes": graphs(72, seven...), "no graphs": list{},
		"the same id": list{graph("g", account("a")), graph("g", account("a"))}, "a bad id": list{graph("g-1", account("a"))},
	} {
		if a := c.do(http.MethodPost, "/composite/graph", obj{"graphs": body}); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	if a := c.do(http.MethodPost, "/composite/graph", obj{"graphs": list{graph("deep", chain...)}}); a.at(t, "graphs", 0, "graphResponse", "compositeResponse", 0, "body", 0, "errorCode") != "LIMIT_EXCEEDED" {
		t.Errorf("16 deep: %s", a.text)
	}
	if a := c.do(http.MethodPost, "/composite/graph", obj{"graphs": list{graph("deep", chain[:15]...)}}); a.at(t, "graphs", 0, "isSuccessful") != true {
		t.Errorf("15 deep: %s", a.text)
	}
	failing := append(graphs(14, sub("a", "POST", "/sobjects/Account", obj{})), graph("last", account("a")))
	a := c.do(http.MethodPost, "/composite/graph", obj{"graphs": failing})
	if a.at(t, "graphs", 14, "isSuccessful") != false || a.at(t, "graphs", 14, "graphResponse", "compositeResponse", 0, "body", 0, "errorCode") != "PROCESSING_HALTED" {
		t.Errorf("after 14 failures: %s", a.text)
	}
}

func rec(object string, fields obj) obj {
	r := obj{"attributes": obj{"type": object}}
	for k, v := range fields {
		r[k] = v
	}
	return r
}

func TestCollections(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	a := c.do(http.MethodPost, "/composite/sobjects", obj{"allOrNone": false, "records": list{
		rec("Account", obj{"Name": "A"}), rec("Contact", obj{}), rec("Nothing", obj{}), rec("Contact", obj{"LastName": "B"}),
	}})
	want := `"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [LastName]","fields":["LastName"]}]`
	if a.status != http.StatusOK || a.at(t, 0, "success") != true || !strings.Contains(a.text, want) || a.at(t, 2, "errors", 0, "statusCode") != "INVALID_TYPE" || a.at(t, 3, "success") != true {
		t.Errorf("%d %s", a.status, a.text)
	}
	contact := a.at(t, 3, "id")
	a = c.do(http.MethodPost, "/composite/sobjects", obj{"allOrNone": true, "records": list{rec("Account", obj{"Name": "B"}), rec("Account", obj{})}})
	if a.at(t, 0, "errors", 0, "statusCode") != "ALL_OR_NONE_OPERATION_ROLLED_BACK" || a.at(t, 0, "id") != nil || a.at(t, 1, "errors", 0, "statusCode") != "REQUIRED_FIELD_MISSING" {
		t.Errorf("all or none: %s", a.text)
	}
	a = c.do(http.MethodPatch, "/composite/sobjects", obj{"records": list{rec("Contact", obj{"id": contact, "LastName": "C"}), rec("Contact", obj{"LastName": "C"})}})
	if a.at(t, 0, "success") != true || a.at(t, 1, "errors", 0, "statusCode") != "MISSING_ARGUMENT" {
		t.Errorf("update: %s", a.text)
	}
	a = c.do(http.MethodPatch, "/composite/sobjects/Task/Call_Id__c", obj{"records": list{
		rec("Task", obj{"Call_Id__c": "CA1:log", "Subject": "One"}), rec("Task", obj{"Call_Id__c": "CA2:log", "Subject": "Two"}),
		rec("Task", obj{"Call_Id__c": "ca2:LOG", "Subject": "Again"}), rec("Task", obj{"Subject": "No key"}), rec("Case", obj{"Call_Id__c": "CA3"}),
	}})
	if a.at(t, 0, "created") != true || a.at(t, 1, "errors", 0, "message") != "Duplicate external id specified: CA2:log" ||
		a.at(t, 2, "errors", 0, "statusCode") != "DUPLICATE_VALUE" || a.at(t, 3, "errors", 0, "statusCode") != "MISSING_ARGUMENT" || a.at(t, 4, "success") != false {
		t.Errorf("upsert: %s", a.text)
	}
	a = c.do(http.MethodPatch, "/composite/sobjects/Task/Call_Id__c", obj{"records": list{rec("Task", obj{"Call_Id__c": "CA1:log", "Subject": "Uno"})}})
	if a.at(t, 0, "created") != false || len(s.Records("", "Task")) != 1 {
		t.Errorf("upsert again: %s", a.text)
	}
	task := fmt.Sprint(a.at(t, 0, "id"))
	a = c.do(http.MethodGet, "/composite/sobjects/Task?ids="+task+",00T000000000001AAA&fields=Id,Subject", nil)
	if a.at(t, 0, "Subject") != "Uno" || a.at(t, 1) != nil {
		t.Errorf("read: %s", a.text)
	}
	if a = c.do(http.MethodPost, "/composite/sobjects/Task", obj{"ids": list{task}, "fields": list{"Subject"}}); a.at(t, 0, "Subject") != "Uno" {
		t.Errorf("read by POST: %s", a.text)
	}
	if a = c.do(http.MethodDelete, "/composite/sobjects?ids="+task+",junk", nil); a.at(t, 0, "success") != true || a.at(t, 1, "success") != false {
		t.Errorf("delete: %s", a.text)
	}
	a = c.do(http.MethodPost, "/composite/sobjects", obj{"records": list{rec("Call_Completed__e", obj{"Call_Id__c": "CA1"})}})
	if a.at(t, 0, "success") != true || a.at(t, 0, "errors", 0, "statusCode") != "OPERATION_ENQUEUED" {
		t.Errorf("event: %s", a.text)
	}
}

func TestCollectionLimits(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	many, mixed := make(list, 0, 201), make(list, 0, 11)
	for i := range 201 {
		many = append(many, rec("Account", obj{"Name": "A"}))
		if i < 11 {
			mixed = append(mixed, rec([]string{"Account", "Contact"}[i%2], obj{"Name": "A"}))
		}
	}
	a := c.do(http.MethodPost, "/composite/sobjects", obj{"records": many})
	if a.status != http.StatusBadRequest || a.code(t) != "EXCEEDED_ID_LIMIT" || a.message(t) != "record limit reached. cannot submit more than 200 records into this call" {
		t.Errorf("201 records: %d %s", a.status, a.text)
	}
	if a := c.do(http.MethodPost, "/composite/sobjects", obj{"records": mixed}); a.status != http.StatusBadRequest {
		t.Errorf("11 chunks: %d %s", a.status, a.text)
	}
	if a := c.do(http.MethodPost, "/composite/sobjects", obj{"records": many[:200]}); a.status != http.StatusOK || len(s.Records("", "Account")) != 200 {
		t.Errorf("200 records: %d", a.status)
	}
	if a := c.do(http.MethodPatch, "/composite/sobjects/Task/Subject", obj{"records": many[:1]}); a.code(t) != "INVALID_FIELD" {
		t.Errorf("no external id: %s", a.text)
	}
}

func TestBatch(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	body := obj{"haltOnError": true, "batchRequests": list{
		obj{"method": "POST", "url": "v67.0/sobjects/Account", "richInput": obj{"Name": "A"}},
		obj{"method": "GET", "url": "v67.0/query?q=SELECT+Name+FROM+Account"},
		obj{"method": "POST", "url": "v67.0/sobjects/Account", "richInput": obj{}},
		obj{"method": "GET", "url": "v67.0/limits"},
	}}
	a := c.do(http.MethodPost, "/composite/batch", body)
	if a.at(t, "hasErrors") != true || a.at(t, "results", 1, "result", "records", 0, "Name") != "A" || a.at(t, "results", 2, "statusCode") != 400.0 ||
		a.at(t, "results", 3, "result", 0, "errorCode") != "BATCH_PROCESSING_HALTED" {
		t.Errorf("%s", a.text)
	}
}
