package twilio_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/twilio/twilio-go/client"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "0123456789abcdef0123456789abcdef"
	line    = "+14155550100"
	caller  = "+13125550123"
	flow    = "FW00000000000000000000000000000001"
)

// memory is a network inside the test: connections are pipes, so that a synctest bubble sees every wait.
type memory struct {
	mu    sync.Mutex
	hosts map[string]*door
}

// door is a listener of that network.
type door struct {
	addr   string
	knocks chan net.Conn
	shut   chan struct{}
	once   sync.Once

	mu   sync.Mutex
	open []net.Conn
}

func newMemory() *memory { return &memory{hosts: map[string]*door{}} }

func (m *memory) listen(addr string) *door {
	d := &door{addr: addr, knocks: make(chan net.Conn), shut: make(chan struct{})}
	m.mu.Lock()
	m.hosts[addr] = d
	m.mu.Unlock()
	return d
}

func (m *memory) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	m.mu.Lock()
	d := m.hosts[addr]
	m.mu.Unlock()
	if d == nil {
		return nil, syscall.ECONNREFUSED
	}
	here, there := net.Pipe()
	select {
	case d.knocks <- there:
		return here, nil
	case <-d.shut:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.knocks:
		d.mu.Lock()
		d.open = append(d.open, c)
		d.mu.Unlock()
		return c, nil
	case <-d.shut:
		return nil, net.ErrClosed
	}
}

func (d *door) Close() error {
	d.once.Do(func() { close(d.shut) })
	return nil
}

// kill closes what has come in, sockets too.
func (d *door) kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.open {
		_ = c.Close()
	}
}

func (d *door) Addr() net.Addr  { return d }
func (d *door) Network() string { return "memory" }
func (d *door) String() string  { return d.addr }

// hook is one webhook as the customer saw it.
type hook struct {
	path   string
	params map[string]string
	token  string // I-Twilio-Idempotency-Token
	at     time.Time
}

// customer is the server that Twilio rings: it checks every signature with Twilio's own validator, answers the
// TwiML of its script, and takes media streams.
type customer struct {
	t    *testing.T
	net  *memory
	base string // http://ingress.test

	mu      sync.Mutex
	script  map[string]string // path, TwiML body (within <Response>)
	refuse  map[string][]int  // path, status codes to answer first
	stall   map[string]time.Duration
	hooks   []hook
	sockets []*socket
	onMedia func(ctx context.Context, c *websocket.Conn, s *socket) // nil reads to the end
	server  *http.Server
	door    *door
}

// socket is one media stream as the customer saw it.
type socket struct {
	mu       sync.Mutex
	start    map[string]any
	events   []string
	media    []frame
	stop     bool
	problems []string
}

// frame is one media message.
type frame struct {
	seq, chunk, ms int
	track          string
	audio          []byte
	at             time.Time
}

func newCustomer(t *testing.T, n *memory, script map[string]string) *customer {
	c := &customer{t: t, net: n, base: "http://ingress.test", script: script, refuse: map[string][]int{}, stall: map[string]time.Duration{}}
	c.open()
	return c
}

// open starts listening; close is an outage.
func (c *customer) open() {
	c.server = &http.Server{Handler: c}
	c.door = c.net.listen("ingress.test:80")
	go func() { _ = c.server.Serve(c.door) }()
}

func (c *customer) close() {
	_ = c.server.Close()
	c.door.kill()
}

