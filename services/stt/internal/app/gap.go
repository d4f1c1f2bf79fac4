package app

import (
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// declare publishes that [from, to) of a party is never heard, and completes it once that is acknowledged.
// What ingress has declared, or this process before, is not declared again.
func (s *stream) declare(t *track, from, to int64, reason events.MediaGapReason) {
	cover := func() { t.cover(to) }
	g := &events.MediaGap{StreamId: s.started.GetStreamId(), Party: t.party, StartMs: from, EndMs: to, Reason: reason}
	if to <= from || s.declared(g) {
		s.call.post(s, nil, cover)
		return
	}
	s.note(g)
	s.call.app.met.gap(s, reason, time.Duration(to-from)*time.Millisecond)
	s.call.post(s, s.meta.Event(time.Now(), g), cover)
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
)

// replacedBy lets a newer stream of the same leg take over. The newer one is heard once the older has ended, which it has when
// its chunks have come, some of them through another process than the newer's, or after a while. Where both were there, the
// switch is a little before the older one's end: words are told by the side on which their middle is, and each side hears
// beyond it. What neither has is a gap of the newer one's.
func (s *stream) replacedBy(newer *stream, fresh bool) {
	at := newer.started.GetOffsetMs()
	if s.state != open {
		for _, t := range s.tracks {
			told := t.mark
			if fresh {
				told = max(told, t.taken)
			}
			if told > at {
				newer.track(t.party).taken = told
			}
		}
		if fresh { // or it is in the log already
			newer.hole(s, at)
		}
		return
	}
	s.newer, newer.older = newer, s
	s.until = max(at+overlap, 1)
	if s.reaches(s.until) {
		s.end("")
		return
	}
	s.after(s.call.app.cfg.Handover, func() { s.end("") })
}

// waits tells whether a track waits for an older stream to end. One that has told words did so before.
func (s *stream) waits(t *track) bool {
	return s.older != nil && s.older.state == open && t.mark == 0
}

// handOver settles, when a stream has ended, where the newer one takes over.
func (s *stream) handOver() {
	newer, at := s.newer, s.newer.started.GetOffsetMs()
	s.newer, newer.older = nil, nil
	if newer.state == closing || newer.state == completed {
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
	newer.hole(s, at)
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

// hole declares what lies between an older stream's last audio and call time at, where s begins.
func (s *stream) hole(older *stream, at int64) {
	if s.state == closing || s.state == completed {
		return
	}
	for _, t := range older.tracks {
		from := max(t.taken, t.mark)
		if from > 0 && from < at {
			s.declare(s.track(t.party), from, at, events.MediaGapReason_MEDIA_GAP_REASON_STREAM_REPLACED)
		}
	}
}
