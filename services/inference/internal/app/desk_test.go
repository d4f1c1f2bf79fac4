package app

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
)

// inBubble runs a test on a clock of its own.
func inBubble(t *testing.T, fn func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, fn)
}

func TestAnsweredCall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.demoCall()...)
		i, _ := w.last()
		if i == nil {
			t.Fatal("no insight")
		}
		if i.GetRevision() != 1 || i.GetIntent().GetValue() != "BookDemo" || i.GetDisposition().GetValue() != "DemoBooked" {
			t.Errorf("revision %d, intent %s, disposition %s", i.GetRevision(), i.GetIntent().GetValue(), i.GetDisposition().GetValue())
		}
		if s := i.GetDispositionSource(); s != events.DispositionSource_DISPOSITION_SOURCE_AI {
			t.Errorf("disposition source %s", s)
		}
		if got := i.GetNextAction().GetSubject(); got != "Call back about the demo" {
			t.Errorf("next action %q: the tenant's own beats the model's", got)
		}
		values := map[string]string{}
		for _, d := range i.GetDetails() {
			values[d.GetName()] = d.GetValue()
		}
		if values["first_name"] != "Martin" || values["last_name"] != "Whitfield" {
			t.Errorf("names not put back: %v", values)
		}
		if !strings.Contains(i.GetSummary(), "[NAME_1]") {
			t.Error("the summary must keep its placeholders")
		}
		if e := i.GetIntent().GetEvidence(); len(e) != 1 || e[0].GetOffsetMs() != 8000 || e[0].GetParty() != events.Party_PARTY_CALLER {
			t.Errorf("evidence %v", e)
		}
		if f := i.GetFacts(); f.GetTranscriptState() != complete || f.GetConsent() != granted || f.GetFrom() == "" {
			t.Error("the facts are not whole")
		}
		if got := i.GetCost().GetTotal().GetNanos(); got != 1000*300+200*2500 {
			t.Errorf("cost %d", got)
		}
		if p := i.GetProvenance(); p.GetRequests() != 1 || p.GetProvider() != "vertex" || len(p.GetTranscriptId()) != 64 {
			t.Errorf("provenance %v", p)
		}
		if n := len(w.out.usage()); n != 1 {
			t.Errorf("%d usages", n)
		}
		asked := w.model.request(0)
		for _, turn := range asked.Turns {
			if strings.Contains(turn.Text, "Whitfield") || strings.Contains(turn.Text, "2025550123") {
				t.Error("the model was shown personal data")
			}
		}
	})
}

// TestRunTwice delivers everything twice, each event right after itself and the whole call once more.
func TestRunTwice(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		var offsets []int64
		list := call("CA1", w.start).demoCall()
		for _, e := range list {
			o := w.next(e)
			offsets = append(offsets, o)
			for range 2 {
				if err, waits := w.at(e, o); err != nil || waits {
					t.Fatal(e.Kind(), err, waits)
				}
			}
		}
		for i, e := range list {
			if err, waits := w.at(e, offsets[i]); err != nil || waits {
				t.Fatal(e.Kind(), err, waits)
			}
		}
		w.pass(time.Minute)
		if n := len(w.out.insights()); n != 1 {
			t.Errorf("%d revisions, want 1", n)
		}
		if w.model.count() != 1 {
			t.Errorf("asked %d times", w.model.count())
		}
	})
}

// TestFailThenRedeliver lets each state write fail with the process, and delivers again to the next.
func TestFailThenRedeliver(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		for _, e := range call("CA1", w.start).demoCall() {
			o := w.next(e)
			w.out.breaks(func(k events.Kind) error {
				if k == events.KindCallState {
					return errors.New("broker away")
				}
				return nil
			})
			result := make(chan error, 1)
			go func() {
				w.turn.Lock()
				defer w.turn.Unlock()
				w.desk.Take(w.ctx, partition, e, o, func(err error) { result <- err })
			}()
			synctest.Wait()
			w.lose()
			if err := <-result; err == nil {
				t.Fatal(e.Kind(), "completed though its state was not stored")
			}
			w.out.breaks(nil)
			w.crash()
			if err, waits := w.at(e, o); err != nil || waits {
				t.Fatal(e.Kind(), err, waits)
			}
		}
		w.pass(time.Minute)
		i, _ := w.last()
		if n := len(w.out.insights()); n != 1 || i.GetIntent().GetValue() != "BookDemo" || len(i.GetTranscript()) != 3 {
			t.Errorf("%d revisions, intent %s, %d lines", n, i.GetIntent().GetValue(), len(i.GetTranscript()))
		}
	})
}

