package lifecycle_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
)

type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) part(name string, err error) lifecycle.Part {
	return lifecycle.Part{Name: name, Run: func(ctx context.Context) error {
		<-ctx.Done()
		j.add("stop " + name)
		return err
	}}
}

func TestPartsStopInReverseOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		g := lifecycle.New(time.Second, j.part("a", nil), j.part("b", nil), j.part("c", errors.New("bad drain")))
		ctx, cancel := context.WithCancel(t.Context())
		out := make(chan error)
		go func() { out <- g.Run(ctx) }()
		synctest.Wait()
		if ok, waiting := g.Ready(); !ok {
			t.Errorf("not ready: %v", waiting)
		}
		cancel()
		err := <-out
		if err == nil || err.Error() != "c: bad drain" {
			t.Errorf("err = %v", err)
		}
		if want := []string{"stop c", "stop b", "stop a"}; !slices.Equal(j.lines, want) {
			t.Errorf("order = %v", j.lines)
		}
		if ok, _ := g.Ready(); ok {
			t.Error("ready after stopping")
		}
	})
}

func TestPartThatEndsTakesTheServiceWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		failing := lifecycle.Part{Name: "consumer", Run: func(context.Context) error { return errors.New("no such topic") }}
		err := lifecycle.New(time.Second, j.part("a", nil), failing).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "consumer: no such topic") {
			t.Errorf("err = %v", err)
		}
		if want := []string{"stop a"}; !slices.Equal(j.lines, want) {
			t.Errorf("order = %v", j.lines)
		}
	})
}

func TestPartThatHangsIsReportedAndLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		release := make(chan struct{})
		hung := lifecycle.Part{Name: "hung", Run: func(context.Context) error { <-release; return nil }}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := lifecycle.New(time.Second, j.part("a", nil), hung).Run(ctx)
		close(release)
		if err == nil || !strings.Contains(err.Error(), "hung did not stop within 1s") {
			t.Errorf("err = %v", err)
		}
		if want := []string{"stop a"}; !slices.Equal(j.lines, want) {
			t.Errorf("order = %v", j.lines)
		}
	})
}

func TestProbes(t *testing.T) {
	h := lifecycle.Admin(http.NotFoundHandler(), func() (bool, []string) { return false, []string{"kafka"} })
	for path, want := range map[string]struct {
		code int
		body string
	}{
		"/healthz": {200, `"alive"`},
		"/readyz":  {503, `"waiting_for":["kafka"]`},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want.code || !strings.Contains(w.Body.String(), want.body) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestReadyPartsMayWait tells what for, and stays ready.
func TestReadyPartsMayWait(t *testing.T) {
	ready, waits := true, "Redis"
	g := lifecycle.New(time.Second, lifecycle.Part{Name: "plain"},
		lifecycle.Part{Name: "consumer", Ready: func() bool { return ready }, Waits: func() string { return waits }})
	h := lifecycle.Admin(http.NotFoundHandler(), g.Ready)
	for _, step := range []struct {
		ready bool
		waits string
		code  int
		body  string
	}{
		{true, "", 200, `{"status":"ready"}`},
		{true, "Redis", 200, `{"status":"ready","waiting_for":["Redis"]}`},
		{false, "Redis", 503, `{"status":"not ready","waiting_for":["consumer"]}`},
	} {
		ready, waits = step.ready, step.waits
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if w.Code != step.code || strings.TrimSpace(w.Body.String()) != step.body {
			t.Errorf("%+v: %d %s", step, w.Code, w.Body)
		}
	}
}

func TestATakenPortIsNamedWithItsSetting(t *testing.T) {
	ln, err := lifecycle.Listen("admin", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	addr := ln.Addr().String()
	for what, setting := range map[string]string{"admin": "admin", "webhook": "listen"} {
		_, err := lifecycle.Listen(what, addr)
		if err == nil || !strings.Contains(err.Error(), strconv.Quote(addr)+" is taken") || !strings.Contains(err.Error(), "the setting "+strconv.Quote(setting)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
