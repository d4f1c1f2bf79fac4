package consume_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

var (
	errAway    = &retry.Error{Class: retry.Retryable, Code: "crm.away", Dependency: "crm:acme", Err: errors.New("quotes a value")}
	errPoison  = &retry.Error{Class: retry.Permanent, Code: "undecodable", Field: "body", Err: errors.New("quotes a value")}
	noPatience = consume.Options{Retry: retry.Policy{Budget: -1}}
)

func TestPoisonBecomesADeadLetterAndThePartitionGoesOn(t *testing.T) {
	w := newWorld(t, "a:1")
	j := newJournal()
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error {
		switch string(m.Value) {
		case "1":
			return fmt.Errorf("decoding: %w", errPoison)
		case "2":
			var none []int
			_ = none[len(m.Value)]
		}
		j.note(m)
		return nil
	}, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", numbers(0, 5)...)
	j.wait(t, "the others", func(n int) bool { return n == 3 })
	eventually(t, "all is committed", func() bool { return w.committed("a", 0) == 5 })
	if got := j.of("k"); !slices.Equal(got, []string{"0", "3", "4"}) {
		t.Errorf("got %v", got)
	}
	letters := kafkatest.Records(t, w.cluster.Conn, dead)
	if len(letters) != 2 {
		t.Fatalf("%d dead letters", len(letters))
	}
	l := letters[0]
	for key, want := range map[string]string{
		deadletter.HeaderTopic: "a", deadletter.HeaderPartition: "0", deadletter.HeaderOffset: "1", deadletter.HeaderGroup: group,
		deadletter.HeaderAttempts: "1", deadletter.HeaderCode: "undecodable", deadletter.HeaderField: "body",
	} {
		if got := deadletter.Get(l.Headers, key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if string(l.Key) != "k" || string(l.Value) != "1" {
		t.Errorf("not the original bytes: %s %s", l.Key, l.Value)
	}
	if got := deadletter.Get(letters[1].Headers, deadletter.HeaderCode); got != consume.CodePanic {
		t.Errorf("code of the panic: %q", got)
	}
	for _, l := range letters {
		for _, h := range l.Headers {
			if strings.Contains(string(h.Value), "quotes") {
				t.Errorf("header %s quotes the cause", h.Key)
			}
		}
	}
}

// TestNothingIsCommittedUntilTheDeadLetterStands: nor is the next message of its key handled, which would be done before it after a
// crash; other keys go on.
func TestNothingIsCommittedUntilTheDeadLetterStands(t *testing.T) {
	w := newWorldOn(t, "", "a:1")
	fault := w.cluster.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: dead, Err: kerr.TopicAuthorizationFailed, Count: -1})
	j := newJournal()
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error {
		j.note(m)
		if string(m.Value) == "0" {
			return errPoison
		}
		return nil
	}, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", numbers(0, 3)...)
	w.publish("a", "other", "x")
	if err := fault.Wait(t.Context(), 2); err != nil { // refused, and tried again
		t.Fatal(err)
	}
	eventually(t, "the other key's was handled", func() bool { return len(j.of("other")) == 1 })
	if got := j.of("k"); !slices.Equal(got, numbers(0, 1)) {
		t.Errorf("handled %v before the dead letter stood", got)
	}
	if got := w.committed("a", 0); got != 0 {
		t.Fatalf("committed %d before the dead letter stood", got)
	}
	fault.Remove()
	eventually(t, "committed at last", func() bool { return w.committed("a", 0) == 4 })
	if got := j.of("k"); !slices.Equal(got, numbers(0, 3)) {
		t.Errorf("handled %v", got)
	}
	if n := len(kafkatest.Records(t, w.cluster.Conn, dead)); n != 1 {
		t.Errorf("%d dead letters", n)
	}
}

