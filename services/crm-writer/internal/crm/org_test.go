package crm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/breaker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sortedNames(fields map[string]any) []string { return slices.Sorted(maps.Keys(fields)) }

// stub is a driver that answers as a test says.
type stub struct {
	mu        sync.Mutex
	batches   []int
	allowance Allowance
	answer    func(ctx context.Context, plans []*Plan) []Outcome
}

func (s *stub) Apply(ctx context.Context, plans []*Plan) []Outcome {
	s.mu.Lock()
	s.batches = append(s.batches, len(plans))
	s.mu.Unlock()
	Report(ctx, Request{ID: "1", API: "rest", Operation: "graph", Unit: "api_call", Amount: 1})
	if s.answer != nil {
		return s.answer(ctx, plans)
	}
	out := make([]Outcome, len(plans))
	for i, p := range plans {
		out[i].Records = []Record{{Role: "log", Object: "Task", ID: p.Call.ID, Action: Create}}
	}
	return out
}

func (s *stub) Publish(ctx context.Context, plans []*Plan) []Outcome { return s.Apply(ctx, plans) }
func (s *stub) Attach(ctx context.Context, files []Attachment) []Outcome {
	plans := make([]*Plan, len(files))
	for i, f := range files {
		plans[i] = f.Plan
	}
	return s.Apply(ctx, plans)
}
func (s *stub) Allowance() Allowance { return s.allowance }
func (s *stub) Close() error         { return nil }

func openOrg(t *testing.T, s *stub, change func(*Config), billed Billed) *Org {
	t.Helper()
	cfg := Defaults()
	if change != nil {
		change(&cfg)
	}
	o, err := NewOrg("acme", s, cfg, newBreaker(t, cfg), telemetry.Discard(), billed)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func newBreaker(t *testing.T, cfg Config) *breaker.Breaker {
	t.Helper()
	b, err := breaker.New(cfg.Breaker, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func closeOrg(t *testing.T, o *Org) {
	t.Helper()
	if err := o.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func numbered(n int) *Plan {
	return &Plan{Call: events.Call{ID: fmt.Sprint("CA", n)}, Writes: make([]Write, 3)}
}

func TestWhatWaitsGoesTogetherAndIsBilledTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{answer: func(_ context.Context, plans []*Plan) []Outcome {
			time.Sleep(100 * time.Millisecond)
			return make([]Outcome, len(plans))
		}}
		var mu sync.Mutex
		billed := map[string]int{}
		o := openOrg(t, s, func(c *Config) { c.InFlight = 1 }, func(_ context.Context, r Request, plans []*Plan) {
			mu.Lock()
			defer mu.Unlock()
			billed[r.Operation] += len(plans)
		})
		var wg sync.WaitGroup
		wg.Go(func() { o.Apply(t.Context(), numbered(0), 0) })
		synctest.Wait()
		for i := range 500 {
			wg.Go(func() {
				if out := o.Apply(t.Context(), numbered(i+1), 0); out.Err != nil {
					t.Error(out.Err)
				}
			})
		}
		wg.Wait()
		// 225 calls of three nodes each are within 1,500 nodes.
		if fmt.Sprint(s.batches) != "[1 225 225 50]" || billed["graph"] != 501 {
			t.Errorf("batches of %v, billed %v", s.batches, billed)
		}
		closeOrg(t, o)
	})
}

func withFile(n, size int) *Plan {
	p := numbered(n)
	p.File = &File{Content: make([]byte, size)}
	return p
}

func TestFilesGoTogetherUpToTheirBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{answer: func(_ context.Context, plans []*Plan) []Outcome {
			time.Sleep(100 * time.Millisecond)
			out := make([]Outcome, len(plans))
			for i := range out {
				if out[i].Records = []Record{{Role: RoleFile}}; len(plans) == 3 && i == 1 {
					out[i] = Outcome{Err: &retry.Error{Code: "salesforce.UNABLE_TO_LOCK_ROW"}}
				}
			}
			return out
		}}
		var mu sync.Mutex
		billed := 0
		o := openOrg(t, s, func(c *Config) { c.InFlight, c.Waiting, c.BatchFileBytes = 1, 1, 100<<10 }, func(_ context.Context, _ Request, plans []*Plan) {
			mu.Lock()
			defer mu.Unlock()
			billed += len(plans)
		})
		var wg sync.WaitGroup
		failed := 0
		for i, size := range []int{10, 20 << 10, 20 << 10, 20 << 10, 1 << 20, 10} {
			wg.Go(func() {
				_, err := o.Attach(t.Context(), withFile(i, size), "x")
				mu.Lock()
				defer mu.Unlock()
				if err != nil && retry.Code(err) != "salesforce.UNABLE_TO_LOCK_ROW" {
					t.Error(err)
				}
				if err != nil {
					failed++
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		// The first goes at once; three of 28 KB are within 100 KB, the large one goes alone.
		if fmt.Sprint(s.batches) != "[1 3 1 1]" || billed != 6 || failed != 1 {
			t.Errorf("batches of %v, %d billed, %d failed", s.batches, billed, failed)
		}
		closeOrg(t, o)
	})
}

func TestAShortAllowanceWaitsForCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{allowance: Allowance{Used: 70, Max: 100}}
		o := openOrg(t, s, nil, nil)
		start := time.Now()
		o.Apply(t.Context(), numbered(1), 2*time.Second)
		if d := time.Since(start); d != 0 {
			t.Errorf("green: waited %v", d)
		}
		s.allowance.Used = 90
		o.Apply(t.Context(), numbered(2), 2*time.Second)
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("short: waited %v", d)
		}
		closeOrg(t, o)
	})
}

func TestAnOrgThatIsDownIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		s := &stub{}
		s.answer = func(_ context.Context, plans []*Plan) []Outcome {
			out := make([]Outcome, len(plans))
			if down {
				out[0] = Outcome{Err: &retry.Error{Code: "salesforce.transport"}, Down: true}
			}
			return out
		}
		o := openOrg(t, s, nil, nil)
		for i, want := range []string{"salesforce.transport", "salesforce.transport", breaker.CodeOpen} {
			out := o.Apply(t.Context(), numbered(1), 0)
			if cause := (*retry.Error)(nil); retry.Code(out.Err) != want || i == 2 && (!errors.As(errors.Unwrap(out.Err), &cause) || cause.Code != "salesforce.transport") {
				t.Error(out.Err)
			}
		}
		for range 10 {
			out := o.Apply(t.Context(), numbered(1), 0)
			if retry.Code(out.Err) != breaker.CodeOpen || retry.After(out.Err) <= 0 || retry.Dependency(out.Err) != "salesforce:acme" {
				t.Error(out.Err)
			}
		}
		if _, err := o.Attach(t.Context(), withFile(1, 10), "x"); retry.Code(err) != breaker.CodeOpen {
			t.Error(err)
		}
		time.Sleep(time.Second) // half open: one more failure doubles the pause
		o.Apply(t.Context(), numbered(1), 0)
		out := o.Apply(t.Context(), numbered(1), 0)
		if retry.After(out.Err) != 2*time.Second {
			t.Errorf("after %v", retry.After(out.Err))
		}
		time.Sleep(2 * time.Second)
		down = false
		for range 2 {
			if out := o.Apply(t.Context(), numbered(1), 0); out.Err != nil {
				t.Error(out.Err)
			}
		}
		if len(s.batches) != 6 {
			t.Errorf("%d batches", len(s.batches))
		}
		closeOrg(t, o)
	})
}

