package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/play"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/realparts"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// message is one of a topic as kcat sees it.
type message struct {
	partition int
	key       string
	headers   map[string]string
}

// aForeignClientReadsEveryTopic: kcat, which is librdkafka, sees what our own reader sees, and puts a key where our producer puts it.
func aForeignClientReadsEveryTopic(t *testing.T) {
	all := sampleCalls(t, "spam", "habla-espanol", "wrong-number", "leaves-a-voicemail", "hangs-up-at-once", "says-private-things")
	w := startRealParts(t, realparts.Options{Calls: all, Speed: speed})
	defer w.close(t)
	played := play.All(t.Context(), w, all, patience, func(play.Progress) {})
	w.rests(t, played) // two readers, one after the other, see the same of topics only that grow no more
	passed(t, w.report(t, played))

	// What a stranger writes is no event: it becomes a dead letter, with the reason in its headers.
	const stranger = "CA00000000000000000000000000000000"
	kcat(t, w, stranger+"\trubbish\n", "-P", "-t", events.Insights.Name, "-K", "\t", "-X", "partitioner=murmur2_random")
	if !wait(t.Context(), 20*time.Second, func() bool { return len(read(t, w, events.DeadLetters.Name)) == 1 }) {
		t.Errorf("%d dead letters; want the one that a stranger wrote", len(read(t, w, events.DeadLetters.Name)))
	}

	where := map[string]int{}
	for _, topic := range events.Topics() {
		theirs, ours := kcatRead(t, w, topic.Name), read(t, w, topic.Name)
		if len(theirs) != len(ours) {
			t.Errorf("%s: kcat sees %d messages, our reader %d", topic.Name, len(theirs), len(ours))
			continue
		}
		t.Logf("%s: %d messages", topic.Name, len(ours))
		if empty := topic.Reserved; (len(ours) == 0) != empty {
			t.Errorf("%s: %d messages", topic.Name, len(ours))
		}
		for _, m := range theirs {
			if topic.Key == "call id" {
				where[m.key] = m.partition
				if !strings.HasPrefix(m.key, "CA") || len(m.key) != len(stranger) {
					t.Errorf("%s: a key is no call id: %q", topic.Name, m.key)
				}
			}
			if want := "dead letter"; topic.Name == events.DeadLetters.Name && (m.key != stranger || m.headers[deadletter.HeaderGroup] != "crm-writer" || m.headers[deadletter.HeaderCode] == "") {
				t.Errorf("the %s has key %q and headers %v", want, m.key, m.headers)
			}
		}
		if a, b := inOrder(theirs), inOrder(ours); !slices.Equal(a, b) {
			t.Errorf("%s: kcat sees otherwise than our reader: %s", topic.Name, firstDifference(a, b))
		}
	}
	if len(where) != len(all)+1 {
		t.Errorf("%d call ids in the topics; want those of %d calls, and the stranger's", len(where), len(all))
	}
	agreeOnPartitions(t, w, where)
}

// agreeOnPartitions: the same keys, written by kcat, stand in the partitions of the same numbers.
func agreeOnPartitions(t *testing.T, w *realWorld, where map[string]int) {
	t.Helper()
	const scratch = "scratch"
	if _, err := w.Conn().EnsureTopics(t.Context(), []broker.TopicSpec{{Name: scratch, Partitions: realparts.Partitions, Replicas: 1}}); err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for key := range where {
		fmt.Fprintf(&lines, "%s\tx\n", key)
	}
	kcat(t, w, lines.String(), "-P", "-t", scratch, "-K", "\t", "-X", "partitioner=murmur2_random")
	theirs := map[string]int{}
	for _, m := range kcatRead(t, w, scratch) {
		theirs[m.key] = m.partition
	}
	if !maps.Equal(theirs, where) {
		t.Errorf("kcat puts keys into the partitions %v, we into %v", theirs, where)
	}
	if used := len(slices.Compact(slices.Sorted(maps.Values(where)))); used < 2 {
		t.Errorf("all keys are in %d partition, which shows nothing", used)
	}
}

// kcatRead is a topic by kcat, which ends by itself at the end of the last partition.
func kcatRead(t *testing.T, w *realWorld, topic string) []message {
	t.Helper()
	out := kcat(t, w, "", "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", `%p\x1f%k\x1f%h\x1e`)
	var all []message
	for line := range strings.SplitSeq(out, "\x1e") {
		if line == "" {
			continue
		}
		f := strings.Split(line, "\x1f")
		if len(f) != 3 {
			t.Fatalf("kcat prints %q", line)
		}
		partition, err := strconv.Atoi(f[0])
		if err != nil {
			t.Fatal(err)
		}
		m := message{partition: partition, key: f[1], headers: map[string]string{}}
		for h := range strings.SplitSeq(f[2], ",") {
			if name, value, ok := strings.Cut(h, "="); ok {
				m.headers[name] = value
			}
		}
		all = append(all, m)
	}
	return all
}

// read is a topic by our own reader.
func read(t *testing.T, w *realWorld, topic string) []message {
	t.Helper()
	var all []message
	for p := range realparts.Partitions {
		err := w.Conn().ReadRange(t.Context(), topic, p, -1, -1, func(r broker.Record) error {
			m := message{partition: p, key: string(r.Key), headers: map[string]string{}}
			for _, h := range r.Headers {
				m.headers[h.Key] = string(h.Value)
			}
			all = append(all, m)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// inOrder are messages as text, partition by partition.
func inOrder(all []message) []string {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b message) int { return a.partition - b.partition })
	var out []string
	for _, m := range all {
		out = append(out, fmt.Sprint(m))
	}
	return out
}

func firstDifference(a, b []string) string {
	for i := range a {
		if a[i] != b[i] {
			return fmt.Sprintf("message %d is %s there, %s here", i, a[i], b[i])
		}
	}
	return ""
}

// kcat runs it against the stack's Kafka.
func kcat(t *testing.T, w *realWorld, in string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "kcat", append(w.parts.Kafka.Kcat(), args...)...)
	var said strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(in), &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kcat %v: %v: %s", args, err, said.String())
	}
	return string(out)
}
