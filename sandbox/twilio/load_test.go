package twilio_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// named is a short call with a name.
func named(name string, seconds int) *calls.Call {
	c := sample(seconds)
	c.Name = name
	return c
}

func TestRunEachCallOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/voice": `<Dial>+14155550199</Dial>`})
		carrier := start(t, c, c.config())
		first, second, third := named("first", 3), named("second", 1), named("third", 1)
		third.After = "first"
		var mu sync.Mutex
		var order []string
		var last twilio.Progress
		report, err := carrier.Run(t.Context(), twilio.Load{
			Calls: []*calls.Call{first, second, third}, Concurrency: 3,
			Before: func(_ context.Context, call *calls.Call) error {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, "before "+call.Name)
				return nil
			},
			OnResult: func(r *twilio.Result) {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, r.Name)
			},
			Progress: func(p twilio.Progress) { last = p },
		})
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.Index(order, "before third"); i < slices.Index(order, "first") || len(order) != 6 {
			t.Errorf("order %v", order)
		}
		if report.Calls.Completed != 3 || report.Calls.Placed != 3 || report.PeakConcurrent != 2 || report.Seconds != 4 {
			t.Errorf("report %+v", report)
		}
		if last.Done != 3 || last.Active != 0 || last.Placed != 3 {
			t.Errorf("last progress %+v", last)
		}
	})
}

func TestRunArrivesByChanceAtTheBusyHoursRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/voice": `<Dial>+14155550199</Dial>`})
		carrier := start(t, c, c.config())
		load := twilio.Load{
			Calls: []*calls.Call{named("a", 180)}, PeakCallsPerDay: 50_000, Share: 0.2, Duration: 20 * time.Minute, Speed: 2,
			VaryCallers: true,
		}
		// 50,000 x 0.15 / 3600 s x 0.2, twice as fast as life.
		if rate := load.Rate(); math.Abs(rate-0.8333) > 0.001 {
			t.Fatalf("rate %v", rate)
		}
		report, err := carrier.Run(t.Context(), load)
		if err != nil {
			t.Fatal(err)
		}
		if n := report.Calls.Placed; n < 900 || n > 1100 || report.Calls.Completed != n {
			t.Errorf("%d calls placed, %d completed; want about 1000", n, report.Calls.Completed)
		}
		// 375 x 0.2 calls at once, give or take what chance makes of it.
		if report.PeakConcurrent < 75 || report.PeakConcurrent > 110 {
			t.Errorf("%d at once at most, want a little over 75", report.PeakConcurrent)
		}
		from := map[string]int{}
		for _, h := range c.seen("/voice") {
			from[h.params["From"]]++
			if f := h.params["From"]; f != caller && !strings.Contains(f, "55501") {
				t.Fatal("a made-up caller has a number that somebody may own")
			}
		}
		if len(from) < report.Calls.Placed-1 {
			t.Errorf("%d calls by %d callers", report.Calls.Placed, len(from))
		}
	})
}

func TestRunIsBoundedByConcurrencyAndCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/voice": `<Dial>+14155550199</Dial>`})
		carrier := start(t, c, c.config())
		report, err := carrier.Run(t.Context(), twilio.Load{Calls: []*calls.Call{named("a", 2), named("b", 2)}, Count: 10, Concurrency: 4})
		if err != nil {
			t.Fatal(err)
		}
		if report.PeakConcurrent != 4 || report.Calls.Completed != 10 || report.Seconds != 6 {
			t.Errorf("report %+v", report)
		}
		if r := carrier.Report(); r.Calls.Completed != 10 {
			t.Errorf("the carrier counted %d", r.Calls.Completed)
		}
	})
}

// TestRunCountsRequestsOfItsTime: what the customer asks for while a load runs, of a call or of the account, and nothing before.
func TestRunCountsRequestsOfItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/voice": `<Dial>+14155550199</Dial>`})
		carrier := start(t, c, c.config())
		ask := func() {
			if _, err := rest(carrier, token).ListCall(nil); err != nil {
				t.Error(err)
			}
			if _, err := rest(carrier, token).FetchCall("CA00000000000000000000000000000000", nil); code(err) != 20404 {
				t.Errorf("a call that nobody made: %v", err)
			}
		}
		ask()
		load := twilio.Load{Calls: []*calls.Call{named("a", 1)}, Before: func(context.Context, *calls.Call) error { ask(); return nil }}
		for range 2 {
			report, err := carrier.Run(t.Context(), load)
			if err != nil || report.REST != (twilio.RESTCounts{Requests: 2, Refused: 1}) {
				t.Errorf("%+v, %v; want 2 requests, 1 of them refused", report.REST, err)
			}
		}
	})
}

func TestRunDoublesAndDisorders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/voice": media + `<Dial>+14155550199</Dial>`})
		carrier := start(t, c, c.config())
		report, err := carrier.Run(t.Context(), twilio.Load{Calls: []*calls.Call{named("a", 1)}, Count: 100, Concurrency: 20, Doubled: 0.3, Disorder: 0.3})
		if err != nil {
			t.Fatal(err)
		}
		// Four webhooks a call, three of them callbacks.
		if d, h := report.Webhooks.Doubled, report.Webhooks.HeldBack; d < 90 || d > 150 || h < 65 || h > 115 {
			t.Errorf("doubled %d of 400, held back %d of 300", d, h)
		}
		if report.Webhooks.Sent != 400+report.Webhooks.Doubled || len(c.hooks) != report.Webhooks.Sent {
			t.Errorf("sent %d, came %d", report.Webhooks.Sent, len(c.hooks))
		}
	})
}

