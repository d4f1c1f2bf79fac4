// Package consume is the Kafka consumer that everything else leans on: at least once, in order per key, many
// keys at a time, with retries that keep the order and completions that may come later.
//
// # What a member owns
//
// A member of a group owns partition numbers: partition p of every topic of the group, retry topics
// included, so that one process has all of a call. The assignment is sticky; a member keeps what it has as
// far as the balance allows. A topic and its siblings must have the same partition count, and keys must have
// been partitioned alike (package produce does, and so do Java clients).
//
// # How a message passes
//
//	fetch loop per topic ─▶ bounded window per partition ─▶ one queue per key, spanning topics ─▶ handler
//	                                                                                                │ done
//	                    commit every 200 ms  ◀─  oldest message not complete, per topic  ◀──────────┘
//
// Messages of one key are handled one after another, in the order in which they were fetched; messages of
// different keys at the same time, up to Config.Concurrency in the process. A handler takes a message and
// completes it by calling done, maybe later and from elsewhere. What is taken and not complete is bounded, in
// messages and bytes, per partition and per process; at the bound the fetch pauses. The committed offset of a
// topic is that of its oldest message that is not complete, so nothing is lost when the process dies, and
// what was complete but not yet committed comes again: handlers must bear repetition.
//
// # How a message fails
//
// An error given to done decides (see package retry for the classes):
//
//   - Permanent: the message goes to the dead-letter topic, original bytes and headers with the reason, and
//     is complete when that publish is acknowledged. The next message of its key waits for that, unless a handler
//     that completes later has it already.
//   - Retryable: a Func is retried in place, blocking only its key and no concurrency slot. When the budget
//     is spent, the message is parked: it goes to <topic>.<group>.retry with the same key and comes back
//     after a growing pause. Later messages of that key, from any of the group's topics, follow it there and
//     wait behind it, so the order of a key survives. A parked message costs memory for its key and offset
//     only. What exceeds Park.Rounds or Park.Age becomes a dead letter.
//   - [ParkNow]: parked at once, spending no round: for an open circuit breaker, or a tenant over its share.
//
// A dead letter comes back by [Redrive], which puts it into the retry topic as if it had just been parked.
//
// Shutdown and the loss of a partition are no failures: what was cut short is not complete, and the next
// owner gets it. A panic is a permanent failure with code "panic".
//
// # How a partition changes hands
//
// When a generation ends (a member came, left or died), fetching stops, what is queued is dropped, handlers
// under way may finish within Config.Drain, offsets are committed inside the generation, and only then does
// the member rejoin. A completion that comes after that is ignored and counted. A handler that must not be
// cut short, because what it asked for is paid for, works under [Detach] or [Go].
//
// # Use
//
//	h := consume.Stack(app.Handle, consume.Options{Timeout: 20 * time.Second})
//	c, err := consume.New(conn, producer, consume.Config{
//		Group: "crm-writer", Topics: []string{"calls.insights"}, DeadLetters: "calls.dead-letters",
//	}, h, consume.Hooks{}, tel)
//	…
//	err = c.Run(ctx)
package consume

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
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
	// Origin is the offset in Topic, and Offset itself unless the message comes back from the retry topic; −1 if nobody
	// knows it, as of one that was put there by hand. A topic that keeps messages for a shorter time may have lost it.
	Origin  int64
	Key     []byte
	Value   []byte
	Headers []kafka.Header
	Time    time.Time
	// Parked tells that it comes back from the retry topic; Attempts and FirstFailure are then what has
	// been spent on it before.
	Parked       bool
	Attempts     int
	FirstFailure time.Time

	tries int       // how often it was handed to the handler this time
	from  *delivery // its custody; nil for a message that a test made
}

// Header returns the value of a header, "" if there is none.
func (m *Message) Header(key string) string { return deadletter.Get(m.Headers, key) }

// Handler takes a message. It must call done exactly once, before or after it returns and from any
// goroutine: nil when the effect of the message stands, an error when it does not (see package retry for
// the classes). The next message of the same key is handed over when Handler has returned.
//
// When the partition is lost or the process stops, [Ending] tells at once, and ctx ends when the drain time
// is over; Detach outlives that.
type Handler func(ctx context.Context, m *Message, done func(error))

// Func handles one message before it returns: what most handlers are.
type Func func(ctx context.Context, m *Message) error

// Assignment is what a member owns between two rebalances.
type Assignment struct {
	// Partitions are the partition numbers owned, ascending.
	Partitions []int
	// Committed is, per topic and partition, the offset that handling will begin at. Retry topics are not
	// in it.
	Committed map[string]map[int]int64
	// Do runs fn in the queue of a key, after what is queued there, never beside a handler of that key; it
	// is dropped when the partition is lost, or was never owned. For timers: a deadline, a stream gone
	// silent. It never blocks and may be called from anywhere.
	Do func(partition int, key []byte, fn func(ctx context.Context))
}

// Hooks let a stateful service follow its partitions. All may be nil.
type Hooks struct {
	// Assigned runs before the first message of a generation; an error ends the generation, and it is tried
	// again after a pause. ctx ends as soon as the generation does. A member may own nothing.
	Assigned func(ctx context.Context, a *Assignment) error
	// Revoked runs after the last handler has returned (or outstayed the drain) and the last commit is made.
	// It must not block: the group waits.
	Revoked func(a *Assignment)
	// Bound is called when what is taken and not complete has reached the bound and fetching has paused for
	// it, and again, less and less often down to once a second, while it lasts: a handler that holds messages
	// back (audio waiting for its final) completes some, a quarter of the bound at least.
	Bound func()
	// Gate, if there is one, holds all handlers back while it is shut. The caller closes it after Run.
	Gate *Gate
}

// Consumer is one member of a consumer group.
type Consumer struct {
	conn    *broker.Conn
	prod    *produce.Producer
	cfg     Config
	hooks   Hooks
	tel     *telemetry.Telemetry
	metrics *metrics

	handler  Handler
	balancer *balancer
	slots    slots
	crew     *crew
	process  *window

	// detached ends when Run has waited out what outlived the drain.
	detached context.Context
	release  context.CancelFunc
	lingers  lingers

	ran   atomic.Bool
	ready atomic.Bool

	mu      sync.Mutex
	current *generation
}

// New prepares a member; nothing is fetched before Run. prod carries retries and dead letters and is closed
// after Run has returned. New reports every fault of cfg.
func New(conn *broker.Conn, prod *produce.Producer, cfg Config, h Handler, hooks Hooks, tel *telemetry.Telemetry) (*Consumer, error) {
	cfg = cfg.withDefaults()
	if err := errors.Join(cfg.faults(), cfg.topicFaults()); err != nil {
		return nil, err
	}
	if h == nil {
		return nil, errors.New("consume: a consumer needs a handler")
	}
	c := &Consumer{
		conn: conn, prod: prod, cfg: cfg, hooks: hooks, tel: tel,
		slots:   make(slots, cfg.Concurrency),
		crew:    newCrew(cfg.Concurrency),
		process: newWindow(cfg.MaxProcess, cfg.MaxProcessBytes),
	}
	c.balancer = &balancer{log: tel.Log}
	c.detached, c.release = context.WithCancel(context.Background())
	c.metrics = newMetrics(tel.Meter, cfg.Group, cfg.Topics)
	c.handler = c.dressed(h)
	return c, nil
}

// Ready tells whether the member has joined and, once, been assigned. It is false again when Run has ended.
func (c *Consumer) Ready() bool { return c.ready.Load() }
