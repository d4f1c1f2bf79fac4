package app

import "sort"

// entry is one audio message that is not done.
type entry struct {
	chunk uint64
	end   int64       // call time after its last sample
	done  func(error) // nil while the partition is nobody's
}

// ledger is a track's messages that are not done, in order of chunk and of call time.
type ledger struct{ entries []entry }

func (l *ledger) add(e entry) { l.entries = append(l.entries, e) }

// cover completes what lies before call time ms.
func (l *ledger) cover(ms int64) {
	n := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].end > ms })
	l.complete(n)
}

// close completes everything.
func (l *ledger) close() { l.complete(len(l.entries)) }

func (l *ledger) complete(n int) {
	for _, e := range l.entries[:n] {
		if e.done != nil {
			e.done(nil)
		}
	}
	clear(l.entries[:n])
	l.entries = l.entries[n:]
}

// again adds the completion of a message that has come once more, fetched again after a change of hands or
// published twice, and tells whether it is open here.
func (l *ledger) again(chunk uint64, done func(error)) bool {
	i := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].chunk >= chunk })
	if i == len(l.entries) || l.entries[i].chunk != chunk {
		return false
	}
	if before := l.entries[i].done; before != nil {
		l.entries[i].done = func(err error) {
			before(err)
			done(err)
		}
		return true
	}
	l.entries[i].done = done
	return true
}

// orphan forgets completions that no longer count: the messages will come again, here or elsewhere.
func (l *ledger) orphan() {
	for i := range l.entries {
		l.entries[i].done = nil
	}
}