func TestRunStops(t *testing.T) {
	t.Run("when Before says no", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCustomer(t, newMemory(), map[string]string{"/voice": `<Hangup/>`})
			carrier := start(t, c, c.config())
			no := errors.New("not yet")
			_, err := carrier.Run(t.Context(), twilio.Load{Calls: []*calls.Call{named("a", 1)}, Count: 1000, Concurrency: 1,
				Before: func(context.Context, *calls.Call) error { return no }})
			if !errors.Is(err, no) || len(c.seen("/voice")) > 0 {
				t.Errorf("got %v", err)
			}
		})
	})
	t.Run("with its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCustomer(t, newMemory(), map[string]string{"/voice": media + `<Dial>+14155550199</Dial>`})
			carrier := start(t, c, c.config())
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			report, err := carrier.Run(ctx, twilio.Load{Calls: []*calls.Call{named("a", 600)}, Count: 10, Concurrency: 5})
			if !errors.Is(err, context.DeadlineExceeded) || report.Calls.Aborted != 5 || report.Seconds > 11 {
				t.Errorf("%v; report %+v", err, report.Calls)
			}
		})
	})
	t.Run("with the carrier", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCustomer(t, newMemory(), map[string]string{"/voice": media + `<Dial>+14155550199</Dial>`})
			carrier := start(t, c, c.config())
			go func() {
				time.Sleep(2 * time.Second)
				if err := carrier.Close(); err != nil {
					t.Error(err)
				}
			}()
			if _, err := carrier.Place(t.Context(), named("a", 600)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if _, err := carrier.Place(t.Context(), named("a", 600)); err == nil {
				t.Error("a closed carrier places no calls")
			}
		})
	})
}

func TestLoadIsChecked(t *testing.T) {
	c := twilio.Config{}
	carrier, err := twilio.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer carrier.Close()
	_, err = carrier.Run(t.Context(), twilio.Load{Count: -1, Share: 2, Speed: 0.5, PeakCallsPerDay: 1})
	for _, want := range []string{"calls: none", "none below 0", "from 0 to 1", "speed: from 1", ""} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	stranger := named("a", 1)
	stranger.To = "+19995550100"
	if _, err := carrier.Place(t.Context(), stranger); err == nil || strings.Contains(err.Error(), "999") {
		t.Errorf("a number of nobody's: %v", err)
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	_, err := twilio.Start(t.Context(), twilio.Config{
		Speed: 0.5, Withheld: "nobody", Accounts: []twilio.Account{
			{SID: "AC1", Numbers: []twilio.Number{{PhoneNumber: "4155550100", VoiceURL: "/voice", StatusCallback: "http://h/secret#rc=9"}}},
			{SID: account, AuthTokens: []string{"a", "b", "c"}},
			{SID: account, AuthTokens: []string{""}},
		},
		Mischief: map[string]twilio.Mischief{"x": {Double: 2, Drop: []twilio.Drop{{Track: "both"}}, BreakStream: []time.Duration{2, 1}}},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"speed 0.5", "withheld", "accounts[0].sid", "accounts[0].auth_tokens", "accounts[0].numbers[0].phone_number",
		"accounts[0].numbers[0].voice_url", `"rc"`, "accounts[1].auth_tokens", "accounts[2].sid: is there twice", "one is empty",
		"drop[0]", "break_stream[1]", "double and disorder",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Error("the error quotes a URL")
	}
}

func TestSidsFollowFromTheSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sids := map[string]int{}
		for _, seed := range []uint64{1, 1, 2} {
			c := newCustomer(t, newMemory(), map[string]string{"/voice": `<Hangup/>`})
			cfg := c.config()
			cfg.Seed = seed
			carrier := start(t, c, cfg)
			for range 2 {
				res := place(t, carrier, sample(1))
				sids[res.CallSid]++
			}
		}
		counts := make([]int, 0, len(sids))
		for sid, n := range sids {
			if len(sid) != 34 || !strings.HasPrefix(sid, "CA") {
				t.Errorf("CallSid %s", sid)
			}
			counts = append(counts, n)
		}
		slices.Sort(counts)
		if !slices.Equal(counts, []int{1, 1, 2, 2}) {
			t.Errorf("SIDs repeat %v times", counts)
		}
	})
}

func TestReportIsJSON(t *testing.T) {
	carrier, err := twilio.Start(t.Context(), twilio.Config{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer carrier.Close()
	b, err := json.Marshal(carrier.Report())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"seed", "calls", "webhooks", "latency_ms", "p99", "streams", "media_messages", "discarded_frames", "errors", "peak_concurrent"} {
		if !strings.Contains(string(b), `"`+key+`"`) {
			t.Errorf("no %q in %s", key, b)
		}
	}
}
