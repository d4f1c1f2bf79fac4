package salesforce_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

// Every refusal of one record, in the vendor's words.
func TestRefusedRecords(t *testing.T) {
	s := start(t, withOrg(func(o *salesforce.Org) {
		o.ValidationRules = []salesforce.ValidationRule{{Object: "Lead", Field: "City", Bad: []string{"Atlantis"}, Message: "No such city."}}
	}))
	c := login(t, s, "admin@acme.example")
	account := c.create("Account", map[string]any{"Name": "Parent"})
	lead := c.create("Lead", map[string]any{"LastName": "Lead", "Company": "C"})
	c.create("Case", map[string]any{"Call_Id__c": "CA1"})
	gone := c.create("Contact", map[string]any{"LastName": "Gone"})
	if a := c.do(http.MethodDelete, "/sobjects/Contact/"+gone, nil); a.status != http.StatusNoContent {
		t.Fatalf("deleting: %d %s", a.status, a.text)
	}
	long := strings.Repeat("x", 81)
	for _, tt := range []struct {
		name, object, body string
		status             int
		want               string // code: message [fields]
	}{
		{"missing", "Lead", `{"FirstName":"A"}`, 400, "REQUIRED_FIELD_MISSING: Required fields are missing: [LastName, Company] [LastName Company]"},
		{"blank is missing", "Contact", `{"LastName":"  "}`, 400, "REQUIRED_FIELD_MISSING: Required fields are missing: [LastName] [LastName]"},
		{"too long", "Contact", `{"LastName":"` + long + `"}`, 400, "STRING_TOO_LONG: Last Name: data value too large: " + long + " (max length=80) [LastName]"},
		{"UTF-16 counts", "Contact", `{"LastName":"` + strings.Repeat("😀", 41) + `"}`, 400, "STRING_TOO_LONG: Last Name: data value too large: " + strings.Repeat("😀", 41) + " (max length=80) [LastName]"},
		{"restricted picklist", "Case", `{"Intent__c":"Nope"}`, 400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Intent: bad value for restricted picklist field: Nope [Intent__c]"},
		{"restricted standard picklist", "Task", `{"TaskSubtype":"Nope"}`, 400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Task Subtype: bad value for restricted picklist field: Nope [TaskSubtype]"},
		{"unknown field", "Lead", `{"Foo__c":1}`, 400, "INVALID_FIELD: No such column 'Foo__c' on sobject of type Lead <nil>"},
		{"system field", "Lead", `{"LastName":"A","Company":"C","IsConverted":true}`, 400, "INVALID_FIELD_FOR_INSERT_UPDATE: Unable to create/update fields: IsConverted. Please check the security settings of this field and verify that it is read/write for your profile or permission set. [IsConverted]"},
		{"id in the body", "Lead", `{"Id":"00Q000000000001AAA"}`, 400, "INVALID_FIELD: The Id field should not be specified in the sobject data. <nil>"},
		{"number for text", "Lead", `{"LastName":5}`, 400, "JSON_PARSER_ERROR: Cannot deserialize instance of string from VALUE_NUMBER_INT value 5 or request may be missing a required field at [line:1, column:1] <nil>"},
		{"text for number", "Lead", `{"Duration__c":"5"}`, 400, "JSON_PARSER_ERROR: Cannot deserialize instance of double from VALUE_STRING value 5 or request may be missing a required field at [line:1, column:1] <nil>"},
		{"null for a checkbox", "Lead", `{"Consent_Record__c":null}`, 400, "JSON_PARSER_ERROR: Cannot deserialize instance of boolean from VALUE_NULL value null or request may be missing a required field at [line:1, column:1] <nil>"},
		{"bad datetime", "Lead", `{"StartTime__c":"yesterday"}`, 400, "JSON_PARSER_ERROR: Cannot deserialize instance of datetime from VALUE_STRING value yesterday or request may be missing a required field at [line:1, column:1] <nil>"},
		{"bad date", "Task", `{"ActivityDate":"2026-02-30"}`, 400, "JSON_PARSER_ERROR: Cannot deserialize instance of date from VALUE_STRING value 2026-02-30 or request may be missing a required field at [line:1, column:1] <nil>"},
		{"number too large", "Lead", `{"Intent_Confidence__c":12}`, 400, "NUMBER_OUTSIDE_VALID_RANGE: Intent Confidence: value outside of valid range on numeric field: 12 [Intent_Confidence__c]"},
		{"bad email", "Lead", `{"Email":"not an address"}`, 400, "INVALID_EMAIL_ADDRESS: Email: invalid email address: not an address [Email]"},
		{"bad id", "Contact", `{"LastName":"A","AccountId":"junk"}`, 400, "MALFORMED_ID: Account ID: id value of incorrect type: junk [AccountId]"},
		{"id of another object", "Contact", `{"LastName":"A","AccountId":"` + lead + `"}`, 400, "MALFORMED_ID: Account ID: id value of incorrect type: " + lead + " [AccountId]"},
		{"WhoId of an account", "Task", `{"WhoId":"` + account + `"}`, 400, "FIELD_INTEGRITY_EXCEPTION: Name ID: id value of incorrect type: " + account + " [WhoId]"},
		{"missing parent", "Contact", `{"LastName":"A","AccountId":"001000000000001AAA"}`, 400, "INVALID_CROSS_REFERENCE_KEY: invalid cross reference id []"},
		{"deleted parent", "Case", `{"ContactId":"` + gone + `"}`, 400, "ENTITY_IS_DELETED: entity is deleted []"},
		{"lead with WhatId", "Task", `{"WhoId":"` + lead + `","WhatId":"` + account + `"}`, 400, "FIELD_INTEGRITY_EXCEPTION: Related To ID: must be blank when the Name ID is a lead: " + account + " [WhoId WhatId]"},
		{"unknown foreign key", "Case", `{"Contact":{"Caller_Key__c":"+1"}}`, 400, "INVALID_FIELD: Foreign key external ID: +1 not found for field Caller_Key__c in entity Contact []"},
		{"unique in any case", "Case", `{"Call_Id__c":"ca1"}`, 400, "DUPLICATE_VALUE: duplicate value found: Call_Id__c duplicates value on record with id: "},
		{"validation rule", "Lead", `{"LastName":"A","Company":"C","City":"Atlantis"}`, 400, "FIELD_CUSTOM_VALIDATION_EXCEPTION: No such city. [City]"},
		{"no body", "Lead", ``, 400, "JSON_PARSER_ERROR: The HTTP entity body is required, but this request has no entity body. <nil>"},
		{"a list", "Lead", `[]`, 400, "JSON_PARSER_ERROR: Unexpected token: the body must be an object at [line:1, column:1] <nil>"},
		{"broken JSON", "Lead", "{\n\"LastName\": }", 400, "JSON_PARSER_ERROR: invalid character '}' looking for beginning of value at [line:2, column:14] <nil>"},
		{"two values", "Lead", `{} {}`, 400, "JSON_PARSER_ERROR: Unexpected character behind the value at [line:1, column:"},
		{"unknown object", "Nothing", `{}`, 404, "NOT_FOUND: The requested resource does not exist <nil>"},
		{"fixed object", "User", `{"LastName":"A"}`, 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: entity type cannot be inserted: User <nil>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := c.do(http.MethodPost, "/sobjects/"+tt.object, tt.body)
			e, _ := a.at(t, 0).(map[string]any)
			got := fmt.Sprintf("%v: %v %v", e["errorCode"], e["message"], e["fields"])
			if a.status != tt.status || !strings.HasPrefix(got, tt.want) {
				t.Errorf("%d %s\nwant %d %s", a.status, got, tt.status, tt.want)
			}
		})
	}
	if n := len(s.Records("", "Lead")); n != 1 {
		t.Errorf("refusals left %d leads", n)
	}
}

func TestRecordLife(t *testing.T) {
	s := start(t)
	c := login(t, s, "admin@acme.example")
	a := c.do(http.MethodPost, "/sobjects/lead", map[string]any{
		"lastname": "  Ferrer ", "FirstName": "Ana", "Company": "Example", "intent__C": "bookdemo", "Duration__c": 42.12345,
		"StartTime__c": "2026-03-01T10:00:00-05:00", "Title": "",
	})
	if a.status != http.StatusCreated || a.header.Get("Location") == "" || a.at(t, "success") != true {
		t.Fatalf("%d %s", a.status, a.text)
	}
	id, _ := a.at(t, "id").(string)
	got := c.get("Lead", id)
	for f, want := range map[string]any{
		"Name": "Ana Ferrer", "LastName": "Ferrer", "Intent__c": "BookDemo", "Duration__c": 42.123, "StartTime__c": "2026-03-01T15:00:00.000+0000",
		"Title": nil, "Status": "Open - Not Contacted", "IsConverted": false, "IsDeleted": false, "Id": id,
	} {
		if got[f] != want {
			t.Errorf("%s is %v, want %v", f, got[f], want)
		}
	}
	if a := c.do(http.MethodPatch, "/sobjects/Lead/"+id[:15], map[string]any{"FirstName": nil}); a.status != http.StatusNoContent || a.text != "" {
		t.Errorf("patch by the short id: %d %s", a.status, a.text)
	}
	if a := c.do(http.MethodGet, "/sobjects/Lead/"+id+"?fields=Name,FirstName", nil); a.at(t, "Name") != "Ferrer" || a.at(t, "FirstName") != nil || a.at(t, "Id") != id {
		t.Errorf("some fields: %s", a.text)
	}
	if a := c.do(http.MethodPatch, "/sobjects/Lead/"+strings.ToLower(id), map[string]any{"City": "Ávila"}); a.status != http.StatusNoContent {
		t.Errorf("patch by an id that lost its case: %d %s", a.status, a.text)
	}
	for _, tt := range []struct {
		method, path string
		status       int
		code         string
	}{
		{http.MethodDelete, "/sobjects/Lead/" + id, 204, ""},
		{http.MethodGet, "/sobjects/Lead/" + id, 404, "NOT_FOUND"},
		{http.MethodDelete, "/sobjects/Lead/" + id, 404, "ENTITY_IS_DELETED"},
		{http.MethodDelete, "/sobjects/Lead/00Q000000000001EAA", 404, "INVALID_CROSS_REFERENCE_KEY"},
		{http.MethodDelete, "/sobjects/Lead/junk", 400, "MALFORMED_ID"},
		{http.MethodPut, "/sobjects/Lead/" + id, 405, "METHOD_NOT_ALLOWED"},
	} {
		if a := c.do(tt.method, tt.path, nil); a.status != tt.status || a.code(t) != tt.code {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, a.status, a.text)
		}
	}
}

