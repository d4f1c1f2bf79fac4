// Package produce is the Kafka producer: it sends what is waiting at once, one request per partition in
// flight, and what queues up meanwhile goes into the next. There is no batch timer, so a lone message waits
// for nobody and a busy partition batches by itself.
//
// What it promises:
//
//   - A message is acknowledged when all in-sync replicas have it.
//   - Messages keep their order within a partition. The batch at the head blocks its partition until it is
//     in, or until those who wait for it have given up: nothing overtakes.
//   - A message too large is refused before it is queued, so that it cannot take a batch down with it.
//   - What may pass is retried with back-off for as long as the caller's context lives: broker errors that
//     Kafka calls retriable, and everything a network does.
//   - Delivery is at least once. Kafka's idempotent producer is not in kafka-go, so a request that timed out
//     after the broker had appended it is stored twice; readers tell by the event id.
package produce

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/semaphore"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// Message is one message to send. The producer keeps the slices until the message is acknowledged.
type Message struct {
	Topic   string
	Key     []byte
	Value   []byte // nil is a tombstone
	Headers []kafka.Header
	// Partition overrides the key's: for what must stand beside something else. nil leaves it to the key.
	Partition *int
	// AnySize leaves it to the broker whether the message is too large: for one that stands in a topic already
	// and moves to another, which may take more than Config.MaxMessageBytes. It is sent alone.
	AnySize bool
}

// Config bounds the producer.
type Config struct {
	// MaxQueuedBytes bounds what waits in memory; Send blocks (or fails when its context ends) at the bound.
	// Default 64 MiB.
	MaxQueuedBytes int `koanf:"max_queued_bytes"`
	// MaxMessageBytes refuses larger messages (but [Message.AnySize]) with ErrTooLarge before they can poison a
	// batch. It counts key, value, headers and framing, bounds a batch too, and must not exceed the topics' max.message.bytes.
	// Default 1,000,000: under Kafka's own default of 1,048,588.
	MaxMessageBytes int `koanf:"max_message_bytes"`
}

// Validate reports every fault of c, with what is left out at its default.
func (c Config) Validate() error {
	var errs []error
	if c.MaxQueuedBytes < 0 {
		errs = append(errs, fmt.Errorf("produce.max_queued_bytes: %d is negative", c.MaxQueuedBytes))
	}
	if c.MaxMessageBytes < 0 {
		errs = append(errs, fmt.Errorf("produce.max_message_bytes: %d is negative", c.MaxMessageBytes))
	}
	return errors.Join(errs...)
}

// The producer's own errors; find them with errors.Is.
var (
	// ErrTooLarge: the message is over MaxMessageBytes, or the broker's limit. It is permanent.
	ErrTooLarge = errors.New("the message is larger than the topic takes")
	// ErrUncertain: the caller gave up while a request was under way, or after one that had no answer. The
	// message may stand in the topic.
	ErrUncertain = errors.New("the message may have been sent")
	// ErrClosed: the producer was closed; without ErrUncertain the message was not sent.
	ErrClosed = errors.New("the producer is closed")
)

// Producer sends messages with acks from all in-sync replicas. The partition follows from the key by murmur2, so
// that it agrees with Java clients. Safe for concurrent use.
type Producer struct {
	conn    *broker.Conn
	cfg     Config
	tel     *telemetry.Telemetry
	metrics metrics
	room    *semaphore.Weighted
	counts  counts

	// ctx ends when Close gives up on what is queued.
	ctx    context.Context
	giveUp context.CancelFunc

	mu      sync.Mutex
	closed  bool
	targets map[target]*queue
	senders sync.WaitGroup
}

// target is one partition of one topic.
type target struct {
	topic     string
	partition int
}

// New starts a producer. Close it before conn.
func New(conn *broker.Conn, cfg Config, tel *telemetry.Telemetry) *Producer {
	if cfg.MaxMessageBytes <= 0 {
		cfg.MaxMessageBytes = 1_000_000
	}
	if cfg.MaxQueuedBytes <= 0 {
		cfg.MaxQueuedBytes = 64 << 20
	}
	// A message that could never be queued would wait for ever.
	cfg.MaxQueuedBytes = max(cfg.MaxQueuedBytes, cfg.MaxMessageBytes)
	p := &Producer{
		conn: conn, cfg: cfg, tel: tel,
		room:    semaphore.NewWeighted(int64(cfg.MaxQueuedBytes)),
		counts:  counts{conn: conn, log: tel.Log, known: map[string]int{}},
		targets: map[target]*queue{},
	}
	p.metrics = newMetrics(tel.Meter)
	p.ctx, p.giveUp = context.WithCancel(context.Background())
	return p
}

