package salesforce_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

func TestQuotedTextIsEscaped(t *testing.T) {
	for text, want := range map[string]string{
		`+14155550123`:    `'+14155550123'`,
		`O'Neil`:          `'O\'Neil'`,
		`a\' OR Id != ''`: `'a\\\' OR Id != \'\''`,
		"a\"b\n\t":        `'a\"b\n\t'`,
	} {
		if got := salesforce.Quote(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := salesforce.In("A__c", []string{"x", "y'"}); got != `A__c IN ('x','y\'')` {
		t.Error(got)
	}
}

func TestQueryFollowsItsPages(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		if strings.HasSuffix(r.URL.Path, "/01g-2000") {
			writeJSON(w, 200, map[string]any{"totalSize": 2, "done": true, "records": []any{map[string]any{"Id": "2"}}})
			return
		}
		if q := r.URL.Query().Get("q"); q != "SELECT Id FROM Lead WHERE Phone = '+1'" {
			t.Errorf("asked %q", q)
		}
		writeJSON(w, 200, map[string]any{
			"totalSize": 2, "done": false, "nextRecordsUrl": "/services/data/v67.0/query/01g-2000",
			"records": []any{map[string]any{"Id": "1", "attributes": map[string]any{"type": "Lead"}}},
		})
	})
	got, err := client(t, s).Query(t.Context(), "SELECT Id FROM Lead WHERE Phone = '+1'")
	if err != nil || len(got) != 2 || got[0].Object() != "Lead" || got[1].Text("Id") != "2" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSearchEscapesAndJoinsNumbers(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		want := `FIND {4155550123 OR \+34911234567} IN PHONE FIELDS RETURNING Contact(Id,Phone),Lead(Id)`
		if q := r.URL.Query().Get("q"); q != want {
			t.Errorf("asked %q", q)
		}
		writeJSON(w, 200, map[string]any{"searchRecords": []any{map[string]any{"Id": "003"}}})
	})
	got, err := client(t, s).SearchPhones(t.Context(), []string{"4155550123", "+34911234567"},
		salesforce.Returning{Object: "Contact", Fields: []string{"Id", "Phone"}},
		salesforce.Returning{Object: "Lead", Fields: []string{"Id"}})
	if err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestUpsertNamesTheExternalIDInTheURLOnly(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request, body string) {
		if r.URL.EscapedPath() != "/services/data/v67.0/sobjects/Lead/Caller_Key__c/%2B14155550123" || r.Method != http.MethodPatch {
			t.Errorf("%s %s", r.Method, r.URL.EscapedPath())
		}
		if body != `{"LastName":"<Doe>"}`+"\n" {
			t.Errorf("body %s", body)
		}
		contains(t, r.Header.Get("Sforce-Duplicate-Rule-Header"), "includeRecordDetails=true")
		writeJSON(w, http.StatusCreated, map[string]any{"id": "00Q1", "success": true, "errors": []any{}, "created": true})
	})
	got, err := client(t, s).Upsert(t.Context(), "Lead", "Caller_Key__c", "+14155550123", salesforce.Fields{"LastName": "<Doe>"})
	if err != nil || got.ID != "00Q1" || !got.Created {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnExternalIDThatIsNotUniqueIsPermanent(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		writeJSON(w, http.StatusMultipleChoices, []string{"/services/data/v67.0/sobjects/Lead/00Q1", "/services/data/v67.0/sobjects/Lead/00Q2"})
	})
	_, err := client(t, s).Upsert(t.Context(), "Lead", "Caller_Key__c", "x", nil)
	if !retry.IsPermanent(err) || retry.Code(err) != "salesforce.MULTIPLE_CHOICES" {
		t.Errorf("err = %v", err)
	}
}

