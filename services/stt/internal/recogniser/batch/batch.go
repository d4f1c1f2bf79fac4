// Package batch makes a recogniser of a product that takes one piece of audio at a time and answers once, as
// servers with an OpenAI-like /v1/audio/transcriptions do. It cuts what comes in into windows, at pauses as
// far as there are any, so that no word lies in two of them; silence it asks nobody about.
//
// It is the way in for recognisers on the tenant's own premises, faster-whisper's servers first: those know no streams, so
// everything here but the HTTP request is what they need. That request is the [Transcriber], which no binary has yet;
// the tests' server, which passes the drivers' suite through this package, is the fake that the port is shown by.
package batch

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// Transcriber is one product with one configuration. Safe for concurrent use.
type Transcriber interface {
	Capabilities() recogniser.Capabilities
	// Transcribe says what is said in audio: finals in order, in milliseconds from its first sample. usage
	// is nil if nothing was asked, and is told for a failed request too. Errors are classified.
	Transcribe(ctx context.Context, spec recogniser.Spec, audio []byte) (finals []recogniser.Final, usage *recogniser.Usage, err error)
}

// Config of the windows.
type Config struct {
	// Least is how much audio a window has before a pause ends it, Most where it ends without one.
	Least time.Duration `koanf:"least"`
	Most  time.Duration `koanf:"most"`
	// Pause is how much quiet counts as one.
	Pause time.Duration `koanf:"pause"`
	// Retry of requests that fail.
	Retry retry.Policy `koanf:"retry"`
}

// Defaults give the product sentences rather than words.
func Defaults() Config {
	return Config{
		Least: 4 * time.Second, Most: 25 * time.Second, Pause: 500 * time.Millisecond,
		Retry: retry.Policy{Initial: 250 * time.Millisecond, Max: 10 * time.Second, Budget: 90 * time.Second},
	}
}

// Validate reports every fault of c.
func (c Config) Validate() []error {
	var errs []error
	if c.Least <= 0 || c.Most <= c.Least {
		errs = append(errs, fmt.Errorf("batch.least and batch.most: 0 < %s < %s does not hold", c.Least, c.Most))
	}
	if c.Pause < 100*time.Millisecond {
		errs = append(errs, fmt.Errorf("batch.pause: %s is under 100ms: that is within words", c.Pause))
	}
	return errs
}

// Recogniser opens sessions on a transcriber.
type Recogniser struct {
	product Transcriber
	cfg     Config
}

// New wears p.
func New(p Transcriber, cfg Config) *Recogniser { return &Recogniser{p, cfg} }

// Capabilities implements recogniser.Recogniser.
func (r *Recogniser) Capabilities() recogniser.Capabilities { return r.product.Capabilities() }

// Open implements recogniser.Recogniser.
func (r *Recogniser) Open(spec recogniser.Spec) recogniser.Session {
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{
		Recogniser: r, spec: spec, ctx: ctx, cancel: cancel, cut: spec.From,
		wake: make(chan struct{}, 1), told: make(chan struct{}, 1), window: window{cfg: r.cfg, format: spec.Format},
	}
	go s.run()
	return s
}

// session asks for one window after another.
type session struct {
	*Recogniser
	spec   recogniser.Spec
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{} // there may be a window
	told   chan struct{} // there may be an event
	cut    int64         // end of what was told; of run

	mu        sync.Mutex
	window    window
	finishing bool
	flush     bool
	events    []recogniser.Event
	err       error
}

// Write implements recogniser.Session.
func (s *session) Write(a recogniser.Audio) {
	s.mu.Lock()
	if s.err == nil && !s.finishing {
		s.window.add(s.spec.Format.From(a, s.spec.From))
	}
	s.mu.Unlock()
	signal(s.wake)
}

// Flush implements recogniser.Session.
func (s *session) Flush() {
	s.mu.Lock()
	s.flush = true
	s.mu.Unlock()
	signal(s.wake)
}

// Finish implements recogniser.Session.
func (s *session) Finish() {
	s.mu.Lock()
	s.finishing = true
	s.mu.Unlock()
	signal(s.wake)
}

// Cancel implements recogniser.Session.
func (s *session) Cancel() { s.cancel() }

// Recv implements recogniser.Session.
func (s *session) Recv() (recogniser.Event, error) {
	for {
		s.mu.Lock()
		if len(s.events) > 0 {
			e := s.events[0]
			s.events = s.events[1:]
			s.mu.Unlock()
			return e, nil
		}
		err := s.err
		s.mu.Unlock()
		if err != nil {
			return recogniser.Event{}, err
		}
		<-s.told
	}
}

func (s *session) run() {
	defer s.cancel()
	for {
		a, over := s.next()
		switch {
		case s.ctx.Err() != nil:
			s.close(context.Canceled)
			return
		case over:
			s.close(io.EOF)
			return
		}
		if err := s.ask(a); err != nil {
			if s.ctx.Err() != nil {
				err = context.Canceled
			}
			s.close(err)
			return
		}
	}
}

// next waits for a window; over tells that there will be none.
func (s *session) next() (a recogniser.Audio, over bool) {
	for s.ctx.Err() == nil {
		s.mu.Lock()
		a = s.window.take(s.flush || s.finishing)
		over = s.finishing && len(a.Data) == 0
		s.flush = s.flush && len(a.Data) == 0 && s.window.waits()
		s.mu.Unlock()
		if over || len(a.Data) > 0 {
			return a, over
		}
		select {
		case <-s.wake:
		case <-s.ctx.Done():
		}
	}
	return recogniser.Audio{}, true
}

// ask has one window transcribed and tells what was said in it.
func (s *session) ask(a recogniser.Audio) error {
	var finals []recogniser.Final
	if !s.spec.Format.Quiet(a.Data) {
		err := retry.Do(s.ctx, s.cfg.Retry, func(ctx context.Context) error {
			var usage *recogniser.Usage
			var err error
			finals, usage, err = s.product.Transcribe(ctx, s.spec, a.Data)
			if usage != nil {
				s.tell(recogniser.Event{Usage: usage})
			}
			return err //nolint:wrapcheck // classified by the product's adapter
		})
		if err != nil {
			return err //nolint:wrapcheck // as above
		}
	}
	end := s.spec.Format.End(a)
	for _, f := range finals {
		f, ok := shifted(f, a.Start).After(s.cut)
		if ok && f.End <= end {
			s.advance(f.End)
			s.tell(recogniser.Event{Final: &f, Covered: f.End})
		}
	}
	s.advance(end)
	s.tell(recogniser.Event{Covered: end})
	return nil
}

// shifted is f in call time.
func shifted(f recogniser.Final, by int64) recogniser.Final {
	words := make([]recogniser.Word, len(f.Words))
	for i, w := range f.Words {
		w.Start, w.End = w.Start+by, w.End+by
		words[i] = w
	}
	f.Start, f.End, f.Words = f.Start+by, f.End+by, words
	return f
}

// advance moves the end of what was told. Only run's goroutine calls it, so it may read cut without the lock.
func (s *session) advance(to int64) {
	s.mu.Lock()
	s.cut = to
	s.mu.Unlock()
}

func (s *session) tell(e recogniser.Event) {
	s.mu.Lock()
	s.events = append(s.events, e)
	s.mu.Unlock()
	signal(s.told)
}

func (s *session) close(err error) {
	s.mu.Lock()
	s.err, s.window = err, window{cfg: s.cfg, format: s.spec.Format}
	s.mu.Unlock()
	signal(s.told)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
