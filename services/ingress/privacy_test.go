package ingress_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
)

// What must stay inside, beside the tokens that are handed out and the signatures that come in.
const (
	forwarder = "+12025550112"
	words     = "yes my name is Ada Lovelace"
	agent     = "WKagentsecret"
	verstat   = "TN-Validation-Passed-A"
	recording = "https://api.example.com/Recordings/REsecret"
	city      = "SAN RAFAEL"
)

// watcher collects what leaves ingress for people who run it: log lines, metrics and spans.
type watcher struct {
	tel   *telemetry.Telemetry
	spans *tracetest.SpanRecorder
}

func newWatcher(t *testing.T) *watcher {
	t.Helper()
	w := &watcher{spans: tracetest.NewSpanRecorder()}
	tel, stop, err := telemetry.New(t.Context(), "ingress", telemetry.Config{}, telemetry.Options{Spans: w.spans})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(t.Context()) })
	w.tel = tel
	return w
}

// told is everything, by where it would be read. The service has stopped, but for its metrics.
func (w *watcher) told(r *rig, metrics string) map[string]string {
	var spans strings.Builder
	for _, s := range w.spans.Ended() {
		fmt.Fprintln(&spans, s.Name(), s.Attributes(), s.Events(), s.Status(), s.Links())
	}
	return map[string]string{"the log": r.log.String(), "a metric": metrics, "a span": spans.String()}
}

