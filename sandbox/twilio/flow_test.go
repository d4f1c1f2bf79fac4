package twilio_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// flowCase is one way for a call to go.
type flowCase struct {
	script map[string]string
	call   func(*calls.Call)
	config func(*twilio.Config)
	status string
	paths  string // webhooks, in order as far as there is one
	check  func(t *testing.T, c *customer, res *twilio.Result)
}

func TestFlows(t *testing.T) {
	ask := `<Gather numDigits="1" timeout="6" action="/consent"><Say>one</Say></Gather><Redirect>/on</Redirect>`
	cases := map[string]flowCase{
		"hangs up while it rings": {
			script: map[string]string{"/voice": media}, call: func(c *calls.Call) { c.HangUp = calls.HangUpRinging },
			status: "no-answer", paths: "/voice /status",
			check: func(t *testing.T, c *customer, res *twilio.Result) {
				if p := c.seen("/status")[0].params; p["CallDuration"] != "0" || p["CallStatus"] != "no-answer" || len(res.Streams) > 0 {
					t.Errorf("status %v", p)
				}
			},
		},
		"hangs up at the question": {
			script: map[string]string{"/voice": ask}, call: func(c *calls.Call) { c.HangUp = calls.HangUpQuestion },
			status: "completed", paths: "/voice /status",
		},
		"does not answer the question": {
			script: map[string]string{"/voice": ask, "/on": `<Hangup/>`}, status: "completed", paths: "/voice /on /status",
			check: func(t *testing.T, _ *customer, res *twilio.Result) {
				if res.Duration() != 6400*time.Millisecond {
					t.Errorf("question and time-out took %v", res.Duration())
				}
			},
		},
		"an empty answer is told where that is asked for": {
			script: map[string]string{"/voice": `<Gather action="/consent" actionOnEmptyResult="true"/>`, "/consent": `<Hangup/>`},
			call:   func(c *calls.Call) { c.Keypad = []string{""} },
			status: "completed", paths: "/voice /consent /status",
			check: func(t *testing.T, c *customer, _ *twilio.Result) {
				if d, has := c.seen("/consent")[0].params["Digits"]; !has || d != "" {
					t.Errorf("Digits %q, there %v", d, has)
				}
			},
		},
		"a key ends a longer answer": {
			script: map[string]string{"/voice": `<Gather action="/consent"/>`, "/consent": `<Hangup/>`},
			call:   func(c *calls.Call) { c.Keypad = []string{"42#9"} },
			status: "completed", paths: "/voice /consent /status",
			check: func(t *testing.T, c *customer, _ *twilio.Result) {
				if p := c.seen("/consent")[0].params; p["Digits"] != "42" || p["FinishedOnKey"] != "#" {
					t.Errorf("consent %v", p)
				}
			},
		},
		"answers by voice": {
			script: map[string]string{"/voice": `<Gather input="dtmf speech" timeout="4" speechTimeout="auto" action="/consent"><Say>one</Say></Gather>`, "/consent": `<Hangup/>`},
			config: func(c *twilio.Config) { c.Spoken = map[string][]string{"*": {"Yes, that is fine."}} },
			status: "completed", paths: "/voice /consent /status",
			check: func(t *testing.T, c *customer, res *twilio.Result) {
				p := c.seen("/consent")[0].params
				if _, keys := p["Digits"]; keys || p["SpeechResult"] != "Yes, that is fine." || p["Confidence"] != "0.9317" {
					t.Errorf("consent %v", p)
				}
				// A word of prompt, a second to begin, four words, a second's pause.
				if res.Duration() != 4*time.Second {
					t.Errorf("the answer took %v", res.Duration())
				}
			},
		},
		"keys come before words": {
			script: map[string]string{"/voice": `<Gather input="dtmf speech" numDigits="1" action="/consent"/>`, "/consent": `<Hangup/>`},
			call:   func(c *calls.Call) { c.Keypad = []string{"1"} },
			config: func(c *twilio.Config) { c.Spoken = map[string][]string{"sample": {"yes"}} },
			status: "completed", paths: "/voice /consent /status",
			check: func(t *testing.T, c *customer, _ *twilio.Result) {
				if p := c.seen("/consent")[0].params; p["Digits"] != "1" || p["SpeechResult"] != "" {
					t.Errorf("consent %v", p)
				}
			},
		},
		"who says nothing lets a question by voice time out": {
			script: map[string]string{"/voice": `<Gather input="speech" timeout="3" action="/consent"/><Redirect>/on</Redirect>`, "/on": `<Hangup/>`},
			call:   func(c *calls.Call) { c.Keypad = []string{"1"} }, // nobody listens for keys
			status: "completed", paths: "/voice /on /status",
			check: func(t *testing.T, _ *customer, res *twilio.Result) {
				if res.Duration() != 3*time.Second {
					t.Errorf("the time-out took %v", res.Duration())
				}
			},
		},
		"which is told where that is asked for": {
			script: map[string]string{"/voice": `<Gather input="dtmf speech" action="/consent" actionOnEmptyResult="true"/>`, "/consent": `<Hangup/>`},
			status: "completed", paths: "/voice /consent /status",
			check: func(t *testing.T, c *customer, res *twilio.Result) {
				p := c.seen("/consent")[0].params
				if _, said := p["SpeechResult"]; said || p["Digits"] != "" || res.Duration() != 5*time.Second {
					t.Errorf("consent %v after %v", p, res.Duration())
				}
			},
		},
		"speech is cut off": {
			script: map[string]string{"/voice": `<Gather input="speech" maxSpeechTime="2" action="/consent"/>`, "/consent": `<Hangup/>`},
			config: func(c *twilio.Config) { c.Spoken = map[string][]string{"*": {strings.Repeat("well ", 50)}} },
			status: "completed", paths: "/voice /consent /status",
			check: func(t *testing.T, _ *customer, res *twilio.Result) {
				if res.Duration() != 3*time.Second {
					t.Errorf("cut off after %v", res.Duration())
				}
			},
		},
		"asked while the sound runs, the script answers": {
			script: map[string]string{"/voice": media + `<Gather input="speech" timeout="2" speechTimeout="1" action="/asked"/>`, "/asked": `<Hangup/>`},
			call: func(c *calls.Call) {
				c.Duration = calls.Duration(6 * time.Second)
				c.Script = []calls.Utterance{
					{Track: calls.TrackAgent, Start: calls.Duration(500 * time.Millisecond), End: calls.Duration(time.Second), Text: "Sales or support?"},
					{Track: calls.TrackCaller, Start: calls.Duration(1500 * time.Millisecond), End: calls.Duration(2 * time.Second), Text: "Sales."},
				}
			},
			status: "completed", paths: "/voice /stream /asked /stream /status",
			check: func(t *testing.T, c *customer, res *twilio.Result) {
				if p := c.seen("/asked")[0].params; p["SpeechResult"] != "Sales." || res.Duration() != 3*time.Second {
					t.Errorf("asked %v after %v", p, res.Duration())
				}
			},
		},
		"two questions, two answers": {
			script: map[string]string{"/voice": `<Gather numDigits="1" action="/a"/>`, "/a": `<Gather numDigits="1" action="/b"/>`, "/b": `<Hangup/>`},
			call:   func(c *calls.Call) { c.Keypad = []string{"1", "2"} },
			status: "completed", paths: "/voice /a /b /status",
			check: func(t *testing.T, c *customer, _ *twilio.Result) {
				if c.seen("/a")[0].params["Digits"] != "1" || c.seen("/b")[0].params["Digits"] != "2" {
					t.Error("the answers came in the wrong order")
				}
			},
		},
		"rejected": {
			script: map[string]string{"/voice": `<Reject reason="busy"/>`}, status: "busy", paths: "/voice /status",
		},
		"the document runs out": {
			script: map[string]string{"/voice": media}, status: "completed", paths: "/voice /stream /stream /status",
		},
		"voicemail until the caller goes": {
			script: map[string]string{"/voice": media + `<Record action="/left" maxLength="60" playBeep="false" recordingStatusCallback="/rec"/>`},
			status: "completed", paths: "/voice /stream /left /stream /status /rec",
			check: func(t *testing.T, c *customer, _ *twilio.Result) {
				if p := c.seen("/left")[0].params; p["Digits"] != "hangup" || p["CallStatus"] != "completed" || p["RecordingDuration"] != "3" {
					t.Errorf("record action %v", p)
				}
				if p := c.seen("/rec")[0].params; p["RecordingSource"] != "RecordVerb" || p["RecordingStatus"] != "completed" {
					t.Errorf("recording %v", p)
				}
			},
		},
		"voicemail until silence": {
			script: map[string]string{"/voice": `<Record action="/left" playBeep="false" timeout="2"/>`, "/left": `<Say>thanks</Say>`},
			call: func(c *calls.Call) {
				c.Duration = calls.Duration(20 * time.Second)
				c.Caller = append(bytes.Repeat([]byte{0x10}, 8000*4), bytes.Repeat([]byte{0xFF}, 8000*16)...)
			},
			status: "completed", paths: "/voice /left /status",
			check: func(t *testing.T, c *customer, res *twilio.Result) {
				if p := c.seen("/left")[0].params; p["RecordingDuration"] != "6" || p["Digits"] != "" || p["CallStatus"] != "in-progress" {
					t.Errorf("record action %v", p)
				}
				if res.Duration() > 8*time.Second {
					t.Errorf("the call went on for %v", res.Duration())
				}
			},
		},
		"nobody answers": {
			script: map[string]string{"/voice": `<Dial action="/after" timeout="10"><Number statusCallback="/leg">+14155550199</Number></Dial>`, "/after": `<Hangup/>`},
			call: func(c *calls.Call) {
				c.Agent = &calls.Agent{AnswersAfter: calls.Duration(time.Minute), Disposition: "X"}
			},
			status: "completed", paths: "/voice /leg /after /status",
			check: func(t *testing.T, c *customer, _ *twilio.Result) {
				if p := c.seen("/after")[0].params; p["DialCallStatus"] != "no-answer" || p["DialBridged"] != "false" || p["DialCallDuration"] != "" {
					t.Errorf("dial action %v", p)
				}
				if p := c.seen("/leg")[0].params; p["CallStatus"] != "no-answer" || p["CallDuration"] != "0" || p["SequenceNumber"] != "0" {
					t.Errorf("leg %v", p)
				}
			},
		},
		"the caller goes while it rings on": {
			script: map[string]string{"/voice": media + `<Dial action="/after"><Sip statusCallback="/leg">sip:desk@pbx.example</Sip></Dial>`},
			call:   func(c *calls.Call) { c.Agent = &calls.Agent{AnswersAfter: calls.Duration(time.Minute)} },
			status: "completed", paths: "/voice /stream /leg /after /stream /status",
			check: func(t *testing.T, c *customer, _ *twilio.Result) {
				if p := c.seen("/leg")[0].params; p["CallStatus"] != "canceled" || p["To"] != "sip:desk@pbx.example" {
					t.Errorf("leg %v", p)
				}
			},
		},
		"one after the other": {
			script: map[string]string{"/voice": `<Dial sequential="true" timeout="2"><Number>+14155550198</Number><Number>+14155550199</Number></Dial>`},
			call:   func(c *calls.Call) { c.Agent = &calls.Agent{AnswersAfter: calls.Duration(time.Minute)} },
			status: "completed", paths: "/voice /status",
			check: func(t *testing.T, _ *customer, res *twilio.Result) {
				if len(res.Legs) != 2 || res.Duration() != 4*time.Second {
					t.Errorf("legs %v in %v", res.Legs, res.Duration())
				}
			},
		},
		"all at once, the first takes it": {
			script: map[string]string{"/voice": `<Dial answerOnBridge="true" record="record-from-answer-dual" recordingStatusCallback="/rec"><Number>+14155550198</Number><Number statusCallback="/leg">+14155550199</Number></Dial>`},
			call:   func(c *calls.Call) { c.Agent = &calls.Agent{AnswersAfter: calls.Duration(2 * time.Second)} },
			status: "completed", paths: "/voice /leg /status /rec",
			check: func(t *testing.T, c *customer, res *twilio.Result) {
				if res.Legs[0].Status != "completed" || res.Legs[1].Status != "canceled" {
					t.Errorf("legs %+v", res.Legs)
				}
				if wait := res.Call.Answer.Sub(res.Call.Ring); wait != 2*time.Second {
					t.Errorf("answered after %v: not before the bridge", wait)
				}
				if p := c.seen("/rec")[0].params; p["RecordingSource"] != "DialVerb" || p["RecordingDuration"] != "3" {
					t.Errorf("recording %v", p)
				}
			},
		},
		"callbacks by GET": {
			script: map[string]string{"/voice": `<Gather method="GET" action="/consent?t=a%20b" actionOnEmptyResult="true"/>`, "/consent": `<Dial><Number statusCallback="/leg" statusCallbackMethod="GET">+14155550199</Number></Dial>`},
			status: "completed", paths: "/voice /consent /leg /status",
			check: func(t *testing.T, c *customer, res *twilio.Result) {
				if p := c.seen("/consent")[0].params; p["t"] != "a b" || p["CallSid"] != res.CallSid {
					t.Errorf("consent %v", p)
				}
				if p := c.seen("/leg")[0].params; p["CallStatus"] != "completed" {
					t.Errorf("leg %v", p)
				}
			},
		},
		"handed back to Studio": {
			script: map[string]string{"/voice": media + `<Redirect>https://webhooks.twilio.com/v1/Accounts/` + account + `/Flows/` + flow + `?FlowEvent=return&amp;consent=granted</Redirect>`},
			call:   func(c *calls.Call) { c.Agent = &calls.Agent{Disposition: "ResolvedByAgent"} },
			status: "completed", paths: "/voice /stream /stream /status /disposition",
			check: func(t *testing.T, _ *customer, res *twilio.Result) {
				if !res.Studio || res.Flow["consent"] != "granted" || len(res.Legs) != 1 {
					t.Errorf("studio %v %v", res.Flow, res.Legs)
				}
			},
		},
		"handed back to somebody else's flow": {
			script: map[string]string{"/voice": `<Redirect>https://webhooks.twilio.com/v1/Accounts/AC99990000000000000000000000000001/Flows/` + flow + `?FlowEvent=return</Redirect>`},
			status: "failed", paths: "/voice /status",
			check: func(t *testing.T, _ *customer, res *twilio.Result) {
				if len(res.Faults) != 1 || res.Faults[0].Code != 11200 {
					t.Errorf("faults %v", res.Faults)
				}
			},
		},
		"withheld number": {
			script: map[string]string{"/voice": `<Hangup/>`}, call: func(c *calls.Call) { c.From = calls.Anonymous },
			config: func(c *twilio.Config) { c.Withheld = "+266696687" },
			status: "completed", paths: "/voice /status",
			check: func(t *testing.T, c *customer, _ *twilio.Result) {
				if p := c.seen("/voice")[0].params; p["From"] != "+266696687" || p["StirVerstat"] != "" || p["FromCountry"] != "" {
					t.Errorf("voice %v", p)
				}
			},
		},
		"the receptionist reports consent": {
			script: map[string]string{"/voice": media + `<Dial>+14155550199</Dial>`},
			call: func(c *calls.Call) {
				c.ReportConsent = []calls.ConsentReport{{At: calls.Duration(time.Second), Answer: calls.ConsentGranted}, {At: calls.Duration(2 * time.Second), Answer: calls.ConsentWithdrawn}}
			},
			status: "completed", paths: "/voice /stream /reported /reported /stream /status",
			check: func(t *testing.T, c *customer, res *twilio.Result) {
				r := c.seen("/reported")
				if r[0].params["Consent"] != "granted" || r[1].params["Consent"] != "withdrawn" || r[1].params["CallSid"] != res.CallSid {
					t.Errorf("reports %+v", r)
				}
				first, _ := time.Parse(time.RFC3339, r[0].params["Timestamp"])
				second, _ := time.Parse(time.RFC3339, r[1].params["Timestamp"])
				if first.IsZero() || second.Sub(first) != time.Second {
					t.Errorf("reported at %v and %v", first, second)
				}
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.run(t) })
		})
	}
}