func TestDuplicateRulesNameTheirMatch(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		writeJSON(w, http.StatusBadRequest, []any{map[string]any{
			"errorCode": "DUPLICATES_DETECTED", "message": "Use one of these records?",
			"duplicateResult": map[string]any{"matchResults": []any{map[string]any{
				"entityType":   "Contact",
				"matchRecords": []any{map[string]any{"record": map[string]any{"Id": "003A"}}},
			}}},
		}})
	})
	_, err := client(t, s).Create(t.Context(), "Lead", salesforce.Fields{"LastName": "Doe"})
	var e *salesforce.Error
	if !errors.As(err, &e) || len(e.Matches) != 1 || e.Matches[0] != (salesforce.Match{Object: "Contact", ID: "003A"}) {
		t.Errorf("%v: %+v", err, e)
	}
}

func TestGraphsTellTheRealCulpritAndTheUnprocessed(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request, body string) {
		var in struct {
			Graphs []salesforce.Graph `json:"graphs"`
		}
		if err := json.Unmarshal([]byte(body), &in); err != nil || len(in.Graphs) != 4 {
			t.Errorf("%d graphs, %v", len(in.Graphs), err)
		}
		fmt.Fprint(w, `{"graphs":[
		 {"graphId":"a","isSuccessful":true,"graphResponse":{"compositeResponse":[
		   {"referenceId":"lead","httpStatusCode":201,"body":{"id":"00Q1","success":true,"created":true}},
		   {"referenceId":"log","httpStatusCode":204,"body":null}]}},
		 {"graphId":"b","isSuccessful":false,"graphResponse":{"compositeResponse":[
		   {"referenceId":"lead","httpStatusCode":400,"body":[{"errorCode":"PROCESSING_HALTED","message":"The transaction was rolled back"}]},
		   {"referenceId":"log","httpStatusCode":400,"body":[{"errorCode":"STRING_TOO_LONG","message":"m","fields":["Subject"]}]}]}},
		 {"graphId":"c","isSuccessful":false,"graphResponse":{"compositeResponse":[
		   {"referenceId":"log","httpStatusCode":400,"body":[{"errorCode":"PROCESSING_HALTED","message":"m"}]}]}}]}`)
	})
	node := salesforce.Subrequest{Method: "POST", URL: "/services/data/v67.0/sobjects/Task", ReferenceID: "log"}
	graphs := []salesforce.Graph{
		{ID: "a", Nodes: []salesforce.Subrequest{node}}, {ID: "b", Nodes: []salesforce.Subrequest{node}},
		{ID: "c", Nodes: []salesforce.Subrequest{node}}, {ID: "d", Nodes: []salesforce.Subrequest{node}},
	}
	got := client(t, s).Graphs(t.Context(), graphs)
	if got[0].Err != nil || got[0].Answers[0].Saved().ID != "00Q1" || !got[0].Answers[0].Saved().Created || got[0].Answers[1].Saved().ID != "" {
		t.Errorf("a: %+v", got[0])
	}
	if retry.Code(got[1].Err) != "salesforce.STRING_TOO_LONG" || retry.Field(got[1].Err) != "Subject" || got[1].Failed != "log" || got[1].Unprocessed {
		t.Errorf("b: %+v", got[1])
	}
	for _, i := range []int{2, 3} { // one halted with the rest, one not answered at all
		if !got[i].Unprocessed || retry.IsPermanent(got[i].Err) || got[i].Err == nil {
			t.Errorf("%s: %+v", got[i].ID, got[i])
		}
	}
}

