package realparts

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// fakeReplica serves and tells whether it is ready.
type fakeReplica struct {
	*httptest.Server
	unready atomic.Bool
}

func newFakeReplica(t *testing.T, name string) *fakeReplica {
	t.Helper()
	f := &fakeReplica{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/readyz" && f.unready.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/socket":
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.CloseNow()
			kind, text, err := c.Read(r.Context())
			if err == nil {
				err = c.Write(r.Context(), kind, append(text, " by "+name...))
			}
			if err != nil {
				t.Error(err)
			}
		case r.URL.Path != "/readyz":
			_, _ = io.WriteString(w, name+" for "+r.Host)
		}
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeReplica) backend() *backend {
	addr := strings.TrimPrefix(f.URL, "http://")
	return &backend{addr: addr, admin: addr}
}

func open(t *testing.T, backends ...*backend) *gateway {
	t.Helper()
	g, err := openGateway(t.Context(), "127.0.0.1:0", backends...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// answers are what four requests are answered with.
func answers(t *testing.T, g *gateway) map[string]int {
	t.Helper()
	got := map[string]int{}
	for range 4 {
		resp, err := http.Post(g.URL()+"/twilio", "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		who, _, _ := strings.Cut(string(body), " for "+strings.TrimPrefix(g.URL(), "http://"))
		if resp.StatusCode != http.StatusOK {
			who = resp.Status
		}
		got[who]++
	}
	return got
}

func TestTheGatewayLeavesOutWhoeverIsNotReadyOrGone(t *testing.T) {
	a, b := newFakeReplica(t, "a"), newFakeReplica(t, "b")
	g := open(t, a.backend(), b.backend())
	if got := answers(t, g); got["a"] != 2 || got["b"] != 2 {
		t.Errorf("both ready: %v; want them in turn", got)
	}
	a.unready.Store(true)
	noticed(t, g, 0, false)
	if got := answers(t, g); got["b"] != 4 {
		t.Errorf("a is not ready: %v", got)
	}
	a.unready.Store(false)
	noticed(t, g, 0, true)
	b.Close()
	noticed(t, g, 1, false)
	if got := answers(t, g); got["a"] != 4 {
		t.Errorf("b is gone: %v", got)
	}
	a.Close()
	noticed(t, g, 0, false)
	if got := answers(t, g); got["502 Bad Gateway"] != 4 {
		t.Errorf("nobody is there: %v", got)
	}
}

// TestWhoCantBeReachedIsPassedOver, though it was ready when it was last asked.
func TestWhoCantBeReachedIsPassedOver(t *testing.T) {
	a := newFakeReplica(t, "a")
	half := a.backend()
	half.addr = "127.0.0.1:1" // a port that was closed just now may be another's already
	if got := answers(t, open(t, half, a.backend())); got["a"] != 4 {
		t.Errorf("%v", got)
	}
}

// noticed waits until the gateway has noticed a change.
func noticed(t *testing.T, g *gateway, n int, up bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for g.backends[n].up.Load() != up {
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatalf("replica %d never became ready=%v", n, up)
		}
	}
}

func TestSocketsPassTheGateway(t *testing.T) {
	g := open(t, newFakeReplica(t, "a").backend())
	c, _, err := websocket.Dial(t.Context(), strings.Replace(g.URL(), "http", "ws", 1)+"/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), websocket.MessageText, []byte("heard")); err != nil {
		t.Fatal(err)
	}
	if _, text, err := c.Read(t.Context()); err != nil || string(text) != "heard by a" {
		t.Errorf("%q, %v", text, err)
	}
}
