package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// line is one thing that must have been recognised.
type line struct {
	// at is its place, "utterance 4" of the script or "line 2" of expect.transcript.
	at, text string
	// party who says it; PARTY_UNSPECIFIED where call.yaml doesn't tell.
	party events.Party
}

// unheard lists what a call.yaml says was spoken and the transcript does not hold, word for word. Without a list of its
// own the whole script is expected of a call whose caller consented, and nothing is said of the others.
func unheard(c *calls.Call, heard []*events.TranscriptSegment) []string {
	if c.Expect.Transcript != nil && len(c.Expect.Transcript) == 0 {
		return noneMustBe(heard)
	}
	spoken := map[events.Party][]string{}
	for _, p := range []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT} {
		spoken[p] = spokenBy(heard, p)
	}
	var missing []string
	for _, l := range expectedLines(c, len(heard) > 0) {
		if d := l.in(spoken); d.edits > 0 {
			missing = append(missing, lacking(l, d))
		}
	}
	return missing
}

func expectedLines(c *calls.Call, anyHeard bool) []line {
	var lines []line
	for i, text := range c.Expect.Transcript {
		lines = append(lines, line{at: fmt.Sprintf("line %d", i+1), text: text})
	}
	if c.Expect.Transcript != nil || c.Expect.Consent != nil && !*c.Expect.Consent && !anyHeard {
		return lines
	}
	for i, u := range c.Script {
		party := events.Party_PARTY_CALLER
		if u.Track == calls.TrackAgent {
			party = events.Party_PARTY_AGENT
		}
		lines = append(lines, line{at: fmt.Sprintf("utterance %d", i+1), text: u.Text, party: party})
	}
	return lines
}

// in is how the line differs from what was heard of whoever says it; where nobody is named, of whoever comes nearest.
func (l line) in(spoken map[events.Party][]string) diff {
	said := bareWords(l.text)
	if own, named := spoken[l.party]; named {
		return nearest(said, own)
	}
	caller, agent := nearest(said, spoken[events.Party_PARTY_CALLER]), nearest(said, spoken[events.Party_PARTY_AGENT])
	if agent.edits < caller.edits {
		return agent
	}
	return caller
}

func lacking(l line, d diff) string {
	// What shares hardly a word with it is another utterance.
	if 3*d.kept < len(bareWords(l.text)) {
		return fmt.Sprintf("the transcript lacks %s, %q: nothing like it was heard", l.at, l.text)
	}
	return fmt.Sprintf("the transcript has %s otherwise: %s", l.at, d.text)
}

// noneMustBe tells of words where none must be.
func noneMustBe(heard []*events.TranscriptSegment) []string {
	if len(heard) == 0 {
		return nil
	}
	first := slices.MinFunc(heard, byStart)
	return []string{fmt.Sprintf("words were recognised, and none must be: %q at %.1f s, the first of %d segments",
		first.GetText(), float64(first.GetStartMs())/1000, len(heard))}
}

func byStart(a, b *events.TranscriptSegment) int { return cmp.Compare(a.GetStartMs(), b.GetStartMs()) }

// spokenBy is one party's words in order of time, each once: a segment that was recognised again overlaps the one before and adds
// only what comes after it.
func spokenBy(heard []*events.TranscriptSegment, party events.Party) []string {
	var mine []*events.TranscriptSegment
	for _, s := range heard {
		if s.GetParty() == party {
			mine = append(mine, s)
		}
	}
	slices.SortStableFunc(mine, byStart)
	var all []string
	until := int64(-1)
	for _, s := range mine {
		switch {
		case s.GetStartMs() >= until || len(s.GetWords()) == 0:
			all = append(all, bareWords(s.GetText())...)
		default:
			for _, w := range s.GetWords() {
				if w.GetStartMs() >= until {
					all = append(all, bareWords(w.GetText())...)
				}
			}
		}
		until = max(until, s.GetEndMs())
	}
	return all
}

// bareWords are the words of text in lower case, letters and digits only.
func bareWords(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Missing counts the words of a call's script that were not heard where they could be, and those that were heard more often than they
// were said. unheard says how much of a stretch of the sound is known not to have been heard: as many of its words may be missing as
// that takes, and one more on either side. A call of which nothing may be heard misses nothing; what is heard of it has come too much.
func Missing(c *calls.Call, heard []*events.TranscriptSegment, unheard func(from, to time.Duration) time.Duration) (missing, doubled int) {
	spoken := map[events.Party][]string{}
	said := map[events.Party]int{}
	for _, p := range []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT} {
		spoken[p] = spokenBy(heard, p)
	}
	if c.Expect.Transcript != nil && len(c.Expect.Transcript) == 0 {
		return 0, len(spoken[events.Party_PARTY_CALLER]) + len(spoken[events.Party_PARTY_AGENT])
	}
	for i, l := range expectedLines(c, true) {
		words := len(bareWords(l.text))
		said[l.party] += words
		lacks, may := l.in(spoken).edits, 0
		if c.Expect.Transcript == nil {
			u := c.Script[i]
			if gone, long := unheard(u.Start.Std(), u.End.Std()), u.End.Std()-u.Start.Std(); gone > 0 && long > 0 {
				may = int(math.Ceil(float64(words)*min(1, gone.Seconds()/long.Seconds()))) + 2
			}
		}
		missing += max(0, lacks-may)
	}
	if c.Expect.Transcript == nil {
		for p, n := range said {
			doubled += max(0, len(spoken[p])-n)
		}
	}
	return missing, doubled
}