func TestATimeThatTheOrgNamesHoldsEverybodyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := &retry.Error{Code: "salesforce.REQUEST_LIMIT_EXCEEDED", After: 5 * time.Minute}
		s := &stub{answer: func(_ context.Context, plans []*Plan) []Outcome {
			time.Sleep(100 * time.Millisecond)
			out := make([]Outcome, len(plans))
			for i := range out {
				out[i] = Outcome{Err: limit, Down: true}
			}
			return out
		}}
		o := openOrg(t, s, func(c *Config) { c.InFlight, c.BatchCalls = 1, 1 }, nil)
		var wg sync.WaitGroup
		for i := range 5 { // one is sent, the others queue behind it
			wg.Go(func() {
				out := o.Apply(t.Context(), numbered(i), 0)
				if retry.Code(out.Err) != breaker.CodeOpen || retry.After(out.Err) < 4*time.Minute || retry.IsPermanent(out.Err) {
					t.Errorf("%v, after %v", out.Err, retry.After(out.Err))
				}
			})
		}
		wg.Wait()
		if len(s.batches) != 1 {
			t.Errorf("%d requests to an org that asked for none", len(s.batches))
		}
		closeOrg(t, o)
	})
}

func TestACallsOwnFailureOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{answer: func(_ context.Context, plans []*Plan) []Outcome {
			return []Outcome{{Err: &retry.Error{Class: retry.Permanent, Code: "salesforce.STRING_TOO_LONG"}}}
		}}
		o := openOrg(t, s, nil, nil)
		for range 10 {
			if out := o.Apply(t.Context(), numbered(1), 0); retry.Code(out.Err) != "salesforce.STRING_TOO_LONG" {
				t.Fatal(out.Err)
			}
		}
		closeOrg(t, o)
	})
}

func TestAFullQueueTurnsCallsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{answer: func(_ context.Context, plans []*Plan) []Outcome {
			time.Sleep(time.Second)
			return make([]Outcome, len(plans))
		}}
		o := openOrg(t, s, func(c *Config) { c.InFlight, c.BatchCalls, c.Waiting = 1, 1, 2 }, nil)
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() { o.Apply(t.Context(), numbered(i), 0) })
			synctest.Wait()
		}
		if out := o.Apply(t.Context(), numbered(9), 0); retry.Code(out.Err) != CodeFull {
			t.Error(out.Err)
		}
		wg.Wait()
		closeOrg(t, o)
	})
}

func TestASlowOrgIsATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{answer: func(ctx context.Context, _ []*Plan) []Outcome {
			<-ctx.Done()
			return []Outcome{{Err: fmt.Errorf("salesforce graph: %w", ctx.Err()), Down: true}}
		}}
		o := openOrg(t, s, nil, nil)
		out := o.Apply(t.Context(), numbered(1), 0)
		if retry.Code(out.Err) != "salesforce.timeout" || retry.IsPermanent(out.Err) {
			t.Error(out.Err)
		}
		closeOrg(t, o)
	})
}

func TestACallThatIsTakenIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{answer: func(_ context.Context, plans []*Plan) []Outcome {
			time.Sleep(time.Second)
			return make([]Outcome, len(plans))
		}}
		o := openOrg(t, s, func(c *Config) { c.InFlight = 1 }, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if out := o.Apply(ctx, numbered(1), 0); out.Err != nil {
				t.Errorf("taken: %v", out.Err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if out := o.Apply(ctx, numbered(2), 0); !errors.Is(out.Err, context.Canceled) {
				t.Errorf("queued: %v", out.Err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		closeOrg(t, o)
	})
}

// links remembers the links of the spans that are started.
type links struct {
	trace.Tracer
	mu sync.Mutex
	n  []int
}

func (l *links) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	cfg := trace.NewSpanStartConfig(opts...)
	l.mu.Lock()
	l.n = append(l.n, len(cfg.Links()))
	l.mu.Unlock()
	return l.Tracer.Start(ctx, name, opts...)
}

func TestABatchsSpanLinksItsCalls(t *testing.T) {
	tel := telemetry.Discard()
	l := &links{Tracer: tel.Tracer}
	tel.Tracer = l
	o, err := NewOrg("acme", &stub{}, Defaults(), newBreaker(t, Defaults()), tel, nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Apply(telemetry.WithCall(t.Context(), "CA1"), numbered(1), 0)
	closeOrg(t, o)
	if fmt.Sprint(l.n) != "[1]" {
		t.Errorf("links %v", l.n)
	}
}
