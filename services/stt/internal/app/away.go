package app

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// Room is what the consumer may hold that is taken and not done: in one partition, and in the process. Audio that waits for
// recognisers which are away takes half of it at the most, so that the fetch never pauses for it and those whose recognisers
// are well do not notice.
type Room struct {
	Bytes, ProcessBytes int
	// Message is the least that a message counts for, in bytes: the bound is one of messages, too.
	Message int
}

// overhead is what custody of a chunk costs beside its samples, in bytes: the event around them, and the consumer's own.
const overhead = 512

// waiting is the tracks whose recogniser is away, and what they hold. Safe for concurrent use.
type waiting struct {
	mu   sync.Mutex
	held map[*track]int // bytes
	busy bool           // somebody makes room
}

// away takes the end of a session whose recogniser is left alone: what it had is kept, and another session is asked for when the
// recogniser may be back. Meanwhile the track has no slot, which somebody else may need.
func (t *track) away(e *recogniser.Away) {
	t.held = append(e.Take(), t.held...)
	t.holds = 0
	for _, a := range t.held {
		t.holds += t.format.Millis(len(a.Data))
	}
	if t.absent == nil || t.reach > t.absentAt {
		t.absentSince, t.absentAt = time.Now(), t.reach // it has told something since it was away last
	}
	t.absent = e.Err
	t.paused = true
	// A quarter more or less: sessions that failed together must not come back together.
	t.stream.after(e.After+time.Duration(rand.Int64N(int64(e.After/4+50*time.Millisecond))), func() { //nolint:gosec // no secret
		t.paused = false
		t.stream.settle()
	})
	if t.stream.state == ending {
		t.giveUpAfter(t.stream.call.app.cfg.Away)
	}
	t.keep()
}

// keep bounds what is kept for a recogniser that is away, in time for the track and in bytes for all of them.
func (t *track) keep() {
	app := t.stream.call.app
	if t.absent != nil && t.sess == nil {
		t.drop(app.cfg.Away.Milliseconds())
	}
	app.weigh(t)
}

// drop gives up the oldest audio beyond a bound, since the recogniser is away.
func (t *track) drop(most int64) {
	if t.holds > most {
		t.spoil(t.absent)
		t.bound(most)
	}
}

// giveUpAfter bounds how long a stream that has ended waits for a recogniser that is away: the call's record is waiting for its
// transcript.
func (t *track) giveUpAfter(d time.Duration) {
	t.stream.after(d, func() {
		if t.absent == nil || t.sess != nil || len(t.held) == 0 || time.Since(t.absentSince) < d {
			return
		}
		t.slot.give()
		t.slot = nil
		t.lose(t.absent)
		t.done = true
		t.stream.settle()
	})
}

// weigh notes what a track holds while its recogniser is away, and has room made where it is too much.
func (a *App) weigh(t *track) {
	w := &a.waiting
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.absent == nil || t.sess != nil || len(t.held) == 0 {
		delete(w.held, t)
		return
	}
	w.held[t] = max(t.format.Bytes(t.holds)+overhead*len(t.held), a.cfg.Room.Message*len(t.held))
	if !w.busy && a.fullest() != nil {
		w.busy = true
		a.hearing.Go(a.makeRoom)
	}
}

// fullest is the track to give something up, one that holds most where too much is held; nil if nobody has to. The caller holds
// the lock of waiting.
func (a *App) fullest() *track {
	room := a.cfg.Room
	if room.Bytes == 0 {
		return nil
	}
	all, of := 0, map[*part]int{}
	for t, n := range a.waiting.held {
		all += n
		of[t.stream.call.part] += n
	}
	var most *track
	for t := range a.waiting.held {
		if (all > room.ProcessBytes/2 || of[t.stream.call.part] > room.Bytes/2) && (most == nil || a.waiting.held[t] > a.waiting.held[most]) {
			most = t
		}
	}
	return most
}

// makeRoom gives audio up, always from the track that holds most, until what waits fits.
func (a *App) makeRoom() {
	w := &a.waiting
	for {
		w.mu.Lock()
		t := a.fullest()
		if w.busy = t != nil; t == nil {
			w.mu.Unlock()
			return
		}
		delete(w.held, t) // it weighs itself again
		w.mu.Unlock()
		c := t.stream.call
		c.mu.Lock()
		if t.absent != nil && t.sess == nil && !c.gone {
			t.drop(t.holds - 1)
			a.weigh(t)
		}
		c.mu.Unlock()
	}
}

// spoil notes that a party could not be heard, by the code of why.
func (t *track) spoil(err error) {
	s := t.stream
	s.failure = "recogniser: " + retry.Code(err)
	s.spoil(s.failure)
}

// sparing tells whether a call's tracks that wait for a recogniser hold least milliseconds or more, and halves what they hold.
func (c *call) sparing(least int64) (any bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.suspended {
		return false
	}
	for _, s := range c.streams {
		for _, t := range s.tracks {
			if t.absent != nil && t.sess == nil && t.holds >= least && (s.state == open || s.state == ending) {
				any = true
				s.call.app.met.force(s)
				t.drop(t.holds / 2)
				c.app.weigh(t)
			}
		}
	}
	return any
}
