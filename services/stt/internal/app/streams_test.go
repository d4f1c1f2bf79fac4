package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/drivertest"
)

// gapsOf adds the gaps of a completion up, by reason, in milliseconds.
func gapsOf(m *events.TranscriptCompleted) map[events.MediaGapReason]int64 {
	out := map[events.MediaGapReason]int64{}
	for _, g := range m.GetGaps() {
		out[g.GetReason()] += g.GetEndMs() - g.GetStartMs()
	}
	return out
}

// TestLostChunks loses chunks in the middle and at the end; another hole ingress has declared itself.
func TestLostChunks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		audio, _ := w.paint(1, 20_000, 2_000)
		w.started("MZ1", 0, granted)
		for i, a := range drivertest.Chunks(audio[caller], 0, 200) {
			switch {
			case i == 10 || i == 11: // lost without a word
			case i == 40:
				w.say(call.Event(time.Now(), &events.MediaGap{
					StreamId: "MZ1", StartMs: a.Start, EndMs: a.Start + 600, Reason: events.MediaGapReason_MEDIA_GAP_REASON_SPOOL_FULL,
				}))
			case i == 41 || i == 42: // what was declared
			case i > 97: // the end
			default:
				w.chunk("MZ1", caller, uint64(i), a)
				if i == 50 {
					w.chunk("MZ1", caller, uint64(i), a) // a repeat
				}
			}
		}
		w.ended("MZ1", 100, 20_000)
		w.allDone()
		m := w.completions()["MZ1"]
		got := gapsOf(m)
		if m.GetOutcome() != partial || got[events.MediaGapReason_MEDIA_GAP_REASON_LOST] != 800 || got[events.MediaGapReason_MEDIA_GAP_REASON_SPOOL_FULL] != 600 {
			t.Errorf("completed as %v", m)
		}
		p.close()
	})
}

// TestGapsOutliveAProcess: what the dead one knew of is still told.
func TestGapsOutliveAProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		audio, _ := w.paint(1, 60_000, 2_000)
		chunks := drivertest.Chunks(audio[caller], 0, 200)
		w.started("MZ1", 0, granted)
		for i, a := range chunks {
			if i != 20 {
				w.chunk("MZ1", caller, uint64(i), a)
			}
			<-time.After(200 * time.Millisecond)
			if i == 200 {
				w.mu.Lock()
				if w.committed < 100 {
					t.Errorf("only %d messages are done: the gap would be declared once more", w.committed)
				}
				w.mu.Unlock()
				p.kill(false)
				p = w.process()
			}
		}
		w.ended("MZ1", uint64(len(chunks)), 60_000)
		w.allDone()
		m := w.completions()["MZ1"]
		if got := gapsOf(m)[events.MediaGapReason_MEDIA_GAP_REASON_LOST]; got != 200 || m.GetOutcome() != partial {
			t.Errorf("completed as %v", m)
		}
		p.close()
	})
}

// TestSilentSocket ends a stream whose ingress has died, and not one whose broker was away, though all that stood there was read:
// the rest is in ingress' spool, and comes a while after the broker.
func TestSilentSocket(t *testing.T) {
	for name, read := range map[string]bool{"some unread": false, "all read": true} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { silentSocket(t, read) }) })
	}
}