func (f flowCase) run(t *testing.T) {
	c := newCustomer(t, newMemory(), f.script)
	cfg := c.config()
	if f.config != nil {
		f.config(&cfg)
	}
	carrier := start(t, c, cfg)
	call := sample(3)
	if f.call != nil {
		f.call(call)
	}
	res := place(t, carrier, call)
	if res.Status != f.status {
		t.Errorf("status %s, want %s; faults %v", res.Status, f.status, res.Faults)
	}
	// Callbacks run beside the call, so what happens at one moment comes in any order.
	got, want := strings.Fields(c.paths()), strings.Fields(f.paths)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("webhooks %q, want %q", got, want)
	}
	if f.check != nil {
		f.check(t, c, res)
	}
}

// TestAFallbackThatFailsToo has answered nothing: the call failed, and is counted once.
func TestAFallbackThatFailsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		customer := newCustomer(t, newMemory(), map[string]string{"/voice": `<Say>`, "/fallback": `<Say>`})
		carrier := start(t, customer, customer.config())
		place(t, carrier, sample(1))
		if r := carrier.Report(); len(customer.seen("/fallback")) == 0 || r.Calls.Failed != 1 || r.Calls.Fallbacks != 0 {
			t.Errorf("report %+v", r.Calls)
		}
	})
}

func TestFaultsOfTwiML(t *testing.T) {
	cases := map[string]struct {
		body string
		code int
	}{
		"not well-formed":   {`<Say>`, 12100},
		"unknown attribute": {`<Say loud="yes">x</Say>`, 12200},
		"query string":      {`<Start><Stream url="wss://ingress.test/media?x=1"/></Start>`, 12200},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				customer := newCustomer(t, newMemory(), map[string]string{"/voice": c.body, "/fallback": `<Say>sorry</Say>`})
				carrier := start(t, customer, customer.config())
				res := place(t, carrier, sample(1))
				if len(res.Faults) != 1 || res.Faults[0].Code != c.code {
					t.Errorf("faults %v, want %d", res.Faults, c.code)
				}
				// Twilio tells the fallback what was wrong, and the call is saved.
				p := customer.seen("/fallback")[0].params
				if p["ErrorCode"] == "" || !strings.HasPrefix(p["ErrorUrl"], customer.base+"/voice") || res.Status != "completed" {
					t.Errorf("fallback %v, status %s", p, res.Status)
				}
				if r := carrier.Report(); r.Calls.Fallbacks != 1 || len(r.Errors) != 1 {
					t.Errorf("report %+v", r)
				}
			})
		})
	}
}
