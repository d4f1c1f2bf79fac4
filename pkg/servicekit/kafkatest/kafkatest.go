// Package kafkatest gives tests an embedded broker and an embedded Redis, on the production clients.
//
// The embedded ones forgive more than Kafka and Redis do, so what passes on them must pass on the real ones, too:
//
//	FRONTDESK_TEST_KAFKA=127.0.0.1:9092 FRONTDESK_TEST_REDIS=127.0.0.1:6379 go test -p 1 ./pkg/servicekit/...
//
// runs every test that asks for [Broker] on that cluster, and every one that asks for [Redis] on that server. They must be the tests'
// own: topics of the names that tests use are deleted before and after, and so are all idle consumer groups and all keys; -p 1 keeps
// packages from taking each other's. Tests that break the broker on purpose ask for [Start] and always have an embedded one.
package kafkatest

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
)

// Partitions of a topic that is given without a count.
const Partitions = 4

// Real is the cluster that tests should run on, empty for an embedded broker each.
func Real() string { return os.Getenv("FRONTDESK_TEST_KAFKA") }

// Broker starts an embedded Kafka with the given topics and stops it with the test. A topic has 4 partitions
// unless its name is followed by a colon and a count ("calls.media:8").
func Broker(tb testing.TB, topics ...string) *broker.Conn {
	tb.Helper()
	addr := Real()
	if addr == "" {
		return Start(tb, embedded.KafkaConfig{}, topics...).Conn
	}
	conn := Dial(tb, broker.Config{Brokers: []string{addr}})
	wipe(tb, conn, topics)
	Topics(tb, conn, topics...)
	tb.Cleanup(func() { wipe(tb, conn, topics) })
	return conn
}

// wipe deletes topics and all groups without members, and waits until the topics are gone.
func wipe(tb testing.TB, conn *broker.Conn, topics []string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i], _, _ = strings.Cut(t, ":")
	}
	if res, err := conn.Client.ListGroups(ctx, &kafka.ListGroupsRequest{}); err == nil {
		groups := make([]string, len(res.Groups))
		for i, g := range res.Groups {
			groups[i] = g.GroupID
		}
		// A group that still has members is refused, and is somebody else's.
		_, _ = conn.Client.DeleteGroups(ctx, &kafka.DeleteGroupsRequest{GroupIDs: groups})
	}
	if len(names) == 0 {
		return
	}
	if _, err := conn.Client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: names}); err != nil {
		tb.Fatal(err)
	}
	for {
		have, err := conn.Partitions(ctx)
		if err == nil && !slices.ContainsFunc(names, func(n string) bool { return have[n] > 0 }) {
			return
		}
		if ctx.Err() != nil {
			tb.Fatalf("the topics %v are still there (%v)", names, err)
		}
		<-time.After(20 * time.Millisecond) // the cluster tells nobody when it is done
	}
}

// Cluster is an embedded broker that a test looks into or breaks.
type Cluster struct {
	*broker.Conn
	Kafka *embedded.Kafka
}

// Start is [Broker] with settings, and with the broker itself.
func Start(tb testing.TB, cfg embedded.KafkaConfig, topics ...string) *Cluster {
	tb.Helper()
	k, err := embedded.StartKafka(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = k.Close() })
	c := &Cluster{Conn: Dial(tb, broker.Config{Brokers: []string{k.Addr()}}), Kafka: k}
	Topics(tb, c.Conn, topics...)
	return c
}

// Dial connects a further client, a process of its own as far as Kafka can tell, until the test ends.
func Dial(tb testing.TB, cfg broker.Config) *broker.Conn {
	tb.Helper()
	conn, err := broker.Dial(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Topics makes more topics, named as for [Broker].
func Topics(tb testing.TB, conn *broker.Conn, topics ...string) {
	tb.Helper()
	specs := make([]broker.TopicSpec, 0, len(topics))
	for _, t := range topics {
		s := broker.TopicSpec{Name: t, Partitions: Partitions, Replicas: 1}
		if name, count, ok := strings.Cut(t, ":"); ok {
			n, err := strconv.Atoi(count)
			if err != nil {
				tb.Fatalf("topic %q: the count after the colon is no number", t)
			}
			s.Name, s.Partitions = name, n
		}
		specs = append(specs, s)
	}
	if len(specs) == 0 {
		return
	}
	if _, err := conn.EnsureTopics(tb.Context(), specs); err != nil {
		tb.Fatal(err)
	}
	await(tb, conn, specs)
}

// await waits until every partition answers: a cluster tells of a new topic before its brokers take anything for it.
func await(tb testing.TB, conn *broker.Conn, specs []broker.TopicSpec) {
	tb.Helper()
	if Real() == "" {
		return // the embedded one does both at once
	}
	for _, s := range specs {
		for p := range s.Partitions {
			if _, _, err := conn.Offsets(tb.Context(), s.Name, p); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// Limited makes a topic of one partition that takes no message above so many bytes, until the test ends. Where that is set later, a cluster
// takes it to heart some time after it has answered.
func Limited(tb testing.TB, conn *broker.Conn, topic string, bytes int) {
	tb.Helper()
	wipe(tb, conn, []string{topic})
	tb.Cleanup(func() { wipe(tb, conn, []string{topic}) })
	specs := []broker.TopicSpec{{Name: topic, Partitions: 1, Replicas: 1, MaxMessageBytes: bytes}}
	if _, err := conn.EnsureTopics(tb.Context(), specs); err != nil {
		tb.Fatal(err)
	}
	await(tb, conn, specs)
}

// Records is everything that stands in a topic, partition by partition in order.
func Records(tb testing.TB, conn *broker.Conn, topic string) []broker.Record {
	tb.Helper()
	counts, err := conn.Partitions(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	var out []broker.Record
	for p := range counts[topic] {
		err := conn.ReadRange(tb.Context(), topic, p, -1, -1, func(r broker.Record) error {
			out = append(out, r)
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return slices.Clip(out)
}

// Redis starts an embedded Redis and stops it with the test; its clock runs. The client retries nothing by itself.
func Redis(tb testing.TB) *redis.Client {
	tb.Helper()
	if addr := os.Getenv("FRONTDESK_TEST_REDIS"); addr != "" {
		rdb := dialRedis(tb, addr)
		empty := func() {
			if err := rdb.FlushDB(context.Background()).Err(); err != nil {
				tb.Fatal(err)
			}
		}
		empty()
		tb.Cleanup(empty)
		return rdb
	}
	r, err := embedded.StartRedis(tb.Context(), embedded.RedisConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = r.Close() })
	return dialRedis(tb, r.Addr())
}

func dialRedis(tb testing.TB, addr string) *redis.Client {
	tb.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	tb.Cleanup(func() { _ = rdb.Close() })
	return rdb
}
