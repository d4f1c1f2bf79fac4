package kafka_test

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/stt/internal/app"
	"github.com/frontdesk/frontdesk/services/stt/internal/kafka"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/pace"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/rotate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// void publishes to nobody, remembers nothing, and hears a sentence every five seconds.
type void struct{}

func (void) Publish(_ context.Context, e *events.CallEvent, done func(error)) {
	_, err := events.Marshal(e)
	done(err)
}

func (void) Partition(context.Context, int, int64) (*app.Past, error) {
	return app.NewPast(time.Now()), nil
}

func (void) Call(context.Context, int, *events.CallEvent) (*app.Past, error) {
	return app.NewPast(time.Now()), nil
}

func (void) End(context.Context, int) (int64, error) { return 0, nil }

func (v void) For(*tenant.Tenant) (recogniser.Recogniser, error) {
	return rotate.New(pace.New(v, pace.Config{Ahead: time.Hour, Speed: 1, CatchUp: 1}), rotate.Defaults(), nil), nil
}

func (void) Capabilities() recogniser.Capabilities {
	return recogniser.Capabilities{Product: "void", Encodings: []recogniser.Encoding{recogniser.Mulaw}, LongestStream: 5 * time.Minute}
}

func (void) Open(ctx context.Context, _ recogniser.Spec) (recogniser.Stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	return &sentence{ctx: ctx, cancel: cancel, results: make(chan recogniser.Result, 64), closed: make(chan struct{})}, nil
}

type sentence struct {
	ctx     context.Context
	cancel  context.CancelFunc
	results chan recogniser.Result
	closed  chan struct{}
	given   int
}

func (s *sentence) Write(a recogniser.Audio) error {
	s.given += len(a.Data)
	if end := a.Start + int64(len(a.Data)/8); s.given >= 5*8000 {
		s.given = 0
		f := &recogniser.Final{Start: end - 4_000, End: end, Text: "and this is what somebody says in about five seconds of time"}
		for i := range int64(12) {
			f.Words = append(f.Words, recogniser.Word{Text: "word", Start: end - 4_000 + 300*i, End: end - 3_750 + 300*i})
		}
		select {
		case s.results <- recogniser.Result{Heard: end, Final: f}:
		case <-s.ctx.Done():
			return io.EOF
		}
	}
	return nil
}

func (s *sentence) CloseSend() error { close(s.closed); return nil }

func (s *sentence) Recv() (recogniser.Result, error) {
	select {
	case r := <-s.results:
		return r, nil
	default:
	}
	select {
	case r := <-s.results:
		return r, nil
	case <-s.closed:
		return recogniser.Result{}, io.EOF
	case <-s.ctx.Done():
		return recogniser.Result{}, s.ctx.Err()
	}
}

func (s *sentence) Cancel() { s.cancel() }

func (s *sentence) Usage() *recogniser.Usage { return nil }

func newApp(tb testing.TB) *app.App {
	tb.Helper()
	set, err := tenant.NewSet(&tenant.Tenant{
		ID: "acme", Consent: tenant.Consent{Policy: tenant.ConsentNotAsked}, Speech: tenant.Speech{Provider: "void", OnPrem: true},
	})
	if err != nil {
		tb.Fatal(err)
	}
	cfg := app.Defaults()
	cfg.Sessions = 10_000
	a, err := app.New(cfg, set, void{}, void{}, void{}, telemetry.Discard())
	if err != nil {
		tb.Fatal(err)
	}
	if err := a.Assigned(tb.Context(), map[int]int64{0: 0}, func(int, []byte, func(context.Context)) {}); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		a.Revoked([]int{0})
		_ = a.Close(context.WithoutCancel(tb.Context()))
	})
	return a
}

func call(id string) events.Call {
	return events.Call{ID: id, Leg: id, Tenant: "acme", LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO}
}

func message(tb testing.TB, key string, e *events.CallEvent) *consume.Message {
	tb.Helper()
	b, err := events.Marshal(e)
	if err != nil {
		tb.Fatal(err)
	}
	return &consume.Message{Topic: events.Media.Name, Key: []byte(key), Value: b}
}

// TestRefused names what is no delivery, for good.
func TestRefused(t *testing.T) {
	h := kafka.Handler(newApp(t))
	e := call("CA1").Event(time.Now(), &events.MediaEnded{StreamId: "MZ1", Reason: events.MediaEndReason_MEDIA_END_REASON_STOPPED})
	sealed := call("CA1").Event(time.Now(), &events.MediaEnded{})
	sealed.Payload = &events.CallEvent_Sealed{Sealed: &events.Sealed{KeyId: "k", Algorithm: "AES256-GCM", Ciphertext: []byte{1}, Kind: uint32(events.KindMediaEnded)}}
	lifecycle := call("CA1").Event(time.Now(), &events.RecordingStarted{RecordingId: "RE1"})
	for want, m := range map[string]*consume.Message{
		"undecodable": {Key: []byte("CA1"), Value: []byte("no event")},
		"wrong_key":   message(t, "CA2", e),
		"sealed":      message(t, "CA1", sealed),
		"":            message(t, "CA1", lifecycle), // nothing that concerns hearing
	} {
		var got error
		calls := 0
		h(t.Context(), m, func(err error) { got = err; calls++ })
		if calls != 1 || retry.Code(got) != want || want != "" && !retry.IsPermanent(got) {
			t.Errorf("done was called %d times, with %v; want %q once", calls, got, want)
		}
	}
}

// BenchmarkHearing is what a second of a call costs, both parties, from Kafka's bytes to the recogniser's
// door and back to Kafka's bytes, without the network.
func BenchmarkHearing(b *testing.B) {
	const parallel = 100
	h := kafka.Handler(newApp(b))
	audio := make([]byte, 1600)
	done := func(err error) {
		if err != nil {
			b.Error(err)
		}
	}
	for c := range parallel {
		id := fmt.Sprintf("CA%d", c)
		h(b.Context(), message(b, id, call(id).Event(time.Now(), &events.MediaStarted{
			StreamId: "MZ", Parties: []events.Party{1, 2}, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000,
			Consent: events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED,
		})), done)
	}
	var spent time.Duration
	chunk := make([]uint64, parallel)
	batch := make([]*consume.Message, 0, 10*parallel)
	for second := 0; second < b.N; {
		// Making the messages is ingress's work.
		b.StopTimer()
		batch = batch[:0]
		for c := range min(parallel, b.N-second) {
			id := fmt.Sprintf("CA%d", c)
			for range 5 {
				for p := events.Party(1); p <= 2; p++ {
					batch = append(batch, message(b, id, call(id).Event(time.Now(), &events.AudioChunk{
						StreamId: "MZ", Party: p, Chunk: chunk[c], StartMs: int64(chunk[c]) * 200, Audio: audio,
						Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000,
					})))
				}
				chunk[c]++
			}
			second++
		}
		b.StartTimer()
		began := cpu(b)
		for _, m := range batch {
			h(b.Context(), m, done)
		}
		spent += cpu(b) - began
	}
	b.ReportMetric(spent.Seconds()*1000/float64(b.N), "cpu-s/1000call-s")
}

// cpu is what this process has used.
func cpu(tb testing.TB) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
