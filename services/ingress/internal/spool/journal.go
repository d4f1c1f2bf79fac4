package spool

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Journal is a list of things to do on the local disk: what is noted stands there until it is done, in whatever order that is;
// what is not done when the process ends, however it does, is there when the journal is opened again. Disk is freed in the order of
// the notes: one that is not done keeps those behind it, done or not, until it is. Safe for concurrent use.
type Journal struct {
	sp *Spool

	mu    sync.Mutex
	noted uint64            // by this process
	fresh map[uint64]*Entry // notes that were read and whose writers have not come for them yet
	open  []*Entry          // notes that were read and are not committed, oldest first
}

// Entry is one thing to do.
type Entry struct {
	// Data is as it was noted.
	Data []byte

	j      *Journal
	number uint64
	done   bool
}

// OpenJournal opens the journal of a folder, made if need be, and returns what is left to do. The report and the errors are [Open]'s.
// Options.Reserve counts for nothing.
func OpenJournal(dir string, o Options) (*Journal, []*Entry, Report, error) {
	sp, report, err := Open(dir, o)
	if err != nil {
		return nil, nil, report, err
	}
	j := &Journal{sp: sp, fresh: map[uint64]*Entry{}}
	if err := j.read(); err != nil {
		return nil, nil, report, errors.Join(err, sp.Close())
	}
	left := append([]*Entry(nil), j.open...)
	clear(j.fresh) // their writers are gone
	return j, left, report, nil
}

// Note returns when data stand on the disk; those who note at the same time share a sync. The error is [ErrFull], [ErrClosed],
// or the disk's, and says that data may be there at the next opening and are not now.
func (j *Journal) Note(data []byte) (*Entry, error) {
	j.mu.Lock()
	j.noted++
	id := j.noted
	j.mu.Unlock()
	// No caller who goes leaves a note behind that is nobody's.
	if err := j.sp.Put(context.Background(), true, append(le.AppendUint64(nil, id), data...)); err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.read()
	e := j.fresh[id]
	delete(j.fresh, id)
	if e == nil {
		return nil, errors.Join(err, errors.New("the journal's disk has lost what was just noted"))
	}
	return e, nil
}

// read takes in what has been noted.
func (j *Journal) read() error {
	for {
		records, err := j.sp.Read(1 << 20)
		for _, r := range records {
			e := &Entry{j: j, number: r.Number}
			if len(r.Data) < 8 {
				return fmt.Errorf("record %d of the journal is none", r.Number)
			}
			e.Data = r.Data[8:]
			j.fresh[le.Uint64(r.Data)] = e
			j.open = append(j.open, e)
		}
		if err != nil || len(records) == 0 {
			return err
		}
	}
}

// Done says that nothing is left to do for an entry; once more does nothing. The error says that it comes again with the next
// opening all the same.
func (e *Entry) Done() error {
	e.j.mu.Lock()
	defer e.j.mu.Unlock()
	e.done = true
	n := 0
	for n < len(e.j.open) && e.j.open[n].done {
		n++
	}
	if n == 0 {
		return nil
	}
	last := e.j.open[n-1].number
	e.j.open = e.j.open[n:]
	return e.j.sp.Commit(last)
}

// Close leaves what is not done for the next opening. Nothing can be noted after it has begun.
func (j *Journal) Close() error { return j.sp.Close() }
