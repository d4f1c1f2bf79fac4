// Package broker holds what producer and consumer share of Kafka: connection settings, topic creation with
// explicit settings, and reading a range of one partition.
package broker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
)

// Times of the connection. A request that has no answer after requestTimeout is given up, and its connection
// with it: a broker that vanished without a reset would otherwise hold its callers for ever.
const (
	dialTimeout    = 5 * time.Second
	requestTimeout = 20 * time.Second
	keepAlive      = 15 * time.Second
	// metadataTTL bounds how long a moved partition leader goes unnoticed. The transport refreshes after a
	// random share of it.
	metadataTTL = 3 * time.Second
)

// Conn is a configured way to Kafka, shared by producers, consumers and range reads of one process. It is
// safe for concurrent use. Close it last.
type Conn struct {
	cfg Config
	// Client sends requests to the right broker of the cluster.
	Client *kafka.Client
	// Dialer opens connections of their own, for what is tied to one (a group member's heartbeat).
	Dialer *kafka.Dialer

	transport *kafka.Transport
}

// Dial prepares a connection; it reads certificates but does not reach out yet.
func Dial(cfg Config) (*Conn, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	tlsConfig, err := cfg.TLS.load()
	if err != nil {
		return nil, err
	}
	mechanism, err := cfg.SASL.mechanism()
	if err != nil {
		return nil, err
	}
	dial := cfg.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}).DialContext
	}
	transport := &kafka.Transport{
		Dial: dial, DialTimeout: dialTimeout, MetadataTTL: metadataTTL,
		ClientID: cfg.ClientID, TLS: tlsConfig, SASL: mechanism,
	}
	return &Conn{
		cfg:       cfg,
		transport: transport,
		Client:    &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Timeout: requestTimeout, Transport: transport},
		Dialer: &kafka.Dialer{
			ClientID: cfg.ClientID, DialFunc: dial, Timeout: dialTimeout, TLS: tlsConfig, SASLMechanism: mechanism,
		},
	}, nil
}

// Brokers are the seeds of the configuration.
func (c *Conn) Brokers() []string { return slices.Clone(c.cfg.Brokers) }

// Ping asks a broker of the cluster which requests it knows: an error says that Kafka can't be reached and
// why. (Metadata would not do: the transport answers it from its cache.)
func (c *Conn) Ping(ctx context.Context) error {
	res, err := c.Client.ApiVersions(ctx, &kafka.ApiVersionsRequest{})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return fmt.Errorf("reaching Kafka at %v: %w", c.cfg.Brokers, err)
	}
	return nil
}

// Close drops idle connections; those in use close when their request is answered.
func (c *Conn) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

// TopicError is what the cluster says of one topic: nil if it can be used. A list of all topics leaves out those that we
// have no right to, as if they didn't exist; asked by name, the cluster tells. It makes no topic.
func (c *Conn) TopicError(ctx context.Context, topic string) error {
	own := *c.Client
	t := &kafka.Transport{
		Dial: c.transport.Dial, DialTimeout: dialTimeout, ClientID: c.cfg.ClientID, TLS: c.transport.TLS, SASL: c.transport.SASL,
		MetadataTopics: []string{topic},
	}
	defer t.CloseIdleConnections()
	own.Transport = t
	res, err := own.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return fmt.Errorf("asking for topic %s: %w", topic, err)
	}
	for _, t := range res.Topics {
		if t.Name == topic {
			return t.Error //nolint:wrapcheck // the cluster's own code
		}
	}
	return kafka.UnknownTopicOrPartition
}

// Partitions is the partition count of every topic of the cluster, asked of a broker now.
func (c *Conn) Partitions(ctx context.Context) (map[string]int, error) {
	var errs []error
	for _, i := range rand.Perm(len(c.cfg.Brokers)) { //nolint:gosec // it spreads load, it guards nothing
		counts, err := c.partitionsFrom(ctx, c.cfg.Brokers[i])
		if err == nil {
			return counts, nil
		}
		errs = append(errs, fmt.Errorf("asking %s for its topics: %w", c.cfg.Brokers[i], err))
	}
	return nil, errors.Join(errs...)
}

func (c *Conn) partitionsFrom(ctx context.Context, addr string) (map[string]int, error) {
	conn, err := c.Dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what was asked of whom
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	// All topics, never by name: a broker that makes topics on demand would make those that we ask for.
	parts, err := conn.ReadPartitions()
	if err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	counts := map[string]int{}
	for _, p := range parts {
		counts[p.Topic] = max(counts[p.Topic], p.ID+1)
	}
	return counts, nil
}
