package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Admin serves a service's probes and metrics:
//
//	/healthz   200 while the process lives
//	/readyz    200 when every part is ready, with what they wait for if anything; else 503 with the names of those that are not
//	/metrics   the Prometheus scrape
func Admin(metrics http.Handler, ready func() (bool, []string)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"status": "alive"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		switch ok, waiting := ready(); {
		case !ok:
			answer(w, http.StatusServiceUnavailable, map[string]any{"status": "not ready", "waiting_for": waiting})
		case len(waiting) > 0:
			answer(w, http.StatusOK, map[string]any{"status": "ready", "waiting_for": waiting})
		default:
			answer(w, http.StatusOK, map[string]any{"status": "ready"})
		}
	})
	mux.Handle("GET /metrics", metrics)
	return mux
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the prober has gone; there is nobody left to tell
}

// HTTP is a part that serves h on a listener which is open already, so that its address is known before it
// runs. On stop, requests under way are waited for until the group's grace has passed.
func HTTP(name string, ln net.Listener, h http.Handler) Part {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	return Part{Name: name, Run: func(ctx context.Context) error {
		failed := make(chan error, 1)
		go func() { failed <- srv.Serve(ln) }()
		select {
		case err := <-failed:
			return fmt.Errorf("serving on %s: %w", ln.Addr(), err)
		case <-ctx.Done():
		}
		if err := srv.Shutdown(context.WithoutCancel(ctx)); err != nil && !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("stopping the listener on %s: %w", ln.Addr(), err)
		}
		return nil
	}}
}

// Listen opens a TCP listener; the error says what to do. Services have two kinds: "admin", with the address of their setting
// admin, and what the world reaches them by, with that of their setting listen.
func Listen(what, addr string) (net.Listener, error) {
	setting := "listen"
	if what == "admin" {
		setting = what
	}
	// Opening a port does not wait for anybody: there is nothing for a caller's context to end.
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("opening the %s listener: %q is taken; stop what listens there, or choose another host:port in the setting %q: %w",
			what, addr, setting, err)
	case err != nil:
		return nil, fmt.Errorf("opening the %s listener on %q, from the setting %q: %w", what, addr, setting, err)
	}
	return ln, nil
}