func silentSocket(t *testing.T, read bool) {
	w := newWorld(t, heardTenant())
	p := w.process()
	audio, said := w.paint(1, 20_000, 2_000)
	w.started("MZ1", 0, granted)
	half := map[events.Party][]byte{caller: audio[caller][:drivertest.Format.Bytes(10_000)], agent: audio[agent][:drivertest.Format.Bytes(10_000)]}
	n := w.play("MZ1", 0, half)
	if read {
		synctest.Wait()
	}
	w.mu.Lock()
	w.brokerAway = true
	w.mu.Unlock()
	<-time.After(time.Minute)
	if len(w.completions()) > 0 {
		t.Fatal("a stream ended because the broker was away")
	}
	w.mu.Lock()
	w.brokerAway = false
	close(w.more)
	w.more = make(chan struct{})
	w.mu.Unlock()
	<-time.After(3 * time.Second) // until ingress drains its spool
	for i, a := range drivertest.Chunks(audio[caller], 0, 200)[n:] {
		w.chunk("MZ1", caller, n+uint64(i), a)
	}
	for i, a := range drivertest.Chunks(audio[agent], 0, 200)[n:] {
		w.chunk("MZ1", agent, n+uint64(i), a)
	}
	last := time.Now()
	w.until("the stream complete", func() bool { return slices.ContainsFunc(w.transcripts, isCompleted) })
	if took := time.Since(last); took < 15*time.Second || took > 25*time.Second {
		t.Errorf("ended %s after its last chunk", took)
	}
	w.allDone()
	if m := w.completions()["MZ1"]; m.GetOutcome() != partial || m.GetReason() != "no audio for 15s" {
		t.Errorf("completed as %v", m)
	}
	for party, gap := range gapsBy(w.completions()["MZ1"]) {
		if gap != [2]int64{20_000, 35_000} {
			t.Errorf("the silence of %s is declared as %d", party, gap)
		}
	}
	w.same(said)
	// Too late to be heard, and so declared, by a process that has not seen the silence as well.
	w.chunk("MZ1", caller, 100, drivertest.Chunks(audio[caller], 20_000, 200)[0])
	p.kill(false)
	p = w.process()
	w.ended("MZ1", 101, 20_200)
	w.allDone()
	for _, party := range []events.Party{caller, agent} {
		if !slices.ContainsFunc(w.declared(), func(g *events.MediaGap) bool {
			return g.GetParty() == party && g.GetStartMs() <= 20_000 && g.GetEndMs() == 20_200
		}) {
			t.Errorf("what came too late of %s is declared by nobody", party)
		}
	}
	p.close()
}

// gapsBy is the last gap of each party.
func gapsBy(m *events.TranscriptCompleted) map[events.Party][2]int64 {
	out := map[events.Party][2]int64{caller: {}, agent: {}}
	for _, g := range m.GetGaps() {
		out[g.GetParty()] = [2]int64{g.GetStartMs(), g.GetEndMs()}
	}
	return out
}

func isCompleted(e *events.CallEvent) bool { return e.Kind() == events.KindTranscriptCompleted }

