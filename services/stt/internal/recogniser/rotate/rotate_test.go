package rotate_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/drivertest"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/pace"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/rotate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSuite(t *testing.T) {
	cfg := rotate.Defaults()
	for name, fake := range map[string]func() *drivertest.Fake{
		"word times":    func() *drivertest.Fake { return &drivertest.Fake{Seed: 1} },
		"no word times": func() *drivertest.Fake { return &drivertest.Fake{Seed: 2, NoWordTimes: true} },
		"slow finals":   func() *drivertest.Fake { return &drivertest.Fake{Seed: 3, Lag: 1500 * time.Millisecond} },
	} {
		t.Run(name, func(t *testing.T) {
			drivertest.Run(t, drivertest.Harness{
				New: func(*testing.T) (recogniser.Recogniser, []byte, []drivertest.Said) {
					f := fake()
					f.Limit = drivertest.Limit
					said := drivertest.Script(4, 80_000, 2_000)
					return rotate.New(pace.New(f, pace.Defaults()), cfg, nil), f.Paint(82_000, said), said
				},
				Silence: cfg.Silence,
				Bubble:  true,
			})
		})
	}
}

// TestLead: a word across the time from which a session tells is heard whole, by the stream that follows a broken one, too.
func TestLead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &drivertest.Fake{Fail: func(stream int, heard time.Duration) error {
			if stream == 0 && heard >= 1_500*time.Millisecond {
				return &retry.Error{Code: "fake.unavailable", Err: errors.New("away")}
			}
			return nil
		}}
		said := []drivertest.Said{{Text: "told", Start: 100, End: 400}, {Text: "across", Start: 1_400, End: 1_900}, {Text: "after", Start: 2_000, End: 2_300}}
		audio := f.Paint(4_000, said)
		s := rotate.New(f, rotate.Defaults(), nil).Open(recogniser.Spec{Format: drivertest.Format, From: 1_500, Lead: 1_500})
		go func() {
			for _, a := range drivertest.Chunks(audio, 0, 200) {
				<-time.After(200 * time.Millisecond)
				s.Write(a)
			}
			s.Finish()
		}()
		finals, _, err := drain(s)
		if got := drivertest.Told(finals); got != "across after" || !errors.Is(err, io.EOF) {
			t.Errorf("told %q, %v", got, err)
		}
		if n, _, _ := f.Opened(); n != 2 {
			t.Errorf("%d streams, want 2", n)
		}
	})
}

// TestAway: a session whose product is left alone ends, and loses nothing of what is written before somebody takes it.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &drivertest.Fake{Fail: func(int, time.Duration) error {
			return &retry.Error{Code: "fake.unavailable", After: 3 * time.Second, Err: recogniser.ErrAway}
		}}
		s := rotate.New(f, rotate.Defaults(), nil).Open(recogniser.Spec{Format: drivertest.Format, From: 1_000})
		chunks := drivertest.Chunks(f.Paint(1_000, nil), 1_000, 200)
		s.Write(chunks[0])
		synctest.Wait() // it has ended by now
		for _, a := range chunks[1:] {
			s.Write(a)
		}
		_, err := s.Recv()
		var away *recogniser.Away
		if !errors.As(err, &away) || away.After != 3*time.Second || retry.Code(err) != "fake.unavailable" {
			t.Fatalf("ended with %v", err)
		}
		if got := away.Take(); len(got) != len(chunks) || got[0].Start != 1_000 || got[4].Start != 1_800 {
			t.Errorf("handed back %d pieces of %d", len(got), len(chunks))
		}
	})
}

