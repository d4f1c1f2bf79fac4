package twilio_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// TestDelivery is about webhooks that don't go well.
func TestDelivery(t *testing.T) {
	cases := map[string]struct {
		prepare func(*customer, *twilio.Config)
		script  map[string]string
		status  string
		check   func(*testing.T, *customer, *twilio.Result, twilio.Report)
	}{
		"tried again where the URL asks for it": {
			prepare: func(c *customer, _ *twilio.Config) {
				c.refuse["/voice"] = []int{503, 500}
				c.refuse["/status"] = []int{500, 500, 500}
			},
			script: map[string]string{"/voice": `<Hangup/>`}, status: "completed",
			check: func(t *testing.T, c *customer, _ *twilio.Result, r twilio.Report) {
				voice := c.seen("/voice")
				if len(voice) != 3 || voice[0].token == "" || voice[0].token != voice[2].token {
					t.Errorf("voice was tried %d times; one token marks all tries", len(voice))
				}
				if status := c.seen("/status"); len(status) != 4 || status[0].token == voice[0].token {
					t.Errorf("status was tried %d times", len(status))
				}
				if r.Webhooks.Sent != 2 || r.Webhooks.Retried != 5 || r.Webhooks.Failed != 0 {
					t.Errorf("report %+v", r.Webhooks)
				}
			},
		},
		"by default a 5xx is not tried again": {
			prepare: func(c *customer, cfg *twilio.Config) {
				cfg.Accounts[0].Numbers[0].VoiceURL = c.base + "/voice"
				c.refuse["/voice"] = []int{503}
			},
			script: map[string]string{"/voice": `<Hangup/>`, "/fallback": `<Say>a moment</Say>`}, status: "completed",
			check: func(t *testing.T, c *customer, res *twilio.Result, _ twilio.Report) {
				if c.paths() != "/voice /fallback /status" || res.Faults[0].Code != 11200 {
					t.Errorf("webhooks %s, faults %v", c.paths(), res.Faults)
				}
				if p := c.seen("/fallback")[0].params; p["ErrorCode"] != "11200" || p["CallStatus"] != "ringing" {
					t.Errorf("fallback %v", p)
				}
			},
		},
		"refused, and no fallback either": {
			prepare: func(c *customer, _ *twilio.Config) {
				c.refuse["/voice"], c.refuse["/fallback"] = []int{403}, []int{403}
			},
			script: map[string]string{}, status: "failed",
			check: func(t *testing.T, c *customer, res *twilio.Result, r twilio.Report) {
				if c.paths() != "/voice /fallback /status" || r.Webhooks.Refused != 2 || r.Calls.Failed != 1 || r.Errors["11200"] != 2 {
					t.Errorf("webhooks %s, report %+v", c.paths(), r)
				}
				if p := c.seen("/status")[0].params; p["CallStatus"] != "failed" {
					t.Errorf("status %v, result %v", p, res.Status)
				}
			},
		},
		"all tries end within 15 seconds": {
			prepare: func(c *customer, _ *twilio.Config) { c.stall["/voice"] = time.Minute },
			script:  map[string]string{"/fallback": `<Hangup/>`}, status: "completed",
			check: func(t *testing.T, c *customer, res *twilio.Result, _ twilio.Report) {
				if wait := c.seen("/fallback")[0].at.Sub(res.Wall.Ring); wait != 15*time.Second || len(c.seen("/voice")) != 1 {
					t.Errorf("the fallback was asked after %v, voice %d times", wait, len(c.seen("/voice")))
				}
			},
		},
		"a short read time-out leaves room for more tries": {
			prepare: func(c *customer, cfg *twilio.Config) {
				cfg.Accounts[0].Numbers[0].VoiceURL = c.base + "/voice#ct=1000&rt=1000&rc=3&rp=rt"
				c.stall["/voice"] = time.Minute
			},
			script: map[string]string{"/fallback": `<Hangup/>`}, status: "completed",
			check: func(t *testing.T, c *customer, _ *twilio.Result, _ twilio.Report) {
				if n := len(c.seen("/voice")); n != 4 {
					t.Errorf("voice was tried %d times, want 4", n)
				}
			},
		},
		"another content type is no TwiML": {
			prepare: func(c *customer, cfg *twilio.Config) {
				cfg.Accounts[0].Numbers[0].VoiceFallbackURL = ""
			},
			script: map[string]string{}, status: "failed", // an empty answer
			check: func(t *testing.T, _ *customer, res *twilio.Result, _ twilio.Report) {
				if res.Faults[0].Code != 12100 {
					t.Errorf("faults %v", res.Faults)
				}
			},
		},
		"doubled on purpose": {
			prepare: func(_ *customer, cfg *twilio.Config) { cfg.Mischief = map[string]twilio.Mischief{"*": {Double: 1}} },
			script:  map[string]string{"/voice": `<Hangup/>`}, status: "completed",
			check: func(t *testing.T, c *customer, _ *twilio.Result, r twilio.Report) {
				voice := c.seen("/voice")
				if c.paths() != "/voice /voice /status /status" || voice[0].token == voice[1].token || r.Webhooks.Doubled != 2 {
					t.Errorf("webhooks %s, doubled %d", c.paths(), r.Webhooks.Doubled)
				}
			},
		},
		"out of order on purpose": {
			prepare: func(_ *customer, cfg *twilio.Config) {
				cfg.Mischief = map[string]twilio.Mischief{"sample": {Disorder: 1}}
			},
			script: map[string]string{"/voice": media + `<Dial><Number statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">+14155550199</Number></Dial>`},
			status: "completed",
			check: func(t *testing.T, c *customer, _ *twilio.Result, r twilio.Report) {
				var order string
				for _, h := range c.seen("/leg") {
					order += h.params["SequenceNumber"]
				}
				if len(order) != 4 || order == "0123" || r.Webhooks.HeldBack != 7 {
					t.Errorf("leg callbacks came as %s, held back %d", order, r.Webhooks.HeldBack)
				}
			},
		},
		"the final status never comes": {
			prepare: func(_ *customer, cfg *twilio.Config) {
				cfg.Mischief = map[string]twilio.Mischief{"sample": {NoFinalStatus: true}}
			},
			script: map[string]string{"/voice": `<Hangup/>`}, status: "completed",
			check: func(t *testing.T, c *customer, _ *twilio.Result, _ twilio.Report) {
				if c.paths() != "/voice" {
					t.Errorf("webhooks %s", c.paths())
				}
			},
		},
		"an outage: nobody listens": {
			prepare: func(c *customer, _ *twilio.Config) { c.close() },
			script:  map[string]string{}, status: "failed",
			check: func(t *testing.T, c *customer, res *twilio.Result, r twilio.Report) {
				// voice 3 tries, fallback 2, status 4.
				if r.Webhooks.Retried != 6 || r.Webhooks.Failed != 3 || res.Faults[0].Code != 11205 || r.Errors["11205"] != 3 {
					t.Errorf("report %+v, faults %v", r.Webhooks, res.Faults)
				}
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				customer := newCustomer(t, newMemory(), c.script)
				cfg := customer.config()
				c.prepare(customer, &cfg)
				carrier := start(t, customer, cfg)
				res := place(t, carrier, sample(1))
				if res.Status != c.status {
					t.Errorf("status %s, want %s; %v", res.Status, c.status, res.Faults)
				}
				c.check(t, customer, res, carrier.Report())
			})
		})
	}
}
