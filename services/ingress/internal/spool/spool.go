package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// The package's own errors; find them with errors.Is.
var (
	// ErrFull: the bound is reached, or the disk is full. What was appended is not kept.
	ErrFull = errors.New("the spool is full")
	// ErrLocked: another process has the folder.
	ErrLocked = errors.New("the spool's folder is in use by another process")
	// ErrClosed: the spool was closed.
	ErrClosed = errors.New("the spool is closed")
)

// Options of a spool.
type Options struct {
	// MaxBytes bounds what the segments take on the disk, at least 64 KiB.
	MaxBytes int64
	// Reserve is how much of that only those who append with reserve may use.
	Reserve int64
	// SegmentBytes is about how large a segment grows; default a sixteenth of MaxBytes, 32 KiB to 16 MiB. The disk space
	// of what is committed is free when its whole segment is.
	SegmentBytes int64
	// Damaged is told of damage that a reader has come upon; from the reader's goroutine. May be nil.
	Damaged func(Damage)
}

func (o Options) withDefaults() Options {
	o.MaxBytes = max(o.MaxBytes, 64<<10)
	o.Reserve = min(max(o.Reserve, 0), o.MaxBytes)
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = min(max(o.MaxBytes/16, 32<<10), 16<<20)
	}
	return o
}

// Damage is what could not be read.
type Damage struct {
	// Records is how many acknowledged records are known to be lost.
	Records uint64
	// Bytes that were skipped.
	Bytes int64
}

// Report is what Open found.
type Report struct {
	// Records and Bytes that wait to be read.
	Records, Bytes int64
	// Lost is what lies damaged in front of something that can be read.
	Lost Damage
	// CutBytes stood unreadable at the ends of segments and are cut off, at CutPlaces of them: what a process was writing
	// when it died, or records that the disk has lost. Acknowledged ones among them are counted in Lost where that can be known.
	CutBytes  int64
	CutPlaces int
	// PositionLost: nobody knows any more what was committed, and all that is there is read again.
	PositionLost bool
}

// Damaged tells whether anything was wrong.
func (r Report) Damaged() bool { return r.Lost != (Damage{}) || r.CutBytes > 0 || r.PositionLost }

// Stats are what a spool holds.
type Stats struct {
	// Records and Bytes that are acknowledged and not committed.
	Records, Bytes int64
	// Oldest is when the oldest of them was appended, to within a reader's window; the zero time if there is none.
	Oldest time.Time
	// Disk is what the segments take, committed records among them.
	Disk int64
}

// Spool is one folder. Append, Commit and Stats are safe for concurrent use; one goroutine reads.
type Spool struct {
	dir  string
	o    Options
	lock *os.File

	wake  chan struct{} // holds a token while something waits to be written
	added chan struct{} // holds a token while there may be something to read
	done  chan struct{} // closed when the writer has ended

	mu       sync.Mutex
	closed   bool
	pending  []group
	writing  bool // the writer has a batch in its hands
	disk     int64
	next     uint64 // number of the next record
	acked    uint64 // the last number that was acknowledged
	segments []*segment
	active   *segment // the last of segments, or nil
	records  int64    // acknowledged, not committed
	bytes    int64
	oldest   time.Time
	cursor   cursor
	read     []mark // read and not committed

	// The reader's own: what it has read of the segment at the cursor, and the last number in it.
	ahead     []byte
	aheadLast uint64

	position *position

	create func(path string) (file, error)
}

// group is what is appended together.
type group struct {
	data [][]byte
	size int64
	done func(error)
}

// mark is one record that a reader has.
type mark struct {
	number uint64
	size   int64
	at     time.Time
}

// cursor is where the reader goes on.
type cursor struct {
	segment int // index in segments
	offset  int64
	last    uint64 // number of the last record before it
}

// Append puts data, one record each, at the end, together or not at all, and calls done once, from the writer's goroutine:
// with nil when all of it stands on the disk, else with an error, [ErrFull] among them; that one does not mean that nothing of
// it is kept. It never waits. With an error of its own nothing was taken, and done is not called. done must not block.
// The data are the spool's until then. Records appended by one goroutine, or under one lock, are read in that order.
func (s *Spool) Append(reserve bool, done func(error), data ...[]byte) error {
	g := group{data: data, done: done}
	for _, d := range data {
		if len(d) == 0 || len(d) > MaxRecord {
			return fmt.Errorf("a record of %d bytes: it must have 1 to %d", len(d), MaxRecord)
		}
		g.size += int64(recordSize + len(d))
	}
	bound := s.o.MaxBytes
	if !reserve {
		bound -= s.o.Reserve
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.disk+g.size+int64(headerSize) > bound: // a segment's header is room that somebody has to have
		return ErrFull
	}
	s.pending = append(s.pending, g)
	s.disk += g.size
	poke(s.wake)
	return nil
}

// Put is Append that waits, until ctx ends at the latest.
func (s *Spool) Put(ctx context.Context, reserve bool, data ...[]byte) error {
	stored := make(chan error, 1)
	if err := s.Append(reserve, func(err error) { stored <- err }, data...); err != nil {
		return err
	}
	select {
	case err := <-stored:
		return err
	case <-ctx.Done():
		return fmt.Errorf("waiting for the spool: %w", ctx.Err())
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Added gets a token when something was appended since the last one.
func (s *Spool) Added() <-chan struct{} { return s.added }

// Stats returns what the spool holds.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Records: s.records, Bytes: s.bytes, Disk: s.disk}
	if s.records > 0 {
		st.Oldest = s.oldest
	}
	return st
}

// Empty tells whether all that was ever appended is committed, what is being written included.
func (s *Spool) Empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emptyLocked()
}

func (s *Spool) emptyLocked() bool {
	return len(s.pending) == 0 && !s.writing && len(s.read) == 0 && s.behindLocked() == 0
}

// behindLocked is how many bytes of the segments the reader has not come to.
func (s *Spool) behindLocked() (n int64) {
	for i := s.cursor.segment; i < len(s.segments); i++ {
		n += s.segments[i].synced - int64(headerSize)
	}
	if s.cursor.segment < len(s.segments) {
		n -= s.cursor.offset - int64(headerSize)
	}
	return n
}

// Close waits until what was appended is written, and lets go of the folder. What is not committed is there at the
// next Open. Nobody may read meanwhile.
func (s *Spool) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		<-s.done
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	poke(s.wake)
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := []error{s.position.sync(), s.position.f.Close()}
	for _, g := range s.segments {
		errs = append(errs, g.close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}
