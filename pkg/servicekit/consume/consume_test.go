package consume_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

func TestKeysKeepTheirOrderUnderConcurrency(t *testing.T) {
	w := newWorld(t, "a")
	j := newJournal()
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error {
		j.note(m)
		return nil
	}, consume.Options{}), consume.Hooks{})
	const keys, each = 20, 50
	for k := range keys {
		w.publish("a", fmt.Sprint("k", k), numbers(0, each)...)
	}
	j.wait(t, "all handled", func(n int) bool { return n == keys*each })
	for k := range keys {
		if got := j.of(fmt.Sprint("k", k)); !slices.Equal(got, numbers(0, each)) {
			t.Errorf("k%d: %v", k, got)
		}
	}
	eventually(t, "everything is committed", func() bool {
		var sum int64
		for p := range 4 {
			sum += max(0, w.committed("a", p))
		}
		return sum == keys*each
	})
}

func TestCommitStaysBehindTheOldestIncompleteMessage(t *testing.T) {
	w := newWorld(t, "a:1")
	var mu sync.Mutex
	dones := map[string]func(error){}
	taken := make(chan struct{}, 10)
	w.start(w.config(), func(_ context.Context, m *consume.Message, done func(error)) {
		mu.Lock()
		dones[string(m.Value)] = done
		mu.Unlock()
		taken <- struct{}{}
	}, consume.Hooks{})
	w.publish("a", "k", numbers(0, 5)...)
	for range 5 {
		<-taken
	}
	for _, step := range []struct {
		complete string
		want     int64
	}{{"3", 0}, {"1", 0}, {"0", 2}, {"4", 2}, {"2", 5}} {
		dones[step.complete](nil)
		eventually(t, fmt.Sprint("committed ", step.want, " after ", step.complete), func() bool { return w.committed("a", 0) == step.want })
	}
}

func TestFetchPausesAtTheBoundAndGoesOn(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.MaxTaken = 8
	var mu sync.Mutex
	var held []func(error)
	bound := make(chan int, 1000)
	most := 0
	release := func() {
		mu.Lock()
		was := held
		held = nil
		mu.Unlock()
		bound <- len(was)
		for _, done := range was {
			done(nil)
		}
	}
	j := newJournal()
	w.start(cfg, func(_ context.Context, m *consume.Message, done func(error)) {
		mu.Lock()
		held = append(held, done)
		most = max(most, len(held))
		mu.Unlock()
		j.note(m)
	}, consume.Hooks{Bound: release})
	began := time.Now()
	w.publish("a", "k", numbers(0, 100)...)
	j.wait(t, "all were handed over", func(n int) bool { return n == 100 })
	if most > 8 {
		t.Errorf("%d messages were taken at once; the bound is 8", most)
	}
	if got := j.of("k"); !slices.Equal(got, numbers(0, 100)) {
		t.Errorf("out of order: %v", got)
	}
	// Between two closings a quarter of the bound is complete, two messages; while it stays closed, the next call is 50 ms away at least.
	if n, took := len(bound), time.Since(began); n < 10 || n > 100/2+int(took/(50*time.Millisecond)) {
		t.Errorf("Bound was called %d times in %s for 100 messages and a bound of 8", n, took)
	}
	release()
}

