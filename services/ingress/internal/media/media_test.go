package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
)

const (
	caller = events.Party_PARTY_CALLER
	agent  = events.Party_PARTY_AGENT
)

var errAway = errors.New("the broker is away")

func facts() app.Facts {
	start := time.Date(2026, 11, 2, 15, 4, 5, 0, time.UTC)
	return app.Facts{
		CallID: "CA1", Source: events.Source_SOURCE_TWILIO, Account: apptest.Account, Tenant: "acme", Line: apptest.DialLine,
		LineOfBusiness: "sales", Payer: "product", Language: "en-US", Start: start,
		Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED,
	}
}

func spec(parties ...events.Party) media.Spec {
	return media.Spec{
		ID: "MZ1", Parties: parties, Opened: facts().Start.Add(1500 * time.Millisecond),
		Format: media.Format{Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000},
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func intake(t testing.TB, pub app.Publisher, cfg media.Config) *media.Intake {
	t.Helper()
	return watched(t, pub, cfg, noop.NewMeterProvider().Meter(""), slog.DiscardHandler)
}

// watched is intake with somebody who looks at its metrics and its log.
func watched(t testing.TB, pub app.Publisher, cfg media.Config, meter metric.Meter, log slog.Handler) *media.Intake {
	t.Helper()
	m, err := metrics.New(meter)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.MaxUnacked == 0 {
		cfg.MaxUnacked = 1 << 20
	}
	if cfg.MaxUnackedTotal == 0 {
		cfg.MaxUnackedTotal = 1 << 20
	}
	if cfg.EndWait == 0 {
		cfg.EndWait = 5 * time.Second
	}
	return media.New(pub, m, slog.New(log), cfg)
}

// voice is a frame of 20 ms with a sample of its own.
func voice(b byte) []byte { return bytes.Repeat([]byte{b}, 160) }

// feed sends n frames of a party from a frame number on, each with its number as its sound.
func feed(t *testing.T, s *media.Stream, p events.Party, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		if err := s.Frame(p, uint64(i+1), int64(i*20), voice(byte(i))); err != nil {
			t.Fatal(err)
		}
	}
}

// told is what stands on calls.media, in short: "chunk caller 0 1500+200", "gap agent 2000-2100 CARRIER" …
func told(t *testing.T, pub *apptest.Publisher) []string {
	t.Helper()
	var out []string
	short := map[events.Party]string{caller: "caller", agent: "agent"}
	for _, e := range pub.Events(events.Media) {
		switch m := e.Message().(type) {
		case *events.MediaStarted:
			out = append(out, fmt.Sprintf("started +%d", m.GetOffsetMs()))
		case *events.AudioChunk:
			out = append(out, fmt.Sprintf("chunk %s %d %d+%d", short[m.GetParty()], m.GetChunk(), m.GetStartMs(), len(m.GetAudio())/8))
		case *events.MediaGap:
			out = append(out, fmt.Sprintf("gap %s %d-%d %s", short[m.GetParty()], m.GetStartMs(), m.GetEndMs(), m.GetReason().String()[len("MEDIA_GAP_REASON_"):]))
		case *events.MediaEnded:
			out = append(out, fmt.Sprintf("ended %s %d/%d at %d", m.GetReason().String()[len("MEDIA_END_REASON_"):], m.GetCallerChunks(), m.GetAgentChunks(), m.GetEndMs()))
		}
	}
	return out
}

func want(t *testing.T, pub *apptest.Publisher, lines ...string) {
	t.Helper()
	got := told(t, pub)
	for i := range max(len(got), len(lines)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(lines) {
			w = lines[i]
		}
		if g != w {
			t.Errorf("line %d: got %q, want %q", i, g, w)
		}
	}
}

const stopped = events.MediaEndReason_MEDIA_END_REASON_STOPPED

func TestPacking(t *testing.T) {
	tests := map[string]struct {
		parties []events.Party
		play    func(*testing.T, *media.Stream)
		want    []string
	}{
		"whole chunks and a rest": {
			parties: []events.Party{caller},
			play:    func(t *testing.T, s *media.Stream) { feed(t, s, caller, 0, 23) },
			want:    []string{"started +1500", "chunk caller 0 1500+200", "chunk caller 1 1700+200", "chunk caller 2 1900+60", "ended STOPPED 3/0 at 1960"},
		},
		"nothing heard": {
			parties: []events.Party{caller, agent},
			play:    func(*testing.T, *media.Stream) {},
			want:    []string{"started +1500", "ended STOPPED 0/0 at 1500"},
		},
		"two tracks": {
			parties: []events.Party{caller, agent},
			play: func(t *testing.T, s *media.Stream) {
				for i := range 10 {
					feed(t, s, caller, i, 1)
					feed(t, s, agent, i, 1)
				}
			},
			want: []string{"started +1500", "chunk caller 0 1500+200", "chunk agent 0 1500+200", "ended STOPPED 1/1 at 1700"},
		},
		"the carrier skips": {
			parties: []events.Party{caller},
			play: func(t *testing.T, s *media.Stream) {
				feed(t, s, caller, 0, 3)
				feed(t, s, caller, 5, 10)
			},
			want: []string{"started +1500", "chunk caller 0 1500+60", "gap caller 1560-1600 CARRIER", "chunk caller 1 1600+200", "ended STOPPED 2/0 at 1800"},
		},
		"the caller's time jumps without a missing number": {
			parties: []events.Party{caller},
			play: func(t *testing.T, s *media.Stream) {
				feed(t, s, caller, 0, 1)
				if err := s.Frame(caller, 2, 1020, voice(1)); err != nil {
					t.Error(err)
				}
			},
			want: []string{"started +1500", "chunk caller 0 1500+20", "gap caller 1520-2520 CARRIER", "chunk caller 1 2520+20", "ended STOPPED 2/0 at 2540"},
		},
		"the agent is quiet: silence is no loss": {
			parties: []events.Party{caller, agent},
			play: func(t *testing.T, s *media.Stream) {
				feed(t, s, agent, 0, 3)
				feed(t, s, caller, 0, 30) // the agent's rest does not wait for the next word
				if err := s.Frame(agent, 4, 600, voice(9)); err != nil {
					t.Error(err)
				}
			},
			want: []string{
				"started +1500", "chunk caller 0 1500+200", "chunk caller 1 1700+200", "chunk agent 0 1500+60", "chunk caller 2 1900+200",
				"chunk agent 1 2100+20", "ended STOPPED 3/2 at 2120",
			},
		},
		"the agent's numbers skip": {
			parties: []events.Party{agent},
			play: func(t *testing.T, s *media.Stream) {
				feed(t, s, agent, 0, 1)
				feed(t, s, agent, 3, 1)
			},
			want: []string{"started +1500", "chunk agent 0 1500+20", "gap agent 1520-1560 CARRIER", "chunk agent 1 1560+20", "ended STOPPED 0/2 at 1580"},
		},
		"jitter is no gap": {
			parties: []events.Party{caller},
			play: func(t *testing.T, s *media.Stream) {
				for i, ms := range []int64{0, 23, 39, 60, 75, 101, 119, 140, 160, 180} {
					if err := s.Frame(caller, uint64(i+1), ms, voice(1)); err != nil {
						t.Error(err)
					}
				}
			},
			want: []string{"started +1500", "chunk caller 0 1500+200", "ended STOPPED 1/0 at 1700"},
		},
		"frames that come twice": {
			parties: []events.Party{caller},
			play: func(t *testing.T, s *media.Stream) {
				feed(t, s, caller, 0, 5)
				feed(t, s, caller, 2, 8)
			},
			want: []string{"started +1500", "chunk caller 0 1500+200", "ended STOPPED 1/0 at 1700"},
		},
		"a track that begins late is no gap": {
			parties: []events.Party{caller, agent},
			play:    func(t *testing.T, s *media.Stream) { feed(t, s, agent, 100, 10) },
			want:    []string{"started +1500", "chunk agent 0 3500+200", "ended STOPPED 0/1 at 3700"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pub := &apptest.Publisher{}
			s := intake(t, pub, media.Config{}).Open(t.Context(), facts(), spec(tt.parties...))
			tt.play(t, s)
			if err := s.End(stopped); err != nil {
				t.Fatal(err)
			}
			want(t, pub, tt.want...)
			life := pub.Events(events.Lifecycle)
			if len(life) != 2 || life[0].Kind() != events.KindMediaStarted || life[1].Kind() != events.KindMediaEnded {
				t.Errorf("calls.lifecycle has %d events, want MediaStarted and MediaEnded", len(life))
			}
		})
	}
}

func TestEveryByteInOrder(t *testing.T) {
	pub := &apptest.Publisher{}
	s := intake(t, pub, media.Config{}).Open(t.Context(), facts(), spec(caller))
	feed(t, s, caller, 0, 57)
	if err := s.End(stopped); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, c := range apptest.Of[*events.AudioChunk](pub, events.Media) {
		got = append(got, c.GetAudio()...)
	}
	for i := range 57 {
		if !bytes.Equal(got[i*160:(i+1)*160], voice(byte(i))) {
			t.Fatalf("frame %d is not where it was spoken", i)
		}
	}
	if len(got) != 57*160 {
		t.Errorf("%d bytes, want %d", len(got), 57*160)
	}
}

// TestNewStreamBeginsWhereTheLastEnded, whatever the clocks of two replicas say.
func TestNewStreamBeginsWhereTheLastEnded(t *testing.T) {
	pub := &apptest.Publisher{}
	f := facts()
	f.Heard = 5373 * time.Millisecond
	s := intake(t, pub, media.Config{}).Open(t.Context(), f, spec(caller))
	feed(t, s, caller, 0, 10)
	if err := s.End(stopped); err != nil {
		t.Fatal(err)
	}
	want(t, pub, "started +5373", "chunk caller 0 5373+200", "ended STOPPED 1/0 at 5573")
}

// TestNobodyListened: the streams before came to nothing, and the time since somebody was to listen is a gap of both parties.
func TestNobodyListened(t *testing.T) {
	pub := &apptest.Publisher{}
	in := intake(t, pub, media.Config{})
	f := facts()
	f.Attempt, f.Failed, f.Heard = 2, 2, 373*time.Millisecond
	if err := in.Open(t.Context(), f, spec(caller, agent)).End(stopped); err != nil {
		t.Fatal(err)
	}
	// The next one is told of a stream that ended here, before the log could be asked for it.
	s := spec(caller)
	s.Opened = s.Opened.Add(time.Second)
	if err := in.Open(t.Context(), f, s).End(stopped); err != nil {
		t.Fatal(err)
	}
	// One that begins where the last ended has missed nothing.
	f.Heard = 9 * time.Second
	if err := in.Open(t.Context(), f, s).End(stopped); err != nil {
		t.Fatal(err)
	}
	want(t, pub,
		"started +1500", "gap caller 373-1500 STREAM_REPLACED", "gap agent 373-1500 STREAM_REPLACED", "ended STOPPED 0/0 at 1500",
		"started +2500", "gap caller 1500-2500 STREAM_REPLACED", "ended STOPPED 0/0 at 2500",
		"started +9000", "ended STOPPED 0/0 at 9000")
}

// TestForeignStream: a stream that another tenant opens by a call's id moves none of the call's own.
func TestForeignStream(t *testing.T) {
	pub := &apptest.Publisher{}
	in := intake(t, pub, media.Config{})
	foreign := facts()
	foreign.Tenant, foreign.Account = "initech", "AC9"
	s := in.Open(t.Context(), foreign, spec(caller))
	if err := s.Frame(caller, 1, 3600_000, voice(1)); err != nil {
		t.Fatal(err)
	}
	if err := s.End(stopped); err != nil {
		t.Fatal(err)
	}
	own := in.Open(t.Context(), facts(), spec(caller))
	if err := own.End(stopped); err != nil {
		t.Fatal(err)
	}
	begun := apptest.Of[*events.MediaStarted](pub, events.Media)
	if at := begun[len(begun)-1].GetOffsetMs(); at != 1500 {
		t.Errorf("the call's own stream begins at %d ms", at)
	}
}

func TestHandover(t *testing.T) {
	// How long the new stream waits for the old one is no matter of how fast this test is.
	synctest.Test(t, func(t *testing.T) {
		pub := &apptest.Publisher{}
		in := intake(t, pub, media.Config{})
		one := in.Open(t.Context(), facts(), spec(caller))
		feed(t, one, caller, 0, 5)
		opened := make(chan *media.Stream)
		go func() { opened <- in.Open(t.Context(), facts(), spec(caller)) }()
		feed(t, one, caller, 5, 10) // what was left in the socket
		if err := one.End(events.MediaEndReason_MEDIA_END_REASON_DISCONNECTED); err != nil {
			t.Fatal(err)
		}
		two := <-opened
		feed(t, two, caller, 0, 10)
		if err := two.End(stopped); err != nil {
			t.Fatal(err)
		}
		// One stream that goes on does not keep another from beginning.
		three := in.Open(t.Context(), facts(), spec(caller))
		four := in.Open(t.Context(), facts(), spec(caller))
		if err := errors.Join(three.End(stopped), four.End(stopped)); err != nil {
			t.Fatal(err)
		}
		want(t, pub,
			"started +1500", "chunk caller 0 1500+200", "chunk caller 1 1700+100", "ended DISCONNECTED 2/0 at 1800",
			"started +1800", "chunk caller 0 1800+200", "ended STOPPED 1/0 at 2000",
			"started +2000", "started +1500", "ended STOPPED 0/0 at 2000", "ended STOPPED 0/0 at 1500")
	})
}

func TestRefusedFrames(t *testing.T) {
	pub := &apptest.Publisher{}
	s := intake(t, pub, media.Config{}).Open(t.Context(), facts(), spec(caller))
	for name, tt := range map[string]struct {
		p    events.Party
		ms   int64
		want error
	}{
		"track not announced": {agent, 0, media.ErrParty},
		"no party":            {events.Party_PARTY_UNSPECIFIED, 0, media.ErrParty},
		"negative":            {caller, -1, media.ErrTime},
		"beyond any call":     {caller, 1 << 60, media.ErrTime},
		"first of its number": {caller, 0, media.ErrNumber},
	} {
		number := uint64(1)
		if errors.Is(tt.want, media.ErrNumber) {
			number = math.MaxUint64
		}
		if err := s.Frame(tt.p, number, tt.ms, voice(1)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if err := s.End(events.MediaEndReason_MEDIA_END_REASON_PROTOCOL); err != nil {
		t.Fatal(err)
	}
	want(t, pub, "started +1500", "ended PROTOCOL 0/0 at 1500")
}

// TestFrameNumbers: one may be ahead by what the carrier lost, and by a minute more; what leaps further is refused, and
// what comes after it is heard.
func TestFrameNumbers(t *testing.T) {
	s := intake(t, &apptest.Publisher{}, media.Config{}).Open(t.Context(), facts(), spec(caller))
	for _, f := range []struct {
		number uint64
		ms     int64
		want   error
	}{
		{1, 0, nil},
		{3001, 20, nil},
		{6002, 40, media.ErrNumber}, // 3001 ahead
		{math.MaxUint64, 40, media.ErrNumber},
		{3002, 40, nil},
		{3002 + 90_000, 30*60_000 + 40, nil}, // after half an hour of silence
		{1 << 40, 30*60_000 + 60, media.ErrNumber},
		{3003 + 90_000, 30*60_000 + 60, nil},
	} {
		if err := s.Frame(caller, f.number, f.ms, voice(1)); !errors.Is(err, f.want) {
			t.Errorf("number %d at %d ms: %v, want %v", f.number, f.ms, err, f.want)
		}
	}
	if err := s.End(stopped); err != nil {
		t.Fatal(err)
	}
}

// TestAnotherCarrier is how Amazon Connect will come in: linear samples, both parties, no frame numbers; the
// package needs nothing more of a carrier.
func TestAnotherCarrier(t *testing.T) {
	pub := &apptest.Publisher{}
	f := facts()
	f.Source = events.Source_SOURCE_AMAZON_CONNECT
	s := intake(t, pub, media.Config{}).Open(t.Context(), f, media.Spec{
		ID: "stream/1", Parties: []events.Party{caller, agent}, Opened: f.Start,
		Format: media.Format{Encoding: events.Encoding_ENCODING_LINEAR16, SampleRate: 8000},
	})
	fragment := make([]byte, 100*16) // 100 ms
	for ms := int64(0); ms < 400; ms += 100 {
		for _, p := range []events.Party{caller, agent} {
			if err := s.Frame(p, 0, ms, fragment); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.End(stopped); err != nil {
		t.Fatal(err)
	}
	chunks := apptest.Of[*events.AudioChunk](pub, events.Media)
	if len(chunks) != 4 {
		t.Fatalf("%d chunks, want 4", len(chunks))
	}
	for _, c := range chunks {
		if len(c.GetAudio()) != 3200 || c.GetEncoding() != events.Encoding_ENCODING_LINEAR16 {
			t.Errorf("%d bytes of %v", len(c.GetAudio()), c.GetEncoding())
		}
	}
}

// nowhere stores nothing and allocates nothing.
type nowhere struct{}

func (nowhere) Publish(context.Context, ...app.Message) error           { return nil }
func (nowhere) Send(_ context.Context, _ app.Message, done func(error)) { done(nil) }

func TestNoAllocationPerFrame(t *testing.T) {
	s := intake(t, nowhere{}, media.Config{}).Open(t.Context(), facts(), spec(caller))
	audio, i := voice(1), 0
	frame := func() {
		_ = s.Frame(caller, uint64(i+1), int64(i*20), audio)
		i++
	}
	// One run to warm up and eight that count: the tenth frame would complete the chunk.
	if got := testing.AllocsPerRun(8, frame); got != 0 {
		t.Errorf("%v allocations a frame", got)
	}
	frame()
	got := testing.AllocsPerRun(100, func() {
		for range 10 {
			frame()
		}
	})
	if got > 25 {
		t.Errorf("%v allocations a chunk", got)
	}
	t.Logf("%v allocations a chunk of ten frames", got)
}

func BenchmarkFrame(b *testing.B) {
	s := intake(b, nowhere{}, media.Config{}).Open(b.Context(), facts(), spec(caller))
	audio, i := voice(1), 0
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Frame(caller, uint64(i+1), int64(i*20)%(1<<29), audio)
		i++
	}
}
