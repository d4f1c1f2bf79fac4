package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Open opens the spool of a folder, made if need be, and cuts off what a crash has left behind. The error is of a folder
// that can't be used ([ErrLocked]: another process has it); damage is none, and stands in the report.
func Open(dir string, o Options) (*Spool, Report, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, Report{}, fmt.Errorf("making the spool's folder: %w", err)
	}
	held, err := lock(dir)
	if err != nil {
		return nil, Report{}, fmt.Errorf("opening the spool %s: %w", dir, err)
	}
	s := &Spool{
		dir: dir, o: o.withDefaults(), lock: held, create: createFile,
		wake: make(chan struct{}, 1), added: make(chan struct{}, 1), done: make(chan struct{}),
	}
	report, err := s.load()
	if err != nil {
		if s.position != nil {
			err = errors.Join(err, s.position.f.Close())
		}
		return nil, report, fmt.Errorf("opening the spool %s: %w", dir, errors.Join(err, held.Close()))
	}
	go s.write()
	return s, report, nil
}

// load finds out what is there.
func (s *Spool) load() (Report, error) {
	var r Report
	p, sound, err := openPosition(s.dir)
	if err != nil {
		return r, err
	}
	s.position = p
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return r, err //nolint:wrapcheck // it names the folder
	}
	s.acked = p.committed
	seen := p.committed // the last number that was read, or is known to be committed; 0 if nobody knows
	for _, e := range entries {
		named, ok := parseName(e.Name())
		if !ok {
			if strings.HasSuffix(e.Name(), suffix) {
				return r, fmt.Errorf("%s is no segment of this spool; move it elsewhere", e.Name())
			}
			continue
		}
		if seen, err = s.loadSegment(named, seen, &r); err != nil {
			return r, err
		}
	}
	r.PositionLost = !sound
	s.next = s.acked + 1
	s.records, s.bytes = r.Records, r.Bytes
	s.rewind()
	return r, nil
}

// loadSegment reads one segment and returns the last number seen. Segments come in the order of their names.
func (s *Spool) loadSegment(named header, seen uint64, r *Report) (uint64, error) {
	path := filepath.Join(s.dir, named.name())
	b, err := os.ReadFile(path) //nolint:gosec // a file of our own folder
	if err != nil {
		return seen, err //nolint:wrapcheck // it names the file
	}
	h, ok, err := decodeHeader(b)
	switch {
	case err != nil:
		return seen, fmt.Errorf("%s: %w", path, err)
	case !ok && len(b) <= headerSize: // died as it was born: nothing was acknowledged in it
		r.cut(int64(len(b)))
		s.acked = max(s.acked, named.acknowledged)
		return seen, os.Remove(path)
	case !ok:
		h = named
		r.Lost.Bytes += int64(headerSize)
	}
	g := &segment{header: h, path: path, seed: h.seed(), last: h.first - 1, told: true}
	if h.acknowledged > seen && seen > 0 {
		r.Lost.Records += h.acknowledged - seen
	}
	seen = max(seen, h.acknowledged)
	end := headerSize
	for off := headerSize; off < len(b); {
		rec, ok := decode(b[off:], g.seed, g.last)
		if !ok {
			skipped, found := resync(b[off:], g.seed, g.last)
			if !found {
				break
			}
			r.Lost.Bytes += int64(skipped)
			off += skipped
			continue
		}
		if before := max(g.last, s.position.committed); rec.Number > before+1 {
			r.Lost.Records += rec.Number - before - 1
		}
		g.last = rec.Number
		off += rec.size()
		end = off
		if rec.Number > s.position.committed {
			if r.Records++; r.Records == 1 {
				s.oldest = rec.At
			}
			r.Bytes += int64(rec.size())
		}
	}
	seen = max(seen, g.last)
	s.acked = max(s.acked, seen)
	if end < len(b) {
		r.cut(int64(len(b) - end))
		if err := os.Truncate(path, int64(end)); err != nil {
			return seen, fmt.Errorf("cutting off what a crash has left: %w", err)
		}
	}
	g.synced = int64(end)
	if g.last <= s.position.committed { // all of it is committed, or it holds nothing
		return seen, os.Remove(path)
	}
	s.disk += g.synced
	s.segments = append(s.segments, g)
	return seen, nil
}

func (r *Report) cut(bytes int64) {
	r.CutBytes += bytes
	r.CutPlaces++
}
