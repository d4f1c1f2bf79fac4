package consume

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

func TestSettingsAreCheckedWithoutTheTopicsThatAServiceSets(t *testing.T) {
	if err := (Config{Group: "g"}).Validate(); err != nil {
		t.Error(err)
	}
	err := Config{Concurrency: -1, Heartbeat: time.Minute}.Validate()
	for _, want := range []string{"consume.group: ", "consume.concurrency: ", "consume.heartbeat: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if _, err := New(nil, nil, Config{Group: "g"}, nil, Hooks{}, nil); err == nil || !strings.Contains(err.Error(), "consume.topics: ") {
		t.Errorf("without topics: %v", err)
	}
}

func TestOffsetsMarkTheOldestIncomplete(t *testing.T) {
	o := offsets{next: 10}
	now := time.Now()
	// Offsets with gaps, as compaction leaves them.
	a, b, c := o.take(10, now), o.take(15, now.Add(1)), o.take(90, now)
	o.skip(100)
	for i, step := range []struct {
		do   func()
		want int64
	}{
		{func() {}, 10},
		{func() { o.complete(b) }, 10},
		{func() { o.complete(a) }, 90},
		{func() { o.complete(c) }, 100},
		{func() { o.skip(50) }, 100},
		{func() { o.skip(120) }, 120},
	} {
		if step.do(); o.mark() != step.want {
			t.Errorf("step %d: mark %d, want %d", i, o.mark(), step.want)
		}
	}
	if !o.passed(b) || !o.oldest().IsZero() {
		t.Error("something is left")
	}
	if d := o.take(120, now); o.passed(d) || o.oldest() != now {
		t.Error("what was just taken has passed")
	}
}

func TestWindowClosesAtTheBoundAndOpensWithRoom(t *testing.T) {
	w := newWindow(4, 100)
	take := func(bytes int, want bool) <-chan struct{} {
		t.Helper()
		wait, _ := w.take(bytes)
		if (wait == nil) != want {
			t.Errorf("took %v, want %v", wait == nil, want)
		}
		return wait
	}
	take(500, true) // an empty window admits any size
	opened := take(1, false)
	w.give(1, 500)
	<-opened
	for range 4 {
		take(10, true)
	}
	opened = take(10, false)
	if wait, closed := w.take(10); wait != opened || closed {
		t.Error("a window closes once")
	}
	w.give(1, 10)
	<-opened // at three quarters
	take(71, false)
	take(1, false) // closed for all: the small must not starve the large
	if n, bytes := w.state(); n != 3 || bytes != 30 {
		t.Errorf("%d messages, %d bytes", n, bytes)
	}
}

func TestTallyMayGoUpWhileSomebodyWaits(t *testing.T) {
	var n tally
	<-n.zero()
	n.add()
	zero := n.zero()
	n.add()
	n.done()
	select {
	case <-zero:
		t.Error("one is still running")
	default:
	}
	n.done()
	<-zero
}

func TestParkPauseDoublesAndStaysWithinAFifth(t *testing.T) {
	p := Park{Initial: time.Second, Max: time.Minute}
	for round, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 1000: time.Minute} {
		for range 100 {
			if got := p.pause(round); got < want*4/5 || got > want*6/5 {
				t.Fatalf("round %d: %s, want %s give or take a fifth", round, got, want)
			}
		}
	}
}

func TestTimedBoundsATry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := timed(func(ctx context.Context, _ *Message) error {
			<-ctx.Done()
			return ctx.Err()
		}, time.Second)
		began := time.Now()
		err := f(t.Context(), &Message{})
		if time.Since(began) != time.Second || retry.Code(err) != CodeTimeout || retry.IsPermanent(err) {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		// The end of the caller's context is not a time-out.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := f(ctx, &Message{}); !errors.Is(err, context.Canceled) || retry.Code(err) == CodeTimeout {
			t.Errorf("got %v", err)
		}
	})
}

func TestRetriedTriesUntilTheBudgetIsSpent(t *testing.T) {
	policy := retry.Policy{Initial: time.Second, Max: 8 * time.Second, Budget: time.Minute}
	fails := &retry.Error{Class: retry.Retryable, Code: "away"}
	for _, c := range []struct {
		name    string
		m       Message
		err     error
		least   int
		most    int
		parking bool
	}{
		{name: "retryable", err: fails, least: 6, most: 60},
		{name: "permanent", err: &retry.Error{Class: retry.Permanent, Code: "no"}, least: 1, most: 1},
		{name: "park now", err: ParkNow(time.Second, fails), least: 1, most: 1, parking: true},
		{name: "parked before", m: Message{Parked: true}, err: fails, least: 1, most: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				m := c.m
				m.tries = 1
				err := retried(func(context.Context, *Message) error { calls++; return c.err }, policy)(t.Context(), &m)
				var not *parkNow
				if calls < c.least || calls > c.most || calls != m.tries || !errors.Is(err, c.err) || errors.As(err, &not) != c.parking {
					t.Errorf("%d calls, %d tries, %v", calls, m.tries, err)
				}
			})
		})
	}
}

