package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

func TestTranscriptPending(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		words := m.demoWords()
		w.must(m.started(), m.consent(granted, time.Second), m.stream("MZ1"), words[0], words[1], m.ended(time.Minute))
		w.pass(14 * time.Second)
		if n := len(w.out.insights()); n != 0 {
			t.Fatal("told before the deadline")
		}
		w.pass(2 * time.Second)
		_, u := w.last()
		if u.GetReason() != reasonPending || u.GetFacts().GetTranscriptState() != pending || len(u.GetTranscript()) != 2 {
			t.Fatalf("reason %q", u.GetReason())
		}
		if w.model.count() != 0 {
			t.Error("a model was asked about half a conversation")
		}
		w.must(words[2], m.heard("MZ1", whole1))
		i, _ := w.last()
		if i.GetRevision() != 2 || i.GetIntent().GetValue() != "BookDemo" {
			t.Errorf("revision %d, intent %s", i.GetRevision(), i.GetIntent().GetValue())
		}
		w.pass(time.Hour)
		if n := len(w.out.insights()); n != 2 {
			t.Errorf("%d revisions", n)
		}
	})
}

// TestEachOwnerIsLaterThanTheLast, whatever the clocks say: of two owners' states the later one's counts.
func TestEachOwnerIsLaterThanTheLast(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.started(), m.consent(granted, time.Second))
		w.crash() // and no time passes
		w.must(m.stream("MZ1"), m.ended(time.Minute))
		var since []time.Time
		for _, e := range w.out.states {
			since = append(since, e.GetBody().GetCallState().GetOwnedSince().AsTime())
		}
		if len(since) < 4 || !since[0].Equal(since[1]) || !since[2].After(since[1]) || !since[len(since)-1].Equal(since[2]) {
			t.Errorf("%v", since)
		}
	})
}

// TestAStateBehindAnEarlierOwnersIsStoredAgain: compaction keeps the last of a call, whoever's it is. What it holds, and its time, stay as they were.
func TestAStateBehindAnEarlierOwnersIsStoredAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.started(), m.consent(granted, time.Second))
		states := w.out.stored()
		for i := range states {
			states[i].Behind = true
		}
		had, n := states[0].Event, len(w.out.states)
		w.desk.Own(partition+1, w.start, states, func(_ string, fn func(context.Context)) { fn(t.Context()) })
		w.desk.Disown(partition + 1)
		if len(w.out.states) != n+1 {
			t.Fatalf("%d states stored", len(w.out.states)-n)
		}
		again := w.out.states[n]
		since := again.GetBody().GetCallState().GetOwnedSince().AsTime()
		if !since.After(had.GetBody().GetCallState().GetOwnedSince().AsTime()) || !again.GetOccurredAt().AsTime().Equal(had.GetOccurredAt().AsTime()) {
			t.Errorf("stored at %s by the owner since %s", again.GetOccurredAt().AsTime(), since)
		}
	})
}

// TestWordsNeverWhole gives up on a stream whose completion never comes, and asks about what there is.
func TestWordsNeverWhole(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.started(), m.consent(granted, time.Second), m.stream("MZ1"))
		w.must(m.demoWords()...)
		w.must(m.ended(time.Minute))
		w.pass(11 * time.Minute)
		i, _ := w.last()
		if i.GetFacts().GetTranscriptState() != events.TranscriptState_TRANSCRIPT_STATE_PARTIAL || i.GetIntent().GetValue() != "BookDemo" {
			t.Errorf("state %s", i.GetFacts().GetTranscriptState())
		}
		w.must(m.heard("MZ1", whole1))
		if i, _ = w.last(); i.GetFacts().GetTranscriptState() != complete || w.model.count() != 1 {
			t.Errorf("state %s, asked %d times: no new words, no new question", i.GetFacts().GetTranscriptState(), w.model.count())
		}
	})
}

