package cli

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
)

func topics() *cobra.Command {
	var (
		kafka                cluster
		partitions, replicas int
		asJSON               bool
	)
	c := &cobra.Command{
		Use:   "topics",
		Short: "Create the topics, with explicit settings",
		Long: "Creates what is missing and tells what differs; an existing topic is never changed or deleted. A wrong\n" +
			"partition count is an error: every topic needs the same, or a call would be read in two places.\n" +
			"TLS and SASL settings come from --config or the environment (FRONTDESK_TOPICS_KAFKA__…).\n\n" +
			"Exit code: 0 if every topic is there and as it should be; 1 if one is not, or the cluster could not be asked or the\n" +
			"command was stopped; 2 if flags or settings are wrong.",
		Example: "  frontdesk topics --brokers kafka:9092 --partitions 24 --replicas 3",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			results, err := ensureTopics(cmd.Context(), kafka, partitions, replicas)
			// What was found is worth seeing beside what is wrong with it.
			if asJSON {
				return errors.Join(err, writeJSON(cmd.OutOrStdout(), topicsReport(results, err)))
			}
			return errors.Join(err, writeText(cmd.OutOrStdout(), func(w io.Writer) { printTopics(w, results) }))
		},
	}
	f := c.Flags()
	kafka.flags(f)
	f.IntVar(&partitions, "partitions", 24, "partitions of every topic; fix it up front, it can't grow without breaking order")
	f.IntVar(&replicas, "replicas", 3, "copies of every topic, no more than there are brokers: 1 for a single one")
	f.BoolVar(&asJSON, "json", false, "print one JSON document, also on a failure (it then has an \"error\")")
	return c
}

// ensureTopics checks the flags, then creates what is missing. On an error it returns what was found until then.
func ensureTopics(ctx context.Context, kafka cluster, partitions, replicas int) ([]broker.TopicResult, error) {
	var faults flagFaults
	faults.count("partitions", partitions, 1, math.MaxInt32)
	faults.count("replicas", replicas, 1, math.MaxInt16)
	cfg := kafka.settings("FRONTDESK_TOPICS", &faults)
	if err := faults.err(); err != nil {
		return nil, err
	}
	conn, err := dial(cfg)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // everything was answered: nothing is left to fail
	results, err := conn.EnsureTopics(ctx, allinone.TopicSpecs(partitions, replicas))
	return results, cmp.Or(interrupted(ctx), err)
}

// topicsJSON is what stands in the cluster, and why it is not as it should be.
type topicsJSON struct {
	Topics []broker.TopicResult `json:"topics"`
	Error  string               `json:"error,omitempty"`
}

func topicsReport(results []broker.TopicResult, err error) topicsJSON {
	r := topicsJSON{Topics: append([]broker.TopicResult{}, results...)}
	if err != nil {
		r.Error = err.Error()
	}
	return r
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
