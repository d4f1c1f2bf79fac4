package crmwriter_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/tenant"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

// gate is on the way to Salesforce, and holds the first graph up until it is opened: the request of a process that is
// paused, or of a network that is slow. It arrives in the end, whatever has become of its sender.
type gate struct {
	*httptest.Server
	reached, arrived chan struct{}
	open             func()
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	opened := make(chan struct{})
	g := &gate{reached: make(chan struct{}), arrived: make(chan struct{}), open: sync.OnceFunc(func() { close(opened) })}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: to})
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.StatusCode != http.StatusOK {
			t.Errorf("%s is answered %s", r.Request.URL.Path, r.Status)
		}
		return nil
	}
	var first sync.Once
	g.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		r = r.WithContext(context.WithoutCancel(r.Context()))
		r.Body = io.NopCloser(bytes.NewReader(body))
		held := false
		if strings.HasSuffix(r.URL.Path, "/composite/graph") {
			first.Do(func() { held = true })
		}
		if held {
			close(g.reached)
			<-opened
			defer close(g.arrived)
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(g.Close)
	t.Cleanup(g.open)
	return g
}

// TestALateWriteOfAPausedOwnerOverwritesNoNewerRevision: its claim has become another's, who has gone on meanwhile.
func TestALateWriteOfAPausedOwnerOverwritesNoNewerRevision(t *testing.T) {
	w := newWorld(t)
	g := newGate(t, w.crm.Addr())
	straight, gated := w.tenants, make([]*tenant.Tenant, 0, len(patterns()))
	for _, p := range patterns() {
		one := *straight.ByID(p)
		one.Salesforce.LoginURL, one.Salesforce.Audience = g.URL, g.URL
		gated = append(gated, &one)
	}
	var err error
	if w.tenants, err = tenant.NewSet(gated...); err != nil {
		t.Fatal(err)
	}
	stop := w.start(func(c *crmwriter.Config) {
		c.Claims.Lease = time.Hour // it renews nothing while it is paused
		c.Consume.Drain = 50 * time.Millisecond
	})
	id := callID(70)
	w.publish(origin("direct", 70), insight(70, 1, "SupportRequest", "SupportTicketOpened"))
	<-g.reached
	w.redis.Fake.FlushAll() // its lease runs out
	var stopped sync.WaitGroup
	stopped.Go(stop)
	w.tenants = straight
	w.start()
	w.publish(origin("direct", 70), insight(70, 2, "SupportRequest", "SupportTicketOpened"))
	w.last(id, 2, written)
	g.open()
	<-g.arrived
	stopped.Wait()
	if err := w.crm.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	for object, want := range map[string]int{"Contact": 1, "Case": 1, "Task": 1} {
		of := w.of("direct", object, id)
		if len(of) != want {
			t.Fatalf("%d of %s, want %d", len(of), object, want)
		}
		if object == "Task" && of[0]["Call_Revision__c"] != "000002" {
			t.Errorf("the log is of revision %v", of[0]["Call_Revision__c"])
		}
	}
}
