package app_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/drivertest"
)

// TestSessionOutlivesARebalance: the recogniser hears on when the partition comes back, and not when it has
// been elsewhere.
func TestSessionOutlivesARebalance(t *testing.T) {
	for name, c := range map[string]struct {
		away      time.Duration
		elsewhere bool
		streams   int
	}{
		"back at once":                  {3 * time.Second, false, 2},
		"back too late":                 {20 * time.Second, false, 4},
		"another process had it":        {9 * time.Second, true, 6},
		"another process had it for ms": {50 * time.Millisecond, true, 6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, heardTenant())
				w.fake.Limit = 0
				p := w.process()
				audio, said := w.paint(1, 60_000, 1_000)
				go func() {
					w.started("MZ1", 0, granted)
					n := w.play("MZ1", 0, audio)
					w.ended("MZ1", n, 60_000)
				}()
				<-time.After(25 * time.Second)
				p.revoke()
				if c.elsewhere {
					other := w.process()
					<-time.After(c.away)
					other.close()
				} else {
					<-time.After(c.away)
				}
				p.assign()
				<-time.After(time.Minute)
				w.allDone()
				w.same(said)
				if streams, _, _ := w.fake.Opened(); streams > c.streams || streams < min(c.streams, 4) {
					t.Errorf("%d streams at the recogniser, want %d", streams, c.streams)
				}
				p.close()
			})
		})
	}
}

// TestSessionsAreBounded lets one party be heard at a time: the other waits, within its bound.
func TestSessionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		w.cfg.Sessions = 1
		p := w.process()
		audio, said := w.paint(1, 30_000, 1_000)
		w.started("MZ1", 0, granted)
		n := w.play("MZ1", 0, audio)
		w.ended("MZ1", n, 30_000)
		w.allDone()
		w.same(said)
		if _, most, _ := w.fake.Opened(); most != 1 {
			t.Errorf("%d streams at once, want 1", most)
		}
		p.close()
	})
}

// TestRelieve makes room in every state of a track: what is heard is told at once, what may not be heard
// becomes a gap.
func TestRelieve(t *testing.T) {
	for name, c := range map[string]struct {
		consent events.ConsentAnswer
		outcome events.TranscriptOutcome
		stuck   bool
	}{
		"finals are forced":              {granted, complete, false},
		"what waits for consent goes":    {pending, notHeard, false},
		"a recogniser that says nothing": {granted, partial, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, heardTenant())
				if c.stuck {
					w.fake.Lag, w.fake.Mute = time.Hour, true
				}
				p := w.process()
				// One long utterance: nothing ends it for 9 s.
				words := []drivertest.Said{{Text: "well", Start: 300, End: 900}, {Text: "now", Start: 9_300, End: 9_800}}
				audio := w.fake.Paint(9_000, words[:1])
				w.fake.Seed = 4
				w.started("MZ1", 0, c.consent)
				for i, a := range drivertest.Chunks(audio, 0, 200) {
					<-time.After(200 * time.Millisecond)
					w.chunk("MZ1", caller, uint64(i), a)
				}
				synctest.Wait()
				before := w.done()
				for range 8 { // the consumer asks every second while it is paused
					p.app.Relieve()
					<-time.After(time.Second)
				}
				if after := w.done(); after-before < 15 {
					t.Errorf("%d messages done before, %d after making room", before, after)
				}
				w.ended("MZ1", 45, 9_000)
				<-time.After(time.Minute)
				w.allDone()
				if m := w.completions()["MZ1"]; m.GetOutcome() != c.outcome {
					t.Errorf("completed as %v", m)
				}
				p.close()
			})
		})
	}
}

func (w *world) done() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.committed
}

