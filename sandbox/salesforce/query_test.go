package salesforce_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

// people seeds a small org.
func people(t testing.TB, s *salesforce.Server) []string {
	t.Helper()
	ids, err := s.Seed("", []salesforce.Record{
		{Object: "Account", Fields: map[string]any{"Name": "Globe", "Industry": "Travel"}},
		{Object: "Contact", Fields: map[string]any{"LastName": "Abel", "FirstName": "Ana", "AccountId": "@0", "Phone": "(415) 555-0123", "Email": "ana@example.com"}},
		{Object: "Contact", Fields: map[string]any{"LastName": "Baker", "AccountId": "@0", "MobilePhone": "+14155550124"}},
		{Object: "Contact", Fields: map[string]any{"LastName": "O'Neil", "Phone_E164__c": "+14155550125"}},
		{Object: "Lead", Fields: map[string]any{"LastName": "Cole", "Company": "100%_sure", "Phone": "+14155550123", "Intent_Confidence__c": 0.9}},
		{Object: "Case", Fields: map[string]any{"Subject": "Broken", "ContactId": "@1", "Status": "Closed", "StartTime__c": "2026-03-01T10:00:00Z", "Call_Id__c": "CA1"}},
		{Object: "Case", Fields: map[string]any{"Subject": "Late", "ContactId": "@1", "StartTime__c": "2026-03-02T10:00:00Z"}},
		{Object: "Task", Fields: map[string]any{"Subject": "Call", "WhoId": "@1", "WhatId": "@5", "ActivityDate": "2026-03-01"}},
		{Object: "Task", Fields: map[string]any{"Subject": "Call back", "WhoId": "@4"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestQueries(t *testing.T) {
	var clock fakeClock // which stands still: TODAY stays what it was when the records were made
	s := start(t, func(c *salesforce.Config) { c.Now = clock.now })
	ids := people(t, s)
	c := login(t, s, "admin@acme.example")
	for _, tt := range []struct{ query, want string }{
		{"SELECT LastName FROM Contact", "Abel;Baker;O'Neil"},
		{"select lastname from contact where LASTNAME = 'abel'", "Abel"},
		{"SELECT LastName FROM Contact WHERE LastName LIKE 'a%' OR LastName LIKE '%er'", "Abel;Baker"},
		{"SELECT LastName FROM Contact WHERE LastName LIKE '_bel'", "Abel"},
		{"SELECT LastName FROM Contact WHERE LastName = 'O\\'Neil'", "O'Neil"},
		{`SELECT Company FROM Lead WHERE Company LIKE '100\%\_%'`, "100%_sure"},
		{`SELECT Company FROM Lead WHERE Company LIKE '100\_%'`, ""},
		{"SELECT LastName FROM Contact WHERE FirstName = null", "Baker;O'Neil"},
		{"SELECT LastName FROM Contact WHERE FirstName != 'Ana'", "Baker;O'Neil"},
		{"SELECT LastName FROM Contact WHERE NOT (LastName = 'Abel')", "Baker;O'Neil"},
		{"SELECT LastName FROM Contact WHERE NOT LastName LIKE 'A%' AND FirstName = ''", "Baker;O'Neil"},
		{"SELECT LastName FROM Contact WHERE LastName IN ('abel','x') OR (LastName > 'M' AND FirstName = null)", "Abel;O'Neil"},
		{"SELECT LastName FROM Contact WHERE LastName NOT IN ('Abel')", "Baker;O'Neil"},
		{"SELECT LastName FROM Contact WHERE Phone_E164__c IN ('+14155550125','+1')", "O'Neil"},
		{"SELECT LastName FROM Contact WHERE Id = '" + ids[1][:15] + "'", "Abel"},
		{"SELECT LastName FROM Contact WHERE Id IN ('" + ids[2] + "','" + ids[1] + "')", "Abel;Baker"},
		{"SELECT LastName FROM Contact WHERE Phone_E164__c IN ('+14155550125') OR Id = '" + ids[1] + "' OR Caller_Key__c = 'x'", "Abel;O'Neil"},
		{"SELECT LastName FROM Contact WHERE Phone_E164__c = '+14155550125' OR LastName = 'Baker'", "Baker;O'Neil"},
		{"SELECT LastName FROM Contact WHERE Account.Name = 'Globe' ORDER BY LastName DESC", "Baker;Abel"},
		{"SELECT LastName FROM Contact ORDER BY FirstName NULLS LAST, LastName DESC", "Abel;O'Neil;Baker"},
		{"SELECT LastName FROM Contact ORDER BY FirstName, LastName", "Baker;O'Neil;Abel"},
		{"SELECT LastName FROM Contact LIMIT 1 OFFSET 1", "Baker"},
		{"SELECT c.LastName FROM Contact c WHERE c.Account.Industry = 'Travel' LIMIT 1", "Abel"},
		{"SELECT Contact.LastName FROM Contact LIMIT 1", "Abel"},
		{"SELECT Subject FROM Case WHERE StartTime__c >= 2026-03-02T00:00:00Z", "Late"},
		{"SELECT Subject FROM Case WHERE StartTime__c < 2026-03-01T05:00:00.000-05:00", ""},
		{"SELECT Subject FROM Case WHERE StartTime__c <= 2026-03-01T05:00:00-05:00", "Broken"},
		{"SELECT Subject FROM Case WHERE CreatedDate = TODAY", "Broken;Late"},
		{"SELECT Subject FROM Case WHERE CreatedDate > LAST_N_DAYS:3", ""},
		{"SELECT Subject FROM Case WHERE CreatedDate >= LAST_N_DAYS:3", "Broken;Late"},
		{"SELECT Subject FROM Case WHERE CreatedDate = YESTERDAY", ""},
		{"SELECT Subject FROM Case WHERE IsClosed = false", "Late"},
		{"SELECT Subject FROM Task WHERE ActivityDate = 2026-03-01", "Call"},
		{"SELECT Subject FROM Task WHERE Who.Type = 'Lead'", "Call back"},
		{"SELECT Subject FROM Task WHERE WhoId IN (SELECT Id FROM Lead WHERE Company LIKE '100%')", "Call back"},
		{"SELECT LastName FROM Contact WHERE Id NOT IN (SELECT ContactId FROM Case)", "Baker;O'Neil"},
		{"SELECT LastName FROM Lead WHERE Intent_Confidence__c >= 0.9 AND Intent_Confidence__c < 1", "Cole"},
		{"SELECT Name FROM User WHERE Username = 'rep@acme.example'", "Riley Rep"},
		{"SELECT Name FROM Group WHERE Type = 'Queue'", "Triage"},
		{"SELECT Name FROM Organization", "acme"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			a := c.query(tt.query)
			if a.status != http.StatusOK {
				t.Fatalf("%d %s", a.status, a.text)
			}
			var got []string
			list, _ := a.at(t, "records").([]any)
			for _, r := range list {
				m, _ := r.(map[string]any)
				for k, v := range m {
					if k != "attributes" {
						got = append(got, fmt.Sprint(v))
					}
				}
			}
			if strings.Join(got, ";") != tt.want || a.at(t, "totalSize") != float64(len(got)) || a.at(t, "done") != true {
				t.Errorf("%v, want %s", got, tt.want)
			}
		})
	}
}

func TestQueryShapes(t *testing.T) {
	s := start(t)
	ids := people(t, s)
	c := login(t, s, "admin@acme.example")
	for _, tt := range []struct{ query, want string }{
		{"SELECT COUNT() FROM Contact WHERE AccountId != null", `{"totalSize":2,"done":true,"records":[]}`},
		{
			"SELECT Id, Account.Name FROM Contact WHERE LastName = 'Abel'",
			`{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Contact","url":"` + version + `/sobjects/Contact/` + ids[1] + `"},"Id":"` + ids[1] +
				`","Account":{"attributes":{"type":"Account","url":"` + version + `/sobjects/Account/` + ids[0] + `"},"Name":"Globe"}}]}`,
		},
		{
			"SELECT Account.Name FROM Contact WHERE LastName LIKE 'O%'",
			`{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Contact","url":"` + version + `/sobjects/Contact/` + ids[3] + `"},"Account":null}]}`,
		},
		{
			"SELECT Who.Name, Who.Type FROM Task WHERE Subject = 'Call'",
			`{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Task","url":"` + version + `/sobjects/Task/` + ids[7] +
				`"},"Who":{"attributes":{"type":"Name","url":"` + version + `/sobjects/Contact/` + ids[1] + `"},"Name":"Ana Abel","Type":"Contact"}}]}`,
		},
		{
			"SELECT LastName, (SELECT Subject FROM Cases WHERE Status = 'Closed') FROM Contact WHERE LastName IN ('Abel','Baker')",
			`{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Contact","url":"` + version + `/sobjects/Contact/` + ids[1] +
				`"},"LastName":"Abel","Cases":{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Case","url":"` + version + `/sobjects/Case/` + ids[5] +
				`"},"Subject":"Broken"}]}},{"attributes":{"type":"Contact","url":"` + version + `/sobjects/Contact/` + ids[2] + `"},"LastName":"Baker","Cases":null}]}`,
		},
		{
			"SELECT Status, COUNT(Id) n, MAX(StartTime__c) FROM Case GROUP BY Status ORDER BY COUNT(Id), Status DESC",
			`{"totalSize":2,"done":true,"records":[{"attributes":{"type":"AggregateResult"},"Status":"New","n":1,"expr0":"2026-03-02T10:00:00.000+0000"},` +
				`{"attributes":{"type":"AggregateResult"},"Status":"Closed","n":1,"expr0":"2026-03-01T10:00:00.000+0000"}]}`,
		},
		{
			"SELECT ContactId, COUNT(Id) FROM Case GROUP BY ContactId HAVING COUNT(Id) > 1",
			`{"totalSize":1,"done":true,"records":[{"attributes":{"type":"AggregateResult"},"ContactId":"` + ids[1] + `","expr0":2}]}`,
		},
		{"SELECT SUM(Intent_Confidence__c), AVG(Intent_Confidence__c) a FROM Lead", `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"AggregateResult"},"expr0":0.9,"a":0.9}]}`},
	} {
		t.Run(tt.query, func(t *testing.T) {
			if a := c.query(tt.query); strings.TrimSpace(a.text) != tt.want {
				t.Errorf("\n%s\nwant\n%s", a.text, tt.want)
			}
		})
	}
	if a := c.query("SELECT FIELDS(ALL) FROM Contact LIMIT 1"); a.at(t, "records", 0, "LastName") != "Abel" {
		t.Errorf("all fields: %s", a.text)
	}
}

func TestRefusedQueries(t *testing.T) {
	s := start(t)
	c := login(t, s, "admin@acme.example")
	for _, tt := range []struct{ query, code, message string }{
		{"SELECT Foo FROM Lead", "INVALID_FIELD", "\nSELECT Foo FROM Lead\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Lead'. If you are attempting"},
		{"SELECT Id FROM Nothing", "INVALID_TYPE", "\nSELECT Id FROM Nothing\n               ^\nERROR at Row:1:Column:16\nsObject type 'Nothing' is not supported."},
		{"SELECT Id FORM Lead", "MALFORMED_QUERY", "\nSELECT Id FORM Lead\n               ^\nERROR at Row:1:Column:16\nunexpected token: 'Lead'"},
		{"SELECT FROM Lead", "MALFORMED_QUERY", "\nSELECT FROM Lead\n       ^\nERROR at Row:1:Column:8\nunexpected token: 'FROM'"},
		{"SELECT Id FROM Lead WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"},
		{"SELECT Id FROM Lead WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY", "unexpected token: 'OR'"},
		{"SELECT Id FROM Lead WHERE Name = 'a", "MALFORMED_QUERY", "mismatched character '<EOF>'"},
		{"SELECT Id FROM Lead WHERE Name = 5", "INVALID_FIELD", "value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes"},
		{"SELECT Id FROM Lead WHERE Duration__c = '5'", "INVALID_FIELD", "value of filter criterion for field 'Duration__c' must be of type double and should not be enclosed in quotes"},
		{"SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD", "must be of type dateTime and should not be enclosed in quotes"},
		{"SELECT Id FROM Lead WHERE IsConverted = 'true'", "INVALID_FIELD", "must be of type boolean"},
		{"SELECT Id FROM Lead WHERE Id = 'junk'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: junk"},
		{"SELECT Id FROM Lead WHERE Id LIKE '00Q%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on id field"},
		{"SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "field 'Description' can not be filtered in a query call"},
		{"SELECT Id FROM Case ORDER BY Transcript__c", "MALFORMED_QUERY", "field 'Transcript__c' can not be sorted in a query call"},
		{"SELECT Id, Id FROM Lead", "INVALID_FIELD", "duplicate field selected: Id"},
		{"SELECT Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss' in field path."},
		{"SELECT (SELECT Id FROM Kids) FROM Contact", "INVALID_FIELD", "Didn't understand relationship 'Kids' in FROM part of query call."},
		{"SELECT Who.Birthdate FROM Task", "INVALID_FIELD", "No such column 'Birthdate' on entity 'Name'"},
		{"SELECT Name, COUNT(Id) FROM Lead", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"},
		{"SELECT Name, COUNT() FROM Lead GROUP BY Name", "MALFORMED_QUERY", "unexpected token: ')'"},
		{"SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200"},
		{"SELECT Id FROM Lead LIMIT x", "MALFORMED_QUERY", "unexpected token: 'x'"},
		{"SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"},
		{"SELECT Id FROM ContentDocumentLink", "MALFORMED_QUERY", "Implementation restriction: ContentDocumentLink requires a filter by a single Id"},
		{"SELECT Id FROM Lead WHERE " + strings.Repeat("(", 200) + "Id = null" + strings.Repeat(")", 200), "MALFORMED_QUERY", "query is nested too deeply"},
		{"SELECT Id FROM Call_Completed__e", "INVALID_TYPE", "is not supported"},
		{"", "MALFORMED_QUERY", "A query string has to be specified"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			a := c.query(tt.query)
			if a.status != http.StatusBadRequest || a.code(t) != tt.code || !strings.Contains(a.message(t), tt.message) {
				t.Errorf("%d %s\nwant %s %s", a.status, a.text, tt.code, tt.message)
			}
		})
	}
}

func TestPaging(t *testing.T) {
	s := start(t)
	records := make([]salesforce.Record, 0, 450)
	for i := range 450 {
		records = append(records, salesforce.Record{Object: "Account", Fields: map[string]any{"Name": fmt.Sprintf("A%03d", i)}})
	}
	if _, err := s.Seed("", records); err != nil {
		t.Fatal(err)
	}
	c := login(t, s, "admin@acme.example")
	c.header.Set("Sforce-Query-Options", "batchSize=200")
	a := c.query("SELECT Name FROM Account ORDER BY Name")
	var got []any
	for pages := 1; ; pages++ {
		list, _ := a.at(t, "records").([]any)
		got = append(got, list...)
		if a.at(t, "totalSize") != 450.0 {
			t.Fatalf("page %d: %s", pages, a.text[:80])
		}
		if a.at(t, "done") == true {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
		a = c.do(http.MethodGet, fmt.Sprint(a.at(t, "nextRecordsUrl")), nil)
	}
	if len(got) != 450 || dig(t, got[449], "Name") != "A449" {
		t.Errorf("%d records", len(got))
	}
	if a := c.do(http.MethodGet, "/query/0r8xx9999999999999-200", nil); a.code(t) != "INVALID_QUERY_LOCATOR" {
		t.Errorf("a locator that never was: %s", a.text)
	}
}

func TestQueryAll(t *testing.T) {
	s := start(t)
	c := login(t, s, "admin@acme.example")
	id := c.create("Account", map[string]any{"Name": "Gone"})
	c.do(http.MethodDelete, "/sobjects/Account/"+id, nil)
	if a := c.query("SELECT Id FROM Account"); a.at(t, "totalSize") != 0.0 {
		t.Errorf("query: %s", a.text)
	}
	if a := c.do(http.MethodGet, "/queryAll?q="+url.QueryEscape("SELECT IsDeleted FROM Account WHERE Id = '"+id+"'"), nil); a.at(t, "records", 0, "IsDeleted") != true {
		t.Errorf("queryAll: %s", a.text)
	}
}

// What is too long loses its operators, or finds nothing, and what is too long for a URL is refused.
func TestLongSearchesAndQueries(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	c.create("Contact", obj{"LastName": "Abel", "Phone": "+14155550123"})
	find := func(terms int) answer {
		return c.do(http.MethodGet, "/search?q="+url.QueryEscape("FIND {4155550123"+strings.Repeat(" AND 4155550199", terms)+"} IN PHONE FIELDS RETURNING Contact(Id)"), nil)
	}
	for terms, want := range map[int]int{1: 0, 400: 1, 800: 0} {
		if got, _ := find(terms).at(t, "searchRecords").([]any); len(got) != want {
			t.Errorf("%d terms: %d records", terms, len(got))
		}
	}
	long := "SELECT Id FROM Contact WHERE LastName = '" + strings.Repeat("x", 16384) + "'"
	if a := c.do(http.MethodGet, "/query?q="+url.QueryEscape(long), nil); a.status != http.StatusRequestURITooLong {
		t.Errorf("%d %s", a.status, a.text)
	}
	a := c.do(http.MethodPost, "/composite", obj{"compositeRequest": list{obj{
		"method": "GET", "url": version + "/query?q=" + url.QueryEscape(long), "referenceId": "q",
	}}})
	if a.at(t, "compositeResponse", 0, "httpStatusCode") != 200.0 {
		t.Errorf("%s", a.text)
	}
}

func TestSearch(t *testing.T) {
	var clock fakeClock
	s := start(t, func(c *salesforce.Config) { c.Now = clock.now }, withOrg(func(o *salesforce.Org) { o.SearchLag = time.Minute }))
	ids := people(t, s)
	c := login(t, s, "admin@acme.example")
	search := func(q string) answer { return c.do(http.MethodGet, "/search?q="+url.QueryEscape(q), nil) }
	if a := search("FIND {4155550123} IN PHONE FIELDS RETURNING Contact(Id)"); a.text != `{"searchRecords":[]}`+"\n" {
		t.Errorf("the index lags: %s", a.text)
	}
	clock.add(2 * time.Minute)
	for _, tt := range []struct{ query, want string }{
		{"FIND {4155550123} IN PHONE FIELDS RETURNING Contact(Id,Phone),Lead(Id,Phone)", ids[1] + " " + ids[4]},
		{"FIND {\\+14155550123} IN PHONE FIELDS RETURNING Contact(Id),Lead(Id)", ids[1] + " " + ids[4]},
		{"FIND {4155550123 OR 4155550124} IN PHONE FIELDS RETURNING Contact(Id)", ids[1] + " " + ids[2]},
		{"FIND {415555*} IN PHONE FIELDS RETURNING Contact(Id)", ids[1]},
		{"FIND {ana@example.com} IN EMAIL FIELDS RETURNING Contact(Id)", ids[1]},
		{"find {ab?l} in name fields returning Contact(Id)", ids[1]},
		{`FIND {"Ana Abel"} RETURNING Contact(Id)`, ids[1]},
		{"FIND {abel} RETURNING Contact(Id WHERE FirstName = null)", ""},
		{"FIND {4155550123} IN PHONE FIELDS RETURNING Contact(Id), Lead(Id) LIMIT 1", ids[1]},
		{"FIND {cole}", ids[4]},
	} {
		t.Run(tt.query, func(t *testing.T) {
			a := search(tt.query)
			list, _ := a.at(t, "searchRecords").([]any)
			got := make([]string, 0, len(list))
			for _, r := range list {
				got = append(got, fmt.Sprint(dig(t, r, "Id")))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%v, want %s", got, tt.want)
			}
		})
	}
	for _, tt := range []struct{ query, code string }{
		{"FIND {x}", "MALFORMED_SEARCH"}, {"FIND abel", "MALFORMED_SEARCH"}, {"SEARCH {abel}", "MALFORMED_SEARCH"}, {"FIND {abel", "MALFORMED_SEARCH"},
		{"FIND {abel} IN SHOE FIELDS", "MALFORMED_QUERY"}, {"FIND {abel} RETURNING Task(Id)", "INVALID_TYPE"}, {"FIND {abel} RETURNING Contact(Foo)", "INVALID_FIELD"},
		{"FIND {abel} LIMIT 3000", "MALFORMED_SEARCH"}, {"", "MALFORMED_SEARCH"},
	} {
		if a := search(tt.query); a.status != http.StatusBadRequest || a.code(t) != tt.code {
			t.Errorf("%s: %d %s", tt.query, a.status, a.text)
		}
	}
	if a := c.do(http.MethodGet, "/parameterizedSearch?q=abel&sobject=Contact&fields=Id,LastName", nil); a.at(t, "searchRecords", 0, "LastName") != "Abel" {
		t.Errorf("parameterized: %s", a.text)
	}
	a := c.do(http.MethodPost, "/parameterizedSearch", map[string]any{"q": "4155550123", "in": "PHONE", "sobjects": []any{map[string]any{"name": "Lead", "fields": []any{"Id"}}}})
	if a.at(t, "searchRecords", 0, "Id") != ids[4] {
		t.Errorf("parameterized by POST: %s", a.text)
	}
}
