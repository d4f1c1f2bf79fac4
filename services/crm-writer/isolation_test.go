package crmwriter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	sandbox "github.com/frontdesk/frontdesk/sandbox/salesforce"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

// front stands before one org, so that it fails and its neighbours don't.
type front struct {
	*httptest.Server

	// refuse answers a request instead of the org; nil lets it through.
	refuse atomic.Pointer[http.HandlerFunc]
	// hold is told of each request that writes, and lets it through to the org when it returns; nil lets it at once.
	hold  atomic.Pointer[func(path string)]
	asked atomic.Int64
	// answerless drops the org's answers to what it has done.
	answerless atomic.Bool
}

// before puts a front before a tenant's org.
func (w *world) before(tenantID string) *front {
	w.t.Helper()
	org := &url.URL{Scheme: "http", Host: w.crm.Addr()}
	f := &front{}
	// The org takes the host that it is asked for as its own, in assertions and as the instance's.
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(org); r.Out.Host = r.In.Host },
		ModifyResponse: func(*http.Response) error {
			if f.answerless.Swap(false) {
				panic(http.ErrAbortHandler)
			}
			return nil
		},
	}
	f.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		f.asked.Add(1)
		if h := f.refuse.Load(); h != nil {
			(*h)(rw, r)
			return
		}
		if hold := f.hold.Load(); hold != nil {
			(*hold)(r.URL.Path)
		}
		proxy.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(f.Close)
	w.fronts = map[string]*front{tenantID: f}
	w.tenants = w.loadTenants()
	return f
}

// TestOneOrgsTroubleIsItsOwn: while an org is down, refuses the credential or has spent its allowance, its calls are parked,
// each once, at the cost of no attempt and of few requests; the neighbour's are written, by whoever owns them. When it is
// back, all of its calls are written once and in order, and none has been given up.
func TestOneOrgsTroubleIsItsOwn(t *testing.T) {
	answer := func(status int, after, body string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			if after != "" {
				rw.Header().Set("Retry-After", after)
			}
			rw.WriteHeader(status)
			fmt.Fprint(rw, body)
		}
	}
	for name, refuse := range map[string]http.HandlerFunc{
		"down":             func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a proxy's page":   answer(http.StatusForbidden, "", "<html>Blocked</html>"),
		"wrong credential": answer(http.StatusBadRequest, "1", `{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}`),
		"allowance spent":  answer(http.StatusForbidden, "1", `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			f := w.before("direct")
			if name == "allowance spent" { // it has signed in before
				stop := w.start()
				w.publish(origin("direct", 900), insight(900, 1, "BookDemo", "QualifiedLead"))
				w.last(callID(900), 1, written)
				stop()
			}
			made := len(w.crm.ChangeLog(sandbox.Filter{Org: "direct", Op: "create"}))
			f.refuse.Store(&refuse)
			refused := time.Now()
			settings := func(c *crmwriter.Config) {
				c.CRM.Breaker.Open, c.CRM.Breaker.Most = 50*time.Millisecond, time.Second
				c.Consume.Park.Rounds = 1 // what spends attempts is given up
			}
			stop := w.start(settings)
			const calls = 30
			for _, revision := range []uint32{1, 2} {
				for n := range calls {
					w.publish(origin("direct", n), insight(n, revision, "BookDemo", "QualifiedLead"))
					w.publish(origin("both", 100+n), insight(100+n, revision, "BookDemo", "QualifiedLead"))
				}
			}
			for n := range calls {
				w.last(callID(100+n), 2, written)
			}
			w.until("all of the org's calls to be parked", func() bool { return len(w.parked()) == calls })
			for key, copies := range w.parked() {
				if copies > 2 {
					t.Errorf("%s: %d copies of two messages", key, copies)
				}
			}
			stop()
			w.start(settings) // the next owner finds them, and the trouble
			w.publish(origin("both", 199), insight(199, 1, "BookDemo", "QualifiedLead"))
			w.last(callID(199), 1, written)
			// One a second is let through to see.
			if n, most := f.asked.Load(), 40+int64(time.Since(refused).Seconds()); n > most {
				t.Errorf("%d requests to an org that answers none, more than %d", n, most)
			}
			f.refuse.Store(nil)
			back := time.Now()
			// In one look, for thirty take their time on a busy machine.
			w.until("all of the org's calls to be written", func() bool { return w.allAgain(calls) })
			if d := time.Since(back); d > 15*time.Second {
				t.Errorf("%v until the last was written", d)
			}
			for n := range calls {
				w.ascending(callID(n))
			}
			if n := len(w.crm.ChangeLog(sandbox.Filter{Org: "direct", Op: "create"})) - made; n != 2*calls {
				t.Errorf("%d records were made", n)
			}
			w.nothing(events.DeadLetters.Name)
		})
	}
}

// parked counts the messages in the retry topic by key. None of them has cost an attempt.
func (w *world) parked() map[string]int {
	w.t.Helper()
	out := map[string]int{}
	for _, r := range kafkatest.Records(w.t, w.kafka.Conn, events.Insights.Retry("crm-writer").Name) {
		out[string(r.Key)]++
		if n := deadletter.Get(r.Headers, "park-attempts"); n != "" {
			w.t.Errorf("%s: %s attempts", r.Key, n)
		}
	}
	return out
}

// ascending fails the test if calls.records ever goes back to a lower revision of a call.
func (w *world) ascending(call string) {
	w.t.Helper()
	var revisions []uint32
	for _, r := range w.told(call) {
		if r.GetCrmStatus() == written {
			revisions = append(revisions, r.GetRevision())
		}
	}
	if !slices.IsSorted(revisions) || len(revisions) == 0 {
		w.t.Errorf("%s: told of revisions %s", call, strings.Trim(fmt.Sprint(revisions), "[]"))
	}
}
