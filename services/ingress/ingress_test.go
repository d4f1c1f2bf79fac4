package ingress_test

import (

	//nolint:gosec // Twilio's signature is HMAC-SHA1

	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
)

func TestWholeCall(t *testing.T) {
	r := newRig(t, nil)
	action := r.twiml(t, "voice", "CallStatus", "ringing").attr("Gather", "action")
	going := r.twiml(t, action, "Digits", "1")
	r.stream(t, "MZ1", going.attr("Parameter", "value"), 60, true)
	dialStatus := going.attr("Number", "statusCallback")
	for _, w := range [][]string{
		{dialStatus, "CallSid", "CA2", "ParentCallSid", call, "CallStatus", "in-progress"},
		{dialStatus, "CallSid", "CA2", "ParentCallSid", call, "CallStatus", "completed", "CallDuration", "3"},
		{going.attr("Dial", "recordingStatusCallback"), "RecordingSid", "RE1", "RecordingStatus", "completed", "RecordingUrl", "https://x.example/RE1"},
		{"status", "CallStatus", "completed", "CallDuration", "9"},
		{"disposition", "Disposition", "QualifiedLead"},
	} {
		if status, _ := r.post(t, w[0], w[1:]...); status != http.StatusNoContent {
			t.Errorf("%s: status %d", w[len(w)-1], status)
		}
	}
	r.twiml(t, going.attr("Dial", "action"), "DialCallStatus", "completed")
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}

	const life = "call_started consent_recorded media_started media_ended call_started call_ended recording_ready call_ended disposition_set"
	if got := kinds(r.topic(t, events.Lifecycle)); got != life {
		t.Errorf("calls.lifecycle\ngot  %s\nwant %s", got, life)
	}
	es := r.topic(t, events.Media)
	if got, want := kinds(es), "consent_recorded media_started"+strings.Repeat(" audio_chunk", 12)+" media_ended"; got != want {
		t.Errorf("calls.media\ngot  %s\nwant %s", got, want)
	}
	heard := map[events.Party][]byte{}
	for _, e := range es {
		if c, ok := e.Message().(*events.AudioChunk); ok {
			heard[c.GetParty()] = append(heard[c.GetParty()], c.GetAudio()...)
		}
	}
	for party, audio := range heard {
		for i := range 60 {
			if len(audio) != 60*160 || audio[i*160] != byte(i) {
				t.Fatalf("%v: %d bytes, frame %d out of place", party, len(audio), i)
			}
		}
	}
	if got := r.log.String(); strings.Contains(got, caller[1:]) || strings.Contains(got, "14155550100") || strings.Contains(got, token) {
		t.Error("the log holds a number or a secret")
	}
}