func TestLongestCall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.started(), m.consent(granted, time.Second), m.stream("MZ1"))
		w.must(m.demoWords()...)
		w.must(m.heard("MZ1", whole1))
		w.pass(4*time.Hour - time.Second)
		if len(w.out.insights()) != 0 {
			t.Fatal("told before the longest call was over")
		}
		w.pass(2 * time.Second)
		if i, _ := w.last(); i.GetFacts().GetEndedAt() != nil || i.GetIntent().GetValue() != "BookDemo" {
			t.Error("a call whose end nobody told is told without one")
		}
		w.must(m.ended(time.Minute))
		if i, _ := w.last(); i.GetRevision() != 2 || i.GetFacts().GetEndedAt() == nil || w.model.count() != 1 {
			t.Error("the end makes the next revision, and asks nobody")
		}
	})
}

func TestLateParts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.demoCall()...)
		w.must(m.recorded())
		i, _ := w.last()
		if i.GetRevision() != 2 || len(i.GetFacts().GetRecordings()) != 1 || len(i.GetTranscript()) != 3 {
			t.Errorf("revision %d, %d recordings", i.GetRevision(), len(i.GetFacts().GetRecordings()))
		}
		w.must(m.disposed("ResolvedByAgent", "a", 3*time.Minute), m.disposed("CallbackPromised", "b", 2*time.Minute))
		i, _ = w.last()
		if i.GetDisposition().GetValue() != "ResolvedByAgent" || i.GetDispositionSource() != events.DispositionSource_DISPOSITION_SOURCE_AGENT {
			t.Errorf("disposition %s by %s: the agent's latest word counts", i.GetDisposition().GetValue(), i.GetDispositionSource())
		}
		if w.model.count() != 1 {
			t.Errorf("asked %d times without new words", w.model.count())
		}
		before := len(w.out.insights())
		w.must(m.says(events.Party_PARTY_CALLER, 20000, "One more thing."), m.says(events.Party_PARTY_CALLER, 22000, "Please call me."))
		w.pass(3 * time.Second)
		i, _ = w.last()
		if len(w.out.insights()) != before+1 || len(i.GetTranscript()) != 5 || w.model.count() != 2 {
			t.Errorf("%d revisions more, %d lines, asked %d times", len(w.out.insights())-before, len(i.GetTranscript()), w.model.count())
		}
	})
}

// TestLatePartOfACallThatLeftMemory finds the state again, and needs no words to tell what was found.
func TestLatePartOfACallThatLeftMemory(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.demoCall()...)
		w.pass(3 * time.Hour)
		if n := len(w.desk.partition(partition).calls); n != 0 {
			t.Fatalf("%d calls in memory", n)
		}
		w.past.forget()
		w.must(m.recorded())
		if w.past.searches != 1 {
			t.Errorf("%d searches", w.past.searches)
		}
		i, _ := w.last()
		if i.GetRevision() != 2 || i.GetIntent().GetValue() != "BookDemo" || len(i.GetTranscript()) != 3 || w.model.count() != 1 {
			t.Errorf("revision %d, intent %s, %d lines, asked %d times", i.GetRevision(), i.GetIntent().GetValue(), len(i.GetTranscript()), w.model.count())
		}
	})
}

func TestUnknownCall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		done := make(chan error, 1)
		w.desk.Take(w.ctx, partition, m.recorded(), -1, func(err error) { done <- err })
		w.pass(59 * time.Second)
		select {
		case err := <-done:
			t.Fatal("refused within its grace", err)
		default:
		}
		w.pass(2 * time.Second)
		err := <-done
		var classed *retry.Error
		if !errors.As(err, &classed) || classed.Class != retry.Permanent || classed.Code != "call_unknown" {
			t.Errorf("err %v", err)
		}
		if len(w.out.states) != 0 {
			t.Error("a recording must not open a call")
		}
	})
}

// TestRecordingBeforeItsCall is folded when the CallStarted comes within the grace.
func TestRecordingBeforeItsCall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		done := make(chan error, 1)
		w.desk.Take(w.ctx, partition, m.recorded(), -1, func(err error) { done <- err })
		w.pass(30 * time.Second)
		w.must(m.demoCall()...)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if i, _ := w.last(); len(i.GetFacts().GetRecordings()) != 1 {
			t.Error("the recording is missing")
		}
	})
}

