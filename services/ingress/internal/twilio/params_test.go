package twilio_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
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

// TestImpossibleNumbers: a time or a length that can't be is set right and counted; the call keeps its end.
func TestImpossibleNumbers(t *testing.T) {
	day, clock := 24*time.Hour, time.Date(2026, 11, 2, 15, 4, 5, 0, time.UTC)
	for name, tt := range map[string]struct {
		param, value string
		at           time.Time
		length       time.Duration
		odd          bool
	}{
		"the year 1":                     {"Timestamp", "0001-01-01T00:00:00Z", clock, 12 * time.Second, true},
		"1970":                           {"Timestamp", "Thu, 01 Jan 1970 00:00:01 +0000", clock, 12 * time.Second, true},
		"9999":                           {"Timestamp", "Fri, 31 Dec 9999 23:59:59 +0000", clock, 12 * time.Second, true},
		"yesterday":                      {"Timestamp", "yesterday", clock, 12 * time.Second, true},
		"just over a day ago":            {"Timestamp", "Sun, 01 Nov 2026 15:04:04 +0000", clock, 12 * time.Second, true},
		"just under a day ago":           {"Timestamp", "Sun, 01 Nov 2026 15:04:05 +0000", clock.Add(-day), 12 * time.Second, false},
		"no time":                        {"Timestamp", "", clock, 12 * time.Second, false},
		"a call of 31 years":             {"CallDuration", "1000000000", clock, day, true},
		"a call of 136 years":            {"CallDuration", "4294967295", clock, day, true},
		"a call longer than numbers are": {"CallDuration", "42949672950", clock, 0, true},
		"a call that ended before":       {"CallDuration", "-5", clock, 0, true},
		"a call of a day":                {"CallDuration", "86400", clock, day, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			got := b.send(t, request{path: "status", params: params("CallStatus", "completed", "CallDuration", "12", tt.param, tt.value)})
			if got.status != http.StatusNoContent {
				t.Fatalf("status %d", got.status)
			}
			c, e := only[*events.CallEnded](t, b)
			if !c.GetEndedAt().AsTime().Equal(tt.at) || !e.GetOccurredAt().AsTime().Equal(tt.at) || c.GetDuration().AsDuration() != tt.length {
				t.Errorf("ended %s after %s", c.GetEndedAt().AsTime(), c.GetDuration().AsDuration())
			}
			if _, err := events.Marshal(e); err != nil {
				t.Error(err)
			}
			want := int64(0)
			if tt.odd {
				want = 1
			}
			if n := b.counted(t, "frontdesk.ingress.odd_values", "kind", "status", "parameter", tt.param); n != want {
				t.Errorf("counted %d times", n)
			}
		})
	}
	b := newBench(t)
	recording := strings.Replace(granted(t, b, apptest.DialLine).find("Dial").attr("action"), "/dial-action", "/recording", 1)
	b.send(t, request{path: recording, params: params("RecordingSid", "RE1", "RecordingStatus", "completed",
		"RecordingDuration", "4294967295", "RecordingStartTime", "Mon, 01 Jan 9999 00:00:00 +0000")})
	if r, _ := only[*events.RecordingReady](t, b); r.GetStartedAt() != nil || r.GetDuration().AsDuration() != day {
		t.Errorf("recording from %s for %s", r.GetStartedAt().AsTime(), r.GetDuration().AsDuration())
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
