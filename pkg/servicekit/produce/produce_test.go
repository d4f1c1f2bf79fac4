package produce_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t testing.TB, conn *broker.Conn, cfg produce.Config) *produce.Producer {
	t.Helper()
	p := produce.New(conn, cfg, telemetry.Discard())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = p.Close(ctx)
	})
	return p
}

func message(key, value string) produce.Message {
	return produce.Message{Topic: "calls", Key: []byte(key), Value: []byte(value)}
}

func values(t testing.TB, conn *broker.Conn) []string {
	t.Helper()
	records := kafkatest.Records(t, conn, "calls")
	out := make([]string, len(records))
	for i, r := range records {
		out[i] = string(r.Value)
	}
	return out
}

func numbers(n int) []string {
	out := make([]string, 0, n)
	for i := range n {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

func TestPublishKeepsOrderWithinAPartition(t *testing.T) {
	conn := kafkatest.Broker(t, "calls")
	p := start(t, conn, produce.Config{})
	for i := range 100 {
		msgs := make([]produce.Message, 0, 10)
		for k := range 10 {
			msgs = append(msgs, message(fmt.Sprint("k", k), fmt.Sprint(i)))
		}
		if err := p.Publish(t.Context(), msgs...); err != nil {
			t.Fatal(err)
		}
	}
	next := map[string]int{}
	for _, r := range kafkatest.Records(t, conn, "calls") {
		if want := fmt.Sprint(next[string(r.Key)]); string(r.Value) != want {
			t.Fatalf("key %s: got %s, want %s", r.Key, r.Value, want)
		}
		next[string(r.Key)]++
		if want := produce.Partition(r.Key, kafkatest.Partitions); r.Partition != want {
			t.Fatalf("key %s stands in partition %d, not %d", r.Key, r.Partition, want)
		}
	}
	if len(next) != 10 || next["k3"] != 100 {
		t.Fatalf("got %v", next)
	}
}

func TestWhatAMessageMayBe(t *testing.T) {
	conn := kafkatest.Broker(t, "calls")
	p := start(t, conn, produce.Config{})
	three := 3
	msgs := []produce.Message{
		{Topic: "calls", Key: []byte("tombstone")},
		{Topic: "calls", Key: []byte{}, Value: []byte("empty key")},
		{Topic: "calls", Key: []byte("placed"), Value: []byte{}, Partition: &three},
		{Topic: "calls", Value: []byte("no key")}, {Topic: "calls", Value: []byte("no key")},
	}
	if err := p.Publish(t.Context(), msgs...); err != nil {
		t.Fatal(err)
	}
	if err := p.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	keyless := map[int]bool{}
	for _, r := range kafkatest.Records(t, conn, "calls") {
		switch {
		case string(r.Key) == "tombstone" && r.Value != nil:
			t.Error("a tombstone has a value")
		case string(r.Key) == "placed" && (r.Partition != 3 || r.Value == nil):
			t.Errorf("placed in %d, value %v", r.Partition, r.Value)
		case string(r.Value) == "empty key" && (r.Key == nil || r.Partition != produce.Partition(nil, kafkatest.Partitions)):
			t.Errorf("the empty key: %v in %d", r.Key, r.Partition)
		case string(r.Value) == "no key":
			keyless[r.Partition] = true
		}
	}
	if len(keyless) != 2 {
		t.Errorf("messages without key stand in %v", keyless)
	}
}

func TestTraceparentIsSetNotAppended(t *testing.T) {
	conn := kafkatest.Broker(t, "calls:1")
	p := start(t, conn, produce.Config{})
	m := message("k", "v")
	m.Headers = []kafka.Header{{Key: telemetry.HeaderTraceparent, Value: []byte("old")}, {Key: "h", Value: []byte("1")}}
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: telemetry.TraceID("call"), SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled,
	}))
	if err := errors.Join(p.Publish(ctx, m), p.Publish(t.Context(), m)); err != nil {
		t.Fatal(err)
	}
	if got := string(m.Headers[0].Value); got != "old" {
		t.Errorf("the caller's headers were changed to %q", got)
	}
	got := kafkatest.Records(t, conn, "calls")
	if len(got[0].Headers) != 2 || deadletter.Get(got[0].Headers, telemetry.HeaderTraceparent) != telemetry.Traceparent(ctx) {
		t.Errorf("with a span: %v", got[0].Headers)
	}
	if deadletter.Get(got[1].Headers, telemetry.HeaderTraceparent) != "old" {
		t.Errorf("without a span: %v", got[1].Headers)
	}
}

