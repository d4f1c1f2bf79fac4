package app

import (
	"context"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// world is a desk with everything around it in memory, and a clock that a test moves by waiting (synctest).
type world struct {
	t      *testing.T
	desk   *Desk
	out    *outbox
	past   *past
	memory *memory
	model  *scripted
	turn   sync.Mutex // one call at a time is less than the consumer allows, and enough
	ctx    context.Context
	lose   context.CancelFunc
	offset int64
	start  time.Time
}

const partition = 0

// newWorld owns partition 0. It must run in a synctest bubble.
func newWorld(t *testing.T, change ...func(*tenant.Tenant)) *world {
	t.Helper()
	w := &world{t: t, out: &outbox{}, memory: &memory{kept: map[string][]byte{}, taken: map[string]bool{}}, model: &scripted{}, start: time.Now()}
	w.past = &past{out: w.out}
	w.boot(tenants(t, change...))
	w.own(w.start.Add(-24 * time.Hour))
	return w
}

func tenants(t *testing.T, change ...func(*tenant.Tenant)) *tenant.Set {
	t.Helper()
	own := acme(t)
	for _, c := range change {
		c(own)
	}
	set, err := tenant.NewSet(own)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// boot starts a process: a desk without memory.
func (w *world) boot(set *tenant.Set) {
	desk, err := New(set, testSettings(), Ports{
		Out: w.out, Past: w.past, Answers: w.memory, Models: w.model, Redactor: realRedactor{},
		Go:     func(ctx context.Context, fn func(context.Context)) { go fn(context.WithoutCancel(ctx)) },
		Ending: func(ctx context.Context) <-chan struct{} { return ctx.Done() },
	}, telemetry.Discard())
	if err != nil {
		w.t.Fatal(err)
	}
	w.desk = desk
}

func testSettings() Settings {
	return Settings{
		Timing:   DefaultTiming(),
		Ask:      retry.Policy{Initial: 100 * time.Millisecond, Max: time.Second, Budget: 3 * time.Second},
		AskAgain: retry.Policy{Initial: time.Minute, Max: time.Hour, Budget: 24 * time.Hour},
		Breaker:  breaker.Settings{Failures: 100, Open: time.Second, Most: time.Second},
	}
}

// own takes the partition over with what calls.state holds.
func (w *world) own(since time.Time) {
	w.ctx, w.lose = context.WithCancel(w.t.Context())
	w.t.Cleanup(w.lose)
	ctx := w.ctx
	w.desk.Own(partition, since, w.out.stored(), func(_ string, fn func(context.Context)) {
		go func() {
			w.turn.Lock()
			defer w.turn.Unlock()
			if ctx.Err() == nil {
				fn(ctx)
			}
		}()
	})
}

// crash loses the process and starts another.
func (w *world) crash() {
	w.lose()
	synctest.Wait()
	w.desk.Disown(partition)
	w.boot(w.desk.tenants)
	w.own(w.start.Add(-24 * time.Hour))
	synctest.Wait()
}

// in hands over an event and returns what became of it; pending tells that it waits.
func (w *world) in(e *events.CallEvent) (err error, waits bool) {
	return w.at(e, w.next(e))
}

func (w *world) next(e *events.CallEvent) int64 {
	if e.Kind() != events.KindTranscriptSegment && e.Kind() != events.KindTranscriptCompleted {
		return -1
	}
	w.offset++
	if s := e.GetBody().GetTranscriptSegment(); s != nil {
		w.past.put(w.offset, s)
	}
	return w.offset
}

func (w *world) at(e *events.CallEvent, offset int64) (err error, waits bool) {
	done := make(chan error, 1)
	w.turn.Lock()
	w.desk.Take(w.ctx, partition, e, offset, func(err error) { done <- err })
	w.turn.Unlock()
	synctest.Wait()
	select {
	case err := <-done:
		return err, false
	default:
		return nil, true
	}
}

// must hands events over and fails the test for one that isn't folded at once.
func (w *world) must(list ...*events.CallEvent) {
	w.t.Helper()
	for _, e := range list {
		if err, waits := w.in(e); err != nil || waits {
			w.t.Fatalf("%s: err %v, waits %t", e.Kind(), err, waits)
		}
	}
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	time.Sleep(d) // synctest's clock
	synctest.Wait()
}

// last is the latest revision published.
func (w *world) last() (*events.CallInsight, *events.InsightUnavailable) {
	w.t.Helper()
	list := w.out.insights()
	if len(list) == 0 {
		w.t.Fatal("nothing was published")
	}
	b := list[len(list)-1].GetBody()
	return b.GetCallInsight(), b.GetInsightUnavailable()
}

// demoAnswer fits the words of [demoCall].
const demoAnswer = `{"intent":{"value":"BookDemo","confidence":0.95,"quote":"I'd like to book a demo","speaker":"caller"},
"disposition":{"value":"DemoBooked","confidence":0.9,"quote":"You're booked for Tuesday","speaker":"agent"},
"summary":"[NAME_1] wants a demo.","next_action":{"subject":"Prepare it","reason":"[NAME_1] asked.","due_in_days":3,"quote":"I'd like to book a demo","speaker":"caller"},
"details":[{"name":"name","value":"[NAME_1]","confidence":0.95,"quote":"my name is [NAME_1]","speaker":"caller"}]}`

// acme is the tenant of these tests.
func acme(t *testing.T) *tenant.Tenant {
	t.Helper()
	data, err := os.ReadFile("testdata/acme.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own, err := tenant.Parse("acme.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// made makes events of one call.
type made struct {
	call events.Call
	at   time.Time
}

func call(id string, at time.Time) made {
	return made{events.Call{ID: id, Leg: id, Tenant: "acme", LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO, Account: "AC1", CallerRef: "ref"}, at}
}

func (m made) event(after time.Duration, body proto.Message) *events.CallEvent {
	return m.call.Event(m.at.Add(after), body)
}

func (m made) leg(id string) made { m.call.Leg = id; return m }

func (m made) started() *events.CallEvent {
	return m.event(0, &events.CallStarted{
		From: "+12025550123", To: "+14155550100", Direction: events.Direction_DIRECTION_INBOUND, Handling: events.Handling_HANDLING_DIAL,
		Consent: events.ConsentAnswer_CONSENT_ANSWER_PENDING, LongestCall: durationpb.New(4 * time.Hour), Payer: "product", Language: "en-US",
	})
}

func (m made) consent(a events.ConsentAnswer, after time.Duration) *events.CallEvent {
	return m.event(after, &events.ConsentRecorded{
		PromptVersion: "3", Answer: a, Method: events.ConsentMethod_CONSENT_METHOD_KEYPAD, DecidedAt: timestamppb.New(m.at.Add(after)),
	})
}

func (m made) stream(id string) *events.CallEvent {
	return m.event(5*time.Second, &events.MediaStarted{
		StreamId: id, Parties: []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT}, Encoding: events.Encoding_ENCODING_MULAW,
		SampleRate: 8000, Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED,
	})
}

func (m made) says(p events.Party, startMS int64, text string) *events.CallEvent {
	return m.event(time.Duration(startMS)*time.Millisecond, &events.TranscriptSegment{
		StreamId: "MZ1", Party: p, StartMs: startMS, EndMs: startMS + 1000, Text: text, Run: live, Language: "en-US", Recogniser: "googlespeech",
	})
}

func (m made) heard(id string, o events.TranscriptOutcome) *events.CallEvent {
	return m.event(time.Minute, &events.TranscriptCompleted{StreamId: id, Run: live, Outcome: o})
}

func (m made) ended(d time.Duration) *events.CallEvent {
	return m.event(d, &events.CallEnded{Status: events.CallStatus_CALL_STATUS_COMPLETED, Duration: durationpb.New(d), EndedAt: timestamppb.New(m.at.Add(d))})
}

func (m made) recorded() *events.CallEvent {
	return m.event(2*time.Minute, &events.RecordingReady{RecordingId: "RE1", Status: "completed", Duration: durationpb.New(time.Minute), Channels: 2})
}

func (m made) disposed(name, token string, after time.Duration) *events.CallEvent {
	return m.event(after, &events.DispositionSet{Disposition: name, Source: events.DispositionSource_DISPOSITION_SOURCE_AGENT, Token: token})
}

const (
	granted = events.ConsentAnswer_CONSENT_ANSWER_GRANTED
	whole1  = events.TranscriptOutcome_TRANSCRIPT_OUTCOME_COMPLETE
)

// demoWords are the words of a call about a demo.
func (m made) demoWords() []*events.CallEvent {
	return []*events.CallEvent{
		m.says(events.Party_PARTY_AGENT, 6000, "Acme, how can I help?"),
		m.says(events.Party_PARTY_CALLER, 8000, "Hi, my name is Martin Whitfield and I'd like to book a demo."),
		m.says(events.Party_PARTY_AGENT, 12000, "Gladly. You're booked for Tuesday."),
	}
}

// demoCall is a whole call about a demo, in the order in which its events happen.
func (m made) demoCall() []*events.CallEvent {
	list := []*events.CallEvent{m.started(), m.consent(granted, 4*time.Second), m.stream("MZ1")}
	list = append(list, m.demoWords()...)
	return append(list, m.heard("MZ1", whole1), m.ended(time.Minute))
}
