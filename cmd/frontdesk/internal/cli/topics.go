package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
)

// topicsConfig is how to reach the cluster; from the environment, behind FRONTDESK_TOPICS_.
type topicsConfig struct {
	Kafka broker.Config `koanf:"kafka"`
}

func topics() *cobra.Command {
	var (
		brokers              []string
		file                 string
		partitions, replicas int
		asJSON               bool
	)
	c := &cobra.Command{
		Use:   "topics",
		Short: "Create the topics, with explicit settings",
		Long: "Creates what is missing and tells what differs; an existing topic is never changed or deleted. A wrong\n" +
			"partition count is an error: every topic needs the same, or a call would be read in two places.\n" +
			"TLS and SASL settings come from --config or the environment (FRONTDESK_TOPICS_KAFKA__…).",
		Example: "  frontdesk topics --brokers kafka:9092 --partitions 24 --replicas 3",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var cfg topicsConfig
			if err := config.Load(&cfg, "FRONTDESK_TOPICS", file); err != nil {
				return usage(fmt.Errorf("wrong settings:\n%w", err))
			}
			if len(brokers) > 0 {
				cfg.Kafka.Brokers = brokers
			}
			conn, err := broker.Dial(cfg.Kafka)
			if err != nil {
				return fmt.Errorf("preparing the way to Kafka: %w", err)
			}
			defer func() { _ = conn.Close() }() // everything was answered: nothing is left to fail
			// What was found is worth seeing beside what is wrong with it.
			results, err := conn.EnsureTopics(cmd.Context(), allinone.TopicSpecs(partitions, replicas))
			if asJSON {
				if results != nil {
					err = errors.Join(writeJSON(cmd.OutOrStdout(), results), err)
				}
				return err //nolint:wrapcheck // it names topic and reason
			}
			printTopics(cmd.OutOrStdout(), results)
			return err //nolint:wrapcheck // it names topic and reason
		},
	}
	f := c.Flags()
	f.StringSliceVar(&brokers, "brokers", nil, "host:port of one or more brokers")
	f.StringVar(&file, "config", "", "settings in YAML (kafka: …)")
	f.IntVar(&partitions, "partitions", 24, "partitions of every topic; fix it up front, it can't grow without breaking order")
	f.IntVar(&replicas, "replicas", 3, "replication factor")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printTopics(w io.Writer, results []broker.TopicResult) {
	if len(results) == 0 {
		return
	}
	t := newTable(w)
	t.AppendHeader(table.Row{"topic", "action", "differs"})
	for _, r := range results {
		t.AppendRow(table.Row{r.Name, r.Action, strings.Join(r.Differences, "\n")})
	}
	t.Render()
}
