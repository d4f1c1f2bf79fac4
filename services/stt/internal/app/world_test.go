package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/stt/internal/app"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/drivertest"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/guard"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/pace"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/rotate"
)

const (
	caller = events.Party_PARTY_CALLER
	agent  = events.Party_PARTY_AGENT

	granted   = events.ConsentAnswer_CONSENT_ANSWER_GRANTED
	pending   = events.ConsentAnswer_CONSENT_ANSWER_PENDING
	refused   = events.ConsentAnswer_CONSENT_ANSWER_REFUSED
	withdrawn = events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN
	timedOut  = events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT
	notAsked  = events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED
	unknown   = events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED
)

// world is a broker with one partition, and a recogniser, in memory. Processes come and go (see process).
type world struct {
	t       *testing.T
	cfg     app.Config
	rotate  rotate.Config
	fake    *drivertest.Fake
	breaker *breaker.Breaker
	rec     recogniser.Recogniser // once asked for
	tenants *tenant.Set
	began   time.Time
	// chunkMillis is how long a chunk is.
	chunkMillis int64

	mu          sync.Mutex
	media       []*events.CallEvent
	more        chan struct{} // closed and replaced when media grows
	lifecycle   []*events.CallEvent
	transcripts []*events.CallEvent
	usage       []*events.UsageRecorded
	committed   int64
	brokerAway  bool
	refusing    bool          // what is published is refused, while what was is still read
	again       int           // every message comes once more, so many messages later; 0 for never
	mayFail     bool          // a message that was not handled comes again at once
	unreadable  int           // so many readings back fail
	changed     chan struct{} // closed and replaced when anything is published or committed
}

func newWorld(t *testing.T, tt *tenant.Tenant) *world {
	t.Helper()
	set, err := tenant.NewSet(tt)
	if err != nil {
		t.Fatal(err)
	}
	b, err := breaker.New(breaker.Settings{Failures: 5, Open: 2 * time.Second, Most: 10 * time.Second}, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		breaker: b,
		t:       t, chunkMillis: 200, cfg: app.Defaults(), rotate: rotate.Defaults(), tenants: set, began: time.Now(),
		fake: &drivertest.Fake{Limit: 2 * drivertest.Limit, Lag: 700 * time.Millisecond},
		more: make(chan struct{}), changed: make(chan struct{}),
	}
}

// heardTenant is a tenant whose calls may be heard once consent is given.
func heardTenant() *tenant.Tenant {
	return &tenant.Tenant{
		ID: "acme", Consent: tenant.Consent{Policy: tenant.ConsentReported},
		Privacy: tenant.Privacy{ThirdPartySpeech: &tenant.Document{Reference: "DPA-1", Signed: "2026-01-01"}},
		Speech:  tenant.Speech{Provider: "fake", Model: "painted"},
		Numbers: []tenant.Number{{Number: "+14155550100", LineOfBusiness: "sales", Payer: "product"}},
	}
}

func (w *world) For(*tenant.Tenant) (recogniser.Recogniser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rec == nil {
		w.rec = rotate.New(pace.New(guard.New(w.fake, w.breaker), pace.Defaults()), w.rotate, nil)
	}
	return w.rec, nil
}

var call = events.Call{ID: "CA1", Leg: "CA1", Tenant: "acme", LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO}

// at is when call time ms is.
func (w *world) at(ms int64) time.Time { return w.began.Add(time.Duration(ms) * time.Millisecond) }

// say appends to calls.media; what ingress says on calls.lifecycle too is said there first.
func (w *world) say(e *events.CallEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e.Kind() {
	case events.KindMediaStarted, events.KindMediaEnded, events.KindConsentRecorded:
		w.lifecycle = append(w.lifecycle, e)
	default:
	}
	w.media = append(w.media, e)
	close(w.more)
	w.more = make(chan struct{})
}

func (w *world) started(stream string, offset int64, consent events.ConsentAnswer) {
	w.say(call.Event(w.at(offset), &events.MediaStarted{
		StreamId: stream, Parties: []events.Party{caller, agent}, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000,
		Consent: consent, OffsetMs: offset, Language: "en-US",
	}))
}

