package googlespeech

import (
	"cmp"
	"slices"
)

// slack is how much of a word's sound may be missing: 10 ms, or a quarter of a very short one. A lost 20 ms frame
// therefore costs at least one word, wherever it falls.
const slack = 80

// nearby is how far back a run counts as what was heard just before: 1 s.
const nearby = 8000

// heard is one word in the stream, [from, to) in bytes.
type heard struct {
	text     string
	from, to int
	// run that it was heard in, and which of the clip's words it is.
	run   run
	index int
}

// last tells whether it is the clip's last word.
func (h heard) last() bool { return h.index == len(h.run.clip.words)-1 }

// words returns what was heard from a place in the stream on, in order. Where the same sound fits several clips, the
// longest fit stands; among equals one that is complete, then one that likely tells of (where the stream
// seems to be), then the one taught first.
func (f *follower) words(since int, likely func(*clip) bool) []heard {
	var list []heard
	runs := f.chosen(likely)
	for i, r := range runs {
		again := -1 // a word heard again although its clip did not begin again
		if p := before(runs[:i], r); p != nil {
			again = repeated(*p, r)
		}
		for j, w := range r.clip.words {
			whole := r.covers(w)
			if j == again {
				whole = before(runs[:i], r).covers(w)
			}
			h := heard{w.text, max(r.from, r.from-r.at+w.from), min(r.to(), r.from-r.at+w.to), r, j}
			if whole && h.from >= since && h.from < h.to {
				list = append(list, h)
			}
		}
	}
	return list
}

// covers tells whether a word's sound stands in the run, but for its slack.
func (r run) covers(w word) bool {
	n := w.to - w.from
	return max(0, min(w.to, r.at+r.n)-max(w.from, r.at)) > n-min(slack, n/4+1)
}

// before is the last run of the same clip that ended just before r; nil if there is none.
func before(runs []run, r run) *run {
	for i := len(runs) - 1; i >= 0 && r.from-runs[i].to() <= nearby; i-- {
		if runs[i].clip == r.clip {
			return &runs[i]
		}
	}
	return nil
}

// repeated returns the word in which r jumps back behind p's end, -1 if it doesn't: sound that came twice. That word
// is written again if p had it whole, and lost if it hadn't: either way the text shows that the sound was wrong. A
// clip that is simply said again begins at its beginning, after its end.
func repeated(p, r run) int {
	if r.at >= p.at+p.n || (p.complete() && r.at <= slack) {
		return -1
	}
	for i, w := range r.clip.words {
		if r.at < w.to {
			return i
		}
	}
	return -1
}

// chosen settles which runs stand: none overlaps another, in the stream's order. Sound counts, not length: silence
// fits anything.
func (f *follower) chosen(likely func(*clip) bool) []run {
	runs := slices.Concat(f.done, f.live)
	if len(runs) > 1 {
		slices.SortStableFunc(runs, func(a, b run) int {
			return cmp.Or(cmp.Compare(b.loud, a.loud), first(a.complete(), b.complete()),
				first(likely(a.clip), likely(b.clip)))
		})
	}
	kept := runs[:0]
	for _, r := range runs {
		for _, k := range kept {
			r = r.without(k)
		}
		if r.loud >= enough {
			kept = append(kept, r)
		}
	}
	slices.SortFunc(kept, func(a, b run) int { return a.from - b.from })
	return kept
}

// first puts true before false.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// without is r less what overlaps k.
func (r run) without(k run) run {
	if r.to() <= k.from || k.to() <= r.from {
		return r
	}
	if k.from <= r.from {
		return r.part(min(k.to()-r.from, r.n), r.n)
	}
	return r.part(0, k.from-r.from)
}
