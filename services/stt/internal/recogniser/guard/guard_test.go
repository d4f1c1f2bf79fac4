package guard_test

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

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/drivertest"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/guard"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// circuit notes what it is told.
type circuit struct {
	closed error
	mu     sync.Mutex
	told   []string
}

func (c *circuit) Allow(dependency string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, "? "+dependency)
	return c.closed
}

func (c *circuit) Report(_ string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.told = append(c.told, "works")
	case errors.Is(err, context.Canceled):
		c.told = append(c.told, "nothing")
	default:
		c.told = append(c.told, "fails")
	}
}

// TestReports: what streams tell of their product, once each way.
func TestReports(t *testing.T) {
	away := &retry.Error{Code: "fake.unavailable", Err: errors.New("away")}
	refusal := &retry.Error{Class: retry.Permanent, Code: "fake.denied", Err: errors.New("no")}
	at := func(when time.Duration, err error) func(int, time.Duration) error {
		return func(_ int, heard time.Duration) error {
			if heard >= when {
				return err
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		fake *drivertest.Fake
		// then ends the stream.
		then func(recogniser.Stream)
		want []string
	}{
		"not opened":                   {&drivertest.Fake{Fail: at(0, away)}, nil, []string{"fails"}},
		"refused for good":             {&drivertest.Fake{Fail: at(0, refusal)}, nil, []string{"works"}},
		"breaks before it has told":    {&drivertest.Fake{Fail: at(100*time.Millisecond, away)}, nil, []string{"fails"}},
		"breaks after it has told":     {&drivertest.Fake{Fail: at(4*time.Second, away)}, nil, []string{"works", "fails"}},
		"reaches its limit":            {&drivertest.Fake{Limit: 100 * time.Millisecond}, nil, []string{"works"}},
		"finishes":                     {&drivertest.Fake{}, func(s recogniser.Stream) { _ = s.CloseSend() }, []string{"works"}},
		"cancelled before it has told": {&drivertest.Fake{Mute: true}, recogniser.Stream.Cancel, []string{"nothing"}},
		"says nothing, and lives": {&drivertest.Fake{Mute: true}, func(s recogniser.Stream) {
			<-time.After(time.Minute)
			s.Cancel()
		}, []string{"works"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &circuit{}
				s, err := guard.New(c.fake, b).Open(t.Context(), recogniser.Spec{Format: drivertest.Format})
				if err == nil {
					defer s.Cancel()
					said := drivertest.Script(1, 6_000, 500)
					for _, a := range drivertest.Chunks(c.fake.Paint(6_000, said), 0, 200) {
						_ = s.Write(a)
					}
					if c.then != nil {
						c.then(s)
					}
					for err == nil {
						_, err = s.Recv()
					}
				}
				b.mu.Lock()
				defer b.mu.Unlock()
				if want := append([]string{"? fake:painted"}, c.want...); !slices.Equal(b.told, want) {
					t.Errorf("the breaker was told %q, want %q", b.told, want)
				}
			})
		})
	}
}

// TestLeftAlone: while the breaker is open nobody is asked, and whoever wants to is told when to come again.
func TestLeftAlone(t *testing.T) {
	f := &drivertest.Fake{}
	b := &circuit{closed: &retry.Error{Code: "breaker.open", After: 3 * time.Second, Err: errors.New("open")}}
	_, err := guard.New(f, b).Open(t.Context(), recogniser.Spec{Format: drivertest.Format})
	if !errors.Is(err, recogniser.ErrAway) || retry.After(err) != 3*time.Second || retry.Code(err) != "breaker.open" {
		t.Errorf("opened with %v", fmt.Sprint(err))
	}
	if n, _, _ := f.Opened(); n != 0 {
		t.Errorf("%d streams were asked for", n)
	}
}
