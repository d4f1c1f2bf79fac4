package googlespeech_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	sandbox "github.com/frontdesk/frontdesk/sandbox/googlespeech"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/drivertest"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/googlespeech"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/pace"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/rotate"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The client library's own metrics pusher, started by its package.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// silence is mu-law's, as the stand-in has it.
const silence = 0xFF

// speech is a call of 80 s: noise for words, each as long as its letters, and pauses between utterances.
func speech() (*calls.Call, []drivertest.Said) {
	rng := rand.New(rand.NewPCG(8, 8))
	c := &calls.Call{Name: "speech"}
	var said []drivertest.Said
	quiet := func(ms int) { c.Caller = append(c.Caller, []byte(strings.Repeat(string([]byte{silence}), 8*ms))...) }
	for n := 0; len(c.Caller) < 8*80_000; n++ {
		quiet(300 + rng.IntN(1_500))
		words := make([]string, 2+rng.IntN(9))
		for i := range words {
			words[i] = strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(7)) + string(rune('a'+n%26))
		}
		text := strings.Join(words, " ")
		start := len(c.Caller)
		for range 8 * 60 * (len(text) + 1) {
			c.Caller = append(c.Caller, byte(rng.UintN(0x60)))
		}
		c.Script = append(c.Script, calls.Utterance{
			Track: calls.TrackCaller, Text: text, Start: at(start), End: at(len(c.Caller)),
		})
		from := int64(start / 8)
		for _, w := range words {
			to := from + 60*int64(len(w)+1)
			said = append(said, drivertest.Said{Text: w, Start: from, End: to})
			from = to
		}
	}
	quiet(1_000)
	c.AgentAudio = []byte(strings.Repeat(string([]byte{silence}), len(c.Caller)))
	return c, said
}

func at(bytes int) calls.Duration { return calls.Duration(time.Duration(bytes) * time.Millisecond / 8) }

func start(t *testing.T, cfg sandbox.Config) (*sandbox.Server, *googlespeech.Driver) {
	t.Helper()
	srv, err := sandbox.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	conns := googlespeech.NewConnections()
	t.Cleanup(func() { _ = conns.Close() })
	return srv, googlespeech.New(googlespeech.Config{
		Project: "p", Location: "us", Model: "telephony", Endpoint: srv.Addr(), Insecure: true, LongestStream: cfg.MaxStream,
	}, conns)
}

func TestSuite(t *testing.T) {
	cfg := rotate.Defaults()
	cfg.Settle = 50 * time.Millisecond
	drivertest.Run(t, drivertest.Harness{
		New: func(t *testing.T) (recogniser.Recogniser, []byte, []drivertest.Said) {
			call, said := speech()
			_, d := start(t, sandbox.Config{Calls: []*calls.Call{call}, MaxStream: drivertest.Limit})
			return rotate.New(pace.New(d, pace.Config{Ahead: 4 * time.Second, Speed: 20, CatchUp: 2}), cfg, nil), call.Caller, said
		},
		Slack: 30, Silence: cfg.Silence + 4*time.Second, // 50 ms are two seconds of audio, or more
	})
}

