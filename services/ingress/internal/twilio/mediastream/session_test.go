package mediastream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
	"github.com/frontdesk/frontdesk/services/ingress/internal/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const connected = `{"event":"connected","protocol":"Call","version":"1.0.0"}`

// starting is a start message; change replaces parts of it.
func starting(change ...string) string {
	return strings.NewReplacer(change...).Replace(`{"event":"start","sequenceNumber":"1","start":{"accountSid":"` + apptest.Account +
		`","streamSid":"MZ00000000000000000000000000000001","callSid":"CA1","tracks":["inbound","outbound"],` +
		`"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},` +
		`"customParameters":{"token":"go","token2":"od"}},"streamSid":"MZ00000000000000000000000000000001"}`)
}

const stopping = `{"event":"stop","sequenceNumber":"9","stop":{"accountSid":"AC1","callSid":"CA1"},"streamSid":"MZ00000000000000000000000000000001"}`

// bench is a server with one socket path; ended gets what Serve returned.
type bench struct {
	url   string
	pub   *apptest.Publisher
	ended chan error
	stop  context.CancelFunc
}

func newBench(t *testing.T, opt ws.Options) *bench {
	t.Helper()
	m, err := metrics.New(noop.NewMeterProvider().Meter(""))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{pub: &apptest.Publisher{}, ended: make(chan error, 1)}
	in := media.New(b.pub, m, slog.New(slog.DiscardHandler), media.Config{MaxUnacked: 1 << 20, MaxUnackedTotal: 1 << 20, EndWait: 5 * time.Second})
	open := func(ctx context.Context, token, _, call string, spec media.Spec) (*media.Stream, error) {
		if token != "good" || call != "CA1" {
			return nil, ws.Fault(ws.StatusPolicy, "no valid call token")
		}
		return in.Open(ctx, app.Facts{
			CallID: call, Source: events.Source_SOURCE_TWILIO, Account: apptest.Account, Tenant: "acme", Start: spec.Opened,
			Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED,
		}, spec), nil
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	b.stop = stop
	opt.MaxMessage = 16 << 10
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Upgrade(w, r, opt)
		if err != nil {
			return
		}
		b.ended <- Serve(ctx, c, apptest.Account, time.Now, open)
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(stop)
	b.url = srv.URL
	return b
}

func (b *bench) dial(t *testing.T, msgs ...string) *websocket.Conn {
	t.Helper()
	c, resp, err := websocket.Dial(t.Context(), b.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	for _, m := range msgs {
		if err := c.Write(t.Context(), websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// soon bounds what would hang if it failed.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// end is the reason of the stream's MediaEnded and how much audio it said was sent; nil if no stream began.
func (b *bench) end(t *testing.T) *events.MediaEnded {
	t.Helper()
	all := apptest.Of[*events.MediaEnded](b.pub, events.Media)
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

func TestWholeStream(t *testing.T) {
	b := newBench(t, ws.Options{})
	msgs := []string{connected, starting()}
	for i := range 25 {
		msgs = append(msgs, line("inbound", i+1, i*20, 1), line("outbound", i+1, i*20, 2))
	}
	msgs = append(msgs,
		`{"event":"dtmf","streamSid":"MZ00000000000000000000000000000001","dtmf":{"track":"inbound_track","digit":"1"}}`,
		`{"event":"mark","streamSid":"MZ00000000000000000000000000000001","mark":{"name":"x"}}`, stopping)
	c := b.dial(t, msgs...)
	_, _, err := c.Read(soon(t))
	if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Errorf("the peer heard %v", err)
	}
	if err := <-b.ended; err != nil {
		t.Fatal(err)
	}
	e := b.end(t)
	if e.GetReason() != events.MediaEndReason_MEDIA_END_REASON_STOPPED || e.GetCallerChunks() != 3 || e.GetAgentChunks() != 3 {
		t.Errorf("%v", e)
	}
	s := apptest.Of[*events.MediaStarted](b.pub, events.Media)[0]
	if len(s.GetParties()) != 2 || s.GetEncoding() != events.Encoding_ENCODING_MULAW || s.GetSampleRate() != 8000 {
		t.Errorf("%v", s)
	}
}

func TestBadInput(t *testing.T) {
	frame := line("inbound", 1, 0, 1)
	tests := map[string]struct {
		msgs   []string
		code   int
		reason string
		opened bool
		heard  uint64 // chunks of the caller
	}{
		"media before start":       {[]string{connected, frame}, 1008, "media before start", false, 0},
		"media first of all":       {[]string{frame}, 1008, "media before start", false, 0},
		"stop before start":        {[]string{connected, stopping}, 1008, "stop before start", false, 0},
		"dtmf before start":        {[]string{`{"event":"dtmf"}`}, 1008, "dtmf before start", false, 0},
		"second start":             {[]string{connected, starting(), frame, starting()}, 1008, "second start", true, 1},
		"connected after start":    {[]string{connected, starting(), frame, connected}, 1008, "connected after start", true, 1},
		"no token":                 {[]string{connected, starting(`"token":"go"`, `"x":"y"`)}, 1008, "no valid call token", false, 0},
		"token of another call":    {[]string{connected, starting(`"CA1"`, `"CA2"`)}, 1008, "no valid call token", false, 0},
		"another account":          {[]string{connected, starting(apptest.Account, apptest.OtherAccount)}, 1008, "start of another account", false, 0},
		"start without body":       {[]string{`{"event":"start"}`}, 1007, "start without stream or call", false, 0},
		"start with a long id":     {[]string{starting("MZ0", strings.Repeat("M", 65))}, 1007, "an id that is none", false, 0},
		"start with a path as id":  {[]string{starting("MZ0", "../MZ0")}, 1007, "an id that is none", false, 0},
		"start with NUL in an id":  {[]string{starting("CA1", `CA1\u0000`)}, 1007, "an id that is none", false, 0},
		"an impossible number":     {[]string{starting(), frame, line("inbound", 1<<40, 20, 1)}, 1008, "impossible frame number", true, 1},
		"start of two streams":     {[]string{starting(`},"streamSid":"MZ0`, `},"streamSid":"MZ9`)}, 1007, "start of two streams", false, 0},
		"start without tracks":     {[]string{starting(`["inbound","outbound"]`, `[]`)}, 1007, "start needs one or two different tracks", false, 0},
		"start with a track twice": {[]string{starting(`"outbound"`, `"inbound"`)}, 1007, "start needs one or two different tracks", false, 0},
		"start with unknown track": {[]string{starting(`"outbound"`, `"both"`)}, 1007, "start with an unknown track", false, 0},
		"another encoding":         {[]string{starting("x-mulaw", "l16")}, 1003, "only audio/x-mulaw", false, 0},
		"another rate":             {[]string{starting("8000", "16000")}, 1003, "only audio/x-mulaw", false, 0},
		"two channels":             {[]string{starting(`"channels":1`, `"channels":2`)}, 1003, "only audio/x-mulaw", false, 0},
		"not JSON":                 {[]string{starting(), frame, "{"}, 1007, "not the JSON of Media Streams", true, 1},
		"unknown event":            {[]string{starting(), frame, `{"event":"clear"}`}, 1008, "unknown event", true, 1},
		"no event":                 {[]string{`{}`}, 1008, "unknown event", false, 0},
		"media without media":      {[]string{starting(), frame, `{"event":"media"}`}, 1007, "malformed media message", true, 1},
		"media of another stream":  {[]string{starting(), frame, strings.Replace(frame, "MZ0", "MZ9", 1)}, 1008, "media of another stream", true, 1},
		"payload no base64":        {[]string{starting(), frame, strings.Replace(frame, payload(1), "!", 1)}, 1007, "media payload", true, 1},
		"payload empty":            {[]string{starting(), strings.Replace(frame, payload(1), "", 1)}, 1007, "media payload", true, 0},
		"payload beyond a second":  {[]string{starting(), frame, strings.Replace(frame, payload(1), strings.Repeat("AAAA", 2800), 1)}, 1007, "media payload", true, 1},
		"message too large":        {[]string{starting(), frame, strings.Repeat(" ", 17<<10)}, 1009, "over the size limit", true, 1},
		"track not announced":      {[]string{starting(`["inbound","outbound"]`, `["outbound"]`), frame}, 1008, "not announced", true, 0},
		"unknown track":            {[]string{starting(), strings.Replace(frame, "inbound", "sidebound", 1)}, 1008, "not announced", true, 0},
		"an impossible time":       {[]string{starting(), frame, line("inbound", 2, 1<<40, 1)}, 1008, "impossible time", true, 1},
		"stop of another stream":   {[]string{starting(), frame, strings.Replace(stopping, "MZ0", "MZ9", 1)}, 1008, "stop of another stream", true, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, ws.Options{})
			c := b.dial(t, tt.msgs...)
			_, _, err := c.Read(soon(t))
			if int(websocket.CloseStatus(err)) != tt.code || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("the peer heard %v, want %d %q", err, tt.code, tt.reason)
			}
			var fault *ws.Error
			if err := <-b.ended; !errors.As(err, &fault) {
				t.Errorf("Serve returned %v", err)
			}
			e := b.end(t)
			if (e != nil) != tt.opened {
				t.Fatalf("stream opened: %t, want %t", e != nil, tt.opened)
			}
			if tt.opened && (e.GetReason() != events.MediaEndReason_MEDIA_END_REASON_PROTOCOL || e.GetCallerChunks() != tt.heard) {
				t.Errorf("what was heard must stay: %v, want PROTOCOL with %d chunks", e, tt.heard)
			}
		})
	}
}

func TestHowSocketsEnd(t *testing.T) {
	tests := map[string]struct {
		opt  ws.Options
		end  func(*bench, *websocket.Conn)
		want events.MediaEndReason
		code websocket.StatusCode
	}{
		"the peer closes": {
			end:  func(_ *bench, c *websocket.Conn) { _ = c.Close(websocket.StatusNormalClosure, "") },
			want: events.MediaEndReason_MEDIA_END_REASON_DISCONNECTED, code: -1,
		},
		"the connection breaks": {
			end:  func(_ *bench, c *websocket.Conn) { _ = c.CloseNow() },
			want: events.MediaEndReason_MEDIA_END_REASON_DISCONNECTED, code: -1,
		},
		"nothing comes": { // the limit leaves time for what comes before
			opt: ws.Options{Idle: 2 * time.Second}, end: func(*bench, *websocket.Conn) {},
			want: events.MediaEndReason_MEDIA_END_REASON_DISCONNECTED, code: websocket.StatusPolicyViolation,
		},
		"shutdown": {
			opt: ws.Options{Idle: time.Hour}, end: func(b *bench, _ *websocket.Conn) { b.stop() },
			want: events.MediaEndReason_MEDIA_END_REASON_SHUTDOWN, code: websocket.StatusGoingAway,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, tt.opt)
			c := b.dial(t, connected, starting())
			for i := range 10 { // one whole chunk, which tells that all has arrived
				if err := c.Write(t.Context(), websocket.MessageText, []byte(line("inbound", i+1, i*20, 1))); err != nil {
					t.Fatal(err)
				}
			}
			waitFor(t, func() bool { return len(apptest.Of[*events.AudioChunk](b.pub, events.Media)) == 1 })
			tt.end(b, c)
			if tt.code > 0 {
				if _, _, err := c.Read(soon(t)); websocket.CloseStatus(err) != tt.code {
					t.Errorf("the peer heard %v, want %d", err, tt.code)
				}
			}
			<-b.ended
			if e := b.end(t); e.GetReason() != tt.want || e.GetCallerChunks() != 1 {
				t.Errorf("%v, want %v with one chunk", e, tt.want)
			}
		})
	}
}