func TestUpsert(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	path := "/sobjects/Lead/Caller_Key__c/%2B14155550123"
	a := c.do(http.MethodPatch, path, map[string]any{"LastName": "One", "Company": "C"})
	if a.status != http.StatusCreated || a.at(t, "created") != true || a.header.Get("Location") == "" {
		t.Fatalf("first: %d %s", a.status, a.text)
	}
	id := a.at(t, "id")
	a = c.do(http.MethodPatch, strings.ReplaceAll(path, "%2B", "+"), map[string]any{"LastName": "Two"})
	if a.status != http.StatusOK || a.at(t, "created") != false || a.at(t, "id") != id {
		t.Errorf("second: %d %s", a.status, a.text)
	}
	if a := c.do(http.MethodGet, path, nil); a.at(t, "LastName") != "Two" || a.at(t, "Caller_Key__c") != "+14155550123" {
		t.Errorf("read by key: %s", a.text)
	}
	for _, tt := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"key in the body", path, `{"Caller_Key__c":"+1"}`, 400, "The Caller_Key__c field should not be specified in the sobject data."},
		{"no external id", "/sobjects/Lead/LastName/x", `{}`, 404, "Provided external ID field does not exist or is not accessible: LastName"},
		{"nothing to update", "/sobjects/Lead/Caller_Key__c/none?updateOnly=true", `{}`, 404, "The requested resource does not exist"},
		{"a slash in the key", "/sobjects/Case/Call_Id__c/a%2Fb", `{}`, 201, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := c.do(http.MethodPatch, tt.path, tt.body)
			if a.status != tt.status || tt.want != "" && a.message(t) != tt.want {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
	for range 2 {
		c.create("Lead", map[string]any{"LastName": "Same", "Company": "C", "Last_Call_Id__c": "CA7"})
	}
	a = c.do(http.MethodPatch, "/sobjects/Lead/Last_Call_Id__c/CA7", map[string]any{})
	if list, _ := a.json(t).([]any); a.status != http.StatusMultipleChoices || len(list) != 2 || !strings.HasPrefix(fmt.Sprint(list[0]), version+"/sobjects/Lead/00Q") {
		t.Errorf("several: %d %s", a.status, a.text)
	}
	if a := c.do(http.MethodGet, "/sobjects/Lead/Last_Call_Id__c/CA7", nil); a.status != http.StatusMultipleChoices {
		t.Errorf("several read: %d %s", a.status, a.text)
	}
	contact := c.create("Contact", map[string]any{"LastName": "A", "Caller_Key__c": "+1555"})
	if got := c.get("Case", c.create("Case", map[string]any{"Contact": map[string]any{"Caller_Key__c": "+1555"}})); got["ContactId"] != contact {
		t.Errorf("a parent by its external id: %v", got["ContactId"])
	}
}

func TestDerived(t *testing.T) {
	s := start(t)
	c := login(t, s, "admin@acme.example")
	account := c.create("Account", map[string]any{"Name": "A"})
	contact := c.create("Contact", map[string]any{"LastName": "B", "AccountId": account, "Phone": "555"})
	kase := c.create("Case", map[string]any{"ContactId": contact, "Status": "Closed"})
	got := c.get("Case", kase)
	if got["CaseNumber"] != "00001001" || got["IsClosed"] != true || got["ClosedDate"] == nil || got["AccountId"] != account || got["ContactPhone"] != "555" {
		t.Errorf("case: %v", got)
	}
	task := c.create("Task", map[string]any{"WhoId": contact, "WhatId": kase, "Status": "Completed", "Priority": "High", "ActivityDate": "2026-03-01"})
	got = c.get("Task", task)
	if got["IsClosed"] != true || got["IsHighPriority"] != true || got["AccountId"] != account || got["TaskSubtype"] != "Task" {
		t.Errorf("task: %v", got)
	}
	if got := c.get("Contact", contact); got["LastActivityDate"] != "2026-03-01" {
		t.Errorf("contact: %v", got["LastActivityDate"])
	}
	if a := c.do(http.MethodPatch, "/sobjects/Task/"+task, map[string]any{"TaskSubtype": "Call"}); a.code(t) != "INVALID_FIELD_FOR_INSERT_UPDATE" {
		t.Errorf("a field that is only set at insert: %s", a.text)
	}
	if a := c.do(http.MethodDelete, "/sobjects/Case/"+kase, nil); a.status != http.StatusNoContent || len(s.Records("", "Task")) != 0 {
		t.Errorf("a case goes with its tasks: %d, %d tasks", a.status, len(s.Records("", "Task")))
	}
}

func TestConvertedLead(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	lead := c.create("Lead", map[string]any{"LastName": "A", "Company": "C", "Caller_Key__c": "+14155550123"})
	contact, err := s.Convert("", lead)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []answer{
		c.do(http.MethodPatch, "/sobjects/Lead/"+lead, map[string]any{"LastName": "B"}),
		c.do(http.MethodPatch, "/sobjects/Lead/Caller_Key__c/+14155550123", map[string]any{"LastName": "B"}),
		c.do(http.MethodPost, "/sobjects/Task", map[string]any{"WhoId": lead}),
	} {
		if a.status != http.StatusBadRequest || a.code(t) != "CANNOT_UPDATE_CONVERTED_LEAD" || a.message(t) != "cannot reference converted lead" {
			t.Errorf("%d %s", a.status, a.text)
		}
	}
	if got := c.get("Contact", contact); got["LastName"] != "A" || got["Caller_Key__c"] != "+14155550123" {
		t.Errorf("contact: %v", got)
	}
	if _, err := s.Convert("", lead); err == nil {
		t.Error("a lead is converted once")
	}
}

func TestDuplicateRules(t *testing.T) {
	rule := salesforce.DuplicateRule{Name: "Standard_Lead_Duplicate_Rule", Object: "Lead", Match: []string{"Lead", "Contact"}, Fields: []string{"Phone", "Email"}, AllowSave: true}
	s := start(t, withOrg(func(o *salesforce.Org) { o.DuplicateRules = []salesforce.DuplicateRule{rule} }))
	c := login(t, s, integration)
	contact := c.create("Contact", map[string]any{"LastName": "A", "Email": "ana@example.com"})
	lead := map[string]any{"LastName": "A", "Company": "C", "Email": "ANA@example.com"}
	a := c.do(http.MethodPost, "/sobjects/Lead", lead)
	if a.status != http.StatusBadRequest || a.code(t) != "DUPLICATES_DETECTED" || a.at(t, 0, "duplicateResult", "matchResults", 0, "matchRecords", 0, "record") != nil {
		t.Errorf("%d %s", a.status, a.text)
	}
	c.header.Set("Sforce-Duplicate-Rule-Header", "includeRecordDetails=true")
	a = c.do(http.MethodPost, "/sobjects/Lead", lead)
	if got := a.at(t, 0, "duplicateResult", "matchResults", 0, "matchRecords", 0, "record", "Id"); got != contact {
		t.Errorf("with details: %s", a.text)
	}
	a = c.do(http.MethodPost, "/composite/sobjects", map[string]any{"records": []any{
		map[string]any{"attributes": map[string]any{"type": "Lead"}, "LastName": "A", "Company": "C", "Email": "ana@example.com"},
	}})
	if a.at(t, 0, "errors", 0, "statusCode") != "DUPLICATES_DETECTED" || strings.Contains(a.text, "duplicateResult") {
		t.Errorf("collections tell no details: %s", a.text)
	}
	c.header.Set("Sforce-Duplicate-Rule-Header", "allowSave=true; includeRecordDetails=true; runAsCurrentUser=true")
	if a := c.do(http.MethodPost, "/sobjects/Lead", lead); a.status != http.StatusCreated {
		t.Errorf("saved all the same: %d %s", a.status, a.text)
	}
}

func TestPermissions(t *testing.T) {
	s := start(t)
	admin, rep, auditor := login(t, s, "admin@acme.example"), login(t, s, "rep@acme.example"), login(t, s, "auditor@acme.example")
	id := admin.create("Case", map[string]any{"Subject": "A", "Call_Id__c": "CA1"})
	for _, tt := range []struct {
		who  *client
		body map[string]any
		want string
	}{
		{rep, map[string]any{"Disposition__c": "ResolvedByAgent"}, ""},
		{rep, map[string]any{"Call_Id__c": "CA2"}, "INVALID_FIELD_FOR_INSERT_UPDATE"},
		{rep, map[string]any{"Frontdesk_State__c": "{}"}, "INVALID_FIELD"},
		{auditor, map[string]any{"Subject": "B"}, "INSUFFICIENT_ACCESS_OR_READONLY"},
	} {
		if a := tt.who.do(http.MethodPatch, "/sobjects/Case/"+id, tt.body); a.code(t) != tt.want {
			t.Errorf("%v: %d %s", tt.body, a.status, a.text)
		}
	}
	if got := rep.get("Case", id); got["Disposition__c"] != "ResolvedByAgent" {
		t.Errorf("the rep's change: %v", got["Disposition__c"])
	} else if _, shown := got["Frontdesk_State__c"]; shown {
		t.Error("a rep sees no bookkeeping")
	}
	if a := rep.query("SELECT Frontdesk_State__c FROM Case"); a.code(t) != "INVALID_FIELD" {
		t.Errorf("a hidden field in a query: %s", a.text)
	}
	if strings.Contains(rep.do(http.MethodGet, "/sobjects/Case/describe", nil).text, "Frontdesk_State__c") {
		t.Error("a hidden field in describe")
	}
}

func TestNoPackage(t *testing.T) {
	s := start(t, withOrg(func(o *salesforce.Org) { o.NoPackage = true }))
	c := login(t, s, integration)
	if a := c.do(http.MethodPost, "/sobjects/Case", map[string]any{"Call_Id__c": "CA1"}); a.message(t) != "No such column 'Call_Id__c' on sobject of type Case" {
		t.Errorf("%s", a.text)
	}
	if a := c.do(http.MethodPost, "/sobjects/Call_Completed__e", map[string]any{"Call_Id__c": "CA1"}); a.status != http.StatusNotFound {
		t.Errorf("%s", a.text)
	}
	c.create("Lead", map[string]any{"LastName": "A", "Company": "C"})
}

func TestDescribe(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	a := c.do(http.MethodGet, "/sobjects/Case/describe", nil)
	fields, _ := a.at(t, "fields").([]any)
	seen := map[string]map[string]any{}
	for _, f := range fields {
		m, _ := f.(map[string]any)
		seen[fmt.Sprint(m["name"])] = m
	}
	for name, want := range map[string]map[string]any{
		"Call_Id__c":           {"type": "string", "length": 64.0, "externalId": true, "unique": true, "custom": true, "createable": true, "updateable": true, "caseSensitive": false},
		"Intent__c":            {"type": "picklist", "restrictedPicklist": true, "nillable": true},
		"Intent_Confidence__c": {"type": "double", "precision": 5.0, "scale": 4.0},
		"Description":          {"type": "textarea", "length": 32000.0, "filterable": false},
		"CreatedDate":          {"type": "datetime", "createable": false, "nillable": false},
		"ContactId":            {"type": "reference", "relationshipName": "Contact"},
	} {
		for k, v := range want {
			if seen[name][k] != v {
				t.Errorf("%s.%s is %v, want %v", name, k, seen[name][k], v)
			}
		}
	}
	if values, _ := seen["Intent__c"]["picklistValues"].([]any); len(values) != len(salesforce.DefaultIntents()) {
		t.Errorf("intents: %v", values)
	}
	a = c.do(http.MethodGet, "/sobjects", nil)
	if list, _ := a.at(t, "sobjects").([]any); len(list) != 15 {
		t.Errorf("%d objects", len(list))
	}
	if a := c.do(http.MethodGet, "/sobjects/Call_Completed__e/describe", nil); a.at(t, "createable") != true || a.at(t, "queryable") != false {
		t.Errorf("event: %.300s", a.text)
	}
}

func TestGzip(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	var b strings.Builder
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, `{"Name":"Zipped"}`)
	_ = z.Close()
	c.header.Set("Content-Encoding", "gzip")
	if a := c.do(http.MethodPost, "/sobjects/Account", b.String()); a.status != http.StatusCreated {
		t.Errorf("a zipped request: %d %s", a.status, a.text)
	}
	if a := c.do(http.MethodPost, "/sobjects/Account", "not zipped"); a.status != http.StatusBadRequest {
		t.Errorf("not zipped after all: %d %s", a.status, a.text)
	}
	c.header.Del("Content-Encoding")
	c.header.Set("Accept-Encoding", "gzip")
	a := c.do(http.MethodGet, "/sobjects/Lead/describe", nil)
	r, err := gzip.NewReader(strings.NewReader(a.text))
	if err != nil || a.header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("the answer is not zipped: %v", err)
	}
	if text, err := io.ReadAll(r); err != nil || !strings.Contains(string(text), "Caller_Key__c") {
		t.Errorf("unzipped: %v", err)
	}
	c.header.Set("Content-Type", "text/csv")
	if a := c.do(http.MethodPost, "/sobjects/Account", "a,b"); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("csv: %d %s", a.status, a.text)
	}
}