func TestOneHugeMessagePassesAnyBound(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.MaxTakenBytes = 1000
	j := newJournal()
	w.start(cfg, consume.Stack(func(_ context.Context, m *consume.Message) error {
		m.Value = m.Value[:1]
		j.note(m)
		return nil
	}, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", "x", strings.Repeat("y", 5000), "z")
	j.wait(t, "all three", func(n int) bool { return n == 3 })
	if got := j.of("k"); !slices.Equal(got, []string{"x", "y", "z"}) {
		t.Errorf("got %v", got)
	}
}

func TestFromNowStartsAtTheEndOnceAndForAll(t *testing.T) {
	w := newWorld(t, "a:1")
	w.publish("a", "k", "old")
	cfg := w.config()
	cfg.FromNow = true
	j := newJournal()
	h := consume.Stack(func(_ context.Context, m *consume.Message) error {
		j.note(m)
		return nil
	}, consume.Options{})
	m := w.start(cfg, h, consume.Hooks{})
	eventually(t, "the position is committed before any message", func() bool { return w.committed("a", 0) == 1 })
	m.end()
	w.publish("a", "k", "new")
	w.start(cfg, h, consume.Hooks{})
	j.wait(t, "the new one", func(n int) bool { return n == 1 })
	if got := j.of("k"); !slices.Equal(got, []string{"new"}) {
		t.Errorf("got %v", got)
	}
}

func TestAssignedRunsBeforeTheFirstMessageAndIsTriedAgain(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.publish("a", "k", "1")
	var mu sync.Mutex
	var steps []string
	step := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		steps = append(steps, s)
	}
	handled := make(chan struct{}, 1)
	fail := true
	m := w.start(w.config(), consume.Stack(func(context.Context, *consume.Message) error {
		step("handled")
		handled <- struct{}{}
		return nil
	}, consume.Options{}), consume.Hooks{
		Assigned: func(_ context.Context, a *consume.Assignment) error {
			if fail {
				fail = false
				step("refused")
				return errors.New("state is away")
			}
			if !slices.Equal(a.Partitions, []int{0, 1, 2, 3}) || len(a.Committed["a"]) != 4 || len(a.Committed["b"]) != 4 || len(a.Committed) != 2 {
				t.Errorf("assignment: %v %v", a.Partitions, a.Committed)
			}
			// What is queued here runs before any message of the key.
			a.Do(produce.Partition([]byte("k"), 4), []byte("k"), func(context.Context) { step("timer") })
			step("assigned")
			return nil
		},
		Revoked: func(*consume.Assignment) { step("revoked") },
	})
	<-handled
	if !m.Ready() {
		t.Error("not ready after the first message")
	}
	m.end()
	if want := []string{"refused", "assigned", "timer", "handled", "revoked"}; !slices.Equal(steps, want) {
		t.Errorf("got %v, want %v", steps, want)
	}
	if m.Ready() {
		t.Error("ready after the end")
	}
}

func TestDoTakesTurnsWithTheHandlersOfItsKey(t *testing.T) {
	w := newWorld(t, "a:1")
	var busy atomic.Int32
	var a *consume.Assignment
	assigned := make(chan struct{})
	var ran sync.WaitGroup
	alone := func() {
		if busy.Add(1) != 1 {
			t.Error("two at once for one key")
		}
		runtime.Gosched()
		busy.Add(-1)
		ran.Done()
	}
	ran.Add(100)
	w.start(w.config(), consume.Stack(func(context.Context, *consume.Message) error {
		alone()
		return nil
	}, consume.Options{}), consume.Hooks{Assigned: func(_ context.Context, got *consume.Assignment) error {
		a = got
		close(assigned)
		return nil
	}})
	<-assigned
	for i := range 50 {
		w.publish("a", "k", fmt.Sprint(i))
		a.Do(0, []byte("k"), func(context.Context) { alone() })
	}
	a.Do(7, []byte("k"), func(context.Context) { t.Error("partition 7 is not owned") })
	a.Do(0, []byte("k"), func(context.Context) { panic("is survived") })
	ran.Wait()
}

func TestRunRefusesTopicsThatWouldTearKeysApart(t *testing.T) {
	w := newWorld(t, "a:2", "b:3")
	conn := w.cluster.Conn
	c, err := consume.New(conn, w.prod, w.config(), func(context.Context, *consume.Message, func(error)) {}, consume.Hooks{}, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "b has 3 partitions and a has 2") {
		t.Errorf("got %v", err)
	}
	if err := c.Run(t.Context()); err == nil {
		t.Error("Run ran twice")
	}
}

func TestNewReportsEveryFault(t *testing.T) {
	_, err := consume.New(nil, nil, consume.Config{
		Topics: []string{"a", "a"}, DeadLetters: "a", Concurrency: -1, Drain: time.Minute, Heartbeat: 5 * time.Second,
	}, nil, consume.Hooks{}, telemetry.Discard())
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"group:", "named twice", "dead_letters:", "concurrency: -1", "drain: 1m0s", "heartbeat: 5s"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
}
