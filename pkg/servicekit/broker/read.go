package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

const (
	// A fetch takes 64 KiB in memory for each batch in it, however small (kafka-go reads each into pages of that size): 1 MiB of single
	// messages of 500 bytes took 130 MB.
	rangeBytes = 128 << 10
	pointBytes = 16 << 10
	readWait   = 100 * time.Millisecond
)

// ReadRange reads one partition from offset from (inclusive) to offset to (exclusive), in order, and stops
// at fn's first error. A `to` of -1 means the end as it is now, a `from` of -1 the beginning. Offsets that
// compaction or retention removed are skipped. The record's slices are fn's to keep. What may pass (a broker
// away, a leader moving) is retried until ctx ends.
func (c *Conn) ReadRange(ctx context.Context, topic string, partition int, from, to int64, fn func(Record) error) error {
	first, end, err := c.Offsets(ctx, topic, partition)
	if err != nil {
		return err
	}
	if to < 0 || to > end {
		to = end
	}
	for at := max(from, first); at < to; {
		f, err := c.read(ctx, topic, partition, at, rangeBytes)
		if err != nil {
			return err
		}
		for i := range f.Records {
			if f.Records[i].Offset >= to {
				return nil
			}
			if err := fn(f.Records[i]); err != nil {
				return err
			}
		}
		at = f.Next
	}
	return nil
}

// ReadAt reads the messages at the given offsets of one partition, in ascending order; missing ones are
// skipped. For going back to few messages among many. It stops at fn's first error and retries like
// [Conn.ReadRange].
func (c *Conn) ReadAt(ctx context.Context, topic string, partition int, offsets []int64, fn func(Record) error) error {
	for len(offsets) > 0 {
		f, err := c.read(ctx, topic, partition, offsets[0], pointBytes)
		if errors.Is(err, kafka.OffsetOutOfRange) {
			return nil // past the end: none of the rest is there
		}
		if err != nil {
			return err
		}
		for i := range f.Records {
			for len(offsets) > 0 && offsets[0] < f.Records[i].Offset {
				offsets = offsets[1:]
			}
			if len(offsets) == 0 {
				return nil
			}
			if offsets[0] == f.Records[i].Offset {
				if err := fn(f.Records[i]); err != nil {
					return err
				}
				offsets = offsets[1:]
			}
		}
		if len(f.Records) == 0 && f.Next >= f.High {
			return nil
		}
		for len(offsets) > 0 && offsets[0] < f.Next {
			offsets = offsets[1:]
		}
	}
	return nil
}

// read is Fetch with patience: it retries what may pass, and steps forward over what retention removed.
func (c *Conn) read(ctx context.Context, topic string, partition int, offset int64, maxBytes int) (Fetched, error) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		f, err := c.Fetch(ctx, topic, partition, offset, maxBytes, readWait)
		switch {
		case err == nil:
			return f, nil
		case ctx.Err() != nil:
			return Fetched{}, fmt.Errorf("reading %s/%d: %w", topic, partition, ctx.Err())
		case errors.Is(err, kafka.OffsetOutOfRange):
			first, end, oerr := c.Offsets(ctx, topic, partition)
			if oerr != nil {
				return Fetched{}, oerr
			}
			if offset < first {
				return Fetched{Next: first, High: end}, nil
			}
			if offset > end {
				return Fetched{}, err
			}
		case !Transient(err):
			return Fetched{}, err
		}
		if err := sleep(ctx, pause); err != nil {
			return Fetched{}, fmt.Errorf("reading %s/%d: %w", topic, partition, err)
		}
	}
}

// Offsets are the first offset of a partition and the one after its last message.
func (c *Conn) Offsets(ctx context.Context, topic string, partition int) (first, end int64, err error) {
	p, err := c.listOffsets(ctx, topic, partition, kafka.FirstOffsetOf(partition), kafka.LastOffsetOf(partition))
	return p.FirstOffset, p.LastOffset, err
}

