package recogniser

import "sort"

// Timeline maps what a product counts, milliseconds of the audio that it was given, to call time: audio may
// have holes, and a product does not see them. The zero value is ready. Not safe for concurrent use.
type Timeline struct {
	anchors []anchor
	given   int64 // milliseconds of audio given
	end     int64 // call time of the end of what was given
}

// anchor is where audio goes on after a hole: offset in the stream and call time.
type anchor struct{ offset, call int64 }

// Add notes that [start, end) of call time was given next.
func (t *Timeline) Add(start, end int64) {
	if len(t.anchors) == 0 || start != t.end {
		t.anchors = append(t.anchors, anchor{t.given, start})
	}
	t.given += end - start
	t.end = end
}

// Given is how much audio was given, in milliseconds.
func (t *Timeline) Given() int64 { return t.given }

// Offset is how much audio had been given when call time came to ms.
func (t *Timeline) Offset(ms int64) int64 {
	i := sort.Search(len(t.anchors), func(i int) bool { return t.anchors[i].call > ms }) - 1
	if i < 0 {
		return 0
	}
	// Within a hole nothing more had been given than at its beginning.
	next := t.given
	if i+1 < len(t.anchors) {
		next = t.anchors[i+1].offset
	}
	return min(t.anchors[i].offset+ms-t.anchors[i].call, next)
}

// Start is the call time of an offset at which something begins: after a hole that lies there.
func (t *Timeline) Start(offset int64) int64 {
	return t.at(offset, func(a anchor) bool { return a.offset > offset })
}

// End is the call time of an offset at which something ends: before a hole that lies there.
func (t *Timeline) End(offset int64) int64 {
	return t.at(offset, func(a anchor) bool { return a.offset >= offset && a.offset > 0 })
}

func (t *Timeline) at(offset int64, beyond func(anchor) bool) int64 {
	if len(t.anchors) == 0 {
		return 0
	}
	i := max(sort.Search(len(t.anchors), func(i int) bool { return beyond(t.anchors[i]) })-1, 0)
	// A product may count a little more than it was given: nothing is heard beyond the end.
	return min(t.anchors[i].call+offset-t.anchors[i].offset, t.end)
}
