package twilio_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's signature is HMAC-SHA1
	"encoding/base64"
	"encoding/xml"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/calltoken"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
	"github.com/frontdesk/frontdesk/services/ingress/internal/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	public = "https://voice.example.com/calls"
	callID = "CA00000000000000000000000000000001"
	child  = "CA00000000000000000000000000000002"
	from   = "+12025550111"
)

// bench is a server on fakes; public is what Twilio believes to speak to.
type bench struct {
	url     string
	pub     *apptest.Publisher
	carrier *apptest.Carrier
	server  *twilio.Server
	tokens  *calltoken.Signer
	links   twilio.Links
	now     *clock
	log     *syncBuffer
	reader  *metric.ManualReader
}

// clock can be moved while requests run.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

type option func(*app.Settings, *twilio.SocketConfig)

func newBench(t *testing.T, opts ...option) *bench {
	t.Helper()
	b := &bench{
		pub: &apptest.Publisher{}, carrier: &apptest.Carrier{}, log: &syncBuffer{}, reader: metric.NewManualReader(),
		now: &clock{at: time.Date(2026, 11, 2, 15, 4, 5, 0, time.UTC)},
	}
	tenants := apptest.Tenants()
	var err error
	if b.tokens, err = calltoken.New([]config.Secret{"0123456789abcdef0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	if b.links, err = twilio.NewLinks(public+"/", false, b.tokens); err != nil {
		t.Fatal(err)
	}
	m, err := metrics.New(metric.NewMeterProvider(metric.WithReader(b.reader)).Meter(""))
	if err != nil {
		t.Fatal(err)
	}
	set := app.Settings{VoiceDeadline: 50 * time.Millisecond, MaxRestarts: 2, Now: b.now.Now}
	socket := twilio.SocketConfig{MaxOpen: 10, Options: ws.Options{MaxMessage: 16 << 10, Idle: 10 * time.Second}}
	for _, o := range opts {
		o(&set, &socket)
	}
	log := slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.server = twilio.NewServer(twilio.Deps{
		App:     app.New(tenants, b.pub, b.carrier, &apptest.History{Log: b.pub}, set),
		Intake:  media.New(b.pub, m, log, media.Config{MaxUnacked: 1 << 20, MaxUnackedTotal: 1 << 20, EndWait: 5 * time.Second}),
		Tenants: tenants, Links: b.links, Tokens: b.tokens, Metrics: m, Now: b.now.Now, Socket: socket,
		Log: log, Tracer: noop.NewTracerProvider().Tracer(""),
	})
	srv := httptest.NewServer(b.server.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		b.server.Drain(ctx)
		srv.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	b.url = srv.URL
	return b
}

func defaultTenant(id string) option {
	return func(s *app.Settings, _ *twilio.SocketConfig) { s.Default = apptest.Tenants().ByID(id) }
}

// sign is Twilio's signature, written from its description rather than by the library under test.
// https://www.twilio.com/docs/usage/security#validating-requests
func sign(token, url string, params map[string]string) string {
	h := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(h, url)
	for _, k := range slices.Sorted(maps.Keys(params)) {
		_, _ = io.WriteString(h, k+params[k])
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// reply is an answer of the server.
type reply struct {
	status int
	body   string
	header http.Header
}

// request is one webhook; zero values mean: signed well, by acme's first token, on the account's path.
type request struct {
	path      string // or a whole callback URL, as it was handed out
	params    map[string]string
	token     string
	signature *string
	json      []byte
	header    map[string]string
}

func (b *bench) send(t *testing.T, r request) reply {
	t.Helper()
	path := strings.TrimPrefix(r.path, public)
	path, _, _ = strings.Cut(path, "#") // neither sent nor signed
	if !strings.HasPrefix(path, "/twilio/") {
		path = "/twilio/" + apptest.Account + "/" + path
	}
	if r.token == "" {
		r.token = "new-token"
	}
	form := url.Values{}
	for k, v := range r.params {
		form.Set(k, v)
	}
	body, kind, signature := []byte(form.Encode()), "application/x-www-form-urlencoded", sign(r.token, public+path, r.params)
	if r.json != nil {
		body, kind, signature = r.json, "application/json", sign(r.token, public+path, nil)
	}
	if r.signature != nil {
		signature = *r.signature
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if signature != "" {
		req.Header.Set("X-Twilio-Signature", signature)
	}
	for k, v := range r.header {
		if k == "Host" {
			req.Host = v
		}
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, string(text), resp.Header}
}

// ring is the voice webhook of a call to a number; with changes.
func (b *bench) ring(t *testing.T, to string, change ...string) reply {
	t.Helper()
	return b.send(t, request{path: "voice", params: params(append([]string{"To", to, "CallStatus", "ringing"}, change...)...)})
}

// params are the parameters of every webhook, with changes.
func params(pairs ...string) map[string]string {
	p := map[string]string{
		"AccountSid": apptest.Account, "CallSid": callID, "From": from, "To": apptest.DialLine,
		"Direction": "inbound", "ApiVersion": "2010-04-01",
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return p
}

// node is TwiML as it is compared: attribute order is random.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Nodes   []node     `xml:",any"`
}

func parseTwiML(t *testing.T, r reply) node {
	t.Helper()
	if r.status != http.StatusOK || !strings.HasPrefix(r.header.Get("Content-Type"), "text/xml") {
		t.Fatalf("status %d, %s: a caller is waiting for TwiML", r.status, r.header.Get("Content-Type"))
	}
	var n node
	if err := xml.Unmarshal([]byte(r.body), &n); err != nil {
		t.Fatalf("the answer is no XML: %v", err)
	}
	return n
}

func (n node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// find returns the first element of a name below n; its name is empty if there is none.
func (n node) find(name string) node {
	for _, c := range n.Nodes {
		if c.XMLName.Local == name {
			return c
		}
		if d := c.find(name); d.XMLName.Local != "" {
			return d
		}
	}
	return node{}
}

// short is a document in one line a verb: names, attributes in order, URLs without their tokens.
func (n node) short() string {
	var b strings.Builder
	for _, c := range n.Nodes {
		b.WriteString("<" + c.XMLName.Local)
		slices.SortFunc(c.Attrs, func(x, y xml.Attr) int { return strings.Compare(x.Name.Local, y.Name.Local) })
		for _, a := range c.Attrs {
			b.WriteString(" " + a.Name.Local + "=" + noToken(a.Value))
		}
		b.WriteString(">")
		b.WriteString(noToken(strings.TrimSpace(c.Text)))
		b.WriteString(c.short())
		b.WriteString("</>")
	}
	return b.String()
}

// noToken cuts the token out of a URL, and shortens the URL's beginning.
func noToken(s string) string {
	s = strings.Replace(s, public+"/twilio/"+apptest.Account, "", 1)
	for _, key := range []string{"?t=", "Token="} {
		if i := strings.Index(s, key); i >= 0 {
			end := i + len(key)
			for end < len(s) && !strings.ContainsRune("#&", rune(s[end])) {
				end++
			}
			s = s[:i+len(key)] + "T" + s[end:]
		}
	}
	if len(s) > 100 && !strings.ContainsAny(s, " :/") {
		return "T" // a parameter
	}
	return s
}

// counted is the sum of a counter's points that have all the attributes.
func (b *bench) counted(t *testing.T, name string, attrs ...string) int64 {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := b.reader.Collect(t.Context(), &rm); err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, s := range rm.ScopeMetrics {
		for _, m := range s.Metrics {
			data, ok := m.Data.(metricdata.Sum[int64])
			if m.Name != name || !ok {
				continue
			}
		points:
			for _, p := range data.DataPoints {
				for i := 0; i+1 < len(attrs); i += 2 {
					var found bool
					for _, kv := range p.Attributes.ToSlice() {
						found = found || string(kv.Key) == attrs[i] && kv.Value.AsString() == attrs[i+1]
					}
					if !found {
						continue points
					}
				}
				sum += p.Value
			}
		}
	}
	return sum
}

func attr(name, value string) xml.Attr { return xml.Attr{Name: xml.Name{Local: name}, Value: value} }