// TestWhatIsParkedWaitsForTheDeadLetterBeforeIt: the messages of a parked key are handled one after another, in one go.
func TestWhatIsParkedWaitsForTheDeadLetterBeforeIt(t *testing.T) {
	w := newWorldOn(t, "", "a:1")
	fault := w.cluster.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: dead, Err: kerr.TopicAuthorizationFailed, Count: -1})
	j := newJournal()
	failed := make(chan struct{})
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error {
		if !m.Parked {
			<-failed // so that all are parked together
			return errAway
		}
		j.note(m)
		if string(m.Value) == "0" {
			return errPoison
		}
		return nil
	}, noPatience), consume.Hooks{})
	w.publish("a", "k", numbers(0, 3)...)
	close(failed)
	if err := fault.Wait(t.Context(), 2); err != nil { // refused, and tried again
		t.Fatal(err)
	}
	if got := j.of("k"); !slices.Equal(got, numbers(0, 1)) {
		t.Errorf("handled %v before the dead letter stood", got)
	}
	fault.Remove()
	j.wait(t, "all were handled", func(n int) bool { return n == 3 })
	if got := j.of("k"); !slices.Equal(got, numbers(0, 3)) {
		t.Errorf("handled %v", got)
	}
}

func TestNothingIsCommittedUntilTheParkedCopyStands(t *testing.T) {
	w := newWorldOn(t, "", "a:1")
	fault := w.cluster.Kafka.Fake.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Produce}, Topic: consume.RetryTopic("a", group), Err: kerr.TopicAuthorizationFailed, Count: -1,
	})
	m := w.start(w.config(), consume.Stack(func(context.Context, *consume.Message) error { return errAway }, noPatience), consume.Hooks{})
	w.publish("a", "k", "0")
	if err := fault.Wait(t.Context(), 2); err != nil { // refused, and tried again
		t.Fatal(err)
	}
	m.end() // with a last commit
	if got := w.committed("a", 0); got != 0 {
		t.Errorf("committed %d before the parked copy stood", got)
	}
}

func TestRetryInPlaceBlocksItsKeyAndNoSlot(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Concurrency = 1
	j := newJournal()
	tries := make(chan struct{}, 1000)
	others := make(chan struct{})
	w.start(cfg, consume.Stack(func(ctx context.Context, m *consume.Message) error {
		if string(m.Key) == "bad" && string(m.Value) == "0" {
			select {
			case <-others: // the one slot was free for the other key meanwhile
			default:
				tries <- struct{}{}
				return errAway
			}
		}
		j.note(m)
		if string(m.Key) == "good" && string(m.Value) == "9" {
			close(others)
		}
		return nil
	}, consume.Options{Retry: retry.Policy{Initial: time.Millisecond, Max: 20 * time.Millisecond, Budget: time.Minute}}), consume.Hooks{})
	w.publish("a", "bad", numbers(0, 3)...)
	<-tries
	w.publish("a", "good", numbers(0, 10)...)
	j.wait(t, "all", func(n int) bool { return n == 13 })
	if got := j.of("bad"); !slices.Equal(got, numbers(0, 3)) {
		t.Errorf("got %v", got)
	}
}

