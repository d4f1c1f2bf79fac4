// Package broker holds what producer and consumer share of Kafka: connection settings, topic creation with
// explicit settings, and reading a range of one partition.
package broker

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"
)

// Config says how to reach Kafka.
type Config struct {
	// Brokers are host:port seeds.
	Brokers []string `koanf:"brokers"`
	// TLS switches transport security on.
	TLS TLS `koanf:"tls"`
	// SASL authenticates; empty mechanism means none.
	SASL SASL `koanf:"sasl"`
	// ClientID shows up in the broker's logs and quotas.
	ClientID string `koanf:"client_id"`
}

// TLS settings of the connection.
type TLS struct {
	Enabled  bool   `koanf:"enabled"`
	CAFile   string `koanf:"ca_file"`
	CertFile string `koanf:"cert_file"`
	KeyFile  string `koanf:"key_file"`
}

// SASL credentials.
type SASL struct {
	// Mechanism is "", "plain", "scram-sha-256" or "scram-sha-512".
	Mechanism string `koanf:"mechanism"`
	Username  string `koanf:"username"`
	Password  string `koanf:"password"`
}

// Conn is a configured way to Kafka, shared by producers, consumers and range reads of one process. It is
// safe for concurrent use. Close it last.
type Conn struct {
	cfg    Config
	Client *kafka.Client
	Dialer *kafka.Dialer
}

// Dial prepares a connection; it reads certificates but does not reach out yet.
func Dial(cfg Config) (*Conn, error) { panic("not yet") }

// Ping asks the cluster for its metadata: an error says that Kafka can't be reached and why.
func (c *Conn) Ping(ctx context.Context) error { panic("not yet") }

// Close drops idle connections.
func (c *Conn) Close() error { panic("not yet") }

// TopicSpec is a topic as it must be on the broker.
type TopicSpec struct {
	Name       string
	Partitions int
	// Replicas is the replication factor.
	Replicas int
	// Retention deletes older messages; 0 keeps them (compacted topics).
	Retention time.Duration
	Compacted bool
	// CompactionLag bounds how long an overwritten message may stay.
	CompactionLag time.Duration
	// MaxMessageBytes bounds one message.
	MaxMessageBytes int
}

// TopicResult is what EnsureTopics found or did.
type TopicResult struct {
	Name string `json:"name"`
	// Action is "created", "unchanged" or "differs".
	Action string `json:"action"`
	// Differences name settings that differ on the broker, as "retention.ms: have 1, want 2".
	Differences []string `json:"differences,omitempty"`
}

// EnsureTopics creates what is missing with explicit settings and reports what differs; it never changes or
// deletes an existing topic. A wrong partition count is an error: it would break the order of calls.
func (c *Conn) EnsureTopics(ctx context.Context, specs []TopicSpec) ([]TopicResult, error) {
	panic("not yet")
}

// Record is one message read by ReadRange.
type Record struct {
	Topic     string
	Partition int
	Offset    int64
	Key       []byte
	Value     []byte
	Headers   []kafka.Header
	Time      time.Time
}

// ReadRange reads one partition from offset from (inclusive) to offset to (exclusive), in order, and stops
// at fn's first error. A `to` of -1 means the end as it is now, a `from` of -1 the beginning. Offsets that
// compaction or retention removed are skipped. The record's slices are fn's to keep.
func (c *Conn) ReadRange(ctx context.Context, topic string, partition int, from, to int64, fn func(Record) error) error {
	panic("not yet")
}

// ReadAt reads the messages at the given offsets of one partition, in ascending order; missing ones are
// skipped. For going back to few messages among many.
func (c *Conn) ReadAt(ctx context.Context, topic string, partition int, offsets []int64, fn func(Record) error) error {
	panic("not yet")
}

// OffsetAt is the offset of the first message of a partition that is not older than t; the end if none.
func (c *Conn) OffsetAt(ctx context.Context, topic string, partition int, t time.Time) (int64, error) {
	panic("not yet")
}
