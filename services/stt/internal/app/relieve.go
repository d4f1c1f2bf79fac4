package app

import (
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// heavy is how much audio, in milliseconds, a track must hold back to count as one that fills the bound.
const heavy = 5_000

// little is what a track still holds back, in milliseconds, when all that can be told has been: a recogniser keeps a second for a
// word under way. There is room enough for that, unless a partition has more calls than its bound is made for.
const little = 1_200

// Relieve makes room when the consumer has stopped fetching because too much is taken and not done: it must
// not wait for audio that would end an utterance, since that audio is not fetched. Whoever holds much tells
// what it has heard, as finals cut wherever they are, but only once those have made room whose recogniser is away; who can't within [Config.Relief], and who may not be
// heard yet, gives the audio up as a declared gap.
func (a *App) Relieve() {
	calls := a.all()
	relieved := false
	for _, c := range calls {
		relieved = c.sparing(heavy) || relieved
	}
	if relieved {
		return // who can't be heard makes room for who can
	}
	for _, c := range calls {
		relieved = c.relieve(heavy) || relieved
	}
	for _, least := range []int64{little, 1} {
		if relieved {
			return
		}
		for _, c := range calls {
			relieved = c.relieve(least) || relieved
		}
	}
}

// relieve forces tracks that hold least milliseconds or more, and tells whether there are any.
func (c *call) relieve(least int64) (any bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.suspended {
		return false
	}
	for _, s := range c.streams {
		if s.state != open && s.state != ending {
			continue
		}
		for _, t := range s.tracks {
			if t.behind() >= least {
				any = true
				t.force()
			}
		}
	}
	return any
}

func (t *track) force() {
	s, sess, before := t.stream, t.sess, t.reach
	if t.forcing {
		return // the consumer asks every second
	}
	s.call.app.met.force(s)
	if sess == nil {
		if t.absent != nil {
			t.drop(t.holds / 2)
		} else if s.verdict.kind == wait || t.overdue() {
			t.bound(t.holds / 2)
		}
		return
	}
	t.forcing = true
	t.forced++
	sess.Flush()
	this, patience := t.forced, s.call.app.cfg.Relief
	if t.behind() < little {
		patience *= 4
	}
	s.after(patience, func() {
		if t.forced != this || t.sess != sess || t.reach > before {
			return
		}
		t.forcing = false
		t.leave()
		s.spoil("audio given up under load")
		s.declare(t, max(t.reach, t.mark), t.taken, events.MediaGapReason_MEDIA_GAP_REASON_DROPPED)
		t.reach = t.taken
		if s.state == ending {
			t.done = true
		}
		s.settle()
	})
}

// overdue tells whether a track has waited for a session for long while room was asked for. Before that
// there is hope: a session may end by what is taken already.
func (t *track) overdue() bool {
	now, patience := time.Now(), t.stream.call.app.cfg.Relief
	if now.Sub(t.pressed) > patience {
		t.since = now
	}
	t.pressed = now
	return now.Sub(t.since) >= 4*patience
}