// TestUsage bills each request with its price and who pays.
func TestUsage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tt := heardTenant()
		tt.Prices = tenant.Prices{Version: "2026-10", Currency: "USD"}
		w := newWorld(t, tt)
		p := w.process()
		audio, _ := w.paint(1, 60_000, 1_000)
		w.started("MZ1", 0, granted)
		n := w.play("MZ1", 0, audio)
		w.ended("MZ1", n, 60_000)
		w.allDone()
		p.close()
		streams, _, written := w.fake.Opened()
		var billed float64
		ids := map[string]bool{}
		for _, u := range w.usage {
			q := u.GetQuantities()[0]
			billed += q.GetAmount()
			ids[u.GetRequestId()] = true
			if u.GetProvider() != "fake" || u.GetPayer() != "product" || u.GetService() != "stt" || u.GetModel() != "painted" || q.GetUnit() != "speech_second" {
				t.Errorf("usage %v", u)
			}
			if q.GetPrice() != nil || q.GetCost() != nil {
				t.Errorf("an unknown price is %v, want none", q.GetPrice())
			}
		}
		if len(ids) != streams || billed < written.Seconds() || billed > written.Seconds()+float64(streams) {
			t.Errorf("%d requests and %g s billed; there were %d, of %s", len(ids), billed, streams, written)
		}
	})
}

// TestForgottenCall: what comes of a call long after it was forgotten finds its past in the log.
func TestForgottenCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = p.app.Sweep(ctx) }()
		audio, said := w.paint(1, 20_000, 1_000)
		w.started("MZ1", 0, granted)
		n := w.play("MZ1", 0, audio)
		w.ended("MZ1", n, 20_000)
		w.allDone()
		w.consent(withdrawn)
		w.allDone()
		<-time.After(time.Hour)
		w.mu.Lock()
		told := len(w.transcripts)
		w.unreadable = 3 // the broker has a bad moment
		w.mu.Unlock()
		w.chunk("MZ1", caller, n, drivertest.Chunks(audio[caller], 20_000, 200)[0]) // of a stream that is complete
		w.allDone()
		if len(w.transcripts) != told {
			t.Error("a chunk of a complete stream was told of")
		}
		// A stream that begins with what was known when the call began, in a process that has forgotten it.
		<-time.After(time.Hour)
		w.started("MZ2", 7_300_000, granted)
		w.play("MZ2", 7_300_000, audio)
		w.allDone()
		if m := w.completions()["MZ2"]; m.GetOutcome() != notHeard || m.GetReason() != "consent withdrawn" {
			t.Errorf("completed as %v", m)
		}
		w.same(said)
		stop()
		p.close()
	})
}

// TestUnreadableLog: an assignment that can't be taken up is tried again, and leaves nothing behind.
func TestUnreadableLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		audio, said := w.paint(1, 20_000, 1_000)
		w.started("MZ1", 0, granted)
		go func() {
			n := w.play("MZ1", 0, audio)
			w.ended("MZ1", n, 20_000)
		}()
		<-time.After(8 * time.Second)
		p.revoke()
		w.mu.Lock()
		w.unreadable = 1
		w.mu.Unlock()
		if err := p.app.Assigned(t.Context(), map[int]int64{0: w.committed}, func(int, []byte, func(context.Context)) {}); err == nil {
			t.Error("an assignment was taken up without its past")
		}
		p.assign()
		w.until("the stream complete", func() bool { return slices.ContainsFunc(w.transcripts, isCompleted) })
		w.allDone()
		w.same(said)
		p.close()
	})
}

// TestDisowned: once the next assignment shows that a partition is another process's, its sessions end; nothing more would ever be
// said to them.
func TestDisowned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		w.fake.Limit = 0
		p := w.process()
		audio, _ := w.paint(1, 60_000, 1_000)
		w.started("MZ1", 0, granted)
		go w.play("MZ1", 0, audio)
		<-time.After(10 * time.Second)
		p.revoke()
		<-time.After(time.Second)
		if n := w.fake.Live(); n != 2 {
			t.Errorf("%d streams while nobody knows whose the partition is, want 2", n)
		}
		if err := p.app.Assigned(t.Context(), map[int]int64{1: 0}, func(int, []byte, func(context.Context)) {}); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := w.fake.Live(); n != 0 {
			t.Errorf("%d streams of a partition that is another's", n)
		}
		<-time.After(time.Minute)
		if streams, _, _ := w.fake.Opened(); streams != 2 {
			t.Errorf("%d streams were opened, want 2", streams)
		}
		if err := p.app.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
