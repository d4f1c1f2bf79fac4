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

	"github.com/coder/websocket"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	carrier "github.com/frontdesk/frontdesk/sandbox/twilio"
	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
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
				select {
				case g.sockets <- r.StatusCode:
				default: // nobody asks any more
				}
			}
			return nil
		},
	}
	g.Server = httptest.NewServer(proxy)
	t.Cleanup(g.Close)
	return g
}

// next is how the next socket is answered.
func (g *gateway) next(t *testing.T) int {
	t.Helper()
	select {
	case status := <-g.sockets:
		return status
	case <-time.After(30 * time.Second):
		t.Fatal("no socket is asked for")
		return 0
	}
}

// dial opens a socket of acme's; nil if it is refused.
func (g *gateway) dial(t *testing.T) *websocket.Conn {
	t.Helper()
	const account, secret = "AC00000000000000000000000000000001", "sandbox-only-auth-token-of-acme"
	url := strings.Replace(g.URL, "http", "ws", 1) + "/twilio/" + account + "/media"
	c, resp, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{
		HTTPHeader: http.Header{"X-Twilio-Signature": {webhook.Sign(secret, url, nil)}},
	})
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		return nil
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

func (g *gateway) point(addr string) { g.to.Store(&url.URL{Scheme: "http", Host: addr}) }

// TestRollout: a replica that drains goes on answering the calls that come to it, and refuses their sockets. Whoever
// outlives that is heard, by the replica that takes over.
func TestRollout(t *testing.T) {
	g, rest := newGateway(t), freeAddr(t)
	tenants := sampleTenants(t, rest)
	old := runRig(t, tenants, telemetry.Discard(), func(c *ingress.Config) {
		c.PublicURL, c.Grace, c.Media.Idle = g.URL, time.Minute, time.Minute
	})
	next := runRig(t, tenants, telemetry.Discard(), func(c *ingress.Config) {
		c.PublicURL, c.Kafka.Brokers = g.URL, old.conn.Brokers()
	})
	g.point(old.Addr())
	phone, err := carrier.Start(t.Context(), carrier.Config{Listen: rest, Accounts: accounts(tenants, g.URL), Speed: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = phone.Close() })
	x := &exchange{rig: old, Carrier: phone}

	// A socket that stays open keeps the old replica draining, and it refuses every other one from some moment on.
	held := g.dial(t)
	if status := g.next(t); status != http.StatusSwitchingProtocols {
		t.Fatalf("the first socket: status %d", status)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- old.stop() }()
	for status := 0; status != http.StatusServiceUnavailable; status = g.next(t) {
		if c := g.dial(t); c != nil {
			_ = c.CloseNow()
		}
	}
	const name = "habla-espanol"
	played := make(chan *carrier.Result, 1)
	go func() { played <- x.play(t, name)[name] }()
	for range 3 {
		if status := g.next(t); status != http.StatusServiceUnavailable {
			t.Fatalf("the call's socket while it drains: status %d", status)
		}
	}
	g.point(next.Addr())
	for g.next(t) != http.StatusSwitchingProtocols { // one may have been on its way
	}
	r := <-played
	_ = held.CloseNow()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if err := next.stop(); err != nil {
		t.Error(err)
	}
	story, heard := x.story(t, events.Media, r.CallSid)
	// The seconds in which nobody took a socket are a gap of both parties.
	if got := strings.Join(story, ", "); got != "not_asked, media_started, media_gap, media_gap, audio, media_ended stopped" || heard < time.Second {
		t.Errorf("%s, %s heard", got, heard)
	}
	if n := len(r.Streams); n < 4 {
		t.Errorf("%d streams", n)
	}
}

