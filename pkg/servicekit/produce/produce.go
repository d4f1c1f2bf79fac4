// Package produce is the Kafka producer: it sends what is waiting at once, one request per partition in
// flight, and what queues up meanwhile goes into the next. There is no batch timer.
package produce

import (
	"context"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// Message is one message to send. The producer keeps the slices until the message is acknowledged.
type Message struct {
	Topic   string
	Key     []byte
	Value   []byte // nil is a tombstone
	Headers []kafka.Header
}

// Config bounds the producer.
type Config struct {
	// MaxQueuedBytes bounds what waits in memory; Send blocks (or fails when its context ends) at the bound.
	MaxQueuedBytes int `koanf:"max_queued_bytes"`
	// MaxMessageBytes refuses larger messages with ErrTooLarge before they can poison a batch.
	MaxMessageBytes int `koanf:"max_message_bytes"`
}

// Producer sends messages with acks from all in-sync replicas. The partition follows from the key by murmur2, so
// that it agrees with Java clients. Safe for concurrent use.
type Producer struct{}

// New starts a producer.
func New(conn *broker.Conn, cfg Config, tel *telemetry.Telemetry) *Producer { panic("not yet") }

// Publish sends msgs and returns when all are acknowledged, or with the first error. Messages of one call
// to one partition keep their order. The span of ctx goes into the traceparent header (set, not appended).
func (p *Producer) Publish(ctx context.Context, msgs ...Message) error { panic("not yet") }

// Send queues one message and calls done exactly once, when it is acknowledged or given up. Messages that
// one goroutine sends to one partition keep their order. done must not block.
func (p *Producer) Send(ctx context.Context, m Message, done func(error)) { panic("not yet") }

// Close waits until everything queued is acknowledged or ctx ends.
func (p *Producer) Close(ctx context.Context) error { panic("not yet") }
