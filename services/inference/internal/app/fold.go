package app

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// news says what an event has changed.
type news int

const (
	// nothing: a repeat, or an event that tells nothing new.
	nothing news = iota
	// silent: the state has changed, but nobody needs a revision for it.
	silent
	// facts: a revision already published is out of date.
	facts
	// words: the transcript has changed, or will: a stream has begun.
	words
	// whole: a stream's transcript is complete.
	whole
)

// folded tells whether an event was folded before.
func folded(s *events.CallState, id []byte) bool {
	return slices.ContainsFunc(s.GetFolded(), func(b []byte) bool { return bytes.Equal(b, id) })
}

// fold puts one event into s and returns what it changed. The result is the same in whatever order events
// of a call come; the exceptions are segments that overlap, where the first in offset order counts (words.go).
// offset is where a segment stands in calls.transcripts, -1 for other events.
func fold(s *events.CallState, e *events.CallEvent, offset int64) news {
	if m, ok := e.Message().(*events.TranscriptSegment); ok {
		return foldSegment(s, m, offset)
	}
	id := events.IDBytes(e.GetEventId())
	if folded(s, id) {
		return nothing
	}
	s.Folded = append(s.Folded, id)
	if s.Facts == nil {
		s.Facts = &events.CallFacts{}
	}
	root, at := e.GetLegId() == e.GetCallId(), e.GetOccurredAt()
	switch m := e.Message().(type) {
	case *events.CallStarted:
		if !root {
			l := leg(s, e.GetLegId())
			l.To, l.AnsweredAt = m.GetTo(), at
			return facts
		}
		open(s, m, at)
		s.StandIn = false
		return facts
	case *events.CallEnded:
		return foldEnd(s, e, m, root)
	case *events.ConsentRecorded:
		return foldConsent(s, m)
	case *events.MediaStarted:
		stream(s, m.GetStreamId())
		return words
	case *events.MediaEnded:
		// stt decides when a stream's words are whole; this only proves that there was one.
		stream(s, m.GetStreamId())
		return silent
	case *events.MediaGap:
		stream(s, m.GetStreamId()) // its completion tells what is missing
		return silent
	case *events.RecordingStarted:
		r := recording(s, m.GetRecordingId())
		r.Channels = max(r.GetChannels(), m.GetChannels())
		return facts
	case *events.RecordingReady:
		return foldRecording(s, m)
	case *events.DispositionSet:
		return foldDisposition(s, m, at)
	case *events.TranscriptCompleted:
		return foldCompleted(s, m)
	}
	return silent
}

// open takes the facts of the call's beginning.
func open(s *events.CallState, m *events.CallStarted, at *timestamppb.Timestamp) {
	f := s.GetFacts()
	f.StartedAt, f.From, f.To, f.Withheld, f.ForwardedFrom = at, m.GetFrom(), m.GetTo(), m.GetWithheld(), m.GetForwardedFrom()
	f.Handling, f.Payer, f.Language = m.GetHandling(), m.GetPayer(), m.GetLanguage()
	if f.GetConsentAt() == nil {
		f.Consent = m.GetConsent()
	}
	s.Opened, s.MediaExpected = true, m.GetMediaExpected()
}

// foldEnd ends a leg. Where the carrier's fallback answered, the end brings the facts of the beginning too;
// a CallStarted, come or still to come, beats them.
func foldEnd(s *events.CallState, e *events.CallEvent, m *events.CallEnded, root bool) news {
	if !root {
		l := leg(s, e.GetLegId())
		l.EndedAt, l.Status = m.GetEndedAt(), m.GetStatus()
		return facts
	}
	f := s.GetFacts()
	f.Status, f.EndedAt, f.Duration = m.GetStatus(), m.GetEndedAt(), m.GetDuration()
	s.Ended = true
	if by := m.GetOpenedBy(); by != nil && !s.GetOpened() {
		began := m.GetEndedAt().AsTime().Add(-m.GetDuration().AsDuration())
		open(s, by, timestamppb.New(began))
		if f.GetHandling() == events.Handling_HANDLING_UNSPECIFIED {
			f.Handling = events.Handling_HANDLING_FALLBACK
		}
		s.StandIn = true
	}
	return facts
}

// foldConsent keeps the answer that counts. A withdrawal forgets what a model has said.
func foldConsent(s *events.CallState, m *events.ConsentRecorded) news {
	f, had := s.GetFacts(), events.Consent{}
	if f.GetConsentAt() != nil { // or it was only assumed when the call opened
		had = events.Consent{Answer: f.GetConsent(), At: f.GetConsentAt().AsTime()}
	}
	if had.Then(events.ConsentOf(m)) == had {
		return silent
	}
	f.Consent, f.ConsentAt, f.ConsentMethod = m.GetAnswer(), m.GetDecidedAt(), m.GetMethod()
	f.ConsentPromptVersion = m.GetPromptVersion()
	if f.GetConsent() == events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN {
		s.Answered, s.Unanswered, s.AskAgain = nil, nil, nil
	}
	return facts
}

