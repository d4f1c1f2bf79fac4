// Package consume is the Kafka consumer that everything else leans on.
//
// A group member owns partition numbers: partition p of every topic of the group, retry topics included, so
// that one process has all of a call. Within a partition there is one queue per key, spanning topics;
// messages of one key are handled in the order in which they were fetched, messages of different keys at the
// same time. A handler takes a message and completes it, maybe later; the committed offset is the oldest
// message that is not complete.
package consume

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// Message is one message as it was fetched.
type Message struct {
	// Topic is the topic that the message was first published to, also when it comes back from the
	// group's retry topic; Partition and Offset are where it was fetched from.
	Topic     string
	Partition int
	Offset    int64
	Key       []byte
	Value     []byte
	Headers   []kafka.Header
	Time      time.Time
	// Parked tells that it comes back from the retry topic; Attempts and FirstFailure are then what has
	// been spent on it before.
	Parked       bool
	Attempts     int
	FirstFailure time.Time
}

// Header returns the value of a header, "" if there is none.
func (m *Message) Header(key string) string { panic("not yet") }

// Handler takes a message. It must call done exactly once, before or after it returns and from any
// goroutine: nil when the effect of the message stands, an error when it does not (see package retry for
// the classes). The next message of the same key is handed over when Handler has returned. ctx ends when
// the partition is lost or the process stops; Detach outlives that.
type Handler func(ctx context.Context, m *Message, done func(error))

// Func handles one message before it returns: what most handlers are.
type Func func(ctx context.Context, m *Message) error

// Assignment is what a member owns between two rebalances.
type Assignment struct {
	// Partitions are the partition numbers owned, ascending.
	Partitions []int
	// Committed is, per topic and partition, the offset that handling will begin at.
	Committed map[string]map[int]int64
	// Do runs fn in the queue of a key, after what is queued there, never beside a handler of that key; it
	// is dropped when the partition is lost. For timers: a deadline, a stream gone silent.
	Do func(partition int, key []byte, fn func(ctx context.Context))
}

// Hooks let a stateful service follow its partitions. Both may be nil.
type Hooks struct {
	// Assigned runs before the first message of a generation; an error ends the generation, and it is tried
	// again after a pause.
	Assigned func(ctx context.Context, a *Assignment) error
	// Revoked runs after the last handler has returned and the last commit is made.
	Revoked func(a *Assignment)
	// Bound is called when what is taken and not complete has reached the bound and fetching has paused for
	// it, once per pause: a handler that holds messages back (audio waiting for its final) completes some.
	Bound func()
}

// Config bounds the consumer.
type Config struct {
	Group  string   `koanf:"group"`
	Topics []string `koanf:"-"`
	// Concurrency bounds handlers running at once in this process.
	Concurrency int `koanf:"concurrency"`
	// MaxTaken and MaxTakenBytes bound, per partition, what is taken and not complete.
	MaxTaken      int `koanf:"max_taken"`
	MaxTakenBytes int `koanf:"max_taken_bytes"`
	// Drain is how long handlers may run on when a partition is lost or the process stops.
	Drain time.Duration `koanf:"drain"`
	// FromNow starts a group that has never committed at the end instead of the beginning.
	FromNow bool `koanf:"from_now"`
}

// Consumer is one member of a consumer group.
type Consumer struct{}

// New prepares a member; nothing is fetched before Run. prod carries retries and dead letters.
func New(conn *broker.Conn, prod *produce.Producer, cfg Config, h Handler, hooks Hooks, tel *telemetry.Telemetry) (*Consumer, error) {
	panic("not yet")
}

// Run consumes until ctx ends, then drains, commits and leaves the group. It returns nil after an orderly
// stop, and an error only for what restarting can't mend (a bad topic, refused credentials).
func (c *Consumer) Run(ctx context.Context) error { panic("not yet") }

// Ready tells whether the member has joined and, once, been assigned.
func (c *Consumer) Ready() bool { panic("not yet") }

// Detach returns a context that outlives the partition: for a request that is paid for and must not be made
// twice. It ends when the process has drained. The caller stores the answer under its claim; its completion
// will no longer count.
func Detach(ctx context.Context) context.Context { panic("not yet") }
