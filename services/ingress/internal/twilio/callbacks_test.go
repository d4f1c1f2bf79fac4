package twilio_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/spool"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
)

// granted is the TwiML after a granted question: what it hands out is what the tests call back.
func granted(t *testing.T, b *bench, to string) node {
	t.Helper()
	action := parseTwiML(t, b.ring(t, to)).find("Gather").attr("action")
	return parseTwiML(t, b.send(t, request{path: action, params: params("To", to, "Digits", "1")}))
}

// only returns the one body of a type on calls.lifecycle, and its event; repeated ones must repeat the id.
func only[M interface {
	comparable
	GetStatus() S
}, S any](t *testing.T, b *bench) (M, *events.CallEvent) {
	t.Helper()
	var body M
	var event *events.CallEvent
	for _, e := range b.pub.Events(events.Lifecycle) {
		m, ok := e.Message().(M)
		switch {
		case !ok:
		case event == nil:
			body, event = m, e
		case event.GetEventId() != e.GetEventId():
			t.Errorf("two different events of one kind: %s, %s", event.GetEventId(), e.GetEventId())
		}
	}
	if event == nil {
		t.Fatal("there is no such event")
	}
	return body, event
}

func TestStatusCallback(t *testing.T) {
	for status, want := range map[string]events.CallStatus{
		"completed": events.CallStatus_CALL_STATUS_COMPLETED, "busy": events.CallStatus_CALL_STATUS_BUSY,
		"failed": events.CallStatus_CALL_STATUS_FAILED, "no-answer": events.CallStatus_CALL_STATUS_NO_ANSWER,
		"canceled": events.CallStatus_CALL_STATUS_CANCELED,
	} {
		t.Run(status, func(t *testing.T) {
			b := newBench(t)
			r := request{path: "status", params: params(
				"CallStatus", status, "CallDuration", "73", "Timestamp", "Mon, 02 Nov 2026 15:06:00 +0000", "SequenceNumber", "4")}
			for range 3 { // doubled, and late
				if got := b.send(t, r); got.status != http.StatusNoContent {
					t.Fatalf("status %d", got.status)
				}
				b.now.add(time.Hour)
			}
			c, e := only[*events.CallEnded](t, b)
			if c.GetStatus() != want || c.GetDuration().AsDuration() != 73*time.Second || c.GetSequenceNumber() != 4 {
				t.Errorf("%v", c)
			}
			if !c.GetEndedAt().AsTime().Equal(time.Date(2026, 11, 2, 15, 6, 0, 0, time.UTC)) {
				t.Error("the end is not Twilio's timestamp")
			}
			if e.GetCallId() != callID || e.GetLegId() != callID || e.GetTenant() != "acme" || c.GetOpenedBy().GetFrom() != from {
				t.Errorf("envelope or opener wrong")
			}
		})
	}
	t.Run("states on the way make no event", func(t *testing.T) {
		b := newBench(t)
		for _, status := range []string{"queued", "initiated", "ringing", "in-progress", "something new", ""} {
			if got := b.send(t, request{path: "status", params: params("CallStatus", status)}); got.status != http.StatusNoContent {
				t.Errorf("%q: status %d", status, got.status)
			}
		}
		if len(b.pub.Messages()) != 0 {
			t.Error("something was stored")
		}
	})
	t.Run("nobody's number", func(t *testing.T) {
		b := newBench(t)
		got := b.send(t, request{path: "status", params: params("CallStatus", "completed", "To", "+19995550100")})
		if got.status != http.StatusNoContent || len(b.pub.Messages()) != 0 {
			t.Errorf("status %d, %d events", got.status, len(b.pub.Messages()))
		}
	})
	t.Run("broker away: Twilio is asked to come again", func(t *testing.T) {
		b := newBench(t)
		b.pub.Fail(errAway)
		if got := b.send(t, request{path: "status", params: params("CallStatus", "completed")}); got.status != http.StatusServiceUnavailable {
			t.Errorf("status %d", got.status)
		}
	})
	t.Run("before the voice webhook was ever seen the id is the same", func(t *testing.T) {
		first, second := newBench(t), newBench(t)
		second.ring(t, apptest.DialLine)
		for _, b := range []*bench{first, second} {
			b.send(t, request{path: "status", params: params("CallStatus", "completed", "CallDuration", "5")})
		}
		_, a := only[*events.CallEnded](t, first)
		_, c := only[*events.CallEnded](t, second)
		if a.GetEventId() != c.GetEventId() {
			t.Error("the ids differ")
		}
	})
}

