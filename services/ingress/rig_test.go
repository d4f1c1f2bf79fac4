package ingress_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's signature is HMAC-SHA1
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
)

func TestMain(m *testing.M) {
	if api, is := os.LookupEnv(childEnv); is {
		if err := runChild(api); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

const (
	public = "https://voice.example.com"
	token  = "new-token"
	call   = "CA00000000000000000000000000000001"
	caller = "+12025550111"
)

// rig is a running ingress on an embedded broker.
type rig struct {
	*ingress.Service
	conn  *broker.Conn
	log   *lockedBuffer
	asked *asked
	stop  func() error
	// signed are the signatures that were sent.
	signed []string
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// asked is the REST API: what it was asked, and the forms of new streams.
type asked struct {
	mu      sync.Mutex
	paths   []string
	streams []url.Values
	started chan url.Values // the same as they come, as many as it has room for
	// fails, if set, is the body by which everything but a question is refused.
	fails string
}

func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.paths = append(a.paths, r.Method+" "+r.URL.Path[strings.Index(r.URL.Path, call)+len(call):])
	if strings.HasSuffix(r.URL.Path, "/Streams.json") {
		a.streams = append(a.streams, r.PostForm)
		select {
		case a.started <- r.PostForm:
		default:
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if a.fails != "" && r.Method == http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, a.fails)
		return
	}
	_, _ = io.WriteString(w, `{"status":"in-progress"}`)
}

// newRig runs an ingress on two test tenants, with a REST API that says yes.
func newRig(t *testing.T, change func(*ingress.Config)) *rig {
	t.Helper()
	return newWatchedRig(t, telemetry.Discard(), change)
}

// newWatchedRig is newRig with somebody who looks at its spans and metrics.
func newWatchedRig(t *testing.T, tel *telemetry.Telemetry, change func(*ingress.Config)) *rig {
	t.Helper()
	answers := &asked{started: make(chan url.Values, 16)}
	api := httptest.NewServer(answers)
	t.Cleanup(api.Close)
	acme, globex := apptest.Tenants().ByID("acme"), apptest.Tenants().ByID("globex")
	acme.Twilio.APIBase, globex.Twilio.APIBase = api.URL, api.URL // nobody asks the true one
	tenants, err := tenant.NewSet(acme, globex)
	if err != nil {
		t.Fatal(err)
	}
	r := runRig(t, tenants, tel, change)
	r.asked = answers
	return r
}

// runRig runs an ingress on an embedded broker until the test ends, or stop is called.
func runRig(t *testing.T, tenants *tenant.Set, tel *telemetry.Telemetry, change func(*ingress.Config)) *rig {
	t.Helper()
	conn := kafkatest.Broker(t, events.Lifecycle.Name, events.Media.Name)
	r := &rig{conn: conn, log: &lockedBuffer{}}
	cfg := ingress.Defaults()
	cfg.Kafka.Brokers = conn.Brokers()
	cfg.Tenants, cfg.Listen, cfg.Admin, cfg.PublicURL = "unused", "127.0.0.1:0", "127.0.0.1:0", public
	cfg.TokenKeys = []config.Secret{"0123456789abcdef0123456789abcdef"}
	cfg.AcceptGrace = 0
	cfg.Grace, cfg.Media.Gather, cfg.Media.RestartPause = 5*time.Second, 5*time.Millisecond, 10*time.Millisecond
	cfg.Media.HandOver = 200 * time.Millisecond
	cfg.PublishTimeout, cfg.CarrierTimeout = 10*time.Second, 10*time.Second // the first event waits for all connections to be made
	if change != nil {
		change(&cfg)
	}
	tel.Log = slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if r.Service, err = ingress.New(t.Context(), cfg, tenants, tel); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return r
}

func sign(token, u string, params map[string]string) string {
	h := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(h, u)
	for _, k := range slices.Sorted(maps.Keys(params)) {
		_, _ = io.WriteString(h, k+params[k])
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// post sends a webhook to a path of the account, or to a URL that was handed out.
func (r *rig) post(t *testing.T, to string, pairs ...string) (status int, body string) {
	t.Helper()
	path := strings.TrimPrefix(to, public)
	path, _, _ = strings.Cut(path, "#")
	if !strings.HasPrefix(path, "/") {
		path = "/twilio/" + apptest.Account + "/" + path
	}
	params := map[string]string{"AccountSid": apptest.Account, "CallSid": call, "From": caller, "To": apptest.DialLine, "Direction": "inbound"}
	for i := 0; i+1 < len(pairs); i += 2 {
		params[pairs[i]] = pairs[i+1]
	}
	r.signed = append(r.signed, sign(token, public+path, params))
	return send(t, r.Addr(), path, r.signed[len(r.signed)-1], params)
}

// postTo sends a webhook that is signed by an auth token, and returns its status.
func postTo(t *testing.T, addr, path, authToken string, params map[string]string) int {
	t.Helper()
	status, _ := send(t, addr, path, sign(authToken, public+path, params), params)
	return status
}

func send(t *testing.T, addr, path, signature string, params map[string]string) (status int, body string) {
	t.Helper()
	form := url.Values{}
	for k, v := range params {
		form.Set(k, v)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", signature)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// verb is TwiML as far as the test looks at it.
type verb struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Nodes   []verb     `xml:",any"`
}

func (v verb) attr(element, name string) string {
	if v.XMLName.Local == element {
		for _, a := range v.Attrs {
			if a.Name.Local == name {
				return a.Value
			}
		}
	}
	for _, n := range v.Nodes {
		if got := n.attr(element, name); got != "" {
			return got
		}
	}
	return ""
}

func (r *rig) twiml(t *testing.T, to string, pairs ...string) verb {
	t.Helper()
	status, body := r.post(t, to, pairs...)
	var v verb
	if err := xml.Unmarshal([]byte(body), &v); err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v", status, err)
	}
	return v
}

// socket dials the media path; ctx bounds what is done on it.
func (r *rig) socket(t *testing.T) (*websocket.Conn, context.Context) {
	t.Helper()
	path := "/twilio/" + apptest.Account + "/media"
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	r.signed = append(r.signed, sign(token, strings.Replace(public, "https", "wss", 1)+path, nil))
	c, resp, err := websocket.Dial(ctx, "http://"+r.Addr()+path, &websocket.DialOptions{
		HTTPHeader: http.Header{"X-Twilio-Signature": r.signed[len(r.signed)-1:]},
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	return c, ctx
}

// stream plays a Media Stream of n frames a track on a socket; without a stop the socket stays open.
func (r *rig) stream(t *testing.T, sid, callToken string, n int, stop bool) *websocket.Conn {
	t.Helper()
	c, ctx := r.socket(t)
	write := func(format string, args ...any) {
		if err := c.Write(ctx, websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"event":"connected","protocol":"Call","version":"1.0.0"}`)
	write("%s", startMessage(sid, callToken))
	for i := range n {
		for _, track := range []string{"inbound", "outbound"} {
			write(`{"event":"media","sequenceNumber":"%d","media":{"track":"%s","chunk":"%d","timestamp":"%d","payload":"%s"},"streamSid":%q}`,
				i+2, track, i+1, i*20, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{byte(i)}, 160)), sid)
		}
	}
	if stop {
		write(`{"event":"stop","sequenceNumber":"9","stop":{"accountSid":"x","callSid":"x"},"streamSid":%q}`, sid)
		if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			t.Errorf("the socket ended with %v", err)
		}
	}
	return c
}

func startMessage(sid, callToken string) string {
	return fmt.Sprintf(`{"event":"start","sequenceNumber":"1","start":{"accountSid":%q,"streamSid":%q,"callSid":%q,"tracks":["inbound","outbound"],"mediaFormat":`+
		`{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":%q}},"streamSid":%q}`, apptest.Account, sid, call, callToken, sid)
}

// topic reads everything that stands on a topic.
func (r *rig) topic(t *testing.T, topic events.Topic) []*events.CallEvent {
	t.Helper()
	var out []*events.CallEvent
	for _, rec := range kafkatest.Records(t, r.conn, topic.Name) {
		e, err := events.Unmarshal(rec.Value)
		if err != nil {
			t.Fatal(err)
		}
		if string(rec.Key) != e.GetCallId() {
			t.Errorf("key %s of call %s", rec.Key, e.GetCallId())
		}
		out = append(out, e)
	}
	return out
}

// once is what stands of a call on a topic, repetitions left out, as whoever reads it leaves them out: what Kafka is slow to
// acknowledge comes a second time.
func (r *rig) once(t *testing.T, topic events.Topic, callID string) []*events.CallEvent {
	t.Helper()
	var out []*events.CallEvent
	seen := map[string]bool{}
	for _, e := range r.topic(t, topic) {
		if e.GetCallId() == callID && !seen[e.GetEventId()] {
			seen[e.GetEventId()] = true
			out = append(out, e)
		}
	}
	return out
}

func kinds(es []*events.CallEvent) string {
	var out []string
	for _, e := range es {
		out = append(out, e.Kind().String())
	}
	return strings.Join(out, " ")
}

// sampleTenants are the samples', with Twilio's API at an address of ours unless it is empty.
func sampleTenants(t *testing.T, api string) *tenant.Set {
	t.Helper()
	set, err := tenant.Load("../../samples/tenants")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range set.All() {
		if api != "" {
			one.Twilio.APIBase = "http://" + api
		}
	}
	return set
}
