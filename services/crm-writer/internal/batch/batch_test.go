package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/batch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a sender that takes a fixed time and remembers its batches.
type recorder struct {
	mu      sync.Mutex
	batches [][]string
	busy    int
	most    int
	takes   time.Duration
}

func (r *recorder) send(ctx context.Context, values []string) []string {
	r.mu.Lock()
	r.batches = append(r.batches, slices.Clone(values))
	r.busy++
	r.most = max(r.most, r.busy)
	r.mu.Unlock()
	t := time.NewTimer(r.takes)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
	r.mu.Lock()
	r.busy--
	r.mu.Unlock()
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = "did " + v
	}
	return out
}

func item(v, parent string) batch.Item[string] {
	return batch.Item[string]{Value: v, Parent: parent, Weight: 1}
}

func TestALoneItemIsSentAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: 120 * time.Millisecond}
		b := batch.New(batch.Config{MaxItems: 75, MaxWeight: 500, InFlight: 4}, r.send)
		start := time.Now()
		got, err := b.Do(t.Context(), item("a", ""))
		if err != nil || got != "did a" || time.Since(start) != 120*time.Millisecond {
			t.Errorf("got %q, %v after %v", got, err, time.Since(start))
		}
		closed(t, b)
	})
}

func TestPlacesAreForFullBatchesOnceAFullOneIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: 100 * time.Millisecond}
		b := batch.New(batch.Config{MaxItems: 10, MaxWeight: 100, InFlight: 16}, r.send)
		var wg sync.WaitGroup
		for i := range 43 {
			wg.Go(func() { mustDo(t, b, item(fmt.Sprint(i), "")) })
			synctest.Wait()
		}
		// While fewer than ten are under way each goes at once; then they wait for company, and the last for a place.
		sizes := []int{}
		r.mu.Lock()
		for _, batch := range r.batches {
			sizes = append(sizes, len(batch))
		}
		r.mu.Unlock()
		if fmt.Sprint(sizes) != "[1 1 1 1 1 1 1 1 1 1 10 10 10]" {
			t.Errorf("batches of %v", sizes)
		}
		wg.Wait()
		if len(r.batches) != 14 || len(r.batches[13]) != 3 {
			t.Errorf("%d batches: %v", len(r.batches), r.batches[13:])
		}
		closed(t, b)
	})
}

func TestBatchesFillWhileRequestsAreUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: 100 * time.Millisecond}
		b := batch.New(batch.Config{MaxItems: 10, MaxWeight: 100, InFlight: 2}, r.send)
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() { mustDo(t, b, item(fmt.Sprint(i), "")) })
			time.Sleep(time.Millisecond)
		}
		wg.Wait()
		if len(r.batches) > 8 || r.most > 2 {
			t.Errorf("%d batches, %d at once: %v", len(r.batches), r.most, r.batches)
		}
		closed(t, b)
	})
}

func TestOneParentIsServedInOrderAndAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: 100 * time.Millisecond}
		b := batch.New(batch.Config{MaxItems: 10, MaxWeight: 100, InFlight: 4}, r.send)
		var wg sync.WaitGroup
		for _, it := range []batch.Item[string]{item("a1", "A"), item("b1", "B"), item("a2", "A"), item("c", ""), item("a3", "A")} {
			wg.Go(func() { mustDo(t, b, it) })
			synctest.Wait()
		}
		wg.Wait()
		order := slices.Concat(r.batches...)
		if slices.Index(order, "a1") > slices.Index(order, "a2") || slices.Index(order, "a2") > slices.Index(order, "a3") {
			t.Errorf("order %v", order)
		}
		for _, one := range r.batches {
			as := slices.DeleteFunc(slices.Clone(one), func(v string) bool { return v[0] != 'a' })
			if len(as) > 1 {
				t.Errorf("one parent twice in %v", one)
			}
		}
		closed(t, b)
	})
}

