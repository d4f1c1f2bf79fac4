package app

import (
	"iter"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// orders yields every order of list.
func orders[T any](list []T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		var walk func(k int) bool
		walk = func(k int) bool {
			if k == len(list) {
				return yield(list)
			}
			for i := k; i < len(list); i++ {
				list[k], list[i] = list[i], list[k]
				ok := walk(k + 1)
				list[k], list[i] = list[i], list[k]
				if !ok {
					return false
				}
			}
			return true
		}
		walk(0)
	}
}

var t0 = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// TestFoldInEveryOrder folds the events of a call in every order there is, each twice, and wants the same state.
func TestFoldInEveryOrder(t *testing.T) {
	m := call("CA1", t0)
	for name, list := range map[string][]*events.CallEvent{
		"a call that is dialled on": {
			m.started(), m.consent(granted, time.Second), m.stream("MZ1"), m.heard("MZ1", whole1),
			m.leg("CA2").event(10*time.Second, &events.CallStarted{To: "sip:a@b", Direction: events.Direction_DIRECTION_OUTBOUND}),
			m.leg("CA2").event(50*time.Second, &events.CallEnded{Status: events.CallStatus_CALL_STATUS_COMPLETED, EndedAt: timestamppb.New(t0.Add(50 * time.Second))}),
			m.ended(time.Minute),
		},
		"consent given and taken back": {
			m.started(), m.consent(granted, time.Second), m.consent(events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN, 20*time.Second),
			m.consent(events.ConsentAnswer_CONSENT_ANSWER_REFUSED, 30*time.Second), m.stream("MZ1"), m.ended(time.Minute),
		},
		"answers of the same instant": {
			m.started(), m.consent(granted, time.Second), m.consent(events.ConsentAnswer_CONSENT_ANSWER_REFUSED, time.Second),
			m.consent(events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT, time.Second), m.ended(time.Minute),
		},
		"recordings": {
			m.started(), m.event(time.Second, &events.RecordingStarted{RecordingId: "RE1", Channels: 2}), m.recorded(),
			m.event(time.Second, &events.RecordingStarted{RecordingId: "RE2", Channels: 1}),
			m.event(2*time.Second, &events.RecordingReady{RecordingId: "RE2", Status: "absent"}),
			m.event(3*time.Second, &events.RecordingReady{RecordingId: "RE2", Status: "completed", Duration: durationpb.New(time.Second)}), m.ended(time.Minute),
		},
		"dispositions": {
			m.started(), m.disposed("ResolvedByAgent", "a", time.Minute), m.disposed("CallbackPromised", "b", 2*time.Minute),
			m.disposed("NeedsReview", "c", 2*time.Minute), m.ended(time.Minute),
		},
		"two streams and a second pass": {
			m.started(), m.stream("MZ1"), m.stream("MZ2"), m.heard("MZ1", events.TranscriptOutcome_TRANSCRIPT_OUTCOME_PARTIAL), m.heard("MZ2", whole1),
			m.event(time.Hour, &events.TranscriptCompleted{StreamId: "MZ1", Run: "again-1", Outcome: whole1}),
			m.event(2*time.Hour, &events.TranscriptCompleted{StreamId: "MZ1", Run: "again-2", Outcome: whole1}),
		},
		"the carrier's fallback answered, and the start comes after all": {
			m.started(), m.consent(granted, time.Second), m.event(time.Minute, &events.CallEnded{
				Status: events.CallStatus_CALL_STATUS_COMPLETED, Duration: durationpb.New(time.Minute), EndedAt: timestamppb.New(t0.Add(time.Minute)),
				OpenedBy: &events.CallStarted{To: "+14155550100", Direction: events.Direction_DIRECTION_INBOUND, Consent: events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED},
			}), m.recorded(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			var want *events.CallState
			for order := range orders(list) {
				s := &events.CallState{}
				for _, e := range order {
					fold(s, e, -1)
					if n := fold(s, e, -1); n != nothing {
						t.Fatalf("%s folded twice changed something", e.Kind())
					}
				}
				s.Folded = nil // the order of coming is what it holds
				// Once opened by a CallStarted, or else by its stand-in: the rest is the same.
				if want == nil {
					want = s
				} else if !proto.Equal(want, s) {
					t.Fatalf("another order, another state:\n%v\n%v", events.Masked(want), events.Masked(s))
				}
			}
		})
	}
}

