package kafka_test

import (
	"context"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume/handlertest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/answers"
	"github.com/frontdesk/frontdesk/services/inference/internal/app"
	"github.com/frontdesk/frontdesk/services/inference/internal/kafka"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

// TestContract of handlers: a call is told once, with all its words and the model's answer, whatever becomes of the processes. The
// inputs are not claimed, the fold tells repeats; the question is.
func TestContract(t *testing.T) {
	data, err := os.ReadFile("../app/testdata/acme.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own, err := tenant.Parse("acme.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	tenants, err := tenant.NewSet(own)
	if err != nil {
		t.Fatal(err)
	}
	list := aCall(time.Now().Add(-time.Minute))
	handlertest.Exercise(t, func(*testing.T) handlertest.Harness {
		w := &topics{insights: map[string]*events.CallEvent{}, heard: map[int64]*events.TranscriptSegment{}, length: len(list)}
		for i, e := range list {
			if s := e.GetBody().GetTranscriptSegment(); s != nil {
				w.heard[int64(i)] = s
			}
		}
		return handlertest.Harness{
			Open:     func(t *testing.T, p *handlertest.Process) consume.Handler { return w.open(t, p, tenants) },
			Messages: func() []*consume.Message { return messages(t, list) },
			Effects:  func() int { return w.told(t) },
		}
	})
}

// aCall is a whole one, in the order in which its events come.
func aCall(began time.Time) []*events.CallEvent {
	c := events.Call{ID: "CA1", Leg: "CA1", Tenant: "acme", LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO, Account: "AC1"}
	at := func(after time.Duration, body proto.Message) *events.CallEvent {
		return c.Event(began.Add(after), body)
	}
	says := func(p events.Party, ms int64, text string) *events.CallEvent {
		return at(time.Duration(ms)*time.Millisecond, &events.TranscriptSegment{
			StreamId: "MZ1", Party: p, StartMs: ms, EndMs: ms + 1000, Text: text, Run: "live", Language: "en-US", Recogniser: "googlespeech",
		})
	}
	const granted = events.ConsentAnswer_CONSENT_ANSWER_GRANTED
	return []*events.CallEvent{
		at(0, &events.CallStarted{
			From: "+12025550123", To: "+14155550100", Direction: events.Direction_DIRECTION_INBOUND, Handling: events.Handling_HANDLING_DIAL,
			Consent: granted, LongestCall: durationpb.New(4 * time.Hour), Payer: "product", Language: "en-US",
		}),
		at(0, &events.MediaStarted{
			StreamId: "MZ1", Parties: []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT}, Encoding: events.Encoding_ENCODING_MULAW,
			SampleRate: 8000, Consent: granted,
		}),
		says(events.Party_PARTY_AGENT, 6000, "Acme, how can I help?"),
		says(events.Party_PARTY_CALLER, 8000, "I'd like to book a demo."),
		at(20*time.Second, &events.TranscriptCompleted{StreamId: "MZ1", Run: "live", Outcome: events.TranscriptOutcome_TRANSCRIPT_OUTCOME_COMPLETE}),
		at(20*time.Second, &events.CallEnded{
			Status: events.CallStatus_CALL_STATUS_COMPLETED, Duration: durationpb.New(20 * time.Second), EndedAt: timestamppb.New(began.Add(20 * time.Second)),
		}),
	}
}

const answer = `{"intent":{"value":"BookDemo","confidence":0.95,"quote":"I'd like to book a demo","speaker":"caller"},
"disposition":{"value":"DemoBooked","confidence":0.9,"quote":"I'd like to book a demo","speaker":"caller"},
"summary":"The caller wants a demo.","next_action":null,"details":[]}`

func messages(t *testing.T, list []*events.CallEvent) []*consume.Message {
	t.Helper()
	var out []*consume.Message
	for i, e := range list {
		value, err := events.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		m := &consume.Message{Topic: events.Lifecycle.Name, Key: []byte(e.GetCallId()), Value: value, Offset: int64(i)}
		if slices.Contains(events.Transcripts.Kinds, e.Kind()) {
			m.Topic = events.Transcripts.Name
		}
		out = append(out, m)
	}
	return out
}

// topics are those that the service writes, and reads back.
type topics struct {
	mu       sync.Mutex
	states   []*events.CallEvent
	insights map[string]*events.CallEvent // by event id, as readers take them
	heard    map[int64]*events.TranscriptSegment
	length   int // messages, once each
}

// told is how often the call is: revisions that differ, and any that lacks something, count.
func (w *topics) told(t *testing.T) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.insights {
		if m := e.GetBody().GetCallInsight(); m.GetRevision() != 1 || m.GetIntent().GetValue() != "BookDemo" || len(m.GetTranscript()) != 2 {
			t.Errorf("revision %d: intent %q, %d lines", m.GetRevision(), m.GetIntent().GetValue(), len(m.GetTranscript()))
		}
	}
	return len(w.insights)
}

