package consume_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// limit sets a topic's largest message.
func (w *world) limit(topic, bytes string) {
	w.t.Helper()
	res, err := w.cluster.Client.IncrementalAlterConfigs(context.Background(), &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: topic,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "max.message.bytes", Value: bytes, ConfigOperation: kafka.ConfigOperationSet}},
		}},
	})
	if err != nil || res.Resources[0].Error != nil {
		w.t.Fatal(err, res)
	}
}

func TestADeadLetterTooLargeIsLeftWithoutItsValue(t *testing.T) {
	for name, err := range map[string]error{
		"poison": errPoison,
		// It does not fit into the retry topic either, and is a dead letter at once.
		"could be retried": errAway,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "a:1")
			kafkatest.Limited(t, w.cluster.Conn, dead, 1000)
			kafkatest.Limited(t, w.cluster.Conn, consume.RetryTopic("a", group), 1000)
			j := newJournal()
			w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error {
				if len(m.Value) > 1 {
					return err
				}
				j.note(m)
				return nil
			}, noPatience), consume.Hooks{})
			w.publish("a", "k", strings.Repeat("x", 2000), "1")
			j.wait(t, "the one behind it", func(n int) bool { return n == 1 })
			eventually(t, "all is committed", func() bool { return w.committed("a", 0) == 2 })
			got := kafkatest.Records(t, w.cluster.Conn, dead)
			if len(got) != 1 || got[0].Value != nil || deadletter.Get(got[0].Headers, "dl-omitted") != "2000" || deadletter.Get(got[0].Headers, deadletter.HeaderOffset) != "0" {
				t.Errorf("got %v", got)
			}
		})
	}
}

// What fits into a topic beyond the producer's own bound keeps its value on the way to the dead letters, which take
// more than any other topic.
func TestALargeMessageKeepsItsValueAsADeadLetter(t *testing.T) {
	for name, fails := range map[string]error{"poison": errPoison, "parked first": errAway} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "a:1")
			for topic, bytes := range map[string]string{"a": "1048576", consume.RetryTopic("a", group): "1048576", dead: "1114112"} {
				w.limit(topic, bytes)
			}
			large := strings.Repeat("x", 1_040_000)
			foreign := produce.New(w.cluster.Conn, produce.Config{MaxMessageBytes: 1 << 20}, telemetry.Discard())
			defer foreign.Close(t.Context())
			if err := foreign.Publish(t.Context(), produce.Message{Topic: "a", Key: []byte("k"), Value: []byte(large)}); err != nil {
				t.Fatal(err)
			}
			cfg := w.config()
			cfg.Park = consume.Park{Initial: time.Millisecond, Max: time.Millisecond, Rounds: 1}
			w.start(cfg, consume.Stack(func(context.Context, *consume.Message) error { return fails }, noPatience), consume.Hooks{})
			eventually(t, "it is committed", func() bool { return w.committed("a", 0) == 1 && w.end(dead, 0) == 1 })
			if got := kafkatest.Records(t, w.cluster.Conn, dead); string(got[0].Value) != large {
				t.Errorf("%d of %d bytes are left", len(got[0].Value), len(large))
			}
		})
	}
}

func TestAParkedMessageThatIsGoneFreesItsKey(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Park.Initial, cfg.Park.Max = 3*time.Second, 3*time.Second // it is gone before it is due
	j := newJournal()
	w.start(cfg, consume.Stack(func(_ context.Context, m *consume.Message) error {
		if string(m.Value) == "0" {
			return errAway
		}
		j.note(m)
		return nil
	}, noPatience), consume.Hooks{})
	w.publish("a", "k", "0")
	retries := consume.RetryTopic("a", group)
	eventually(t, "it is parked", func() bool { return w.committed("a", 0) == 1 && w.end(retries, 0) == 1 })
	foreign, err := kgo.NewClient(kgo.SeedBrokers(w.cluster.Brokers()...))
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis = 5000
	req.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: retries, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Offset: 1}}}}
	if res, err := req.RequestWith(t.Context(), foreign); err != nil || res.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatal(err, res)
	}
	w.publish("a", "k", "1")
	j.wait(t, "the one behind it", func(n int) bool { return n == 1 })
	eventually(t, "the retry topic is committed", func() bool { return w.committed(retries, 0) == w.end(retries, 0) })
}

func TestAPositionOutsideTheLogGoesBackToItsStart(t *testing.T) {
	w := newWorld(t, "a:1")
	w.publish("a", "k", numbers(0, 5)...)
	res, err := w.cluster.Client.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
		GroupID: group, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{"a": {{Offset: 100}}},
	})
	if err != nil || res.Topics["a"][0].Error != nil {
		t.Fatal(err, res)
	}
	j := newJournal()
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error { j.note(m); return nil }, consume.Options{}), consume.Hooks{})
	j.wait(t, "all", func(n int) bool { return n == 5 })
	eventually(t, "the group knows", func() bool { return w.committed("a", 0) == 5 })
}

