package produce

import (
	"io"

	"github.com/segmentio/kafka-go"
)

// Framing of record batches, format version 2 (Kafka protocol, "Record Batch"), at its largest.
const (
	batchOverhead  = 61 + 40 // batch header, and the request around it
	recordOverhead = 5 + 1 + 10 + 5 + 5 + 5 + 5
	headerOverhead = 10
)

// encodedSize is what m takes up in a request, never less than it really is.
func encodedSize(m *Message) int {
	n := recordOverhead + len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		n += headerOverhead + len(h.Key) + len(h.Value)
	}
	return n
}

// records gives a batch to kafka-go without copying it or allocating for each message.
type records struct {
	batch []*item
	next  int
	rec   kafka.Record
	key   view
	value view
}

// ReadRecord implements kafka.RecordReader.
func (r *records) ReadRecord() (*kafka.Record, error) {
	if r.next == len(r.batch) {
		return nil, io.EOF
	}
	m := &r.batch[r.next].msg
	r.next++
	r.rec = kafka.Record{Headers: m.Headers}
	if m.Key != nil {
		r.key = view{b: m.Key}
		r.rec.Key = &r.key
	}
	if m.Value != nil {
		r.value = view{b: m.Value}
		r.rec.Value = &r.value
	}
	return &r.rec, nil
}

// view reads a slice that is somebody else's; it implements kafka.Bytes.
type view struct {
	b   []byte
	off int
}

func (v *view) Len() int { return len(v.b) - v.off }

func (v *view) Close() error { return nil }

func (v *view) Read(p []byte) (int, error) {
	if v.off == len(v.b) {
		return 0, io.EOF
	}
	n := copy(p, v.b[v.off:])
	v.off += n
	return n, nil
}

func (v *view) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(v.b)) {
		return 0, io.EOF
	}
	n := copy(p, v.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteTo spares io.Copy its buffer.
func (v *view) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(v.b[v.off:])
	v.off += n
	return int64(n), err //nolint:wrapcheck // the encoder says what it wrote
}