// TestStreamBreaks: any replica starts a new stream for one that broke, and none after a withdrawal.
func TestStreamBreaks(t *testing.T) {
	r := newRig(t, nil)
	going := r.twiml(t, r.twiml(t, "voice").attr("Gather", "action"), "Digits", "1")
	status := going.attr("Stream", "statusCallback")
	_ = r.stream(t, "MZ1", going.attr("Parameter", "value"), 25, false).CloseNow()
	if code, _ := r.post(t, status, "StreamEvent", "stream-error", "StreamSid", "MZ1"); code != http.StatusNoContent {
		t.Fatalf("status %d", code)
	}
	again := <-r.asked.started // at once, or after a pause if the log didn't have the first one yet
	r.stream(t, "MZ2", again.Get("Parameter1.Value"), 10, true)

	consent := strings.Replace(status, "/stream-status", "/consent", 1)
	if code, _ := r.post(t, consent, "Consent", "withdrawn"); code != http.StatusNoContent {
		t.Fatalf("status %d", code)
	}
	for _, callback := range []string{status, again.Get("StatusCallback")} {
		if code, _ := r.post(t, callback, "StreamEvent", "stream-stopped"); code != http.StatusNoContent {
			t.Errorf("status %d", code)
		}
	}
	if len(r.asked.streams) != 1 {
		t.Errorf("a stream was started after the withdrawal: %q", r.asked.paths)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	ends := map[string]string{}
	for _, e := range r.topic(t, events.Media) {
		if m, ok := e.Message().(*events.MediaEnded); ok {
			ends[m.GetStreamId()] = fmt.Sprintf("%v %d", m.GetReason(), m.GetCallerChunks())
		}
	}
	if ends["MZ1"] != "MEDIA_END_REASON_DISCONNECTED 3" || ends["MZ2"] != "MEDIA_END_REASON_STOPPED 1" {
		t.Errorf("%v", ends)
	}
}

func TestShutdownEndsStreams(t *testing.T) {
	r := newRig(t, func(c *ingress.Config) { c.Grace = 50 * time.Millisecond })
	going := r.twiml(t, "voice", "To", apptest.QuietLine)
	c := r.stream(t, "MZ1", going.attr("Parameter", "value"), 25, false)
	closed := make(chan error, 1)
	go func() {
		_, _, err := c.Read(t.Context())
		closed <- err
	}()
	// The answer tells that the stream runs, and that all of it has been read.
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the peer heard %v", err)
	}
	es := r.topic(t, events.Media)
	last, _ := es[len(es)-1].Message().(*events.MediaEnded)
	if last.GetReason() != events.MediaEndReason_MEDIA_END_REASON_SHUTDOWN || last.GetCallerChunks() != 3 {
		t.Errorf("%v", last)
	}
}

func TestBrokerAway(t *testing.T) {
	r := newRig(t, func(c *ingress.Config) {
		c.Kafka.Brokers = []string{"127.0.0.1:1"}
		c.PublishTimeout = 50 * time.Millisecond
	})
	v := r.twiml(t, "voice", "To", apptest.QuietLine)
	if v.attr("Dial", "action") == "" || v.attr("Stream", "url") != "" {
		t.Error("without a broker the caller goes on, without a stream")
	}
	if code, err := http.Get("http://" + r.AdminAddr() + "/readyz"); err != nil || code.StatusCode != http.StatusOK {
		t.Errorf("an ingress without Kafka still answers callers, so it is ready: %v", err)
	} else {
		_ = code.Body.Close()
	}
}

func TestAdmin(t *testing.T) {
	r := newRig(t, nil)
	for _, path := range []string{"/healthz", "/readyz"} {
		resp, err := http.Get("http://" + r.AdminAddr() + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

func TestConfigFaults(t *testing.T) {
	cfg := ingress.Defaults()
	cfg.Listen, cfg.UnknownNumber, cfg.PublishTimeout, cfg.CarrierTimeout, cfg.Grace = "x", "", 0, time.Hour, -1
	cfg.TokenKeys = []config.Secret{"short"}
	cfg.Media = ingress.Media{Gather: time.Second}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"kafka", "tenants:", "listen:", "public_url:", "token_keys:", "unknown_number:", "publish_timeout:", "carrier_timeout:", "grace:",
		"media.max_streams:", "media.max_message_bytes:", "media.idle:", "media.gather:", "media.end_wait:", "media.max_unacked_bytes:",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not among the faults", want)
		}
	}
	if strings.Contains(err.Error(), "short\n") {
		t.Error("the error shows a key")
	}
}

func TestUnknownDefaultTenant(t *testing.T) {
	cfg := ingress.Defaults()
	cfg.Kafka.Brokers = []string{"127.0.0.1:1"}
	cfg.Tenants, cfg.Listen, cfg.Admin, cfg.PublicURL = "unused", "127.0.0.1:0", "127.0.0.1:0", public
	cfg.TokenKeys = []config.Secret{"0123456789abcdef0123456789abcdef"}
	cfg.UnknownNumber = "nobody"
	if _, err := ingress.New(t.Context(), cfg, apptest.Tenants(), telemetry.Discard()); err == nil || !strings.Contains(err.Error(), "unknown_number") {
		t.Errorf("%v", err)
	}
}
