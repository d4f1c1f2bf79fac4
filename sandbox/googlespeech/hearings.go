package googlespeech

import (
	"slices"
	"sync"
)

// hearings counts how often each place of each call was heard, over all streams. A recogniser that hears the same
// audio again, in a stream that began elsewhere, cuts it elsewhere; this one does so on purpose, by the count.
type hearings struct {
	mu    sync.Mutex
	count map[place]int
}

func (h *hearings) of(p place) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count[p]
}

func (h *hearings) add(places []place) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range places {
		h.count[p]++
	}
}

// move is how the cuts around one utterance are moved.
type move int

const (
	// The first time it cuts where the speaker pauses.
	_ move = iota
	// split also cuts after the middle word.
	split
	// merge doesn't cut at the pause after it, unless the pause is long.
	merge
	moves
)

// spoken is one clip at one place of the stream: its own byte 0 there.
type spoken struct {
	clip *clip
	zero int
}

// guide keeps track of where in which call a stream seems to be. The same greeting stands in many calls, and the same
// part several times in one: what was heard before tells which.
type guide struct {
	heard *hearings
	// where are the tracks that fit all that was heard so far, with their byte 0 in the stream.
	where []place
	moves map[spoken]move
	// owed are utterances given out that could not be told apart yet, so that they count nowhere yet.
	owed []spoken
	told map[spoken]bool
}

func newGuide(h *hearings) *guide {
	return &guide{heard: h, moves: map[spoken]move{}, told: map[spoken]bool{}}
}

// likely tells whether a clip stands on a track that the stream may be on.
func (g *guide) likely(c *clip) bool {
	return slices.ContainsFunc(c.places, func(p place) bool {
		return slices.ContainsFunc(g.where, func(w place) bool { return w.tape == p.tape })
	})
}

// moveOf says how to move the cuts of what r belongs to; the same answer throughout the stream.
func (g *guide) moveOf(r run) move {
	s := spoken{r.clip, r.from - r.at}
	if m, ok := g.moves[s]; ok {
		return m
	}
	g.narrow(s)
	least := -1
	for _, p := range g.places(s) {
		if n := g.heard.of(p); least < 0 || n < least {
			least = n
		}
	}
	m := move(max(least, 0) % int(moves))
	g.moves[s] = m
	return m
}

// narrow keeps the tracks on which s stands where the stream says; after lost or doubled audio those on which it
// stands at all; else it starts anew from s.
func (g *guide) narrow(s spoken) {
	var exact, same []place
	all := make([]place, 0, len(s.clip.places))
	for _, p := range s.clip.places {
		at := place{p.tape, s.zero - p.at}
		all = append(all, at)
		if slices.Contains(g.where, at) {
			exact = append(exact, at)
		}
		if slices.ContainsFunc(g.where, func(w place) bool { return w.tape == p.tape }) {
			same = append(same, at)
		}
	}
	switch {
	case len(exact) > 0:
		g.where = exact
	case len(same) > 0:
		g.where = same
	default:
		g.where = all
	}
}

// places of s on the tracks that the stream may be on: where it stands exactly, or else anywhere on them.
func (g *guide) places(s spoken) []place {
	var exact, same []place
	for _, p := range s.clip.places {
		if slices.Contains(g.where, place{p.tape, s.zero - p.at}) {
			exact = append(exact, p)
		}
		if slices.ContainsFunc(g.where, func(w place) bool { return w.tape == p.tape }) {
			same = append(same, p)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return same
}

// given counts the utterances of words that were given out, each once a stream, as soon as it is clear where they stand.
func (g *guide) given(words []heard) {
	for _, w := range words {
		if s := (spoken{w.run.clip, w.run.from - w.run.at}); !g.told[s] {
			g.told[s] = true
			g.owed = append(g.owed, s)
		}
	}
	g.settle(false)
}

// settle counts what is owed: at the end of the stream also what can't be told apart.
func (g *guide) settle(end bool) {
	owed := g.owed[:0]
	for _, s := range g.owed {
		if p := g.places(s); len(p) == 1 || end {
			g.heard.add(p)
		} else {
			owed = append(owed, s)
		}
	}
	g.owed = owed
}