func TestTooLargeIsRefusedAlone(t *testing.T) {
	conn := kafkatest.Broker(t, "calls:1")
	p := start(t, conn, produce.Config{MaxMessageBytes: 1000})
	errs := make([]error, 3)
	var wg sync.WaitGroup
	for i, v := range []string{"0", strings.Repeat("x", 1000), "1"} {
		wg.Add(1)
		p.Send(t.Context(), message("k", v), func(err error) { errs[i] = err; wg.Done() })
	}
	wg.Wait()
	if errs[0] != nil || errs[2] != nil || !errors.Is(errs[1], produce.ErrTooLarge) || !retry.IsPermanent(errs[1]) {
		t.Errorf("got %v", errs)
	}
}

func TestWhatTheBrokerRefusesInABatchIsFoundAndTheRestGoesThrough(t *testing.T) {
	conn := kafkatest.Broker(t)
	kafkatest.Limited(t, conn, "calls", 500)
	p := start(t, conn, produce.Config{})
	var mu sync.Mutex
	var failed []int
	var wg sync.WaitGroup
	for i := range 20 {
		v := fmt.Sprint(i)
		if i == 13 {
			v = strings.Repeat("x", 600)
		}
		wg.Add(1)
		p.Send(t.Context(), message("k", v), func(err error) {
			defer wg.Done()
			if err == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, i)
			if !errors.Is(err, produce.ErrTooLarge) {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if !slices.Equal(failed, []int{13}) {
		t.Errorf("failed: %v", failed)
	}
	want := slices.Delete(numbers(20), 13, 14)
	if got := values(t, conn); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestTheHeadBlocksItsPartitionUntilItIsIn(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{}, "calls:1")
	c.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "calls", Err: kerr.NotEnoughReplicas, Count: 4})
	p := start(t, c.Conn, produce.Config{})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Add(1)
		p.Send(t.Context(), message("k", fmt.Sprint(i)), func(err error) {
			if err != nil {
				t.Error(err)
			}
			wg.Done()
		})
	}
	wg.Wait()
	if got := values(t, c.Conn); !slices.Equal(got, numbers(50)) {
		t.Errorf("got %v", got)
	}
}

func TestACallerWhoGivesUpIsToldTheTruth(t *testing.T) {
	for _, c := range []struct {
		name      string
		err       *kerr.Error
		uncertain bool
	}{
		{"refused each time: not sent", kerr.NotEnoughReplicas, false},
		{"no answer in time: may have been sent", kerr.RequestTimedOut, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := kafkatest.Start(t, embedded.KafkaConfig{}, "calls:1")
			fault := k.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "calls", Err: c.err, Count: -1})
			p := start(t, k.Conn, produce.Config{})
			ctx, cancel := context.WithCancel(t.Context())
			head, behind := make(chan error, 1), make(chan error, 1)
			p.Send(ctx, message("k", "head"), func(err error) { head <- err })
			if err := fault.Wait(t.Context(), 2); err != nil {
				t.Fatal(err)
			}
			p.Send(ctx, message("k", "behind"), func(err error) { behind <- err })
			kept := make(chan error, 1)
			p.Send(t.Context(), message("k", "kept"), func(err error) { kept <- err })
			cancel()
			if err := <-head; !errors.Is(err, context.Canceled) || c.uncertain && !errors.Is(err, produce.ErrUncertain) {
				t.Errorf("head: %v", err)
			}
			if err := <-behind; !errors.Is(err, context.Canceled) || errors.Is(err, produce.ErrUncertain) {
				t.Errorf("behind: %v", err)
			}
			fault.Remove()
			if err := <-kept; err != nil {
				t.Errorf("kept: %v", err)
			}
			if got := values(t, k.Conn); slices.Contains(got, "behind") || !slices.Contains(got, "kept") {
				t.Errorf("stands: %v", got)
			}
		})
	}
}