// TestCrashBetweenInsightAndState publishes the same bytes again, and asks nobody again.
func TestCrashBetweenInsightAndState(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		told := false
		w.out.breaks(func(k events.Kind) error {
			if told {
				return errors.New("broker away")
			}
			told = k == events.KindCallInsight
			return nil
		})
		w.must(call("CA1", w.start).demoCall()...)
		if n := len(w.out.insights()); n != 1 {
			t.Fatalf("%d insights before the crash", n)
		}
		w.lose()
		synctest.Wait()
		w.out.breaks(nil)
		w.crash()
		w.pass(time.Minute)
		list := w.out.insights()
		if len(list) != 2 || !proto.Equal(list[0], list[1]) {
			t.Fatalf("%d insights; the second must be the first again", len(list))
		}
		if w.model.count() != 1 {
			t.Errorf("asked %d times", w.model.count())
		}
		w.crash()
		w.pass(time.Minute)
		if n := len(w.out.insights()); n != 2 {
			t.Errorf("published again though it was acknowledged: %d", n)
		}
	})
}

// TestPartitionLostWhileAsking keeps the answer for the new owner: it is bought once.
func TestPartitionLostWhileAsking(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		w.model.takes = 3 * time.Second
		w.must(call("CA1", w.start).demoCall()...)
		w.pass(time.Second)
		w.crash()
		w.pass(time.Minute)
		i, _ := w.last()
		if i.GetIntent().GetValue() != "BookDemo" || w.model.count() != 1 || len(w.out.insights()) != 1 {
			t.Errorf("intent %s, asked %d times, %d revisions", i.GetIntent().GetValue(), w.model.count(), len(w.out.insights()))
		}
		if got := i.GetCost().GetTotal().GetNanos(); got != 800_000 {
			t.Errorf("cost %d: the bill goes with the answer", got)
		}
	})
}

func TestRedisAway(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		w.memory.away = true
		w.must(call("CA1", w.start).demoCall()...)
		if i, _ := w.last(); i.GetIntent().GetValue() != "BookDemo" {
			t.Error("inference must go on without Redis")
		}
	})
}

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
		m := call("CA1", w.start.Add(-time.Minute))
		w.must(m.event(time.Minute, &events.CallEnded{
			Status: events.CallStatus_CALL_STATUS_COMPLETED, Duration: durationpb.New(time.Minute), EndedAt: timestamppb.New(w.start),
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

func TestModelAway(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		away := func(int, *model.Request) (*model.Answer, error) {
			return nil, model.Fail(model.Unreachable, "scripted.UNAVAILABLE", "scripted", 0, nil)
		}
		w.model.says(away)
		m := call("CA1", w.start)
		w.must(m.demoCall()...)
		w.pass(10 * time.Second)
		_, u := w.last()
		if u.GetReason() != reasonModel || len(u.GetTranscript()) != 3 || u.GetRevision() != 1 {
			t.Fatalf("reason %q", u.GetReason())
		}
		tries := w.model.count()
		if n := len(w.out.usage()); n != tries || tries < 2 {
			t.Errorf("%d usages for %d requests: failed ones count too", n, tries)
		}
		w.must(m.recorded())
		if _, u = w.last(); u.GetRevision() != 2 || w.model.count() != tries {
			t.Errorf("revision %d, %d requests: a late part asks nobody while the question is parked", u.GetRevision(), w.model.count())
		}
		w.pass(70 * time.Second)
		if len(w.out.insights()) != 2 || w.model.count() == tries {
			t.Errorf("%d revisions: asked again in vain, nobody needs to know", len(w.out.insights()))
		}
		w.crash() // the parked question survives its owner
		w.model.says(nil)
		w.pass(10 * time.Minute)
		i, _ := w.last()
		if i.GetRevision() != 3 || i.GetIntent().GetValue() != "BookDemo" || len(i.GetFacts().GetRecordings()) != 1 {
			t.Errorf("revision %d, intent %s", i.GetRevision(), i.GetIntent().GetValue())
		}
	})
}

// TestQuestionIsGivenUp after its budget.
func TestQuestionIsGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		w.model.says(func(int, *model.Request) (*model.Answer, error) {
			return nil, model.Fail(model.Gone, "scripted.NOT_FOUND", "scripted", 0, nil)
		})
		w.must(call("CA1", w.start).demoCall()...)
		w.pass(48 * time.Hour)
		n := w.model.count()
		if n < 10 || n > 40 {
			t.Errorf("asked %d times in two days", n)
		}
		w.pass(48 * time.Hour)
		if w.model.count() != n || len(w.out.insights()) != 1 {
			t.Errorf("asked %d times more, %d revisions", w.model.count()-n, len(w.out.insights()))
		}
		if _, u := w.last(); u.GetReason() != reasonRefused {
			t.Errorf("reason %q", u.GetReason())
		}
	})
}