func TestTheConsumerOutlastsItsConnections(t *testing.T) {
	w := newWorld(t, "a")
	j := newJournal()
	m := w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error { j.note(m); return nil }, consume.Options{}), consume.Hooks{})
	for round := range 3 {
		w.publish("a", "k", numbers(10*round, 10*round+10)...)
		j.wait(t, "a round", func(n int) bool { return n >= 10*round+10 })
		m.line.mu.Lock()
		for c := range m.line.open {
			_ = c.Close()
			delete(m.line.open, c)
		}
		m.line.mu.Unlock()
	}
	w.publish("a", "k", "30")
	j.wait(t, "the last", func(int) bool { return slices.Contains(j.of("k"), "30") })
	if got := slices.Compact(slices.Sorted(slices.Values(j.of("k")))); len(got) != 31 {
		t.Errorf("%d of 31 were handled", len(got))
	}
}

// A commit finds the coordinator gone long before the heartbeat does; the generation ends then and there.
func TestAGenerationEndsWithItsCoordinatorsConnection(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Session, cfg.Heartbeat = 60*time.Second, 20*time.Second
	entered, ended := make(chan struct{}), make(chan struct{}, 10)
	var first sync.Once
	m := w.start(cfg, consume.Stack(func(ctx context.Context, m *consume.Message) error {
		switch string(m.Key) {
		case "more":
			<-entered // or its commit could end the generation before the other has come
		case "waits":
			first.Do(func() { close(entered) })
			<-consume.Ending(ctx)
			ended <- struct{}{}
			return context.Canceled
		}
		return nil
	}, noPatience), consume.Hooks{})
	w.publish("a", "goes on", "0")
	eventually(t, "the group has committed", func() bool { return w.committed("a", 0) == 1 })
	m.line.mu.Lock()
	for c := range m.line.open {
		_ = c.Close()
		delete(m.line.open, c)
	}
	m.line.mu.Unlock()
	w.publish("a", "more", "0") // something to commit
	w.publish("a", "waits", "0")
	<-entered
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the generation goes on without its coordinator")
	}
}

func TestABrokerThatComesBackIsJoinedAgain(t *testing.T) {
	w := newWorldOn(t, "", "a:1")
	f := w.cluster.Kafka.Fake
	// Everything that a starting cluster answers, and then some.
	f.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.FindCoordinator}, Err: kerr.CoordinatorNotAvailable, Count: 2},
		kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: kerr.NotCoordinator, Count: 2},
		kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetFetch}, Err: kerr.CoordinatorLoadInProgress},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "a", Err: kerr.NotLeaderForPartition, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.UnknownServerError, Count: 2},
	)
	j := newJournal()
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error { j.note(m); return nil }, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", numbers(0, 5)...)
	j.wait(t, "all", func(n int) bool { return n == 5 })
	eventually(t, "committed at last", func() bool { return w.committed("a", 0) == 5 })
}

// A broker that comes back remembers the members of its groups, and waits a session for each that does not say that it is one of them.
func TestAMemberIsItselfAfterItsCoordinatorWasAway(t *testing.T) {
	w := newWorldOn(t, "", "a:1")
	f := w.cluster.Kafka.Fake
	var mu sync.Mutex
	var joined []string // the member id of each JoinGroup
	f.ControlKey(int16(kmsg.JoinGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		in, _ := req.(*kmsg.JoinGroupRequest)
		joined = append(joined, in.MemberID)
		return nil, nil, false
	})
	j := newJournal()
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error { j.note(m); return nil }, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", "0")
	j.wait(t, "the first", func(n int) bool { return n == 1 })
	mu.Lock()
	before := len(joined)
	mu.Unlock()
	away := f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.FindCoordinator}, Err: kerr.CoordinatorNotAvailable, Count: 5})
	f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.NotCoordinator})
	if err := away.Wait(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	eventually(t, "joined again", func() bool { mu.Lock(); defer mu.Unlock(); return len(joined) > before })
	w.publish("a", "k", "1")
	j.wait(t, "the second", func(n int) bool { return n == 2 })
	mu.Lock()
	defer mu.Unlock()
	if slices.Contains(joined[before:], "") {
		t.Errorf("joined as a stranger: %q", joined)
	}
}