func (w *world) consent(a events.ConsentAnswer) {
	w.say(call.Event(time.Now(), &events.ConsentRecorded{
		Method: events.ConsentMethod_CONSENT_METHOD_REPORTED, Answer: a, DecidedAt: timestamppb.Now(),
	}))
}

func (w *world) ended(stream string, chunks uint64, end int64) {
	w.say(call.Event(w.at(end), &events.MediaEnded{
		StreamId: stream, Reason: events.MediaEndReason_MEDIA_END_REASON_STOPPED, CallerChunks: chunks, AgentChunks: chunks, EndMs: end,
	}))
}

func (w *world) chunk(stream string, p events.Party, n uint64, a recogniser.Audio) {
	w.say(call.Event(w.at(a.Start), &events.AudioChunk{
		StreamId: stream, Party: p, Chunk: n, StartMs: a.Start, Audio: a.Data,
		Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000,
	}))
}

// play sends the audio of both parties as it is spoken, from call time `from` on; it returns the number of
// chunks of each.
func (w *world) play(stream string, from int64, tracks map[events.Party][]byte) uint64 {
	w.t.Helper()
	c, a := drivertest.Chunks(tracks[caller], from, w.chunkMillis), drivertest.Chunks(tracks[agent], from, w.chunkMillis)
	for i := range c {
		if d := time.Until(w.at(c[i].Start + w.chunkMillis)); d > 0 {
			<-time.After(d)
		}
		w.chunk(stream, caller, uint64(i), c[i])
		if i < len(a) {
			w.chunk(stream, agent, uint64(i), a[i])
		}
	}
	return uint64(len(c))
}

// paint makes the audio of both parties, `length` milliseconds of it.
func (w *world) paint(seed uint64, length, pause int64) (audio map[events.Party][]byte, said map[events.Party][]drivertest.Said) {
	audio, said = map[events.Party][]byte{}, map[events.Party][]drivertest.Said{}
	for _, p := range []events.Party{caller, agent} {
		words := drivertest.Script(seed*10+uint64(p), length, pause)
		for i := range words {
			words[i].Text = fmt.Sprintf("%s%d", strings.ToLower(p.String()[6:7]), i)
		}
		audio[p], said[p] = w.fake.Paint(length, words), words
	}
	return audio, said
}

// process is one incarnation of the service: it takes messages from the committed offset on.
type process struct {
	*world
	app     *app.App
	stop    chan struct{}
	stopped sync.WaitGroup

	mu         sync.Mutex
	generation int
	taken      []*custody // since the generation began
	base       int64
	dead       bool
	landed     bool // a dead process's last publish stands all the same
	last       int  // events until it dies, see dieAt
	at         step
	died       chan struct{}
	twice      int // messages that came once more and are not done
}

type custody struct{ done, failed bool }

func (w *world) process() *process {
	w.t.Helper()
	p := &process{world: w}
	a, err := app.New(w.cfg, w.tenants, w, p, w, telemetry.Discard())
	if err != nil {
		w.t.Fatal(err)
	}
	p.app = a
	p.assign()
	return p
}