func TestAParkedKeyKeepsItsOrderOverAllTopics(t *testing.T) {
	w := newWorld(t, "a", "b")
	j := newJournal()
	var fails atomic.Int32
	var attempts []int
	first := make(chan struct{}, 10)
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error {
		if string(m.Key) == "k" && string(m.Value) == "a0" && fails.Add(1) <= 3 {
			first <- struct{}{}
			return errAway
		}
		if string(m.Value) == "a0" {
			attempts = append(attempts, m.Attempts)
			if !m.Parked || m.Topic != "a" || m.FirstFailure.IsZero() || m.Header("h") != "1" {
				t.Errorf("parked %v, topic %s, first failure %v, headers %v", m.Parked, m.Topic, m.FirstFailure, m.Headers)
			}
		}
		j.note(m)
		return nil
	}, noPatience), consume.Hooks{})
	w.publishWith("a", "k", "a0", "h", "1")
	<-first
	w.publish("b", "k", "b0", "b1")
	w.publish("a", "k", "a1")
	w.publish("b", "other", "x")
	j.wait(t, "all", func(n int) bool { return n == 5 })
	got := j.of("k")
	// a1 was published last, but topics are fetched by themselves: only the order within each is promised,
	// and that all wait behind a0.
	if len(got) != 4 || got[0] != "a0" || slices.Index(got, "b0") > slices.Index(got, "b1") {
		t.Errorf("got %v", got)
	}
	if !slices.Equal(attempts, []int{3}) {
		t.Errorf("attempts spent before: %v", attempts)
	}
	p := w.partition("k", 4)
	eventually(t, "all is committed, retry topics too", func() bool {
		return w.committed("a", p) == 2 && w.committed("b", p) == 2 &&
			w.committed(consume.RetryTopic("a", group), p) == w.end(consume.RetryTopic("a", group), p) &&
			w.committed(consume.RetryTopic("b", group), p) == w.end(consume.RetryTopic("b", group), p)
	})
	// Unparked: the key flows again without a detour. (A mark of what was parked may still be on its way to the retry topic.)
	w.publish("a", "k", "a2")
	j.wait(t, "a2", func(n int) bool { return n == 6 })
	for _, r := range kafkatest.Records(t, w.cluster.Conn, consume.RetryTopic("a", group)) {
		if string(r.Value) == "a2" {
			t.Error("a2 was parked after the key was free")
		}
	}
}

func TestParkedKeysSurviveARestart(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Park.Initial, cfg.Park.Max = 300*time.Millisecond, 300*time.Millisecond
	j := newJournal()
	var away atomic.Bool
	away.Store(true)
	h := consume.Stack(func(_ context.Context, m *consume.Message) error {
		if away.Load() && string(m.Key) != "fine" {
			return errAway
		}
		j.note(m)
		return nil
	}, noPatience)
	m := w.start(cfg, h, consume.Hooks{})
	w.publish("a", "k", numbers(0, 3)...)
	w.publish("a", "l", numbers(0, 3)...)
	w.publish("a", "fine", "0")
	eventually(t, "all is parked", func() bool { return w.committed("a", 0) == 7 })
	m.end()
	away.Store(false)
	w.publish("a", "k", numbers(3, 5)...) // must wait behind what is parked
	w.start(cfg, h, consume.Hooks{})
	j.wait(t, "all", func(n int) bool { return n == 9 })
	if got := j.of("k"); !slices.Equal(got, numbers(0, 5)) {
		t.Errorf("k: %v", got)
	}
	if got := j.of("l"); !slices.Equal(got, numbers(0, 3)) {
		t.Errorf("l: %v", got)
	}
	retries := consume.RetryTopic("a", group)
	eventually(t, "the retry topic is committed to its end", func() bool { return w.committed(retries, 0) == w.end(retries, 0) })
}

func TestWhatIsHandledIsNotHandledAgainBehindALongParkedOne(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Park.Initial, cfg.Park.Max = 20*time.Millisecond, 20*time.Millisecond
	j := newJournal()
	var away atomic.Bool
	away.Store(true)
	var parkedLong sync.Once
	long := make(chan struct{})
	h := consume.Stack(func(_ context.Context, m *consume.Message) error {
		if string(m.Key) == "long" {
			parkedLong.Do(func() { close(long) })
			return consume.ParkNow(time.Hour, nil)
		}
		if away.Load() {
			return errAway
		}
		j.note(m)
		return nil
	}, noPatience)
	m := w.start(cfg, h, consume.Hooks{})
	w.publish("a", "long", "0")
	<-long
	retries := consume.RetryTopic("a", group)
	eventually(t, "it is parked, before any other", func() bool { return w.end(retries, 0) == 1 })
	w.publish("a", "k", numbers(0, 5)...)
	eventually(t, "all is parked", func() bool { return w.committed("a", 0) == 6 })
	away.Store(false)
	j.wait(t, "k is handled", func(n int) bool { return n == 5 })
	eventually(t, "marks are written", func() bool {
		n := 0
		for _, r := range kafkatest.Records(t, w.cluster.Conn, retries) {
			if r.Value == nil {
				n++
			}
		}
		return n == 5
	})
	m.end()
	if got := w.committed(retries, 0); got != 0 {
		t.Fatalf("the long-parked message was committed away: %d", got)
	}
	w.start(cfg, h, consume.Hooks{})
	w.publish("a", "k", "5")
	j.wait(t, "one more", func(n int) bool { return n >= 6 })
	if got := j.of("k"); !slices.Equal(got, numbers(0, 6)) {
		t.Errorf("got %v", got)
	}
}