// wakes is a context that is over for whoever looks, and wakes those who wait for it one by one, as the test wants: the runtime
// wakes each by a goroutine of its own, in any order.
type wakes struct {
	context.Context
	end  chan struct{}
	wake []func()
}

func (w *wakes) Done() <-chan struct{} { return w.end }

func (w *wakes) Value(any) any { return nil } // no context of the library's underneath

func (w *wakes) Err() error {
	select {
	case <-w.end:
		return context.Canceled
	default:
		return nil
	}
}

// AfterFunc is what [context.AfterFunc] asks of a context that is not the library's.
func (w *wakes) AfterFunc(f func()) (stop func() bool) {
	w.wake = append(w.wake, f)
	return func() bool { return true }
}

// Whoever sends again what was given up, in order, must not find that something behind it went in: not what is told late that its
// caller is gone, either.
func TestWhatIsGivenUpTogetherLeavesNoHole(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{}, "calls:1")
	fault := c.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "calls", Err: kerr.NotEnoughReplicas, Count: -1})
	p := start(t, c.Conn, produce.Config{})
	head := make(chan error, 1)
	p.Send(t.Context(), message("k", "head"), func(err error) { head <- err })
	if err := fault.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	ctx := &wakes{Context: t.Context(), end: make(chan struct{})}
	early, late := make(chan error, 1), make(chan error, 1)
	p.Send(ctx, message("k", "early"), func(err error) { early <- err })
	p.Send(ctx, message("k", "late"), func(err error) { late <- err })
	close(ctx.end)
	ctx.wake[0]()
	if err := <-early; !errors.Is(err, context.Canceled) || errors.Is(err, produce.ErrUncertain) {
		t.Errorf("early: %v", err)
	}
	fault.Remove()
	if err := errors.Join(<-head, p.Publish(t.Context(), message("k", "behind"))); err != nil {
		t.Fatal(err)
	}
	ctx.wake[1]()
	if err := <-late; !errors.Is(err, context.Canceled) || errors.Is(err, produce.ErrUncertain) {
		t.Errorf("late: %v", err)
	}
	if got := values(t, c.Conn); !slices.Equal(got, []string{"head", "behind"}) {
		t.Errorf("stands: %v", got)
	}
}

func TestARefusalIsToldAtOnce(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{}, "calls:1")
	c.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "calls", Err: kerr.TopicAuthorizationFailed})
	p := start(t, c.Conn, produce.Config{})
	err := p.Publish(t.Context(), message("k", "v"))
	if !errors.Is(err, kafka.TopicAuthorizationFailed) || retry.Code(err) != "kafka.topic_authorization_failed" {
		t.Errorf("got %v", err)
	}
}

func TestAForbiddenTopicIsNoMissingOne(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{}, "calls:1")
	c.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "calls", Err: kerr.TopicAuthorizationFailed, Count: -1})
	err := start(t, kafkatest.Dial(t, broker.Config{Brokers: c.Brokers()}), produce.Config{}).Publish(t.Context(), message("k", "v"))
	if !errors.Is(err, kafka.TopicAuthorizationFailed) || retry.Code(err) != "kafka.topic_authorization_failed" {
		t.Errorf("got %v, code %s", err, retry.Code(err))
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{}, "calls:1")
	fault := c.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "calls", Err: kerr.NotEnoughReplicas, Count: -1})
	p := start(t, c.Conn, produce.Config{MaxQueuedBytes: 1000, MaxMessageBytes: 1000})
	first := make(chan error, 1)
	p.Send(t.Context(), message("k", strings.Repeat("x", 600)), func(err error) { first <- err })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Publish(ctx, message("k", strings.Repeat("y", 600))); !errors.Is(err, context.Canceled) || errors.Is(err, produce.ErrUncertain) {
		t.Errorf("with no room: %v", err)
	}
	second := make(chan error, 1)
	go p.Send(t.Context(), message("k", strings.Repeat("z", 600)), func(err error) { second <- err })
	fault.Remove()
	if err := errors.Join(<-first, <-second); err != nil {
		t.Error(err)
	}
	if n := len(values(t, c.Conn)); n != 2 {
		t.Errorf("%d messages stand", n)
	}
}

