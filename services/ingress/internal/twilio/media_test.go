package twilio_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
)

const mediaPath = "/twilio/" + apptest.Account + "/media"

// socket dials the media path with a signature; status is the handshake's.
func (b *bench) socket(t *testing.T, signature string) (c *websocket.Conn, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	c, resp, err := websocket.Dial(ctx, b.url+mediaPath, &websocket.DialOptions{HTTPHeader: http.Header{"X-Twilio-Signature": {signature}}})
	if resp == nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	if c != nil {
		t.Cleanup(func() { _ = c.CloseNow() })
	}
	return c, resp.StatusCode
}

// signedSocket is what Twilio signs of an upgrade: the wss URL, and no parameters.
func signedSocket(token string) string {
	return sign(token, strings.Replace(public, "https", "wss", 1)+mediaPath, nil)
}

func write(t *testing.T, c *websocket.Conn, msgs ...string) {
	t.Helper()
	for _, m := range msgs {
		if err := c.Write(t.Context(), websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
}

func startMessage(call string, stream node) string {
	return fmt.Sprintf(`{"event":"start","sequenceNumber":"1","start":{"accountSid":%q,"streamSid":"MZ1","callSid":%q,"tracks":["inbound","outbound"],`+
		`"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":%q}},"streamSid":"MZ1"}`,
		apptest.Account, call, stream.find("Parameter").attr("value"))
}

const stopMessage = `{"event":"stop","sequenceNumber":"3","stop":{"accountSid":"AC1","callSid":"CA1"},"streamSid":"MZ1"}`

// closed is how the server closed the socket.
func closed(t *testing.T, c *websocket.Conn) (websocket.StatusCode, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, _, err := c.Read(ctx)
	return websocket.CloseStatus(err), err.Error()
}

func TestSocketSignature(t *testing.T) {
	b := newBench(t)
	for name, tt := range map[string]struct {
		signature string
		want      int
	}{
		"wss":               {signedSocket("new-token"), http.StatusSwitchingProtocols},
		"second token":      {signedSocket("old-token"), http.StatusSwitchingProtocols},
		"https":             {sign("new-token", public+mediaPath, nil), http.StatusForbidden},
		"another account's": {signedSocket("umbrella-token"), http.StatusForbidden},
		"none":              {"", http.StatusForbidden},
	} {
		if _, got := b.socket(t, tt.signature); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
	if got := b.counted(t, "frontdesk.ingress.refused", "kind", "media"); got != 3 {
		t.Errorf("%d refusals counted, want 3", got)
	}
}

// TestClosedSocketsNameTheirCall: whoever reads why a socket was closed finds the call.
func TestClosedSocketsNameTheirCall(t *testing.T) {
	b := newBench(t)
	for name, last := range map[string]string{
		"breaking the protocol": strings.Replace(stopMessage, "MZ1", "MZ9", 1), "of another call": "",
	} {
		start := startMessage(callID, parseTwiML(t, b.ring(t, apptest.QuietLine)))
		if last == "" {
			start = startMessage(child, parseTwiML(t, b.ring(t, apptest.QuietLine)))
		}
		c, _ := b.socket(t, signedSocket("new-token"))
		write(t, c, start)
		if last != "" {
			write(t, c, last)
		}
		if code, _ := closed(t, c); code != websocket.StatusPolicyViolation {
			t.Errorf("%s: closed with %d", name, code)
		}
	}
	drained, cancel := context.WithCancel(t.Context())
	cancel()
	b.server.Drain(drained) // both are counted and logged
	for _, call := range []string{callID, child} {
		if !strings.Contains(b.log.String(), `"a media socket was closed for breaking the protocol" call=`+call) {
			t.Errorf("no word on call %s", call)
		}
	}
}

func TestSocketToken(t *testing.T) {
	tests := map[string]struct {
		prepare func(*testing.T, *bench) string // the start message
		ok      bool
	}{
		"granted": {func(t *testing.T, b *bench) string { return startMessage(callID, granted(t, b, apptest.DialLine)) }, true},
		"not asked": {func(t *testing.T, b *bench) string {
			return startMessage(callID, parseTwiML(t, b.ring(t, apptest.QuietLine)))
		}, true},
		"still open, to be reported": {func(t *testing.T, b *bench) string {
			return startMessage(callID, parseTwiML(t, b.ring(t, apptest.ReportedLine)))
		}, true},
		"of another call": {func(t *testing.T, b *bench) string { return startMessage(child, granted(t, b, apptest.DialLine)) }, false},
		"none":            {func(*testing.T, *bench) string { return startMessage(callID, node{}) }, false},
		"expired": {func(t *testing.T, b *bench) string {
			m := startMessage(callID, granted(t, b, apptest.DialLine))
			b.now.add(53 * time.Hour)
			return m
		}, false},
		"without consent": {func(_ *testing.T, b *bench) string {
			f := app.Facts{
				CallID: callID, Account: apptest.Account, Tenant: "acme", Line: apptest.DialLine, Expires: b.now.Now().Add(time.Hour),
				Consent: events.ConsentAnswer_CONSENT_ANSWER_REFUSED,
			}
			return startMessage(callID, node{Nodes: []node{parameter(twilio.Parameters(b.links, f)[0][1])}})
		}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			start := tt.prepare(t, b)
			c, _ := b.socket(t, signedSocket("new-token"))
			write(t, c, start, stopMessage)
			code, text := closed(t, c)
			if want := map[bool]websocket.StatusCode{true: websocket.StatusNormalClosure, false: websocket.StatusPolicyViolation}[tt.ok]; code != want {
				t.Errorf("closed by %d %s, want %d", code, text, want)
			}
			drain(b)
			if n := len(apptest.Of[*events.MediaStarted](b.pub, events.Media)); (n == 1) != tt.ok {
				t.Errorf("%d streams opened", n)
			}
			if got := b.counted(t, "frontdesk.ingress.refused", "kind", "media", "reason", "token"); (got == 1) == tt.ok {
				t.Errorf("%d refusals counted", got)
			}
		})
	}
}

// parameter is an element as startMessage looks for it.
func parameter(value string) node {
	n := node{}
	n.XMLName.Local = "Parameter"
	n.Attrs = append(n.Attrs, attr("value", value))
	return n
}

// endSockets has every socket end now.
func (b *bench) endSockets() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b.server.Drain(ctx)
}

// drain waits until every socket has ended.
func drain(b *bench) { b.server.Drain(context.Background()) }

func TestSocketsAreBounded(t *testing.T) {
	b := newBench(t, func(_ *app.Settings, s *twilio.SocketConfig) { s.MaxOpen = 1 })
	c, _ := b.socket(t, signedSocket("new-token"))
	if _, got := b.socket(t, signedSocket("new-token")); got != http.StatusServiceUnavailable {
		t.Errorf("the second socket: %d", got)
	}
	_ = c.CloseNow()
	drain(b)
	if _, got := b.socket(t, signedSocket("new-token")); got != http.StatusServiceUnavailable {
		t.Errorf("during shutdown: %d", got)
	}
	for _, reason := range []string{"full", "shutdown"} {
		if got := b.counted(t, "frontdesk.ingress.refused", "kind", "media", "reason", reason); got != 1 {
			t.Errorf("%s: %d counted", reason, got)
		}
	}
}

// TestSocketsAreCountedByTheirEnd: what is refused, or malformed, shows in a metric.
func TestSocketsAreCountedByTheirEnd(t *testing.T) {
	tests := map[string]struct {
		msgs  []string
		after func(*bench, *websocket.Conn)
	}{
		"stopped":                 {msgs: []string{"start", stopMessage}},
		"unknown event":           {msgs: []string{"start", `{"event":"clear"}`}},
		"media before start":      {msgs: []string{`{"event":"media","media":{"track":"inbound","chunk":"1","timestamp":"0","payload":"AAAA"}}`}},
		"not a call token":        {msgs: []string{startMessage(callID, node{})}},
		"malformed media message": {msgs: []string{"start", `{"event":"media"}`}},
		"message is not the JSON of Media Streams": {msgs: []string{"start", `{"event":`}},
		"message is over the size limit":           {msgs: []string{"start", strings.Repeat(" ", 17<<10)}},
		"disconnected":                             {msgs: []string{"start"}, after: func(_ *bench, c *websocket.Conn) { _ = c.CloseNow() }},
		"shutdown":                                 {msgs: []string{"start"}, after: func(b *bench, _ *websocket.Conn) { b.endSockets() }},
	}
	for reason, tt := range tests {
		t.Run(reason, func(t *testing.T) {
			b := newBench(t)
			start := startMessage(callID, granted(t, b, apptest.DialLine))
			c, _ := b.socket(t, signedSocket("new-token"))
			for _, m := range tt.msgs {
				if m == "start" {
					m = start
				}
				write(t, c, m)
			}
			if tt.after != nil {
				for len(apptest.Of[*events.MediaStarted](b.pub, events.Media)) == 0 {
					if t.Context().Err() != nil {
						t.Fatal("the stream did not begin")
					}
				}
				tt.after(b, c)
			} else {
				closed(t, c)
			}
			drain(b)
			if got := b.counted(t, "frontdesk.ingress.sockets_ended"); got != 1 {
				t.Errorf("%d counted in all", got)
			}
			if got := b.counted(t, "frontdesk.ingress.sockets_ended", "reason", reason); got != 1 {
				t.Errorf("%d counted as %q", got, reason)
			}
		})
	}
	t.Run("no handshake", func(t *testing.T) {
		b := newBench(t)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+mediaPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Twilio-Signature", signedSocket("new-token"))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := b.counted(t, "frontdesk.ingress.refused", "kind", "media", "reason", "handshake"); got != 1 {
			t.Errorf("%d counted", got)
		}
	})
}