func TestRunReturnsWhatRestartingCannotMend(t *testing.T) {
	k, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Options: []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("PLAIN", "user", "right")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	conn := kafkatest.Dial(t, broker.Config{Brokers: []string{k.Addr()}, SASL: broker.SASL{Mechanism: "plain", Username: "user", Password: "wrong"}})
	c, err := consume.New(conn, nil, consume.Config{Group: group, Topics: []string{"a"}, DeadLetters: dead},
		func(context.Context, *consume.Message, func(error)) {}, consume.Hooks{}, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(t.Context()); !errors.Is(err, kafka.SASLAuthenticationFailed) {
		t.Errorf("got %v", err)
	}
}

func TestALateCompletionChangesNothing(t *testing.T) {
	w := newWorld(t, "a:1")
	took := make(chan func(error), 10)
	m := w.start(w.config(), func(_ context.Context, _ *consume.Message, done func(error)) { took <- done }, consume.Hooks{})
	w.publish("a", "k", "0", "1", "2")
	ok, late, failed := <-took, <-took, <-took
	ok(nil)
	eventually(t, "the first is committed", func() bool { return w.committed("a", 0) == 1 })
	m.end()
	late(nil)
	failed(errPoison)
	ok(nil) // twice
	if got := w.committed("a", 0); got != 1 {
		t.Errorf("committed %d", got)
	}
	if n := len(kafkatest.Records(t, w.cluster.Conn, dead)); n != 0 {
		t.Errorf("%d dead letters after the end", n)
	}
}

func TestTheWatchdogAndTheGaugesTellOfAStuckHandler(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.StuckAfter = 50 * time.Millisecond
	reader := metric.NewManualReader()
	var log syncBuffer
	tel := telemetry.Discard()
	tel.Meter = metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")
	tel.Log = slog.New(slog.NewTextHandler(&log, nil))
	stuck := make(chan struct{})
	var calls atomic.Int32
	c, err := consume.New(w.cluster.Conn, w.prod, cfg, consume.Stack(func(context.Context, *consume.Message) error {
		if calls.Add(1) == 1 {
			<-stuck
		}
		return nil
	}, consume.Options{}), consume.Hooks{}, tel)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	w.publish("a", "k", "0", "1")
	eventually(t, "a line about it", func() bool { return strings.Contains(log.String(), "a handler is stuck") })
	if n := strings.Count(log.String(), "a handler is stuck"); n != 1 {
		t.Errorf("%d lines about one handler", n)
	}
	// The one behind it may be fetched later.
	eventually(t, "both are taken", func() bool {
		got := gauges(t, reader)
		return got["kafka.consume.taken"] == 2 && got["kafka.consume.lag"] == 2
	})
	if got := gauges(t, reader); got["kafka.consume.oldest.handler"] < 0.05 || got["kafka.consume.oldest"] < 0.05 {
		t.Errorf("gauges: %v", got)
	}
	close(stuck)
	eventually(t, "both are handled", func() bool { return w.committed("a", 0) == 2 })
	// A handler completes its message before it has returned.
	eventually(t, "no handler is under way", func() bool { return gauges(t, reader)["kafka.consume.oldest.handler"] == 0 })
	if got := gauges(t, reader); got["kafka.consume.taken"] != 0 || got["kafka.consume.oldest.handler"] != 0 || got["kafka.consume.handled"] != 2 {
		t.Errorf("afterwards: %v", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// gauges sums every data point of an instrument over its attributes.
func gauges(t *testing.T, r *metric.ManualReader) map[string]float64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := r.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, s := range data.ScopeMetrics {
		for _, m := range s.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Gauge[int64]:
				for _, p := range d.DataPoints {
					out[m.Name] += float64(p.Value)
				}
			case metricdata.Gauge[float64]:
				for _, p := range d.DataPoints {
					out[m.Name] += p.Value
				}
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					out[m.Name] += float64(p.Value)
				}
			}
		}
	}
	return out
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestRunWaitsForTopicsThatAreBeingMade(t *testing.T) {
	w := newWorld(t)
	w.topics = []string{"late"}
	j := newJournal()
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error { j.note(m); return nil }, consume.Options{}), consume.Hooks{})
	kafkatest.Topics(t, w.cluster.Conn, "late:1", consume.RetryTopic("late", group)+":1")
	w.publish("late", "k", "0")
	j.wait(t, "it", func(n int) bool { return n == 1 })
}

