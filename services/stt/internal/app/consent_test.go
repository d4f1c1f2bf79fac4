package app_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

const (
	complete = events.TranscriptOutcome_TRANSCRIPT_OUTCOME_COMPLETE
	partial  = events.TranscriptOutcome_TRANSCRIPT_OUTCOME_PARTIAL
	notHeard = events.TranscriptOutcome_TRANSCRIPT_OUTCOME_UNHEARD
	failed   = events.TranscriptOutcome_TRANSCRIPT_OUTCOME_FAILED
)

// TestConsent plays 40 s of a call in which an answer comes at some time, or never.
func TestConsent(t *testing.T) {
	agreed, alone := heardTenant(), heardTenant()
	alone.Privacy.ThirdPartySpeech = nil
	none := heardTenant()
	none.Speech.Provider = "none"
	free := heardTenant()
	free.Consent.Policy, free.Consent.Basis = tenant.ConsentNotAsked, &tenant.Document{Reference: "terms, clause 14", Signed: "2026-01-01"}
	for name, c := range map[string]struct {
		tenant  *tenant.Tenant
		begins  events.ConsentAnswer
		answer  events.ConsentAnswer
		after   time.Duration // from the stream's beginning; 0 never
		outcome events.TranscriptOutcome
		reason  string
		heard   bool // the whole script
	}{
		"granted before":                 {agreed, granted, unknown, 0, complete, "", true},
		"granted while it waits":         {agreed, pending, granted, 15 * time.Second, complete, "", true},
		"granted after the end":          {agreed, pending, granted, 45 * time.Second, complete, "", true},
		"never answered":                 {agreed, pending, unknown, 0, notHeard, "consent still open at the end", false},
		"refused while it waits":         {agreed, pending, refused, 15 * time.Second, notHeard, "consent refused", false},
		"timed out while it waits":       {agreed, pending, timedOut, 6 * time.Second, notHeard, "consent question not answered", false},
		"refused before":                 {agreed, refused, unknown, 0, notHeard, "consent refused", false},
		"withdrawn before any was heard": {agreed, pending, withdrawn, 5 * time.Second, notHeard, "consent withdrawn", false},
		"withdrawn in the middle":        {agreed, granted, withdrawn, 20 * time.Second, partial, "consent withdrawn", false},
		"not asked, and none needed":     {free, notAsked, unknown, 0, complete, "", true},
		"not asked, but it was":          {agreed, notAsked, unknown, 0, notHeard, "consent not asked", false},
		"no agreement":                   {alone, granted, unknown, 0, notHeard, "no agreement for third-party speech", false},
		"no recogniser":                  {none, granted, unknown, 0, notHeard, "no recogniser configured", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, c.tenant)
				p := w.process()
				audio, said := w.paint(1, 40_000, 2_000)
				if c.after > 0 {
					go func() {
						<-time.After(c.after)
						w.consent(c.answer)
					}()
				}
				w.started("MZ1", 0, c.begins)
				n := w.play("MZ1", 0, audio)
				w.ended("MZ1", n, 40_000)
				<-time.After(time.Minute)
				w.allDone()
				m := w.completions()["MZ1"]
				if m.GetOutcome() != c.outcome || m.GetReason() != c.reason {
					t.Errorf("completed as %v, %q; want %v, %q", m.GetOutcome(), m.GetReason(), c.outcome, c.reason)
				}
				streams, _, written := w.fake.Opened()
				switch {
				case c.heard:
					w.same(said)
				case c.outcome == notHeard:
					if streams > 0 || m.GetHeard().AsDuration() > 0 || m.GetRecogniser() != "" {
						t.Errorf("%d streams, %s of audio went out", streams, written)
					}
				default: // withdrawn: nothing after the answer
					if written > 2*(c.after+time.Second) || m.GetSegments() == 0 {
						t.Errorf("%s of audio went out before or after %s, %d segments", written, c.after, m.GetSegments())
					}
				}
				p.close()
			})
		})
	}
}