// TestLimitOfTheProduct runs into the product's limit instead of rotating before it.
func TestLimitOfTheProduct(t *testing.T) {
	call, said := speech()
	srv, _ := start(t, sandbox.Config{Calls: []*calls.Call{call}, MaxStream: drivertest.Limit})
	conns := googlespeech.NewConnections()
	defer conns.Close()
	d := googlespeech.New(googlespeech.Config{
		Project: "p", Location: "us", Model: "telephony", Endpoint: srv.Addr(), Insecure: true,
	}, conns)
	var reasons []string
	r := rotate.New(pace.New(d, pace.Config{Ahead: 4 * time.Second, Speed: 20, CatchUp: 2}), rotate.Defaults(), func(reason, _ string) { reasons = append(reasons, reason) })
	s := r.Open(recogniser.Spec{Format: drivertest.Format, Languages: []string{"en-US"}})
	for _, a := range drivertest.Chunks(call.Caller, 0, 200) {
		s.Write(a)
	}
	s.Finish()
	var finals []recogniser.Final
	var sent time.Duration
	for {
		e, err := s.Recv()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
		if e.Final != nil {
			finals = append(finals, *e.Final)
		}
		if u := e.Usage; u != nil {
			sent += u.Billed
			if !u.Estimated && u.Outcome != "ok" {
				t.Errorf("usage %+v: a stream that did not end in order never tells its bill", u)
			}
		}
	}
	if got, want := drivertest.Told(finals), drivertest.Text(said); got != want {
		t.Errorf("words differ\n got %s\nwant %s", got, want)
	}
	if len(reasons) < 3 || reasons[0] != rotate.ReasonLimit {
		t.Errorf("streams ended for %v, want the product's limit", reasons)
	}
	for _, row := range srv.Meter().Rows() {
		// What was under way when the product ended a stream, we count and it does not: on a busy machine as much
		// as gRPC's window takes in advance, 64 KB or eight seconds, and the seconds that are rounded up.
		if diff := sent.Seconds() - row.Amount; diff < 0 || diff > float64(10*len(reasons)) {
			t.Errorf("we count %s, the product %g s", sent, row.Amount)
		}
	}
}

// TestRefusals classifies what the product says.
func TestRefusals(t *testing.T) {
	for code, want := range map[codes.Code]struct {
		permanent, limit bool
	}{
		codes.Aborted: {limit: true}, codes.OutOfRange: {limit: true}, codes.Unavailable: {}, codes.Internal: {},
		codes.ResourceExhausted: {}, codes.DeadlineExceeded: {}, codes.Unknown: {},
		codes.InvalidArgument: {permanent: true}, codes.NotFound: {permanent: true}, codes.PermissionDenied: {permanent: true},
		codes.Unauthenticated: {permanent: true}, codes.FailedPrecondition: {permanent: true}, codes.Unimplemented: {permanent: true},
	} {
		t.Run(code.String(), func(t *testing.T) {
			_, d := start(t, sandbox.Config{Faults: fault.Settings{Errors: []fault.Share{{Code: upper(code), Share: 1, Operation: "StreamingRecognize"}}}})
			s, err := d.Open(t.Context(), recogniser.Spec{Format: drivertest.Format, Languages: []string{"en-US"}})
			if err == nil {
				_, err = s.Recv()
				s.Cancel()
				if u := s.Usage(); u == nil || u.Sent != 0 || u.Outcome == "ok" {
					t.Errorf("usage %+v, want a failed request without audio", u)
				}
			}
			if retry.IsPermanent(err) != want.permanent || errors.Is(err, recogniser.ErrLimit) != want.limit {
				t.Errorf("%v is permanent: %v, limit: %v", err, retry.IsPermanent(err), errors.Is(err, recogniser.ErrLimit))
			}
			if got := retry.Code(err); got != "googlespeech."+code.String() {
				t.Errorf("code %q", got)
			}
			if retry.Dependency(err) == "" {
				t.Error("the error names no dependency")
			}
		})
	}
}

