package ingress_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	carrier "github.com/frontdesk/frontdesk/sandbox/twilio"
	"github.com/frontdesk/frontdesk/services/ingress"
)

// gateway is the load balancer: everything goes to one replica, until it is told of another.
type gateway struct {
	*httptest.Server
	to atomic.Pointer[url.URL]
	// sockets are the statuses that sockets were answered with.
	sockets chan int
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{sockets: make(chan int, 64)}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(g.to.Load())
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			if strings.HasSuffix(r.Request.URL.Path, "/media") {
				g.sockets <- r.StatusCode
			}
			return nil
		},
	}
	g.Server = httptest.NewServer(proxy)
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) point(addr string) { g.to.Store(&url.URL{Scheme: "http", Host: addr}) }

// TestRollout: a replica that drains goes on answering the calls that come to it, and refuses their sockets. Whoever
// outlives that is heard, by the replica that takes over.
func TestRollout(t *testing.T) {
	tenants, err := tenant.Load("../../samples/tenants")
	if err != nil {
		t.Fatal(err)
	}
	g, rest := newGateway(t), freeAddr(t)
	for _, tt := range tenants.All() {
		tt.Twilio.APIBase = "http://" + rest
	}
	old := runRig(t, tenants, telemetry.Discard(), func(c *ingress.Config) { c.PublicURL, c.Grace = g.URL, 30*time.Second })
	next := runRig(t, tenants, telemetry.Discard(), func(c *ingress.Config) {
		c.PublicURL, c.Kafka.Brokers = g.URL, old.conn.Brokers()
	})
	g.point(old.Addr())
	phone, err := carrier.Start(t.Context(), carrier.Config{Listen: rest, Accounts: accounts(tenants, g.URL), Speed: 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = phone.Close() })
	x := &exchange{rig: old, Carrier: phone}

	first := make(chan *carrier.Result)
	go func() { first <- x.play(t, "books-a-demo")["books-a-demo"] }()
	if status := <-g.sockets; status != http.StatusSwitchingProtocols {
		t.Fatalf("the first call's socket: status %d", status)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- old.stop() }()
	second := make(chan *carrier.Result)
	go func() { second <- x.play(t, "habla-espanol")["habla-espanol"] }()
	for range 3 {
		if status := <-g.sockets; status != http.StatusServiceUnavailable {
			t.Fatalf("a socket while it drains: status %d", status)
		}
	}
	g.point(next.Addr())
	for <-g.sockets != http.StatusSwitchingProtocols { // one may have been on its way
	}
	results := []*carrier.Result{<-first, <-second}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if err := next.stop(); err != nil {
		t.Error(err)
	}
	for i, r := range results {
		story, heard := x.story(t, events.Media, r.CallSid)
		if got := strings.Join(story[1:], ", "); got != "media_started, audio, media_ended stopped" || heard < time.Second {
			t.Errorf("call %d: %s, %s heard", i, got, heard)
		}
	}
	if n := len(results[1].Streams); n < 4 {
		t.Errorf("%d streams of the call that came while it drained", n)
	}
}
