package consume_test

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// redrive sends a dead letter back.
func (w *world) redrive(letter *broker.Record) {
	w.t.Helper()
	l := deadletter.Read(letter.Headers)
	_, origin := consume.Home(l)
	if err := w.prod.Publish(w.t.Context(), consume.Redrive(letter, l.Partition, origin, time.Now())); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) letters(n int) []broker.Record {
	w.t.Helper()
	eventually(w.t, strconv.Itoa(n)+" dead letters", func() bool { return len(kafkatest.Records(w.t, w.cluster.Conn, dead)) == n })
	return kafkatest.Records(w.t, w.cluster.Conn, dead)
}

func TestADeadLetterComesBackWithItsOrigin(t *testing.T) {
	w := newWorld(t, "a:1")
	var mended atomic.Bool
	got := make(chan consume.Message, 1)
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error {
		if string(m.Value) == "2" && !mended.Load() {
			return errPoison
		}
		if string(m.Value) == "2" {
			got <- *m
		}
		return nil
	}, noPatience), consume.Hooks{})
	w.publish("a", "k", "0", "1")
	w.publishWith("a", "k", "2", "event-id", "e2")
	first := w.letters(1)[0]

	// While the cause lasts it fails again, and says where it comes from.
	w.redrive(&first)
	second := w.letters(2)[1]
	l := deadletter.Read(second.Headers)
	if l.Redrives != 1 || l.Redriven != "0-0" || l.Topic != "a" || l.Offset != 2 || l.Attempts != 1 || string(second.Value) != "2" {
		t.Errorf("the second dead letter says %+v", l)
	}
	mended.Store(true)
	w.redrive(&second)
	m := <-got
	if m.Topic != "a" || m.Origin != 2 || !m.Parked || m.Header("event-id") != "e2" || m.Attempts != 0 {
		t.Errorf("%s, origin %d, parked %v, %d attempts, event %s", m.Topic, m.Origin, m.Parked, m.Attempts, m.Header("event-id"))
	}
	if m.Header(deadletter.HeaderRedrives) != "2" || m.Header(deadletter.HeaderRedriven) != "0-1" || m.Header(deadletter.HeaderCode) != "" {
		t.Errorf("headers %v", m.Headers)
	}
	eventually(t, "it is committed", func() bool { return w.committed(consume.RetryTopic("a", group), 0) == 2 })
	if n := len(kafkatest.Records(t, w.cluster.Conn, "a")); n != 3 {
		t.Errorf("%d messages in the topic itself", n)
	}
}

// TestWhatWasPutThereByHandHasNoOrigin: and its dead letter is of the retry topic, from where it goes home.
func TestWhatWasPutThereByHandHasNoOrigin(t *testing.T) {
	w := newWorld(t, "a:1")
	origins := make(chan int64, 2)
	w.start(w.config(), consume.Stack(func(_ context.Context, m *consume.Message) error {
		origins <- m.Origin
		return errPoison
	}, noPatience), consume.Hooks{})
	w.publish(consume.RetryTopic("a", group), "k", "x")
	letter := w.letters(1)[0]
	l := deadletter.Read(letter.Headers)
	if topic, origin := consume.Home(l); topic != "a" || origin != -1 || l.Topic != consume.RetryTopic("a", group) {
		t.Errorf("home %s %d of %+v", topic, origin, l)
	}
	w.redrive(&letter)
	w.letters(2)
	if a, b := <-origins, <-origins; a != -1 || b != -1 {
		t.Errorf("origins %d, %d", a, b)
	}
}

// TestRedrivenMessagesOfAKeyKeepTheirOrder: also when they are sent within one tick of the broker's clock, and one of them
// waits; and one that is sent twice while it waits is had once.
func TestRedrivenMessagesOfAKeyKeepTheirOrder(t *testing.T) {
	w := newWorld(t, "a:1")
	var poisoned, away atomic.Bool
	poisoned.Store(true)
	j := newJournal()
	h := consume.Stack(func(_ context.Context, m *consume.Message) error {
		switch {
		case poisoned.Load():
			return errPoison
		case away.Load():
			return errAway
		}
		j.note(m)
		return nil
	}, noPatience)
	member := w.start(w.config(), h, consume.Hooks{})
	w.publish("a", "k", numbers(0, 5)...)
	letters := w.letters(5)
	member.end()
	poisoned.Store(false)
	away.Store(true)
	at := time.Now()
	var msgs []produce.Message
	for range 2 {
		for i, r := range letters {
			msgs = append(msgs, consume.Redrive(&r, 0, int64(i), at.Add(time.Duration(i))))
		}
	}
	if err := w.prod.Publish(t.Context(), msgs...); err != nil {
		t.Fatal(err)
	}
	w.start(w.config(), h, consume.Hooks{})
	eventually(t, "the first has failed and waits", func() bool { return w.end(consume.RetryTopic("a", group), 0) > 10 })
	away.Store(false)
	j.wait(t, "all five", func(n int) bool { return n == 5 })
	end := func() int64 { return w.end(consume.RetryTopic("a", group), 0) }
	eventually(t, "all is committed", func() bool { return w.committed(consume.RetryTopic("a", group), 0) == end() })
	if got := j.of("k"); !slices.Equal(got, numbers(0, 5)) {
		t.Errorf("got %v", got)
	}
}

func TestReadParkedBearsDamage(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	r := &broker.Record{Offset: 7, Time: at, Headers: []kafka.Header{{Key: "park-offset", Value: []byte("x")}, {Key: "park-round", Value: []byte("")}}}
	if p := consume.ReadParked(r); p.Origin != -8 || p.Order != at.UnixNano() || p.Done || p.Round != 0 {
		t.Errorf("%+v", p)
	}
}
