package lifecycle_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
)

func TestAskReady(t *testing.T) {
	var ready atomic.Bool
	srv := httptest.NewServer(lifecycle.Admin(http.NotFoundHandler(), func() (bool, []string) { return ready.Load(), []string{"kafka", "redis"} }))
	defer srv.Close()
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	// As settings have it, a service that listens everywhere is asked here.
	everywhere := []string{"127.0.0.1:" + port, ":" + port, "0.0.0.0:" + port, "[::]:" + port}
	for _, addr := range everywhere {
		if err := lifecycle.AskReady(t.Context(), addr); err == nil || !strings.Contains(err.Error(), "not ready, it waits for kafka, redis") {
			t.Errorf("%s: %v", addr, err)
		}
	}
	ready.Store(true)
	for _, addr := range everywhere {
		if err := lifecycle.AskReady(t.Context(), addr); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	// Port 1 is nobody's; the server's own may be another's as soon as it is closed.
	for addr, says := range map[string]string{":1": "nobody answers", "here": "not host:port"} {
		if err := lifecycle.AskReady(t.Context(), addr); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestAskReadyOfSomethingElse(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	if err := lifecycle.AskReady(t.Context(), srv.Listener.Addr().String()); err == nil || !strings.Contains(err.Error(), "/readyz answers 404") {
		t.Errorf("%v", err)
	}
}
