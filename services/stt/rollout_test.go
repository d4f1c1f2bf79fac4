package stt_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// sessions is how many streams the recogniser was asked for.
func (r *rig) sessions() int { return len(r.speech.Sessions()) }

// parties is how many of them are heard in the partitions that differ between two sharings: two a call.
func (r *rig) parties(before, after map[int32]string) (n int) {
	for _, c := range r.calls {
		if p := partitionOf(c); before[p] != after[p] {
			n += 2
		}
	}
	return n
}

// opened waits until so many streams were asked for, and until every call has gone on after that: then there are still no more.
func (r *rig) opened(want int, when string) {
	r.t.Helper()
	if !r.signals.until(30*time.Second, func() bool { return r.sessions() >= want }) {
		r.t.Fatalf("%s: %d streams were opened, want %d", when, r.sessions(), want)
	}
	r.goOn(2)
	if n := r.sessions(); n != want {
		r.t.Errorf("%s: %d streams were opened, want %d", when, n, want)
	}
}

// goOn waits until so many more segments of every call stand.
func (r *rig) goOn(segments int) {
	r.t.Helper()
	have := map[string]int{}
	for _, rec := range r.signals.transcripts() {
		have[string(rec.Key)]++
	}
	if !r.signals.until(30*time.Second, func() bool {
		now := map[string]int{}
		for _, rec := range r.signals.transcripts() {
			now[string(rec.Key)]++
		}
		for _, c := range r.calls {
			if now[id(c)] < have[id(c)]+segments {
				return false
			}
		}
		return true
	}) {
		r.t.Fatal("a call does not go on")
	}
}

// TestARolloutLeavesAloneWhatStays: a third process joins and leaves, and one of two is rolled. The recogniser is asked for
// new streams for the calls of those partitions that change hands, and for no others.
func TestARolloutLeavesAloneWhatStays(t *testing.T) {
	t.Parallel()
	r := newRig(t, 4)
	r.converse(1, 2, 100*time.Second)
	spawned := func(client string) *process {
		s := r.settings()
		s.Client = client
		return spawn(t, s)
	}
	one, two := spawned("one"), spawned("two")
	_, before := r.settled("one", "two")
	wait := r.playAll()
	want := 2 * len(r.calls)
	r.opened(want, "at the beginning")
	change := func(when string, act func(), clients ...string) {
		t.Helper()
		act()
		_, after := r.settled(clients...)
		moved := r.parties(before, after)
		if moved == 0 || moved == 2*len(r.calls) {
			t.Errorf("%s: %d parties changed hands, which shows nothing: %v, then %v", when, moved, before, after)
		}
		want += moved
		before = after
		r.opened(want, when)
	}
	var three, four *process
	change("a third one joins", func() { three = spawned("three") }, "one", "two", "three")
	change("it leaves", func() { three.term() }, "one", "two")
	change("the next one joins", func() { four = spawned("four") }, "one", "two", "four")
	change("the first one leaves", func() { one.term() }, "two", "four")
	wait()
	r.same(r.transcripts(60 * time.Second))
	r.committed()
	two.term()
	four.term()
	if n := r.sessions(); n != want {
		t.Errorf("at the end: %d streams were opened, want %d", n, want)
		for _, s := range r.speech.Sessions() {
			t.Logf("%d: %s heard, %d finals, %s: %.300s", s.ID, s.Audio, len(s.Finals), s.Err, s.Text())
		}
	}
	r.noDeadLetters()
	r.bill()
}

// TestHandOver measures how long a call stands still when its process is told to stop, and when it is killed, with the group's
// times as they are in production and no process in reserve but those that hear already.
func TestHandOver(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a session of the group to run out")
	}
	for name, c := range map[string]struct {
		end  func(*process)
		most time.Duration
	}{
		"told to stop": {(*process).term, 5 * time.Second},
		"killed":       {(*process).kill, 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, 2)
			r.converse(2, 1, 60*time.Second)
			spawned := func(client string) *process {
				s := r.settings()
				s.Client, s.InProduction = client, true
				return spawn(t, s)
			}
			one := spawned("one")
			spawned("two")
			_, before := r.settled("one", "two")
			wait := r.playAll()
			r.underWay(3)
			began := time.Now()
			c.end(one)
			r.goOn(1) // what was on its way just then counts for nothing
			_, after := r.settled("two")
			if r.parties(before, after) == 0 {
				t.Error("no call changed hands")
			}
			wait()
			r.same(r.transcripts(60 * time.Second))
			r.committed()
			r.noDeadLetters()
			for _, call := range r.calls {
				still := r.stillness(call, began)
				t.Logf("partition %d, which %s had: %s without a word", partitionOf(call), before[partitionOf(call)], still.Round(10*time.Millisecond))
				if still > c.most {
					t.Errorf("a call stood still for %s, want at most %s", still, c.most)
				}
			}
		})
	}
}