// scrape reads /metrics.
func (r *rig) scrape(t *testing.T) string {
	t.Helper()
	resp, err := http.Get("http://" + r.AdminAddr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// personal are the parameters that a call may bring along, on every webhook.
func personal(pairs ...string) []string {
	return append([]string{
		"ForwardedFrom", forwarder, "StirVerstat", verstat, "FromCity", city, "CallerName", words, "SpeechResult", words,
		"Agent", agent, "Id", agent, "RecordingUrl", recording,
	}, pairs...)
}

// live plays a call with everything that can be told of it, well and badly, and returns the tokens that it was handed.
func live(t *testing.T, r *rig) (tokens []string) {
	t.Helper()
	asking := r.twiml(t, "voice", personal("CallStatus", "ringing")...)
	going := r.twiml(t, asking.attr("Gather", "action"), personal("Digits", "1")...)
	streamToken := going.attr("Parameter", "value")
	status := going.attr("Stream", "statusCallback")
	at := func(kind string) string { return strings.Replace(status, "/stream-status", "/"+kind, 1) }
	for _, url := range []string{status, asking.attr("Gather", "action")} {
		_, token, _ := strings.Cut(strings.Split(url, "#")[0], "?t=")
		tokens = append(tokens, token)
	}
	for _, path := range []string{
		at("dial-status"), at("recording"), at("disposition"), at("consent"), at("stream-status"), at("voicemail"), at("onward"), at("dial-action"),
		"voice?t=" + words[:3], "consent?t=forged", "dial-status", "recording", "disposition", "stream-status", "status", "nowhere",
	} {
		for _, more := range [][]string{
			{"CallStatus", "completed", "DialCallSid", "CA2", "DialCallStatus", "completed", "StreamEvent", "stream-error", "StreamError", caller,
				"RecordingSid", "RE1", "RecordingStatus", "completed", "Disposition", "QualifiedLead", "Consent", "granted"},
			{"CallStatus", words, "StreamEvent", words, "RecordingSid", "RE1", "RecordingStatus", words, "Disposition", words, "Consent", words},
			{"CallSid", caller}, {"AccountSid", caller}, {"CallStatus", strings.Repeat(words, 4000)},
			{"CallSid", "CA3", "ParentCallSid", call, "CallStatus", "in-progress", "To", forwarder, "Consent", "refused"},
		} {
			r.post(t, path, personal(more...)...)
		}
	}
	r.raw(t, "consent", "application/json", `{"CallSid":"`+caller+`","Consent":["`+words+`"]`)
	r.raw(t, "voice", "text/plain", caller)
	r.raw(t, "voice", "application/x-www-form-urlencoded", "From=%zz"+caller)
	media(t, r, streamToken)
	return append(tokens, streamToken)
}

// raw posts a body that nobody signed well.
func (r *rig) raw(t *testing.T, kind, contentType, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.Addr()+"/twilio/"+apptest.Account+"/"+kind+"?From="+caller[1:], strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	r.signed = append(r.signed, sign(token, caller, nil))
	req.Header.Set("X-Twilio-Signature", r.signed[len(r.signed)-1])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// media plays one stream that goes well, keys included, and one of every sort that doesn't.
func media(t *testing.T, r *rig, token string) {
	t.Helper()
	frame := `{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"0","payload":"` +
		base64.StdEncoding.EncodeToString([]byte(words)) + `"},"streamSid":"MZ1"}`
	start := startMessage("MZ1", token)
	for name, msgs := range map[string][]string{
		"a whole stream": {
			start, frame, `{"event":"dtmf","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"7"}}`,
			`{"event":"mark","streamSid":"MZ1","mark":{"name":"` + words + `"}}`, `{"event":"stop","streamSid":"MZ1"}`,
		},
		"not JSON":        {start, frame, `{"event":"` + words},
		"unknown event":   {start, `{"event":"` + words + `"}`},
		"no base64":       {start, strings.Replace(frame, `"payload":"`, `"payload":"!`+caller, 1)},
		"another stream":  {start, strings.Replace(frame, "MZ1", caller, 1)},
		"unknown track":   {start, strings.Replace(frame, "inbound", words, 1)},
		"no number":       {start, strings.Replace(frame, `"chunk":"1"`, `"chunk":"`+caller+`"`, 1)},
		"an absurd time":  {start, strings.Replace(frame, `"timestamp":"0"`, `"timestamp":"1`+caller[1:]+`"`, 1)},
		"oversized":       {start, `{"event":"` + strings.Repeat(words, 4000) + `"}`},
		"a forged token":  {startMessage("MZ1", words)},
		"another call":    {strings.Replace(start, call, caller, 1)},
		"another account": {strings.Replace(start, apptest.Account, caller, 1)},
		"a strange track": {strings.Replace(start, `"outbound"`, `"`+words+`"`, 1)},
		"second start":    {start, start},
	} {
		c, ctx := r.socket(t)
		for _, m := range msgs {
			_ = c.Write(ctx, websocket.MessageText, []byte(m)) // it may have been closed by the message before
		}
		if _, _, err := c.Read(ctx); ctx.Err() != nil {
			t.Errorf("%s: the socket stays open: %v", name, err)
		}
	}
	c, _ := r.socket(t)
	_ = c.CloseNow()
}

// TestNothingPersonalLeaves: over a whole ingress and a call that has everything in it, no log line, metric or span holds a
// number, a token, a signature, a secret or a word.
func TestNothingPersonalLeaves(t *testing.T) {
	w := newWatcher(t)
	r := newWatchedRig(t, w.tel, func(c *ingress.Config) { c.Media.MaxMessageBytes = 16 << 10 })
	refuse := func(body string) {
		r.asked.mu.Lock()
		defer r.asked.mu.Unlock()
		r.asked.fails = body
	}
	const quoting = `{"code":21210,"message":"` + caller + ` ` + words + `","status":400}`
	refuse(quoting)
	going := r.twiml(t, r.twiml(t, "voice", personal()...).attr("Gather", "action"), personal("Digits", "1")...)
	r.post(t, going.attr("Stream", "statusCallback"), personal("StreamEvent", "stream-error")...)
	refuse("")
	tokens := live(t, r)
	refuse(quoting)
	tokens = append(tokens, live(t, r)...)
	metrics := r.scrape(t)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	for _, sign := range []string{"breaking the protocol", "failed for good", "no new one could be started", "ended without a stop"} {
		if !strings.Contains(r.log.String(), sign) {
			t.Errorf("the log doesn't say %q: the test proves less than it seems", sign)
		}
	}
	w.check(t, r, metrics, tokens)
	if strings.Contains(metrics, call) {
		t.Error("a metric holds a call id: one series a call")
	}
	t.Run("with the broker away", func(t *testing.T) {
		w := newWatcher(t)
		r := newWatchedRig(t, w.tel, func(c *ingress.Config) {
			c.Kafka.Brokers = []string{"127.0.0.1:1"}
			c.PublishTimeout = 20 * time.Millisecond
		})
		r.twiml(t, "voice", personal("To", apptest.QuietLine)...)
		r.twiml(t, "voice", personal("To", apptest.MailLine)...)
		metrics := r.scrape(t)
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(r.log.String(), "without stream and recording") {
			t.Error("the log doesn't say that the call goes unheard")
		}
		w.check(t, r, metrics, nil)
	})
}

func (w *watcher) check(t *testing.T, r *rig, metrics string, tokens []string) {
	t.Helper()
	secrets := map[string][]string{
		"a number": {caller[1:], apptest.DialLine[1:], apptest.QuietLine[1:], apptest.MailLine[1:], forwarder[1:], "14155550199"},
		"a secret": {token, "old-token", "globex-token", "0123456789abcdef0123456789abcdef"},
		"a token":  tokens, "a signature": r.signed, "an attestation": {verstat}, "a place": {city},
		"a word": {words, "Lovelace", base64.StdEncoding.EncodeToString([]byte(words))}, "an agent": {agent}, "a URL": {recording, "REsecret", "?t="},
	}
	for where, text := range w.told(r, metrics) {
		if text == "" {
			t.Errorf("%s is empty: the test proves nothing", where)
		}
		for what, all := range secrets {
			for _, secret := range all {
				if i := strings.Index(text, secret); i >= 0 {
					line := text[strings.LastIndex(text[:i], "\n")+1:]
					line, _, _ = strings.Cut(line, "\n")
					t.Errorf("%s holds %s: %.300s", where, what, line)
					break
				}
			}
		}
	}
}