func TestWeightBoundsABatchAndAHeavyItemGoesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: 100 * time.Millisecond}
		b := batch.New(batch.Config{MaxItems: 10, MaxWeight: 10, InFlight: 1}, r.send)
		var wg sync.WaitGroup
		for i, w := range []int{1, 6, 6, 25, 1} {
			wg.Go(func() { mustDo(t, b, batch.Item[string]{Value: fmt.Sprint(w), Weight: w, Parent: fmt.Sprint(i)}) })
			synctest.Wait()
		}
		wg.Wait()
		want := [][]string{{"1"}, {"6"}, {"6"}, {"25"}, {"1"}}
		if !slices.EqualFunc(r.batches, want, slices.Equal) {
			t.Errorf("batches %v, want %v", r.batches, want)
		}
		closed(t, b)
	})
}

func TestItemsWaitForCompanyNoLongerThanTheyMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		b := batch.New(batch.Config{MaxItems: 3, MaxWeight: 100, InFlight: 4}, r.send)
		start := time.Now()
		patient := batch.Item[string]{Value: "p", Weight: 1, Wait: 2 * time.Second}
		mustDo(t, b, patient)
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("a lone patient item was sent after %v", d)
		}
		start = time.Now()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { mustDo(t, b, patient) })
		}
		wg.Wait()
		if d := time.Since(start); d != 0 || len(r.batches) != 2 {
			t.Errorf("a full batch was sent after %v: %v", d, r.batches)
		}
		closed(t, b)
	})
}

func TestAnItemStillQueuedIsTakenBackWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: time.Second}
		b := batch.New(batch.Config{MaxItems: 1, MaxWeight: 1, InFlight: 1}, r.send)
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if _, err := b.Do(ctx, item("under way", "")); err != nil {
				t.Errorf("an item under way: %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if _, err := b.Do(ctx, item("queued", "")); !errors.Is(err, context.Canceled) {
				t.Errorf("a queued item: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		if len(r.batches) != 1 {
			t.Errorf("sent %v", r.batches)
		}
		closed(t, b)
	})
}

func TestCloseAnswersWhatIsThereAndRefusesMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: time.Second}
		b := batch.New(batch.Config{MaxItems: 1, MaxWeight: 1, InFlight: 1}, r.send)
		var wg sync.WaitGroup
		for _, v := range []string{"a", "b"} {
			wg.Go(func() { mustDo(t, b, item(v, "")) })
		}
		synctest.Wait()
		closed(t, b)
		wg.Wait()
		if _, err := b.Do(t.Context(), item("late", "")); !errors.Is(err, batch.ErrClosed) {
			t.Errorf("late: %v", err)
		}
	})
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{takes: time.Hour}
		b := batch.New(batch.Config{MaxItems: 1, MaxWeight: 1, InFlight: 1}, r.send)
		var wg sync.WaitGroup
		wg.Go(func() { mustDo(t, b, item("a", "")) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v", err)
		}
		wg.Wait()
	})
}

func mustDo(t *testing.T, b *batch.Batcher[string, string], it batch.Item[string]) {
	t.Helper()
	got, err := b.Do(t.Context(), it)
	if err != nil || got != "did "+it.Value {
		t.Errorf("%s: %q, %v", it.Value, got, err)
	}
}

func closed(t *testing.T, b *batch.Batcher[string, string]) {
	t.Helper()
	if err := b.Close(t.Context()); err != nil {
		t.Errorf("close: %v", err)
	}
}

func BenchmarkBatcher(b *testing.B) {
	q := batch.New(batch.Config{MaxItems: 75, MaxWeight: 500, InFlight: 4},
		func(_ context.Context, values []int) []int { return values })
	b.ReportAllocs()
	b.SetParallelism(256)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := q.Do(b.Context(), batch.Item[int]{Weight: 5}); err != nil {
				b.Error(err)
			}
		}
	})
	if err := q.Close(b.Context()); err != nil {
		b.Error(err)
	}
}
