package app

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

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

// TestEveryFindingHasItsEvidence: the words of intent, disposition and next action, or that the disposition has none.
func TestEveryFindingHasItsEvidence(t *testing.T) {
	for quote, noLine := range map[string]bool{"You're booked for Tuesday": false, "none": true} {
		inBubble(t, func(t *testing.T) {
			w := newWorld(t)
			w.model.says(func(int, *model.Request) (*model.Answer, error) {
				return good(strings.Replace(demoAnswer, "You're booked for Tuesday", quote, 1)), nil
			})
			w.must(call("CA1", w.start).demoCall()...)
			i, _ := w.last()
			if e := i.GetNextAction().GetEvidence(); len(e) != 1 || e[0].GetQuote() != "I'd like to book a demo." || e[0].GetOffsetMs() != 8000 {
				t.Errorf("next action by %v", e)
			}
			d := i.GetDisposition()
			if d.GetNoLine() != noLine || (len(d.GetEvidence()) == 0) != noLine || noLine && d.GetConfidence() > mostWithoutLine || !noLine && d.GetConfidence() != 0.9 {
				t.Errorf("disposition %v", d)
			}
			if i.GetIntent().GetNoLine() || len(i.GetIntent().GetEvidence()) != 1 {
				t.Errorf("intent %v", i.GetIntent())
			}
		})
	}
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
