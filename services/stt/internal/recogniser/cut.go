package recogniser

import "strings"

// After returns f without what was told before call time ms, and whether any words are left. A word belongs
// to the side on which its middle is; downstream cuts by the same rule. Without word times the whole
// utterance counts as one word.
func (f Final) After(ms int64) (Final, bool) {
	if f.Text == "" || f.End <= ms {
		return Final{Start: max(f.Start, ms), End: max(f.End, ms)}, false
	}
	if f.Start >= ms && (len(f.Words) == 0 || f.Words[0].Start >= ms) {
		return f, true
	}
	if len(f.Words) == 0 {
		if (f.Start+f.End)/2 < ms {
			return Final{Start: ms, End: f.End}, false
		}
		f.Start = ms
		return f, true
	}
	first := 0
	for first < len(f.Words) && (f.Words[first].Start+f.Words[first].End)/2 < ms {
		first++
	}
	f.Start = max(f.Start, ms)
	if first == len(f.Words) {
		return Final{Start: f.Start, End: f.End}, false
	}
	kept := make([]Word, len(f.Words)-first)
	copy(kept, f.Words[first:])
	// Whoever cuts again downstream does it by these times: what is kept must lie on this side whole.
	kept[0].Start = max(kept[0].Start, ms)
	if first > 0 {
		f.Text = joined(kept)
	}
	f.Start, f.Words = max(kept[0].Start, ms), kept
	return f, true
}

// Before returns f without what is said from call time ms on, and whether any words are left: the other side of [Final.After].
func (f Final) Before(ms int64) (Final, bool) {
	switch {
	case f.Text == "" || f.End <= ms:
		return f, f.Text != ""
	case len(f.Words) == 0:
		if (f.Start+f.End)/2 >= ms {
			return Final{Start: min(f.Start, ms), End: ms}, false
		}
		f.End = ms
		return f, true
	}
	n := 0
	for n < len(f.Words) && (f.Words[n].Start+f.Words[n].End)/2 < ms {
		n++
	}
	if n == 0 {
		return Final{Start: min(f.Start, ms), End: ms}, false
	}
	kept := make([]Word, n)
	copy(kept, f.Words)
	if n < len(f.Words) {
		f.Text = joined(kept)
	}
	// It ends with its last word, even beyond ms: whoever goes on from there hears the next one whole.
	f.Words, f.End = kept, kept[n-1].End
	return f, true
}

func joined(words []Word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.Text)
	}
	return b.String()
}
