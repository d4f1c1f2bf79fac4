package app_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// What every handler must bear, for the one that this service has. It claims nothing in Redis: what it does is to publish
// segments, which whoever reads them takes once by their times, and what it pays for is audio that nobody has told of yet. So
// there is no step between a claim and its effect to crash at; every other step is here.

// step is where a process dies.
type step int

const (
	beforePublish step = iota // what it was about to publish is not there
	published                 // it stands, and the process never hears of it
	acknowledged              // it has heard of it, and commits nothing any more
)

func (s step) String() string {
	return [...]string{"before it publishes", "before it is acknowledged", "before it commits"}[s]
}

// dieAt kills the process at its n-th event on calls.transcripts.
func (p *process) dieAt(n int, at step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.at = n, at
	p.died = make(chan struct{})
}

// TestCrashAtEveryStep kills a process at each thing that it publishes, just before, just after and before it commits what
// follows from it, and lets the next go on: each word is told once, and nothing else is lost or told twice.
func TestCrashAtEveryStep(t *testing.T) {
	for seed := range uint64(3) {
		for _, at := range []step{beforePublish, published, acknowledged} {
			steps := 0
			for n := 1; ; n++ {
				reached := false
				synctest.Test(t, func(t *testing.T) { reached = crashAt(t, seed, n, at) })
				if t.Failed() {
					t.Fatalf("seed %d, event %d, %v", seed, n, at)
				}
				if !reached {
					break
				}
				steps++
			}
			if steps < 20 {
				t.Errorf("seed %d: only %d steps %v", seed, steps, at)
			}
		}
	}
}

// crashAt tells whether there was an n-th event to crash at.
func crashAt(t *testing.T, seed uint64, n int, at step) (reached bool) {
	w := newWorld(t, heardTenant())
	w.fake.Seed = seed
	audio, said := w.paint(seed, 45_000, 6_000)
	p := w.process()
	p.dieAt(n, at)
	go func() {
		w.started("MZ1", 1_000, granted)
		chunks := w.play("MZ1", 1_000, audio)
		w.ended("MZ1", chunks, 46_000)
	}()
	select {
	case <-p.died:
		reached = true
		p.kill(false)
		p = w.process()
	case <-time.After(3 * time.Minute):
	}
	<-time.After(3 * time.Minute)
	w.allDone()
	w.same(said)
	if m := w.completions()["MZ1"]; m.GetOutcome() != complete || len(m.GetGaps()) > 0 {
		t.Errorf("completed as %v", m)
	}
	p.close()
	return reached
}

// TestRunTwice hands every message over twice, at once or much later: words and gaps are told once, and each of the two is done.
func TestRunTwice(t *testing.T) {
	for _, later := range []int{1, 2, 8, 200} {
		t.Run(fmt.Sprintf("%d messages later", later-1), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, heardTenant())
				w.again = later
				p := w.process()
				audio, said := w.paint(5, 60_000, 2_000)
				w.started("MZ1", 0, pending)
				go func() {
					<-time.After(4 * time.Second)
					w.consent(granted)
				}()
				n := w.play("MZ1", 0, audio)
				w.say(call.Event(time.Now(), &events.MediaGap{
					StreamId: "MZ1", StartMs: 60_000, EndMs: 60_400, Reason: events.MediaGapReason_MEDIA_GAP_REASON_SPOOL_FULL,
				}))
				w.ended("MZ1", n, 60_000)
				w.allDone()
				if overlaps := w.same(said); overlaps > 0 {
					t.Errorf("%d words were told twice", overlaps)
				}
				m := w.completions()["MZ1"]
				if got := gapsOf(m); m.GetOutcome() != partial || len(got) != 1 || got[events.MediaGapReason_MEDIA_GAP_REASON_SPOOL_FULL] != 400 {
					t.Errorf("completed as %v", m)
				}
				if streams, _, _ := w.fake.Opened(); streams > 4 {
					t.Errorf("%d streams at the recogniser for two parties of a minute", streams)
				}
				p.close()
			})
		})
	}
}

// TestFailThenRedeliver: what a handler could not do is done when the message comes again, here or in another process: the
// broker takes nothing for a while, the past can't be read, and then the partition goes elsewhere.
func TestFailThenRedeliver(t *testing.T) {
	for name, elsewhere := range map[string]bool{"here": false, "in another process": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, heardTenant())
				p := w.process()
				audio, said := w.paint(6, 60_000, 1_500)
				go func() {
					w.started("MZ1", 0, granted)
					n := w.play("MZ1", 0, audio)
					w.ended("MZ1", n, 60_000)
				}()
				<-time.After(15 * time.Second)
				w.mu.Lock()
				w.refusing = true // what is published is refused, and what is fetched goes on coming
				w.mu.Unlock()
				<-time.After(12 * time.Second)
				told := w.segments()
				if elsewhere {
					p.kill(false)
					p = w.process()
				} else {
					p.revoke()
					p.assign()
				}
				<-time.After(5 * time.Second)
				if n := w.segments(); n != told {
					t.Errorf("%d segments while the broker refuses them", n-told)
				}
				w.mu.Lock()
				w.refusing = false
				w.mu.Unlock()
				<-time.After(3 * time.Minute)
				w.allDone()
				if overlaps := w.same(said); overlaps > 0 {
					t.Errorf("%d words were told twice", overlaps)
				}
				if m := w.completions()["MZ1"]; m.GetOutcome() != complete {
					t.Errorf("completed as %v", m)
				}
				p.close()
			})
		})
	}
}

// TestTwoOwners: a process is paused while it has something on its way, another takes its partition over, and then the first
// goes on for a while, as a machine does that stood still. What the reader takes is the script, each word once.
func TestTwoOwners(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, heardTenant())
			w.fake.Seed = seed
			old := w.process()
			audio, said := w.paint(seed, 60_000, 3_000)
			go func() {
				w.started("MZ1", 0, granted)
				n := w.play("MZ1", 0, audio)
				w.ended("MZ1", n, 60_000)
			}()
			<-time.After(time.Duration(5+seed) * time.Second)
			old.fence() // the coordinator takes none of its commits any more, and it has not heard of it
			next := w.process()
			<-time.After(time.Duration(1+seed%9) * time.Second)
			old.close()
			<-time.After(3 * time.Minute)
			w.allDone()
			w.same(said)
			if m := w.completions()["MZ1"]; m.GetOutcome() != complete {
				t.Errorf("completed as %v", m)
			}
			next.close()
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}

// segments is how many of them stand.
func (w *world) segments() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(w.transcripts), func(e *events.CallEvent) bool { return e.Kind() != events.KindTranscriptSegment }))
}

// TestUnreadablePast: a message whose past could not be read, however often that was tried, is handled when it comes again.
func TestUnreadablePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		w.mayFail = true
		p := w.process()
		audio, said := w.paint(1, 20_000, 500)
		w.mu.Lock()
		w.lifecycle = append(w.lifecycle, call.Event(w.at(0), &events.MediaStarted{
			StreamId: "MZ1", Parties: []events.Party{caller, agent}, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000, Consent: granted,
		}))
		w.unreadable = 50 // more than the handler tries
		w.mu.Unlock()
		n := w.play("MZ1", 0, audio)
		w.ended("MZ1", n, 20_000)
		w.allDone()
		if overlaps := w.same(said); overlaps > 0 {
			t.Errorf("%d words were told twice", overlaps)
		}
		p.close()
	})
}
