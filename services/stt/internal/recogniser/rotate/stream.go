package rotate

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// replayBytes bounds one piece of a replay: what Google takes in one message, with room to spare.
const replayBytes = 15_360

// longWord is how long a word may take, in milliseconds: so much of what a flush has not told of is given
// again.
const longWord = 1000

// step is how far Covered moves at once in silence: word of every chunk would be of no use to anybody.
const step = 1000

// ending is how a stream ended.
type ending struct {
	reason   string // "" if it was told to finish and did
	err      error
	progress bool // it told something, or was no failure
}

// present is the stream that there is.
type present struct {
	*session
	inner recogniser.Stream
	began time.Time
	from  int64 // call time at which it began to hear

	mu      sync.Mutex
	times   recogniser.Timeline // of what it was given
	recent  []given             // what was given since Settle
	settled int64               // milliseconds given before that
	hush    *time.Timer         // looks for silence once what was given last has settled
	ended   bool                // it tells no more, of silence neither
	reason  string              // why we ended it, "" if we did not
	closed  bool                // half-closed: every result is wanted
	stall   *time.Timer         // runs from then on
}

// stream opens a stream, gives it the ring and what follows, and tells what it tells, until it ends.
func (s *session) stream() (end ending) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	inner, err := s.driver.Open(ctx, s.spec)
	if err != nil {
		return ending{reason: ReasonFailed, err: err}
	}
	s.mu.Lock()
	s.fed = s.covered
	p := &present{session: s, inner: inner, began: time.Now(), from: s.covered}
	s.mu.Unlock()
	// Age counts on the clock too: a stream without audio reaches the product's limit all the same.
	old := time.AfterFunc(s.cfg.Hard, p.aged)
	var feeding sync.WaitGroup
	feeding.Go(func() { p.feed(ctx) })
	end = p.listen()
	old.Stop()
	p.deaf()
	cancel()
	inner.Cancel()
	feeding.Wait()
	s.mu.Lock()
	if u := inner.Usage(); u != nil {
		s.tell(recogniser.Event{Usage: u})
	}
	s.mu.Unlock()
	return end
}

// feed gives the stream what the ring holds, then what comes, until the stream ends or is half-closed.
func (p *present) feed(ctx context.Context) {
	for ctx.Err() == nil {
		a, close := p.next()
		switch {
		case len(a.Data) > 0:
			if p.tooOld(a) {
				p.aged()
				if p.stopped() {
					return
				}
				continue
			}
			if p.inner.Write(a) != nil {
				return // Recv tells why
			}
			p.wrote(a)
		case close:
			p.mu.Lock()
			p.closed = true
			p.stall = time.AfterFunc(p.cfg.Stall, p.inner.Cancel)
			p.mu.Unlock()
			if p.inner.CloseSend() != nil {
				return // Recv tells why
			}
			return
		default:
			select {
			case <-p.wake:
			case <-ctx.Done():
			}
		}
	}
}

// next is what to give, or whether to half-close instead.
func (p *present) next() (a recogniser.Audio, close bool) {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	a = s.ring.next(s.fed, replayBytes)
	if s.flush {
		switch more := len(a.Data) > 0; {
		case s.fed-s.covered > longWord || s.fed > s.covered && !more:
			return recogniser.Audio{}, true // what is waiting is for the next stream
		case !more:
			s.flush = false // nothing has been heard that could be told
		default: // a stream that has just begun is given enough to tell something
		}
	}
	return a, s.finishing
}

func (p *present) age(more int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(time.Duration(p.times.Given()+more)*time.Millisecond, time.Since(p.began))
}

// wrote notes that a was given, and looks for silence: now, and when a has settled, since a carrier may send
// nothing on a quiet track and so nothing that would make us look again.
func (p *present) wrote(a recogniser.Audio) {
	s := p.session
	end := s.spec.Format.End(a)
	s.mu.Lock()
	s.fed = max(s.fed, end)
	s.most = max(s.most, end)
	s.mu.Unlock()
	p.mu.Lock()
	p.times.Add(a.Start, end)
	p.recent = append(p.recent, given{p.times.Given(), time.Now()})
	switch {
	case p.ended || p.cfg.Settle == 0:
	case p.hush == nil:
		p.hush = time.AfterFunc(p.cfg.Settle, p.quieten)
	default:
		p.hush.Reset(p.cfg.Settle)
	}
	p.mu.Unlock()
	p.quieten()
}

// deaf ends the looking for silence: what a stream has not worked through when it ends, the next one hears again.
func (p *present) deaf() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.hush != nil {
		p.hush.Stop()
	}
}

// quieten lets go of what lies before a long silence. Silence is counted in audio that this stream was given, so a
// stream that has begun anew lets go of nothing for a while. Sound that no final has covered is kept however long the
// product says nothing: its final may be late. When it has said nothing for long it is asked, by a half-close, after
// which it has told everything: of music and noise, nothing.
func (p *present) quieten() {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	silence := s.cfg.Silence.Milliseconds()
	long := 3 * silence
	if s.heard > s.cut {
		silence = long // an interim has told of words: their final may be late, or they were taken back
	}
	p.mu.Lock()
	settled := p.settle()
	quiet, late := p.before(settled-silence), p.before(settled-long)
	p.mu.Unlock()
	if quiet < s.heard || quiet-max(s.announced, s.covered) < step {
		return
	}
	if sound := s.ring.sound(s.cut); sound < quiet {
		quiet = sound
		if late > sound && late >= s.heard && !s.finishing {
			s.flush = true
			signal(s.wake)
		}
	}
	if quiet-max(s.announced, s.covered) >= step {
		s.let(quiet)
		s.tell(recogniser.Event{Covered: quiet})
	}
}

