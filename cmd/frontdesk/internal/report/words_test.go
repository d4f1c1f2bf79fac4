package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

func TestNearest(t *testing.T) {
	for name, c := range map[string]struct {
		said, heard, want string
		edits             int
	}{
		"word for word among others": {"the wrong number", "oh sorry i have the wrong number bye", "the wrong number", 0},
		"a word less":                {"i have the wrong number", "oh i have the number", "i have the [-wrong-] number", 1},
		"a word more":                {"i have the number", "i have the wrong number", "i have the {+wrong+} number", 1},
		"another word":               {"i have the wrong number", "i have the long number", "i have the [-wrong-]{+long+} number", 1},
		"the end is missing":         {"one two three", "zero one two", "one two [-three-]", 1},
		"nothing was heard":          {"one two", "", "[-one two-]", 2},
		"what is the same is left out": {
			"a b c d e f g h i j k l x n o p q r s t", "a b c d e f g h i j k l m n o p q r s t", "… i j k l [-x-]{+m+} n o p q …", 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := nearest(strings.Fields(c.said), strings.Fields(c.heard))
			if d.text != c.want || d.edits != c.edits {
				t.Errorf("%d edits: %q, want %d: %q", d.edits, d.text, c.edits, c.want)
			}
		})
	}
}

func segment(party events.Party, start int64, text string) *events.TranscriptSegment {
	return &events.TranscriptSegment{Party: party, StartMs: start, EndMs: start + 1000, Text: text}
}

func TestUnheard(t *testing.T) {
	caller, agent := events.Party_PARTY_CALLER, events.Party_PARTY_AGENT
	script := []calls.Utterance{
		{Track: calls.TrackAgent, Text: "Good morning, how can I help you?"},
		{Track: calls.TrackCaller, Text: "Sorry, I have the wrong number."},
	}
	no := false
	for name, c := range map[string]struct {
		call  calls.Call
		heard []*events.TranscriptSegment
		want  []string
	}{
		"all of it": {calls.Call{Script: script}, []*events.TranscriptSegment{
			segment(agent, 0, "good morning, how can I help you"), segment(caller, 2000, "Sorry. I have"), segment(caller, 3000, "the wrong number"),
		}, nil},
		"one word is missing": {calls.Call{Script: script}, []*events.TranscriptSegment{
			segment(agent, 0, "Good morning, how can I help you?"), segment(caller, 2000, "Sorry, I have the number."),
		}, []string{"the transcript has utterance 2 otherwise: sorry i have the [-wrong-] number"}},
		"said by the other side": {calls.Call{Script: script[1:]}, []*events.TranscriptSegment{
			segment(agent, 0, "Sorry, I have the wrong number."),
		}, []string{`the transcript lacks utterance 1, "Sorry, I have the wrong number.": nothing like it was heard`}},
		"lines of its own, whoever says them": {calls.Call{Script: script, Expect: calls.Expect{Transcript: []string{"wrong number"}}},
			[]*events.TranscriptSegment{segment(caller, 0, "the wrong number")}, nil},
		"consent was refused and nothing heard": {calls.Call{Script: script, Expect: calls.Expect{Consent: &no}}, nil, nil},
		"nothing may be heard": {calls.Call{Script: script, Expect: calls.Expect{Transcript: []string{}}},
			[]*events.TranscriptSegment{segment(caller, 4000, "later"), segment(agent, 1500, "Hello.")},
			[]string{`words were recognised, and none must be: "Hello." at 1.5 s, the first of 2 segments`}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := unheard(&c.call, c.heard); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestOverlappingSegmentsAreHeardOnce(t *testing.T) {
	first := segment(events.Party_PARTY_CALLER, 0, "one two")
	second := segment(events.Party_PARTY_CALLER, 500, "two three")
	second.Words = []*events.Word{{Text: "two", StartMs: 500}, {Text: "three", StartMs: 1000}}
	if got := spokenBy([]*events.TranscriptSegment{second, first}, events.Party_PARTY_CALLER); strings.Join(got, " ") != "one two three" {
		t.Errorf("%q", got)
	}
}

func TestMissing(t *testing.T) {
	c := &calls.Call{Script: []calls.Utterance{
		{Track: calls.TrackAgent, Start: calls.Duration(0), End: calls.Duration(2 * time.Second), Text: "how may I help"},
		{Track: calls.TrackCaller, Start: calls.Duration(3 * time.Second), End: calls.Duration(7 * time.Second), Text: "one two three four five six seven eight"},
	}}
	silent := &calls.Call{Expect: calls.Expect{Transcript: []string{}}}
	const agent, caller = events.Party_PARTY_AGENT, events.Party_PARTY_CALLER
	help := segment(agent, 0, "How may I help?")
	second := func(from, to time.Duration) time.Duration { // [4 s, 5 s) is known not to have been heard
		return max(0, min(to, 5*time.Second)-max(from, 4*time.Second))
	}
	never := func(time.Duration, time.Duration) time.Duration { return 0 }
	for name, tt := range map[string]struct {
		call             *calls.Call
		heard            []*events.TranscriptSegment
		unheard          func(from, to time.Duration) time.Duration
		missing, doubled int
	}{
		"all of it":                        {c, []*events.TranscriptSegment{help, segment(caller, 3000, "One two three four five six seven eight.")}, never, 0, 0},
		"a word less":                      {c, []*events.TranscriptSegment{help, segment(caller, 3000, "one two three four five six seven")}, never, 1, 0},
		"what could not be heard":          {c, []*events.TranscriptSegment{help, segment(caller, 3000, "one two seven eight")}, second, 0, 0},
		"more than could not be heard":     {c, []*events.TranscriptSegment{help, segment(caller, 3000, "one two")}, second, 2, 0},
		"what could be heard of the other": {c, []*events.TranscriptSegment{segment(agent, 0, "how may"), segment(caller, 3000, "one two seven eight")}, second, 2, 0},
		"a word twice":                     {c, []*events.TranscriptSegment{help, segment(caller, 3000, "one two three four five six seven eight"), segment(caller, 8000, "eight")}, never, 0, 1},
		"nothing":                          {c, nil, never, 12, 0},
		"of nothing":                       {silent, nil, never, 0, 0},
		"what must not be heard":           {silent, []*events.TranscriptSegment{segment(caller, 0, "one two")}, never, 0, 2},
	} {
		if missing, doubled := Missing(tt.call, tt.heard, tt.unheard); missing != tt.missing || doubled != tt.doubled {
			t.Errorf("%s: %d missing, %d doubled; want %d and %d", name, missing, doubled, tt.missing, tt.doubled)
		}
	}
}