// TestInterleavings reads the two topics of a call in every way there is, each in its own order.
func TestInterleavings(t *testing.T) {
	m := call("CA1", t0)
	lifecycle := []*events.CallEvent{m.started(), m.consent(granted, time.Second), m.stream("MZ1"), m.ended(time.Minute), m.recorded()}
	transcripts := append(m.demoWords(), m.heard("MZ1", whole1))
	var want *events.CallState
	n := len(lifecycle) + len(transcripts)
	for mask := range 1 << n {
		s, words := &events.CallState{}, newTranscript()
		i, j := 0, 0
		for bit := range n {
			if mask>>bit&1 == 0 && i < len(lifecycle) {
				fold(s, lifecycle[i], -1)
				i++
			} else if mask>>bit&1 == 1 && j < len(transcripts) {
				fold(s, transcripts[j], int64(j))
				if seg := transcripts[j].GetBody().GetTranscriptSegment(); seg != nil {
					words.add(seg)
				}
				j++
			}
		}
		if i < len(lifecycle) || j < len(transcripts) {
			continue // no interleaving of the two
		}
		s.Folded = nil
		if want == nil {
			want = s
		} else if !proto.Equal(want, s) || transcriptID(words.chosen(s)) == "" {
			t.Fatal("another interleaving, another state")
		}
	}
}

func TestWords(t *testing.T) {
	word := func(text string, at int64) *events.Word {
		return &events.Word{Text: text, StartMs: at, EndMs: at + 200}
	}
	seg := func(from, to int64, words ...*events.Word) *events.TranscriptSegment {
		return &events.TranscriptSegment{StreamId: "MZ1", Party: events.Party_PARTY_CALLER, StartMs: from, EndMs: to, Text: join(words), Words: words, Run: live}
	}
	plain := func(from, to int64, text string) *events.TranscriptSegment {
		return &events.TranscriptSegment{StreamId: "MZ1", Party: events.Party_PARTY_CALLER, StartMs: from, EndMs: to, Text: text, Run: live}
	}
	one, two, three, four := word("one", 0), word("two", 1000), word("three", 2000), word("four", 3000)
	other := plain(0, 1000, "agent")
	other.Party = events.Party_PARTY_AGENT
	again := seg(0, 4000, one, two, three, four)
	again.Run = "again"
	for _, c := range []struct {
		name string
		in   []*events.TranscriptSegment
		run  string
		want []string
	}{
		{"one after the other", []*events.TranscriptSegment{seg(0, 2000, one, two), seg(2000, 4000, three, four)}, live, []string{"one two", "three four"}},
		{"the same twice", []*events.TranscriptSegment{seg(0, 2000, one, two), seg(0, 2000, one, two)}, live, []string{"one two"}},
		{"boundaries moved", []*events.TranscriptSegment{seg(0, 1500, one, two), seg(900, 4000, two, three, four)}, live, []string{"one two", "three four"}},
		{"a gap filled later", []*events.TranscriptSegment{seg(0, 900, one), seg(2900, 4000, four), seg(0, 4000, one, two, three, four)}, live, []string{"one", "two three", "four"}},
		{"without word times all or nothing", []*events.TranscriptSegment{plain(0, 2000, "one two"), plain(100, 1900, "one two"), plain(2000, 4000, "three four")}, live, []string{"one two", "three four"}},
		{"the parties apart", []*events.TranscriptSegment{plain(0, 1000, "caller"), other}, live, []string{"caller", "agent"}},
		{"a second pass counts alone", []*events.TranscriptSegment{seg(0, 2000, one, two), again}, "again", []string{"one two three four"}},
		{"until it is chosen it doesn't", []*events.TranscriptSegment{seg(0, 2000, one, two), again}, live, []string{"one two"}},
		{"in order of time", []*events.TranscriptSegment{seg(2000, 4000, three, four), seg(0, 1900, one, two)}, live, []string{"one two", "three four"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := newTranscript()
			for _, s := range c.in {
				tr.add(s)
			}
			var got []string
			for _, l := range tr.chosen(&events.CallState{Streams: []*events.StreamState{{StreamId: "MZ1", Run: c.run}}}) {
				got = append(got, l.text)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
