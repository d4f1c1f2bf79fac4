package crmwriter_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
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
		// A file that is sent when its call was cut short may be there already.
		if r.StatusCode != http.StatusOK && strings.HasSuffix(r.Request.URL.Path, "/composite/graph") {
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

// TestALateWriteOfAPausedOwnerOverwritesNoNewerRevision: its claim has become another's, who has gone on meanwhile. On the bus the
// older event comes after the newer one, and is applied to nothing.
func TestALateWriteOfAPausedOwnerOverwritesNoNewerRevision(t *testing.T) {
	t.Run("direct", func(t *testing.T) {
		w := newWorld(t)
		g := newGate(t, w.crm.Addr())
		lateWrite(t, w, "direct", g.reached, g.arrived, g.open, func(o *tenant.Tenant) { o.Salesforce.LoginURL, o.Salesforce.Audience = g.URL, g.URL })
	})
	t.Run("events", func(t *testing.T) {
		w := newWorld(t)
		g := newBusGate(t, w.crm.PubSubAddr())
		lateWrite(t, w, "events", g.reached, g.arrived, g.open, func(o *tenant.Tenant) { o.Salesforce.PubSubEndpoint = g.addr })
		revisions := []any{}
		for _, e := range w.crm.Events("events", "Call_Completed__e", 0) {
			revisions = append(revisions, e.Fields["Call_Revision__c"])
		}
		if !reflect.DeepEqual(revisions, []any{"000001", "000002", "000001"}) { // the first is the new owner's
			t.Errorf("on the bus are the revisions %v", revisions)
		}
		told := w.crm.Events("events", "Call_Written__e", 0)
		if last := fmt.Sprint(told[len(told)-1].Fields["Results__c"]); !strings.Contains(last, `"revision":"000001"`) || !strings.Contains(last, `"outcome":"stale"`) {
			t.Errorf("the late event is told as %s", last)
		}
	})
}

// lateWrite has a process go on with a call's first revision at a gate to its org, when another has written the second.
func lateWrite(t *testing.T, w *world, pattern string, reached, arrived <-chan struct{}, open func(), gated func(*tenant.Tenant)) {
	t.Helper()
	straight, all := w.tenants, make([]*tenant.Tenant, 0, len(patterns()))
	for _, p := range patterns() {
		one := *straight.ByID(p)
		gated(&one)
		all = append(all, &one)
	}
	var err error
	if w.tenants, err = tenant.NewSet(all...); err != nil {
		t.Fatal(err)
	}
	stop := w.start(func(c *crmwriter.Config) {
		c.Claims.Lease = time.Hour // it renews nothing while it is paused
		c.Consume.Drain = 50 * time.Millisecond
	})
	id := callID(70)
	w.publish(origin(pattern, 70), insight(70, 1, "SupportRequest", "SupportTicketOpened"))
	<-reached
	w.redis.Fake.FlushAll() // its lease runs out
	var stopped sync.WaitGroup
	stopped.Go(stop)
	w.tenants = straight
	w.start()
	w.publish(origin(pattern, 70), insight(70, 2, "SupportRequest", "Spam"))
	w.last(id, 2, map[string]events.CrmStatus{"direct": written, "events": published}[pattern])
	before := w.standing(pattern, id)
	open()
	<-arrived
	stopped.Wait()
	if after := w.standing(pattern, id); !reflect.DeepEqual(after, before) {
		t.Errorf("after the late write there is\n%v\nbefore it there was\n%v", after, before)
	}
	for _, task := range w.of(pattern, "Task", id) {
		if task["Call_Revision__c"] != "000002" || task["Disposition__c"] != "Spam" {
			t.Errorf("the log is %v", task)
		}
	}
	for object, want := range map[string]int{"Lead": 0, "Contact": 1, "Case": 1, "Task": 1} {
		if got := len(before[object]); got != want {
			t.Errorf("%d of %s, want %d", got, object, want)
		}
	}
}

// standing is what an org has of a call once all that is on its bus is applied, without when it was last saved.
func (w *world) standing(org, call string) map[string][]map[string]any {
	w.t.Helper()
	if err := w.crm.Settled(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	all := map[string][]map[string]any{}
	for _, object := range []string{"Lead", "Contact", "Case", "Task"} {
		for _, r := range w.of(org, object, call) {
			r = maps.Clone(r)
			delete(r, "LastModifiedDate")
			delete(r, "SystemModstamp")
			all[object] = append(all[object], r)
		}
	}
	return all
}
