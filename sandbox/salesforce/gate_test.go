package salesforce_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/meter"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

func TestDailyLimit(t *testing.T) {
	var clock fakeClock
	s := start(t, func(c *salesforce.Config) { c.Now = clock.now; c.SessionIdle = 100 * time.Hour }, withOrg(func(o *salesforce.Org) { o.Limits.DailyAPIRequests = 3 }))
	c := login(t, s, integration)
	for _, want := range []string{"api-usage=1/3", "api-usage=2/3", "api-usage=3/3"} {
		if a := c.do(http.MethodGet, "/sobjects/Lead/00Q000000000001EAA", nil); a.status != http.StatusNotFound || a.header.Get("Sforce-Limit-Info") != want {
			t.Errorf("%d, %s, want %s", a.status, a.header.Get("Sforce-Limit-Info"), want)
		}
	}
	a := c.do(http.MethodPost, "/sobjects/Account", obj{"Name": "A"})
	if a.status != http.StatusForbidden || a.text != `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`+"\n" || a.header.Get("Sforce-Limit-Info") != "api-usage=3/3" {
		t.Errorf("over the limit: %d %s", a.status, a.text)
	}
	clock.add(25 * time.Hour)
	if a := c.do(http.MethodGet, "/limits", nil); a.at(t, "DailyApiRequests", "Remaining") != 2.0 || a.at(t, "DailyApiRequests", "Max") != 3.0 {
		t.Errorf("a day later: %d %s", a.status, a.text)
	}
	if err := s.SetAllowance("", 100, 99); err != nil {
		t.Fatal(err)
	}
	if a := c.do(http.MethodGet, "/limits", nil); a.header.Get("Sforce-Limit-Info") != "api-usage=100/100" {
		t.Errorf("an allowance that was set: %v", a.header)
	}
	if len(s.Records("", "Account")) != 0 {
		t.Error("a refused request has no effect")
	}
	if rows := s.Meter().Rows(); len(rows) != 1 || rows[0] != (meter.Row{Key: meter.Key{Product: "salesforce", Account: s.OrgID(""), Model: "rest", Unit: "api_call"}, Amount: 5}) {
		t.Errorf("metered: %v", rows)
	}
}

func TestConcurrentLongRequests(t *testing.T) {
	s := start(t, withOrg(func(o *salesforce.Org) { o.Limits.ConcurrentLong = 1; o.Limits.LongAfter = time.Nanosecond }))
	c := login(t, s, integration)
	if a := c.do(http.MethodGet, "/limits", nil); a.status != http.StatusOK {
		t.Fatalf("alone: %d %s", a.status, a.text)
	}
	// A request whose body never ends is a long one.
	body, end := newEndless()
	done := make(chan struct{})
	go func() {
		defer close(done)
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+version+"/sobjects/Account", body)
		req.Header.Set("Authorization", "Bearer "+c.token)
		req.Header.Set("Content-Type", "application/json")
		if res, err := c.http.Do(req); err == nil {
			_ = res.Body.Close()
		}
	}()
	<-body.read
	for s.Usage()[0].Calls < 2 { // a request in its way would have it refused before it has begun
		select {
		case <-done:
			t.Fatal("the long request has ended")
		default:
			runtime.Gosched()
		}
	}
	if a := login(t, s, integration).do(http.MethodGet, "/limits", nil); a.status != http.StatusForbidden || a.message(t) != "ConcurrentRequests (Concurrent API Requests) Limit exceeded." {
		t.Errorf("%d %s", a.status, a.text)
	}
	end()
	<-done
}

// endless is a body that blocks until it is ended.
type endless struct {
	read, ended chan struct{}
	begun       bool
}

func newEndless() (*endless, func()) {
	e := &endless{read: make(chan struct{}), ended: make(chan struct{})}
	return e, func() { close(e.ended) }
}

func (e *endless) Read(p []byte) (int, error) {
	if !e.begun {
		e.begun = true
		close(e.read)
		return copy(p, "{"), nil
	}
	<-e.ended
	return copy(p, "}"), http.ErrBodyReadAfterClose
}