// upper is gRPC's own spelling of a code.
func upper(c codes.Code) string {
	var b strings.Builder
	for i, r := range c.String() {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

// TestRefusedSettings names the encoding that the product does not take before anything is sent.
func TestRefusedSettings(t *testing.T) {
	srv, d := start(t, sandbox.Config{})
	if _, err := d.Open(t.Context(), recogniser.Spec{Format: recogniser.Format{Encoding: "opus", Rate: 48000}}); !retry.IsPermanent(err) {
		t.Errorf("an unknown encoding: %v, want a permanent error", err)
	}
	if n := len(srv.Sessions()); n != 0 {
		t.Errorf("%d streams were opened", n)
	}
}

// TestConnections opens another connection for the hundred and first stream, and fills what has become free.
func TestConnections(t *testing.T) {
	srv, err := sandbox.Start(t.Context(), sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	conns := googlespeech.NewConnections()
	defer conns.Close()
	d := googlespeech.New(googlespeech.Config{Project: "p", Location: "us", Model: "telephony", Endpoint: srv.Addr(), Insecure: true}, conns)
	open := func() recogniser.Stream {
		s, err := d.Open(t.Context(), recogniser.Spec{Format: drivertest.Format, Languages: []string{"en-US"}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	streams := make([]recogniser.Stream, 0, 101)
	for range 100 {
		streams = append(streams, open())
	}
	if n := conns.Open(); n != 1 {
		t.Errorf("%d connections for 100 streams, want 1", n)
	}
	streams = append(streams, open())
	if n := conns.Open(); n != 2 {
		t.Errorf("%d connections for 101 streams, want 2", n)
	}
	for range 50 {
		streams[0].Cancel()
		streams[0].Cancel() // a slot comes back once
		streams = append(streams[1:], open())
	}
	if n := conns.Open(); n != 2 {
		t.Errorf("%d connections after some streams made room for others, want 2", n)
	}
	for _, s := range streams {
		s.Cancel()
	}
}

// TestStall gives up on a connection that takes no more audio: a listener that accepts and then says nothing.
func TestStall(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	mute := grpc.NewServer(grpc.InitialWindowSize(64<<10), grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		<-s.Context().Done()
		return nil
	}))
	go func() { _ = mute.Serve(l) }()
	defer mute.Stop()
	conns := googlespeech.NewConnections()
	defer conns.Close()
	d := googlespeech.New(googlespeech.Config{
		Project: "p", Location: "us", Model: "telephony", Endpoint: l.Addr().String(), Insecure: true, Stall: 50 * time.Millisecond,
	}, conns)
	s, err := d.Open(t.Context(), recogniser.Spec{Format: drivertest.Format})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Cancel()
	for err = nil; err == nil; {
		err = s.Write(recogniser.Audio{Data: make([]byte, 15_000)})
	}
	if _, err := s.Recv(); retry.Code(err) != "googlespeech.stalled" || retry.IsPermanent(err) {
		t.Errorf("ended with %v, want googlespeech.stalled", err)
	}
}

// TestNobodyThere: an endpoint that refuses connections is told of at once. The client does not try again by itself: whoever asked
// does, by its own pauses and breaker.
func TestNobodyThere(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var dialled atomic.Int32
	conns := googlespeech.NewConnections(grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
		dialled.Add(1)
		return nil, errors.New("refused")
	}))
	defer conns.Close()
	_ = l.Close()
	d := googlespeech.New(googlespeech.Config{Project: "p", Location: "us", Model: "telephony", Endpoint: l.Addr().String(), Insecure: true}, conns)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if s, err := d.Open(ctx, recogniser.Spec{Format: drivertest.Format}); retry.Code(err) != "googlespeech.Unavailable" || retry.IsPermanent(err) {
		t.Errorf("opened %v with %v, want googlespeech.Unavailable", s, err)
	}
	if n := dialled.Load(); n != 1 || ctx.Err() != nil {
		t.Errorf("%d attempts, %v", n, ctx.Err())
	}
}

// TestQuota: a project that has as many streams as it may is told when to come again.
func TestQuota(t *testing.T) {
	_, d := start(t, sandbox.Config{MaxSessions: 1})
	spec := recogniser.Spec{Format: drivertest.Format, Languages: []string{"en-US"}}
	first, err := d.Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Cancel()
	call, _ := speech()
	if err := first.Write(recogniser.Audio{Data: call.Caller[:8000]}); err != nil {
		t.Fatal(err)
	}
	// Whichever of the two comes in second is refused.
	second, err := d.Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Cancel()
	refused := make(chan error, 2)
	for _, s := range []recogniser.Stream{first, second} {
		go func() {
			for {
				if _, err := s.Recv(); err != nil {
					refused <- err
					return
				}
			}
		}()
	}
	if err := <-refused; retry.Code(err) != "googlespeech.ResourceExhausted" || retry.After(err) != time.Second || retry.IsPermanent(err) {
		t.Errorf("refused with %v after %s, want googlespeech.ResourceExhausted and a second", err, retry.After(err))
	}
	first.Cancel()
	second.Cancel()
	<-refused
}