// claims is a store of one key.
type claims struct {
	state    []idempotency.State
	err      error
	asked    func() // called when a claim is asked for
	complete int
	release  int
}

func (c *claims) Claim(_ context.Context, k idempotency.Key) (*idempotency.Claim, error) {
	if c.asked != nil {
		c.asked()
	}
	if c.err != nil {
		return nil, c.err
	}
	s := c.state[0]
	if len(c.state) > 1 {
		c.state = c.state[1:]
	}
	return &idempotency.Claim{Key: k, State: s}, nil
}

func (c *claims) Complete(context.Context, *idempotency.Claim, []byte) error {
	c.complete++
	return idempotency.ErrLost
}

func (c *claims) Release(context.Context, *idempotency.Claim) error {
	c.release++
	return nil
}

func TestClaimed(t *testing.T) {
	const isNew, isDone, isBusy = idempotency.StateNew, idempotency.StateDone, idempotency.StateBusy
	away := errors.New("Redis is away")
	boom := errors.New("boom")
	for _, c := range []struct {
		name     string
		store    claims
		required bool
		unkeyed  bool
		fails    error
		panics   bool

		calls, complete, release int
		code                     string
		err                      error
	}{
		{name: "new", store: claims{state: []idempotency.State{isNew}}, calls: 1, complete: 1},
		{name: "done before", store: claims{state: []idempotency.State{isDone}}},
		{name: "busy, then done", store: claims{state: []idempotency.State{isBusy, isBusy, isDone}}},
		{name: "busy, then free", store: claims{state: []idempotency.State{isBusy, isNew}}, calls: 1, complete: 1},
		{name: "busy for too long", store: claims{state: []idempotency.State{isBusy}}, code: CodeBusy, err: errBusy},
		{name: "failure gives it back", store: claims{state: []idempotency.State{isNew}}, fails: boom, calls: 1, release: 1, err: boom},
		{name: "so does a panic", store: claims{state: []idempotency.State{isNew}}, panics: true, calls: 1, release: 1},
		{name: "store away, goes on", store: claims{err: away}, calls: 1},
		{name: "store away, required", store: claims{err: away}, required: true, err: away},
		{name: "needs none", store: claims{err: away}, unkeyed: true, required: true, calls: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				f := claimed(func(context.Context, *Message) error {
					calls++
					if c.panics {
						panic("boom")
					}
					return c.fails
				}, ClaimOptions{
					Store: &c.store, Required: c.required,
					Key: func(*Message) (idempotency.Key, bool) { return idempotency.Key{CallID: "c"}, !c.unkeyed },
				})
				var err error
				func() {
					defer func() { _ = recover() }()
					err = f(t.Context(), &Message{})
				}()
				if calls != c.calls || c.store.complete != c.complete || c.store.release != c.release || !errors.Is(err, c.err) {
					t.Errorf("%d calls, %d completed, %d released, %v", calls, c.store.complete, c.store.release, err)
				}
				if c.code != "" && retry.Code(err) != c.code {
					t.Errorf("code %q", retry.Code(err))
				}
			})
		})
	}
}

// A claim that is had in the moment in which the handler's time runs out: nothing has run, so nothing is
// complete, and the next owner must not wait for a lease.
func TestAClaimHadTooLateIsGivenBack(t *testing.T) {
	for _, c := range []struct {
		state   idempotency.State
		err     error
		release int
	}{
		{idempotency.StateNew, context.Canceled, 1},
		{idempotency.StateDone, nil, 0}, // the effect stands
	} {
		ctx, cancel := context.WithCancel(t.Context())
		store := &claims{state: []idempotency.State{c.state}, asked: cancel}
		calls := 0
		err := claimed(func(context.Context, *Message) error { calls++; return nil }, ClaimOptions{
			Store: store, Key: func(*Message) (idempotency.Key, bool) { return idempotency.Key{CallID: "c"}, true },
		})(ctx, &Message{})
		if !errors.Is(err, c.err) || calls != 0 || store.release != c.release || store.complete != 0 {
			t.Errorf("%v: %v, %d calls, %d released, %d completed", c.state, err, calls, store.release, store.complete)
		}
	}
}

func TestOutsideAConsumerContextsStillWork(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if Detach(ctx).Err() != nil || Ending(ctx) != nil {
		t.Error("a handler called by a test is cut short")
	}
	ran := make(chan struct{})
	Go(ctx, func(context.Context) { close(ran) })
	<-ran
}

func TestADetachedContextHasTheConsumersEnd(t *testing.T) {
	c := &Consumer{}
	var end context.CancelFunc
	c.detached, end = context.WithCancel(context.Background())
	type k struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), k{}, "v"))
	ctx = context.WithValue(ctx, handKey{}, &hand{c: c})
	cancel()
	d := Detach(ctx)
	child, stop := context.WithTimeout(d, time.Hour)
	defer stop()
	if d.Err() != nil || child.Err() != nil || child.Value(k{}) != "v" {
		t.Errorf("%v %v %v", d.Err(), child.Err(), child.Value(k{}))
	}
	end()
	<-d.Done()
	<-child.Done()
	if !errors.Is(child.Err(), context.Canceled) {
		t.Errorf("got %v", child.Err())
	}
}
