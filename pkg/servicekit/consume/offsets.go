package consume

import "time"

// offsets follows one partition of one topic: what was taken, in the order of the fetch, and how far
// everything is complete. It is guarded by its partition's mutex.
//
// Offsets have gaps (compaction, transaction markers), so completeness is a matter of the order in which
// messages were taken, never of offsets being consecutive.
type offsets struct {
	next      int64 // where fetching goes on
	committed int64 // what the group's coordinator knows
	high      int64 // end of the partition when it was last fetched

	first uint64 // sequence number of taken[0]
	taken []taken
}

type taken struct {
	offset int64
	at     time.Time
	done   bool
}

// take notes the next message and returns its sequence number.
func (o *offsets) take(offset int64, at time.Time) uint64 {
	o.taken = append(o.taken, taken{offset: offset, at: at})
	o.next = offset + 1
	return o.first + uint64(len(o.taken)) - 1
}

// complete notes that a message is complete, in any order.
func (o *offsets) complete(seq uint64) {
	o.taken[seq-o.first].done = true
	n := 0
	for n < len(o.taken) && o.taken[n].done {
		n++
	}
	o.taken = o.taken[n:]
	o.first += uint64(n) //nolint:gosec // a length
	if len(o.taken) == 0 {
		o.taken = nil
	}
}

// passed tells whether everything up to and including seq is complete.
func (o *offsets) passed(seq uint64) bool { return seq < o.first }

// mark is what may be committed: the offset of the oldest message that is not complete, else where fetching
// goes on.
func (o *offsets) mark() int64 {
	if len(o.taken) > 0 {
		return o.taken[0].offset
	}
	return o.next
}

// skip moves over offsets that no longer exist.
func (o *offsets) skip(next int64) { o.next = max(o.next, next) }

// oldest is when the oldest incomplete message was taken; zero if all are complete.
func (o *offsets) oldest() time.Time {
	if len(o.taken) > 0 {
		return o.taken[0].at
	}
	return time.Time{}
}
