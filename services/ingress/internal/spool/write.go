package spool

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// write is the writer's goroutine. It ends when the spool is closed and nothing waits.
func (s *Spool) write() {
	defer close(s.done)
	var buf []byte
	for {
		s.mu.Lock()
		batch, closed := s.pending, s.closed
		s.pending = nil
		s.writing = len(batch) > 0
		s.mu.Unlock()
		if len(batch) == 0 {
			if closed {
				return
			}
			<-s.wake
			continue
		}
		for len(batch) > 0 {
			n := s.fits(batch)
			buf = s.flush(batch[:n], buf[:0], n == len(batch))
			batch = batch[n:]
		}
		poke(s.added)
		if cap(buf) > 4<<20 {
			buf = nil
		}
	}
}

// fits is how many of the groups go into the segment that is written, at least one. It seals one that has no room.
func (s *Spool) fits(batch []group) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := int64(headerSize)
	if s.active != nil {
		if size = s.active.synced; size+batch[0].size > s.o.SegmentBytes {
			s.active, size = nil, int64(headerSize)
		}
	}
	for n := range batch {
		if size += batch[n].size; size > s.o.SegmentBytes && n > 0 {
			return n
		}
	}
	return len(batch)
}

// flush writes groups into the active segment, or a new one, syncs it and tells them. After the last ones of a batch the writer
// has nothing in its hands any more: who is told and commits at once finds a segment that can go.
func (s *Spool) flush(batch []group, buf []byte, last bool) []byte {
	now := time.Now()
	s.mu.Lock()
	g, fresh := s.active, s.active == nil
	if fresh {
		g = newSegment(s.dir, s.next, s.acked)
		buf = append(buf, g.header.encode()...)
	}
	number, records := s.next, int64(0)
	s.mu.Unlock()
	var size int64
	for _, grp := range batch {
		for _, d := range grp.data {
			buf = appendRecord(buf, g.seed, number, now, d)
			number++
			records++
		}
		size += grp.size
	}
	err := s.put(g, fresh, buf)
	s.mu.Lock()
	s.next = number // also after a failure: nobody knows what of it stands on the disk
	if err != nil {
		s.disk -= size
		s.active = nil
		if !fresh {
			_ = g.f.Truncate(g.synced) // else it is cut off at the next start
		}
	} else {
		if fresh {
			s.segments, s.active = append(s.segments, g), g
			s.disk += int64(headerSize)
		}
		g.synced += int64(len(buf))
		g.last, s.acked = number-1, number-1
		if s.records == 0 {
			s.oldest = now
		}
		s.records += records
		s.bytes += size
	}
	s.writing = !last
	s.mu.Unlock()
	if isFull(err) {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	}
	for _, grp := range batch {
		grp.done(err)
	}
	return buf
}

// put writes b at the end of a segment and syncs it. A fresh one that fails is taken away again.
func (s *Spool) put(g *segment, fresh bool, b []byte) (err error) {
	if fresh {
		if g.f, err = s.create(g.path); err != nil {
			return fmt.Errorf("making a segment of the spool: %w", err)
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, g.remove())
			}
		}()
	}
	if _, err := g.f.WriteAt(b, g.synced); err != nil {
		return fmt.Errorf("writing to the spool: %w", err)
	}
	if err := g.f.Sync(); err != nil {
		return fmt.Errorf("syncing the spool: %w", err)
	}
	if fresh {
		return syncFolder(s.dir)
	}
	return nil
}

// newSegment is one that is not made yet.
func newSegment(dir string, first, acknowledged uint64) *segment {
	h := header{first: first, acknowledged: acknowledged, salt: newSalt()}
	return &segment{header: h, path: filepath.Join(dir, h.name()), seed: h.seed(), last: first - 1}
}

// newSalt is drawn at random: who could guess it could write data that pass for records.
func newSalt() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint64(b[:])
}