// TestBrokenStreams lets streams break anywhere, by limit or failure, and cuts the audio at random.
func TestBrokenStreams(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 3))
			breaks := make([]time.Duration, 200)
			for i := range breaks {
				breaks[i] = time.Duration(rng.IntN(30_000)) * time.Millisecond
			}
			f := &drivertest.Fake{
				Seed: seed, Limit: drivertest.Limit, Lag: time.Duration(rng.IntN(2_000)) * time.Millisecond, NoWordTimes: seed%3 == 0,
				Fail: func(stream int, heard time.Duration) error {
					if stream%4 != 3 && heard < breaks[stream] {
						return nil
					}
					return &retry.Error{Code: "fake.unavailable", Err: errors.New("away")}
				},
			}
			said := drivertest.Script(seed, 120_000, 9_000)
			audio := f.Paint(125_000, said)
			cfg := rotate.Defaults()
			cfg.Retry.Budget = time.Hour
			s := rotate.New(pace.New(f, pace.Defaults()), cfg, nil).Open(recogniser.Spec{Format: drivertest.Format})
			go func() {
				for at := int64(0); len(audio) > 0; {
					n := min(drivertest.Format.Bytes(1+rng.Int64N(700)), len(audio))
					s.Write(recogniser.Audio{Start: at, Data: audio[:n]})
					at, audio = at+drivertest.Format.Millis(n), audio[n:]
				}
				s.Finish()
			}()
			finals, _, err := drain(s)
			if !errors.Is(err, io.EOF) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if got, want := drivertest.Told(finals), drivertest.Text(said); got != want {
				t.Errorf("seed %d: words differ\n got %s\nwant %s", seed, got, want)
			}
		})
	}
}

func drain(s recogniser.Session) (finals []recogniser.Final, usage []recogniser.Usage, err error) {
	for {
		e, err := s.Recv()
		if err != nil {
			return finals, usage, err
		}
		if e.Final != nil {
			finals = append(finals, *e.Final)
		}
		if e.Usage != nil {
			usage = append(usage, *e.Usage)
		}
	}
}

func TestReasons(t *testing.T) {
	for name, c := range map[string]struct {
		limit, pause time.Duration
		want         string
	}{
		"old, at the end of a final": {time.Minute, 500 * time.Millisecond, rotate.ReasonSoft},
		"too old to wait for one":    {time.Minute, 0, rotate.ReasonHard},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &drivertest.Fake{Limit: c.limit, Lag: 500 * time.Millisecond}
				said := []drivertest.Said{{Text: "once", Start: 100, End: 500}}
				if c.pause > 0 {
					said = drivertest.Script(1, 110_000, c.pause.Milliseconds())
				}
				var reasons []string
				r := rotate.New(pace.New(f, pace.Defaults()), rotate.Defaults(), func(reason, _ string) { reasons = append(reasons, reason) })
				s := r.Open(recogniser.Spec{Format: drivertest.Format})
				for _, a := range drivertest.Chunks(f.Paint(110_000, said), 0, 200) {
					s.Write(a)
				}
				s.Finish()
				finals, _, _ := drain(s)
				if drivertest.Told(finals) != drivertest.Text(said) {
					t.Error("words were lost or doubled")
				}
				if len(reasons) == 0 || reasons[0] != c.want {
					t.Errorf("streams ended for %v, want %s first", reasons, c.want)
				}
			})
		})
	}
}

func TestFailures(t *testing.T) {
	away := &retry.Error{Code: "fake.unavailable", Err: errors.New("away")}
	refused := &retry.Error{Class: retry.Permanent, Code: "fake.denied", Err: errors.New("no")}
	limit := &retry.Error{Code: "fake.limit", Err: recogniser.ErrLimit}
	for name, c := range map[string]struct {
		err      error
		least    time.Duration
		most     time.Duration
		attempts int // at least
	}{
		"away for the whole budget":        {away, 60 * time.Second, 90 * time.Second, 8},
		"refused":                          {refused, 0, 0, 1},
		"limits without a word in between": {limit, 60 * time.Second, 90 * time.Second, 8},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &drivertest.Fake{Fail: func(int, time.Duration) error { return c.err }}
				s := rotate.New(f, rotate.Defaults(), nil).Open(recogniser.Spec{Format: drivertest.Format})
				began := time.Now()
				s.Write(recogniser.Audio{Data: make([]byte, 1600)})
				_, _, err := drain(s)
				if !errors.Is(err, c.err) {
					t.Errorf("ended with %v, want %v", err, c.err)
				}
				if took := time.Since(began); took < c.least || took > c.most {
					t.Errorf("gave up after %s, want %s to %s", took, c.least, c.most)
				}
				if n, _, _ := f.Opened(); n < c.attempts || n > 40 {
					t.Errorf("%d attempts, want %d or a few more", n, c.attempts)
				}
			})
		})
	}
}

