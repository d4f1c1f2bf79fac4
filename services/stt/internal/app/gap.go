package app

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// declare publishes that [from, to) of a party is never heard, and completes it once that is acknowledged.
// What ingress has declared, or this process before, is not declared again.
func (s *stream) declare(t *track, from, to int64, reason events.MediaGapReason) {
	s.miss(t.party, from, to, reason, func() { t.cover(to) })
}

// miss publishes a gap, unless it is known; then runs once it stands.
func (s *stream) miss(p events.Party, from, to int64, reason events.MediaGapReason, then func()) {
	g := &events.MediaGap{StreamId: s.started.GetStreamId(), Party: p, StartMs: from, EndMs: to, Reason: reason}
	if to <= from || s.declared(g) {
		s.call.post(s, nil, then)
		return
	}
	s.note(g)
	s.call.app.met.gap(s, reason, time.Duration(to-from)*time.Millisecond)
	s.call.post(s, s.meta.Event(time.Now(), g), then)
}

// note remembers a gap for TranscriptCompleted.
func (s *stream) note(g *events.MediaGap) {
	if !s.declared(g) {
		s.gaps = append(s.gaps, proto.CloneOf(g))
	}
}

// declared tells whether a single gap that is known holds all of g.
func (s *stream) declared(g *events.MediaGap) bool {
	for _, k := range s.gaps {
		if (k.GetParty() == g.GetParty() || k.GetParty() == events.Party_PARTY_UNSPECIFIED) &&
			k.GetStartMs() <= g.GetStartMs() && g.GetEndMs() <= k.GetEndMs() {
			return true
		}
	}
	return false
}

const (
	// overlap is how much longer, in milliseconds of call time, an older stream is heard that has not ended when a newer one of
	// its leg begins.
	overlap = 5_000
	// margin is how far before the end of an older stream the newer one takes over where both were there, in milliseconds, and
	// how much before that it hears: more than the longest word, so that each hears whole what it tells.
	margin = 1_000
	// late is how long a stream may go without a chunk that a newer one has taken over from: its ingress may have died with some
	// of its audio in the spool, which comes when that is back.
	late = 5 * time.Second
)

// offset is the call time at which s begins.
func (s *stream) offset() int64 { return s.started.GetOffsetMs() }

// place puts s among the streams of its leg, between those that begin before it and those that begin after it. It may come after
// them all the same, from an ingress that could not send. fresh tells that it begins now, and was not found in the log.
func (c *call) place(s *stream, fresh bool) {
	var older, newer *stream
	for _, o := range c.streams {
		switch {
		case o.place == 0 || o.meta.Leg != s.meta.Leg:
		case o.offset() > s.offset():
			if newer == nil || newer.behind(o) {
				newer = o
			}
		case older == nil || o.behind(older):
			older = o
		}
	}
	c.places++
	s.place = c.places
	if older != nil {
		older.replacedBy(s, fresh)
	}
	if newer != nil {
		s.precedes(newer, fresh)
	}
}

// behind tells whether s comes after o in the order of their leg.
func (s *stream) behind(o *stream) bool {
	return s.offset() > o.offset() || s.offset() == o.offset() && s.place > o.place
}

// replacedBy lets a newer stream of the same leg take over. The newer one is heard once the older has ended, which it has when
// its chunks have come, some of them through another process than the newer's, or after a while. Where both were there, the
// switch is a little before the older one's end: words are told by the side on which their middle is, and each side hears
// beyond it. What neither has is a gap of the newer one's.
func (s *stream) replacedBy(newer *stream, fresh bool) {
	at := newer.offset()
	s.newer, newer.older = newer, s
	if s.state != open {
		for _, t := range s.tracks {
			told := t.mark
			if fresh {
				told = max(told, t.taken)
			}
			if told > at {
				n := newer.track(t.party)
				n.taken = max(n.taken, told)
			}
		}
		if fresh || !s.handed {
			newer.hole(s)
		}
		s.handed = true
		return
	}
	s.handed = false
	s.until = max(at+overlap, 1)
	if s.reaches(s.until) {
		s.end("")
		return
	}
	s.after(s.call.app.cfg.Handover, func() {
		if s.state == open && s.newer == newer {
			s.handOver()
			s.linger()
		}
	})
}

// precedes lets s, which has come only now, be heard up to where a newer stream begins. That one has not waited for it, unless
// it has to for another reason.
func (s *stream) precedes(newer *stream, fresh bool) {
	ahead := fresh && newer.state != open || slices.ContainsFunc(newer.tracks, func(t *track) bool { return t.asked || fresh && t.mark > 0 })
	if !ahead {
		s.replacedBy(newer, fresh)
		return
	}
	s.newer, newer.older, s.handed = newer, s, true
	s.linger()
}

