package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// unheard lists what a call.yaml says was spoken and the transcript does not hold, word for word. Without a list of its
// own the whole script is expected of a call whose caller consented, and nothing is said of the others.
func unheard(c *calls.Call, heard []*events.TranscriptSegment) []string {
	if c.Expect.Transcript != nil && len(c.Expect.Transcript) == 0 {
		if len(heard) > 0 {
			return []string{"words were recognised, and none must be"}
		}
		return nil
	}
	texts := []string{spokenBy(heard, events.Party_PARTY_CALLER), spokenBy(heard, events.Party_PARTY_AGENT)}
	expected := c.Expect.Transcript
	if expected == nil && (c.Expect.Consent == nil || *c.Expect.Consent || len(heard) > 0) {
		for _, u := range c.Script {
			expected = append(expected, u.Text)
		}
	}
	var missing []string
	for i, e := range expected {
		words := " " + bareWords(e) + " "
		if !slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, words) }) {
			missing = append(missing, fmt.Sprintf("the transcript lacks utterance %d, or has it otherwise", i+1))
		}
	}
	return missing
}

// spokenBy is one party's words in order of time, each once: a segment that was recognised again overlaps the one before and adds
// only what comes after it.
func spokenBy(heard []*events.TranscriptSegment, party events.Party) string {
	var mine []*events.TranscriptSegment
	for _, s := range heard {
		if s.GetParty() == party {
			mine = append(mine, s)
		}
	}
	slices.SortStableFunc(mine, func(a, b *events.TranscriptSegment) int { return cmp.Compare(a.GetStartMs(), b.GetStartMs()) })
	var b strings.Builder
	b.WriteByte(' ')
	until := int64(-1)
	for _, s := range mine {
		switch {
		case s.GetStartMs() >= until || len(s.GetWords()) == 0:
			b.WriteString(bareWords(s.GetText()) + " ")
		default:
			for _, w := range s.GetWords() {
				if w.GetStartMs() >= until {
					b.WriteString(bareWords(w.GetText()) + " ")
				}
			}
		}
		until = max(until, s.GetEndMs())
	}
	return b.String()
}

// bareWords is text in lower case, letters and digits only, one space between words.
func bareWords(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}
