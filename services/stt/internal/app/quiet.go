package app

import (
	"context"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// watch looks after a stream that nobody may ever end: its ingress may have died.
//
// No chunk for a while proves nothing by itself: the broker may have been away, or this process behind. So
// when the time is up the log is asked where it ends, and the stream is silent only if no chunk of it stands
// before that. One timer a stream, set again when it fires, not with every chunk.
func (s *stream) watch() { s.look(s.call.app.cfg.SilentSocket) }

// silence is how the reason begins why a transcript is partial that ended so.
const silence = "no audio for "

// recheck is the pause between looks while the end that was asked for has not been reached.
const recheck = 500 * time.Millisecond

// look runs quiet after d in the queue of the call's messages, behind what is queued there.
func (s *stream) look(d time.Duration) {
	c := s.call
	s.watching = time.AfterFunc(d, func() { c.part.enqueue(c.key, s.quiet) })
}

// alive notes that something has come.
func (s *stream) alive() { s.last, s.target, s.passed, s.cutOff = time.Now(), 0, false, false }

func (s *stream) quiet(ctx context.Context) {
	c := s.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.state != open || c.gone || c.suspended {
		return
	}
	limit, why := c.app.cfg.SilentSocket, silence+c.app.cfg.SilentSocket.String()
	if s.newer != nil && s.handed {
		limit, why = late, "" // what is missing before the newer one is a declared gap
	}
	switch left := limit - time.Since(s.last); {
	case left > 0:
		s.look(left)
	case s.target == 0:
		s.ask(ctx)
	case s.passed:
		s.silenced = true
		if s.newer == nil { // else what is missing before that is declared; here nobody has told whether the call goes on
			for _, t := range s.tracks {
				s.miss(t.party, t.came(), t.came()+limit.Milliseconds(), events.MediaGapReason_MEDIA_GAP_REASON_STREAM_UNFOLLOWED, func() {})
			}
		}
		s.end(why)
	case c.part.reached() >= s.target:
		// Everything up to there has been fetched, and what is this call's is queued by now: look once more,
		// from behind it.
		s.passed = true
		s.look(0)
	default:
		s.look(recheck)
	}
}

// ask finds where the log ends. It lets go of the call's lock meanwhile; no message of the call comes, since
// its queue waits for this.
func (s *stream) ask(ctx context.Context) {
	c := s.call
	c.mu.Unlock()
	end, err := c.app.log.End(ctx, c.part.n)
	c.mu.Lock()
	switch {
	case err != nil:
		s.cutOff = true
	case s.cutOff:
		// The broker was away, and what ingress has kept for it comes a while after it: the time begins anew.
		s.alive()
	default:
		s.target = max(end, 1)
	}
	s.look(recheck)
}

// reached is the offset up to which every message has come here.
func (p *part) reached() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handled + 1
}

// enqueue runs fn in the queue of a key, if the partition is still owned.
func (p *part) enqueue(key []byte, fn func(ctx context.Context)) {
	p.mu.Lock()
	do := p.do
	p.mu.Unlock()
	if do != nil {
		do(key, fn)
	}
}
