package kafka_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume/handlertest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/stt/internal/app"
	"github.com/frontdesk/frontdesk/services/stt/internal/kafka"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/drivertest"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/pace"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/rotate"
)

// TestContract of handlers: each word of a call is told once, and its stream completed once, whatever becomes of the processes. A
// message is complete when what it says is told, seconds later; what was told, whoever comes next reads on calls.transcripts.
func TestContract(t *testing.T) {
	handlertest.ExerciseUnclaimed(t, func(t *testing.T) handlertest.Harness {
		s := newStream(t)
		return handlertest.Harness{
			Open:     s.open,
			Messages: s.messages,
			Effects:  s.told,
		}
	})
}

var parties = []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT}

// stream is one, as it stands on calls.media, and what is told of it.
type stream struct {
	t    *testing.T
	fake *drivertest.Fake
	list []*events.CallEvent
	said map[events.Party]string

	mu          sync.Mutex
	transcripts []*events.CallEvent
}

// spoken is how long the call lasts, in milliseconds.
const spoken = 12_000

func newStream(t *testing.T) *stream {
	t.Helper()
	s := &stream{t: t, fake: &drivertest.Fake{Limit: 2 * drivertest.Limit, Lag: 700 * time.Millisecond}, said: map[events.Party]string{}}
	c, began := call("CA1"), time.Now()
	add := func(ms int64, body proto.Message) {
		s.list = append(s.list, c.Event(began.Add(time.Duration(ms)*time.Millisecond), body))
	}
	add(0, &events.MediaStarted{
		StreamId: "MZ1", Parties: parties, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000, Consent: events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED,
	})
	tracks := map[events.Party][]recogniser.Audio{}
	for i, p := range parties {
		words := drivertest.Script(uint64(i), spoken, 2_000)
		for k := range words {
			words[k].Text = fmt.Sprintf("%s%d", strings.ToLower(p.String()[6:7]), k)
		}
		tracks[p], s.said[p] = drivertest.Chunks(s.fake.Paint(spoken, words), 0, 400), drivertest.Text(words)
	}
	n := len(tracks[parties[0]])
	for k := range n {
		for _, p := range parties {
			a := tracks[p][k]
			add(a.Start, &events.AudioChunk{
				StreamId: "MZ1", Party: p, Chunk: uint64(k), StartMs: a.Start, Audio: a.Data, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000,
			})
		}
	}
	add(spoken, &events.MediaEnded{
		StreamId: "MZ1", Reason: events.MediaEndReason_MEDIA_END_REASON_STOPPED, CallerChunks: uint64(n), AgentChunks: uint64(n), EndMs: spoken,
	})
	return s
}

func (s *stream) messages() []*consume.Message {
	var out []*consume.Message
	for i, e := range s.list {
		m := message(s.t, e.GetCallId(), e)
		m.Offset = int64(i)
		out = append(out, m)
	}
	return out
}

// open makes the service of one process.
func (s *stream) open(t *testing.T, p *handlertest.Process) consume.Handler {
	t.Helper()
	set, err := tenant.NewSet(&tenant.Tenant{
		ID: "acme", Consent: tenant.Consent{Policy: tenant.ConsentNotAsked}, Speech: tenant.Speech{Provider: "fake", OnPrem: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	recognisers := painted{rotate.New(pace.New(s.fake, pace.Defaults()), rotate.Defaults(), nil)}
	a, err := app.New(app.Defaults(), set, recognisers, &way{s, p}, s, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	timers := make(chan func(context.Context), 64)
	var turn sync.WaitGroup
	turn.Go(func() {
		for {
			select {
			case fn := <-timers:
				fn(p.Context())
			case <-p.Context().Done():
				return
			}
		}
	})
	if err := a.Assigned(p.Context(), map[int]int64{0: int64(p.From())}, func(_ int, _ []byte, fn func(context.Context)) {
		select {
		case timers <- fn:
		case <-p.Context().Done():
		}
	}); err != nil {
		t.Fatal(err)
	}
	p.AtEnd(func() {
		turn.Wait()
		a.Revoked([]int{0})
		_ = a.Close(context.WithoutCancel(t.Context())) // of a dead one it fails
	})
	return kafka.Handler(a)
}

// painted is the recogniser of every tenant.
type painted struct{ recogniser.Recogniser }

func (r painted) For(*tenant.Tenant) (recogniser.Recogniser, error) { return r.Recogniser, nil }

// way is a process' way to the topics.
type way struct {
	*stream
	p *handlertest.Process
}

// Publish implements app.Publisher.
func (w *way) Publish(_ context.Context, e *events.CallEvent, done func(error)) {
	done(w.p.Effect(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if e.Kind() != events.KindUsageRecorded {
			w.transcripts = append(w.transcripts, e)
		}
	}))
}

func (s *stream) past(oldest time.Time) *app.Past {
	p := app.NewPast(oldest)
	for _, e := range s.list {
		switch e.Kind() {
		case events.KindMediaStarted, events.KindMediaEnded:
			p.Lifecycle(e)
		default:
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.transcripts {
		p.Transcript(e)
	}
	return p
}

// Partition, Call and End implement app.Log.
func (s *stream) Partition(_ context.Context, _ int, next int64) (*app.Past, error) {
	return s.past(s.list[min(next, int64(len(s.list)-1))].GetOccurredAt().AsTime()), nil
}

func (s *stream) Call(_ context.Context, _ int, e *events.CallEvent) (*app.Past, error) {
	return s.past(e.GetOccurredAt().AsTime()), nil
}

func (s *stream) End(context.Context, int) (int64, error) { return int64(len(s.list)), nil }

// told is how often the stream is told, as a reader takes it: of media time that was taken, nothing more; of an id, the first.
func (s *stream) told() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	completed, words := map[string]bool{}, map[events.Party][]string{}
	taken := map[events.Party][][2]int64{}
	for _, e := range s.transcripts {
		switch m := e.Message().(type) {
		case *events.TranscriptCompleted:
			completed[e.GetEventId()] = true
			if m.GetOutcome() != events.TranscriptOutcome_TRANSCRIPT_OUTCOME_COMPLETE {
				s.t.Errorf("completed as %v: %s", m.GetOutcome(), m.GetReason())
			}
		case *events.TranscriptSegment:
			had := taken[m.GetParty()]
			for _, word := range m.GetWords() {
				mid := (word.GetStartMs() + word.GetEndMs()) / 2
				if !slices.ContainsFunc(had, func(s [2]int64) bool { return s[0] <= mid && mid < s[1] }) {
					words[m.GetParty()] = append(words[m.GetParty()], word.GetText())
				}
			}
			taken[m.GetParty()] = append(had, [2]int64{m.GetStartMs(), m.GetEndMs()})
		}
	}
	if len(completed) > 0 {
		for _, p := range parties {
			if got := strings.Join(words[p], " "); got != s.said[p] {
				s.t.Errorf("%v: told\n%s\nwant\n%s", p, got, s.said[p])
			}
		}
	}
	return len(completed)
}