func TestParkNowSpendsNoRound(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Park.Rounds = 1
	j := newJournal()
	calls := 0
	w.start(cfg, consume.Stack(func(_ context.Context, m *consume.Message) error {
		if calls++; calls <= 10 {
			return consume.ParkNow(0, errAway)
		}
		if m.Attempts != 0 || !m.FirstFailure.IsZero() {
			t.Errorf("%d attempts spent, first failure %v", m.Attempts, m.FirstFailure)
		}
		j.note(m)
		return nil
	}, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", numbers(0, 3)...)
	j.wait(t, "handled after ten parkings", func(n int) bool { return n == 3 })
	if got := j.of("k"); !slices.Equal(got, numbers(0, 3)) {
		t.Errorf("got %v", got)
	}
	eventually(t, "all is committed", func() bool {
		return w.committed("a", 0) == 3 && w.committed(consume.RetryTopic("a", group), 0) == w.end(consume.RetryTopic("a", group), 0)
	})
	// However often one comes in vain: itself, what followed it there, and no second copy of any.
	if n := len(kafkatest.Records(t, w.cluster.Conn, consume.RetryTopic("a", group))); n > 3 {
		t.Errorf("%d copies of three messages", n)
	}
}

// TestParkNowLeavesTheOldCopyToTheNextOwner, who has all of them, in order, once.
func TestParkNowLeavesTheOldCopyToTheNextOwner(t *testing.T) {
	w := newWorld(t, "a:1")
	vain := make(chan struct{}, 1000)
	first := w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error {
		if m.Parked {
			select {
			case vain <- struct{}{}:
			default: // more than anybody waits for
			}
		}
		return consume.ParkNow(time.Millisecond, errAway)
	}, consume.Options{}), consume.Hooks{})
	w.publish("a", "k", numbers(0, 3)...)
	for range 5 {
		<-vain
	}
	first.crash()
	j := newJournal()
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error { j.note(m); return nil }, consume.Options{}), consume.Hooks{})
	eventually(t, "all of them", func() bool { return len(j.of("k")) >= 3 })
	eventually(t, "all is committed", func() bool {
		return w.committed("a", 0) == 3 && w.committed(consume.RetryTopic("a", group), 0) == w.end(consume.RetryTopic("a", group), 0)
	})
	if got := j.of("k"); !slices.Equal(got, numbers(0, 3)) {
		t.Errorf("got %v", got)
	}
}