// TestWaitingAudioIsBounded leaves the question open for long: the oldest audio becomes a gap, so that one
// call can't hold its partition back, and what is left is heard once consent is given.
func TestWaitingAudioIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		audio, _ := w.paint(2, 200_000, 2_000)
		go func() {
			<-time.After(150 * time.Second)
			w.mu.Lock()
			if w.committed < 800 { // 75 s of two parties and more
				t.Errorf("%d messages are done after 150 s, the question still open", w.committed)
			}
			w.mu.Unlock()
			w.consent(granted)
		}()
		w.started("MZ1", 0, pending)
		n := w.play("MZ1", 0, audio)
		w.ended("MZ1", n, 200_000)
		w.allDone()
		m := w.completions()["MZ1"]
		if m.GetOutcome() != partial || m.GetSegments() == 0 {
			t.Errorf("completed as %v", m)
		}
		var lost int64
		for _, g := range m.GetGaps() {
			if g.GetReason() != events.MediaGapReason_MEDIA_GAP_REASON_DROPPED {
				t.Errorf("gap %v", g)
			}
			lost += g.GetEndMs() - g.GetStartMs()
		}
		if heard := m.GetHeard().AsDuration().Milliseconds(); heard+lost != 400_000 || heard < 2*(50_000+45_000) {
			t.Errorf("%d ms heard and %d ms lost of 400000", heard, lost)
		}
		p.close()
	})
}

// TestForeignTenant: another tenant who knows the call's id neither withdraws consent nor ends a stream of the leg,
// whether the process heard all of it or took the call over in the middle.
func TestForeignTenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, heardTenant())
		p := w.process()
		audio, said := w.paint(3, 40_000, 2_000)
		foreign := call
		foreign.Tenant, foreign.Account = "initech", "AC9"
		meddle := func() {
			w.say(foreign.Event(time.Now(), &events.ConsentRecorded{
				Method: events.ConsentMethod_CONSENT_METHOD_REPORTED, Answer: withdrawn, DecidedAt: timestamppb.Now(),
			}))
			w.say(foreign.Event(time.Now(), &events.MediaStarted{
				StreamId: "MZ9", Parties: []events.Party{caller}, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000, Consent: granted,
			}))
			w.say(foreign.Event(time.Now(), &events.MediaEnded{StreamId: "MZ1", Reason: events.MediaEndReason_MEDIA_END_REASON_STOPPED}))
		}
		w.started("MZ1", 0, granted)
		go func() {
			<-time.After(10 * time.Second)
			meddle()
			<-time.After(10 * time.Second)
			p.kill(false)
			p = w.process()
			meddle()
		}()
		w.ended("MZ1", w.play("MZ1", 0, audio), 40_000)
		<-time.After(time.Minute)
		w.allDone()
		var of *events.TranscriptCompleted
		w.mu.Lock()
		for _, e := range w.transcripts {
			if m, ok := e.Message().(*events.TranscriptCompleted); ok && m.GetStreamId() == "MZ1" && e.GetTenant() == call.Tenant {
				of = m
			}
		}
		w.mu.Unlock()
		if of.GetOutcome() != complete {
			t.Errorf("completed as %v, %q", of.GetOutcome(), of.GetReason())
		}
		w.same(said)
		p.close()
	})
}

// TestQuestionOutlivesAStream: a stream breaks while consent is open, and the call goes on with another. An answer that comes long
// after is one about both.
func TestQuestionOutlivesAStream(t *testing.T) {
	for name, c := range map[string]struct {
		answer  events.ConsentAnswer // none if unknown
		outcome events.TranscriptOutcome
		reason  string
	}{
		"granted": {granted, complete, ""},
		"refused": {refused, notHeard, "consent refused"},
		"open":    {unknown, notHeard, "consent still open at the end"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, heardTenant())
				p := w.process()
				audio, said := w.paint(1, 40_000, 2_000)
				w.started("MZ1", 0, pending)
				n := w.play("MZ1", 0, part(audio, 0, 4_000))
				w.ended("MZ1", n, 4_000)
				w.started("MZ2", 4_000, pending)
				n = w.play("MZ2", 4_000, part(audio, 4_000, 30_000))
				if c.answer != unknown {
					w.consent(c.answer)
				}
				w.ended("MZ2", n, 30_000)
				w.allDone()
				for id, m := range w.completions() {
					if m.GetOutcome() != c.outcome || m.GetReason() != c.reason {
						t.Errorf("%s: completed as %v", id, m)
					}
				}
				want := 0
				for _, word := range said[caller] {
					if word.End <= 4_000 && c.outcome == complete {
						want++
					}
				}
				if _, to := w.told("MZ1", caller); (to > 0) != (want > 0) {
					t.Errorf("told up to %d ms of the first, which has %d words", to, want)
				}
				p.close()
			})
		})
	}
}