func TestDrainLetsStreamsFinish(t *testing.T) {
	b := newBench(t)
	start := startMessage(callID, granted(t, b, apptest.DialLine))
	c, _ := b.socket(t, signedSocket("new-token"))
	write(t, c, start)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		drain(b)
	}()
	write(t, c, stopMessage)
	if code, _ := closed(t, c); code != websocket.StatusNormalClosure {
		t.Errorf("closed by %d", code)
	}
	<-drained
	if e := apptest.Of[*events.MediaEnded](b.pub, events.Media); len(e) != 1 || e[0].GetReason() != events.MediaEndReason_MEDIA_END_REASON_STOPPED {
		t.Errorf("%v", e)
	}
}

func TestDrainEndsWhatDoesNotFinish(t *testing.T) {
	b := newBench(t)
	start := startMessage(callID, granted(t, b, apptest.DialLine))
	c, _ := b.socket(t, signedSocket("new-token"))
	write(t, c, start)
	for len(apptest.Of[*events.MediaStarted](b.pub, events.Media)) == 0 {
		if t.Context().Err() != nil {
			t.Fatal("the stream did not begin")
		}
	}
	b.endSockets()
	if code, _ := closed(t, c); code != websocket.StatusGoingAway {
		t.Errorf("closed by %d", code)
	}
	if e := apptest.Of[*events.MediaEnded](b.pub, events.Lifecycle); len(e) != 1 || e[0].GetReason() != events.MediaEndReason_MEDIA_END_REASON_SHUTDOWN {
		t.Errorf("%v", e)
	}
}