// TestWhatStillComesIsTaken: a replica that is told to stop is unready at once, and takes the streams that its load balancer sends it
// until that has noticed.
func TestWhatStillComesIsTaken(t *testing.T) {
	tenants := sampleTenants(t, "")
	g := newGateway(t)
	r := runRig(t, tenants, telemetry.Discard(), func(c *ingress.Config) { c.PublicURL, c.AcceptGrace = g.URL, 3*time.Second })
	g.point(r.Addr())
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	for status := http.StatusOK; status != http.StatusServiceUnavailable; {
		resp, err := http.Get("http://" + r.AdminAddr() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		status = resp.StatusCode
	}
	c := g.dial(t)
	if c == nil {
		t.Fatalf("a socket that comes while the load balancer has not noticed: status %d", g.next(t))
	}
	_ = c.CloseNow()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestHandOver: a stream that outlives the grace goes on until another replica hears the call, so that no word is lost between
// the two: the new one begins before the old one has ended, in the carrier's eyes and in the log's.
func TestHandOver(t *testing.T) {
	g, rest := newGateway(t), freeAddr(t)
	tenants := sampleTenants(t, rest)
	old := runRig(t, tenants, telemetry.Discard(), func(c *ingress.Config) {
		c.PublicURL, c.Grace, c.Media.HandOver = g.URL, 100*time.Millisecond, 20*time.Second
	})
	next := runRig(t, tenants, telemetry.Discard(), func(c *ingress.Config) {
		c.PublicURL, c.Kafka.Brokers = g.URL, old.conn.Brokers()
	})
	g.point(old.Addr())
	phone, err := carrier.Start(t.Context(), carrier.Config{Listen: rest, Accounts: accounts(tenants, g.URL), Speed: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = phone.Close() })
	x := &exchange{rig: old, Carrier: phone}
	const name = "habla-espanol"
	played := make(chan *carrier.Result, 1)
	go func() { played <- x.play(t, name)[name] }()
	if status := g.next(t); status != http.StatusSwitchingProtocols {
		t.Fatalf("the call's socket: status %d", status)
	}
	heardSome := func() bool { return strings.Contains(kinds(old.topic(t, events.Media)), "audio_chunk") }
	until(t, "the call is heard", heardSome)
	g.point(next.Addr())
	if err := old.stop(); err != nil {
		t.Error(err)
	}
	r := <-played
	if err := next.stop(); err != nil {
		t.Error(err)
	}
	if len(r.Streams) != 2 || !r.Streams[1].ByREST || r.Streams[1].Error != nil {
		t.Fatalf("streams: %+v", r.Streams)
	}
	if code := r.Streams[0].CloseCode; code != int(websocket.StatusGoingAway) {
		t.Errorf("the old stream's socket is closed with %d", code)
	}
	begun, ended := map[string]int64{}, map[string]int64{}
	heard := map[string]int64{} // up to where the caller is heard, without a hole
	for _, e := range old.topic(t, events.Media) {
		switch m := e.Message().(type) {
		case *events.MediaStarted:
			begun[m.GetStreamId()], heard[m.GetStreamId()] = m.GetOffsetMs(), m.GetOffsetMs()
			if len(begun) == 2 && len(ended) > 0 {
				t.Error("the old stream has ended before the new one begins")
			}
		case *events.MediaGap:
			t.Errorf("a gap of %d ms", m.GetEndMs()-m.GetStartMs())
		case *events.MediaEnded:
			ended[m.GetStreamId()] = m.GetEndMs()
		case *events.AudioChunk:
			if m.GetParty() != events.Party_PARTY_CALLER {
				continue
			}
			if at := heard[m.GetStreamId()]; m.GetStartMs() != at {
				t.Errorf("a chunk at %d ms, want %d", m.GetStartMs(), at)
			}
			heard[m.GetStreamId()] = m.GetStartMs() + int64(len(m.GetAudio())/8)
		}
	}
	first, second := r.Streams[0].Sid, r.Streams[1].Sid
	if begun[second] > heard[first] || begun[second] <= begun[first] {
		t.Errorf("the old stream is heard from %d to %d ms, the new one from %d", begun[first], heard[first], begun[second])
	}
	if len(ended) != 2 || x.Report().Streams.Started != 2 {
		t.Errorf("%d streams ended, %d started", len(ended), x.Report().Streams.Started)
	}
}