func TestDialStatus(t *testing.T) {
	b := newBench(t)
	url := granted(t, b, apptest.DialLine).find("Number").attr("statusCallback")
	leg := func(status string, more ...string) request {
		return request{path: url, params: params(append([]string{
			"CallSid", child, "ParentCallSid", callID, "Direction", "outbound-dial", "To", "+14155550199", "CallStatus", status,
		}, more...)...)}
	}
	// Out of order, doubled, with states that make no event.
	for _, r := range []request{
		leg("completed", "CallDuration", "30", "SequenceNumber", "3"), leg("ringing"), leg("in-progress", "SequenceNumber", "2"),
		leg("initiated"), leg("in-progress", "SequenceNumber", "2"), leg("completed", "CallDuration", "30", "SequenceNumber", "3"),
	} {
		if got := b.send(t, r); got.status != http.StatusNoContent {
			t.Fatalf("%s: status %d", r.params["CallStatus"], got.status)
		}
	}
	_, ended := only[*events.CallEnded](t, b)
	ids := map[string]bool{}
	for _, e := range b.pub.Events(events.Lifecycle) {
		if e.GetLegId() == child {
			ids[e.GetEventId()] = true
			if e.GetCallId() != callID {
				t.Errorf("a leg opened a call of its own: %s", e.GetCallId())
			}
		}
	}
	if len(ids) != 2 || ended.GetLegId() != child {
		t.Errorf("%d different events of the leg, want CallStarted and CallEnded", len(ids))
	}
	// The action of <Dial> tells the same end.
	action := strings.Replace(url, "/dial-status", "/dial-action", 1)
	b.send(t, request{path: action, params: params("DialCallSid", child, "DialCallStatus", "completed", "DialCallDuration", "30")})
	only[*events.CallEnded](t, b)

	for name, tt := range map[string]struct {
		r    request
		want int
	}{
		"no token":        {request{path: "dial-status", params: params("CallStatus", "completed")}, http.StatusForbidden},
		"a leg of others": {leg("completed", "ParentCallSid", "CA9"), http.StatusForbidden},
		"the root itself": {leg("completed", "CallSid", callID, "ParentCallSid", ""), http.StatusUnprocessableEntity},
		"no leg":          {leg("completed", "CallSid", ""), http.StatusUnprocessableEntity},
	} {
		if got := b.send(t, tt.r); got.status != tt.want {
			t.Errorf("%s: status %d, want %d", name, got.status, tt.want)
		}
	}
}

func TestStreamStatus(t *testing.T) {
	b := newBench(t)
	url := granted(t, b, apptest.DialLine).find("Stream").attr("statusCallback")
	tell := func(event string) reply {
		return b.send(t, request{path: url, params: params("StreamSid", "MZ1", "StreamEvent", event, "Timestamp", "2026-11-02T15:04:06.000Z")})
	}
	if got := tell("stream-started"); got.status != http.StatusNoContent || len(b.carrier.Did()) != 0 {
		t.Errorf("started: %d, did %q", got.status, b.carrier.Did())
	}
	for _, event := range []string{"stream-error", "stream-stopped"} {
		if got := tell(event); got.status != http.StatusNoContent {
			t.Errorf("%s: status %d", event, got.status)
		}
	}
	if want := []string{"live", "start-stream 1", "live", "start-stream 1"}; !slices.Equal(b.carrier.Did(), want) {
		t.Errorf("did %q, want %q", b.carrier.Did(), want)
	}
	if b.counted(t, "frontdesk.ingress.stream_restarts", "outcome", string(app.RestartStarted)) != 2 {
		t.Error("not counted")
	}
	if got := tell("stream-paused"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("unknown event: status %d", got.status)
	}
	b.carrier.Err = errAway
	if got := tell("stream-error"); got.status != http.StatusServiceUnavailable {
		t.Errorf("carrier away: status %d", got.status)
	}
	b.carrier.Err, b.carrier.Dead = nil, true
	if got := tell("stream-stopped"); got.status != http.StatusNoContent {
		t.Errorf("after the call: status %d", got.status)
	}
	if last := b.carrier.Did(); last[len(last)-1] != "live" {
		t.Errorf("a stream was started for a call that has ended: %q", last)
	}
}

