package kafka_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/kafka"
	"github.com/frontdesk/frontdesk/services/ingress/internal/spool"
)

// after is how long Kafka may take in these tests.
const after = 30 * time.Millisecond

// moody is a producer whose Kafka comes and goes. What is given up while it is under way may be stored all the same.
type moody struct {
	mu    sync.Mutex
	state string // "well", "away", "refusing"
	queue []*pending
	busy  bool // somebody is told
	once  bool // the next one is refused, whatever the mood
	ghost bool // what is given up under way is stored all the same
	log   []string
}

type pending struct {
	ctx  context.Context
	m    produce.Message
	done func(error)
	over bool
	// underWay: it is in a request that has no answer. ghost: given up while it was, and stored all the same.
	underWay, ghost bool
}

func (k *moody) Publish(context.Context, ...produce.Message) error { panic("not used with a spool") }

func (k *moody) Send(ctx context.Context, m produce.Message, done func(error)) {
	it := &pending{ctx: ctx, m: m, done: done}
	it.m.Value = bytes.Clone(m.Value)
	k.mu.Lock()
	k.queue = append(k.queue, it)
	k.mu.Unlock()
	context.AfterFunc(ctx, func() { k.abandon(it, ctx.Err()) })
	k.work()
}

func (k *moody) abandon(it *pending, err error) {
	k.mu.Lock()
	was := it.over
	it.over = true
	it.ghost = it.ghost || !was && k.ghost && it.underWay
	k.mu.Unlock()
	if !was {
		it.done(fmt.Errorf("given up: %w", err))
	}
}

// waiting is how many wait for an answer that somebody wants.
func (k *moody) waiting() (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, it := range k.queue {
		if it.ctx.Err() == nil {
			n++
		}
	}
	return n
}

// become changes the mood.
func (k *moody) become(state string) {
	k.mu.Lock()
	k.state = state
	k.mu.Unlock()
	k.work()
}

// work answers what waits, one after the other, as the mood is. Nothing is looked at before the one in front of it is told.
func (k *moody) work() {
	for {
		k.mu.Lock()
		if k.busy || len(k.queue) == 0 {
			k.mu.Unlock()
			return
		}
		if k.state == "away" {
			// As produce promises: of what is given up together, nothing is sent behind what was refused.
			front := k.queue[0]
			front.underWay = front.underWay || front.ctx.Err() == nil
			k.mu.Unlock()
			return
		}
		it := k.queue[0]
		k.queue = k.queue[1:]
		tell, err, wanted := !it.over, error(nil), it.ctx.Err() == nil
		switch {
		case !wanted && !it.ghost:
			tell = false // its context tells
		case k.state == "refusing" || k.once:
			k.once = false
			err = &retry.Error{Class: retry.Retryable, Code: "kafka.topic_authorization_failed"}
		default:
			k.log = append(k.log, string(it.m.Key)+" "+nameOf(it.m))
		}
		it.over = it.over || tell
		k.busy = true
		k.mu.Unlock()
		if tell {
			it.done(err)
		}
		k.mu.Lock()
		k.busy = false
		k.mu.Unlock()
	}
}

// nameOf is what tells an event apart: its id.
func nameOf(m produce.Message) string {
	for _, h := range m.Headers {
		if h.Key == events.HeaderEventID {
			return m.Topic + " " + string(h.Value)
		}
	}
	return ""
}

// stored are the events that Kafka has, repetitions left out, by call.
func (k *moody) stored() map[string][]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	seen, out := map[string]bool{}, map[string][]string{}
	for _, line := range k.log {
		if call, event, _ := strings.Cut(line, " "); !seen[line] {
			seen[line] = true
			out[call] = append(out[call], event)
		}
	}
	return out
}

// spooling opens a publisher on a spool; stop closes it.
func spooling(t *testing.T, dir string, prod kafka.Producer, o spool.Options) (pub *kafka.Publisher, sp *spool.Spool, stop func()) {
	t.Helper()
	return spoolingAfter(t, dir, prod, o, after)
}

// spoolingAfter is spooling with more time for Kafka: where nothing is to be spooled meanwhile, however slow the machine.
func spoolingAfter(t *testing.T, dir string, prod kafka.Producer, o spool.Options, after time.Duration) (pub *kafka.Publisher, sp *spool.Spool, stop func()) {
	t.Helper()
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	sp, _, err := spool.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	pub = kafka.NewSpoolingPublisher(prod, sp, after, meters(t), slog.New(slog.DiscardHandler))
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		pub.Close(ctx)
	})
	t.Cleanup(stop)
	return pub, sp, stop
}