func TestGraphsAreSplitAtTheirLimits(t *testing.T) {
	sizes := []int{}
	s := start(t, func(w http.ResponseWriter, _ *http.Request, body string) {
		var in struct {
			Graphs []salesforce.Graph `json:"graphs"`
		}
		_ = json.Unmarshal([]byte(body), &in)
		nodes, out := 0, make([]any, 0, len(in.Graphs))
		for _, g := range in.Graphs {
			nodes += len(g.Nodes)
			out = append(out, map[string]any{"graphId": g.ID, "isSuccessful": true, "graphResponse": map[string]any{"compositeResponse": []any{}}})
		}
		if len(in.Graphs) > salesforce.MaxGraphs || nodes > salesforce.MaxNodes {
			t.Errorf("%d graphs of %d nodes", len(in.Graphs), nodes)
		}
		sizes = append(sizes, len(in.Graphs))
		writeJSON(w, 200, map[string]any{"graphs": out})
	})
	graph := func(i, nodes int) salesforce.Graph {
		return salesforce.Graph{ID: fmt.Sprint("g", i), Nodes: make([]salesforce.Subrequest, nodes)}
	}
	small, wide := make([]salesforce.Graph, 0, 160), make([]salesforce.Graph, 0, 60)
	for i := range 160 {
		small = append(small, graph(i, 2))
	}
	for i := range 60 {
		wide = append(wide, graph(i, 10))
	}
	c := client(t, s)
	for _, graphs := range [][]salesforce.Graph{small, wide} {
		var got []salesforce.GraphResult
		for _, part := range salesforce.SplitGraphs(graphs) {
			got = append(got, c.Graphs(t.Context(), part)...)
		}
		if last := len(graphs) - 1; len(got) != len(graphs) || got[last].ID != graphs[last].ID || got[last].Err != nil {
			t.Errorf("%d results", len(got))
		}
	}
	if fmt.Sprint(sizes) != "[75 75 10 50 10]" {
		t.Errorf("requests of %v graphs", sizes)
	}
	if got := c.Graphs(t.Context(), []salesforce.Graph{graph(0, 501)}); !errors.Is(got[0].Err, salesforce.ErrTooMany) {
		t.Errorf("err = %v", got[0].Err)
	}
	if got := c.Graphs(t.Context(), small[:76]); !errors.Is(got[75].Err, salesforce.ErrTooMany) {
		t.Errorf("err = %v", got[75].Err)
	}
}

func TestCollectionsTellEachRecordsFate(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, _ *http.Request, body string) {
		contains(t, body, `"allOrNone":false`, `"attributes":{"type":"Task"}`)
		fmt.Fprint(w, `[{"id":"00T1","success":true,"errors":[]},
			{"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"m","fields":["Subject"]}]}]`)
	})
	got, err := client(t, s).CreateAll(t.Context(), []salesforce.CollectionRecord{{Object: "Task"}, {Object: "Task"}})
	if err != nil || got[0].Saved.ID != "00T1" || got[0].Err != nil || retry.Code(got[1].Err) != "salesforce.REQUIRED_FIELD_MISSING" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := client(t, s).CreateAll(t.Context(), make([]salesforce.CollectionRecord, 201)); !errors.Is(err, salesforce.ErrTooMany) {
		t.Errorf("err = %v", err)
	}
}

func TestAFileThatIsThereIsDone(t *testing.T) {
	there := false
	s := start(t, func(w http.ResponseWriter, _ *http.Request, body string) {
		contains(t, body, base64.StdEncoding.EncodeToString([]byte("words")), `"Call_Id__c":"CA1:x"`)
		if there {
			refuse(w, http.StatusBadRequest, "DUPLICATE_VALUE", "duplicate value found: Call_Id__c")
			return
		}
		writeJSON(w, http.StatusCreated, map[string]any{"id": "0681", "success": true})
	})
	c := client(t, s)
	for _, want := range []bool{false, true} {
		there = want
		got := c.CreateFile(t.Context(), salesforce.NewFile{Fields: salesforce.Fields{"Call_Id__c": "CA1:x"}, Content: []byte("words")})
		if got.Err != nil || got.There != want || (got.ID == "") != want {
			t.Errorf("%+v", got)
		}
	}
	got := c.CreateFile(t.Context(), salesforce.NewFile{Content: make([]byte, salesforce.MaxFile+1)})
	if !errors.Is(got.Err, salesforce.ErrTooMany) || !retry.IsPermanent(got.Err) {
		t.Errorf("%v", got.Err)
	}
}

