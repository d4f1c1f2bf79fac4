package app

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// Timing bounds how long a call waits for what.
type Timing struct {
	// Transcript is how long after CallEnded the words may take before the call is told without them.
	Transcript time.Duration `koanf:"transcript"`
	// LateTranscript is how long after CallEnded words are still waited for; then what is there counts.
	LateTranscript time.Duration `koanf:"late_transcript"`
	// LateWords is how long a segment that came after its stream was complete waits for company.
	LateWords time.Duration `koanf:"late_words"`
	// Early is how long an event that came before its CallStarted waits for it in memory.
	Early time.Duration `koanf:"early"`
	// Unknown is how long a recording or disposition waits for the call that it belongs to.
	Unknown time.Duration `koanf:"unknown"`
	// Unopened is how long words or an end wait for their CallStarted until the call is counted as unopened.
	Unopened time.Duration `koanf:"unopened"`
	// Resume is how long a deadline that passed while nobody owned the partition is put off, so that what
	// is waiting in the topics is read first.
	Resume time.Duration `koanf:"resume"`
	// Keep is how long a settled call stays in memory after it was last touched.
	Keep time.Duration `koanf:"keep"`
	// ShortCall is the longest call that counts as a hang-up when nobody has spoken.
	ShortCall time.Duration `koanf:"short_call"`
}

// DefaultTiming is the design's.
func DefaultTiming() Timing {
	return Timing{
		Transcript: 15 * time.Second, LateTranscript: 10 * time.Minute, LateWords: 2 * time.Second, Early: 5 * time.Second,
		Unknown: time.Minute, Unopened: time.Hour, Resume: 5 * time.Second, Keep: time.Hour, ShortCall: 10 * time.Second,
	}
}

// transcriptState is how much of the words is known. A stream that was given up (partial, not completed)
// counts as partial.
func transcriptState(s *events.CallState) events.TranscriptState {
	unheard, partial := 0, 0
	for _, st := range s.GetStreams() {
		switch {
		case !st.GetCompleted() && !st.GetPartial():
			return pending
		case st.GetUnheard():
			unheard++
		case st.GetPartial():
			partial++
		}
	}
	switch n := len(s.GetStreams()); {
	case n == 0:
		return events.TranscriptState_TRANSCRIPT_STATE_NONE
	case unheard == n:
		return events.TranscriptState_TRANSCRIPT_STATE_UNHEARD
	case unheard+partial > 0:
		return events.TranscriptState_TRANSCRIPT_STATE_PARTIAL
	}
	return events.TranscriptState_TRANSCRIPT_STATE_COMPLETE
}

const pending = events.TranscriptState_TRANSCRIPT_STATE_PENDING

// schedule sets what is due after an event has been folded: the deadline of the next revision, and until
// when words are waited for. longest is the tenant's longest call.
func (t Timing) schedule(s *events.CallState, n news, now time.Time, longest time.Duration) {
	waiting := transcriptState(s) == pending
	t.await(s, now, waiting)
	switch {
	case n == nothing || n == silent && (s.GetDeadline() != nil || s.GetRevision() > 0):
		// What was due is due still.
	case !s.GetOpened():
		sooner(s, now.Add(t.Unopened))
	case s.GetRevision() > 0:
		t.late(s, n, now, waiting)
	case s.GetEnded() && !waiting:
		s.Deadline = timestamppb.New(now)
	case s.GetEnded():
		sooner(s, now.Add(t.Transcript))
	default:
		// The end may be in the topic already, unread: a call that is over by the clock waits a little.
		end := s.GetFacts().GetStartedAt().AsTime().Add(longest)
		s.Deadline = timestamppb.New(latest(end, now.Add(t.Transcript)))
	}
}

// await sets until when the words of a call that is over are waited for.
func (t Timing) await(s *events.CallState, now time.Time, waiting bool) {
	over := s.GetOpened() && (s.GetEnded() || s.GetRevision() > 0)
	switch {
	case !waiting:
		s.WordsUntil = nil
	case over && s.GetWordsUntil() == nil:
		s.WordsUntil = timestamppb.New(now.Add(t.LateTranscript))
	}
}

// late schedules the next revision of a call that has one. While words are missing, more of them make no
// revision: their completion does, or words_until.
func (t Timing) late(s *events.CallState, n news, now time.Time, waiting bool) {
	switch {
	case n == facts || n == whole && !waiting:
		sooner(s, now)
	case n == words && !waiting:
		sooner(s, now.Add(t.LateWords))
	}
}

// giveUp stops waiting for words.
func giveUp(s *events.CallState) {
	for _, st := range s.GetStreams() {
		if !st.GetCompleted() {
			st.Partial = true
		}
	}
	s.WordsUntil = nil
}

// sooner brings the deadline forward to at; it never puts it off.
func sooner(s *events.CallState, at time.Time) {
	if s.GetDeadline() == nil || at.Before(s.GetDeadline().AsTime()) {
		s.Deadline = timestamppb.New(at)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// due tells what of a state is due by now.
func due(at *timestamppb.Timestamp, now time.Time) bool { return at != nil && !at.AsTime().After(now) }

// wake is when the call is next to be looked at; false if nothing is due.
func wake(s *events.CallState) (time.Time, bool) {
	if s.GetUnacknowledged() != nil || s.GetUnacknowledgedUnavailable() != nil {
		return time.Time{}, true
	}
	var at time.Time
	for _, d := range []*timestamppb.Timestamp{s.GetDeadline(), s.GetWordsUntil(), s.GetAskAgain()} {
		if d != nil && (at.IsZero() || d.AsTime().Before(at)) {
			at = d.AsTime()
		}
	}
	return at, !at.IsZero()
}
