package twilio_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// share is one fault, always or by chance.
func share(code, operation string, part float64) fault.Settings {
	return fault.Settings{Errors: []fault.Share{{Code: code, Operation: operation, Share: part}}}
}

func TestFaultsOnTheWayOfWebhooks(t *testing.T) {
	cases := map[string]struct {
		faults fault.Settings
		check  func(*testing.T, *customer, *twilio.Result, twilio.Report)
	}{
		"no connection: nothing is seen": {
			faults: share("11205", "callback", 1),
			check: func(t *testing.T, c *customer, res *twilio.Result, r twilio.Report) {
				if c.paths() != "/voice" || r.Webhooks.Retried != 3 || r.Errors["11205"] != 1 || res.Status != "completed" {
					t.Errorf("webhooks %s, report %+v, %s", c.paths(), r.Webhooks, res.Status)
				}
			},
		},
		"the answer is lost: what was done is done again": {
			faults: share("11200", "twiml", 1),
			check: func(t *testing.T, c *customer, res *twilio.Result, r twilio.Report) {
				voice := c.seen("/voice")
				if len(voice) != 3 || voice[0].token != voice[2].token || res.Status != "failed" || r.Errors["11200"] != 2 {
					t.Errorf("voice was seen %d times, %s, errors %v", len(voice), res.Status, r.Errors)
				}
			},
		},
		"some of them": {
			faults: share("11205", "", 0.5),
			check: func(t *testing.T, _ *customer, _ *twilio.Result, r twilio.Report) {
				if none := r.Webhooks.Answers["none"]; none == 0 || r.Webhooks.Answers["200"] == 0 {
					t.Errorf("answers %v", r.Webhooks.Answers)
				}
			},
		},
		"latency": {
			faults: fault.Settings{Latency: fault.Latency{Median: 2 * time.Second}},
			check: func(t *testing.T, c *customer, res *twilio.Result, r twilio.Report) {
				if late := c.seen("/voice")[0].at.Sub(res.Wall.Ring); late != 2*time.Second || r.Webhooks.Twiml.P50 < 1900 {
					t.Errorf("voice came after %v, report %+v", late, r.Webhooks.Twiml)
				}
			},
		},
		"latency beyond the time-out": {
			faults: fault.Settings{Latency: fault.Latency{Median: time.Minute}},
			check: func(t *testing.T, c *customer, res *twilio.Result, _ twilio.Report) {
				if c.paths() != "" || res.Status != "failed" || res.Faults[0].Code != 11200 {
					t.Errorf("webhooks %s, %s, %v", c.paths(), res.Status, res.Faults)
				}
			},
		},
		"outage": {
			faults: fault.Settings{Outage: true},
			check: func(t *testing.T, c *customer, res *twilio.Result, _ twilio.Report) {
				if c.paths() != "" || res.Status != "failed" || res.Faults[0].Code != 11205 {
					t.Errorf("webhooks %s, %s, %v", c.paths(), res.Status, res.Faults)
				}
			},
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCustomer(t, newMemory(), map[string]string{"/voice": `<Pause length="1"/>`})
				cfg := c.config()
				cfg.WebhookFaults = tt.faults
				carrier := start(t, c, cfg)
				tt.check(t, c, place(t, carrier, sample(1)), carrier.Report())
			})
		})
	}
}

func TestFaultsOnTheWayOfStreams(t *testing.T) {
	cases := map[string]struct {
		faults fault.Settings
		code   int // that the stream ends with; 0 is in order
		least  int // frames that come all the same
	}{
		"refused":           {share("31902", "connect", 1), 31902, 0},
		"no answer":         {share("31901", "", 1), 31901, 0},
		"no handshake":      {share("31920", "connect", 1), 31920, 0},
		"breaks":            {share("31903", "media", 1), 31903, 1},
		"outage":            {fault.Settings{Outage: true}, 31902, 0},
		"latency":           {fault.Settings{Latency: fault.Latency{Median: 300 * time.Millisecond, P99: time.Second}}, 0, 100},
		"too much latency":  {fault.Settings{Latency: fault.Latency{Median: time.Minute}}, 31901, 0},
		"none, by default":  {fault.Settings{}, 0, 150},
		"by chance, seldom": {share("31903", "media", 0), 0, 150},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, res := streamed(t, 3, func(_ *customer, cfg *twilio.Config) { cfg.StreamFaults = tt.faults })
				got := res.Streams[0]
				if (got.Error == nil) != (tt.code == 0) || got.Error != nil && got.Error.Code != tt.code {
					t.Errorf("ended with %v, want %d", got.Error, tt.code)
				}
				if e := lastEvent(c)["StreamEvent"]; (e == "stream-error") != (tt.code != 0) {
					t.Errorf("told %s", e)
				}
				if n := got.Messages / 2; n < tt.least || tt.code != 0 && n >= 150 {
					t.Errorf("%d frames a track came", n)
				}
				if res.Status != "completed" {
					t.Errorf("the call was %s", res.Status)
				}
			})
		})
	}
	t.Run("an outage breaks what is open", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCustomer(t, newMemory(), map[string]string{"/voice": media + `<Dial>+14155550199</Dial>`})
			carrier := start(t, c, c.config())
			c.onMedia = func(ctx context.Context, conn *websocket.Conn, s *socket) {
				for n := 0; s.read(ctx, conn); n++ {
					if n == 50 {
						carrier.StreamFaults().Set(fault.Settings{Outage: true})
					}
				}
			}
			res := place(t, carrier, sample(3))
			if e := res.Streams[0].Error; e == nil || e.Code != 31903 || res.Streams[0].Messages > 60 {
				t.Errorf("%d messages, ended with %v", res.Streams[0].Messages, e)
			}
		})
	})
}

func TestFaultsAreSetFromOutside(t *testing.T) {
	c := newCustomer(t, newMemory(), nil)
	carrier := start(t, c, c.config())
	put := func(path, body string) int {
		w := httptest.NewRecorder()
		carrier.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPut, path, strings.NewReader(body)))
		return w.Code
	}
	for path, faults := range map[string]*fault.Injector{
		"/sandbox/faults": carrier.Faults(), "/sandbox/faults/webhooks": carrier.WebhookFaults(), "/sandbox/faults/streams": carrier.StreamFaults(),
	} {
		if faults.Down() || put(path, `{"outage":true}`) != http.StatusNoContent || !faults.Down() {
			t.Errorf("%s: not set", path)
		}
		if put(path, `{"outrage":true}`) != http.StatusBadRequest {
			t.Errorf("%s: an unknown setting was taken", path)
		}
	}
}