// TestReplacedStream lets a second stream of the leg take over, with a hole and with an overlap: every word outside the hole is
// there, and none twice in the overlap.
func TestReplacedStream(t *testing.T) {
	for name, c := range map[string]struct {
		first, second int64 // where the first ends and the second begins
		said          bool  // the end of the first is told
	}{
		"with a hole":                    {20_000, 23_000, false},
		"with the longest hole":          {20_000, 25_000, false},
		"with a hole, in order":          {20_000, 23_000, true},
		"with an overlap":                {20_000, 17_000, false},
		"with an overlap, in order":      {20_000, 18_000, true},
		"with a short overlap, in order": {20_000, 19_400, true},
		"one after the other":            {20_000, 20_000, false},
		"one after the other, in order":  {20_000, 20_000, true},
		"with a long hole":               {20_000, 70_000, false},
		"with a large overlap":           {20_000, 2_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(10) {
				synctest.Test(t, func(t *testing.T) { replaced(t, seed, c.first, c.second, c.said, nil) })
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// TestCrashAtTheSwitch kills the process around the time when one stream takes over from another.
func TestCrashAtTheSwitch(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			second := []int64{23_000, 18_000, 19_000}[seed%3]
			replaced(t, seed, 20_000, second, seed%2 == 0, func(w *world, p *process) *process {
				<-time.After(time.Until(w.at(17_500 + int64(seed)*250)))
				p.kill(seed%5 == 0)
				return w.process()
			})
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func replaced(t *testing.T, seed uint64, first, second int64, said bool, meanwhile func(*world, *process) *process) {
	w := newWorld(t, heardTenant())
	w.fake.Seed = seed
	p := w.process()
	audio, words := w.paint(seed, 100_000, 2_000)
	go func() {
		w.started("MZ1", 0, granted)
		n := w.play("MZ1", 0, part(audio, 0, first))
		if said {
			w.ended("MZ1", n, first)
		}
	}()
	go func() {
		<-time.After(max(time.Until(w.at(second)), time.Until(w.at(min(first, second))), 0))
		if second < 10_000 {
			<-time.After(time.Until(w.at(first))) // one that comes late
		}
		w.started("MZ2", second, granted)
		n := w.play("MZ2", second, part(audio, second, 100_000))
		w.ended("MZ2", n, 100_000)
	}()
	if meanwhile != nil {
		p = meanwhile(w, p)
	}
	<-time.After(4 * time.Minute)
	w.allDone()
	one, two := w.completions()["MZ1"], w.completions()["MZ2"]
	hole := max(second-first, 0)
	if silent := hole > 15_000 && !said; silent != (one.GetOutcome() == partial) || !silent && one.GetOutcome() != complete {
		t.Errorf("the first completed as %v", one)
	}
	want := complete
	if hole > 0 {
		want = partial
	}
	if got := gapsOf(two)[events.MediaGapReason_MEDIA_GAP_REASON_STREAM_REPLACED]; two.GetOutcome() != want || got != 2*hole {
		t.Errorf("the second completed as %v", two)
	}
	for who, script := range words {
		var kept []string
		for _, word := range script {
			if second < first || word.End <= first || word.Start >= second {
				kept = append(kept, word.Text)
			}
		}
		text, _ := w.words(who)
		got := untorn(text)
		if !slices.Equal(got, kept) {
			t.Errorf("%v: words differ\n got %s\nwant %s", who, text, strings.Join(kept, " "))
		}
		if second < first && len(got) != len(strings.Fields(text)) {
			t.Errorf("%v: a word is torn: %s", who, text)
		}
	}
	p.close()
}

// untorn are the words that were heard whole.
func untorn(text string) []string {
	return slices.DeleteFunc(strings.Fields(text), func(w string) bool { return strings.HasPrefix(w, "~") })
}

// TestNoneFollowed: the rest of a call whose last stream broke is a gap from where that was heard to, before its completion and after,
// in the process that heard it and in the next.
func TestNoneFollowed(t *testing.T) {
	for name, when := range map[string]string{"before the end": "before", "after it": "after", "after it, elsewhere": "elsewhere"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, heardTenant())
				p := w.process()
				audio, said := w.paint(1, 10_000, 500)
				w.started("MZ1", 0, granted)
				n := w.play("MZ1", 0, audio)
				end := func() {
					w.say(call.Event(w.at(10_000), &events.MediaEnded{
						StreamId: "MZ1", Reason: events.MediaEndReason_MEDIA_END_REASON_DISCONNECTED, CallerChunks: n, AgentChunks: n, EndMs: 10_000,
					}))
				}
				if when != "before" {
					end()
					w.allDone()
				}
				if when == "elsewhere" {
					p.kill(false)
					p = w.process()
				}
				w.say(call.Event(w.at(30_000), &events.MediaGap{
					StreamId: "MZ1", StartMs: 0, EndMs: 30_000, Reason: events.MediaGapReason_MEDIA_GAP_REASON_STREAM_UNFOLLOWED,
				}))
				if when == "before" {
					end()
				}
				w.allDone()
				w.same(said)
				for _, party := range []events.Party{caller, agent} {
					if !slices.ContainsFunc(w.declared(), func(g *events.MediaGap) bool {
						return g.GetParty() == party && g.GetStartMs() == 10_000 && g.GetEndMs() == 30_000
					}) {
						t.Errorf("the rest is not declared of %s: %v", party, w.declared())
					}
				}
				if m := w.completions()["MZ1"]; m.GetOutcome() != partial {
					t.Errorf("completed as %v", m)
				}
				p.close()
			})
		})
	}
}

// TestUnknownBeginning: a stream that no MediaStarted tells of is never heard, and still completes.
func TestUnknownBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		audio, _ := w.paint(1, 2_000, 500)
		w.play("MZ1", 0, audio)
		w.ended("MZ1", 10, 2_000)
		w.allDone()
		if m := w.completions()["MZ1"]; m.GetOutcome() != notHeard || m.GetReason() != "beginning of the stream unknown" {
			t.Errorf("completed as %v", m)
		}
		p.close()
	})
}

// TestLateBeginning: the process that takes over finds a stream's beginning in the log when its audio comes.
func TestLateBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		audio, said := w.paint(1, 20_000, 500)
		// Only on calls.lifecycle: on calls.media it was done before this process came.
		w.mu.Lock()
		w.lifecycle = append(w.lifecycle, call.Event(w.at(0), &events.MediaStarted{
			StreamId: "MZ1", Parties: []events.Party{caller, agent}, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000, Consent: granted,
		}))
		w.mu.Unlock()
		n := w.play("MZ1", 0, audio)
		w.ended("MZ1", n, 20_000)
		w.allDone()
		w.same(said)
		p.close()
	})
}

// TestNoAudio: a stream without a chunk is complete.
func TestNoAudio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		w.started("MZ1", 0, granted)
		w.ended("MZ1", 0, 0)
		w.allDone()
		if m := w.completions()["MZ1"]; m.GetOutcome() != complete {
			t.Errorf("completed as %v", m)
		}
		p.close()
	})
}

