package consume_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

var errUnasked = &retry.Error{Class: retry.Retryable, Code: "redis.unavailable"}

func TestGateAsksForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		var told []bool
		g := consume.NewGate(250*time.Millisecond, func(context.Context) error {
			if asked.Add(1) < 4 {
				return errUnasked
			}
			return nil
		}, func(open bool) { told = append(told, open) })
		if err := g.Wait(t.Context()); err != nil || !g.Open() {
			t.Fatal("an open gate holds")
		}
		start := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				g.Shut()
				if err := g.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if err := g.Wait(ctx); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		cancel()
		wg.Wait()
		if asked.Load() != 4 || time.Since(start) != time.Second || fmt.Sprint(told) != "[false true]" {
			t.Errorf("asked %d times in %v, told %v", asked.Load(), time.Since(start), told)
		}
		asked.Store(-1 << 20)
		g.Shut()
		if err := g.Close(); err != nil || g.Open() {
			t.Error("a gate that is closed stays shut")
		}
		g.Shut()
	})
}

// shaky is a store of claims that may be away, for all keys or for one.
type shaky struct {
	mu    sync.Mutex
	away  bool
	sick  string
	asked int
}

func (s *shaky) set(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func (s *shaky) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *shaky) Claim(_ context.Context, k idempotency.Key) (*idempotency.Claim, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.away || k.CallID == s.sick {
		return nil, errUnasked
	}
	return &idempotency.Claim{Key: k, State: idempotency.StateNew}, nil
}

func (s *shaky) Complete(context.Context, *idempotency.Claim, []byte) error { return nil }
func (s *shaky) Release(context.Context, *idempotency.Claim) error          { return nil }

// gated is a handler that works under a claim, and the gate that it stands behind.
func gated(t *testing.T, s *shaky, j *journal) (consume.Handler, consume.Hooks) {
	t.Helper()
	g := consume.NewGate(10*time.Millisecond, func(ctx context.Context) error {
		_, err := s.Claim(ctx, idempotency.Key{CallID: "probe"})
		return err
	}, func(bool) {})
	t.Cleanup(func() { _ = g.Close() })
	h := consume.Stack(func(_ context.Context, m *consume.Message) error { j.note(m); return nil }, consume.Options{
		Retry: retry.Policy{Initial: time.Millisecond, Max: time.Millisecond, Budget: 20 * time.Millisecond},
		Claim: &consume.ClaimOptions{Store: s, Required: true, Gate: g, Key: func(m *consume.Message) (idempotency.Key, bool) {
			return idempotency.Key{CallID: string(m.Key)}, true
		}},
	})
	return h, consume.Hooks{Gate: g}
}

// TestWhileClaimsAreAwayNothingIsTriedOrParked, whatever the budgets and the age say, and all of it goes on in order.
func TestWhileClaimsAreAwayNothingIsTriedOrParked(t *testing.T) {
	w := newWorld(t, "calls")
	cfg := w.config()
	cfg.Park.Age, cfg.Park.Rounds, cfg.StuckAfter = 50*time.Millisecond, 1, 50*time.Millisecond
	s, j := &shaky{away: true}, newJournal()
	h, hooks := gated(t, s, j)
	m := w.start(cfg, h, hooks)
	for k := range 20 {
		w.publish("calls", fmt.Sprint("key", k), numbers(0, 10)...)
	}
	asked := 0
	eventually(t, "some probes", func() bool {
		if asked == 0 {
			asked = s.count()
		}
		return s.count() > asked+50 // long after the age
	})
	if n := len(kafkatest.Records(t, w.cluster.Conn, "calls.svc.retry")); n != 0 {
		t.Errorf("%d messages are parked", n)
	}
	// Another takes over meanwhile, and finds everything.
	m.end()
	h, hooks = gated(t, s, j)
	w.start(cfg, h, hooks)
	s.set(false)
	j.wait(t, "all of them", func(n int) bool { return n == 200 })
	for k := range 20 {
		if got := j.of(fmt.Sprint("key", k)); fmt.Sprint(got) != fmt.Sprint(numbers(0, 10)) {
			t.Errorf("key %d: %v", k, got)
		}
	}
	if parked, dead := kafkatest.Records(t, w.cluster.Conn, "calls.svc.retry"), kafkatest.Records(t, w.cluster.Conn, dead); len(parked)+len(dead) != 0 {
		t.Errorf("%d parked, %d dead letters", len(parked), len(dead))
	}
}

// TestOneMessagesOwnTroubleHoldsNobodyUp for longer than a few probes.
func TestOneMessagesOwnTroubleHoldsNobodyUp(t *testing.T) {
	w := newWorld(t, "calls")
	s, j := &shaky{sick: "sick"}, newJournal()
	h, hooks := gated(t, s, j)
	w.start(w.config(), h, hooks)
	w.publish("calls", "sick", "0")
	w.publish("calls", "well", numbers(0, 10)...)
	j.wait(t, "the others", func(n int) bool { return n == 10 })
	eventually(t, "the sick one to be parked", func() bool { return len(kafkatest.Records(t, w.cluster.Conn, "calls.svc.retry")) > 0 })
}
