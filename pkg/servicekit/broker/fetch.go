package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// Record is one message read from a partition.
type Record struct {
	Topic     string
	Partition int
	Offset    int64
	Key       []byte
	Value     []byte
	Headers   []kafka.Header
	Time      time.Time
}

// Size is what the record weighs in memory: key, value and headers, bytes.
func (r *Record) Size() int {
	n := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

// Fetched is the answer to one Fetch.
type Fetched struct {
	// Records begin at the offset asked for, or after it where offsets are gone. Their slices are the
	// caller's to keep.
	Records []Record
	// Next is the offset to go on at. It moves past transaction markers and past what compaction removed,
	// also when there are no records.
	Next int64
	// High is the end of what consumers may read; High − Next is the lag.
	High int64
}

// Fetch reads one partition once: what stands at offset and after it, up to about maxBytes (one batch at
// least, however large), waiting up to maxWait for the first byte. An offset that is no longer, or not yet,
// there gives kafka.OffsetOutOfRange; no error is retried.
func (c *Conn) Fetch(ctx context.Context, topic string, partition int, offset int64, maxBytes int, maxWait time.Duration) (Fetched, error) {
	res, err := c.Client.Fetch(ctx, &kafka.FetchRequest{
		Topic: topic, Partition: partition, Offset: offset,
		MinBytes: 1, MaxBytes: int64(maxBytes), MaxWait: maxWait,
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return Fetched{}, fmt.Errorf("fetching %s/%d at %d: %w", topic, partition, offset, err)
	}
	out := Fetched{Next: offset, High: res.HighWatermark}
	base, err := out.take(topic, partition, res.Records)
	if err != nil {
		return Fetched{}, fmt.Errorf("decoding %s/%d at %d: %w", topic, partition, offset, err)
	}
	if out.Next == offset && base >= 0 && out.High > offset {
		// There is a batch, and nothing of it is left at or after offset: compaction took its tail. kafka-go
		// does not say where a batch ends, so its end is searched for; asking again would loop.
		out.Next, err = c.after(ctx, topic, partition, base, offset, out.High)
	}
	return out, err
}

// take copies the records at or after f.Next and returns the base offset of the first batch, -1 if there is
// none.
func (f *Fetched) take(topic string, partition int, records kafka.RecordReader) (base int64, err error) {
	batches := []protocol.RecordReader{records}
	if s, ok := records.(*protocol.RecordStream); ok {
		batches = s.Records
	}
	base = -1
	for i, b := range batches {
		if o, ok := b.(interface{ Offset() int64 }); ok && i == 0 {
			base = o.Offset()
		}
		_, marker := b.(*protocol.ControlBatch)
		if err := f.takeBatch(topic, partition, b, marker); err != nil {
			return base, err
		}
	}
	return base, nil
}

func (f *Fetched) takeBatch(topic string, partition int, b protocol.RecordReader, marker bool) error {
	for {
		r, err := b.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err //nolint:wrapcheck // Fetch says which partition
		}
		keep := r.Offset >= f.Next && !marker
		rec := Record{Topic: topic, Partition: partition, Offset: r.Offset, Time: r.Time, Headers: r.Headers}
		if err := rec.read(r.Key, r.Value, keep); err != nil {
			return err
		}
		if keep {
			f.Records = append(f.Records, rec)
		}
		// Batches begin before the offset asked for: what came before is not wanted.
		f.Next = max(f.Next, r.Offset+1)
	}
}

// read copies key and value into one allocation and gives the pages behind them back.
func (r *Record) read(key, value kafka.Bytes, keep bool) error {
	defer closeBytes(key)
	defer closeBytes(value)
	if !keep {
		return nil
	}
	nk, nv := size(key), size(value)
	buf := make([]byte, nk+nv)
	if key != nil {
		if _, err := io.ReadFull(key, buf[:nk]); err != nil {
			return err //nolint:wrapcheck // Fetch says which partition
		}
		r.Key = buf[:nk:nk]
	}
	if value != nil {
		if _, err := io.ReadFull(value, buf[nk:]); err != nil {
			return err //nolint:wrapcheck // as above
		}
		r.Value = buf[nk:]
	}
	return nil
}

func size(b kafka.Bytes) int {
	if b == nil {
		return 0
	}
	return b.Len()
}

func closeBytes(b kafka.Bytes) {
	if b != nil {
		_ = b.Close()
	}
}

// after is the first offset that the batch with the given base does not cover, found by bisection between an
// offset that it covers and the end.
func (c *Conn) after(ctx context.Context, topic string, partition int, base, covered, high int64) (int64, error) {
	lo, hi := covered, high
	for lo+1 < hi {
		mid := lo + (hi-lo)/2
		res, err := c.Client.Fetch(ctx, &kafka.FetchRequest{
			Topic: topic, Partition: partition, Offset: mid, MinBytes: 1, MaxBytes: 1, MaxWait: time.Millisecond,
		})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			return 0, fmt.Errorf("looking past the batch at %s/%d offset %d: %w", topic, partition, base, err)
		}
		probe := Fetched{Next: high}
		got, err := probe.take(topic, partition, res.Records)
		if err != nil {
			return 0, fmt.Errorf("looking past the batch at %s/%d offset %d: %w", topic, partition, base, err)
		}
		if got == base {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi, nil
}
