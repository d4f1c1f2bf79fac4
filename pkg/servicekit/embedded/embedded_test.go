package embedded_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestKafkaKeepsItsDataAndItsAddress(t *testing.T) {
	cfg := embedded.KafkaConfig{DataDir: t.TempDir()}
	for round := range 3 {
		k, err := embedded.StartKafka(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Listen != "" && k.Addr() != cfg.Listen {
			t.Errorf("listens on %s, not on %s", k.Addr(), cfg.Listen)
		}
		cfg.Listen = k.Addr()
		conn := kafkatest.Dial(t, broker.Config{Brokers: []string{k.Addr()}})
		kafkatest.Topics(t, conn, "a:2")
		p := produce.New(conn, produce.Config{}, telemetry.Discard())
		if err := p.Publish(t.Context(), produce.Message{Topic: "a", Key: []byte("k"), Value: []byte("v")}); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(kafkatest.Records(t, conn, "a")); n != round+1 {
			t.Errorf("round %d: %d records", round, n)
		}
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKafkaRunsItsCleaner(t *testing.T) {
	k, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Clean: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = k.Close() }()
	conn := kafkatest.Dial(t, broker.Config{Brokers: []string{k.Addr()}})
	if _, err := conn.EnsureTopics(t.Context(), []broker.TopicSpec{{Name: "a", Partitions: 1, Replicas: 1, Retention: 50 * time.Millisecond}}); err != nil {
		t.Fatal(err)
	}
	p := produce.New(conn, produce.Config{}, telemetry.Discard())
	defer func() { _ = p.Close(context.Background()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for first := int64(0); first == 0; {
		if err := p.Publish(ctx, produce.Message{Topic: "a", Value: []byte("v")}); err != nil {
			t.Fatal(err)
		}
		if first, _, err = conn.Offsets(ctx, "a", 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKafkaRefusesAddressesThatClientsCannotUse(t *testing.T) {
	k, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = k.Close() }()
	for addr, want := range map[string]string{
		"here": "not host:port", "0.0.0.0:0": "clients can reach", "127.0.0.1:x": "numeric port", k.Addr(): "is the port taken",
	} {
		if _, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Listen: addr}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestRedisHasAClockAndAPassword(t *testing.T) {
	r, err := embedded.StartRedis(t.Context(), embedded.RedisConfig{Password: "right"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := embedded.StartRedis(t.Context(), embedded.RedisConfig{Listen: r.Addr()}); err == nil {
		t.Error("one address served two")
	}
	wrong := redis.NewClient(&redis.Options{Addr: r.Addr(), Password: "wrong", MaxRetries: -1})
	defer func() { _ = wrong.Close() }()
	if err := wrong.Ping(t.Context()).Err(); err == nil {
		t.Error("a wrong password was let in")
	}
	rdb := redis.NewClient(&redis.Options{Addr: r.Addr(), Password: "right"})
	defer func() { _ = rdb.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := rdb.Set(ctx, "k", "v", 100*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	for rdb.Exists(ctx, "k").Val() == 1 {
		if ctx.Err() != nil {
			t.Fatal("the key never expired")
		}
	}
}