// OffsetAt is the offset of the first message of a partition that is not older than t; the end if none.
func (c *Conn) OffsetAt(ctx context.Context, topic string, partition int, t time.Time) (int64, error) {
	p, err := c.listOffsets(ctx, topic, partition, kafka.TimeOffsetOf(partition, t))
	if err != nil {
		return 0, err
	}
	for offset := range p.Offsets {
		if offset >= 0 {
			return offset, nil
		}
	}
	_, end, err := c.Offsets(ctx, topic, partition)
	return end, err
}

// Committed is how far a group has come in some partitions of topics: the offset of the oldest message that is not complete, -1 where it
// has committed nothing yet. What may pass is retried until ctx ends.
func (c *Conn) Committed(ctx context.Context, group string, topics map[string][]int) (map[string]map[int]int64, error) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		res, err := c.Client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: topics})
		if err == nil {
			err = res.Error
		}
		switch {
		case err == nil || errors.Is(err, kafka.GroupIdNotFound):
			return committed(res, topics)
		case ctx.Err() != nil:
			return nil, fmt.Errorf("asking how far %s has come: %w", group, ctx.Err())
		case !Transient(err):
			return nil, fmt.Errorf("asking how far %s has come: %w", group, err)
		}
		if serr := sleep(ctx, pause); serr != nil {
			return nil, fmt.Errorf("asking how far %s has come: %w (%w)", group, serr, err)
		}
	}
}

func committed(res *kafka.OffsetFetchResponse, topics map[string][]int) (map[string]map[int]int64, error) {
	out := make(map[string]map[int]int64, len(topics))
	for topic, partitions := range topics {
		out[topic] = make(map[int]int64, len(partitions))
		for _, p := range partitions {
			out[topic][p] = -1
		}
		if res == nil {
			continue
		}
		for _, p := range res.Topics[topic] {
			if p.Error != nil {
				return nil, fmt.Errorf("asking how far a group has come in %s/%d: %w", topic, p.Partition, p.Error)
			}
			out[topic][p.Partition] = p.CommittedOffset
		}
	}
	return out, nil
}

// listOffsets asks until it is answered, ctx ends, or the answer will not change.
func (c *Conn) listOffsets(ctx context.Context, topic string, partition int, ask ...kafka.OffsetRequest) (kafka.PartitionOffsets, error) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		p, err := c.listOffsetsOnce(ctx, topic, partition, ask)
		switch {
		case err == nil:
			return p, nil
		case ctx.Err() != nil:
			return p, fmt.Errorf("asking for offsets of %s/%d: %w", topic, partition, ctx.Err())
		case !Transient(err):
			return p, fmt.Errorf("asking for offsets of %s/%d: %w", topic, partition, err)
		}
		if serr := sleep(ctx, pause); serr != nil {
			return p, fmt.Errorf("asking for offsets of %s/%d: %w (%w)", topic, partition, serr, err)
		}
	}
}

func (c *Conn) listOffsetsOnce(ctx context.Context, topic string, partition int, ask []kafka.OffsetRequest) (kafka.PartitionOffsets, error) {
	res, err := c.Client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: ask}})
	if err != nil {
		return kafka.PartitionOffsets{}, err //nolint:wrapcheck // listOffsets says what was asked
	}
	for _, p := range res.Topics[topic] {
		if p.Partition == partition {
			return p, p.Error
		}
	}
	return kafka.PartitionOffsets{}, kafka.UnknownTopicOrPartition
}

// Transient tells whether err may pass by itself: what Kafka calls retriable, a broker that is starting or
// has lost its way, and everything that a network does, end of file included. (kafka-go counts neither of the
// latter two.)
func Transient(err error) bool {
	var code kafka.Error
	if errors.As(err, &code) {
		return code.Temporary() || code == kafka.BrokerNotAvailable || code == kafka.Unknown
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, protocol.ErrNoTopic) || errors.Is(err, protocol.ErrNoPartition) || errors.Is(err, protocol.ErrNoLeader)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err() //nolint:wrapcheck // the caller says what was waited for
	}
}