func TestBlockedIsFinal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		w.model.says(func(int, *model.Request) (*model.Answer, error) {
			return &model.Answer{ID: "r1", Usage: model.Usage{Input: 900}}, model.Fail(model.Blocked, "scripted.SAFETY", "scripted", 0, nil)
		})
		w.must(call("CA1", w.start).demoCall()...)
		w.pass(48 * time.Hour)
		_, u := w.last()
		if u.GetReason() != reasonBlocked || w.model.count() != 1 || u.GetCost().GetTotal().GetNanos() != 270_000 {
			t.Errorf("reason %q, asked %d times, cost %v", u.GetReason(), w.model.count(), u.GetCost())
		}
	})
}

func TestRepair(t *testing.T) {
	wrong := strings.Replace(demoAnswer, "I'd like to book a demo", "I want ten demos", 1)
	for _, c := range []struct {
		name    string
		answers []string
		intent  string
		reason  string
		details int
	}{
		{"wrong quote, then right", []string{wrong, demoAnswer}, "BookDemo", "", 3},
		{"wrong twice", []string{wrong, wrong}, "", reasonInvalid, 0},
		{"no JSON, then right", []string{"Sure! Here you are", demoAnswer}, "BookDemo", "", 3},
		{"a disposition that only agents set", []string{strings.Replace(demoAnswer, `"DemoBooked"`, `"ResolvedByAgent"`, 1), demoAnswer}, "BookDemo", "", 3},
		{"an intent of no catalogue, twice", []string{strings.Replace(demoAnswer, `"BookDemo"`, `"BuyShip"`, 1), strings.Replace(demoAnswer, `"BookDemo"`, `"BuyShip"`, 1)}, "", reasonInvalid, 0},
		{"a detail that nobody said is left out", []string{strings.Replace(demoAnswer, "my name is [NAME_1]", "call me [NAME_1]", 1), strings.Replace(demoAnswer, "my name is [NAME_1]", "call me [NAME_1]", 1)}, "BookDemo", "", 0},
		{"a first answer that will do beats a second that won't", []string{strings.Replace(demoAnswer, "my name is [NAME_1]", "call me [NAME_1]", 1), wrong}, "BookDemo", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t)
				w.model.says(func(n int, _ *model.Request) (*model.Answer, error) { return good(c.answers[n-1]), nil })
				w.must(call("CA1", w.start).demoCall()...)
				i, u := w.last()
				if i.GetIntent().GetValue() != c.intent || u.GetReason() != c.reason || len(i.GetDetails()) != c.details {
					t.Errorf("intent %q, reason %q, %d details", i.GetIntent().GetValue(), u.GetReason(), len(i.GetDetails()))
				}
				if w.model.count() != 2 || len(w.out.usage()) != 2 {
					t.Errorf("%d requests, %d usages", w.model.count(), len(w.out.usage()))
				}
				if second := w.model.request(1); len(second.Turns) != 3 || !second.Turns[1].Model {
					t.Error("a repair shows the model its answer and what was wrong")
				}
			})
		})
	}
}

func TestRulesAskNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.started(), m.ended(3*time.Second))
		i, _ := w.last()
		if i.GetDisposition().GetValue() != "HungUp" || i.GetDispositionSource() != events.DispositionSource_DISPOSITION_SOURCE_RULE || i.GetProvenance().GetProvider() != "rule" {
			t.Errorf("disposition %s", i.GetDisposition().GetValue())
		}
		if w.model.count() != 0 || len(w.out.usage()) != 0 || i.GetCost() != nil {
			t.Error("a rule costs no tokens")
		}
	})
}