// stillness is the longest time between two segments of a call after a moment.
func (r *rig) stillness(c *calls.Call, after time.Time) (most time.Duration) {
	last := after
	for _, rec := range r.signals.transcripts() {
		if string(rec.Key) == id(c) && rec.Time.After(after) {
			most, last = max(most, rec.Time.Sub(last)), rec.Time
		}
	}
	return most
}

func (r *rig) noDeadLetters() {
	r.t.Helper()
	if n := len(kafkatest.Records(r.t, r.conn, events.DeadLetters.Name)); n > 0 {
		r.t.Errorf("%d dead letters", n)
	}
}

// TestTheCoordinatorIsLost: every member's heartbeat fails and nobody finds the coordinator for a while, as when a broker restarts.
// The consumer's library then forgets its members' ids, and the group waits until the old ones have timed out; but what each
// member owned is told by itself, so that every partition comes back to where it was and no session is opened anew.
func TestTheCoordinatorIsLost(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for a session of the group to run out")
	}
	r := newRig(t, 2)
	r.converse(3, 1, 50*time.Second)
	for _, client := range []string{"one", "two"} {
		s := r.settings()
		s.Client, s.InProduction = client, true
		spawn(t, s)
	}
	generation, before := r.settled("one", "two")
	wait := r.playAll()
	want := 2 * len(r.calls)
	r.opened(want, "at the beginning")
	began, away := time.Now(), 2*time.Second
	fake := r.cluster.Kafka.Fake
	for _, key := range []kmsg.Key{kmsg.Heartbeat, kmsg.FindCoordinator, kmsg.OffsetCommit, kmsg.LeaveGroup} {
		fake.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
			if time.Since(began) > away {
				fake.DropControl()
				return nil, nil, false
			}
			fake.KeepControl()
			return nil, errCut, true
		})
	}
	if !r.signals.until(30*time.Second, func() bool {
		r.signals.mu.Lock()
		defer r.signals.mu.Unlock()
		for g := range r.signals.owners {
			if g > generation {
				return true
			}
		}
		return false
	}) {
		t.Fatal("the group never came back")
	}
	t.Logf("the group came back %s after its coordinator", (time.Since(began) - away).Round(10*time.Millisecond))
	_, after := r.settled("one", "two")
	if n := r.parties(before, after); n > 0 {
		t.Errorf("%d parties changed hands: %v, then %v", n, before, after)
	}
	wait()
	r.same(r.transcripts(60 * time.Second))
	r.committed()
	r.noDeadLetters()
	for _, call := range r.calls {
		still := r.stillness(call, began.Add(away))
		t.Logf("%s: %s without a word since the coordinator was back", call.Name, still.Round(10*time.Millisecond))
		if still > 10*time.Second {
			t.Errorf("%s stood still for %s", call.Name, still)
		}
	}
	if n := r.sessions(); n != want {
		t.Errorf("%d streams were opened, want %d", n, want)
	}
}

// TestUnreadyFirst: by the time that a process that is told to stop leaves the group, its readiness has dropped.
func TestUnreadyFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, 4)
	r.converse(1, 1, 10*time.Second)
	s, stop := r.start(r.config())
	wait := r.playAll()
	r.underWay(1)
	ready := func() int {
		req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, "http://"+s.AdminAddr()+"/readyz", nil)
		if err != nil {
			t.Error(err)
			return 0
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	if got := ready(); got != http.StatusOK {
		t.Errorf("/readyz answers %d while calls are heard", got)
	}
	left := make(chan int, 1)
	r.cluster.Kafka.Fake.ControlKey(int16(kmsg.LeaveGroup), func(kmsg.Request) (kmsg.Response, error, bool) {
		r.cluster.Kafka.Fake.DropControl() // the first only: the test's end is nobody's business
		left <- ready()
		return nil, nil, false
	})
	stop()
	if got := <-left; got != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d when the process leaves the group", got)
	}
	r.start(r.config())
	wait()
	r.same(r.transcripts(60 * time.Second))
	r.committed()
	r.noDeadLetters()
}