// linger waits for what may still come of a stream, up to where the newer one begins, which goes on meanwhile.
func (s *stream) linger() {
	s.until = max(s.newer.offset(), 1)
	s.alive()
	s.watching.Stop()
	s.look(late)
	s.settle()
}

// waits tells whether a track waits for an older stream to end. One that has told words did so before.
func (s *stream) waits(t *track) bool {
	return s.older != nil && s.older.state == open && !s.older.handed && t.mark == 0
}

// handOver settles where the newer stream takes over, which then waits no more.
func (s *stream) handOver() {
	newer, at := s.newer, s.newer.offset()
	if s.handed {
		return
	}
	s.handed = true
	if newer.over() {
		return
	}
	for _, t := range s.tracks {
		end := max(t.taken, t.mark)
		if end <= at {
			continue
		}
		t.stop = max(t.reach, end-min(margin, (end-at)/2))
		newer.track(t.party).begins(t.stop, at)
	}
	// Not before this stream has done what it is about to.
	newer.after(0, newer.settle)
}

// begins lets a track tell words from call time ms on, and hear a little before that; at is where its stream begins.
func (t *track) begins(ms, at int64) {
	if t.mark > 0 {
		return // it has begun to tell, in another process, from there on
	}
	from := max(ms-margin, at)
	t.reach, t.lead = ms, ms-from
	t.taken = max(t.taken, from)
	for len(t.held) > 0 && t.format.End(t.held[0]) <= from {
		t.holds -= t.format.Millis(len(t.held[0].Data))
		t.held = t.held[1:]
	}
	t.ledger.cover(from)
}

// reaches tells whether every track has come to call time ms.
func (s *stream) reaches(ms int64) bool {
	for _, t := range s.tracks {
		if max(t.taken, t.mark) < ms {
			return false
		}
	}
	return true
}

// hole declares what lies between an older stream's last audio and where s begins, unless that was done by whoever had the
// streams before. Where s is complete already it is the older one's gap. After one that nobody was to hear nothing is missing.
func (s *stream) hole(older *stream) {
	at, teller := s.offset(), s
	if s.over() {
		teller = older
	}
	if teller.over() || older.verdict.kind == unheard {
		return
	}
	for _, t := range older.tracks {
		from := t.came()
		if from >= at || s.bridges(t.party, at) || older.bridges(t.party, at) {
			continue
		}
		then := func() {}
		if teller == s {
			then = func() { s.track(t.party).cover(at) }
		}
		teller.miss(t.party, from, at, events.MediaGapReason_MEDIA_GAP_REASON_STREAM_REPLACED, then)
	}
}

// tail declares what came too late of a stream that was ended for its silence: an ingress that could do nothing for a while has sent
// the rest at once.
func (s *stream) tail(end int64, done func(error)) {
	if !s.silenced {
		done(nil)
		return
	}
	s.unheardTo(end, events.MediaGapReason_MEDIA_GAP_REASON_DROPPED, done)
}

// unfollowed declares the rest of a call whose last stream broke. What comes of that one after all, from an ingress that is back with its
// spool, is heard all the same.
func (s *stream) unfollowed(end int64, done func(error)) {
	if s.verdict.kind == unheard {
		done(nil)
		return
	}
	s.unheardTo(end, events.MediaGapReason_MEDIA_GAP_REASON_STREAM_UNFOLLOWED, done)
}

// unheardTo declares what is missing between what has come and call time end, complete or not.
func (s *stream) unheardTo(end int64, why events.MediaGapReason, done func(error)) {
	for _, t := range s.tracks {
		s.miss(t.party, t.came(), end, why, func() {})
	}
	s.call.post(s, nil, func() { done(nil) })
}

// came is the call time up to which audio of a track has come. A party of which none has may have been silent: it is where the
// other's has come to, or the beginning of a stream without any.
func (t *track) came() int64 {
	if to := max(t.taken, t.mark); to > 0 {
		return to
	}
	to := t.stream.offset()
	for _, o := range t.stream.tracks {
		to = max(to, o.taken, o.mark)
	}
	return to
}

// bridges tells whether a hole of a party's is declared that ends at call time ms, where a stream begins.
func (s *stream) bridges(p events.Party, ms int64) bool {
	return slices.ContainsFunc(s.gaps, func(g *events.MediaGap) bool {
		return g.GetReason() == events.MediaGapReason_MEDIA_GAP_REASON_STREAM_REPLACED && g.GetParty() == p && g.GetEndMs() == ms
	})
}