func TestWithdrawal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.demoCall()...)
		w.must(m.consent(events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN, 30*time.Second))
		_, u := w.last()
		if u.GetReason() != reasonWithdrawn || len(u.GetTranscript()) != 0 {
			t.Errorf("reason %q, %d lines", u.GetReason(), len(u.GetTranscript()))
		}
		for _, s := range w.out.stored() {
			if s.Event.GetBody().GetCallState().GetAnswered() != nil {
				t.Error("the answer is still in the state")
			}
		}
		w.must(m.consent(granted, 40*time.Second))
		if n := w.model.count(); n != 1 {
			t.Errorf("asked %d times: a withdrawal is final", n)
		}
	})
}

func TestLowRedactionConfidence(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, func(own *tenant.Tenant) { own.Privacy.MinRedactionConfidence = 0.99999 })
		w.must(call("CA1", w.start).demoCall()...)
		_, u := w.last()
		if u.GetReason() != reasonRedaction || !u.GetRedaction().GetReview() || w.model.count() != 0 {
			t.Errorf("reason %q, asked %d times", u.GetReason(), w.model.count())
		}
	})
}

// TestDPIA shows the model the words themselves, but takes them out of what it writes.
func TestDPIA(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, func(own *tenant.Tenant) {
			own.Privacy.DPIA = &tenant.Document{Reference: "DPIA-7", Signed: "2026-01-01"}
		})
		w.model.says(func(int, *model.Request) (*model.Answer, error) {
			return good(strings.NewReplacer(
				"[NAME_1] wants a demo.", "Martin Whitfield wants a demo, Mr. Whitfield said.", "[NAME_1] asked.", "Whitfield asked.",
				`"value":"[NAME_1]"`, `"value":"Martin Whitfield"`, "my name is [NAME_1]", "my name is Martin Whitfield",
			).Replace(demoAnswer)), nil
		})
		w.must(call("CA1", w.start).demoCall()...)
		i, u := w.last()
		if i == nil {
			t.Fatal(u.GetReason())
		}
		if !strings.Contains(w.model.request(0).Turns[0].Text, "Whitfield") {
			t.Error("with a DPIA the model may see the words")
		}
		for name, text := range map[string]string{
			"summary": i.GetSummary(), "reason": i.GetNextAction().GetReason(), "redacted": i.GetDetails()[0].GetRedacted(),
			"quote": i.GetDetails()[0].GetEvidence()[0].GetQuote(),
		} {
			if strings.Contains(text, "Whitfield") || !strings.Contains(text, "[NAME_1]") {
				t.Errorf("%s still names the caller", name)
			}
		}
		if i.GetDetails()[0].GetValue() != "Martin Whitfield" {
			t.Error("the value itself stands in its field")
		}
	})
}

func TestInadmissible(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		w.must(m.demoCall()...)
		stranger := m
		stranger.call.Tenant = "nobody"
		for code, e := range map[string]*events.CallEvent{
			"disposition_unknown": m.disposed("Whatever", "a", time.Hour), "tenant_unknown": stranger.recorded(),
		} {
			if err, _ := w.in(e); !retry.IsPermanent(err) || retry.Code(err) != code {
				t.Errorf("%s: %v", code, err)
			}
		}
	})
}

// TestManyCalls keeps calls of one partition apart.
func TestManyCalls(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ids := []string{"CA1", "CA2", "CA3"}
		var lists [][]*events.CallEvent
		for _, id := range ids {
			lists = append(lists, call(id, w.start).demoCall())
		}
		for i := range lists[0] {
			for _, l := range lists {
				w.must(l[i])
			}
		}
		if n := len(w.out.insights()); n != 3 {
			t.Errorf("%d revisions", n)
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

// TestTenantGone keeps a call whose tenant is no longer configured, and asks nobody about it.
func TestTenantGone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		list := m.demoCall()
		w.must(list[:len(list)-1]...)
		w.lose()
		w.desk.Disown(partition)
		empty, err := tenant.NewSet()
		if err != nil {
			t.Fatal(err)
		}
		before := w.desk.tenants
		w.boot(empty)
		w.own(w.start.Add(-24 * time.Hour))
		w.pass(5 * time.Hour)
		if len(w.out.insights()) != 0 || w.model.count() != 0 {
			t.Error("told a call of nobody's")
		}
		w.lose()
		w.desk.Disown(partition)
		w.boot(before)
		w.own(w.start.Add(-24 * time.Hour))
		w.pass(time.Minute)
		if i, _ := w.last(); i.GetIntent().GetValue() != "BookDemo" {
			t.Error("configured again, the call is told")
		}
	})
}