func id(m app.Message) string { return m.Topic.Name + " " + m.Event.GetEventId() }

// until waits for a condition that something else brings about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !is(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestDirectWhileKafkaIsWell(t *testing.T) {
	prod := &moody{state: "well"}
	pub, sp, stop := spoolingAfter(t, t.TempDir(), prod, spool.Options{}, time.Hour)
	m := consent(facts("CA1"), events.ConsentAnswer_CONSENT_ANSWER_GRANTED)
	if err := pub.Publish(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if st := sp.Stats(); st.Disk != 0 {
		t.Errorf("%+v", st)
	}
	stop()
	if got := prod.stored()["CA1"]; len(got) != 1 || got[0] != id(m) {
		t.Errorf("%q", got)
	}
	if err := pub.Publish(t.Context(), m); !errors.Is(err, produce.ErrClosed) || !retry.IsPermanent(err) {
		t.Errorf("after the end: %v", err)
	}
}

// TestKafkaAway: a webhook is acknowledged in time, whatever Kafka does, and what was said meanwhile is there, in order.
func TestKafkaAway(t *testing.T) {
	for _, mood := range []string{"away", "refusing"} {
		t.Run(mood, func(t *testing.T) {
			prod := &moody{state: "well"}
			pub, sp, stop := spooling(t, t.TempDir(), prod, spool.Options{})
			f := facts("CA1")
			var want []string
			say := func(n uint64) {
				m := chunk(f, n, []byte{byte(n)})
				want = append(want, id(m))
				pub.Send(t.Context(), m, func(err error) {
					if err != nil {
						t.Error(err)
					}
				})
			}
			say(0)
			prod.become(mood)
			say(1)
			m := consent(f, events.ConsentAnswer_CONSENT_ANSWER_GRANTED)
			want = append(want, id(m))
			begun := time.Now()
			if err := pub.Publish(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			say(2)
			if st := sp.Stats(); st.Records == 0 || st.Oldest.IsZero() {
				t.Errorf("%+v", st)
			}
			prod.become("well")
			until(t, "the spool is empty", sp.Empty)
			say(3)
			stop()
			if got := prod.stored()["CA1"]; strings.Join(got, ",") != strings.Join(want, ",") {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// TestAnyWeather: Kafka comes and goes at random while many calls talk; nothing is lost, and no call's events change places.
func TestAnyWeather(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			prod := &moody{state: "well", ghost: seed%2 == 0}
			dir := t.TempDir()
			pub, _, stop := spooling(t, dir, prod, spool.Options{SegmentBytes: 4 << 10})
			const calls, each = 12, 60
			sent := make([][]string, calls)
			var open atomic.Int64
			talk := func(from, to uint64) {
				var wg sync.WaitGroup
				for c := range calls {
					wg.Go(func() {
						f := facts(fmt.Sprintf("CA%d", c))
						rng := rand.New(rand.NewPCG(seed, uint64(c)))
						for n := from; n < to; n++ {
							if n%7 == 6 {
								disposition := app.Message{Topic: events.Lifecycle, Event: f.Root().Event(start, &events.DispositionSet{
									Disposition: "x", Source: events.DispositionSource_DISPOSITION_SOURCE_AGENT, Token: fmt.Sprint(n),
								})}
								if err := pub.Publish(t.Context(), disposition); err != nil {
									t.Error(err)
								}
								sent[c] = append(sent[c], id(disposition))
								continue
							}
							m := chunk(f, n, []byte{1})
							sent[c] = append(sent[c], id(m))
							open.Add(1)
							pub.Send(t.Context(), m, func(err error) {
								open.Add(-1)
								if err != nil {
									t.Error(err)
								}
							})
							if rng.IntN(4) == 0 {
								<-time.After(time.Duration(rng.IntN(3)) * time.Millisecond)
							}
						}
					})
				}
				wg.Wait()
			}
			weather := make(chan struct{})
			var sky sync.WaitGroup
			sky.Go(func() {
				rng := rand.New(rand.NewPCG(seed, 99))
				for {
					prod.become([]string{"well", "away", "refusing", "well"}[rng.IntN(4)])
					select {
					case <-weather:
						return
					case <-time.After(time.Duration(rng.IntN(60)) * time.Millisecond):
					}
				}
			})
			talk(0, each/2)
			// A rollout in the middle of it: what is left is the next one's.
			prod.become("away")
			stop()
			if n := open.Load(); n != 0 {
				t.Errorf("%d messages have no end", n)
			}
			var sp *spool.Spool
			pub, sp, stop = spooling(t, dir, prod, spool.Options{SegmentBytes: 4 << 10})
			talk(each/2, each)
			close(weather)
			sky.Wait()
			prod.become("well")
			until(t, "the spool is empty", sp.Empty)
			stop()
			got := prod.stored()
			for c := range calls {
				if g, w := strings.Join(got[fmt.Sprintf("CA%d", c)], "\n"), strings.Join(sent[c], "\n"); g != w {
					t.Fatalf("call %d: %d of %d events, or in another order", c, len(got[fmt.Sprintf("CA%d", c)]), len(sent[c]))
				}
			}
		})
	}
}

// TestSpoolFull: audio goes first, webhooks at the bound only, and both are told.
func TestSpoolFull(t *testing.T) {
	prod := &moody{state: "away"}
	pub, _, stop := spooling(t, t.TempDir(), prod, spool.Options{MaxBytes: 64 << 10, Reserve: 32 << 10})
	f := facts("CA1")
	refused := make(chan error, 200)
	for n := range uint64(100) {
		pub.Send(t.Context(), chunk(f, n, make([]byte, 1600)), func(err error) { refused <- err })
	}
	full := 0
	for range 100 {
		if err := <-refused; errors.Is(err, app.ErrFull) && !retry.IsPermanent(err) {
			full++
		} else if err != nil {
			t.Error(err)
		}
	}
	if full < 70 || full > 90 {
		t.Errorf("%d chunks of 100 refused", full)
	}
	stored := 0
	for n := 0; ; n++ {
		m := app.Message{Topic: events.Lifecycle, Event: f.Root().Event(start, &events.DispositionSet{
			Disposition: "x", Source: events.DispositionSource_DISPOSITION_SOURCE_AGENT, Token: fmt.Sprint(n),
		})}
		if err := pub.Publish(t.Context(), m); errors.Is(err, app.ErrFull) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		stored++
	}
	if stored < 40 {
		t.Errorf("%d webhooks found room", stored)
	}
	prod.become("well")
	stop()
	if got := len(prod.stored()["CA1"]); got != 100-full+stored {
		t.Errorf("%d stored, want %d", got, 100-full+stored)
	}
}

// TestCrashWithASpool: what was acknowledged comes from the disk, before what the next process is told.
func TestCrashWithASpool(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	prod := &moody{state: "away"}
	pub, _, stop := spooling(t, dir, prod, spool.Options{})
	one := consent(facts("CA1"), events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT)
	if err := pub.Publish(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	stop() // gives up after a while: Kafka is away
	next := &moody{state: "well"}
	pub, sp, stop := spooling(t, dir, next, spool.Options{})
	two := consent(facts("CA1"), events.ConsentAnswer_CONSENT_ANSWER_GRANTED)
	if err := pub.Publish(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	until(t, "the spool is empty", sp.Empty)
	stop()
	if got := next.stored()["CA1"]; len(got) != 2 || got[0] != id(one) || got[1] != id(two) {
		t.Errorf("%q", got)
	}
}

// TestRefusedInTheDrain: what comes behind an event that is refused waits until it is not.
func TestRefusedInTheDrain(t *testing.T) {
	t.Parallel()
	dir, prod := t.TempDir(), &moody{state: "away"}
	pub, _, stop := spooling(t, dir, &moody{state: "away"}, spool.Options{})
	var want []string
	for _, answer := range []events.ConsentAnswer{events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT, events.ConsentAnswer_CONSENT_ANSWER_GRANTED} {
		m := consent(facts("CA1"), answer)
		if err := pub.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		want = append(want, id(m))
	}
	stop()
	_, sp, stop := spooling(t, dir, prod, spool.Options{})
	until(t, "the drain is at it", func() bool { return prod.waiting() == 2 })
	prod.mu.Lock()
	prod.once = true
	prod.mu.Unlock()
	prod.become("well")
	until(t, "the spool is empty", sp.Empty)
	stop()
	if got := prod.stored()["CA1"]; strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestPublishGivesUp with its caller.
func TestPublishGivesUp(t *testing.T) {
	pub, _, _ := spoolingAfter(t, t.TempDir(), &moody{state: "away"}, spool.Options{}, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pub.Publish(ctx, consent(facts("CA1"), events.ConsentAnswer_CONSENT_ANSWER_GRANTED)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
