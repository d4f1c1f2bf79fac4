package spool

import (
	"errors"
	"fmt"
)

// Read returns the next acknowledged records in order, some max bytes of them, at least one if there is one; none
// if there is none now. They are read once: those that are not committed come again after [Spool.Rewind], and after the
// next Open. The one goroutine that reads also commits and rewinds.
func (s *Spool) Read(max int) ([]Record, error) {
	var out []Record
	for size := 0; size < max; {
		if len(s.ahead) == 0 {
			if more, err := s.fill(); err != nil || !more {
				return out, err
			}
		}
		rec, ok := s.parse()
		if !ok {
			continue
		}
		out = append(out, rec)
		size += rec.size()
	}
	return out, nil
}

// fill reads what stands of the segment at the cursor, or goes on to the next; false if there is nothing more.
func (s *Spool) fill() (bool, error) {
	for {
		s.mu.Lock()
		if s.cursor.segment == len(s.segments) {
			s.mu.Unlock()
			return false, nil
		}
		g := s.segments[s.cursor.segment]
		left, last, sealed := g.synced-s.cursor.offset, g.last, s.cursor.segment < len(s.segments)-1
		if left == 0 && !sealed {
			s.mu.Unlock()
			return false, nil
		}
		if left == 0 {
			s.cursor = cursor{segment: s.cursor.segment + 1, offset: int64(headerSize), last: s.segments[s.cursor.segment+1].first - 1}
			s.mu.Unlock()
			continue
		}
		f, err := g.reader()
		s.mu.Unlock()
		if err != nil {
			return false, err
		}
		b := make([]byte, left) // a segment at most; the records keep it
		if n, err := f.ReadAt(b, s.cursor.offset); int64(n) < left {
			return false, fmt.Errorf("reading the spool: %w", err)
		}
		s.ahead, s.aheadLast = b, last
		return true, nil
	}
}

// parse takes the next record off what was read ahead; false if the reader has no use for it, or none was there.
func (s *Spool) parse() (Record, bool) {
	s.mu.Lock()
	g, committed := s.segments[s.cursor.segment], s.position.committed
	s.mu.Unlock()
	rec, ok := decode(s.ahead, g.seed, s.cursor.last)
	if !ok {
		skipped, found := resync(s.ahead, g.seed, s.cursor.last)
		d := Damage{Bytes: int64(skipped)}
		next := s.aheadLast + 1 // the first number that is not missing
		if found {
			next = le.Uint64(s.ahead[skipped+8:])
		}
		if before := max(s.cursor.last, committed); next > before+1 {
			d.Records = next - before - 1
		}
		s.lose(g, d)
		s.skip(skipped, next-1)
		return rec, false
	}
	s.skip(rec.size(), rec.Number)
	if rec.Number <= committed {
		return rec, false
	}
	s.mu.Lock()
	s.read = append(s.read, mark{rec.Number, int64(rec.size()), rec.At})
	if len(s.read) == 1 {
		s.oldest = rec.At
	}
	s.mu.Unlock()
	return rec, true
}

func (s *Spool) skip(n int, last uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = s.ahead[n:]
	s.cursor.offset += int64(n)
	s.cursor.last = last
}

// lose notes damage that has not been told yet.
func (s *Spool) lose(g *segment, d Damage) {
	if g.told {
		return
	}
	s.mu.Lock()
	s.records -= int64(d.Records)
	s.bytes -= d.Bytes
	s.mu.Unlock()
	if s.o.Damaged != nil {
		s.o.Damaged(d)
	}
}

// Rewind makes the records that are read and not committed be read again.
func (s *Spool) Rewind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rewind()
}

func (s *Spool) rewind() {
	s.ahead, s.read = nil, nil
	s.cursor = cursor{offset: int64(headerSize)}
	if len(s.segments) > 0 {
		s.cursor.last = s.segments[0].first - 1
	}
}

// Commit says that all records up to a number, which was read, are done with. They never come again, but for a crash
// that is quicker than the disk. The error says that they will, after the next Open.
func (s *Spool) Commit(number uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(s.read) && s.read[n].number <= number {
		s.records--
		s.bytes -= s.read[n].size
		s.oldest = s.read[n].at // the next one is no older
		n++
	}
	if s.read = s.read[n:]; len(s.read) > 0 {
		s.oldest = s.read[0].at
	}
	if n == 0 {
		return nil
	}
	err := s.position.write(number)
	s.position.committed = number // what the file says counts after the next Open only
	for len(s.segments) > 0 && s.spentLocked(s.segments[0]) {
		if err == nil {
			err = s.position.sync() // before the segment goes: what is missing then is known to be committed
		}
		g := s.segments[0]
		s.segments[0] = nil
		s.segments = s.segments[1:]
		s.disk -= g.synced
		if g == s.active {
			s.active = nil
		}
		if s.cursor.segment > 0 {
			s.cursor.segment--
		} else {
			s.rewind()
		}
		err = errors.Join(err, g.remove())
	}
	return err
}

// spentLocked tells whether a segment can go. The one that is written goes when nobody is about to write.
func (s *Spool) spentLocked(g *segment) bool {
	return g.last <= s.position.committed && (g != s.active || !s.writing && len(s.pending) == 0)
}
