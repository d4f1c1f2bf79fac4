package twilio_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
)

// api is Twilio's REST API as far as it is used: it writes down what it is asked.
type api struct {
	mu     sync.Mutex
	asked  []string
	forms  []map[string]string
	status int
	body   string
	after  string        // Retry-After
	wait   chan struct{} // if set, no answer before it is closed
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	form := map[string]string{}
	for k, v := range r.PostForm {
		form[k] = strings.Join(v, " ")
	}
	user, pass, _ := r.BasicAuth()
	form["auth"] = user + ":" + pass
	a.mu.Lock()
	a.asked = append(a.asked, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/2010-04-01/Accounts/"+apptest.Account+"/Calls/"+callID))
	a.forms = append(a.forms, form)
	status, body, wait := a.status, a.body, a.wait
	a.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-r.Context().Done():
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if a.after != "" {
		w.Header().Set("Retry-After", a.after)
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// patience is for requests that are answered.
const patience = 20 * time.Second

func newCarrier(t *testing.T, b *bench, a *api, timeout time.Duration) (*twilio.Carrier, app.Facts) {
	t.Helper()
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	set := apptest.Tenants()
	acme := set.ByID("acme")
	acme.Twilio.APIBase = srv.URL
	one, err := tenant.NewSet(acme)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return twilio.NewCarrier(one, b.links, transport, timeout), app.Facts{
		CallID: callID, Account: apptest.Account, Tenant: "acme", Line: apptest.DialLine, Attempt: 1,
		Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED, Expires: b.now.Now().Add(time.Hour),
	}
}

func TestCarrierLive(t *testing.T) {
	b := newBench(t)
	for status, want := range map[string]bool{
		"queued": true, "ringing": true, "in-progress": true, "completed": false, "busy": false, "failed": false, "no-answer": false, "canceled": false,
	} {
		a := &api{status: 200, body: `{"sid":"` + callID + `","status":"` + status + `"}`}
		c, f := newCarrier(t, b, a, patience)
		if got, err := c.Live(t.Context(), f); err != nil || got != want {
			t.Errorf("%s: %t, %v", status, got, err)
		}
		if a.asked[0] != "GET .json" || a.forms[0]["auth"] != apptest.Account+":new-token" {
			t.Errorf("asked %q", a.asked)
		}
	}
}

func TestCarrierRequests(t *testing.T) {
	b := newBench(t)
	a := &api{status: 201, body: `{"sid":"RE1"}`}
	c, f := newCarrier(t, b, a, patience)
	started, err := c.StartStream(t.Context(), f)
	if !started {
		t.Error("a stream that the carrier takes is started")
	}
	recording, recErr := c.StartRecording(t.Context(), f)
	if err := errors.Join(err, recErr, c.StopStreams(t.Context(), f), c.StopRecording(t.Context(), f)); err != nil || recording != "RE1" {
		t.Fatalf("recording %q, %v", recording, err)
	}
	want := []string{
		"POST /Streams.json", "POST /Recordings.json", "POST /Streams/frontdesk-0.json", "POST /Streams/frontdesk-1.json",
		"POST /Streams/frontdesk-2.json", "POST /Streams/frontdesk-3.json", "POST /Streams/frontdesk-4.json", "POST /Streams/frontdesk-5.json",
		"POST /Streams/frontdesk-6.json", "POST /Streams/frontdesk-7.json", "POST /Recordings/Twilio.CURRENT.json",
	}
	if strings.Join(a.asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked %q", a.asked)
	}
	s := a.forms[0]
	if s["Name"] != "frontdesk-1" || s["Track"] != "both_tracks" || s["Url"] != "wss://voice.example.com/calls/twilio/"+apptest.Account+"/media" {
		t.Errorf("stream %s %s", s["Name"], s["Track"])
	}
	got, err := b.tokens.Open(s["Parameter1.Value"], b.now.Now())
	if err != nil || s["Parameter1.Name"] != "token" || got.Attempt != 1 {
		t.Errorf("the new stream's token: attempt %d, %v", got.Attempt, err)
	}
	if !strings.HasSuffix(s["StatusCallback"], retries) || a.forms[1]["RecordingChannels"] != "dual" || a.forms[6]["Status"] != "stopped" {
		t.Error("the callbacks don't ask for retries, or the recording is wrong")
	}
}

func TestCarrierErrors(t *testing.T) {
	b := newBench(t)
	for name, tt := range map[string]struct {
		status    int
		body      string
		code      string // of Live and StartStream; "" is no error
		permanent bool
	}{
		"gone":                {404, `{"code":20404,"message":"not found","status":404}`, "", false},
		"no longer under way": {400, `{"code":21220,"message":"Call is not in-progress","status":400}`, "", false},
		"wrong token":         {401, `{"code":20003,"message":"Authenticate","status":401}`, "twilio.20003", true},
		"too many":            {429, `{"code":20429,"message":"Too Many Requests","status":429}`, "twilio.20429", false},
		"Twilio's own fault":  {503, `{"code":20500,"message":"+12025550111","status":503}`, "twilio.20500", false},
		"no JSON":             {502, `<html>`, "twilio.unreachable", false},
	} {
		c, f := newCarrier(t, b, &api{status: tt.status, body: tt.body}, patience)
		live, err := c.Live(t.Context(), f)
		started, startErr := c.StartStream(t.Context(), f)
		for what, err := range map[string]error{"live": err, "start": startErr} {
			var e *retry.Error
			switch {
			case live || started || tt.code == "" && err != nil:
				t.Errorf("%s: %s: live %t, started %t, %v", name, what, live, started, err)
			case tt.code == "":
			case !errors.As(err, &e) || e.Code != tt.code || retry.IsPermanent(err) != tt.permanent:
				t.Errorf("%s: %s: %v", name, what, err)
			case strings.Contains(err.Error(), "2025550111"):
				t.Errorf("%s: the error quotes Twilio's message", name)
			}
		}
	}
}

func TestATimeToWaitIsTold(t *testing.T) {
	b := newBench(t)
	for status, after := range map[int]string{429: "7", 503: "11", 500: ""} {
		c, f := newCarrier(t, b, &api{status: status, body: `{"code":20429,"status":` + strconv.Itoa(status) + `}`, after: after}, patience)
		_, live := c.Live(t.Context(), f)
		_, recording := c.StartRecording(t.Context(), f)
		_, stream := c.StartStream(t.Context(), f)
		seconds, _ := strconv.Atoi(after)
		for what, err := range map[string]error{"live": live, "stream": stream, "recording": recording, "stop": c.StopRecording(t.Context(), f)} {
			if got := retry.After(err); err == nil || got != time.Duration(seconds)*time.Second {
				t.Errorf("%d: %s: %v, to be tried after %s", status, what, err, got)
			}
		}
	}
}

func TestCarrierGivesUpInTime(t *testing.T) {
	b := newBench(t)
	a := &api{status: 200, wait: make(chan struct{})}
	c, f := newCarrier(t, b, a, 20*time.Millisecond)
	if _, err := c.Live(t.Context(), f); err == nil || retry.IsPermanent(err) {
		t.Errorf("%v, want an error worth another try", err)
	}
	close(a.wait)
}

func TestCarrierWithoutCredentials(t *testing.T) {
	b := newBench(t)
	c, f := newCarrier(t, b, &api{status: 200}, patience)
	f.Account = apptest.OtherAccount
	f.Tenant = "nobody"
	if _, err := c.Live(t.Context(), f); !retry.IsPermanent(err) {
		t.Errorf("%v, want a permanent error", err)
	}
}
