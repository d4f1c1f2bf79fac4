package consume_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	group = "svc"
	dead  = "dead"
)

// world is a broker with the topics of one group.
type world struct {
	t       testing.TB
	cluster *kafkatest.Cluster
	prod    *produce.Producer
	topics  []string
}

func newWorld(t testing.TB, topics ...string) *world {
	t.Helper()
	return newWorldOn(t, kafkatest.Real(), topics...)
}

// newWorldOn is newWorld on a real cluster, or on an embedded one if real is empty.
func newWorldOn(t testing.TB, real string, topics ...string) *world {
	t.Helper()
	all := append(make([]string, 0, 1+2*len(topics)), dead+":1")
	w := &world{t: t}
	for _, topic := range topics {
		name, count, counted := strings.Cut(topic, ":")
		w.topics = append(w.topics, name)
		retry := consume.RetryTopic(name, group)
		if counted {
			retry += ":" + count
		}
		all = append(all, topic, retry)
	}
	if real != "" {
		w.cluster = &kafkatest.Cluster{Conn: kafkatest.Broker(t, all...)}
		w.prod = w.producer(w.cluster.Conn)
		return w
	}
	w.cluster = kafkatest.Start(t, embedded.KafkaConfig{Options: []kfake.Opt{kfake.GroupMinSessionTimeout(200 * time.Millisecond)}}, all...)
	w.prod = w.producer(w.cluster.Conn)
	return w
}

func (w *world) producer(conn *broker.Conn) *produce.Producer {
	p := produce.New(conn, produce.Config{}, telemetry.Discard())
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = p.Close(ctx)
	})
	return p
}

// config has times that suit a test.
func (w *world) config() consume.Config {
	return consume.Config{
		Group: group, Topics: w.topics, DeadLetters: dead, CommitEvery: 20 * time.Millisecond,
		Heartbeat: 50 * time.Millisecond, JoinBackoff: 20 * time.Millisecond,
		Park: consume.Park{Initial: 50 * time.Millisecond, Max: 100 * time.Millisecond},
	}
}

// member is a running consumer, as a process of its own.
type member struct {
	*consume.Consumer
	t    testing.TB
	stop context.CancelFunc
	err  chan error
	once sync.Once
	line *line
}

// line is a member's connections, to be cut.
type line struct {
	mu   sync.Mutex
	dead bool
	open map[net.Conn]bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	l.open[c] = true
	return c, nil
}

// crash cuts the member off for good: for the broker it is dead, without a word.
func (m *member) crash() {
	m.line.mu.Lock()
	m.line.dead = true
	for c := range m.line.open {
		_ = c.Close()
	}
	m.line.mu.Unlock()
	m.end()
}

func (w *world) start(cfg consume.Config, h consume.Handler, hooks consume.Hooks) *member {
	w.t.Helper()
	l := &line{open: map[net.Conn]bool{}}
	conn := kafkatest.Dial(w.t, broker.Config{Brokers: w.cluster.Brokers(), Dial: l.dial})
	c, err := consume.New(conn, w.producer(conn), cfg, h, hooks, telemetry.Discard())
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	m := &member{Consumer: c, t: w.t, stop: stop, err: make(chan error, 1), line: l}
	go func() { m.err <- c.Run(ctx) }()
	w.t.Cleanup(m.end)
	return m
}

// end stops the member in order and waits for it.
func (m *member) end() {
	m.t.Helper()
	m.once.Do(func() {
		m.stop()
		if err := <-m.err; err != nil {
			m.t.Errorf("Run: %v", err)
		}
	})
}

func (w *world) publish(topic, key string, values ...string) {
	w.t.Helper()
	msgs := make([]produce.Message, 0, len(values))
	for _, v := range values {
		msgs = append(msgs, produce.Message{Topic: topic, Key: []byte(key), Value: []byte(v)})
	}
	if err := w.prod.Publish(context.Background(), msgs...); err != nil {
		w.t.Fatal(err)
	}
}

func numbers(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

// committed is the group's offset for a partition, -1 if there is none.
func (w *world) committed(topic string, partition int) int64 {
	res, err := w.cluster.Client.OffsetFetch(context.Background(), &kafka.OffsetFetchRequest{
		GroupID: group, Topics: map[string][]int{topic: {partition}},
	})
	if err != nil || res.Error != nil {
		return -1 // nobody has committed yet
	}
	for _, p := range res.Topics[topic] {
		return p.CommittedOffset
	}
	return -1
}

// eventually waits for a condition of the broker, which tells nobody when it changes.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

// journal notes what was handled, in order.
type journal struct {
	mu      sync.Mutex
	changed chan struct{}
	byKey   map[string][]string
	n       int
}

func newJournal() *journal {
	return &journal{byKey: map[string][]string{}, changed: make(chan struct{})}
}

func (j *journal) note(m *consume.Message) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.byKey[string(m.Key)] = append(j.byKey[string(m.Key)], string(m.Value))
	j.n++
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *journal) of(key string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.byKey[key]...)
}

// wait blocks until the journal satisfies is.
func (j *journal) wait(t testing.TB, what string, is func(n int) bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		j.mu.Lock()
		n, changed := j.n, j.changed
		j.mu.Unlock()
		if is(n) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("never: %s; handled %d: %v", what, n, j.byKey)
		}
	}
}

// publishWith publishes one message with a header.
func (w *world) publishWith(topic, key, value, header, content string) {
	w.t.Helper()
	err := w.prod.Publish(context.Background(), produce.Message{
		Topic: topic, Key: []byte(key), Value: []byte(value), Headers: []kafka.Header{{Key: header, Value: []byte(content)}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) partition(key string, n int) int { return produce.Partition([]byte(key), n) }

// end is the end of a partition.
func (w *world) end(topic string, partition int) int64 {
	w.t.Helper()
	_, end, err := w.cluster.Offsets(context.Background(), topic, partition)
	if err != nil {
		w.t.Fatal(err)
	}
	return end
}
