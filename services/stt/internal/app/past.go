package app

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// slack is how long after its end a stream may still have messages that are not done: long enough for the
// clocks of those who stamped them, too.
const slack = 10 * time.Minute

// Past is what the log tells of calls whose beginning another process has handled. It is folded from
// calls.lifecycle first, then from calls.transcripts since [Past.Since].
type Past struct {
	oldest time.Time
	calls  map[name]*pastCall
}

type pastCall struct {
	answer  events.Consent
	ended   time.Time // zero while the call lives
	streams []*pastStream
}

type pastStream struct {
	begun     *events.CallEvent // with its MediaStarted
	started   *events.MediaStarted
	ended     *events.MediaEnded // nil while it lives
	endedAt   time.Time
	completed *events.TranscriptCompleted // nil while there is something to tell
	told      map[events.Party]int64
	gaps      []*events.MediaGap
}

// NewPast returns an empty past. oldest is when the oldest message was written that is not done.
func NewPast(oldest time.Time) *Past {
	return &Past{oldest: oldest, calls: map[name]*pastCall{}}
}

// Lifecycle folds an event of calls.lifecycle, in the order of the log.
func (p *Past) Lifecycle(e *events.CallEvent) {
	c := p.calls[nameOf(e)]
	if c == nil {
		c = &pastCall{}
		p.calls[nameOf(e)] = c
	}
	switch m := e.Message().(type) {
	case *events.ConsentRecorded:
		c.answer = c.answer.Then(events.ConsentOf(m))
	case *events.MediaStarted:
		if c.stream(m.GetStreamId()) == nil {
			c.streams = append(c.streams, &pastStream{begun: e, started: m, told: map[events.Party]int64{}})
		}
	case *events.MediaEnded:
		if s := c.stream(m.GetStreamId()); s != nil {
			s.ended, s.endedAt = m, e.GetOccurredAt().AsTime()
		}
	case *events.CallEnded:
		if e.GetLegId() == e.GetCallId() {
			c.ended = e.GetOccurredAt().AsTime()
		}
	}
}

// Transcript folds an event of calls.transcripts, in the order of the log.
func (p *Past) Transcript(e *events.CallEvent) {
	c := p.calls[nameOf(e)]
	if c == nil {
		return
	}
	switch m := e.Message().(type) {
	case *events.TranscriptSegment:
		if s := c.stream(m.GetStreamId()); s != nil && m.GetRun() == Run {
			s.told[m.GetParty()] = max(s.told[m.GetParty()], m.GetEndMs())
		}
	case *events.MediaGap:
		if s := c.stream(m.GetStreamId()); s != nil {
			s.gaps = append(s.gaps, proto.CloneOf(m))
		}
	case *events.TranscriptCompleted:
		if s := c.stream(m.GetStreamId()); s != nil && m.GetRun() == Run {
			s.completed = m
		}
	}
}

// Since is when the oldest stream began that may not be complete: what was published of it stands after
// that. Calls that were over long before the oldest message are forgotten here.
func (p *Past) Since() time.Time {
	since := p.oldest
	for id, c := range p.calls {
		c.streams = slices.DeleteFunc(c.streams, func(s *pastStream) bool { return p.over(s.endedAt) || p.over(c.ended) })
		if len(c.streams) == 0 && p.over(c.ended) {
			delete(p.calls, id)
		}
		for _, s := range c.streams {
			if at := s.begun.GetOccurredAt().AsTime(); at.Before(since) {
				since = at
			}
		}
	}
	return since
}

func (p *Past) over(at time.Time) bool { return !at.IsZero() && at.Before(p.oldest.Add(-slack)) }

func (p *Past) of(id name) *pastCall {
	if p == nil {
		return nil
	}
	return p.calls[id]
}

// take returns a call once.
func (p *Past) take(id name) *pastCall {
	c := p.of(id)
	if c != nil {
		delete(p.calls, id)
	}
	return c
}

// unfinished are the calls with a stream that is not complete: somebody must look after it, even if no
// message of it ever comes.
func (p *Past) unfinished() []name {
	var ids []name
	for id, c := range p.calls {
		if slices.ContainsFunc(c.streams, func(s *pastStream) bool { return s.completed == nil }) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (c *pastCall) stream(id string) *pastStream {
	if c == nil {
		return nil
	}
	for _, s := range c.streams {
		if s.started.GetStreamId() == id {
			return s
		}
	}
	return nil
}

// without forgets a stream, which is told of otherwise.
func (c *pastCall) without(id string) {
	if c != nil {
		c.streams = slices.DeleteFunc(c.streams, func(s *pastStream) bool { return s.started.GetStreamId() == id })
	}
}

// restore takes over what the log tells of c's streams that c does not know.
func (c *call) restore(p *pastCall) {
	if p == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = c.answer.Then(p.answer)
	var restored []*stream
	for _, ps := range p.streams {
		if c.streams[ps.started.GetStreamId()] == nil {
			s := c.open(ps.begun, ps.started)
			s.resume(ps)
			restored = append(restored, s)
		}
	}
	// In their order: a stream that came late must not be taken for a hole.
	slices.SortStableFunc(restored, func(a, b *stream) int { return cmp.Compare(a.offset(), b.offset()) })
	for _, s := range restored {
		c.place(s, false)
	}
	for _, s := range restored {
		s.decide()
	}
}

// resume goes on where the log says that another process has come to.
func (s *stream) resume(p *pastStream) {
	s.gaps = p.gaps
	for party, told := range p.told {
		t := s.track(party)
		t.mark, t.reach = told, told
		t.heard = max(time.Duration(told-s.started.GetOffsetMs())*time.Millisecond, 0)
	}
	if p.completed == nil {
		return
	}
	s.state = completed
	// One that ended by itself, or by its silence, may have left a hole; else it was ended by a newer one, before which all is said.
	s.silenced = strings.HasPrefix(p.completed.GetReason(), silence)
	s.handed = p.ended == nil && !s.silenced
	if p.completed.GetOutcome() == events.TranscriptOutcome_TRANSCRIPT_OUTCOME_UNHEARD {
		s.verdict = verdict{unheard, p.completed.GetReason()}
	}
	for _, t := range s.tracks {
		if !s.silenced { // the rest of it came too late
			t.taken = p.ended.GetEndMs() // 0 if nobody has told of its end
		}
	}
	s.forget()
}