// Publish sends msgs and returns when the outcome of all is known: nil when all are acknowledged, else the
// first error. Messages of one call to one partition keep their order. The span of ctx goes into the
// traceparent header (set, not appended). When ctx ends first, the error tells by [ErrUncertain] whether
// anything may have been sent.
func (p *Producer) Publish(ctx context.Context, msgs ...Message) error {
	if len(msgs) == 0 {
		return nil
	}
	g := &gather{left: len(msgs), all: make(chan struct{})}
	for _, m := range msgs {
		p.Send(ctx, m, g.done)
	}
	<-g.all
	return g.err
}

// gather counts outcomes and keeps the first error.
type gather struct {
	mu   sync.Mutex
	left int
	err  error
	all  chan struct{}
}

func (g *gather) done(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil && g.err == nil {
		g.err = err
	}
	if g.left--; g.left == 0 {
		close(g.all)
	}
}

// Send queues one message and calls done exactly once, when it is acknowledged or given up: at once for what
// is refused, and when ctx ends at the latest. Messages that one goroutine sends to one partition keep their
// order, also when ctx ends: of those sent with one ctx, what is given up lies behind what may have been sent. Send
// blocks while the queue is full; done must not block, and may be called before Send returns.
func (p *Producer) Send(ctx context.Context, m Message, done func(error)) {
	it := &item{msg: m, ctx: ctx, done: done, at: time.Now(), span: trace.SpanContextFromContext(ctx)}
	if tp := telemetry.Traceparent(ctx); tp != "" {
		headers := make([]kafka.Header, len(m.Headers), len(m.Headers)+1)
		copy(headers, m.Headers)
		it.msg.Headers = deadletter.Set(headers, kafka.Header{Key: telemetry.HeaderTraceparent, Value: []byte(tp)})
	}
	if it.bytes = encodedSize(&it.msg); it.bytes > p.cfg.MaxMessageBytes && !m.AnySize {
		done(tooLarge(m.Topic, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, it.bytes, p.cfg.MaxMessageBytes)))
		return
	}
	it.bytes = min(it.bytes, p.cfg.MaxQueuedBytes) // more room than that there never is
	n, err := p.counts.of(ctx, m.Topic)
	if err != nil {
		done(err)
		return
	}
	if err := p.room.Acquire(ctx, int64(it.bytes)); err != nil {
		done(notSent(m.Topic, err))
		return
	}
	p.metrics.queued.Add(ctx, int64(it.bytes))
	t := target{topic: m.Topic}
	if m.Partition != nil {
		t.partition = *m.Partition
	} else {
		t.partition = p.counts.partition(m.Key, n)
	}
	p.enqueue(ctx, t, it)
}

func (p *Producer) enqueue(ctx context.Context, t target, it *item) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		p.release(it)
		it.done(notSent(t.topic, ErrClosed))
		return
	}
	q := p.targets[t]
	if q == nil {
		q = &queue{p: p, target: t, attrs: attributes(t.topic)}
		p.targets[t] = q
	}
	q.mu.Lock()
	q.waiting = append(q.waiting, it)
	start := !q.sending
	q.sending = true
	if ctx.Done() != nil {
		it.stop = context.AfterFunc(ctx, func() { q.abandon(it, context.Cause(ctx)) })
	}
	q.mu.Unlock()
	if start {
		p.senders.Go(q.send)
	}
	p.mu.Unlock()
}

// release gives back the queue space of an item.
func (p *Producer) release(it *item) {
	p.room.Release(int64(it.bytes))
	p.metrics.queued.Add(p.ctx, int64(-it.bytes))
}

// Close waits until everything queued is acknowledged or ctx ends; then what is left is given up, each
// message with its error, and Close returns ctx's error. Nothing can be sent after Close has begun.
func (p *Producer) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	sent := make(chan struct{})
	go func() {
		p.senders.Wait()
		close(sent)
	}()
	defer p.giveUp()
	select {
	case <-sent:
		return nil
	case <-ctx.Done():
	}
	p.giveUp()
	<-sent
	return fmt.Errorf("closing the producer with messages unsent: %w", ctx.Err())
}

// CodeTooLarge is the code of a message that no topic takes; see [ErrTooLarge].
const CodeTooLarge = "kafka.too_large"

func tooLarge(topic string, err error) error {
	return fmt.Errorf("publishing to %s: %w", topic, &retry.Error{Class: retry.Permanent, Code: CodeTooLarge, Err: err})
}

func notSent(topic string, cause error) error {
	return fmt.Errorf("publishing to %s: not sent: %w", topic, cause)
}