// TestQuietCallLetsGo: a minute without a word holds its partition back by some seconds only.
func TestQuietCallLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		hush := w.fake.Paint(60_000, nil)
		w.started("MZ1", 0, granted)
		w.play("MZ1", 0, map[events.Party][]byte{caller: hush, agent: hush})
		synctest.Wait()
		w.mu.Lock()
		behind := int64(len(w.media)) - w.committed
		w.mu.Unlock()
		if behind > 2*5*16 { // sixteen seconds of two parties
			t.Errorf("%d messages are not done", behind)
		}
		w.ended("MZ1", 300, 60_000)
		w.allDone()
		p.close()
	})
}

// TestRecogniserAway keeps audio while the recogniser is away for a short time, gives it up after a long one,
// and goes on when it comes back.
func TestRecogniserAway(t *testing.T) {
	away := &retry.Error{Code: "fake.unavailable", Err: errors.New("away")}
	refusal := &retry.Error{Class: retry.Permanent, Code: "fake.denied", Err: errors.New("no")}
	for name, c := range map[string]struct {
		err     error
		from    time.Duration
		until   time.Duration
		outcome events.TranscriptOutcome
		reason  string
		whole   bool
	}{
		"for a minute":                 {away, 20 * time.Second, 80 * time.Second, complete, "", true},
		"for five minutes":             {away, 20 * time.Second, 320 * time.Second, partial, "recogniser: fake.unavailable", false},
		"all the time":                 {away, 0, time.Hour, failed, "recogniser: fake.unavailable", false},
		"refused from the beginning":   {refusal, 0, time.Hour, failed, "recogniser: fake.denied", false},
		"refused from some time on":    {refusal, 60 * time.Second, time.Hour, partial, "recogniser: fake.denied", false},
		"at the end, for a short time": {away, 395 * time.Second, 430 * time.Second, complete, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, heardTenant())
				w.fake.Fail = func(int, time.Duration) error {
					if d := time.Since(w.began); d >= c.from && d < c.until {
						return c.err
					}
					return nil
				}
				p := w.process()
				audio, said := w.paint(1, 400_000, 1_000)
				w.started("MZ1", 0, granted)
				n := w.play("MZ1", 0, audio)
				w.ended("MZ1", n, 400_000)
				<-time.After(5 * time.Minute)
				w.allDone()
				m := w.completions()["MZ1"]
				if m.GetOutcome() != c.outcome || m.GetReason() != c.reason {
					t.Errorf("completed as %v", m)
				}
				if c.whole {
					w.same(said)
				}
				if c.outcome == partial && m.GetSegments() == 0 {
					t.Error("nothing was heard")
				}
				if c.outcome == failed && gapsOf(m)[events.MediaGapReason_MEDIA_GAP_REASON_DROPPED] < 700_000 {
					t.Errorf("gaps: %v", m.GetGaps())
				}
				p.close()
			})
		})
	}
}

// TestBrokerAway keeps what was heard until the broker takes it.
func TestBrokerAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		audio, said := w.paint(1, 60_000, 1_000)
		go func() {
			<-time.After(20 * time.Second)
			w.mu.Lock()
			w.brokerAway = true
			w.mu.Unlock()
			<-time.After(30 * time.Second)
			w.mu.Lock()
			w.brokerAway = false
			close(w.more)
			w.more = make(chan struct{})
			w.mu.Unlock()
		}()
		w.started("MZ1", 0, granted)
		n := w.play("MZ1", 0, audio)
		w.ended("MZ1", n, 60_000)
		w.allDone()
		if overlaps := w.same(said); overlaps > 0 {
			t.Errorf("%d words twice", overlaps)
		}
		p.close()
	})
}