func TestRecordingCallback(t *testing.T) {
	b := newBench(t)
	url := granted(t, b, apptest.DialLine).find("Dial").attr("recordingStatusCallback")
	tell := func(status string, more ...string) reply {
		p := map[string]string{ // there is no From on it
			"AccountSid": apptest.Account, "CallSid": callID, "RecordingSid": "RE1", "RecordingStatus": status,
			"RecordingUrl": "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1", "RecordingDuration": "61",
			"RecordingChannels": "2", "RecordingStartTime": "Mon, 02 Nov 2026 15:05:00 +0000", "ErrorCode": "0",
		}
		for i := 0; i+1 < len(more); i += 2 {
			p[more[i]] = more[i+1]
		}
		return b.send(t, request{path: url, params: p})
	}
	for _, status := range []string{"completed", "in-progress", "completed"} {
		if got := tell(status); got.status != http.StatusNoContent {
			t.Fatalf("%s: status %d", status, got.status)
		}
	}
	r, e := only[*events.RecordingReady](t, b)
	if r.GetRecordingId() != "RE1" || r.GetDuration().AsDuration() != 61*time.Second || r.GetChannels() != 2 || r.GetMediaUrl() == "" ||
		!r.GetStartedAt().AsTime().Equal(time.Date(2026, 11, 2, 15, 5, 0, 0, time.UTC)) {
		t.Error("RecordingReady is not what Twilio told")
	}
	if e.GetLegId() != callID || e.GetTenant() != "acme" || e.GetCallerRef() == "" {
		t.Error("the envelope does not know the call: the token should have said")
	}
	if n := len(apptest.Of[*events.RecordingStarted](b.pub, events.Lifecycle)); n != 1 {
		t.Errorf("%d RecordingStarted", n)
	}
	if got := tell("paused"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("unknown status: %d", got.status)
	}
	if got := tell("completed", "RecordingSid", ""); got.status != http.StatusUnprocessableEntity {
		t.Errorf("no id: %d", got.status)
	}
	if got := b.send(t, request{path: "recording", params: params("RecordingSid", "RE1")}); got.status != http.StatusForbidden {
		t.Errorf("no token: %d", got.status)
	}
}

func TestDispositionCallback(t *testing.T) {
	b := newBench(t)
	dialled := granted(t, b, apptest.DialLine)
	url := strings.Replace(dialled.find("Dial").attr("action"), "/dial-action", "/disposition", 1)
	for name, tt := range map[string]struct {
		r    request
		want int
	}{
		"by token":                 {request{path: url, params: map[string]string{"Disposition": "ResolvedByAgent", "Agent": "WK1"}}, http.StatusNoContent},
		"by CallSid and To":        {request{path: "disposition", params: params("Disposition", "QualifiedLead")}, http.StatusNoContent},
		"a name nobody knows":      {request{path: url, params: map[string]string{"Disposition": "Sold"}}, http.StatusUnprocessableEntity},
		"no name":                  {request{path: url, params: map[string]string{}}, http.StatusUnprocessableEntity},
		"neither token nor call":   {request{path: "disposition", params: map[string]string{"Disposition": "QualifiedLead"}}, http.StatusUnprocessableEntity},
		"a number nobody owns":     {request{path: "disposition", params: params("Disposition", "QualifiedLead", "To", "+19995550100")}, http.StatusUnprocessableEntity},
		"a token that is not ours": {request{path: "disposition?t=x", params: params("Disposition", "QualifiedLead")}, http.StatusForbidden},
	} {
		if got := b.send(t, tt.r); got.status != tt.want {
			t.Errorf("%s: status %d, want %d", name, got.status, tt.want)
		} else if strings.Contains(got.body, "Sold") || strings.Contains(got.body, "999") {
			t.Errorf("%s: the answer quotes a value", name)
		}
	}
	if n := len(apptest.Of[*events.DispositionSet](b.pub, events.Lifecycle)); n != 2 {
		t.Errorf("%d dispositions stored, want 2", n)
	}
	t.Run("a repetition is the same event, another choice is not", func(t *testing.T) {
		b := newBench(t)
		say := func(name, id string) {
			b.send(t, request{path: "disposition", params: params("Disposition", name, "Id", id)})
		}
		say("QualifiedLead", "")
		say("QualifiedLead", "")
		say("ResolvedByAgent", "")
		say("QualifiedLead", "2")
		ids := map[string]bool{}
		for _, e := range b.pub.Events(events.Lifecycle) {
			ids[e.GetEventId()] = true
		}
		if len(ids) != 3 {
			t.Errorf("%d different events, want 3", len(ids))
		}
	})
}

