package produce

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// Partition is the partition of a key among n: Kafka's default partitioner for Java clients (murmur2 of the
// key, sign bit cleared, modulo n), so that every client puts a call where we look for it. The empty key has
// a partition like any other; what has no key at all belongs nowhere in particular.
func Partition(key []byte, n int) int {
	return int(murmur2(key)&0x7fffffff) % n
}

// murmur2 is Austin Appleby's MurmurHash2, 32 bits, with the seed that Kafka uses (Utils.murmur2 of
// org.apache.kafka.common.utils).
func murmur2(b []byte) uint32 {
	const seed, m, r = 0x9747b28c, 0x5bd1e995, 24
	h := uint32(seed) ^ uint32(len(b)) //nolint:gosec // a key is far shorter than 4 GiB
	for ; len(b) >= 4; b = b[4:] {
		k := binary.LittleEndian.Uint32(b) * m
		h = h*m ^ (k^k>>r)*m
	}
	if len(b) > 0 {
		for i, c := range b {
			h ^= uint32(c) << (8 * i)
		}
		h *= m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}

// counts knows how many partitions each topic has. A count never changes while the process runs: a call would
// change its partition, and with it its order and its owner.
type counts struct {
	conn *broker.Conn
	log  *slog.Logger
	next atomic.Uint64

	mu    sync.RWMutex
	known map[string]int
	doubt map[string]bool
}

// topicPatience is how long a topic may be unknown before that counts as a fault of the set-up: one that was
// just made takes a moment to be known everywhere.
const topicPatience = 10 * time.Second

// partition picks the key's partition; messages without a key take turns.
func (c *counts) partition(key []byte, n int) int {
	if key == nil {
		return int(c.next.Add(1) % uint64(n)) //nolint:gosec // n is a small positive count
	}
	return Partition(key, n)
}

// of is the partition count of topic, asked of the cluster at first.
func (c *counts) of(ctx context.Context, topic string) (int, error) {
	c.mu.RLock()
	n, doubt := c.known[topic], c.doubt[topic]
	c.mu.RUnlock()
	if n > 0 && !doubt {
		return n, nil
	}
	var last error // the cluster's last answer says more than that time is up
	for until, asked := time.Now().Add(topicPatience), 0; ; asked++ {
		n, err := c.ask(ctx, topic)
		if err == nil {
			return c.learn(topic, n), nil
		}
		if asked == 1 && errors.Is(err, kafka.UnknownTopicOrPartition) {
			// The client knows topics by a list of all, which leaves out what we have no right to.
			err = cmp.Or(c.conn.TopicError(ctx, topic), err)
		}
		if ctx.Err() != nil {
			return 0, notSent(topic, errors.Join(context.Cause(ctx), last))
		}
		last = fmt.Errorf("looking the topic up: %w", err)
		if code, hopeless := refusal(err); hopeless {
			return 0, notSent(topic, &retry.Error{Class: retry.Retryable, Code: code, Dependency: "kafka", Err: last})
		}
		if time.Now().After(until) && errors.Is(err, kafka.UnknownTopicOrPartition) {
			return 0, notSent(topic, &retry.Error{Class: retry.Retryable, Code: "kafka.no_such_topic", Dependency: "kafka", Err: last})
		}
		wait(ctx, 50*time.Millisecond)
	}
}

// refusal is the code of an answer that asking again doesn't change: rights, or a name that no topic has.
func refusal(err error) (code string, is bool) {
	var k kafka.Error
	if !errors.As(err, &k) || broker.Transient(err) {
		return "", false
	}
	return codeOf(k), true
}

func (c *counts) ask(ctx context.Context, topic string) (int, error) {
	res, err := c.conn.Client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return 0, err //nolint:wrapcheck // of says what was looked up
	}
	for _, t := range res.Topics {
		switch {
		case t.Name != topic:
		case t.Error != nil:
			return 0, t.Error
		case len(t.Partitions) > 0:
			return len(t.Partitions), nil
		}
	}
	return 0, kafka.UnknownTopicOrPartition
}

func (c *counts) learn(topic string, n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.doubt, topic)
	if was := c.known[topic]; was > 0 {
		if was != n {
			c.log.Error("a topic changed its partition count; keys keep their partition until the restart, and then lose their order",
				"topic", topic, "was", was, "is", n)
		}
		return was
	}
	c.known[topic] = n
	return n
}

// suspect has the topic looked up again after an error that says it is not where it was.
func (c *counts) suspect(topic string, err error) {
	if !errors.Is(err, kafka.UnknownTopicOrPartition) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.doubt == nil {
		c.doubt = map[string]bool{}
	}
	c.doubt[topic] = true
}