// open makes a desk that owns the partition for as long as the process lives.
func (w *topics) open(t *testing.T, p *handlertest.Process, tenants *tenant.Set) consume.Handler {
	t.Helper()
	var underway crew
	timing := app.DefaultTiming()
	timing.Resume = time.Millisecond
	timing.LateWords = time.Hour // words that come again stand further on in their topic, and would make the next revision
	desk, err := app.New(tenants, app.Settings{
		Timing: timing, Ask: retry.Policy{Initial: time.Millisecond, Max: time.Millisecond, Budget: time.Second},
		AskAgain: retry.Policy{Initial: time.Minute, Max: time.Hour, Budget: 24 * time.Hour}, Breaker: breaker.Settings{Failures: 100, Open: time.Second, Most: time.Second},
	}, app.Ports{
		Out: &outbox{w, p}, Past: w, Answers: answers.New(p, time.Minute), Models: &scripted{p}, Redactor: redactor{},
		Go: func(ctx context.Context, fn func(context.Context)) {
			underway.run(func() { fn(context.WithoutCancel(ctx)) })
		},
		Ending: func(ctx context.Context) <-chan struct{} { return ctx.Done() },
	}, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	var turn sync.Mutex // one thing at a time of a call
	desk.Own(0, time.Now().Add(-24*time.Hour), w.stored(), func(_ string, fn func(context.Context)) {
		underway.run(func() {
			turn.Lock()
			defer turn.Unlock()
			if p.Context().Err() == nil {
				fn(p.Context())
			}
		})
	})
	p.AtEnd(func() {
		desk.Disown(0)
		underway.end()
	})
	h := kafka.Handler(desk)
	return func(ctx context.Context, m *consume.Message, done func(error)) {
		turn.Lock()
		defer turn.Unlock()
		h(ctx, m, done)
	}
}

// crew is what a process has under way beside its handler.
type crew struct {
	mu    sync.Mutex
	ended bool
	all   sync.WaitGroup
}

func (c *crew) run(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.all.Go(fn)
	}
}

// end waits for all of it, and lets nothing more begin.
func (c *crew) end() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.all.Wait()
}

// outbox is a process' way to the topics.
type outbox struct {
	w *topics
	p *handlertest.Process
}

func (o *outbox) publish(e *events.CallEvent, keep func(*events.CallEvent)) error {
	return o.p.Effect(func() {
		o.w.mu.Lock()
		defer o.w.mu.Unlock()
		c, _ := proto.Clone(e).(*events.CallEvent)
		keep(c)
	})
}

func (o *outbox) State(_ context.Context, e *events.CallEvent) error {
	return o.publish(e, func(e *events.CallEvent) { o.w.states = append(o.w.states, e) })
}

func (o *outbox) Insight(_ context.Context, e *events.CallEvent) error {
	return o.publish(e, func(e *events.CallEvent) {
		if o.w.insights[e.GetEventId()] == nil { // the first of an id wins
			o.w.insights[e.GetEventId()] = e
		}
	})
}

func (o *outbox) Usage(_ context.Context, e *events.CallEvent) error {
	return o.publish(e, func(*events.CallEvent) {})
}

func (o *outbox) Bury(context.Context, *events.CallEvent, int64, error) error { return nil }

// stored is the compacted topic, as a new owner reads it.
func (w *topics) stored() []app.Stored {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := map[string]app.Stored{}
	for i, e := range w.states {
		c, _ := proto.Clone(e).(*events.CallEvent)
		had := last[e.GetCallId()].Event.GetBody().GetCallState().GetOwnedSince().AsTime()
		if had.After(e.GetBody().GetCallState().GetOwnedSince().AsTime()) {
			continue
		}
		last[e.GetCallId()] = app.Stored{Event: c, Offset: int64(i)}
	}
	return slices.Collect(maps.Values(last))
}

// State implements app.Past.
func (w *topics) State(_ context.Context, _ int, call string, _ int64) (*events.CallEvent, error) {
	for _, s := range w.stored() {
		if s.Event.GetCallId() == call {
			return s.Event, nil
		}
	}
	return nil, nil
}

// Segments implements app.Past.
func (w *topics) Segments(_ context.Context, _ int, offsets []int64) ([]*events.TranscriptSegment, error) {
	var out []*events.TranscriptSegment
	for _, o := range offsets {
		out = append(out, w.heard[o%int64(w.length)]) // what comes again stands further on, too
	}
	return out, nil
}

// scripted is a model; to ask it costs, and so is an effect.
type scripted struct{ p *handlertest.Process }

func (s *scripted) Model(*tenant.Tenant) (model.Driver, error) { return s, nil }
func (s *scripted) Dependency() string                         { return "scripted" }
func (s *scripted) Close() error                               { return nil }

func (s *scripted) Ask(context.Context, *model.Request) (*model.Answer, error) {
	if err := s.p.Effect(func() {}); err != nil {
		return nil, model.Fail(model.TimedOut, "scripted.away", "scripted", 0, err)
	}
	return &model.Answer{Text: answer, ID: "r1", Usage: model.Usage{Input: 1000, Output: 200}}, nil
}

type redactor struct{}

func (redactor) Redact(lines []redact.Line, language string) *redact.Result {
	return redact.Redact(lines, language)
}

func (redactor) Restore(r *redact.Result, s string) (string, bool) { return r.Restore(s) }
