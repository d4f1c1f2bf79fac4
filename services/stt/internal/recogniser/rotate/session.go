package rotate

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// session is one party's hearing, over as many streams as it takes. Its run goroutine owns the streams, one
// at a time; a second goroutine feeds the stream that there is.
type session struct {
	*Recogniser
	spec   recogniser.Spec
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{} // there may be something to feed
	told   chan struct{} // there may be an event

	mu        sync.Mutex
	ring      ring
	fed       int64 // call time of the end of what the present stream was given
	most      int64 // the same of any stream
	heard     int64 // call time up to which any stream has told of words
	cut       int64 // end of the last final: words before it are not told again
	covered   int64 // the ring begins here
	announced int64 // what Covered has last told
	finishing bool
	flush     bool
	events    []recogniser.Event
	err       error // why there will be no more events
	keeps     bool  // what is written is kept all the same, for somebody to take
}

// Open implements recogniser.Recogniser.
func (r *Recogniser) Open(spec recogniser.Spec) recogniser.Session {
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{
		Recogniser: r, spec: spec, ctx: ctx, cancel: cancel,
		wake: make(chan struct{}, 1), told: make(chan struct{}, 1),
		ring: ring{format: spec.Format}, heard: spec.From, cut: spec.From, covered: max(spec.From-spec.Lead, 0), announced: spec.From,
	}
	go s.run()
	return s
}

// Write implements recogniser.Session.
func (s *session) Write(a recogniser.Audio) {
	s.mu.Lock()
	if s.covered == 0 && len(s.ring.pieces) == 0 {
		// Call time began before the audio: silence is counted from the first sample.
		s.covered, s.heard, s.announced = a.Start, max(s.heard, a.Start), a.Start
	}
	if (s.err == nil || s.keeps) && !s.finishing {
		s.ring.add(s.spec.Format.From(a, s.covered))
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
			s.events[0] = recogniser.Event{}
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

// run goes from stream to stream until the session is over.
func (s *session) run() {
	defer s.cancel()
	var failing trouble
	for s.awaitAudio() {
		end := s.stream()
		if end.reason == ReasonLimit && !end.progress {
			end.reason = ReasonFailed // two limits without a word between them would be a busy loop
		}
		if end.progress {
			failing = trouble{}
		}
		switch {
		case s.ctx.Err() != nil:
		case errors.Is(end.err, recogniser.ErrAway):
			s.away(end.err)
			return
		case end.reason == ReasonFailed:
			s.rotated(end.reason, retry.Code(end.err))
			if retry.IsPermanent(end.err) || !failing.pause(s.ctx, s.cfg.Retry, end.err) && s.ctx.Err() == nil {
				s.close(end.err)
				return
			}
		case end.reason != "":
			s.rotated(end.reason, "")
		}
	}
	if s.ctx.Err() != nil {
		s.close(context.Canceled)
		return
	}
	s.close(io.EOF)
}

// awaitAudio waits until there is something to open a stream for; false if nothing will come any more.
func (s *session) awaitAudio() bool {
	for s.ctx.Err() == nil {
		s.mu.Lock()
		finishing := s.finishing
		// Silence that a stream has been given, and died of, is no reason to open another: a product ends
		// streams that go without audio, and would be paid to hear the same silence again and again.
		news := s.ring.end() > s.most || s.heard > s.cut
		waiting := len(s.ring.pieces) > 0 && (news || finishing)
		s.flush = s.flush && waiting // nothing to flush
		s.mu.Unlock()
		if waiting || finishing {
			return waiting
		}
		select {
		case <-s.wake:
		case <-s.ctx.Done():
		}
	}
	return false
}

// tell queues e. The caller holds mu.
func (s *session) tell(e recogniser.Event) {
	if e.Covered > 0 {
		s.announced = e.Covered
	}
	s.events = append(s.events, e)
	signal(s.told)
}

// away ends the session, which keeps what another will have to hear until that is taken.
func (s *session) away(err error) {
	s.mu.Lock()
	s.err, s.keeps = &recogniser.Away{Take: s.take, After: retry.After(err), Err: err}, true
	s.mu.Unlock()
	signal(s.told)
}

// take implements recogniser.Away.
func (s *session) take() []recogniser.Audio {
	s.mu.Lock()
	defer s.mu.Unlock()
	audio := make([]recogniser.Audio, len(s.ring.pieces))
	for i, p := range s.ring.pieces {
		audio[i] = p.Audio
	}
	s.keeps, s.ring.pieces = false, nil
	return audio
}

func (s *session) close(err error) {
	s.mu.Lock()
	s.err, s.ring.pieces = err, nil
	s.mu.Unlock()
	signal(s.told)
}

// trouble counts failures in a row.
type trouble struct {
	since time.Time
	next  time.Duration
}

// pause waits before the next attempt; false when the budget is spent or ctx ends.
func (t *trouble) pause(ctx context.Context, p retry.Policy, err error) bool {
	if t.since.IsZero() {
		t.since, t.next = time.Now(), p.Initial
	}
	// Between half and one and a half times: sessions that failed together must not come back together.
	d := t.next/2 + time.Duration(rand.Int64N(int64(t.next))) //nolint:gosec // no secret
	t.next = min(2*t.next, p.Max)
	d = max(d, retry.After(err))
	if time.Since(t.since)+d > p.Budget {
		return false
	}
	return retry.Pause(ctx, d) == nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

var (
	errEarly = &retry.Error{Class: retry.Retryable, Code: "stream_ended_early", Err: errors.New("the product ended the stream before it was told to")}
	errStall = &retry.Error{Class: retry.Retryable, Code: "stream_stalled", Err: errors.New("the product has been told everything and tells nothing")}
)