// TestNothingBecomesFinal lets somebody speak for minutes without a final: the streams don't hear the same
// again and again.
func TestNothingBecomesFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &drivertest.Fake{Limit: time.Minute, Lag: 500 * time.Millisecond, Endless: true}
		said := drivertest.Script(1, 300_000, 200)
		s := rotate.New(pace.New(f, pace.Defaults()), rotate.Defaults(), nil).Open(recogniser.Spec{Format: drivertest.Format})
		go func() {
			for _, a := range drivertest.Chunks(f.Paint(300_000, said), 0, 200) {
				s.Write(a)
				<-time.After(200 * time.Millisecond)
			}
			s.Finish()
		}()
		finals, _, err := drain(s)
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		streams, _, written := f.Opened()
		if streams > 7 || written > 320*time.Second {
			t.Errorf("%d streams and %s of audio for five minutes", streams, written)
		}
		got := strings.Fields(drivertest.Told(finals))
		torn := len(got) - len(slices.DeleteFunc(slices.Clone(got), func(w string) bool { return strings.HasPrefix(w, "~") }))
		if torn > 2*streams || len(got)-torn < len(said)-streams {
			t.Errorf("%d words, %d of them torn, of %d", len(got), torn, len(said))
		}
	})
}

// TestSilenceSettles lets a track go quiet and send nothing more, as a carrier's does while nothing is played: the
// silence that was given is let go of all the same.
func TestSilenceSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &drivertest.Fake{Lag: 500 * time.Millisecond}
		cfg := rotate.Defaults()
		s := rotate.New(pace.New(f, pace.Defaults()), cfg, nil).Open(recogniser.Spec{Format: drivertest.Format})
		for _, a := range drivertest.Chunks(f.Paint(30_000, []drivertest.Said{{Text: "once", Start: 100, End: 500}}), 0, 200) {
			s.Write(a)
		}
		want := 30_000 - cfg.Silence.Milliseconds() - 1_000 // it moves a second at a time
		late := time.AfterFunc(time.Minute, s.Cancel)
		defer late.Stop()
		for covered := int64(0); covered < want; {
			e, err := s.Recv()
			if err != nil {
				t.Fatalf("covered is %d after a minute, want %d or more: %v", covered, want, err)
			}
			covered = max(covered, e.Covered)
		}
		s.Cancel()
		_, _, _ = drain(s)
	})
}

// TestLateFinals breaks the stream after a long silence before the product has told what was said ahead of it: the next
// stream hears it.
func TestLateFinals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &drivertest.Fake{Lag: 16 * time.Second, Fail: func(stream int, heard time.Duration) error {
			if stream == 0 && heard >= 15*time.Second {
				return &retry.Error{Code: "fake.unavailable", Err: errors.New("away")}
			}
			return nil
		}}
		said := []drivertest.Said{{Text: "once", Start: 100, End: 500}, {Text: "more", Start: 600, End: 900}}
		s := rotate.New(pace.New(f, pace.Defaults()), rotate.Defaults(), nil).Open(recogniser.Spec{Format: drivertest.Format})
		go func() {
			for _, a := range drivertest.Chunks(f.Paint(40_000, said), 0, 200) {
				s.Write(a)
				<-time.After(200 * time.Millisecond)
			}
			s.Finish()
		}()
		finals, _, err := drain(s)
		if got := drivertest.Told(finals); !errors.Is(err, io.EOF) || got != drivertest.Text(said) {
			t.Errorf("told %q, want %q: %v", got, drivertest.Text(said), err)
		}
	})
}

