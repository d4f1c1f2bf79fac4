//go:build simulation

package consume_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// TestParkedKeysThroughRandomTroubles has members fail, park, die, pause and come back by seeded schedules, and
// judges by what the handlers and the topics have seen. FRONTDESK_SCHEDULES is how many, FRONTDESK_SEED the first;
// a schedule is the same for a seed, what the scheduler of the machine makes of it is not.
func TestParkedKeysThroughRandomTroubles(t *testing.T) {
	count, first := setting(t, "FRONTDESK_SCHEDULES", 24), setting(t, "FRONTDESK_SEED", rand.Uint64()>>16)
	seeds := make(chan uint64)
	var workers sync.WaitGroup
	for range 12 { // a schedule waits for sessions to run out most of the time
		workers.Go(func() {
			for seed := range seeds {
				t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { simulate(t, seed) })
			}
		})
	}
	for i := range count {
		seeds <- first + i
	}
	close(seeds)
	workers.Wait()
}

func setting(t *testing.T, name string, or uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return or
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// outcome of one try of a handler.
type outcome int

const (
	ok outcome = iota
	fails
	notNow // behind an open breaker
	poison
)

// oracle knows what each message is to come to, and judges what it comes to.
type oracle struct {
	mu      sync.Mutex
	script  map[string][]outcome // what is left of a message's tries; the last stays
	passed  map[string]bool      // had its effect, or was found to be poison
	had     map[string]int
	wrong   []string
	left    int
	changed chan struct{}
}

func name(topic, key string, n int) string { return fmt.Sprintf("%s/%s/%d", topic, key, n) }

// try says how a try of a message goes, and notes its effect.
func (o *oracle) try(topic, key string, n int) outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := name(topic, key, n)
	now := o.script[id][0]
	if len(o.script[id]) > 1 {
		o.script[id] = o.script[id][1:]
	}
	if now == fails || now == notNow {
		return now
	}
	for before := range n {
		if !o.passed[name(topic, key, before)] {
			o.wrong = append(o.wrong, id+" overtook "+name(topic, key, before))
			break
		}
	}
	if o.had[id]++; !o.passed[id] {
		o.passed[id] = true
		o.left--
	}
	close(o.changed)
	o.changed = make(chan struct{})
	return now
}

func (o *oracle) remaining() (int, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.left, o.changed
}

// simulation is one schedule.
type simulation struct {
	*world
	seed    uint64
	rng     *rand.Rand
	oracle  *oracle
	redis   *redis.Client // nil: without claims
	calm    bool          // one member throughout: nothing is to be had twice
	ending  sync.WaitGroup
	running []*process
	resume  []func()
	told    []string
	lines   lines
	heard   sync.Map // member id: time.Time
}

// lines are the members' logs.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}

// process is a member with all that dies with it.
type process struct {
	*wire
	stop context.CancelFunc
}

const (
	simPartitions = 2
	simKeys       = 5
	simEach       = 5
)

