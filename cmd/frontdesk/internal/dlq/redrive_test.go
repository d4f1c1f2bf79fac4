package dlq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

const group = "crm-writer"

var parkedTopic = consume.RetryTopic(events.Insights.Name, group)

// world is a cluster with one group, whose handler does as it is told, and a queue on it.
type world struct {
	t    *testing.T
	conn *broker.Conn
	prod *produce.Producer
	q    *Queue

	park   consume.Park
	mended atomic.Bool
	away   atomic.Value // what can't be handled just now
	mu     sync.Mutex
	had    map[string]int // how often each value was handled in the end
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, had: map[string]int{}, park: consume.Park{Initial: 50 * time.Millisecond, Max: 100 * time.Millisecond}}
	w.away.Store("")
	w.conn = kafkatest.Broker(t, events.Insights.Name, parkedTopic, events.DeadLetters.Name, events.Transcripts.Name,
		consume.RetryTopic(events.Transcripts.Name, "inference"))
	w.prod = produce.New(w.conn, produce.Config{}, telemetry.Discard())
	t.Cleanup(func() { _ = w.prod.Close(context.Background()) })
	var err error
	if w.q, err = New(t.Context(), w.conn, "tester@here"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.q.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// serve runs a member of the group until the returned func is called.
func (w *world) serve() (stop func()) {
	w.t.Helper()
	cfg := consume.Config{
		Group: group, Topics: []string{events.Insights.Name}, DeadLetters: events.DeadLetters.Name, CommitEvery: 20 * time.Millisecond,
		Park: w.park,
	}
	h := consume.Stack(func(_ context.Context, m *consume.Message) error {
		switch {
		case w.away.Load() == string(m.Value):
			return &retry.Error{Class: retry.Retryable, Code: "away", Err: errors.New("away")}
		case !w.mended.Load() && !bytes.HasPrefix(m.Value, []byte("good")):
			return &retry.Error{Class: retry.Permanent, Code: "poison", Field: "f", Err: errors.New("poison")}
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.had[string(m.Value)]++
		return nil
	}, consume.Options{Retry: retry.Policy{Budget: -1}})
	c, err := consume.New(w.conn, w.prod, cfg, h, consume.Hooks{}, telemetry.Discard())
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// bury has n messages become dead letters, and stops the group.
func (w *world) bury(n int) []*Letter {
	w.t.Helper()
	stop := w.serve()
	for i := range n {
		if err := w.prod.Publish(w.t.Context(), produce.Message{Topic: events.Insights.Name, Key: fmt.Appendf(nil, "CA%d", i%5), Value: fmt.Appendf(nil, "m%d", i)}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.eventually("dead letters", func() bool { return len(w.letters(Filter{})) == n })
	stop()
	return w.letters(Filter{})
}

func (w *world) read() *Book {
	w.t.Helper()
	b, err := w.q.Read(w.t.Context(), time.Time{})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) letters(f Filter) []*Letter { return w.read().Select(f) }

func (w *world) eventually(what string, is func() bool) {
	w.t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("never: %s", what)
		}
	}
}

var fast = Options{Canary: []int{1, 10}, MaxFailures: 0.1, Rate: 1000, Wait: 20 * time.Second}

// redrive sends back what is open.
func (w *world) redrive(ctx context.Context, o Options, tell func(Progress)) Result {
	w.t.Helper()
	b := w.read()                                                                      //nolint:contextcheck // ctx ends the redrive alone
	p, err := w.q.Plan(w.t.Context(), b.Select(Filter{}), PlanOptions{MaxRedrives: 3}) //nolint:contextcheck // as above
	if err != nil || len(p.Refusals) > 0 {
		w.t.Fatal(p, err)
	}
	if tell == nil {
		tell = func(Progress) {}
	}
	r, err := w.q.Redrive(ctx, b, p, o, tell)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// copies are how often each dead letter was sent: what the group has parked again and its marks are not counted.
func (w *world) copies() map[string]int {
	out := map[string]int{}
	for _, r := range kafkatest.Records(w.t, w.conn, parkedTopic) {
		if p := consume.ReadParked(&r); !p.Done && p.Round == 0 {
			out[deadletter.Get(r.Headers, deadletter.HeaderRedriven)]++
		}
	}
	return out
}

func (w *world) isOnce(n int) {
	w.t.Helper()
	copies := w.copies()
	if len(copies) != n {
		w.t.Errorf("%d dead letters were sent, want %d", len(copies), n)
	}
	for id, times := range copies {
		if times != 1 {
			w.t.Errorf("%s was sent %d times", id, times)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.had) != n {
		w.t.Errorf("%d messages were handled, want %d: %v", len(w.had), n, w.had)
	}
	for m, times := range w.had {
		if times != 1 {
			w.t.Errorf("%s was handled %d times", m, times)
		}
	}
}

func TestRedriveOnceTheCauseIsMended(t *testing.T) {
	w := newWorld(t)
	w.bury(30)
	w.mended.Store(true)
	defer w.serve()()
	var last Progress
	r := w.redrive(t.Context(), fast, func(p Progress) { last = p })
	if !equal(r, Result{Selected: 30, Sent: 30, Done: 30}) || r.Stopped != "" || last.Stages != 3 || last.Done != 30 {
		t.Errorf("%+v, %+v", r, last)
	}
	w.isOnce(30)
	if left := w.letters(Filter{}); len(left) != 0 {
		t.Errorf("%d are open", len(left))
	}
	for _, l := range w.letters(Filter{Settled: true}) {
		if m := l.lastMark(deadletter.Redriven); l.State != Redriven || m.By != "tester@here" || m.At.IsZero() {
			t.Errorf("%s is %s by %+v", l.ID, l.State, m)
		}
	}
	if again := w.redrive(t.Context(), fast, nil); again.Selected != 0 {
		t.Errorf("the same command finds %d more", again.Selected)
	}
}

func TestRedriveStopsAfterTheCanaryWhileTheCauseLasts(t *testing.T) {
	w := newWorld(t)
	letters := w.bury(30)
	defer w.serve()()
	r := w.redrive(t.Context(), fast, nil)
	if !equal(r, Result{Selected: 30, Sent: 1, Failed: 1, Left: 29}) || !strings.Contains(r.Stopped, "1 of the 1") {
		t.Errorf("%+v", r)
	}
	if len(r.Failures) != 1 || r.Failures[0].ID != letters[0].ID || r.Failures[0].Code != "poison" {
		t.Fatalf("%+v", r.Failures)
	}
	b := w.read()
	if child := b.letters[r.Failures[0].Became]; child == nil || child.State != Open || child.Redrives != 1 || child.Letter.Redriven != letters[0].ID.String() {
		t.Errorf("%+v", child)
	}
	if n := len(b.Select(Filter{})); n != 30 {
		t.Errorf("%d are open; 29 that were left, and the one that came back", n)
	}
}

// TestWhatIsParkedAgainWaits: and is through when what it waits for is back.
func TestWhatIsParkedAgainWaits(t *testing.T) {
	w := newWorld(t)
	w.bury(1)
	w.mended.Store(true)
	w.away.Store("m0")
	defer w.serve()()
	// Why it waits is told once the group has tried it, so the group must be there before.
	if err := w.prod.Publish(t.Context(), produce.Message{Topic: events.Insights.Name, Key: []byte("CA0"), Value: []byte("good")}); err != nil {
		t.Fatal(err)
	}
	w.eventually("the group is there", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.had["good"] == 1 })
	o := fast
	o.Wait = 3 * time.Second
	r := w.redrive(t.Context(), o, nil)
	if !equal(r, Result{Selected: 1, Sent: 1, Waiting: 1}) || !strings.Contains(r.Stopped, "still waiting") || len(r.Delays) != 1 || r.Delays[0].Code != "away" || r.Delays[0].Attempts == 0 {
		t.Errorf("%+v", r)
	}
	w.away.Store("")
	w.eventually("it is handled", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.had["m0"] == 1 })
}

// TestWhatIsBehindAWaitingOneIsThrough: the group's offset can't say so, its own mark in the retry topic does.
func TestWhatIsBehindAWaitingOneIsThrough(t *testing.T) {
	w := newWorld(t)
	last := map[int]*Letter{}
	var waits, behind *Letter // five keys in four partitions
	for _, l := range w.bury(5) {
		if waits == nil && last[l.ID.Partition] != nil {
			waits, behind = last[l.ID.Partition], l
		}
		last[l.ID.Partition] = l
	}
	w.mended.Store(true)
	r, err := w.q.record(t.Context(), waits.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.away.Store(string(r.Value))
	w.park = consume.Park{Initial: time.Minute, Max: time.Minute}
	defer w.serve()()
	o := fast
	for _, c := range []struct {
		letter *Letter
		wait   time.Duration
		want   Result
	}{{waits, 3 * time.Second, Result{Selected: 1, Sent: 1, Waiting: 1}}, {behind, fast.Wait, Result{Selected: 1, Sent: 1, Done: 1}}} {
		o.Wait = c.wait
		b := w.read()
		p, err := w.q.Plan(t.Context(), []*Letter{b.letters[c.letter.ID]}, PlanOptions{MaxRedrives: 3})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.q.Redrive(t.Context(), b, p, o, func(Progress) {}); err != nil || !equal(got, c.want) {
			t.Errorf("%s: %+v, %v", c.letter.ID, got, err)
		}
	}
}

// TestAnInterruptedRedriveGoesOn: whatever the moment, and nothing is sent twice.
func TestAnInterruptedRedriveGoesOn(t *testing.T) {
	w := newWorld(t)
	w.bury(30)
	w.mended.Store(true)
	defer w.serve()()
	sent := 0
	for range 10 {
		ctx, stop := context.WithCancel(t.Context())
		enough := 0
		r := w.redrive(ctx, fast, func(p Progress) {
			if enough = p.Sent; enough >= 7 {
				stop()
			}
		})
		stop()
		sent += r.Sent
		if r.Left > 0 && !strings.Contains(r.Stopped, "interrupted") {
			t.Fatalf("%+v", r)
		}
		if r.Left == 0 {
			break
		}
	}
	if sent != 30 {
		t.Errorf("%d were sent", sent)
	}
	w.eventually("all are handled", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.had) == 30 })
	w.isOnce(30)
}

// TestACrashBeforeTheNoteSendsNothingTwice: the copy stands in the retry topic, and no mark says so. The group may have been
// through with it long ago, or not have begun.
func TestACrashBeforeTheNoteSendsNothingTwice(t *testing.T) {
	for _, handled := range []bool{true, false} {
		t.Run(fmt.Sprint(handled), func(t *testing.T) {
			w := newWorld(t)
			letters := w.bury(3)
			w.mended.Store(true)
			r, err := w.q.record(t.Context(), letters[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.prod.Publish(t.Context(), consume.Redrive(r, letters[0].Partition, letters[0].Offset, time.Now())); err != nil {
				t.Fatal(err)
			}
			serve := sync.OnceFunc(func() { w.serve() })
			if handled {
				serve()
				w.eventually("it is handled", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.had) == 1 })
			}
			got := w.redrive(t.Context(), fast, func(Progress) { serve() })
			if !equal(got, Result{Selected: 3, Sent: 3, SentBefore: 1, Done: 3}) {
				t.Errorf("%+v", got)
			}
			w.isOnce(3)
			if left := w.letters(Filter{}); len(left) != 0 {
				t.Errorf("%d are open", len(left))
			}
		})
	}
}

// TestForceSendsAgain: what is settled, by its id, and counts what becomes of this time's copy.
func TestForceSendsAgain(t *testing.T) {
	w := newWorld(t)
	letters := w.bury(1)
	defer w.serve()()
	if r := w.redrive(t.Context(), fast, nil); r.Failed != 1 {
		t.Fatalf("%+v", r)
	}
	w.mended.Store(true)
	b := w.read()
	old := b.Select(Filter{IDs: []deadletter.ID{letters[0].ID}, Settled: true})
	p, err := w.q.Plan(t.Context(), old, PlanOptions{MaxRedrives: 3})
	if err != nil || len(p.Items) != 0 || len(p.Refusals) != 1 || !strings.Contains(p.Refusals[0].Why, "it was redriven by tester@here") {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err = w.q.Plan(t.Context(), old, PlanOptions{MaxRedrives: 3, Force: true}); err != nil || len(p.Items) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	r, err := w.q.Redrive(t.Context(), b, p, fast, func(Progress) {})
	if err != nil || !equal(r, Result{Selected: 1, Sent: 1, Done: 1}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDropAndShow(t *testing.T) {
	w := newWorld(t)
	const call, said = "CA00000000000000000000000000000001", "I am Ada Okonkwo."
	e := events.Call{ID: call, Leg: call, Tenant: "acme", LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO}.Event(noon, &events.TranscriptSegment{
		StreamId: "MZ1", Text: said, EndMs: 900, Party: events.Party_PARTY_CALLER, Run: "live", Language: "en-US",
	})
	value, err := events.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	bury := func(key string, value []byte, more ...kafka.Header) {
		t.Helper()
		h := deadletter.Headers([]kafka.Header{{Key: events.HeaderKind, Value: []byte(e.Kind().String())}},
			deadletter.Origin{Topic: events.Transcripts.Name, Offset: 5, Group: "inference", FailedAt: time.Now()}, broken)
		if err := w.prod.Publish(t.Context(), produce.Message{Topic: events.DeadLetters.Name, Key: []byte(key), Value: value, Headers: append(h, more...)}); err != nil {
			t.Fatal(err)
		}
	}
	bury(call, value)
	bury("+12025550123", []byte("call me at +12025550123"))
	bury(call, nil, kafka.Header{Key: deadletter.HeaderOmitted, Value: []byte("99")})
	b := w.read()
	letters := b.Select(Filter{})
	if len(letters) != 3 {
		t.Fatalf("%d letters", len(letters))
	}
	byKey := func(key string, bytes int) *Letter {
		for _, l := range letters {
			if l.key == key && l.Bytes == bytes {
				return l
			}
		}
		t.Fatalf("no letter of %s", key)
		return nil
	}
	event, strange, large := byKey(call, len(value)), byKey("+12025550123", 23), byKey(call, 99)

	masked, err := w.q.Show(t.Context(), b, event, Masked)
	if err != nil || strings.Contains(string(masked.Event), "Ada") || !strings.Contains(string(masked.Event), "***") || masked.CallID != call || masked.Revealed {
		t.Errorf("%s, %v", masked.Event, err)
	}
	revealed, err := w.q.Show(t.Context(), b, event, Raw)
	if err != nil || !strings.Contains(string(revealed.Event), said) || !bytes.Equal(revealed.Raw, value) {
		t.Errorf("%s, %v", revealed.Event, err)
	}
	if len(revealed.Marks) != 1 || revealed.Marks[0].What != deadletter.Revealed || revealed.Marks[0].By != "tester@here" || event.State != Open {
		t.Errorf("%+v", revealed.Marks)
	}
	d, err := w.q.Show(t.Context(), b, strange, Masked)
	if err != nil || d.CallID != hidden || d.Event != nil || !strings.Contains(d.EventError, "not a Frontdesk event") || strings.Contains(d.EventError, "2025550123") {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err = w.q.Show(t.Context(), b, large, Masked); err != nil || d.EventError != errGone.Error() {
		t.Errorf("%+v, %v", d, err)
	}

	// Neither a segment nor a value that stands nowhere any more can be sent.
	p, err := w.q.Plan(t.Context(), []*Letter{event, large}, PlanOptions{MaxRedrives: 3})
	if err != nil || len(p.Items) != 0 || len(p.Refusals) != 2 || !strings.Contains(p.Refusals[0].Why, "no longer keeps") || p.Refusals[1].Why != errGone.Error() {
		t.Errorf("%+v, %v", p, err)
	}

	if n, err := w.q.Drop(t.Context(), []*Letter{strange, large}, "a test"); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	b = w.read()
	if left := b.Select(Filter{}); len(left) != 1 || left[0].ID != event.ID {
		t.Errorf("%d are open", len(left))
	}
	open, refused := Droppable(b.Select(Filter{Settled: true}))
	if len(open) != 1 || len(refused) != 2 || !strings.Contains(refused[0].Why, "it was dropped by tester@here") || !strings.Contains(refused[0].Why, "(a test)") {
		t.Errorf("%d open, %+v", len(open), refused)
	}
	if n := len(kafkatest.Records(t, w.conn, events.DeadLetters.Name)); n != 6 {
		t.Errorf("%d records: three dead letters, and three marks", n)
	}
}

// TestNothingIsRevealedThatCantBeNoted: who may read and not write sees what is masked only.
func TestNothingIsRevealedThatCantBeNoted(t *testing.T) {
	w := newWorld(t)
	letters := w.bury(1)
	if err := w.prod.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	q := &Queue{conn: w.conn, prod: w.prod, by: "tester@here", counts: w.q.counts}
	if d, err := q.Show(t.Context(), w.read(), letters[0], Personal); d != nil || err == nil || !strings.Contains(err.Error(), "nothing is revealed") {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err := q.Show(t.Context(), w.read(), letters[0], Masked); d == nil || err != nil {
		t.Errorf("%v", err)
	}
}

// TestALargeValueIsReadWhereItStands: what was too large for the dead letters goes back from its own topic.
func TestALargeValueIsReadWhereItStands(t *testing.T) {
	w := newWorld(t)
	value := []byte("good once it is sent back")
	if err := w.prod.Publish(t.Context(), produce.Message{Topic: events.Insights.Name, Key: []byte("CA1"), Value: value}); err != nil {
		t.Fatal(err)
	}
	o := kafkatest.Records(t, w.conn, events.Insights.Name)[0]
	h := deadletter.Headers(nil, deadletter.Origin{Topic: o.Topic, Partition: o.Partition, Offset: o.Offset, Time: o.Time, Group: group, FailedAt: time.Now()}, broken)
	err := w.prod.Publish(t.Context(), produce.Message{
		Topic: events.DeadLetters.Name, Key: []byte("CA1"), Headers: append(h, kafka.Header{Key: deadletter.HeaderOmitted, Value: fmt.Append(nil, len(value))}),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.serve()()
	if r := w.redrive(t.Context(), fast, nil); r.Done != 1 {
		t.Errorf("%+v", r)
	}
	for _, r := range kafkatest.Records(t, w.conn, parkedTopic) {
		if !bytes.Equal(r.Value, value) {
			t.Errorf("%q went back", r.Value)
		}
	}
}
