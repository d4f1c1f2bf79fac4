package inference_test

import (
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry/telemetrytest"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/services/inference"
)

// TestNothingPrivateLeaves: over calls that are answered, repaired, blocked, refused and never answered, and over
// messages that are no events, neither words nor numbers nor tokens get into logs, spans and metrics.
func TestNothingPrivateLeaves(t *testing.T) {
	w, seen := newWorld(t), telemetrytest.Watch(t)
	w.tel = seen.Telemetry
	_, stop := w.service(func(c *inference.Config) {
		c.Desk.Ask.Initial, c.Desk.Ask.Budget = 10*time.Millisecond, 50*time.Millisecond
		c.Desk.AskAgain.Initial = time.Hour
		c.Desk.Timing.Early, c.Desk.Timing.Unknown = 20*time.Millisecond, 60*time.Millisecond
	})
	for id, code := range map[string]string{
		"CA1": "", "CA2": "BAD_QUOTE", "CA3": "SAFETY", "CA4": "PERMISSION_DENIED", "CA5": "UNAVAILABLE", "CA6": "MAX_TOKENS", "CA7": "RESOURCE_EXHAUSTED",
	} {
		set := fault.Settings{}
		if code != "" {
			set.Errors = []fault.Share{{Code: code, Share: 1}}
		}
		w.model.Faults().Set(set)
		c := newCall(id)
		w.publish(events.Lifecycle, c.begin()...)
		w.publish(events.Transcripts, c.words()...)
		w.publish(events.Lifecycle, c.end())
		w.revision()
	}
	w.model.Faults().Set(fault.Settings{})
	stranger := newCall("CA8")
	stranger.Tenant = "nobody"
	unknown := newCall("CA9").event(time.Minute, &events.DispositionSet{Disposition: "Whitfield", Source: events.DispositionSource_DISPOSITION_SOURCE_AGENT})
	w.publish(events.Lifecycle, stranger.begin()[0], unknown)
	stray, err := events.Marshal(newCall("CA10").words()[1])
	if err != nil {
		t.Fatal(err)
	}
	for topic, value := range map[string][]byte{
		events.Lifecycle.Name: []byte("no event: Martin Whitfield, +12025550123"), events.Transcripts.Name: stray,
	} {
		if err := w.prod.Publish(t.Context(), produce.Message{Topic: topic, Key: []byte("CA11"), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		dead := w.next(events.DeadLetters.Name)
		for _, h := range dead.Headers {
			if string(h.Value) == "Whitfield" {
				t.Errorf("the header %s of a dead letter holds a value", h.Key)
			}
		}
	}
	stop()
	seen.HoldsNone(t, []string{
		"Whitfield", "Martin", "Bluebird", "book a demo", "4242 4242", "42424242", "2025550123", "202-555", "4155550100", "tuesday at 3",
		"test-only-auth-token-of-acme", "test-only-caller-key",
	}, "tenant_unknown", "undecodable", "wrong_key", "disposition_unknown")
}