func TestRequestFaults(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	for _, tt := range []struct {
		code, op string
		status   int
		want     string
	}{
		{"INVALID_SESSION_ID", "sobject", 401, `"errorCode":"INVALID_SESSION_ID"`},
		{"REQUEST_LIMIT_EXCEEDED", "", 403, "TotalRequests Limit exceeded."},
		{"CONCURRENT_REQUESTS", "sobject", 403, "ConcurrentRequests (Concurrent API Requests) Limit exceeded."},
		{"SERVER_UNAVAILABLE", "sobject", 503, `"errorCode":"SERVER_UNAVAILABLE"`},
		{"UNKNOWN_EXCEPTION", "sobject", 500, `"errorCode":"UNKNOWN_EXCEPTION"`},
		{"HTML_502", "sobject", 502, "<html>"},
		{"UNABLE_TO_LOCK_ROW", "record.Account", 400, "unable to obtain exclusive access to this record or 1 records: 001000000000001AAA"},
		{"DUPLICATE_VALUE", "record.Account", 400, "duplicate value found: "},
		{"CANNOT_UPDATE_CONVERTED_LEAD", "record.Account", 400, "cannot reference converted lead"},
		{"SERVER_UNAVAILABLE", "graph", 201, ""},
		{"NONSENSE", "", 201, ""},
	} {
		s.SetFaults(fault.Settings{Errors: []fault.Share{{Code: tt.code, Share: 1, Operation: tt.op}}})
		if a := c.do(http.MethodPost, "/sobjects/Account", obj{"Name": "A"}); a.status != tt.status || !strings.Contains(a.text, tt.want) {
			t.Errorf("%s: %d %s", tt.code, a.status, a.text)
		}
	}
	before := len(s.Records("", "Account"))
	s.SetFaults(fault.Settings{Errors: []fault.Share{{Code: "DROP", Share: 1, Operation: "sobject"}}})
	if _, err := c.try(http.MethodPost, "/sobjects/Account", obj{"Name": "A"}); err == nil || len(s.Records("", "Account")) != before {
		t.Errorf("dropped before the effect: %v", err)
	}
	s.SetFaults(fault.Settings{Errors: []fault.Share{{Code: "DROP_AFTER", Share: 1, Operation: "sobject"}}})
	if _, err := c.try(http.MethodPost, "/sobjects/Account", obj{"Name": "A"}); err == nil || len(s.Records("", "Account")) != before+1 {
		t.Errorf("dropped after the effect: %v", err)
	}
	s.SetFaults(fault.Settings{Errors: []fault.Share{{Code: "DROP_HALF", Share: 1, Operation: "collections"}}})
	three := list{}
	for range 3 {
		three = append(three, obj{"attributes": obj{"type": "Account"}, "Name": "A"})
	}
	for allOrNone, made := range map[bool]int{false: 2, true: 3} {
		before := len(s.Records("", "Account"))
		if _, err := c.try(http.MethodPost, "/composite/sobjects", obj{"allOrNone": allOrNone, "records": three}); err == nil || len(s.Records("", "Account")) != before+made {
			t.Errorf("dropped half-way, all or none %v: %v", allOrNone, err)
		}
	}
	s.SetFaults(fault.Settings{Outage: true})
	if _, err := c.try(http.MethodGet, "/limits", nil); err == nil {
		t.Error("a host that is down answers")
	}
	s.SetFaults(fault.Settings{Errors: []fault.Share{{Code: "invalid_grant", Share: 1, Operation: "token"}}})
	if status, body := anonymous(t, s).form(nil); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("token: %d %v", status, body)
	}
	s.SetFaults(fault.Settings{Latency: fault.Latency{Median: 30 * time.Millisecond}})
	began := time.Now()
	if a := c.do(http.MethodGet, "/limits", nil); a.status != http.StatusOK || time.Since(began) < 30*time.Millisecond {
		t.Errorf("latency: %d after %v", a.status, time.Since(began))
	}
}