func TestFilesOfOneRequestAreEachForItself(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request, body string) {
		contains(t, r.URL.Path, "/composite/sobjects")
		contains(t, body, `"allOrNone":false`, `"attributes":{"type":"ContentVersion"}`, `"VersionData":"`)
		fmt.Fprint(w, `[{"id":"0681","success":true,"errors":[]},
			{"success":false,"errors":[{"statusCode":"DUPLICATE_VALUE","message":"m","fields":["Call_Id__c"]}]},
			{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW","message":"m","fields":[]}]}]`)
	})
	c := client(t, s)
	got, err := c.CreateFiles(t.Context(), make([]salesforce.NewFile, 2))
	if err == nil {
		t.Errorf("three answers to two files: %+v", got)
	}
	files := []salesforce.NewFile{{Content: []byte("words")}, {}, {}}
	got, err = c.CreateFiles(t.Context(), files)
	if err != nil || got[0].ID != "0681" || !got[1].There || got[1].Err != nil || retry.Code(got[2].Err) != "salesforce.UNABLE_TO_LOCK_ROW" || retry.IsPermanent(got[2].Err) {
		t.Errorf("%+v, %v", got, err)
	}
	large := salesforce.NewFile{Content: make([]byte, salesforce.MaxFile/2+1)}
	if _, err := c.CreateFiles(t.Context(), []salesforce.NewFile{large, large}); !errors.Is(err, salesforce.ErrTooMany) {
		t.Errorf("%v", err)
	}
}

func TestEventsOverRESTAreJoinedAndTellTheirUUID(t *testing.T) {
	requests := 0
	s := start(t, func(w http.ResponseWriter, _ *http.Request, body string) {
		requests++
		var in struct {
			CompositeRequest []salesforce.Subrequest `json:"compositeRequest"`
		}
		_ = json.Unmarshal([]byte(body), &in)
		out := make([]any, 0, len(in.CompositeRequest))
		for i, sub := range in.CompositeRequest {
			answer := map[string]any{"referenceId": sub.ReferenceID, "httpStatusCode": 201, "body": map[string]any{
				"id": "e01xx", "success": true,
				"errors": []any{map[string]any{"statusCode": "OPERATION_ENQUEUED", "message": fmt.Sprintf("uuid-%d", i)}},
			}}
			if i == 1 {
				answer["httpStatusCode"], answer["body"] = 400, []any{map[string]any{"errorCode": "LIMIT_EXCEEDED", "message": "m"}}
			}
			out = append(out, answer)
		}
		writeJSON(w, 200, map[string]any{"compositeResponse": out})
	})
	got := client(t, s).PublishEvents(t.Context(), "Call_Completed__e", make([]salesforce.Fields, 30))
	if len(got) != 30 || requests != 2 || got[0].ID != "uuid-0" || retry.Code(got[1].Err) != "salesforce.LIMIT_EXCEEDED" || got[29].ID != "uuid-4" {
		t.Errorf("%d requests, %d results: %+v", requests, len(got), got[:2])
	}
}

func TestQueriesShareARequest(t *testing.T) {
	requests := 0
	s := start(t, func(w http.ResponseWriter, _ *http.Request, body string) {
		requests++
		var in struct {
			CompositeRequest []salesforce.Subrequest `json:"compositeRequest"`
		}
		_ = json.Unmarshal([]byte(body), &in)
		out := make([]any, 0, len(in.CompositeRequest))
		for _, sub := range in.CompositeRequest {
			out = append(out, map[string]any{"referenceId": sub.ReferenceID, "httpStatusCode": 200, "body": map[string]any{
				"done": true, "records": []any{map[string]any{"Id": sub.URL}},
			}})
		}
		writeJSON(w, 200, map[string]any{"compositeResponse": out})
	})
	got, err := client(t, s).Queries(t.Context(), []string{"a", "b", "c", "d", "e", "f g"})
	if err != nil || len(got) != 6 || requests != 2 || got[5][0].Text("Id") != "/services/data/v67.0/query/?q=f+g" {
		t.Errorf("%d requests: %v, %v", requests, got, err)
	}
}
