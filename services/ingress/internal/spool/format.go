package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

const (
	magic      = "\x89spool\r\n"
	version    = 1
	headerSize = len(magic) + 4 + 8 + 8 + 8 + 4
	recordSize = 4 + 4 + 8 + 8

	// MaxRecord bounds the data of one record, in bytes.
	MaxRecord = 1 << 20

	// maxJump bounds how many numbers may be missing before a record behind a damaged stretch.
	maxJump = 1 << 32
)

var (
	le         = binary.LittleEndian
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// errVersion: the file is sound and not of this version.
var errVersion = errors.New("it was written by another version of this program")

// header is the beginning of a segment.
type header struct {
	first, acknowledged, salt uint64
}

func (h header) encode() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	b = le.AppendUint32(b, version)
	b = le.AppendUint64(b, h.first)
	b = le.AppendUint64(b, h.acknowledged)
	b = le.AppendUint64(b, h.salt)
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeHeader reads a header; ok is false for a damaged one.
func decodeHeader(b []byte) (h header, ok bool, err error) {
	if len(b) < headerSize || crc32.Checksum(b[:headerSize-4], castagnoli) != le.Uint32(b[headerSize-4:]) || string(b[:len(magic)]) != magic {
		return h, false, nil
	}
	b = b[len(magic):]
	if v := le.Uint32(b); v != version {
		return h, false, fmt.Errorf("%w (format %d, not %d)", errVersion, v, version)
	}
	return header{le.Uint64(b[4:]), le.Uint64(b[12:]), le.Uint64(b[20:])}, true, nil
}

const suffix = ".seg"

func (h header) name() string { return fmt.Sprintf("%020d-%016x%s", h.first, h.salt, suffix) }

// parseName reads what a segment's name tells of its header: enough to read the records behind a damaged one.
func parseName(name string) (header, bool) {
	first, salt, ok := strings.Cut(strings.TrimSuffix(name, suffix), "-")
	if !ok || len(first) != 20 || len(salt) != 16 || !strings.HasSuffix(name, suffix) {
		return header{}, false
	}
	var h header
	var errFirst, errSalt error
	h.first, errFirst = strconv.ParseUint(first, 10, 64)
	h.salt, errSalt = strconv.ParseUint(salt, 16, 64)
	h.acknowledged = h.first - 1
	return h, errFirst == nil && errSalt == nil && h.first > 0
}

// seed is what the checksums of a segment's records start from.
func (h header) seed() uint32 {
	return crc32.Checksum(le.AppendUint64(nil, h.salt), castagnoli)
}

// appendRecord puts a record behind b.
func appendRecord(b []byte, seed uint32, number uint64, at time.Time, data []byte) []byte {
	start := len(b)
	b = le.AppendUint32(b, uint32(len(data)))
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, number)
	b = le.AppendUint64(b, uint64(at.UnixNano()))
	b = append(b, data...)
	le.PutUint32(b[start+4:], checksum(seed, b[start:]))
	return b
}

// checksum of a whole record, its own field left out.
func checksum(seed uint32, record []byte) uint32 {
	return crc32.Update(crc32.Update(seed, castagnoli, record[:4]), castagnoli, record[8:])
}

// Record is one record read back.
type Record struct {
	// Number of the record: larger than that of every record appended before.
	Number uint64
	// At is when it was appended, by this machine's clock.
	At time.Time
	// Data is the reader's to keep.
	Data []byte
}

// size of the record in its segment.
func (r Record) size() int { return recordSize + len(r.Data) }

// decode reads the record that b begins with, if one does whose number is after last. Its data lie in b.
func decode(b []byte, seed uint32, last uint64) (r Record, ok bool) {
	if len(b) < recordSize {
		return r, false
	}
	n := int(le.Uint32(b))
	number := le.Uint64(b[8:])
	// The number is looked at first: behind a damaged stretch every byte is tried, and checksums cost.
	if n == 0 || n > MaxRecord || len(b) < recordSize+n || number <= last || number-last > maxJump {
		return r, false
	}
	if checksum(seed, b[:recordSize+n]) != le.Uint32(b[4:]) {
		return r, false
	}
	return Record{Number: number, At: time.Unix(0, int64(le.Uint64(b[16:]))), Data: b[recordSize : recordSize+n]}, true
}

// resync finds the next record in b, whatever stands before it.
func resync(b []byte, seed uint32, last uint64) (skipped int, ok bool) {
	for i := 0; i+recordSize < len(b); i++ {
		if _, ok := decode(b[i:], seed, last); ok {
			return i, true
		}
	}
	return len(b), false
}