// The commit that says "this one is parked" may be lost; the message then comes again, beside its parked self.
func TestARedeliveredMessageIsParkedOnce(t *testing.T) {
	w := newWorldOn(t, "", "a:1")
	cfg := w.config()
	cfg.Park.Initial, cfg.Park.Max = 200*time.Millisecond, 200*time.Millisecond
	var away atomic.Bool
	away.Store(true)
	j := newJournal()
	h := consume.Stack(func(_ context.Context, m *consume.Message) error {
		if away.Load() {
			return errAway
		}
		j.note(m)
		return nil
	}, noPatience)
	// The position at the start is committed, nothing after it.
	first := w.start(cfg, h, consume.Hooks{})
	eventually(t, "the member has begun", func() bool { return w.committed("a", 0) == 0 })
	lost := w.cluster.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.UnknownServerError, Count: -1})
	w.publish("a", "k", numbers(0, 3)...)
	retries := consume.RetryTopic("a", group)
	eventually(t, "all are parked", func() bool { return w.end(retries, 0) >= 3 })
	first.end()
	away.Store(false)
	lost.Remove()
	if got := w.committed("a", 0); got != 0 {
		t.Fatalf("committed %d", got)
	}
	w.start(cfg, h, consume.Hooks{})
	w.publish("a", "k", "3")
	j.wait(t, "all", func(n int) bool { return n >= 4 })
	eventually(t, "all is committed", func() bool { return w.committed("a", 0) == 4 && w.committed(retries, 0) == w.end(retries, 0) })
	if got := j.of("k"); !slices.Equal(got, numbers(0, 4)) {
		t.Errorf("got %v", got)
	}
}

func TestDetachedWorkIsCutOffInTheEnd(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Drain, cfg.Detached = 10*time.Millisecond, 50*time.Millisecond
	entered, cut := make(chan struct{}), make(chan struct{})
	m := w.start(cfg, consume.Stack(func(ctx context.Context, _ *consume.Message) error {
		close(entered)
		<-consume.Detach(ctx).Done()
		close(cut)
		return nil
	}, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", "0")
	<-entered
	m.end()
	<-cut
	if got := w.committed("a", 0); got != 0 {
		t.Errorf("committed %d", got)
	}
}

func TestSpansHangUnderTheirCall(t *testing.T) {
	w := newWorld(t, "a:1")
	spans := tracetest.NewSpanRecorder()
	tel := telemetry.Discard()
	tel.Tracer = trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("test")
	reader := metric.NewManualReader()
	tel.Meter = metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")
	cfg := w.config()
	cfg.Untraced = []string{"Frame"}
	seen := make(chan oteltrace.SpanContext, 10)
	c, err := consume.New(w.cluster.Conn, w.prod, cfg, consume.Stack(func(ctx context.Context, m *consume.Message) error {
		seen <- oteltrace.SpanContextFromContext(ctx)
		if string(m.Value) == "bad" {
			return errPoison
		}
		return nil
	}, consume.Options{}), consume.Hooks{}, tel)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	w.publishWith("a", "call", "v", "event-kind", "CallEnded")
	w.publishWith("a", "call", "v", "event-kind", "Frame")
	w.publishWith("a", "call", "bad", telemetry.HeaderTraceparent, "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01")
	byCall, frame, byParent := <-seen, <-seen, <-seen
	eventually(t, "all is committed", func() bool { return w.committed("a", 0) == 3 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if byCall.TraceID() != telemetry.TraceID("call") || frame.TraceID() != telemetry.TraceID("call") || byParent.TraceID().String() != "0102030405060708090a0b0c0d0e0f10" {
		t.Errorf("traces %s %s %s", byCall.TraceID(), frame.TraceID(), byParent.TraceID())
	}
	for _, name := range []string{"kafka.consume.duration", "kafka.consume.handled", "kafka.consume.dead_letters"} {
		if len(exemplars(t, reader, name)) == 0 {
			t.Errorf("%s leads to no trace", name)
		}
	}
	got := spans.Ended()
	if len(got) != 2 || got[0].Name() != "svc CallEnded" || got[1].Name() != "svc a" || got[0].SpanKind() != oteltrace.SpanKindConsumer {
		t.Fatalf("%d spans", len(got))
	}
	if s := got[1]; s.Status().Code != codes.Error || s.Status().Description != "undecodable" || s.Parent().SpanID().String() != "0102030405060708" {
		t.Errorf("the failed one: %v, parent %s", s.Status(), s.Parent().SpanID())
	}
}

// exemplars are the spans that an instrument leads to.
func exemplars(t *testing.T, r *metric.ManualReader, name string) (spans []string) {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := r.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	for _, s := range data.ScopeMetrics {
		for _, m := range s.Metrics {
			if m.Name != name {
				continue
			}
			switch d := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					for _, e := range p.Exemplars {
						spans = append(spans, fmt.Sprintf("%x", e.SpanID))
					}
				}
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					for _, e := range p.Exemplars {
						spans = append(spans, fmt.Sprintf("%x", e.SpanID))
					}
				}
			}
		}
	}
	return spans
}