// waitFor polls for what has no signal of its own, the fake's own memory.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	ctx, tick := soon(t), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it never came to be")
		}
	}
}

// FuzzMessage: no message crashes a session, and every fault has a code and a reason that fits a close frame.
func FuzzMessage(f *testing.F) {
	for _, m := range []string{connected, starting(), stopping, line("inbound", 1, 0, 1), "{}", "", "null", `{"event":"start","start":null}`} {
		f.Add([]byte(m), true)
		f.Add([]byte(m), false)
	}
	m, err := metrics.New(noop.NewMeterProvider().Meter(""))
	if err != nil {
		f.Fatal(err)
	}
	pub := &apptest.Publisher{}
	pub.Fail(retry.Permanently("closed", errors.New("stores nothing")))
	in := media.New(pub, m, slog.New(slog.DiscardHandler), media.Config{MaxUnacked: 1 << 20, MaxUnackedTotal: 1 << 20, EndWait: time.Second})
	f.Fuzz(func(t *testing.T, msg []byte, begun bool) {
		s := &session{account: apptest.Account, now: time.Now, audio: make([]byte, usualFrame), open: func(ctx context.Context, _, _, call string, spec media.Spec) (*media.Stream, error) {
			return in.Open(ctx, app.Facts{CallID: call, Start: spec.Opened}, spec), nil
		}}
		if begun {
			if err := s.message(t.Context(), []byte(starting())); err != nil {
				t.Fatal(err)
			}
		}
		defer func() {
			if s.stream != nil {
				_ = s.stream.End(events.MediaEndReason_MEDIA_END_REASON_STOPPED)
			}
		}()
		var fault *ws.Error
		if err := s.message(t.Context(), msg); err != nil && (!errors.As(err, &fault) || fault.Code == 0 || len(fault.Reason) > 123) {
			t.Errorf("a fault without code or reason: %v", fmt.Sprint(err))
		}
	})
}
