package app

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// line is one utterance, after what had been taken before was cut from it.
type line struct {
	stream, run, language string
	party                 events.Party
	startMS, endMS        int64
	text                  string
}

// track is where media time is taken: the same minute may be heard once per stream, run and party.
type track struct {
	stream, run string
	party       events.Party
}

// transcript is the words of one call, segment by segment in the order of their offsets. It is kept in memory
// while the call is open, and made again from calls.transcripts when it is needed later.
type transcript struct {
	lines []line
	taken map[track][]span
}

// span is [from, to) of call time.
type span struct{ from, to int64 }

func newTranscript() *transcript { return &transcript{taken: map[track][]span{}} }

// add takes what is new in a segment. A recogniser that hears the same audio again moves the boundaries, so
// neither ids nor starts tell a repeat; the media time does. A word belongs to the time at its middle.
func (t *transcript) add(m *events.TranscriptSegment) {
	k := track{m.GetStreamId(), m.GetRun(), m.GetParty()}
	taken := t.taken[k]
	l := line{
		stream: m.GetStreamId(), run: m.GetRun(), party: m.GetParty(), language: m.GetLanguage(),
		startMS: m.GetStartMs(), endMS: m.GetEndMs(), text: strings.TrimSpace(m.GetText()),
	}
	reach := span{m.GetStartMs(), m.GetEndMs()}
	switch kept := fresh(m.GetWords(), taken); {
	case len(m.GetWords()) == 0:
		// Without word times recognition restarts exactly where it had come to: all or nothing.
		if covered(taken, (reach.from+reach.to)/2) {
			l.text = ""
		}
	case len(kept) < len(m.GetWords()):
		l.text = ""
		if len(kept) > 0 {
			l.text, l.startMS, l.endMS = join(kept), kept[0].GetStartMs(), kept[len(kept)-1].GetEndMs()
		}
	}
	for _, w := range m.GetWords() {
		reach.from, reach.to = min(reach.from, w.GetStartMs()), max(reach.to, w.GetEndMs())
	}
	t.taken[k] = take(taken, reach)
	if l.text != "" {
		t.lines = append(t.lines, l)
	}
}

func fresh(words []*events.Word, taken []span) []*events.Word {
	if len(taken) == 0 {
		return words
	}
	kept := make([]*events.Word, 0, len(words))
	for _, w := range words {
		if !covered(taken, (w.GetStartMs()+w.GetEndMs())/2) {
			kept = append(kept, w)
		}
	}
	return kept
}

func join(words []*events.Word) string {
	parts := make([]string, 0, len(words))
	for _, w := range words {
		parts = append(parts, w.GetText())
	}
	return strings.Join(parts, " ")
}

func covered(taken []span, at int64) bool {
	return slices.ContainsFunc(taken, func(s span) bool { return s.from <= at && at < s.to })
}

// take adds s to spans that are sorted and don't touch.
func take(taken []span, s span) []span {
	out := make([]span, 0, len(taken)+1)
	for _, t := range taken {
		if t.to < s.from || s.to < t.from {
			out = append(out, t)
			continue
		}
		s = span{min(s.from, t.from), max(s.to, t.to)}
	}
	out = append(out, s)
	slices.SortFunc(out, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return out
}

// chosen returns the lines of the run that counts for each stream, in order of time.
func (t *transcript) chosen(s *events.CallState) []line {
	runs := make(map[string]string, len(s.GetStreams()))
	for _, st := range s.GetStreams() {
		runs[st.GetStreamId()] = st.GetRun()
	}
	var out []line
	for _, l := range t.lines {
		if runs[l.stream] == l.run {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.startMS, b.startMS), cmp.Compare(a.party, b.party), cmp.Compare(a.stream, b.stream))
	})
	return out
}

// transcriptID names a transcript by its words and when they were said: the same words, the same question.
func transcriptID(lines []line) string {
	h := sha256.New()
	for _, l := range lines {
		fmt.Fprintf(h, "%d\x1f%d\x1f%d\x1f%s\x1e", l.party, l.startMS, l.endMS, l.text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// callerSpoke tells whether any of it is the caller's: what the receptionist says to nobody is no conversation.
func callerSpoke(lines []line) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return l.party == events.Party_PARTY_CALLER })
}

// spoken is the language of most of the caller's words; the line's own if no recogniser told.
func spoken(lines []line, fallback string) string {
	count, best := map[string]int{}, fallback
	for _, l := range lines {
		if l.party == events.Party_PARTY_CALLER && l.language != "" {
			count[l.language] += len(l.text)
			if n, b := count[l.language], count[best]; n > b || n == b && l.language < best {
				best = l.language
			}
		}
	}
	return best
}