func TestReportedConsent(t *testing.T) {
	b := newBench(t)
	stream := parseTwiML(t, b.ring(t, apptest.ReportedLine)).find("Stream")
	url := strings.Replace(stream.attr("statusCallback"), "/stream-status", "/consent", 1)
	for _, word := range []string{"granted", "granted", "withdrawn", "withdrawn"} {
		if got := b.send(t, request{path: url, params: map[string]string{"Consent": word}}); got.status != http.StatusNoContent {
			t.Fatalf("%s: status %d", word, got.status)
		}
	}
	// Doubled it begins nothing twice; a withdrawal is worth saying twice.
	want := []string{"live", "start-recording", "stop-streams", "stop-recording", "stop-streams", "stop-recording"}
	if !slices.Equal(b.carrier.Did(), want) {
		t.Errorf("did %q", b.carrier.Did())
	}
	for _, topic := range []events.Topic{events.Lifecycle, events.Media} {
		ids := map[string]bool{}
		for _, e := range b.pub.Events(topic) {
			if e.Kind() == events.KindConsentRecorded {
				ids[e.GetEventId()] = true
			}
		}
		if len(ids) != 2 {
			t.Errorf("%d different answers on %s, want 2", len(ids), topic.Name)
		}
	}
	// The stop was ours: no new stream, although the stream's own token still says pending.
	before := len(b.carrier.Did())
	b.send(t, request{path: stream.attr("statusCallback"), params: params("StreamEvent", "stream-stopped")})
	if did := b.carrier.Did()[before:]; !slices.Equal(did, []string{"live"}) {
		t.Errorf("after the withdrawal: did %q", did)
	}
	before = len(b.carrier.Did())
	if got := b.send(t, request{path: url, params: map[string]string{"Consent": "granted"}}); got.status != http.StatusNoContent || len(b.carrier.Did()) != before {
		t.Errorf("a grant after the withdrawal: status %d, did %q", got.status, b.carrier.Did()[before:])
	}
	if got := b.send(t, request{path: url, params: map[string]string{"Consent": "perhaps"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an answer nobody knows: %d", got.status)
	}
	if got := b.send(t, request{path: "consent", params: params("To", apptest.ReportedLine, "Consent", "refused")}); got.status != http.StatusNoContent {
		t.Errorf("by CallSid and To: %d", got.status)
	}
	b.pub.Fail(errAway)
	if got := b.send(t, request{path: url, params: map[string]string{"Consent": "refused"}}); got.status != http.StatusServiceUnavailable {
		t.Errorf("broker away: %d", got.status)
	}
}

// TestReportedConsentSaysWhen: the time that the report states tells answers apart, and a repetition repeats it.
func TestReportedConsentSaysWhen(t *testing.T) {
	b := newBench(t)
	url := strings.Replace(parseTwiML(t, b.ring(t, apptest.ReportedLine)).find("Stream").attr("statusCallback"), "/stream-status", "/consent", 1)
	say := func(word, at string, want int) {
		t.Helper()
		b.now.add(10 * time.Second)
		got := b.send(t, request{path: url, params: map[string]string{"Consent": word, "Timestamp": at}})
		if got.status != want {
			t.Errorf("%s at %q: status %d, %s", word, at, got.status, got.body)
		}
	}
	say("granted", "2026-11-02T15:05:00.250Z", http.StatusNoContent)
	say("granted", "2026-11-02T15:05:00.250Z", http.StatusNoContent)
	say("refused", "Mon, 02 Nov 2026 15:06:00 +0000", http.StatusNoContent)
	say("granted", "2026-11-02T15:05:00.250Z", http.StatusNoContent) // late, again
	say("granted", "", http.StatusUnprocessableEntity)               // new, or late again? nobody can tell
	say("granted", "Mon, 02 Nov 2026 15:07:00 +0000", http.StatusNoContent)
	var got []string
	seen := map[string]bool{}
	for _, e := range b.pub.Events(events.Lifecycle) {
		if m, ok := e.Message().(*events.ConsentRecorded); ok && !seen[e.GetEventId()] {
			seen[e.GetEventId()] = true
			got = append(got, m.GetAnswer().String()[len("CONSENT_ANSWER_"):]+m.GetDecidedAt().AsTime().Format(" 15:04:05.000"))
		}
	}
	if want := []string{"GRANTED 15:05:00.250", "REFUSED 15:06:00.000", "GRANTED 15:07:00.000"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

// TestLogsHoldNothingPersonal drives every path, well and badly, and reads the log.
func TestLogsHoldNothingPersonal(t *testing.T) {
	b := newBench(t)
	dialled := granted(t, b, apptest.DialLine)
	action := dialled.find("Dial").attr("action")
	status := dialled.find("Stream").attr("statusCallback")
	everything := func() {
		b.ring(t, apptest.DialLine)
		b.ring(t, "+19995550100")
		for _, path := range []string{
			"voice", "consent", "consent?t=bad", "onward", "voicemail", "dial-status", "recording", "status", "stream-status", "disposition",
			action, status, strings.Replace(action, "dial-action", "consent", 1), strings.Replace(action, "dial-action", "recording", 1),
			strings.Replace(action, "dial-action", "dial-status", 1), strings.Replace(action, "dial-action", "disposition", 1),
		} {
			b.send(t, request{path: path, params: params(
				"CallStatus", "completed", "DialCallSid", child, "DialCallStatus", "completed", "ParentCallSid", callID, "CallSid", child,
				"StreamEvent", "stream-error", "RecordingSid", "RE1", "RecordingStatus", "completed", "Disposition", "QualifiedLead",
				"SpeechResult", "yes my name is Ada", "ForwardedFrom", "+12025550112", "Agent", "WKagent")})
		}
	}
	everything()
	b.pub.Fail(errAway)
	b.carrier.Err = errAway
	everything()
	log := b.log.String()
	if !strings.Contains(log, "could not be stored") {
		t.Fatal("nothing was logged: the test proves nothing")
	}
	_, token, _ := strings.Cut(strings.TrimSuffix(action, retries), "?t=")
	for what, secret := range map[string]string{
		"the caller's number": from[1:], "the dialled number": apptest.DialLine[1:], "a forwarding number": "2025550112", "a call token": token,
		"an auth token": "new-token", "what was said": "Ada", "an agent": "WKagent", "a URL": "://",
	} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s", what)
		}
	}
}

// TestNextStreamWaits: a stream that never began is followed after a pause, once however often Twilio tells; whoever ends
// starts it before, and lets nothing wait any more.
func TestNextStreamWaits(t *testing.T) {
	b := newBench(t, func(s *app.Settings, _ *twilio.SocketConfig) { s.RestartPause = time.Hour })
	url := parseTwiML(t, b.ring(t, apptest.QuietLine)).find("Stream").attr("statusCallback")
	failed := request{path: url, params: params("StreamEvent", "stream-error", "StreamSid", "MZ1")}
	for range 3 {
		if got := b.send(t, failed); got.status != http.StatusNoContent {
			t.Fatalf("status %d", got.status)
		}
	}
	if did := b.carrier.Did(); slices.Contains(did, "start-stream 1") {
		t.Errorf("started at once: %q", did)
	}
	if n := b.counted(t, "frontdesk.ingress.stream_restarts", "outcome", "waits"); n != 3 {
		t.Errorf("%d waits counted", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.server.Drain(ctx)
	started := slices.DeleteFunc(b.carrier.Did(), func(what string) bool { return what != "start-stream 1" })
	if f := b.carrier.Last(); len(started) != 1 || f.Failed != 1 || f.Attempt != 1 {
		t.Errorf("%d streams started, attempt %d after %d failures", len(started), f.Attempt, f.Failed)
	}
	if got := b.send(t, failed); got.status != http.StatusServiceUnavailable {
		t.Errorf("status %d of a replica that ends", got.status)
	}
}

// TestWhatWaitsIsForgottenByNobody: a disk without room, on which nothing can be noted, and a replica that ends have Twilio tell another
// one, which there may not be.
func TestWhatWaitsIsForgottenByNobody(t *testing.T) {
	dir := t.TempDir()
	journal, _, _, err := spool.OpenJournal(dir, spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, func(s *app.Settings, _ *twilio.SocketConfig) { s.RestartPause = time.Hour })
	twilio.Journal(b.server, journal)
	url := parseTwiML(t, b.ring(t, apptest.QuietLine)).find("Stream").attr("statusCallback")
	failed := request{path: url, params: params("StreamEvent", "stream-error", "StreamSid", "MZ1")}
	var full []*spool.Entry
	for err == nil {
		var e *spool.Entry
		if e, err = journal.Note(make([]byte, 300)); err == nil {
			full = append(full, e)
		}
	}
	for range 2 {
		if got := b.send(t, failed); got.status != http.StatusServiceUnavailable {
			t.Errorf("status %d without room", got.status)
		}
	}
	for _, e := range full {
		if err := e.Done(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.server.Drain(ctx)
	if n := len(slices.DeleteFunc(b.carrier.Did(), func(what string) bool { return what != "start-stream 1" })); n != 1 {
		t.Errorf("%d streams started of one that could not be noted", n)
	}
	if got := b.send(t, failed); got.status != http.StatusServiceUnavailable {
		t.Errorf("status %d of a replica that ends", got.status)
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	next, left, _, err := spool.OpenJournal(dir, spool.Options{})
	if err != nil || len(left) != 1 {
		t.Errorf("%d are left to the next start, %v", len(left), err)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
}

// TestNothingWaitsForEver: an account that was closed has no calls any more, and its carrier never says so.
func TestNothingWaitsForEver(t *testing.T) {
	b := newBench(t, func(s *app.Settings, _ *twilio.SocketConfig) { s.RestartPause = time.Millisecond })
	url := parseTwiML(t, b.ring(t, apptest.QuietLine)).find("Stream").attr("statusCallback")
	asked, over := 0, make(chan struct{})
	b.carrier.On = func(what string) {
		if what != "live" {
			return
		}
		switch asked++; asked {
		case 2:
			b.carrier.Err = &retry.Error{Class: retry.Permanent, Code: "twilio.401"}
		case 4:
			b.now.add(30 * 24 * time.Hour)
			close(over)
		}
	}
	if got := b.send(t, request{path: url, params: params("StreamEvent", "stream-error", "StreamSid", "MZ1")}); got.status != http.StatusNoContent {
		t.Fatalf("status %d", got.status)
	}
	<-over
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if b.server.Drain(ctx); ctx.Err() != nil {
		t.Error("it waits still")
	}
}

// TestATimeThatTwilioNamesIsKept: it would repeat its callback at once, and be asked again.
func TestATimeThatTwilioNamesIsKept(t *testing.T) {
	b := newBench(t)
	url := parseTwiML(t, b.ring(t, apptest.QuietLine)).find("Stream").attr("statusCallback")
	asked, over := make(chan time.Time), make(chan struct{})
	defer close(over)
	b.carrier.On = func(what string) {
		if what != "start-stream 1" {
			return
		}
		select {
		case asked <- time.Now():
		case <-over:
		}
	}
	const first, second = 50 * time.Millisecond, 200 * time.Millisecond
	b.carrier.StartErr = &retry.Error{Code: "twilio.20429", After: first}
	told := make(chan int)
	go func() { told <- b.send(t, request{path: url, params: params("StreamEvent", "stream-stopped")}).status }()
	began := <-asked
	if status := <-told; status != http.StatusNoContent {
		t.Errorf("status %d", status)
	}
	b.carrier.StartErr = &retry.Error{Code: "twilio.20429", After: second}
	next := <-asked
	last := <-asked
	if next.Sub(began) < first || last.Sub(next) < second {
		t.Errorf("asked again after %s and %s", next.Sub(began), last.Sub(next))
	}
}

// TestCarrierAwayIsNoAttempt: while Twilio can't be asked its callback is refused, and the stream that follows is the first.
func TestCarrierAwayIsNoAttempt(t *testing.T) {
	b := newBench(t)
	url := parseTwiML(t, b.ring(t, apptest.QuietLine)).find("Stream").attr("statusCallback")
	broke := request{path: url, params: params("StreamEvent", "stream-stopped")}
	b.carrier.StartErr = errAway
	for range 5 {
		if got := b.send(t, broke); got.status != http.StatusServiceUnavailable {
			t.Fatalf("status %d", got.status)
		}
	}
	b.carrier.StartErr = nil
	if got := b.send(t, broke); got.status != http.StatusNoContent {
		t.Fatalf("status %d", got.status)
	}
	if f := b.carrier.Last(); f.Attempt != 1 || f.Failed != 0 {
		t.Errorf("attempt %d, %d failed", f.Attempt, f.Failed)
	}
}
