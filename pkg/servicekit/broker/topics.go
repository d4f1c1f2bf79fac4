package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// TopicSpec is a topic as it must be on the broker.
type TopicSpec struct {
	Name       string
	Partitions int
	// Replicas is the replication factor.
	Replicas int
	// Retention deletes older messages; 0 keeps them (compacted topics). Compacted with a retention does both.
	Retention time.Duration
	Compacted bool
	// CompactionLag bounds how long an overwritten message may stay; 0 leaves it to the broker.
	CompactionLag time.Duration
	// MaxMessageBytes bounds one message; 0 leaves it to the broker.
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
// deletes an existing topic. A wrong partition count is an error: it would break the order of calls. What was
// found is returned beside an error, in the order of specs.
func (c *Conn) EnsureTopics(ctx context.Context, specs []TopicSpec) ([]TopicResult, error) {
	have, err := c.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	var missing []TopicSpec
	for _, s := range specs {
		if _, ok := have[s.Name]; !ok {
			missing = append(missing, s)
		}
	}
	created, err := c.create(ctx, missing)
	if err != nil {
		specs = slices.DeleteFunc(slices.Clone(specs), func(s TopicSpec) bool { return have[s.Name] == 0 && !created[s.Name] })
	}
	results, differ := c.compare(ctx, specs, have, created)
	return results, errors.Join(err, differ)
}

// create makes the topics and returns the names of those that are new; one that somebody else made meanwhile
// is not.
func (c *Conn) create(ctx context.Context, specs []TopicSpec) (map[string]bool, error) {
	created := map[string]bool{}
	if len(specs) == 0 {
		return created, nil
	}
	req := &kafka.CreateTopicsRequest{}
	for _, s := range specs {
		t := kafka.TopicConfig{Topic: s.Name, NumPartitions: s.Partitions, ReplicationFactor: max(s.Replicas, 1)}
		for _, e := range s.settings() {
			t.ConfigEntries = append(t.ConfigEntries, kafka.ConfigEntry{ConfigName: e.name, ConfigValue: e.value})
		}
		req.Topics = append(req.Topics, t)
	}
	res, err := c.Client.CreateTopics(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("creating topics: %w", err)
	}
	var errs []error
	for _, s := range specs {
		// The call succeeds as a whole even when single topics are refused.
		switch err := res.Errors[s.Name]; {
		case err == nil:
			created[s.Name] = true
		case errors.Is(err, kafka.InvalidReplicationFactor):
			// It is so of every topic.
			return created, fmt.Errorf("creating topic %s with %d replicas: there are not so many brokers; give --replicas 1 if there is one: %w",
				s.Name, max(s.Replicas, 1), err)
		case !errors.Is(err, kafka.TopicAlreadyExists):
			errs = append(errs, fmt.Errorf("creating topic %s: %w", s.Name, err))
		}
	}
	return created, errors.Join(errs...)
}

func (c *Conn) compare(ctx context.Context, specs []TopicSpec, have map[string]int, created map[string]bool) ([]TopicResult, error) {
	settings, refused, err := c.settings(ctx, slices.DeleteFunc(slices.Clone(specs), func(s TopicSpec) bool { return created[s.Name] }))
	if err != nil {
		return nil, err
	}
	for _, s := range specs {
		if err := refused[s.Name]; err != nil {
			return nil, fmt.Errorf("reading the settings of topic %s: %w", s.Name, err)
		}
	}
	var out []TopicResult
	wrong := map[counts][]string{}
	for _, s := range specs {
		if created[s.Name] {
			out = append(out, TopicResult{Name: s.Name, Action: "created"})
			continue
		}
		r := TopicResult{Name: s.Name, Action: "unchanged", Differences: s.differences(settings[s.Name])}
		if n, ok := have[s.Name]; ok && n != s.Partitions {
			r.Differences = append([]string{fmt.Sprintf("partitions: have %d, want %d", n, s.Partitions)}, r.Differences...)
			as := counts{n, s.Partitions}
			wrong[as] = append(wrong[as], s.Name)
		}
		if len(r.Differences) > 0 {
			r.Action = "differs"
		}
		out = append(out, r)
	}
	return out, miscounted(wrong)
}

// counts are the partitions that a topic has and should have.
type counts struct{ have, want int }

// miscounted says it once of all topics that are alike.
func miscounted(wrong map[counts][]string) error {
	var errs []error
	for c, names := range wrong {
		subject := "topic " + names[0] + " has"
		if len(names) > 1 {
			subject = fmt.Sprintf("%d topics (%s) have", len(names), strings.Join(names, ", "))
		}
		errs = append(errs, fmt.Errorf("%s %d partitions, not %d: calls would lose their order; "+
			"make a new cluster or topic set, never add partitions", subject, c.have, c.want))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// settings are those that the specs name, as the broker has them, by topic; and why a topic's are not told.
func (c *Conn) settings(ctx context.Context, specs []TopicSpec) (have map[string]map[string]string, refused map[string]error, err error) {
	have, refused = map[string]map[string]string{}, map[string]error{}
	if len(specs) == 0 {
		return have, refused, nil
	}
	req := &kafka.DescribeConfigsRequest{}
	for _, s := range specs {
		req.Resources = append(req.Resources, kafka.DescribeConfigRequestResource{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: s.Name, ConfigNames: s.names(),
		})
	}
	res, err := c.Client.DescribeConfigs(ctx, req)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the settings of topics: %w", err)
	}
	for _, r := range res.Resources {
		if r.Error != nil {
			refused[r.ResourceName] = r.Error
			continue
		}
		have[r.ResourceName] = map[string]string{}
		for _, e := range r.ConfigEntries {
			have[r.ResourceName][e.ConfigName] = e.ConfigValue
		}
	}
	return have, refused, nil
}

type setting struct{ name, value string }

// settings are the topic's, all explicit: what the broker's own defaults are never matters. See "Topic
// configs" of the Apache Kafka documentation.
func (s TopicSpec) settings() []setting {
	policy, retention := "delete", "-1"
	if s.Retention > 0 {
		retention = strconv.FormatInt(s.Retention.Milliseconds(), 10)
	}
	if s.Compacted {
		policy = "compact"
		if s.Retention > 0 {
			policy = "compact,delete"
		}
	}
	out := []setting{
		{"cleanup.policy", policy},
		{"retention.ms", retention},
		// Only closed segments are deleted or compacted: the open one must be closed well within the
		// retention, or a quiet topic keeps its messages for days longer.
		{"segment.ms", strconv.FormatInt(s.segment().Milliseconds(), 10)},
		{"segment.bytes", strconv.Itoa(128 << 20)},
		{"message.timestamp.type", "CreateTime"},
		// With three replicas one may be away without stopping producers, and no acknowledged message is
		// on fewer than two.
		{"min.insync.replicas", strconv.Itoa(min(2, max(1, s.Replicas-1)))},
	}
	if s.Compacted && s.CompactionLag > 0 {
		out = append(out, setting{"max.compaction.lag.ms", strconv.FormatInt(s.CompactionLag.Milliseconds(), 10)})
	}
	if s.MaxMessageBytes > 0 {
		out = append(out, setting{"max.message.bytes", strconv.Itoa(s.MaxMessageBytes)})
	}
	return out
}

// segment is how long a segment stays open: an eighth of what must be gone by then, a day at most.
func (s TopicSpec) segment() time.Duration {
	const day = 24 * time.Hour
	d := day
	if s.Retention > 0 {
		d = min(d, s.Retention/8)
	}
	if s.Compacted && s.CompactionLag > 0 {
		d = min(d, s.CompactionLag/8)
	}
	return max(d, time.Minute)
}

func (s TopicSpec) names() []string {
	settings := s.settings()
	out := make([]string, len(settings))
	for i, e := range settings {
		out[i] = e.name
	}
	return out
}

func (s TopicSpec) differences(have map[string]string) []string {
	var out []string
	for _, want := range s.settings() {
		if got := have[want.name]; normal(got) != normal(want.value) {
			out = append(out, fmt.Sprintf("%s: have %s, want %s", want.name, got, want.value))
		}
	}
	return out
}

// normal makes lists comparable: brokers keep them in the order in which they were given.
func normal(v string) string {
	parts := strings.Split(v, ",")
	slices.Sort(parts)
	return strings.Join(parts, ",")
}
