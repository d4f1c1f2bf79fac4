// Package embedded runs a Kafka broker and a Redis inside this process, for tests and for running everything
// on one machine. They speak the real protocols, so the production clients are used on them unchanged.
//
// They are for development only: one process, one copy of the data, a single lock. They also forgive more
// than the real ones (bad topic names, unknown settings), so a suite that passes here must pass on a real
// cluster too before it proves anything about one.
package embedded

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// KafkaConfig of an embedded broker.
type KafkaConfig struct {
	// Listen is host:port; empty, or port 0, takes a free port on 127.0.0.1. The broker tells its clients
	// this host, so it must be one that they can reach: no 0.0.0.0.
	Listen string
	// DataDir keeps topics and offsets over a restart; empty keeps them in memory.
	DataDir string
	// Partitions is the count of topics that are made without one; default 4.
	Partitions int
	// Clean is how often retention and compaction run; default 30 s.
	Clean time.Duration
	// Options are more of kfake's, for tests: SASL, TLS, limits.
	Options []kfake.Opt
}

// Kafka is a running broker. Close it after its clients.
type Kafka struct {
	// Fake has the knobs of a test: faults, controls, a look into groups.
	Fake *kfake.Cluster
	addr string
}

// StartKafka runs a broker until Close.
func StartKafka(ctx context.Context, cfg KafkaConfig) (*Kafka, error) {
	listen := cfg.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	host, portText, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("the embedded Kafka's address %q is not host:port: %w", listen, err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil || net.ParseIP(host).IsUnspecified() {
		return nil, fmt.Errorf("the embedded Kafka's address %q needs a numeric port and a host that clients can reach", listen)
	}
	if cfg.Partitions <= 0 {
		cfg.Partitions = 4
	}
	if cfg.Clean <= 0 {
		cfg.Clean = 30 * time.Second
	}
	opts := []kfake.Opt{
		kfake.Ports(port),
		kfake.DefaultNumPartitions(cfg.Partitions),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) {
			return (&net.ListenConfig{}).Listen(ctx, network, listen)
		}),
		kfake.BrokerConfigs(map[string]string{
			// The cleaner runs hourly otherwise, and nothing would ever be seen to go.
			"log.cleaner.backoff.ms":     strconv.FormatInt(cfg.Clean.Milliseconds(), 10),
			"default.replication.factor": "1",
		}),
	}
	if cfg.DataDir != "" {
		opts = append(opts, kfake.DataDir(cfg.DataDir))
	}
	cluster, err := kfake.NewCluster(append(opts, cfg.Options...)...)
	if err != nil {
		return nil, fmt.Errorf("starting the embedded Kafka on %s (is the port taken, or the data folder in use?): %w", listen, err)
	}
	return &Kafka{Fake: cluster, addr: cluster.ListenAddrs()[0]}, nil
}

// Addr is the broker's host:port.
func (k *Kafka) Addr() string { return k.addr }

// Close stops the broker and flushes what it keeps.
func (k *Kafka) Close() error {
	k.Fake.Close()
	return nil
}