func TestAdmin(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	a := c.do(http.MethodPost, "/sandbox/records", list{obj{"object": "Contact", "fields": obj{"LastName": "A", "Caller_Key__c": "+1555"}}})
	if a.status != http.StatusOK {
		t.Fatalf("seeding: %d %s", a.status, a.text)
	}
	id := a.at(t, "ids", 0)
	c.header.Set("X-Request-Id", "mine")
	c.do(http.MethodPatch, "/sobjects/Contact/Caller_Key__c/+1555", obj{"FirstName": "B"})
	for _, tt := range []struct {
		method, path string
		body         any
		status       int
		want         string
	}{
		{"GET", "/sandbox/", nil, 200, "GET /sandbox/changes"},
		{"GET", "/sandbox/orgs", nil, 200, `"role":"rep"`},
		{"GET", "/sandbox/records/Contact?org=acme", nil, 200, `"FirstName":"B"`},
		{"GET", "/sandbox/records/Shoe", nil, 404, "there is no object"},
		{"GET", "/sandbox/changes?op=update", nil, 200, `"request":"mine","api":"rest","op":"update","object":"Contact"`},
		{"GET", "/sandbox/changes?request=mine", nil, 200, `"before":{"FirstName":null,"Frontdesk_State__c":null,"Name":"A"},"after":{"FirstName":"B"`},
		{"GET", "/sandbox/changes?external=%2B1555&limit=1", nil, 200, `"next":1`},
		{"GET", "/sandbox/changes?after=2", nil, 200, `{"changes":[],"next":2}`},
		{"GET", "/sandbox/changes?limit=x", nil, 400, "must be numbers"},
		{"GET", "/sandbox/changes?org=nowhere", nil, 404, "there is no org"},
		{"GET", "/sandbox/usage", nil, 200, `"resources":{"sobject":1}`},
		{"GET", "/sandbox/meter", nil, 200, `"unit":"api_call","amount":1`},
		{"PUT", "/sandbox/faults", obj{"latency": obj{"median": 1}, "seed": 7}, 200, `"seed":7`},
		{"GET", "/sandbox/faults", nil, 200, `"seed":7`},
		{"PUT", "/sandbox/faults", obj{"latencies": 1}, 400, "unknown field"},
		{"PUT", "/sandbox/allowance", obj{"daily": 10, "used": 9}, 200, `"left":1`},
		{"POST", "/sandbox/records", list{obj{"object": "Contact", "fields": obj{}}}, 400, "REQUIRED_FIELD_MISSING"},
		{"POST", "/sandbox/convert/00Q000000000001EAA", nil, 400, "invalid cross reference id"},
		{"GET", "/sandbox/events/Call_Completed__e", nil, 200, `{"events":[]}`},
		{"DELETE", "/sandbox/sessions", nil, 204, ""},
		{"GET", "/sandbox/nothing", nil, 404, "lists what there is"},
	} {
		if a := c.do(tt.method, tt.path, tt.body); a.status != tt.status || !strings.Contains(a.text, tt.want) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, a.status, a.text)
		}
	}
	if changes := s.ChangeLog(salesforce.Filter{ID: id.(string)}); len(changes) != 2 || changes[0].API != "seed" || changes[1].Seq != 2 {
		t.Errorf("change log: %+v", changes)
	}
	if a := c.do(http.MethodGet, "/limits", nil); a.status != http.StatusUnauthorized {
		t.Errorf("after ending the sessions: %d", a.status)
	}
	if n, err := s.WaitChanges(t.Context(), salesforce.Filter{After: 1}); err != nil || len(n) != 1 {
		t.Errorf("waiting: %v %v", n, err)
	}
}

// TestAdminIsForThisMachine: it asks for no credentials.
func TestAdminIsForThisMachine(t *testing.T) {
	for _, c := range []struct {
		from string
		open bool
		want int
	}{
		{"127.0.0.1:4711", false, http.StatusOK}, {"[::1]:4711", false, http.StatusOK},
		{"172.18.0.1:4711", false, http.StatusForbidden}, {"172.18.0.1:4711", true, http.StatusOK},
	} {
		s := start(t, func(cfg *salesforce.Config) { cfg.OpenAdmin = c.open })
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/sandbox/orgs", nil)
		r.RemoteAddr = c.from
		if s.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%s, open %t: %d, want %d", c.from, c.open, w.Code, c.want)
		}
	}
}