// assign begins a generation.
func (p *process) assign() {
	p.t.Helper()
	p.world.mu.Lock()
	next := p.committed
	p.world.mu.Unlock()
	p.mu.Lock()
	p.generation++
	p.taken, p.base = nil, next
	p.stop = make(chan struct{})
	p.mu.Unlock()
	jobs := make(chan func(context.Context), 1024)
	gen := p.generation
	err := p.app.Assigned(p.t.Context(), map[int]int64{0: next}, func(_ int, _ []byte, fn func(context.Context)) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if gen == p.generation {
			jobs <- fn
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.stopped.Go(func() { p.consume(next, gen, p.stop, jobs) })
}

// consume hands over one message after another, and what timers ask for between them.
func (p *process) consume(next int64, gen int, stop chan struct{}, jobs chan func(context.Context)) {
	for {
		p.world.mu.Lock()
		var e *events.CallEvent
		if next < int64(len(p.media)) && !p.brokerAway {
			e = p.media[next]
		}
		more := p.more
		p.world.mu.Unlock()
		if e == nil {
			select {
			case <-stop:
				return
			case fn := <-jobs:
				fn(p.t.Context())
			case <-more:
			}
			continue
		}
		select {
		case <-stop:
			return
		case fn := <-jobs:
			fn(p.t.Context())
			continue
		default:
		}
		c := &custody{}
		p.mu.Lock()
		p.taken = append(p.taken, c)
		p.mu.Unlock()
		p.app.Saw(0, next)
		p.take(gen, c, e)
		next++
		if n := next - 1 - int64(p.again-1); p.again > 0 && n >= 0 {
			p.world.mu.Lock()
			e := p.media[n]
			p.world.mu.Unlock()
			p.takeAgain(e)
		}
	}
}

// take hands a message over until it is handled, or held.
func (p *process) take(gen int, c *custody, e *events.CallEvent) {
	for {
		p.app.Take(p.t.Context(), app.Delivery{Event: e, Partition: 0, Done: func(err error) { p.done(gen, c, err) }})
		p.mu.Lock()
		failed := c.failed
		c.failed = false
		p.mu.Unlock()
		if !failed {
			return
		}
	}
}

// takeAgain hands a message over once more.
func (p *process) takeAgain(e *events.CallEvent) {
	p.mu.Lock()
	p.twice++
	p.mu.Unlock()
	p.app.Take(p.t.Context(), app.Delivery{Event: e, Partition: 0, Done: func(err error) {
		if err != nil {
			p.t.Errorf("a message that came again was not handled: %v", err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.twice--
	}})
}

func (p *process) done(gen int, c *custody, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && p.mayFail {
		c.failed = true
		return
	}
	if err != nil {
		p.t.Errorf("a message was not handled: %v", err)
	}
	if c.done {
		p.t.Error("a message was completed twice")
	}
	c.done = true
	if gen != p.generation || p.dead {
		return
	}
	n := p.base
	for _, c := range p.taken {
		if !c.done {
			break
		}
		n++
	}
	p.world.mu.Lock()
	defer p.world.mu.Unlock()
	p.committed = max(p.committed, n)
	p.tell()
}

// tell wakes who waits for a change. The caller holds the world's lock.
func (w *world) tell() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// revoke ends the generation; assign may begin the next, here or in another process.
func (p *process) revoke() {
	p.mu.Lock()
	p.generation++
	p.mu.Unlock()
	close(p.stop)
	p.stopped.Wait()
	p.app.Revoked([]int{0})
}

// kill ends the process without a farewell. landed tells whether what it was publishing stands.
func (p *process) kill(landed bool) {
	p.mu.Lock()
	p.dead, p.landed = true, landed
	p.generation++
	p.mu.Unlock()
	close(p.stop)
	p.stopped.Wait()
	_ = p.app.Close(p.t.Context()) // its goroutines; nothing that it does counts any more
}

// fence makes nothing of what the process completes from now on, without its knowing.
func (p *process) fence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.generation++
}

// close ends the process in order.
func (p *process) close() {
	p.t.Helper()
	p.revoke()
	p.mu.Lock()
	if p.twice > 0 && !p.dead {
		p.t.Errorf("%d messages that came again were not done", p.twice)
	}
	p.mu.Unlock()
	if err := p.app.Close(p.t.Context()); err != nil {
		p.t.Error(err)
	}
}

var errDead = &retry.Error{Class: retry.Permanent, Code: "dead", Err: errors.New("the process is dead")}

// Publish implements app.Publisher.
func (p *process) Publish(_ context.Context, e *events.CallEvent, done func(error)) {
	p.mu.Lock()
	dead, landed := p.dead, p.landed
	p.landed = false
	p.mu.Unlock()
	if dead {
		if landed {
			p.publish(e)
		}
		done(errDead)
		return
	}
	p.world.mu.Lock()
	away := p.brokerAway || p.refusing
	p.world.mu.Unlock()
	if e.Kind() != events.KindUsageRecorded && p.dies() {
		if p.at != beforePublish {
			p.publish(e)
		}
		if p.at == acknowledged {
			done(nil)
		} else {
			done(errDead)
		}
		close(p.died)
		return
	}
	if away {
		done(&retry.Error{Code: "broker.away", Err: errors.New("away")})
		return
	}
	if err := events.Validate(e); err != nil {
		p.t.Errorf("an invalid event: %v", err)
	}
	p.publish(e)
	done(nil)
}

// dies tells whether the process dies at this event; from then on nothing that it does counts.
func (p *process) dies() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last--
	if p.last == 0 {
		p.dead = true
		p.generation++
	}
	return p.last == 0
}

func (w *world) publish(e *events.CallEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if u, ok := e.Message().(*events.UsageRecorded); ok {
		w.usage = append(w.usage, u)
	} else {
		w.transcripts = append(w.transcripts, e)
	}
	w.tell()
}

// Partition, Call and End implement app.Log.
func (w *world) Partition(_ context.Context, _ int, next int64) (*app.Past, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unreadable > 0 {
		w.unreadable--
		return nil, errors.New("away")
	}
	oldest := time.Now()
	if next < int64(len(w.media)) {
		oldest = w.media[next].GetOccurredAt().AsTime()
	}
	return w.past(app.NewPast(oldest)), nil
}

func (w *world) past(p *app.Past) *app.Past {
	for _, e := range w.lifecycle {
		p.Lifecycle(e)
	}
	since := p.Since()
	for _, e := range w.transcripts {
		if !e.GetOccurredAt().AsTime().Before(since) {
			p.Transcript(e)
		}
	}
	return p
}

func (w *world) Call(_ context.Context, _ int, e *events.CallEvent) (*app.Past, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unreadable > 0 {
		w.unreadable--
		return nil, errors.New("away")
	}
	return w.past(app.NewPast(e.GetOccurredAt().AsTime())), nil
}

func (w *world) End(context.Context, int) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.brokerAway {
		return 0, errors.New("away")
	}
	return int64(len(w.media)), nil
}

// until waits for a condition on the world, for an hour of its clock at most.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.After(time.Hour)
	for {
		w.mu.Lock()
		met, changed := ok(), w.changed
		w.mu.Unlock()
		if met {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			w.t.Fatalf("never came about: %s", what)
		}
	}
}