// TestHoleBeforeAFoundStream: the log has a stream's beginning, and whoever read it first never took it. The process that finds
// it declares the hole before it, once.
func TestHoleBeforeAFoundStream(t *testing.T) {
	for name, c := range map[string]struct {
		before func(w *world, audio map[events.Party][]byte)
		ended  bool
		hole   func(w *world) int64 // where it begins
	}{
		"after one that was ended": {ended: true, hole: func(*world) int64 { return 20_000 }},
		"after one that nobody ended": {hole: func(w *world) int64 {
			_, until := w.told("MZ1", caller)
			return until
		}},
		"after one without a chunk": {
			before: func(*world, map[events.Party][]byte) {}, hole: func(*world) int64 { return 1_000 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, heardTenant())
				p := w.process()
				audio, _ := w.paint(1, 60_000, 2_000)
				w.started("MZ1", 1_000, granted)
				if c.before == nil {
					n := w.play("MZ1", 1_000, part(audio, 1_000, 20_000))
					if c.ended {
						w.ended("MZ1", n, 20_000)
					}
				}
				w.allDone()
				p.kill(false)
				p = w.process()
				<-time.After(time.Until(w.at(40_000)))
				p.kill(false)
				w.started("MZ2", 40_000, granted)
				p = w.process()
				<-time.After(time.Until(w.at(40_100)))
				p.kill(false)
				p = w.process()
				n := w.play("MZ2", 40_000, part(audio, 40_000, 60_000))
				w.ended("MZ2", n, 60_000)
				w.allDone()
				from := c.hole(w)
				m := w.completions()["MZ2"]
				if got := gapsOf(m)[events.MediaGapReason_MEDIA_GAP_REASON_STREAM_REPLACED]; m.GetOutcome() != partial || got < 40_000-from {
					t.Errorf("completed as %v, the hole begins at %d", m, from)
				}
				holes := map[events.Party]int{}
				for _, g := range w.declared() {
					if g.GetReason() == events.MediaGapReason_MEDIA_GAP_REASON_STREAM_UNFOLLOWED {
						continue // the silence of the one before is part of the hole
					}
					if holes[g.GetParty()]++; g.GetParty() == caller && (g.GetStartMs() != from || g.GetEndMs() != 40_000) {
						t.Errorf("declared %v, the hole begins at %d", g, from)
					}
				}
				if holes[caller] != 1 || holes[agent] != 1 {
					t.Errorf("declared so often: %v", holes)
				}
				p.close()
			})
		})
	}
}

// part is a part of audio, in milliseconds.
func part(audio map[events.Party][]byte, from, to int64) map[events.Party][]byte {
	out := map[events.Party][]byte{}
	for who, b := range audio {
		out[who] = b[drivertest.Format.Bytes(from):drivertest.Format.Bytes(to)]
	}
	return out
}

