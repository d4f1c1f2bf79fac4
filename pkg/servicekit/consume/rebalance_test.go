package consume_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// chaosConfig lets a dead member be missed soon.
func (w *world) chaosConfig() consume.Config {
	cfg := w.config()
	cfg.Session, cfg.Drain = 800*time.Millisecond, 300*time.Millisecond
	return cfg
}

// ledger checks what a group of members does to each key: effects must begin at the next number, or repeat
// an earlier one from a place that comes down to the next number again (a redelivery), and all must be had.
type ledger struct {
	mu      sync.Mutex
	had     map[string]int // highest number had, plus one
	lost    []string
	repeats int
	total   int
	changed chan struct{}
}

func (l *ledger) effect(key, value string) {
	n, _ := strconv.Atoi(value)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch have := l.had[key]; {
	case n == have:
		l.had[key]++
		l.total++
	case n < have:
		l.repeats++
	default:
		l.lost = append(l.lost, fmt.Sprintf("%s: %d after %d", key, n, have-1))
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *ledger) wait(t *testing.T, total int) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		l.mu.Lock()
		have, changed := l.total, l.changed
		l.mu.Unlock()
		if have == total {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%d of %d were had", have, total)
		}
	}
}

// TestMembersComeGoAndDie is the consumer's main promise: whatever happens to its members, every message has
// its effect, in the order of its key, while a tenth of the first tries fail and park their keys.
func TestMembersComeGoAndDie(t *testing.T) {
	w := newWorld(t, "a:6", "b:6")
	cfg := w.chaosConfig()
	cfg.Park.Initial, cfg.Park.Max = 5*time.Millisecond, 20*time.Millisecond
	l := &ledger{had: map[string]int{}, changed: make(chan struct{})}
	h := consume.Stack(func(_ context.Context, m *consume.Message) error {
		if !m.Parked && rand.IntN(10) == 0 {
			return errAway
		}
		l.effect(m.Topic+string(m.Key), string(m.Value))
		return nil
	}, consume.Options{Retry: retry.Policy{Budget: -1}})

	const keys, each = 40, 60
	stop := make(chan struct{})
	var publishing sync.WaitGroup
	for _, topic := range []string{"a", "b"} {
		publishing.Go(func() {
			defer func() { stop <- struct{}{} }()
			for i := range each {
				batch := make([]produce.Message, 0, keys)
				for k := range keys {
					batch = append(batch, produce.Message{Topic: topic, Key: fmt.Append(nil, "k", k), Value: fmt.Append(nil, i)})
				}
				if err := w.prod.Publish(context.Background(), batch...); err != nil {
					t.Error(err)
				}
				time.Sleep(20 * time.Millisecond) // the traffic's pace, not a wait for anything
			}
		})
	}
	members := []*member{w.start(cfg, h, consume.Hooks{}), w.start(cfg, h, consume.Hooks{})}
	for running := 2; running > 0; {
		select {
		case <-stop:
			running--
		case <-time.After(250 * time.Millisecond): // the pace of the chaos
			switch n := rand.IntN(len(members)); {
			case len(members) < 2 || rand.IntN(2) == 0 && len(members) < 4:
				members = append(members, w.start(cfg, h, consume.Hooks{}))
			case rand.IntN(2) == 0:
				members[n].crash()
				members = slices.Delete(members, n, n+1)
			default:
				members[n].end()
				members = slices.Delete(members, n, n+1)
			}
		}
	}
	publishing.Wait()
	// A member that dies while it first joins is kept by the embedded broker, with partitions, until another one comes.
	w.start(cfg, h, consume.Hooks{})
	l.wait(t, 2*keys*each)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lost) > 0 {
		t.Errorf("out of order %d times: %v", len(l.lost), l.lost[:min(5, len(l.lost))])
	}
	t.Logf("%d messages, %d repeated", 2*keys*each, l.repeats)
}

