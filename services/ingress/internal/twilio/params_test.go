package twilio_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
)

// awkward are texts that protobuf refuses as they are, or would refuse cut at the 64th byte.
var awkward = map[string]string{
	"a rune over the cut": strings.Repeat("a", 63) + "é" + "b",
	"no UTF-8":            "a\xff\xfeb",
	"half a rune, long":   strings.Repeat("\xc3", 70),
	"short":               "señor",
}

// TestAwkwardTextsAreStored: a call goes unheard, and a disposition is refused for good, if its event can't be encoded.
func TestAwkwardTextsAreStored(t *testing.T) {
	for name, text := range awkward {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			parseTwiML(t, b.ring(t, apptest.QuietLine, "StirVerstat", text))
			if b.counted(t, "frontdesk.ingress.webhooks", "kind", "voice", "outcome", "ok") != 1 {
				t.Error("the call goes unheard")
			}
			disposition := request{path: "disposition", params: params("Disposition", "QualifiedLead", "Agent", text, "Id", text)}
			if got := b.send(t, disposition); got.status != http.StatusNoContent {
				t.Errorf("disposition: status %d", got.status)
			}
			started := apptest.Of[*events.CallStarted](b.pub, events.Lifecycle)
			set := apptest.Of[*events.DispositionSet](b.pub, events.Lifecycle)
			if len(started) != 1 || len(set) != 1 {
				t.Fatalf("%d CallStarted, %d DispositionSet", len(started), len(set))
			}
			for what, got := range map[string]string{"StirVerstat": started[0].GetStirVerstat(), "Agent": set[0].GetAgent()} {
				if !utf8.ValidString(got) || len(got) > 64 || !strings.HasPrefix(strings.ToValidUTF8(text, ""), got) {
					t.Errorf("%s became %q", what, got)
				}
			}
			recording := request{path: strings.Replace(granted(t, b, apptest.DialLine).find("Dial").attr("action"), "/dial-action", "/recording", 1), params: params(
				"RecordingSid", "RE1", "RecordingStatus", "completed", "RecordingUrl", "https://api.example/"+text)}
			if got := b.send(t, recording); got.status != http.StatusNoContent {
				t.Errorf("recording: status %d", got.status)
			}
		})
	}
}

func TestStrangeIdsAreRefused(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"CallSid", "ParentCallSid", "DialCallSid", "RecordingSid", "StreamSid"} {
		for _, id := range []string{"CA 1", "CA1\n", "CA\xff", "../CA1", strings.Repeat("C", 65)} {
			got := b.send(t, request{path: "status", params: params("CallStatus", "completed", name, id)})
			if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, name) || strings.Contains(got.body, id) {
				t.Errorf("%s %q: status %d, %s", name, id, got.status, got.body)
			}
		}
	}
	if len(b.pub.Messages()) != 0 {
		t.Error("something was stored")
	}
}
