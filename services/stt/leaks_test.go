package stt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry/telemetrytest"
	"github.com/frontdesk/frontdesk/sandbox/fault"
)

// TestNothingPrivateLeaves: over calls whose streams are refused and break, a call of nobody's, and messages that are no
// events, neither words nor numbers nor tokens get into logs, spans and metrics.
func TestNothingPrivateLeaves(t *testing.T) {
	t.Parallel()
	r, seen := newRig(t, 20, "says-private-things", "books-a-demo"), telemetrytest.Watch(t)
	r.tel = seen.Telemetry
	r.speech.Faults().Set(fault.Settings{Seed: 3, Errors: []fault.Share{
		{Operation: "StreamingRecognize", Code: "UNAVAILABLE", Share: .3}, {Operation: "StreamingRecognize", Code: "RESOURCE_EXHAUSTED", Share: .2},
		{Operation: "mid-stream", Code: "INTERNAL", Share: .5},
	}})
	_, stop := r.start(r.config())
	said := "my name is Wolfeschlegel and my number is 2025550187"
	stray, err := events.Marshal(r.meta(r.calls[0]).Event(time.Now(), &events.TranscriptSegment{
		StreamId: "MZ", Party: events.Party_PARTY_CALLER, StartMs: 1, EndMs: 2, Text: said, Run: "live",
	}))
	if err != nil {
		t.Fatal(err)
	}
	nobodys := r.meta(r.calls[0])
	nobodys.ID, nobodys.Leg, nobodys.Tenant = "CAnobodys", "CAnobodys", "nobody"
	r.publish(nobodys.Event(time.Now(), &events.MediaStarted{
		StreamId: "MZn", Parties: []events.Party{events.Party_PARTY_CALLER}, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000,
		Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED,
	}), events.Media)
	for key, value := range map[string][]byte{"CAbroken": []byte("no event: " + said), "CAother": stray} {
		if err := r.prod.Publish(t.Context(), produce.Message{Topic: events.Media.Name, Key: []byte(key), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	r.playAll()()
	r.transcripts(60 * time.Second)
	stop()
	for _, d := range kafkatest.Records(t, r.conn, events.DeadLetters.Name) {
		for _, h := range d.Headers {
			if strings.Contains(string(h.Value), "Wolfeschlegel") {
				t.Errorf("the header %s of a dead letter holds what was said", h.Key)
			}
		}
		if deadletter.Get(d.Headers, deadletter.HeaderCode) == "" {
			t.Error("a dead letter without a code")
		}
	}
	sentinels := []string{"Wolfeschlegel", "2025550187", "sandbox-only-auth-token", "sandbox-only-caller-key"}
	for _, c := range r.calls {
		sentinels = append(sentinels, strings.TrimPrefix(c.From, "+"), strings.TrimPrefix(c.To, "+"))
		for _, u := range c.Script {
			if words := strings.Fields(u.Text); len(words) > 3 {
				sentinels = append(sentinels, strings.Join(words[:3], " "))
			}
		}
	}
	seen.HoldsNone(t, sentinels, "wrong_key", "undecodable")
}
