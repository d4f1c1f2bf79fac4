package app_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		audio, said := w.paint(1, 60_000, 3_000)
		w.started("MZ1", 2_000, granted)
		n := w.play("MZ1", 2_000, audio)
		w.ended("MZ1", n, 62_000)
		w.allDone()
		if overlaps := w.same(said); overlaps > 0 {
			t.Errorf("%d words were told twice", overlaps)
		}
		c := w.completions()["MZ1"]
		if c.GetOutcome() != events.TranscriptOutcome_TRANSCRIPT_OUTCOME_COMPLETE || c.GetReason() != "" || len(c.GetGaps()) > 0 ||
			c.GetHeard().AsDuration() != 2*time.Minute || c.GetRecogniser() != "fake" || c.GetModel() != "painted" || c.GetSegments() == 0 {
			t.Errorf("completed as %v", c)
		}
		p.close()
	})
}

// TestCrashes kills processes anywhere, takes partitions away and gives them back, breaks the recogniser's
// streams, cuts the audio into chunks of any length and lets consent come late: what is read downstream is
// the script, each word once.
func TestCrashes(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 11))
			w := newWorld(t, heardTenant())
			w.fake.Seed, w.fake.NoWordTimes = seed, seed%5 == 4
			w.chunkMillis = 20 * (1 + rng.Int64N(25))
			breaks := rng.IntN(40_000)
			w.fake.Fail = func(stream int, heard time.Duration) error {
				if stream%3 == 1 && heard > time.Duration((stream*7919+breaks)%30_000)*time.Millisecond {
					return &retry.Error{Code: "fake.unavailable", Err: errors.New("away")}
				}
				return nil
			}
			answer := granted
			if seed%4 == 1 {
				answer = pending
				late := time.Duration(rng.IntN(30_000)) * time.Millisecond
				go func() {
					<-time.After(late)
					w.consent(granted)
				}()
			}
			audio, said := w.paint(seed, 90_000, 14_000)
			p := w.process()
			go func() {
				w.started("MZ1", 1_000, answer)
				n := w.play("MZ1", 1_000, audio)
				w.ended("MZ1", n, 91_000)
			}()
			for range 4 {
				<-time.After(time.Duration(rng.IntN(25_000)) * time.Millisecond)
				switch rng.IntN(3) {
				case 0: // kill -9
					p.kill(rng.IntN(2) == 0)
					p = w.process()
				case 1: // a rebalance that gives it back
					p.revoke()
					<-time.After(time.Duration(rng.IntN(20_000)) * time.Millisecond)
					p.assign()
				case 2: // an orderly stop
					p.close()
					p = w.process()
				}
			}
			w.until("the stream complete", func() bool { return len(w.transcripts) > 0 && w.committed > 0 })
			<-time.After(3 * time.Minute)
			w.allDone()
			// What a killed process had on its way may stand beside what the next one tells: a reader cuts it.
			w.same(said)
			if c := w.completions()["MZ1"]; c.GetOutcome() != events.TranscriptOutcome_TRANSCRIPT_OUTCOME_COMPLETE {
				t.Errorf("seed %d: completed as %v", seed, c)
			}
			p.close()
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}