func (c *customer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/media" {
		c.stream(w, r)
		return
	}
	if r.Header.Get("Upgrade") != "" {
		http.NotFound(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		c.t.Errorf("form of %s: %v", r.URL.Path, err)
	}
	params := map[string]string{}
	for k, v := range r.Form {
		if len(v) != 1 {
			c.t.Errorf("%s: parameter %s is there %d times", r.URL.Path, k, len(v))
		}
		params[k] = v[0]
	}
	v := client.NewRequestValidator(token)
	posted := params
	if r.Method == http.MethodGet {
		posted = nil // they are part of the URL
	}
	if !v.Validate(c.base+r.URL.RequestURI(), posted, r.Header.Get("X-Twilio-Signature")) {
		c.t.Errorf("%s: twilio-go's validator refuses the signature", r.URL.Path)
	}
	c.mu.Lock()
	c.hooks = append(c.hooks, hook{r.URL.Path, params, r.Header.Get("I-Twilio-Idempotency-Token"), time.Now()})
	status := 200
	if codes := c.refuse[r.URL.Path]; len(codes) > 0 {
		status, c.refuse[r.URL.Path] = codes[0], codes[1:]
	}
	body, known := c.script[r.URL.Path]
	stall := c.stall[r.URL.Path]
	c.mu.Unlock()
	if stall > 0 {
		select {
		case <-time.After(stall):
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	if known && status == 200 {
		fmt.Fprint(w, "<Response>"+body+"</Response>")
	}
}

func (c *customer) stream(w http.ResponseWriter, r *http.Request) {
	v := client.NewRequestValidator(token)
	if !v.Validate("wss://ingress.test/media", nil, r.Header.Get("X-Twilio-Signature")) &&
		!v.Validate("ws://127.0.0.1/media", nil, r.Header.Get("X-Twilio-Signature")) {
		c.t.Error("twilio-go's validator refuses the upgrade's signature")
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		c.t.Errorf("upgrade: %v", err)
		return
	}
	defer conn.CloseNow()
	s := &socket{}
	c.mu.Lock()
	c.sockets = append(c.sockets, s)
	then := c.onMedia
	c.mu.Unlock()
	if then != nil {
		then(r.Context(), conn, s)
		return
	}
	for s.read(r.Context(), conn) {
	}
}

// read takes one message; false when the stream is over.
func (s *socket) read(ctx context.Context, conn *websocket.Conn) bool {
	_, data, err := conn.Read(ctx)
	if err != nil {
		return false
	}
	var m struct {
		Event          string
		SequenceNumber *string
		StreamSid      string
		Start          map[string]any
		Media          struct{ Track, Chunk, Timestamp, Payload string }
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := json.Unmarshal(data, &m); err != nil {
		s.problems = append(s.problems, err.Error())
		return true
	}
	s.events = append(s.events, m.Event)
	switch m.Event {
	case "start":
		s.start = m.Start
	case "media":
		f := frame{track: m.Media.Track, at: time.Now()}
		var errs [4]error
		f.seq, errs[0] = strconv.Atoi(*m.SequenceNumber)
		f.chunk, errs[1] = strconv.Atoi(m.Media.Chunk)
		f.ms, errs[2] = strconv.Atoi(m.Media.Timestamp)
		f.audio, errs[3] = base64.StdEncoding.DecodeString(m.Media.Payload)
		if err := errors.Join(errs[:]...); err != nil {
			s.problems = append(s.problems, err.Error())
		}
		s.media = append(s.media, f)
	case "stop":
		s.stop = true
	}
	return true
}

func (s *socket) track(name string) (out []frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.media {
		if f.track == name {
			out = append(out, f)
		}
	}
	return out
}

func sound(frames []frame) (out []byte) {
	for _, f := range frames {
		out = append(out, f.audio...)
	}
	return out
}

// seen returns the webhooks to a path.
func (c *customer) seen(path string) (out []hook) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.hooks {
		if h.path == path {
			out = append(out, h)
		}
	}
	return out
}

func (c *customer) paths() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]string, 0, len(c.hooks))
	for _, h := range c.hooks {
		out = append(out, h.path)
	}
	return strings.Join(out, " ")
}

func (c *customer) socket(i int) *socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i >= len(c.sockets) {
		c.t.Fatalf("only %d streams came", len(c.sockets))
	}
	return c.sockets[i]
}

// config of a carrier that rings the customer.
func (c *customer) config() twilio.Config {
	return twilio.Config{
		Seed: 7, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			// A secure name leads to the same door: TLS is not what is tested.
			return c.net.dial(ctx, network, strings.Replace(addr, "127.0.0.1:80", "ingress.test:80", 1))
		},
		Accounts: []twilio.Account{{
			SID: account, AuthTokens: []string{token}, DispositionURL: c.base + "/disposition", ConsentURL: c.base + "/reported",
			Numbers: []twilio.Number{{
				PhoneNumber: line, VoiceURL: c.base + "/voice#rc=2&rp=5xx,ct,rt", VoiceFallbackURL: c.base + "/fallback",
				StatusCallback: c.base + "/status#rc=3&rp=5xx,ct,rt",
			}},
		}},
	}
}

// start opens a carrier and closes it, and the customer, with the test.
func start(t *testing.T, c *customer, cfg twilio.Config) *twilio.Carrier {
	t.Helper()
	carrier, err := twilio.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := carrier.Close(); err != nil {
			t.Error(err)
		}
		c.close()
	})
	return carrier
}

// sample is a call with two seconds of sound on each side, every frame its own.
func sample(seconds int) *calls.Call {
	n := seconds * 8000
	call := &calls.Call{
		Name: "sample", From: caller, To: line, Duration: calls.Duration(time.Duration(seconds) * time.Second),
		Caller: make([]byte, n), AgentAudio: make([]byte, n),
	}
	for i := range n {
		call.Caller[i], call.AgentAudio[i] = byte(i/160*7+i), byte(i/160*11+2*i)
	}
	return call
}

func place(t *testing.T, c *twilio.Carrier, call *calls.Call) *twilio.Result {
	t.Helper()
	res, err := c.Place(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// listen opens a port of the loopback.
func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// media is TwiML that streams both tracks to the customer.
const media = `<Start><Stream url="ws://127.0.0.1/media" name="live" track="both_tracks" statusCallback="/stream">` +
	`<Parameter name="token" value="abc"/></Stream></Start>`