func TestSpentRoundsEndInTheDeadLetters(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Park.Rounds = 2
	cfg.Park.Initial, cfg.Park.Max = time.Millisecond, time.Millisecond
	j := newJournal()
	w.start(cfg, consume.Stack(func(_ context.Context, m *consume.Message) error {
		if string(m.Value) == "0" {
			return errAway
		}
		j.note(m)
		return nil
	}, noPatience), consume.Hooks{})
	w.publish("a", "k", numbers(0, 2)...)
	j.wait(t, "the one behind it", func(n int) bool { return n == 1 })
	eventually(t, "all is committed", func() bool { return w.committed("a", 0) == 2 })
	var letters []broker.Record
	eventually(t, "the dead letter", func() bool {
		letters = kafkatest.Records(t, w.cluster.Conn, dead)
		return len(letters) == 1
	})
	for key, want := range map[string]string{
		deadletter.HeaderTopic: "a", deadletter.HeaderOffset: "0", deadletter.HeaderAttempts: "3",
		deadletter.HeaderCode: "crm.away", deadletter.HeaderDependency: "crm:acme",
	} {
		if got := deadletter.Get(letters[0].Headers, key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	for _, h := range letters[0].Headers {
		if strings.HasPrefix(h.Key, "park-") {
			t.Errorf("header %s is left on the dead letter", h.Key)
		}
	}
}

func TestAMessagePutIntoTheRetryTopicByHandIsHandled(t *testing.T) {
	w := newWorld(t, "a:1")
	w.publish(consume.RetryTopic("a", group), "k", "by hand")
	j := newJournal()
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error {
		if m.Topic != "a" || !m.Parked {
			t.Errorf("topic %s, parked %v", m.Topic, m.Parked)
		}
		j.note(m)
		return nil
	}, consume.Options{}), consume.Hooks{})
	j.wait(t, "it", func(n int) bool { return n == 1 })
	w.publish(consume.RetryTopic("a", group), "k", "another")
	j.wait(t, "another", func(n int) bool { return n == 2 })
}

// The order within a key is the time of its first parking, by the clock of whoever owned it then.
func TestAFormerOwnersClockDoesNotTurnTheOrderRound(t *testing.T) {
	w := newWorld(t, "a:1")
	ahead, due := time.Now().Add(time.Hour), time.Now().Add(300*time.Millisecond)
	err := w.prod.Publish(t.Context(), produce.Message{
		Topic: consume.RetryTopic("a", group), Key: []byte("k"), Value: []byte("0"), Headers: []kafka.Header{
			{Key: "park-order", Value: fmt.Append(nil, ahead.UnixNano())}, {Key: "park-not-before", Value: fmt.Append(nil, due.UnixMilli())},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	j := newJournal()
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error { j.note(m); return nil }, noPatience), consume.Hooks{})
	w.publish("a", "k", "1")
	j.wait(t, "both", func(n int) bool { return n == 2 })
	if got := j.of("k"); !slices.Equal(got, numbers(0, 2)) {
		t.Errorf("got %v", got)
	}
}

// A former owner that was paused in the middle of parking wakes up, and its copies come late: they were parked first by the
// clock, and what the owner has parked since stands before them in the topic all the same.
func TestCopiesThatAFormerOwnerPublishesLateDoNotTurnTheOrderRound(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Park.Initial, cfg.Park.Max = 3*time.Second, 3*time.Second // the late copies come while it waits
	j := newJournal()
	paused := time.Now()
	var failed atomic.Bool
	w.start(cfg, consume.Stack(func(_ context.Context, m *consume.Message) error {
		if !failed.Swap(true) {
			return errAway
		}
		j.note(m)
		return nil
	}, noPatience), consume.Hooks{})
	w.publish("a", "k", "0")
	retries := consume.RetryTopic("a", group)
	eventually(t, "0 is parked", func() bool { return w.committed("a", 0) == 1 })
	var late []produce.Message
	for i := range 2 {
		late = append(late, produce.Message{
			Topic: retries, Key: []byte("k"), Value: fmt.Append(nil, i), Headers: []kafka.Header{
				{Key: "park-topic", Value: []byte("a")}, {Key: "park-offset", Value: fmt.Append(nil, i)},
				{Key: "park-order", Value: fmt.Append(nil, paused.UnixNano()+int64(i))},
			},
		})
	}
	if err := w.prod.Publish(t.Context(), late...); err != nil {
		t.Fatal(err)
	}
	j.wait(t, "both", func(n int) bool { return n == 2 })
	if got := j.of("k"); !slices.Equal(got, numbers(0, 2)) {
		t.Errorf("got %v", got)
	}
	eventually(t, "all is committed", func() bool { return w.committed(retries, 0) == w.end(retries, 0) })
}

// Whoever reads the retry topic back after a crash takes what stands there for the oldest of the key.
func TestACopyThatIsRefusedIsNotOvertakenByTheNext(t *testing.T) {
	w := newWorldOn(t, "", "a:1")
	retries := consume.RetryTopic("a", group)
	fault := w.cluster.Kafka.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: retries, Err: kerr.TopicAuthorizationFailed, Count: 1})
	w.start(w.config(), consume.Stack(func(context.Context, *consume.Message) error { return consume.ParkNow(time.Hour, nil) }, noPatience), consume.Hooks{})
	w.publish("a", "k", "0")
	if err := fault.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	w.publish("a", "k", "1")
	eventually(t, "both are parked", func() bool { return w.committed("a", 0) == 2 })
	var got []string
	for _, r := range kafkatest.Records(t, w.cluster.Conn, retries) {
		got = append(got, string(r.Value))
	}
	if !slices.Equal(got, numbers(0, 2)) {
		t.Errorf("the retry topic has %v", got)
	}
}

