package app

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

func TestRules(t *testing.T) {
	const (
		refusedBy = events.ConsentAnswer_CONSENT_ANSWER_REFUSED
		withdrawn = events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN
		timedOut  = events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT
		open      = events.ConsentAnswer_CONSENT_ANSWER_PENDING
		notAsked  = events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED
	)
	type stream struct{ done, unheard, partial bool }
	caller, receptionist := []line{{party: events.Party_PARTY_CALLER, text: "hello"}}, []line{{party: events.Party_PARTY_AGENT, text: "hello?"}}
	for _, c := range []struct {
		name     string
		length   time.Duration
		consent  events.ConsentAnswer
		answered bool // by the caller, not assumed
		status   events.CallStatus
		handling events.Handling
		expected bool
		streams  []stream
		lines    []line
		words    bool // segments were folded
		policy   tenant.ConsentPolicy
		provider string
		want     string // rule or reason; "" asks a model
	}{
		{name: "words", length: time.Minute, consent: granted, answered: true, streams: []stream{{done: true}}, lines: caller, words: true, want: ""},
		{name: "words, no model", length: time.Minute, consent: granted, answered: true, streams: []stream{{done: true}}, lines: caller, words: true, provider: "none", want: "no_model"},
		{name: "words, some stream incomplete", length: time.Minute, consent: granted, answered: true, streams: []stream{{done: true}, {}}, lines: caller, words: true, want: reasonPending},
		{name: "hung up while it rang", length: 0, consent: open, status: events.CallStatus_CALL_STATUS_NO_ANSWER, want: "hang_up"},
		{name: "hung up in the question", length: 25 * time.Second, consent: open, policy: tenant.ConsentAsk, want: "hang_up"},
		{name: "hung up in the first seconds of the stream", length: 6 * time.Second, consent: granted, answered: true, streams: []stream{{done: true}}, lines: receptionist, want: "hang_up"},
		{name: "silent", length: 18 * time.Second, consent: granted, answered: true, streams: []stream{{done: true}}, lines: receptionist, want: "silent"},
		{name: "silent, but not everything was heard", length: 40 * time.Second, consent: granted, answered: true, streams: []stream{{done: true, partial: true}}, want: reasonPartial},
		{name: "refused", length: time.Minute, consent: refusedBy, answered: true, want: "unheard"},
		{name: "refused in a short call", length: 5 * time.Second, consent: refusedBy, answered: true, want: "unheard"},
		{name: "nobody pressed a key", length: time.Minute, consent: timedOut, answered: true, want: "unheard"},
		{name: "no answer assumed, hung up", length: 5 * time.Second, consent: timedOut, want: "hang_up"},
		{name: "stream held back for want of consent", length: time.Minute, consent: open, streams: []stream{{done: true, unheard: true}}, policy: tenant.ConsentReported, want: "unheard"},
		{name: "withdrawn with words", length: time.Minute, consent: withdrawn, answered: true, streams: []stream{{done: true}}, lines: caller, words: true, want: "unheard"},
		{name: "withdrawn before a word", length: time.Minute, consent: withdrawn, answered: true, streams: []stream{{done: true, unheard: true}}, want: "unheard"},
		{name: "voicemail that nobody heard", length: time.Minute, consent: granted, answered: true, handling: events.Handling_HANDLING_VOICEMAIL, expected: true, want: "voicemail"},
		{name: "voicemail heard, and nothing on it", length: time.Minute, consent: granted, answered: true, handling: events.Handling_HANDLING_VOICEMAIL, streams: []stream{{done: true}}, want: "silent"},
		{name: "stream asked for, none came", length: time.Minute, consent: notAsked, expected: true, want: "no_media"},
		{name: "granted, and no stream came", length: time.Minute, consent: granted, answered: true, want: "no_media"},
		{name: "no stream by agreement", length: time.Minute, consent: notAsked, want: "unheard"},
		{name: "the carrier's fallback answered", length: time.Minute, consent: notAsked, handling: events.Handling_HANDLING_FALLBACK, want: "no_media"},
	} {
		t.Run(c.name, func(t *testing.T) {
			own := acme(t)
			if c.policy != "" {
				own.Consent.Policy = c.policy
			}
			if c.provider != "" {
				own.Inference.Provider = c.provider
			}
			s := &events.CallState{Ended: true, Opened: true, MediaExpected: c.expected, Facts: &events.CallFacts{
				StartedAt: timestamppb.New(t0), Duration: durationpb.New(c.length), Consent: c.consent, Status: c.status, Handling: c.handling,
			}}
			if c.answered {
				s.Facts.ConsentAt = timestamppb.New(t0)
			}
			for _, st := range c.streams {
				s.Streams = append(s.Streams, &events.StreamState{Completed: st.done, Unheard: st.unheard, Partial: st.partial})
			}
			if c.words {
				s.SegmentOffsets = []int64{1}
			}
			r, ok := rule(s, c.lines, own, DefaultTiming().ShortCall)
			if got := r.rule + r.reason; got != c.want || ok != (c.want != "") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSchedule(t *testing.T) {
	timing, longest := DefaultTiming(), 4*time.Hour
	now := t0.Add(2 * time.Minute)
	base := func(change func(*events.CallState)) *events.CallState {
		s := &events.CallState{Opened: true, Facts: &events.CallFacts{StartedAt: timestamppb.New(t0)}}
		change(s)
		return s
	}
	open, shut := &events.StreamState{StreamId: "1"}, &events.StreamState{StreamId: "1", Completed: true}
	for _, c := range []struct {
		name     string
		s        *events.CallState
		n        news
		deadline time.Time // zero: none
		words    time.Time // zero: none
	}{
		{"a living call", base(func(*events.CallState) {}), facts, t0.Add(longest), time.Time{}},
		{"ended, no stream", base(func(s *events.CallState) { s.Ended = true }), facts, now, time.Time{}},
		{"ended, words complete", base(func(s *events.CallState) { s.Ended, s.Streams = true, []*events.StreamState{shut} }), whole, now, time.Time{}},
		{"ended, words missing", base(func(s *events.CallState) { s.Ended, s.Streams = true, []*events.StreamState{open} }), facts, now.Add(timing.Transcript), now.Add(timing.LateTranscript)},
		{"not opened", base(func(s *events.CallState) { s.Opened, s.Streams = false, []*events.StreamState{open} }), words, now.Add(timing.Unopened), time.Time{}},
		{"told, and a fact comes", base(func(s *events.CallState) { s.Ended, s.Revision = true, 1 }), facts, now, time.Time{}},
		{"told, and words come while more are missing", base(func(s *events.CallState) { s.Ended, s.Revision, s.Streams = true, 1, []*events.StreamState{open} }), words, time.Time{}, now.Add(timing.LateTranscript)},
		{"told, and late words come", base(func(s *events.CallState) { s.Ended, s.Revision, s.Streams = true, 1, []*events.StreamState{shut} }), words, now.Add(timing.LateWords), time.Time{}},
		{"told, and the last stream completes", base(func(s *events.CallState) { s.Ended, s.Revision, s.Streams = true, 1, []*events.StreamState{shut} }), whole, now, time.Time{}},
		{"a repeat", base(func(s *events.CallState) { s.Ended, s.Revision = true, 1 }), nothing, time.Time{}, time.Time{}},
		{"over by the clock, and the end may be unread", base(func(s *events.CallState) { s.Facts.StartedAt = timestamppb.New(t0.Add(-5 * time.Hour)) }), facts, now.Add(timing.Transcript), time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			timing.schedule(c.s, c.n, now, longest)
			same := func(what string, got *timestamppb.Timestamp, want time.Time) {
				if got == nil && !want.IsZero() || got != nil && !got.AsTime().Equal(want) {
					t.Errorf("%s %v, want %v", what, got.AsTime(), want)
				}
			}
			same("deadline", c.s.GetDeadline(), c.deadline)
			same("words until", c.s.GetWordsUntil(), c.words)
		})
	}
}
