package twilio_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// TestJoinedCarriersShareOneAPI: a replay in a process of its own, with its calls known at the deployment's
// one API base. Both listen on the loopback.
func TestJoinedCarriersShareOneAPI(t *testing.T) {
	customer := newCustomer(t, newMemory(), map[string]string{"/voice": media + `<Dial>+14155550199</Dial>`})
	cfg := customer.config()
	cfg.Listen, cfg.Seed, cfg.Speed = "127.0.0.1:0", 1, 1
	// The network of the test beside the real one.
	memory := cfg.Dial
	cfg.Dial = nil
	sandbox, err := twilio.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer sandbox.Close()

	cfg.Dial = memory
	cfg.Seed = 2
	replay, err := twilio.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer customer.close()
	defer replay.Close()

	// Join posts over the loopback, so it needs a carrier with the real network; replay's own is the test's.
	base := "http://" + sandbox.Addr()
	if res := admin(t, http.MethodPost, base+"/sandbox/peers", "Url=http://"+replay.Addr()); res.StatusCode != http.StatusNoContent {
		t.Fatalf("joining: %s", res.Status)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	began := make(chan struct{})
	wg.Go(func() {
		call := sample(600)
		call.Agent = &calls.Agent{}
		_, _ = replay.Place(ctx, call)
	})
	wg.Go(func() {
		for len(customer.seen("/stream")) == 0 {
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
				return
			}
		}
		close(began)
	})
	<-began
	r := rest(sandbox, token)
	sid := sidOf(t, customer)
	call, err := r.FetchCall(sid, nil)
	if err != nil || *call.Status != "in-progress" {
		t.Errorf("fetching the other's call: %+v, %v", call, err)
	}
	all, err := r.ListCall(nil)
	if err != nil || len(all) != 2 { // the call and its leg
		t.Errorf("listing: %d calls, %v", len(all), err)
	}
	if _, err := r.FetchCall("CA00000000000000000000000000000000", nil); code(err) != 20404 {
		t.Errorf("a call of nobody's: %v", err)
	}
	cancel()
	wg.Wait()

	res := admin(t, http.MethodGet, base+"/sandbox/report", "")
	var report twilio.Report
	if err := json.NewDecoder(res.Body).Decode(&report); err != nil || report.REST.Requests == 0 {
		t.Errorf("report %+v, %v", report, err)
	}
	if res := admin(t, http.MethodPut, base+"/sandbox/faults", `{"unknown":1}`); res.StatusCode != http.StatusBadRequest {
		t.Errorf("unknown fault settings: %s", res.Status)
	}
	if res := admin(t, http.MethodPut, base+"/sandbox/faults", `{"outage":true}`); res.StatusCode != http.StatusNoContent || !sandbox.Faults().Down() {
		t.Errorf("outage: %s", res.Status)
	}
}

func TestJoinTellsTheOther(t *testing.T) {
	cfg := twilio.Config{Listen: "127.0.0.1:0", Accounts: []twilio.Account{{SID: account, AuthTokens: []string{token}}}}
	one, err := twilio.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	other := make(chan string, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sandbox/peers", func(_ http.ResponseWriter, r *http.Request) {
		if user, pass, _ := r.BasicAuth(); user == account && pass == token {
			other <- r.FormValue("Url")
		}
	})
	srv := &http.Server{Handler: mux}
	ln := listen(t)
	go func() { _ = srv.Serve(ln) }()
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- one.Join(ctx, "http://"+ln.Addr().String()) }()
	if got := <-other; got != "http://"+one.Addr() {
		t.Errorf("joined as %q", got)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	deaf, err := twilio.Start(t.Context(), twilio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	if deaf.Join(t.Context(), "http://127.0.0.1:1") == nil {
		t.Error("a carrier without a listener can't join")
	}
}

// admin asks the sandbox's own API.
func admin(t *testing.T, method, url, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(account, token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}
