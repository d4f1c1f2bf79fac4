package twilio_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// TestCallFromRingToRecord plays one whole call at life's pace, in no time.
func TestCallFromRingToRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		customer := newCustomer(t, newMemory(), map[string]string{
			"/voice": `<Gather input="dtmf" numDigits="1" timeout="6" action="/consent#rc=3" actionOnEmptyResult="true"><Say>Press one please</Say></Gather>`,
			"/consent": media + `<Start><Recording recordingStatusCallback="/rec" recordingStatusCallbackEvent="in-progress completed"/></Start>` +
				`<Dial action="/after"><Number statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">+14155550199</Number></Dial>`,
		})
		carrier := start(t, customer, customer.config())
		call := sample(3)
		call.Keypad = []string{"1"}
		call.ForwardedFrom = "+12065550111"
		call.Agent = &calls.Agent{AnswersAfter: calls.Duration(time.Second), Disposition: "ResolvedByAgent", DispositionAfter: calls.Duration(10 * time.Second)}
		res := place(t, carrier, call)

		if len(res.Faults) > 0 || res.Status != twilio.StatusCompleted {
			t.Fatalf("status %s, faults %v", res.Status, res.Faults)
		}
		first := customer.seen("/voice")[0].params
		for name, want := range map[string]string{
			"CallSid": res.CallSid, "AccountSid": account, "From": caller, "To": line, "CallStatus": "ringing", "Direction": "inbound",
			"ApiVersion": "2010-04-01", "FromCity": "CHICAGO", "FromState": "IL", "FromCountry": "US", "ToCity": "SAN FRANCISCO",
			"Caller": caller, "Called": line, "ForwardedFrom": "+12065550111", "StirVerstat": "TN-Validation-Passed-A",
		} {
			if first[name] != want {
				t.Errorf("voice webhook: %s is %q, want %q", name, first[name], want)
			}
		}
		if d := customer.seen("/consent")[0].params; d["Digits"] != "1" || d["CallStatus"] != "in-progress" || d["CallToken"] != "" {
			t.Errorf("consent: %v", d)
		}
		wantLegs(t, customer, res)
		wantRecording(t, customer, res)
		wantStream(t, customer, res, call)
		status := customer.seen("/status")
		// Three words and a key, then three seconds of sound.
		if len(status) != 1 || status[0].params["CallStatus"] != "completed" || status[0].params["CallDuration"] != "5" || status[0].params["SequenceNumber"] != "0" {
			t.Errorf("status callbacks: %+v", status)
		}
		after := customer.seen("/after")
		if len(after) != 1 || after[0].params["DialCallStatus"] != "completed" || after[0].params["CallStatus"] != "completed" || after[0].params["DialCallDuration"] != "2" {
			t.Errorf("dial action: %+v", after)
		}
		d := customer.seen("/disposition")
		if len(d) != 1 || d[0].params["CallSid"] != res.CallSid || d[0].params["Disposition"] != "ResolvedByAgent" || d[0].at.Sub(status[0].at) != 10*time.Second {
			t.Errorf("disposition: %+v", d)
		}
		if got := res.Duration(); got != 5200*time.Millisecond {
			t.Errorf("the call took %v", got)
		}
	})
}

func wantLegs(t *testing.T, c *customer, res *twilio.Result) {
	t.Helper()
	legs := c.seen("/leg")
	got := make([]string, 0, len(legs))
	for i, h := range legs {
		got = append(got, h.params["CallStatus"])
		if h.params["ParentCallSid"] != res.CallSid || h.params["CallSid"] != res.Legs[0].Sid || h.params["CallSid"] == res.CallSid ||
			h.params["SequenceNumber"] != string(rune('0'+i)) || h.params["Direction"] != "outbound-dial" || h.params["To"] != "+14155550199" {
			t.Errorf("leg callback %d: %v", i, h.params)
		}
		if _, err := time.Parse(time.RFC1123Z, h.params["Timestamp"]); err != nil {
			t.Errorf("leg callback %d: %v", i, err)
		}
	}
	if want := "initiated ringing in-progress completed"; strings.Join(got, " ") != want {
		t.Errorf("leg statuses %q, want %q", got, want)
	}
	if d := legs[len(legs)-1].params["CallDuration"]; d != "2" {
		t.Errorf("the leg's CallDuration is %s, want 2", d)
	}
}

func wantRecording(t *testing.T, c *customer, res *twilio.Result) {
	t.Helper()
	rec := c.seen("/rec")
	if len(rec) != 2 || rec[0].params["RecordingStatus"] != "in-progress" || rec[1].params["RecordingStatus"] != "completed" {
		t.Fatalf("recording callbacks: %+v", rec)
	}
	for _, h := range rec {
		if _, has := h.params["From"]; has || h.params["CallSid"] != res.CallSid || h.params["RecordingSource"] != "StartCallRecordingTwiML" {
			t.Errorf("recording callback: %v", h.params)
		}
	}
	if p := rec[1].params; p["RecordingDuration"] != "3" || p["RecordingChannels"] != "2" || !strings.HasSuffix(p["RecordingUrl"], p["RecordingSid"]) {
		t.Errorf("completed recording: %v", p)
	}
}

func wantStream(t *testing.T, c *customer, res *twilio.Result, call *calls.Call) {
	t.Helper()
	s := c.socket(0)
	if len(s.problems) > 0 || s.events[0] != "connected" || s.events[1] != "start" || !s.stop {
		t.Fatalf("stream: %v, problems %v", s.events[:2], s.problems)
	}
	if s.start["callSid"] != res.CallSid || s.start["customParameters"].(map[string]any)["token"] != "abc" ||
		s.start["mediaFormat"].(map[string]any)["sampleRate"] != 8000.0 || len(s.start["tracks"].([]any)) != 2 {
		t.Errorf("start: %v", s.start)
	}
	if !bytes.Equal(sound(s.track("inbound")), call.Caller) || !bytes.Equal(sound(s.track("outbound")), call.AgentAudio) {
		t.Error("the sound that came is not the call's")
	}
	for i, f := range s.media {
		if f.seq != i+2 || f.chunk != i/2+1 || f.ms != i/2*20 || len(f.audio) != 160 {
			t.Fatalf("message %d: %+v", i, f)
		}
		if late := f.at.Sub(s.media[0].at); late != time.Duration(f.ms)*time.Millisecond {
			t.Fatalf("message %d came %v after the first, its timestamp says %d ms", i, late, f.ms)
		}
	}
	events := c.seen("/stream")
	if len(events) != 2 || events[0].params["StreamEvent"] != "stream-started" || events[1].params["StreamEvent"] != "stream-stopped" ||
		events[1].params["StreamSid"] != res.Streams[0].Sid || events[1].params["StreamName"] != "live" {
		t.Errorf("stream callbacks: %+v", events)
	}
}