// Completing a parked message may publish (a mark, or what waited for a place in the parking), and a dead letter's
// acknowledgement completes it: in a callback of the producer, whose queue is full here.
func TestAFullProducerQueueDoesNotDeadlockCompletions(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Park.Initial, cfg.Park.Max = 20*time.Millisecond, 20*time.Millisecond
	narrow := produce.New(w.cluster.Conn, produce.Config{MaxMessageBytes: 4000, MaxQueuedBytes: 4000}, telemetry.Discard())
	defer narrow.Close(t.Context())
	const n = 10
	long := make(chan struct{})
	var once sync.Once
	var all sync.WaitGroup // all meet when they come back, so that their dead letters crowd the queue
	all.Add(n)
	c, err := consume.New(w.cluster.Conn, narrow, cfg, consume.Stack(func(_ context.Context, m *consume.Message) error {
		switch {
		case string(m.Key) == "long": // the oldest of the retry topic: whatever is complete behind it needs a mark
			once.Do(func() { close(long) })
			return consume.ParkNow(time.Hour, nil)
		case !m.Parked:
			return errAway
		}
		all.Done()
		all.Wait()
		return errPoison
	}, noPatience), consume.Hooks{}, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	w.publish("a", "long", "0")
	<-long
	eventually(t, "it is parked, before any other", func() bool { return w.end(consume.RetryTopic("a", group), 0) == 1 })
	for i := range n {
		w.publish("a", fmt.Sprint("k", i), strings.Repeat("x", 1500))
	}
	eventually(t, "all dead letters, and a mark for each", func() bool {
		return w.end(dead, 0) == n && w.end(consume.RetryTopic("a", group), 0) == 1+n+n
	})
}

func TestTheParkingIsBounded(t *testing.T) {
	w := newWorld(t, "a:1")
	cfg := w.config()
	cfg.Park.Messages = 3
	cfg.MaxTaken = 4
	var away atomic.Bool
	away.Store(true)
	j := newJournal()
	w.start(cfg, consume.Stack(func(_ context.Context, m *consume.Message) error {
		if away.Load() {
			return errAway
		}
		j.note(m)
		return nil
	}, noPatience), consume.Hooks{})
	for i := range 20 {
		w.publish("a", fmt.Sprint("k", i), "0")
	}
	eventually(t, "three are parked, and tried again", func() bool { return w.end(consume.RetryTopic("a", group), 0) > 9 })
	parked := map[string]bool{}
	for _, r := range kafkatest.Records(t, w.cluster.Conn, consume.RetryTopic("a", group)) {
		parked[string(r.Key)] = true
	}
	if len(parked) != 3 || w.committed("a", 0) > 3 {
		t.Errorf("%d keys are parked, %d messages committed; the bound is 3", len(parked), w.committed("a", 0))
	}
	away.Store(false)
	j.wait(t, "all", func(n int) bool { return n == 20 })
	eventually(t, "all is committed", func() bool { return w.committed("a", 0) == 20 })
}
