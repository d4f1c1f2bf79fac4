package pace_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/drivertest"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/pace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slow is a product that works through audio when it is told to.
type slow struct {
	recogniser.Stream
	mu      sync.Mutex
	written int64 // milliseconds
	results chan recogniser.Result
	ended   chan struct{}
	once    sync.Once
}

func (s *slow) Capabilities() recogniser.Capabilities { return recogniser.Capabilities{} }

func (s *slow) Open(context.Context, recogniser.Spec) (recogniser.Stream, error) { return s, nil }

func (s *slow) Write(a recogniser.Audio) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written += drivertest.Format.Millis(len(a.Data))
	return nil
}

func (s *slow) Recv() (recogniser.Result, error) {
	select {
	case r := <-s.results:
		return r, nil
	case <-s.ended:
		return recogniser.Result{}, context.Canceled
	}
}

func (s *slow) Cancel() { s.once.Do(func() { close(s.ended) }) }

func (s *slow) has() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written
}

// open paces a product and writes a backlog of a minute to it, in the background.
func open(t *testing.T, cfg pace.Config, hole int64) (*slow, recogniser.Stream) {
	t.Helper()
	product := &slow{results: make(chan recogniser.Result, 8), ended: make(chan struct{})}
	s, err := pace.New(product, cfg).Open(t.Context(), recogniser.Spec{Format: drivertest.Format})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Cancel)
	go func() {
		for _, a := range drivertest.Chunks(make([]byte, drivertest.Format.Bytes(60_000)), 5_000, 100) {
			if a.Start >= 6_000 {
				a.Start += hole
			}
			if s.Write(a) != nil {
				return
			}
		}
	}()
	go func() {
		for {
			if _, err := s.Recv(); err != nil {
				return
			}
		}
	}()
	synctest.Wait()
	return product, s
}

func TestAhead(t *testing.T) {
	for name, c := range map[string]struct {
		cfg   pace.Config
		hole  int64
		after map[time.Duration]int64 // time since the first byte → milliseconds given
	}{
		"at the speed of life":         {pace.Config{Ahead: 4 * time.Second, Speed: 1, CatchUp: 1}, 0, map[time.Duration]int64{0: 4_000, 10 * time.Second: 14_000}},
		"catching up":                  {pace.Config{Ahead: 4 * time.Second, Speed: 1, CatchUp: 2}, 0, map[time.Duration]int64{0: 4_000, 10 * time.Second: 24_000}},
		"a carrier at ten times life":  {pace.Config{Ahead: 4 * time.Second, Speed: 10, CatchUp: 1}, 0, map[time.Duration]int64{0: 4_000, 2 * time.Second: 24_000}},
		"a hole in call time is free":  {pace.Config{Ahead: 4 * time.Second, Speed: 1, CatchUp: 1}, 600_000, map[time.Duration]int64{0: 4_000, 10 * time.Second: 14_000}},
		"no more than there is at all": {pace.Config{Ahead: 4 * time.Second, Speed: 1, CatchUp: 1}, 0, map[time.Duration]int64{2 * time.Minute: 60_000}},
	} {
		t.Run(name, func(t *testing.T) {
			for after, want := range c.after {
				synctest.Test(t, func(t *testing.T) {
					product, _ := open(t, c.cfg, c.hole)
					<-time.After(after)
					synctest.Wait()
					if got := product.has(); got < want-100 || got > want+100 {
						t.Errorf("after %s the product has %d ms, want %d", after, got, want)
					}
				})
			}
		})
	}
}

// TestProductLeads lets the product work faster than the clock: it is given more at once.
func TestProductLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		product, _ := open(t, pace.Config{Ahead: 4 * time.Second, Speed: 1, CatchUp: 1}, 0)
		for _, r := range []struct {
			result recogniser.Result
			want   int64
		}{
			{recogniser.Result{Heard: 8_000}, 7_000}, // audio begins at 5 s of call time
			{recogniser.Result{Final: &recogniser.Final{End: 9_000}}, 8_000},
			{recogniser.Result{Heard: 7_000}, 8_000}, // never back
		} {
			product.results <- r.result
			synctest.Wait()
			if got := product.has(); got != r.want {
				t.Errorf("the product has %d ms, want %d", got, r.want)
			}
		}
	})
}

// TestCancelWakes ends a Write that waits for its turn.
func TestCancelWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		product, s := open(t, pace.Config{Ahead: time.Second, Speed: 0.001, CatchUp: 1}, 0)
		s.Cancel()
		synctest.Wait() // or the bubble's goroutines would still be there at its end
		if got := product.has(); got != 1_000 {
			t.Errorf("the product has %d ms, want 1000", got)
		}
	})
}