func simulate(t *testing.T, seed uint64) {
	s := &simulation{seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), calm: seed%6 == 0}
	s.world = newWorldOn(t, "", fmt.Sprint("a:", simPartitions), fmt.Sprint("b:", simPartitions))
	if s.rng.IntN(2) == 0 {
		r, err := embedded.StartRedis(t.Context(), embedded.RedisConfig{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		s.redis = redis.NewClient(&redis.Options{Addr: r.Addr(), MaxRetries: -1})
		t.Cleanup(func() { _ = s.redis.Close() })
	}
	s.write()
	s.heed()
	end := sync.OnceFunc(func() {
		for _, wake := range s.resume {
			wake()
		}
		for _, p := range s.running {
			p.stop()
		}
		s.ending.Wait()
	})
	defer end()
	s.join()
	if !s.calm {
		s.join()
	}
	s.publishHalf(0, simEach/2)
	for range 3 + s.rng.IntN(4) {
		s.pace()
		s.trouble()
	}
	s.publishHalf(simEach/2, simEach)
	for range s.rng.IntN(4) {
		s.pace()
		s.trouble()
	}
	for _, wake := range s.resume {
		wake()
	}
	s.settle()
	end()
	s.judge()
}

// write decides what each message comes to.
func (s *simulation) write() {
	s.oracle = &oracle{script: map[string][]outcome{}, passed: map[string]bool{}, had: map[string]int{}, changed: make(chan struct{})}
	for _, topic := range s.topics {
		for k := range simKeys {
			for n := range simEach {
				var tries []outcome
				for s.rng.IntN(3) == 0 {
					tries = append(tries, []outcome{fails, fails, notNow}[s.rng.IntN(3)])
				}
				last := ok
				if s.rng.IntN(12) == 0 {
					last = poison
				}
				s.oracle.script[name(topic, fmt.Sprint("k", k), n)] = append(tries, last)
				s.oracle.left++
			}
		}
	}
}

func (s *simulation) publishHalf(from, to int) {
	for n := from; n < to; n++ {
		for _, topic := range s.topics {
			for k := range simKeys {
				s.publish(topic, fmt.Sprint("k", k), fmt.Sprint(n))
			}
		}
	}
}

// pace is the time between two troubles: until there is progress, or a moment.
func (s *simulation) pace() {
	_, changed := s.oracle.remaining()
	select {
	case <-changed:
	case <-time.After(time.Duration(s.rng.IntN(200)) * time.Millisecond):
	}
}

func (s *simulation) config() consume.Config {
	cfg := s.world.config()
	cfg.Session, cfg.Drain, cfg.Detached = 600*time.Millisecond, 200*time.Millisecond, time.Second
	if s.calm {
		cfg.Session = 30 * time.Second
	}
	cfg.Park.Initial, cfg.Park.Max = 10*time.Millisecond, 40*time.Millisecond
	return cfg
}

// join starts a member.
func (s *simulation) join() {
	ctx, stop := context.WithCancel(context.Background())
	p := &process{newWire(stop), stop}
	conn, err := broker.Dial(broker.Config{Brokers: s.cluster.Brokers(), Dial: p.dial})
	if err != nil {
		s.t.Fatal(err)
	}
	tel := telemetry.Discard()
	tel.Log = slog.New(slog.NewTextHandler(&s.lines, nil))
	prod := produce.New(conn, produce.Config{}, tel)
	o := consume.Options{Retry: retry.Policy{Budget: -1}}
	var claims *idempotency.Store
	if s.redis != nil {
		claims = idempotency.NewStore(s.redis, idempotency.Config{Lease: 300 * time.Millisecond}, tel)
		o.Claim = &consume.ClaimOptions{Store: claims, Required: true, Key: func(m *consume.Message) (idempotency.Key, bool) {
			return idempotency.Key{CallID: m.Topic + string(m.Key), Service: "svc", Discriminator: string(m.Value)}, true
		}}
	}
	c, err := consume.New(conn, prod, s.config(), consume.Stack(s.handler(p.wire), o), consume.Hooks{}, tel)
	if err != nil {
		s.t.Fatal(err)
	}
	s.running = append(s.running, p)
	s.ending.Go(func() {
		if err := c.Run(ctx); err != nil {
			s.t.Errorf("Run: %v", err)
		}
		if claims != nil {
			_ = claims.Close()
		}
		closing, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = prod.Close(closing) //nolint:contextcheck // the members' own context has ended by then
		_ = conn.Close()
	})
}

// handler has the effect that the oracle wants; a process may end right before and right after it.
func (s *simulation) handler(w *wire) consume.Func {
	chance := rand.New(rand.NewPCG(s.seed, s.rng.Uint64()))
	var mu sync.Mutex
	dies := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return !s.calm && chance.IntN(80) == 0
	}
	return func(ctx context.Context, m *consume.Message) error {
		w.wait()
		if dies() || w.gone() { // a dead process has no effects any more
			w.cut()
			<-ctx.Done()
			return ctx.Err()
		}
		n, err := strconv.Atoi(string(m.Value))
		if err != nil {
			return retry.Permanently("undecodable", err)
		}
		switch s.oracle.try(m.Topic, string(m.Key), n) {
		case fails:
			return errAway
		case notNow:
			return consume.ParkNow(5*time.Millisecond, nil)
		case poison:
			return errPoison
		case ok:
		}
		if dies() {
			w.cut()
		}
		w.wait()
		return nil
	}
}

// staff sees to it that there is a member.
func (s *simulation) staff() {
	s.running = slices.DeleteFunc(s.running, func(p *process) bool { return p.gone() })
	if len(s.running) == 0 {
		s.join()
	}
}

// heed notes when the broker last heard of each member.
func (s *simulation) heed() {
	fake := s.cluster.Kafka.Fake
	fake.Control(func(r kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		var id string
		switch r := r.(type) {
		case *kmsg.JoinGroupRequest:
			id = r.MemberID
		case *kmsg.SyncGroupRequest:
			id = r.MemberID
		case *kmsg.HeartbeatRequest:
			id = r.MemberID
		}
		if id != "" {
			s.heard.Store(id, time.Now())
		}
		return nil, nil, false
	})
}

// bury has the group let go of members that it has not heard of for five sessions. A broker does so by itself, after one; the embedded one
// starts no session for a member whose answer to its JoinGroup found no connection, and waits for its SyncGroup only until
// the leader's has come. Then the group is stable, and that member's partitions are nobody's.
func (s *simulation) bury() {
	info := s.cluster.Kafka.Fake.GroupInfo(group)
	if info == nil || info.State != "Stable" {
		return
	}
	for _, m := range info.Members {
		at, ok := s.heard.Load(m.MemberID)
		if last, _ := at.(time.Time); !ok || time.Since(last) < 5*s.config().Session {
			continue
		}
		s.heard.Delete(m.MemberID)
		s.told = append(s.told, "the broker has forgotten that a member is silent, and is told")
		res, err := s.cluster.Conn.Client.LeaveGroup(s.t.Context(), &kafka.LeaveGroupRequest{
			GroupID: group, Members: []kafka.LeaveGroupRequestMember{{ID: m.MemberID}},
		})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			s.t.Errorf("letting a silent member go: %v", err)
		}
	}
}