func TestCloseWaitsAndThenRefuses(t *testing.T) {
	conn := kafkatest.Broker(t, "calls:1")
	p := produce.New(conn, produce.Config{}, telemetry.Discard())
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Add(1)
		p.Send(t.Context(), message("k", fmt.Sprint(i)), func(err error) {
			if err != nil {
				t.Error(err)
			}
			wg.Done()
		})
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := p.Publish(t.Context(), message("k", "late")); !errors.Is(err, produce.ErrClosed) || errors.Is(err, produce.ErrUncertain) {
		t.Errorf("got %v", err)
	}
	if n := len(values(t, conn)); n != 100 {
		t.Errorf("%d messages stand", n)
	}
}

func TestCloseGivesUpInTime(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{}, "calls:1")
	fault := c.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "calls", Err: kerr.NotEnoughReplicas, Count: -1})
	p := produce.New(c.Conn, produce.Config{}, telemetry.Discard())
	told := make(chan error, 2)
	p.Send(context.Background(), message("k", "0"), func(err error) { told <- err })
	if err := fault.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	p.Send(context.Background(), message("k", "1"), func(err error) { told <- err })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	for range 2 {
		if err := <-told; !errors.Is(err, produce.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}

func TestATopicThatDoesNotExist(t *testing.T) {
	conn := kafkatest.Broker(t)
	// The client has heard which topics there are before the time runs: one that has not can only say that it ran out.
	if err := conn.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := start(t, conn, produce.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := p.Publish(ctx, message("k", "v")); !errors.Is(err, kafka.UnknownTopicOrPartition) || !strings.Contains(err.Error(), "calls") {
		t.Errorf("got %v", err)
	}
}

// A broker that goes away under load and comes back with its data: nothing acknowledged is lost, and nothing
// is out of order; a message may be there twice.
func TestABrokerRestartLosesNothing(t *testing.T) {
	cfg := embedded.KafkaConfig{DataDir: t.TempDir()}
	k, err := embedded.StartKafka(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listen = k.Addr()
	var mu sync.Mutex
	var conns []net.Conn
	conn := kafkatest.Dial(t, broker.Config{Brokers: []string{k.Addr()}, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
		}
		return c, err
	}})
	kafkatest.Topics(t, conn, "calls:1")
	p := start(t, conn, produce.Config{})
	const n = 2000
	half := make(chan struct{})
	var sent sync.WaitGroup
	sent.Go(func() {
		for i := range n {
			if i == n/2 {
				close(half)
			}
			if err := p.Publish(context.Background(), message("k", fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		}
	})
	<-half
	mu.Lock()
	for _, c := range conns {
		_ = c.Close()
	}
	mu.Unlock()
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if k, err = embedded.StartKafka(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	sent.Wait()
	if got := slices.Compact(values(t, conn)); !slices.Equal(got, numbers(n)) {
		t.Errorf("%d messages stand, or not in order", len(got))
	}
}

// The vectors of Kafka's own partitioner, as Java computes them (UtilsTest.testMurmur2 of Apache Kafka).
func TestPartitionAgreesWithJava(t *testing.T) {
	for key, hash := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string":                       -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		for _, n := range []int{1, 4, 12, 1000003} {
			if got, want := produce.Partition([]byte(key), n), int(uint32(hash)&0x7fffffff)%n; got != want {
				t.Errorf("%q of %d: got %d, want %d", key, n, got, want)
			}
			if got := (kafka.Murmur2Balancer{Consistent: true}).Balance(kafka.Message{Key: []byte(key)}, upTo(min(n, 100))...); got != produce.Partition([]byte(key), min(n, 100)) {
				t.Errorf("%q of %d: kafka-go says %d", key, min(n, 100), got)
			}
		}
	}
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