// TestMusic plays two minutes of sound that no recogniser makes anything of: it is let go of when the product, asked, has
// told all that it heard, and never before.
func TestMusic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &drivertest.Fake{Lag: 500 * time.Millisecond}
		forced := 0
		r := rotate.New(pace.New(f, pace.Defaults()), rotate.Defaults(), func(reason, _ string) {
			if reason == rotate.ReasonForced {
				forced++
			}
		})
		said := []drivertest.Said{{Text: "hold", Start: 100, End: 500}, {Text: "thanks", Start: 121_000, End: 121_600}}
		audio := f.Paint(125_000, said)
		for i := drivertest.Format.Bytes(1_000); i < drivertest.Format.Bytes(120_000); i++ {
			audio[i] = 0x10
		}
		s := r.Open(recogniser.Spec{Format: drivertest.Format})
		go func() {
			for _, a := range drivertest.Chunks(audio, 0, 200) {
				s.Write(a)
				<-time.After(200 * time.Millisecond)
			}
			s.Finish()
		}()
		var told []recogniser.Final
		for first := true; ; {
			e, err := s.Recv()
			if err != nil {
				break
			}
			if e.Final != nil {
				told = append(told, *e.Final)
			} else if first && e.Covered > 1_000 {
				if first = false; e.Covered < 20_000 {
					t.Errorf("covered is %d: sound was let go of before the product was asked", e.Covered)
				}
			}
		}
		streams, _, written := f.Opened()
		if got := drivertest.Told(told); got != drivertest.Text(said) {
			t.Errorf("told %q, want %q", got, drivertest.Text(said))
		}
		if forced < 3 || streams > 5 || written > 130*time.Second {
			t.Errorf("asked %d times, %d streams, %s of audio", forced, streams, written)
		}
	})
}

// TestFlushBetweenStreams asks for finals when no stream has been given anything yet: the next one tells what waits, in
// the middle of an utterance that would never end.
func TestFlushBetweenStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &drivertest.Fake{Lag: 500 * time.Millisecond}
		s := rotate.New(pace.New(f, pace.Defaults()), rotate.Defaults(), nil).Open(recogniser.Spec{Format: drivertest.Format})
		for _, a := range drivertest.Chunks(f.Paint(3_000, []drivertest.Said{{Text: "one", Start: 100, End: 900}, {Text: "two", Start: 1_000, End: 2_900}}), 0, 200) {
			s.Write(a)
		}
		s.Flush()
		late := time.AfterFunc(time.Minute, s.Cancel)
		defer late.Stop()
		e, err := s.Recv()
		if err != nil || e.Final == nil || !strings.HasPrefix(e.Final.Text, "one") {
			t.Errorf("told %+v, %v; want what was said so far", e.Final, err)
		}
		s.Cancel()
		_, _, _ = drain(s)
	})
}

// TestUsage bills every stream, the cancelled ones too, and what was given again.
func TestUsage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &drivertest.Fake{Limit: drivertest.Limit, Lag: time.Second}
		said := drivertest.Script(9, 80_000, 500)
		s := rotate.New(pace.New(f, pace.Defaults()), rotate.Defaults(), nil).Open(recogniser.Spec{Format: drivertest.Format})
		for _, a := range drivertest.Chunks(f.Paint(80_000, said), 0, 200) {
			s.Write(a)
		}
		s.Finish()
		_, usage, _ := drain(s)
		var sent time.Duration
		for _, u := range usage {
			sent += u.Sent
		}
		streams, most, written := f.Opened()
		if len(usage) != streams || sent != written {
			t.Errorf("usage of %d streams and %s, the product counts %d and %s", len(usage), sent, streams, written)
		}
		if most != 1 {
			t.Errorf("%d streams at once, want one", most)
		}
	})
}