// before is the call time of an amount of audio given; 0 if it is none, or the stream is over. The caller holds p.mu.
func (p *present) before(millis int64) int64 {
	if millis <= 0 || p.ended {
		return 0
	}
	return p.times.End(millis)
}

// given is how much audio a stream had been given at some time.
type given struct {
	millis int64
	at     time.Time
}

// settle returns how many milliseconds had been given Settle ago. The caller holds p.mu.
func (p *present) settle() int64 {
	now, n := time.Now(), 0
	for n < len(p.recent) && now.Sub(p.recent[n].at) >= p.cfg.Settle {
		p.settled = p.recent[n].millis
		n++
	}
	p.recent = p.recent[n:]
	return p.settled
}

// let forgets the audio before ms. The caller holds mu.
func (s *session) let(ms int64) {
	if ms > s.covered {
		s.covered = ms
		s.ring.trim(ms)
	}
}

// tooOld tells whether the stream must end before a is given. One that is stuck ends a little earlier, if there
// is a pause.
func (p *present) tooOld(a recogniser.Audio) bool {
	age, hard := p.age(p.spec.Format.Millis(len(a.Data))), p.cfg.Hard
	return age > hard || age > hard*17/20 && p.stuck() && p.spec.Format.Quiet(a.Data)
}

// stuck tells whether nothing has become final in the stream's life, though it was given much: music, or a
// voice that never pauses. The next stream would hear all of it again, be filled by it, and so on for ever.
func (p *present) stuck() bool {
	p.mu.Lock()
	given := p.times.Given()
	p.mu.Unlock()
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	return p.covered == p.from && given > p.cfg.Hard.Milliseconds()*3/4
}

// aged ends a stream that is too old to wait for a final. The next one hears again what it has not told, but
// for a stream that is stuck: that is made to tell what it has, wherever it is cut.
func (p *present) aged() {
	if !p.stuck() {
		p.stop(ReasonHard)
		return
	}
	p.session.mu.Lock()
	p.flush = true
	p.session.mu.Unlock()
	signal(p.wake)
}

// stopped tells whether we have ended the stream.
func (p *present) stopped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reason != "" || p.closed
}

// stop ends the stream for a reason of ours.
func (p *present) stop(reason string) {
	p.mu.Lock()
	ours := p.reason == "" && !p.closed
	if ours {
		p.reason = reason
	}
	p.mu.Unlock()
	if ours {
		p.inner.Cancel()
	}
}

// listen tells what the stream tells, until it ends.
func (p *present) listen() ending {
	for {
		r, err := p.inner.Recv()
		if err != nil {
			return p.over(err)
		}
		if p.took(r) && p.age(0) > p.cfg.Soft {
			p.stop(ReasonSoft)
		}
	}
}

// took tells r, and whether it was a final of a stream that is still wanted.
func (p *present) took(r recogniser.Result) bool {
	p.mu.Lock()
	unwanted := p.reason != ""
	if p.stall != nil {
		p.stall.Reset(p.cfg.Stall)
	}
	p.mu.Unlock()
	if unwanted {
		return false // the next stream hears it again
	}
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = max(s.heard, r.Heard)
	if r.Final == nil {
		return false
	}
	s.heard = max(s.heard, r.Final.End)
	f, words := r.Final.After(s.cut)
	s.cut = max(s.cut, f.End)
	s.let(r.Final.End) // and not up to the cut, where that lies beyond: a word may have begun before it
	e := recogniser.Event{Covered: s.covered}
	if words {
		e.Final = &f
	}
	s.tell(e)
	return true
}

// over says how the stream ended.
func (p *present) over(err error) ending {
	p.mu.Lock()
	reason, closed := p.reason, p.closed
	if p.stall != nil && !p.stall.Stop() && !errors.Is(err, io.EOF) {
		err = errStall
	}
	p.mu.Unlock()
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	// A stream has worked if audio need not be given again, or, since nobody tells of silence, if it has
	// lived for a while.
	progress := s.covered > p.from || time.Since(p.began) > s.cfg.Retry.Max
	switch {
	case reason != "":
		return ending{reason: reason, progress: true}
	case errors.Is(err, io.EOF) && closed:
		// Everything that was given has been told: what was not told of was silence.
		if !s.flush {
			s.let(s.fed)
			s.tell(recogniser.Event{Covered: s.covered})
			return ending{progress: true}
		}
		// Or the beginning of a word, which the next stream hears whole.
		s.flush = false
		s.let(max(s.cut, s.fed-longWord))
		s.tell(recogniser.Event{Covered: s.covered})
		return ending{reason: ReasonForced, progress: true}
	case errors.Is(err, io.EOF):
		return ending{reason: ReasonFailed, err: errEarly, progress: progress}
	case errors.Is(err, recogniser.ErrLimit):
		return ending{reason: ReasonLimit, err: err, progress: progress}
	}
	return ending{reason: ReasonFailed, err: err, progress: progress}
}