// trouble does one thing to the members or to what they stand on.
func (s *simulation) trouble() {
	s.staff()
	p := s.running[s.rng.IntN(len(s.running))]
	kinds := 9
	if s.calm {
		kinds = 2
	}
	var what string
	switch s.rng.IntN(kinds) {
	case 0:
		topic := []string{consume.RetryTopic("a", group), consume.RetryTopic("b", group), dead}[s.rng.IntN(3)]
		refusal := []*kerr.Error{kerr.TopicAuthorizationFailed, kerr.NotLeaderForPartition, kerr.NotEnoughReplicas}[s.rng.IntN(3)]
		what = fmt.Sprintf("%s refuses with %s", topic, refusal.Message)
		s.cluster.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: refusal, Count: 1 + s.rng.IntN(3)})
	case 1:
		what = "a commit is refused"
		s.cluster.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Group: group, Err: kerr.CoordinatorLoadInProgress, Count: 1 + s.rng.IntN(5)})
	case 2:
		what = "one joins"
		s.join()
	case 3:
		// What it had completed beyond its oldest message comes again, for it is not committed.
		what = "one ends in order"
		p.stop()
		s.running = slices.DeleteFunc(s.running, func(x *process) bool { return x == p })
	case 4:
		what = "one loses its connections; the answers to what it has sent never come"
		p.drop()
	case 5:
		what = "one pauses for longer than its session"
		resume := p.pause()
		s.resume = append(s.resume, resume)
		time.AfterFunc(time.Duration(700+s.rng.IntN(600))*time.Millisecond, resume)
	case 6:
		what = "Redis is emptied"
		if s.redis != nil {
			_ = s.redis.FlushAll(context.Background()).Err()
		}
	default:
		at := strike{
			kind: []kmsg.Key{kmsg.Produce, kmsg.Produce, kmsg.OffsetCommit, kmsg.Fetch, kmsg.JoinGroup, kmsg.ListOffsets}[s.rng.IntN(6)],
			nth:  s.rng.IntN(4), after: s.rng.IntN(2) == 0,
		}
		what = fmt.Sprintf("one dies at %s request %d, after it is sent: %v", at.kind.Name(), at.nth, at.after)
		p.aim(at)
	}
	s.told = append(s.told, what)
}

// settle waits until every message has come to what it is to come to, and everything is committed.
func (s *simulation) settle() {
	const patience = time.Minute // without any progress
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		left, changed := s.oracle.remaining()
		if left == 0 {
			break
		}
		s.staff() // they go on dying
		s.bury()
		select {
		case <-changed:
			deadline.Reset(patience)
		case <-look.C:
		case <-deadline.C:
			s.t.Fatalf("%d messages were lost:\n%s\n%s", left, s.story(), &s.lines)
		}
	}
	for _, topic := range s.topics {
		for _, topic := range []string{topic, consume.RetryTopic(topic, group)} {
			for p := range simPartitions {
				eventually(s.t, fmt.Sprintf("%s/%d is committed to its end after\n%s", topic, p, s.story()), func() bool {
					s.staff()
					s.bury()
					at, end := s.committed(topic, p), s.end(topic, p)
					return at == end || end == 0
				})
			}
		}
	}
}

func (s *simulation) story() string { return "\t" + strings.Join(s.told, "\n\t") }

// judge holds what has happened against what was wanted.
func (s *simulation) judge() {
	o := s.oracle
	if len(o.wrong) > 0 {
		s.t.Errorf("out of order: %v", o.wrong)
	}
	want, got := map[string]bool{}, map[string]int{}
	for id, tries := range o.script {
		if tries[len(tries)-1] == poison {
			want[id] = true
		}
	}
	for _, r := range kafkatest.Records(s.t, s.cluster.Conn, dead) {
		n, _ := strconv.Atoi(string(r.Value))
		got[name(header(r, "dl-topic"), string(r.Key), n)]++
	}
	if !maps.EqualFunc(want, got, func(bool, int) bool { return true }) {
		s.t.Errorf("dead letters are %v, and should be %v", got, want)
	}
	if s.calm {
		for id, n := range o.had {
			if n > 1 || got[id] > 1 {
				s.t.Errorf("%s was had %d times, and %d times a dead letter, and had one owner throughout", id, n, got[id])
			}
		}
	}
	if s.t.Failed() {
		s.t.Logf("seed %d:\n%s\n%s", s.seed, s.story(), &s.lines)
	}
}

func header(r broker.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}
