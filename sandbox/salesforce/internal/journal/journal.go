// Package journal is an append-only file of checksummed records that survives a kill at any byte: a torn tail is
// cut when the file is opened, and what was synced is whole.
//
// A record is its length (uint32, big endian), the CRC-32C of length and payload, and the payload.
package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
)

const (
	headerSize = 8
	// MaxRecord bounds one record, so that a length read from garbage is not allocated.
	MaxRecord = 256 << 20
)

// Journal is open for appending. Safe for concurrent use.
type Journal struct {
	mu     sync.Mutex
	f      *os.File
	size   int64
	broken error

	syncMu sync.Mutex
	synced int64
}

// Open reads every whole record of the file at path in order, making it and its folder if need be, cuts a torn
// tail, and leaves it open for appending. An error of read ends it.
func Open(path string, read func(payload []byte) error) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the journal's folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator's own folder
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	size, err := replay(f, read)
	if err == nil {
		err = cut(f, path, size)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Journal{f: f, size: size, synced: size}, nil
}

// replay hands the whole records to read and returns where they end.
func replay(f *os.File, read func([]byte) error) (int64, error) {
	r := bufio.NewReaderSize(f, 1<<20)
	var size int64
	var header [headerSize]byte
	for {
		if _, err := io.ReadFull(r, header[:]); err != nil {
			return size, torn(err)
		}
		n := binary.BigEndian.Uint32(header[:4])
		if n > MaxRecord {
			return size, nil
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(r, payload); err != nil {
			return size, torn(err)
		}
		if checksum(header[:4], payload) != binary.BigEndian.Uint32(header[4:]) {
			return size, nil
		}
		if err := read(payload); err != nil {
			return size, fmt.Errorf("reading the journal's record at byte %d: %w", size, err)
		}
		size += headerSize + int64(n)
	}
}

// torn tells the end of the file from a disk that can't be read.
func torn(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("reading the journal: %w", err)
}

// cut ends the file at size and makes the file's name durable.
func cut(f *os.File, path string, size int64) error {
	if err := f.Truncate(size); err != nil {
		return fmt.Errorf("cutting the journal's torn tail: %w", err)
	}
	if _, err := f.Seek(size, io.SeekStart); err != nil {
		return fmt.Errorf("finding the journal's end: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("syncing the journal: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("opening the journal's folder: %w", err)
	}
	// Some file systems refuse to sync a folder; the file itself is synced.
	_ = dir.Sync()
	return dir.Close()
}

func checksum(length, payload []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(length, table), table, payload)
}

// Append writes a record and returns its position for [Journal.Sync]. It is safe from a kill of the process at
// once, from a loss of power after Sync. After a failed write the journal takes no more.
func (j *Journal) Append(payload []byte) (int64, error) {
	if len(payload) > MaxRecord {
		return 0, fmt.Errorf("journal record has %d bytes, more than %d", len(payload), MaxRecord)
	}
	b := make([]byte, headerSize, headerSize+len(payload))
	binary.BigEndian.PutUint32(b, uint32(len(payload)))
	binary.BigEndian.PutUint32(b[4:], checksum(b[:4], payload))
	b = append(b, payload...)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return 0, j.broken
	}
	if _, err := j.f.Write(b); err != nil {
		j.broken = fmt.Errorf("writing the journal: %w", err)
		// What stands after the last whole record would hide the ones after it.
		if cutErr := j.f.Truncate(j.size); cutErr != nil {
			j.broken = errors.Join(j.broken, cutErr)
		}
		return 0, j.broken
	}
	j.size += int64(len(b))
	return j.size, nil
}

// Sync returns when everything up to position is on the disk. Callers that wait at the same time share one fsync.
func (j *Journal) Sync(position int64) error {
	j.syncMu.Lock()
	defer j.syncMu.Unlock()
	if j.synced >= position {
		return nil
	}
	j.mu.Lock()
	end, broken := j.size, j.broken
	j.mu.Unlock()
	if broken != nil && end < position {
		return broken
	}
	if err := j.f.Sync(); err != nil {
		err = fmt.Errorf("syncing the journal: %w", err)
		j.mu.Lock()
		j.broken = err
		j.mu.Unlock()
		return err
	}
	j.synced = end
	return nil
}

// Close syncs and closes the file.
func (j *Journal) Close() error {
	return errors.Join(j.f.Sync(), j.f.Close())
}
