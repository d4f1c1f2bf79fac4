// Package pace keeps a recogniser from being given audio much faster than it was spoken. After a crash or an
// outage minutes of it are waiting; given at once they fill the product's stream with audio whose finals
// have not come, the stream reaches its limit, everything is given again to the next one, and so on: a storm
// of rotations that gets nowhere and is billed each time.
package pace

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// Config of the pace.
type Config struct {
	// Ahead is how much audio may be under way beyond what the product has worked through, or beyond what
	// the clock has spoken, whichever is further.
	Ahead time.Duration `koanf:"ahead"`
	// Speed of the clock: 1 in life, more where a carrier plays calls faster.
	Speed float64 `koanf:"speed"`
	// CatchUp is the clock's factor while audio is waiting for it. Silence is worked through without a
	// word, so with 1 a session that has fallen behind would stay behind until somebody speaks.
	CatchUp float64 `koanf:"catch_up"`
}

// Defaults are 4 s ahead at the speed of life, twice that to catch up.
func Defaults() Config { return Config{Ahead: 4 * time.Second, Speed: 1, CatchUp: 2} }

// Validate reports every fault of c.
func (c Config) Validate() []error {
	var errs []error
	if c.Ahead < 500*time.Millisecond {
		errs = append(errs, fmt.Errorf("pace.ahead: %s is under 500ms: a recogniser would starve", c.Ahead))
	}
	if c.Speed <= 0 {
		errs = append(errs, fmt.Errorf("pace.speed: %g is not above 0", c.Speed))
	}
	if c.CatchUp < 1 {
		errs = append(errs, fmt.Errorf("pace.catch_up: %g is under 1", c.CatchUp))
	}
	return errs
}

type driver struct {
	recogniser.Driver
	cfg Config
}

// New paces every stream of d.
func New(d recogniser.Driver, cfg Config) recogniser.Driver { return driver{d, cfg} }

// Open implements recogniser.Driver.
func (d driver) Open(ctx context.Context, spec recogniser.Spec) (recogniser.Stream, error) {
	s, err := d.Driver.Open(ctx, spec)
	if err != nil {
		return nil, err //nolint:wrapcheck // a decorator passes its driver's error on
	}
	ctx, cancel := context.WithCancel(ctx)
	return &stream{
		Stream: s, cfg: d.cfg, format: spec.Format, ctx: ctx, cancel: cancel, moved: make(chan struct{}, 1),
	}, nil
}

// stream counts in milliseconds of audio given, not in call time: a hole costs no waiting.
type stream struct {
	recogniser.Stream
	cfg    Config
	format recogniser.Format
	ctx    context.Context
	cancel context.CancelFunc
	moved  chan struct{} // the product has worked through more

	began time.Time // of the writer only, like bonus
	bonus float64   // what catching up has added to the clock

	mu    sync.Mutex
	times recogniser.Timeline
	heard float64 // milliseconds of audio worked through
}

// Write waits for its turn.
func (s *stream) Write(a recogniser.Audio) error {
	if s.began.IsZero() {
		s.began = time.Now()
	}
	s.mu.Lock()
	s.times.Add(a.Start, s.format.End(a))
	given := float64(s.times.Given())
	s.mu.Unlock()
	for {
		wait := s.wait(given)
		if wait <= 0 {
			return s.Stream.Write(a) //nolint:wrapcheck // a decorator passes its stream's error on
		}
		if err := s.sleep(wait); err != nil {
			return err
		}
	}
}

// wait is how long until the clock lets `given` milliseconds out, if the product works through nothing.
func (s *stream) wait(given float64) time.Duration {
	s.mu.Lock()
	heard := s.heard
	s.mu.Unlock()
	clock := time.Since(s.began).Seconds()*1000*s.cfg.Speed + s.bonus
	excess := given - float64(s.cfg.Ahead.Milliseconds()) - max(heard, clock)
	if excess <= 0 {
		return 0
	}
	return max(time.Duration(excess/(s.cfg.Speed*s.cfg.CatchUp)*float64(time.Millisecond)), time.Millisecond)
}

func (s *stream) sleep(d time.Duration) error {
	began := time.Now()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.moved:
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	s.bonus += time.Since(began).Seconds() * 1000 * s.cfg.Speed * (s.cfg.CatchUp - 1)
	return nil
}

// Recv watches how far the product has come.
func (s *stream) Recv() (recogniser.Result, error) {
	r, err := s.Stream.Recv()
	if err == nil {
		s.note(r)
	}
	return r, err //nolint:wrapcheck // a decorator passes its stream's error on
}

func (s *stream) note(r recogniser.Result) {
	at := r.Heard
	if r.Final != nil {
		at = max(at, r.Final.End)
	}
	if at == 0 {
		return
	}
	s.mu.Lock()
	s.heard = max(s.heard, float64(s.times.Offset(at)))
	s.mu.Unlock()
	select {
	case s.moved <- struct{}{}:
	default:
	}
}

// Cancel wakes a waiting Write.
func (s *stream) Cancel() {
	s.cancel()
	s.Stream.Cancel()
}
