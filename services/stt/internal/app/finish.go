package app

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// end says that no more audio comes; why is empty if that is as it should be.
func (s *stream) end(why string) {
	if s.state != open {
		return
	}
	s.state = ending
	s.spoil(why)
	if s.newer != nil {
		s.handOver()
		s.newer.hole(s)
	}
	if s.verdict.kind == wait {
		s.after(s.call.app.cfg.ConsentGrace, s.unanswered)
	}
	for _, t := range s.tracks {
		if t.absent != nil {
			t.giveUpAfter(s.call.app.cfg.Away)
		}
	}
	s.settle()
}

// unanswered gives up waiting for an answer about a stream that ended a while ago: the receptionist tells what she has been told.
// While a newer one of its leg waits the question is as open as before.
func (s *stream) unanswered() {
	switch {
	case s.verdict.kind != wait || s.state != ending:
	case s.newer != nil && s.newer.verdict.kind == wait && !s.newer.over():
		s.after(s.call.app.cfg.ConsentGrace, s.unanswered)
	default:
		s.verdict = verdict{unheard, "consent still open at the end"}
		s.settle()
	}
}

// settle does what the stream's state asks for. It is called whenever something has changed.
func (s *stream) settle() {
	if s.over() {
		return
	}
	if s.state == open && s.until > 0 && s.reaches(s.until) {
		s.end("")
		return
	}
	switch s.verdict.kind {
	case wait:
	case unheard:
		for _, t := range s.tracks {
			t.leave()
			t.held, t.holds, t.absent = nil, 0, nil
			s.call.app.weigh(t)
		}
		s.close()
	case hear:
		finished := true
		for _, t := range s.tracks {
			t.open()
			finished = s.state == ending && t.finish() && finished
		}
		if s.state == ending && finished {
			s.close()
		}
	}
}

// finish tells whether everything that the track will ever tell has been told.
func (t *track) finish() bool {
	switch {
	case t.done || t.lost != nil:
		return true
	case t.sess != nil:
		t.sess.Finish()
		return false
	}
	return t.slot == nil && len(t.held) == 0
}

// close publishes TranscriptCompleted. Once it is acknowledged every message of the stream is done.
func (s *stream) close() {
	s.own()
	s.state = closing
	for _, t := range s.tracks {
		if t.lost != nil && t.taken > t.reach {
			s.note(&events.MediaGap{
				StreamId: s.started.GetStreamId(), Party: t.party, StartMs: t.reach, EndMs: t.taken,
				Reason: events.MediaGapReason_MEDIA_GAP_REASON_DROPPED,
			})
		}
	}
	m := s.completion()
	s.call.post(s, s.meta.Event(time.Now(), m), func() {
		s.state = completed
		s.call.app.met.completed(s, m.GetOutcome())
		s.span.SetAttributes(attribute.String("frontdesk.outcome", m.GetOutcome().String()), attribute.String("frontdesk.reason", m.GetReason()))
		s.forget()
		for _, t := range s.tracks {
			t.ledger.close()
		}
		s.covered()
		for _, done := range s.closes {
			done(nil)
		}
		s.closes = nil
	})
}

// over tells whether all has been said of a stream.
func (s *stream) over() bool { return s.state == closing || s.state == completed }

// forget lets go of what an ended stream holds.
func (s *stream) forget() {
	for _, t := range s.timers {
		t.Stop()
	}
	s.timers = nil
	s.watching.Stop()
	s.span.End()
}

func (s *stream) completion() *events.TranscriptCompleted {
	var heard time.Duration
	told := s.segments > 0
	for _, t := range s.tracks {
		heard += t.heard
		told = told || t.mark > 0
	}
	m := &events.TranscriptCompleted{
		StreamId: s.started.GetStreamId(), Run: Run, Gaps: s.gaps, Segments: s.segments, Heard: durationpb.New(heard),
		Outcome: events.TranscriptOutcome_TRANSCRIPT_OUTCOME_COMPLETE,
	}
	if heard > 0 {
		m.Recogniser, m.Model = s.tenant.Speech.Provider, s.tenant.Speech.Model
	}
	switch {
	case s.verdict.kind == unheard && heard == 0 && !told:
		m.Outcome, m.Reason = events.TranscriptOutcome_TRANSCRIPT_OUTCOME_UNHEARD, s.verdict.reason
	case s.verdict.kind == unheard:
		m.Outcome, m.Reason = events.TranscriptOutcome_TRANSCRIPT_OUTCOME_PARTIAL, s.verdict.reason
	case s.failure != "" && !told:
		m.Outcome, m.Reason = events.TranscriptOutcome_TRANSCRIPT_OUTCOME_FAILED, s.failure
	case len(s.faults) > 0:
		m.Outcome, m.Reason = events.TranscriptOutcome_TRANSCRIPT_OUTCOME_PARTIAL, s.faults[0]
	case len(s.gaps) > 0:
		m.Outcome, m.Reason = events.TranscriptOutcome_TRANSCRIPT_OUTCOME_PARTIAL, "audio is missing"
	}
	return m
}

// after runs fn under the call's lock, unless the stream is complete or the call is another's by then.
func (s *stream) after(d time.Duration, fn func()) {
	c := s.call
	s.timers = append(s.timers, time.AfterFunc(d, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.gone && s.state != completed {
			fn()
		}
	}))
}
