package spool

import (
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

// position is the file that says up to which record all is committed.
type position struct {
	f          *os.File
	committed  uint64
	generation uint64
}

// A slot is overwritten only while the other one is good.
const slotSize = 8 + 8 + 4

// openPosition reads the position; sound is false if there was one and it can't be read: then all begins again.
func openPosition(dir string) (p *position, sound bool, err error) {
	f, err := os.OpenFile(filepath.Join(dir, "position"), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the folder is a setting
	if err != nil {
		return nil, false, err //nolint:wrapcheck // it names the file
	}
	b := make([]byte, 2*slotSize)
	n, _ := f.ReadAt(b, 0) // a short file has fewer slots
	p, sound = &position{f: f}, n == 0
	for slot := b[:n]; len(slot) >= slotSize; slot = slot[slotSize:] {
		if crc32.Checksum(slot[:slotSize-4], castagnoli) != le.Uint32(slot[slotSize-4:]) {
			continue
		}
		if committed, generation := le.Uint64(slot), le.Uint64(slot[8:]); generation > p.generation {
			p.committed, p.generation, sound = committed, generation, true
		}
	}
	return p, sound, nil
}

// write notes that all up to a record is committed.
func (p *position) write(committed uint64) error {
	b := le.AppendUint64(make([]byte, 0, slotSize), committed)
	b = le.AppendUint64(b, p.generation+1)
	b = le.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if _, err := p.f.WriteAt(b, int64((p.generation+1)%2)*slotSize); err != nil {
		return fmt.Errorf("writing the position: %w", err)
	}
	p.committed = committed
	p.generation++
	return nil
}

func (p *position) sync() error {
	if err := p.f.Sync(); err != nil {
		return fmt.Errorf("syncing the position: %w", err)
	}
	return nil
}
