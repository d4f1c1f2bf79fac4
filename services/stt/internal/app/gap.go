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

// replacedBy lets a newer stream of the same leg take over at its first sample. What both have is heard of
// the older one; what neither has is a gap of the newer one's.
func (s *stream) replacedBy(newer *stream, fresh bool) {
	at := newer.started.GetOffsetMs()
	for _, t := range s.tracks {
		if taken := max(t.taken, t.mark); taken > at {
			newer.track(t.party).taken = taken
		}
	}
	switch {
	case s.state != open:
		if fresh { // or it is in the log already
			newer.hole(s, at)
		}
	case s.reaches(at):
		s.end("")
	default:
		// Chunks of the older stream may be under way, through another process than the newer's.
		s.until = max(at, 1)
		s.after(s.call.app.cfg.Handover, func() {
			if s.state == open {
				s.end("")
			}
			newer.hole(s, at)
		})
	}
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
