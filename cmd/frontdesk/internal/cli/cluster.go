package cli

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
)

// cluster is how a command that needs nothing but Kafka reaches it.
type cluster struct {
	brokers []string
	file    string
}

func (c *cluster) flags(f *pflag.FlagSet) {
	f.StringSliceVar(&c.brokers, "brokers", nil, "host:port of one or more brokers")
	f.StringVar(&c.file, "config", "", "settings in YAML (kafka: …)")
}

// clusterConfig is what the file and the environment hold.
type clusterConfig struct {
	Kafka broker.Config `koanf:"kafka"`
}

// settings are the flags' over those of the file and the environment behind prefix; what is wrong is added to faults.
func (c *cluster) settings(prefix string, faults *flagFaults) broker.Config {
	var cfg clusterConfig
	if err := config.Load(&cfg, prefix, c.file); err != nil {
		faults.add("wrong settings:\n%w", err)
		return cfg.Kafka
	}
	if len(c.brokers) > 0 {
		cfg.Kafka.Brokers = c.brokers
	}
	switch err := cfg.Kafka.Validate(); {
	case len(cfg.Kafka.Brokers) == 0:
		faults.add("--brokers: name at least one host:port, as 127.0.0.1:9092, where `frontdesk up` has Kafka")
	case err != nil:
		faults.add("wrong settings:\n%w", err)
	}
	return cfg.Kafka
}

// dial prepares the way; the caller closes it.
func dial(cfg broker.Config) (*broker.Conn, error) {
	conn, err := broker.Dial(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the way to Kafka: %w", err)
	}
	return conn, nil
}