// declared are the gaps that were published.
func (w *world) declared() (gaps []*events.MediaGap) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.transcripts {
		if g, ok := e.Message().(*events.MediaGap); ok {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// told is the call time of the first and last words of a party in a stream.
func (w *world) told(stream string, p events.Party) (from, to int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.transcripts {
		if m, ok := e.Message().(*events.TranscriptSegment); ok && m.GetStreamId() == stream && m.GetParty() == p {
			if to == 0 {
				from = m.GetStartMs()
			}
			to = max(to, m.GetEndMs())
		}
	}
	return from, to
}

// TestLateStream has a stream come to the log after its successor, from an ingress that could not send: it is heard up to where
// the successor begins, which goes on meanwhile, and nothing is told twice.
func TestLateStream(t *testing.T) {
	type stream struct {
		from, to int64
		comes    int64 // when its messages do, all at once; 0 if as it is spoken
		ended    bool
	}
	for name, streams := range map[string][]stream{
		"with a hole":               {{0, 15_000, 23_000, false}, {18_000, 60_000, 0, true}},
		"with its end":              {{0, 15_000, 23_000, true}, {18_000, 60_000, 0, true}},
		"with an overlap":           {{0, 18_020, 23_000, true}, {18_000, 60_000, 0, true}},
		"after its successor ended": {{0, 15_000, 64_000, false}, {18_000, 60_000, 0, true}},
		"of which nothing came":     {{0, 0, 23_000, false}, {4_000, 60_000, 0, true}},
		"one of three":              {{0, 10_000, 0, true}, {12_000, 18_000, 25_000, false}, {20_000, 60_000, 0, true}},
		"one of three, nobody told of an end": {
			{0, 10_000, 0, false}, {12_000, 18_000, 21_000, false}, {20_000, 60_000, 0, true},
		},
		"two of three":                        {{0, 10_000, 27_000, false}, {12_000, 18_000, 27_000, false}, {20_000, 60_000, 0, true}},
		"all of them, as they were sent last": {{0, 10_000, 62_000, false}, {12_000, 18_000, 61_000, false}, {20_000, 60_000, 60_000, true}},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(6) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, heardTenant())
					w.fake.Seed = seed
					p := w.process()
					audio, words := w.paint(seed, 60_000, 500)
					for i, s := range streams {
						id := "MZ" + string(rune('1'+i))
						go func() {
							<-time.After(time.Until(w.at(max(s.from, s.comes))))
							w.started(id, s.from, granted)
							n := w.play(id, s.from, part(audio, s.from, s.to))
							if s.ended {
								w.ended(id, n, s.to)
							}
						}()
					}
					if seed >= 3 { // somebody else finds them
						<-time.After(time.Until(w.at(23_000 + int64(seed)*400)))
						p.kill(false)
						p = w.process()
					}
					<-time.After(3 * time.Minute)
					w.allDone()
					heard := func(from, to int64) bool {
						return slices.ContainsFunc(streams, func(s stream) bool { return s.from <= from && to <= s.to })
					}
					torn := func(word drivertest.Said) bool { // by the beginning of one that has not waited
						return slices.ContainsFunc(streams, func(s stream) bool { return word.Start < s.from && s.from < word.End })
					}
					for who, script := range words {
						var kept []string
						for _, word := range script {
							if heard(word.Start, word.End) && !torn(word) {
								kept = append(kept, word.Text)
							}
						}
						if text, _ := w.words(who); !slices.Equal(untorn(text), kept) {
							t.Errorf("%v: words differ\n got %s\nwant %s", who, text, strings.Join(kept, " "))
						}
					}
					for i, s := range streams[1:] {
						from := streams[i].to
						if from < s.from && !slices.ContainsFunc(w.declared(), func(g *events.MediaGap) bool {
							return g.GetParty() == caller && g.GetStartMs() <= from && g.GetEndMs() >= s.from
						}) {
							t.Errorf("nobody has declared %d to %d ms: %v", from, s.from, w.declared())
						}
					}
					for id, m := range w.completions() {
						if strings.HasPrefix(m.GetReason(), "no audio") {
							t.Errorf("%s: completed as %v", id, m)
						}
					}
					p.close()
				})
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// TestNobodyListened: the first stream never began, and ingress says so with the one that did. A first stream that comes later
// all the same, out of the spool of an ingress that was away, is heard, and only what is missing between the two is a gap.
func TestNobodyListened(t *testing.T) {
	for name, c := range map[string]struct {
		first int64 // where the first stream ends that comes late; 0 if none does
		from  int64 // where the gap begins
		until int64 // where the call ends
		crash bool
	}{
		"before the first":                      {0, 1_000, 40_000, false},
		"before the only one of a short call":   {0, 1_000, 12_000, false},
		"known to another process":              {0, 1_000, 40_000, true},
		"known to another process, before long": {0, 1_000, 12_000, true},
		"but one did":                           {5_000, 5_000, 40_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, heardTenant())
				p := w.process()
				audio, _ := w.paint(1, c.until, 1_000)
				<-time.After(time.Until(w.at(7_000)))
				w.started("MZ2", 7_000, granted)
				for _, who := range []events.Party{caller, agent} {
					w.say(call.Event(w.at(1_000), &events.MediaGap{
						StreamId: "MZ2", Party: who, StartMs: 1_000, EndMs: 7_000, Reason: events.MediaGapReason_MEDIA_GAP_REASON_STREAM_REPLACED,
					}))
				}
				if c.first > 0 {
					go func() {
						<-time.After(time.Until(w.at(12_000)))
						w.started("MZ1", 1_100, granted)
						w.play("MZ1", 1_100, part(audio, 1_100, c.first))
					}()
				}
				if c.crash {
					<-time.After(time.Until(w.at(9_000)))
					p.kill(false)
					p = w.process()
				}
				n := w.play("MZ2", 7_000, part(audio, 7_000, c.until))
				if c.until > 30_000 {
					w.mu.Lock()
					if w.committed < 4 {
						t.Errorf("%d messages are done: the gap holds the partition back", w.committed)
					}
					w.mu.Unlock()
				}
				w.ended("MZ2", n, c.until)
				w.allDone()
				if m := w.completions()["MZ2"]; m.GetOutcome() != partial {
					t.Errorf("completed as %v", m)
				}
				gaps := w.declared()
				for _, g := range gaps {
					if g.GetStartMs() != c.from || g.GetEndMs() != 7_000 {
						t.Errorf("declared %v", g)
					}
				}
				if len(gaps) != 2 {
					t.Errorf("declared %v", gaps)
				}
				if _, to := w.told("MZ1", agent); c.first > 0 && to == 0 {
					t.Error("nothing was told of the first")
				}
				p.close()
			})
		})
	}
}