func TestTheAssignmentIsStickyAndOneMemberHasAllOfAKey(t *testing.T) {
	w := newWorld(t, "a:6", "b:6")
	cfg := w.chaosConfig()
	cfg.Session = 2 * time.Second // a busy machine must not look like a dead member
	type seat struct {
		mu  sync.Mutex
		own []int
		at  chan []int
	}
	join := func() (*seat, *member) {
		s := &seat{at: make(chan []int, 20)}
		m := w.start(cfg, consume.Stack(func(context.Context, *consume.Message) error { return nil }, consume.Options{}), consume.Hooks{
			Assigned: func(_ context.Context, a *consume.Assignment) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.own = a.Partitions
				s.at <- a.Partitions
				return nil
			},
		})
		return s, m
	}
	until := func(s *seat, n int) []int {
		deadline := time.After(20 * time.Second)
		for {
			select {
			case own := <-s.at:
				if len(own) == n {
					return own
				}
			case <-deadline:
				t.Fatalf("never owned %d partitions", n)
			}
		}
	}
	one, _ := join()
	all := until(one, 6)
	two, second := join()
	kept, got := until(one, 3), until(two, 3)
	if !slices.Equal(slices.Sorted(slices.Values(append(slices.Clone(kept), got...))), all) {
		t.Errorf("%v and %v are not all", kept, got)
	}
	_, third := join()
	if now := until(one, 2); !slices.Equal(now, kept[:2]) {
		t.Errorf("the first had %v and has %v now", kept, now)
	}
	if now := until(two, 2); !slices.Equal(now, got[:2]) {
		t.Errorf("the second had %v and has %v now", got, now)
	}
	third.end()
	if now := until(one, 3); !slices.Contains(now, kept[0]) || !slices.Contains(now, kept[1]) {
		t.Errorf("the first had %v and has %v now", kept[:2], now)
	}
	second.crash()
	until(one, 6)
}

func TestARunningHandlerFinishesWithinTheDrain(t *testing.T) {
	w := newWorld(t, "a:1")
	entered, leave := make(chan struct{}), make(chan struct{})
	m := w.start(w.config(), consume.Stack(func(ctx context.Context, m *consume.Message) error {
		if string(m.Value) == "0" {
			close(entered)
			<-consume.Ending(ctx)
			if ctx.Err() != nil {
				t.Error("the context ended with the generation, not with the drain")
			}
			<-leave
		}
		return nil
	}, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", numbers(0, 3)...)
	<-entered
	ended := make(chan struct{})
	go func() {
		m.end()
		close(ended)
	}()
	close(leave)
	<-ended
	// The one that was running is complete; those behind it were never begun.
	if got := w.committed("a", 0); got != 1 {
		t.Errorf("committed %d", got)
	}
}

func TestShutdownIsNoFailure(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Drain = 50 * time.Millisecond
	entered := make(chan struct{})
	m := w.start(cfg, consume.Stack(func(ctx context.Context, _ *consume.Message) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", "0")
	<-entered
	m.end()
	if got := w.committed("a", 0); got != 0 {
		t.Errorf("committed %d", got)
	}
	if n := w.end(dead, 0) + w.end(consume.RetryTopic("a", group), 0); n != 0 {
		t.Errorf("%d messages were parked or dead-lettered", n)
	}
}

func TestASleepingRetryDoesNotHoldTheDrainUp(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Session, cfg.Drain = 30*time.Second, 15*time.Second
	failed := make(chan struct{}, 100)
	m := w.start(cfg, consume.Stack(func(context.Context, *consume.Message) error {
		failed <- struct{}{}
		return errAway
	}, consume.Options{Retry: retry.Policy{Initial: time.Hour, Max: time.Hour, Budget: 10 * time.Hour}}), consume.Hooks{})
	w.publish("a", "k", "0")
	<-failed
	began := time.Now()
	m.end()
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("the drain took %s", d)
	}
}

func TestDetachedWorkOutlivesThePartitionAndKeepsItsKey(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Drain = 20 * time.Millisecond
	entered, answer := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	var steps []string
	step := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		steps = append(steps, s)
	}
	first := true
	revoked := make(chan struct{}, 10)
	assigned := make(chan struct{}, 10)
	handled := make(chan struct{})
	m := w.start(cfg, func(ctx context.Context, m *consume.Message, done func(error)) {
		if !first {
			step("again")
			done(nil)
			close(handled)
			return
		}
		first = false
		d := consume.Detach(ctx)
		close(entered)
		<-answer
		if d.Err() != nil || ctx.Err() == nil {
			t.Errorf("detached: %v, the handler's own: %v", d.Err(), ctx.Err())
		}
		consume.Go(ctx, func(ctx context.Context) { step("stored") })
		step("answered")
		done(nil) // too late to count
	}, consume.Hooks{
		Assigned: func(context.Context, *consume.Assignment) error { assigned <- struct{}{}; return nil },
		Revoked:  func(*consume.Assignment) { revoked <- struct{}{} },
	})
	w.publish("a", "k", "0")
	<-assigned
	<-entered
	// Another member comes, and the generation ends while the request is under way.
	other := w.start(cfg, func(context.Context, *consume.Message, func(error)) { t.Error("partition 0 has moved") }, consume.Hooks{})
	<-revoked
	<-assigned
	close(answer)
	<-handled
	other.end()
	m.end()
	mu.Lock()
	defer mu.Unlock()
	if len(steps) != 3 || steps[0] == "again" || !slices.Contains(steps, "stored") {
		t.Errorf("got %v", steps)
	}
}
