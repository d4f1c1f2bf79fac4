package media

import (
	"errors"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// overhead is what a chunk costs in the producer beside its audio: envelope, key and headers.
const overhead = 512

// flush sends what is packed of a track, or drops and remembers it where the broker is behind.
func (s *Stream) flush(t *track) {
	if len(t.buf) == 0 {
		return
	}
	s.in.m.Audio(s.ctx, t.frames, len(t.buf))
	if s.repeated > 0 {
		s.in.m.Repeated(s.ctx, s.repeated)
		s.repeated = 0
	}
	where := span{t.start / s.perMs, (t.start + int64(len(t.buf))) / s.perMs}
	s.reached.Store(max(s.reached.Load(), s.offset+where.end))
	if !s.acks.full.Load() { // else each chunk would be told of, in room that is short
		s.declare(t)
	}
	cost := int64(len(t.buf) + overhead)
	if !s.reserve(cost) {
		t.lost.add(where)
	} else {
		s.declareLost(t)
		s.sendChunk(t, where, cost)
	}
	t.buf, t.frames = t.buf[:0], 0
}

func (s *Stream) sendChunk(t *track, where span, cost int64) {
	e := s.call.Event(s.at(where.start), &events.AudioChunk{
		StreamId: s.spec.ID, Party: t.party, Chunk: t.chunks, StartMs: s.offset + where.start,
		Audio: t.buf, Encoding: s.spec.Format.Encoding, SampleRate: s.spec.Format.SampleRate,
	})
	t.chunks++
	party := t.party
	s.acks.add()
	s.in.pub.Send(s.ctx, app.Message{Topic: events.Media, Event: e}, func(err error) {
		s.release(cost)
		s.acks.full.Store(errors.Is(err, app.ErrFull))
		if err != nil && !s.acks.keep(party, where) {
			s.gap(party, where, events.MediaGapReason_MEDIA_GAP_REASON_SPOOL_FULL) // the stream has ended, and nobody comes by any more
		}
		s.acks.done()
	})
}

// An event that is not audio is sent again so often, and then given up. What passes by itself the producer has waited out
// already; this is for what it gives back.
const (
	resends     = 3
	resendPause = 250 * time.Millisecond // doubled each time
)

// send sends an event that is not audio: small, few, and never dropped for want of room.
func (s *Stream) send(topic events.Topic, e *events.CallEvent) {
	s.acks.add()
	s.try(app.Message{Topic: topic, Event: e}, 0)
}

// try sends an event that was sent so often before, until it is stored or given up.
func (s *Stream) try(m app.Message, before int) {
	s.in.pub.Send(s.ctx, m, func(err error) {
		if err != nil && before < resends && !retry.IsPermanent(err) {
			s.in.m.MediaEvent(s.ctx, m.Event.Kind().String(), "resent")
			time.AfterFunc(resendPause<<before, func() { s.try(m, before+1) })
			return
		}
		if err != nil {
			s.giveUp(m, err)
		}
		s.acks.done()
	})
}

// giveUp tells people what readers of the topic will never know.
func (s *Stream) giveUp(m app.Message, err error) {
	kind := m.Event.Kind().String()
	s.in.m.MediaEvent(s.ctx, kind, "lost")
	s.in.log.ErrorContext(s.ctx, "an event of a stream could not be stored",
		"kind", kind, "topic", m.Topic.Name, "call", s.facts.CallID, "stream", s.spec.ID, "error", err)
}

// gap declares audio that nobody will hear. It needs nothing that changes while the stream runs, so that an
// acknowledgement may call it.
func (s *Stream) gap(p events.Party, where span, why events.MediaGapReason) {
	s.in.m.Gap(s.ctx, why.String(), where.end-where.start)
	s.send(events.Media, s.call.Event(s.at(where.start), &events.MediaGap{
		StreamId: s.spec.ID, Party: p, StartMs: s.offset + where.start, EndMs: s.offset + where.end, Reason: why,
	}))
}

// declare tells of chunks that were sent and turned out not to be stored.
func (s *Stream) declare(t *track) {
	for _, where := range s.acks.takeFailed(t.party) {
		s.gap(t.party, where, events.MediaGapReason_MEDIA_GAP_REASON_SPOOL_FULL)
	}
}

// declareLost tells of chunks that were dropped before they were sent.
func (s *Stream) declareLost(t *track) {
	if t.lost.end > t.lost.start {
		s.gap(t.party, t.lost, events.MediaGapReason_MEDIA_GAP_REASON_SPOOL_FULL)
	}
	t.lost = span{}
}

// add widens a span; what lies between was lost too, or is a gap already.
func (l *span) add(where span) {
	if l.end == l.start {
		*l = where
		return
	}
	l.end = max(l.end, where.end)
}

// reserve takes room for a chunk, or says that there is none.
func (s *Stream) reserve(cost int64) bool {
	if s.acks.bytes.Add(cost) > int64(s.in.cfg.MaxUnacked) {
		s.acks.bytes.Add(-cost)
		return false
	}
	if s.in.total.Add(cost) > int64(s.in.cfg.MaxUnackedTotal) {
		s.release(cost)
		return false
	}
	return true
}

func (s *Stream) release(cost int64) {
	s.acks.bytes.Add(-cost)
	s.in.total.Add(-cost)
}