// foldRecording keeps the better end of a recording, should the carrier tell of two.
func foldRecording(s *events.CallState, m *events.RecordingReady) news {
	rank := func(status string) int {
		return slices.Index([]string{inProgress, "absent", "failed", "completed"}, status)
	}
	r := recording(s, m.GetRecordingId())
	r.Channels = max(r.GetChannels(), m.GetChannels())
	if r.GetStatus() != inProgress && rank(m.GetStatus()) <= rank(r.GetStatus()) {
		return silent
	}
	r.Status, r.Duration = m.GetStatus(), durationpb.New(m.GetDuration().AsDuration())
	return facts
}

// foldDisposition keeps the agent's latest word.
func foldDisposition(s *events.CallState, m *events.DispositionSet, at *timestamppb.Timestamp) news {
	if m.GetSource() != events.DispositionSource_DISPOSITION_SOURCE_AGENT {
		// Only a person's word beats the model's, and nobody else has a disposition to tell inference of.
		return silent
	}
	if had := s.GetAgentDispositionAt(); had != nil {
		later := at.AsTime().Compare(had.AsTime())
		if later < 0 || later == 0 && m.GetDisposition() <= s.GetAgentDisposition() {
			return silent
		}
	}
	s.AgentDisposition, s.AgentDispositionAt = m.GetDisposition(), at
	return facts
}

// live is the pass that stt makes while the call lives.
const live = "live"

// foldSegment notes where a segment's words stand. A stream is known by its words, too: they may be read
// before its MediaStarted.
func foldSegment(s *events.CallState, m *events.TranscriptSegment, offset int64) news {
	i, had := slices.BinarySearch(s.GetSegmentOffsets(), offset)
	if had {
		return nothing
	}
	if s.Facts == nil {
		s.Facts = &events.CallFacts{}
	}
	s.SegmentOffsets = slices.Insert(s.SegmentOffsets, i, offset)
	stream(s, m.GetStreamId())
	return words
}

// foldCompleted closes a stream. A deliberate second pass over it takes the place of the live one, and of
// several the one with the greatest name.
func foldCompleted(s *events.CallState, m *events.TranscriptCompleted) news {
	st := stream(s, m.GetStreamId())
	if st.GetCompleted() && (m.GetRun() == live || st.GetRun() != live && m.GetRun() <= st.GetRun()) {
		return silent
	}
	st.Completed, st.Run = true, m.GetRun()
	st.Unheard = m.GetOutcome() == events.TranscriptOutcome_TRANSCRIPT_OUTCOME_UNHEARD
	st.Partial = m.GetOutcome() == events.TranscriptOutcome_TRANSCRIPT_OUTCOME_PARTIAL ||
		m.GetOutcome() == events.TranscriptOutcome_TRANSCRIPT_OUTCOME_FAILED
	return whole
}

// inProgress is a recording that has started and not been told ready, in Twilio's words.
const inProgress = "in-progress"

// leg, stream and recording find one by its id, or make it; the lists stay sorted by id, so that the order
// in which events come doesn't show.
func leg(s *events.CallState, id string) *events.Leg {
	var l *events.Leg
	s.Facts.Legs, l = find(s.Facts.Legs, id, (*events.Leg).GetLegId, func() *events.Leg { return &events.Leg{LegId: id} })
	return l
}

func stream(s *events.CallState, id string) *events.StreamState {
	var st *events.StreamState
	s.Streams, st = find(s.Streams, id, (*events.StreamState).GetStreamId, func() *events.StreamState {
		return &events.StreamState{StreamId: id, Run: live}
	})
	return st
}

func recording(s *events.CallState, id string) *events.Recording {
	var r *events.Recording
	s.Facts.Recordings, r = find(s.Facts.Recordings, id, (*events.Recording).GetRecordingId, func() *events.Recording {
		return &events.Recording{RecordingId: id, Status: inProgress}
	})
	return r
}

func find[T any](list []*T, id string, idOf func(*T) string, mk func() *T) ([]*T, *T) {
	i, ok := slices.BinarySearchFunc(list, id, func(x *T, id string) int { return cmp.Compare(idOf(x), id) })
	if !ok {
		list = slices.Insert(list, i, mk())
	}
	return list, list[i]
}

// lengthOf a call by the carrier's count, or else by the clock; 0 if nobody told.
func lengthOf(f *events.CallFacts) time.Duration {
	if f.GetDuration() != nil {
		return f.GetDuration().AsDuration()
	}
	if f.GetEndedAt() != nil && f.GetStartedAt() != nil {
		return max(0, f.GetEndedAt().AsTime().Sub(f.GetStartedAt().AsTime()))
	}
	return 0
}