// TestWordsBeforeTheCall reads calls.transcripts ahead of calls.lifecycle.
func TestWordsBeforeTheCall(t *testing.T) {
	for _, late := range []time.Duration{time.Second, time.Minute} {
		inBubble(t, func(t *testing.T) {
			w := newWorld(t)
			m := call("CA1", w.start)
			for _, e := range append(m.demoWords(), m.heard("MZ1", whole1)) {
				if err, _ := w.in(e); err != nil {
					t.Fatal(err)
				}
			}
			w.pass(late) // beyond Early the fold is provisional, and stored
			w.must(m.started(), m.consent(granted, time.Second), m.stream("MZ1"), m.ended(time.Minute))
			i, _ := w.last()
			if i.GetIntent().GetValue() != "BookDemo" || len(i.GetTranscript()) != 3 {
				t.Errorf("after %s: intent %s, %d lines", late, i.GetIntent().GetValue(), len(i.GetTranscript()))
			}
		})
	}
}

// TestNeverOpened counts words whose call never begins, and tells nobody of a call without facts.
func TestNeverOpened(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		for _, e := range m.demoWords() {
			if err, _ := w.in(e); err != nil {
				t.Fatal(err)
			}
		}
		w.pass(2 * time.Hour)
		if len(w.out.insights()) != 0 {
			t.Error("told a call without facts")
		}
		w.must(m.started(), m.consent(granted, time.Second), m.stream("MZ1"), m.heard("MZ1", whole1), m.ended(time.Minute))
		w.pass(10 * time.Second)
		if i, _ := w.last(); i.GetIntent().GetValue() != "BookDemo" || len(i.GetTranscript()) != 3 {
			t.Error("a CallStarted that comes after all opens it")
		}
	})
}

// TestFallbackCall is opened by its own end: the carrier's fallback TwiML answered.
func TestFallbackCall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.event(time.Minute, &events.CallEnded{
			Status: events.CallStatus_CALL_STATUS_COMPLETED, Duration: durationpb.New(time.Minute), EndedAt: timestamppb.New(w.start.Add(time.Minute)),
			OpenedBy: &events.CallStarted{From: "+12025550123", To: "+14155550100", Direction: events.Direction_DIRECTION_INBOUND},
		}))
		i, _ := w.last()
		if i.GetFacts().GetHandling() != events.Handling_HANDLING_FALLBACK || !i.GetFacts().GetStartedAt().AsTime().Equal(m.at) {
			t.Errorf("handling %s", i.GetFacts().GetHandling())
		}
		if i.GetDisposition().GetValue() != "NeedsReview" || i.GetProvenance().GetModel() != "no_media" {
			t.Errorf("disposition %s by %s", i.GetDisposition().GetValue(), i.GetProvenance().GetModel())
		}
	})
}

// TestOldStart: a CallStarted from before what was loaded may belong to a call that is told already.
func TestOldStart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.demoCall()...)
		w.lose()
		w.desk.Disown(partition)
		w.boot(w.desk.tenants)
		stored := w.out.states
		w.out.states = nil // nothing of it was loaded
		w.own(w.start.Add(time.Hour))
		w.out.states = stored
		w.must(m.started())
		w.pass(time.Minute)
		if w.past.searches != 1 || len(w.out.insights()) != 1 {
			t.Errorf("%d searches, %d revisions", w.past.searches, len(w.out.insights()))
		}
	})
}

// TestPastAway holds what needs the past until it can be searched.
func TestPastAway(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		w.past.fail = errors.New("broker away")
		m := call("CA1", w.start)
		done := make(chan error, 1)
		w.desk.Take(w.ctx, partition, m.demoWords()[0], 1, func(err error) { done <- err })
		w.pass(time.Minute)
		select {
		case err := <-done:
			t.Fatal("completed while nobody could tell whether the call is known", err)
		default:
		}
		w.past.mu.Lock()
		w.past.fail = nil
		w.past.mu.Unlock()
		w.pass(2 * time.Second)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestFlush completes what is held when nothing more would be fetched before.
func TestFlush(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		words, recording := make(chan error, 1), make(chan error, 1)
		w.desk.Take(w.ctx, partition, m.demoWords()[0], 1, func(err error) { words <- err })
		w.desk.Take(w.ctx, partition, call("CA2", w.start).recorded(), -1, func(err error) { recording <- err })
		w.desk.Flush()
		synctest.Wait()
		if err := <-words; err != nil {
			t.Error(err)
		}
		if err := <-recording; retry.Code(err) != "call_unknown" {
			t.Error(err)
		}
	})
}