// allDone waits until every message is committed.
func (w *world) allDone() {
	w.t.Helper()
	w.until("every message done", func() bool { return w.committed == int64(len(w.media)) })
}

// completions are the TranscriptCompleted, the first of each stream.
func (w *world) completions() map[string]*events.TranscriptCompleted {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]*events.TranscriptCompleted{}
	for _, e := range w.transcripts {
		if m, ok := e.Message().(*events.TranscriptCompleted); ok && out[m.GetStreamId()] == nil {
			out[m.GetStreamId()] = m
		}
	}
	return out
}

// words are a party's words as a reader downstream takes them: of media time that was taken before, nothing
// more; stream by stream, for one may tell its last words after the next has begun. overlaps counts what it had to leave out.
func (w *world) words(p events.Party) (text string, overlaps int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	type span struct{ from, to int64 }
	taken := map[string][]span{}
	var out []string
	transcripts := slices.Clone(w.transcripts)
	slices.SortStableFunc(transcripts, func(a, b *events.CallEvent) int {
		one, _ := a.Message().(*events.TranscriptSegment)
		two, _ := b.Message().(*events.TranscriptSegment)
		return strings.Compare(one.GetStreamId(), two.GetStreamId())
	})
	for _, e := range transcripts {
		m, ok := e.Message().(*events.TranscriptSegment)
		if !ok || m.GetParty() != p {
			continue
		}
		had := taken[m.GetStreamId()]
		covered := func(at int64) bool {
			return slices.ContainsFunc(had, func(s span) bool { return s.from <= at && at < s.to })
		}
		for _, word := range m.GetWords() {
			if covered((word.GetStartMs() + word.GetEndMs()) / 2) {
				overlaps++
				continue
			}
			out = append(out, word.GetText())
		}
		if len(m.GetWords()) == 0 {
			if covered((m.GetStartMs() + m.GetEndMs()) / 2) {
				overlaps++
			} else {
				out = append(out, m.GetText())
			}
		}
		taken[m.GetStreamId()] = append(had, span{m.GetStartMs(), m.GetEndMs()})
	}
	return strings.Join(out, " "), overlaps
}

// same checks both parties' words.
func (w *world) same(said map[events.Party][]drivertest.Said) (overlaps int) {
	w.t.Helper()
	for p, words := range said {
		got, n := w.words(p)
		overlaps += n
		if want := drivertest.Text(words); got != want {
			w.t.Errorf("%v: words differ\n got %s\nwant %s", p, got, want)
		}
	}
	return overlaps
}
