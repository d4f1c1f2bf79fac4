package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference/internal/model"
)

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

// quotaOnce refuses the first request for a while.
func quotaOnce(after time.Duration) func(int, *model.Request) (*model.Answer, error) {
	return func(n int, _ *model.Request) (*model.Answer, error) {
		if n == 1 {
			return nil, model.Fail(model.Quota, "scripted.RESOURCE_EXHAUSTED", "scripted", after, nil)
		}
		return good(demoAnswer), nil
	}
}

// TestATimeThatTheModelNames is waited for in place where the budget lasts so long, and the model is asked once after it.
func TestATimeThatTheModelNames(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		w.model.says(quotaOnce(2 * time.Second))
		w.must(call("CA1", w.start).demoCall()...)
		w.pass(1900 * time.Millisecond)
		if w.model.count() != 1 || len(w.out.insights()) != 0 {
			t.Errorf("%d requests, %d revisions: the model asked to be left alone", w.model.count(), len(w.out.insights()))
		}
		w.pass(time.Second)
		if i, _ := w.last(); i.GetIntent().GetValue() != "BookDemo" || w.model.count() != 2 {
			t.Errorf("intent %q, %d requests", i.GetIntent().GetValue(), w.model.count())
		}
	})
}

// TestALongTimeThatTheModelNames holds every question of that model; the calls are told meanwhile, and asked about later.
func TestALongTimeThatTheModelNames(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		w.model.says(quotaOnce(time.Minute))
		w.must(call("CA1", w.start).demoCall()...)
		if _, u := w.last(); u.GetReason() != reasonQuota || w.model.count() != 1 {
			t.Errorf("reason %q, %d requests", u.GetReason(), w.model.count())
		}
		w.must(call("CA2", w.start).demoCall()...)
		if _, u := w.last(); u.GetReason() != reasonModel || w.model.count() != 1 {
			t.Errorf("reason %q, %d requests: the model asked to be left alone", u.GetReason(), w.model.count())
		}
		w.pass(3 * time.Minute)
		if n := len(w.out.insights()); n != 4 || w.model.count() != 3 {
			t.Errorf("%d revisions, %d requests", n, w.model.count())
		}
	})
}

// TestBreaker opens for a model that is away, and not for what one tenant or question is refused.
func TestBreaker(t *testing.T) {
	for _, c := range []struct {
		fault model.Fault
		opens bool
	}{
		{model.Unreachable, true}, {model.TimedOut, true}, {model.Quota, true}, {model.Refused, true},
		{model.Gone, false}, {model.Blocked, false}, {model.Truncated, false},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t)
				for range testSettings().Breaker.Failures {
					w.desk.report(t.Context(), "scripted", model.Fail(c.fault, "scripted.X", "scripted", 0, nil))
				}
				if open := w.desk.breaker.Open("scripted"); open != c.opens {
					t.Errorf("open: %v", open)
				}
			})
		})
	}
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

// TestUsageIsKeptTrying while the broker takes no bills, for longer than anybody waits for anything else; the call is told
// meanwhile.
func TestUsageIsKeptTrying(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		w.out.breaks(func(k events.Kind) error {
			if k == events.KindUsageRecorded {
				return errors.New("away")
			}
			return nil
		})
		w.must(call("CA1", w.start).demoCall()...)
		if i, _ := w.last(); i.GetIntent().GetValue() != "BookDemo" || len(w.out.usage()) != 0 {
			t.Errorf("intent %q, %d usages", i.GetIntent().GetValue(), len(w.out.usage()))
		}
		w.pass(10 * time.Minute)
		w.out.breaks(nil)
		w.pass(10 * time.Second)
		if n := len(w.out.usage()); n != 1 {
			t.Errorf("%d usages of one request", n)
		}
	})
}

// TestUsageThatIsLostIsCounted when the process ends before the broker has taken it.
func TestUsageThatIsLostIsCounted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		reader := sdkmetric.NewManualReader()
		meters, err := newMeters(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter(""), func() int64 { return 0 })
		if err != nil {
			t.Fatal(err)
		}
		w.desk.meters = meters
		ending, end := context.WithCancel(t.Context())
		w.desk.spawn = func(_ context.Context, fn func(context.Context)) { go fn(ending) }
		w.out.breaks(func(k events.Kind) error {
			if k == events.KindUsageRecorded {
				return errors.New("away")
			}
			return nil
		})
		w.must(call("CA1", w.start).demoCall()...)
		end()
		synctest.Wait()
		var got metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &got); err != nil {
			t.Fatal(err)
		}
		for _, m := range got.ScopeMetrics[0].Metrics {
			if sum, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "frontdesk.inference.requests_unbilled" && sum.DataPoints[0].Value == 1 {
				return
			}
		}
		t.Error("nobody counts the request that was not billed")
	})
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
		i, _ := w.last()
		if i.GetDisposition().GetValue() != "ConsentRefused" || i.GetIntent().GetValue() != "Unknown" || len(i.GetDetails()) != 0 || len(i.GetTranscript()) != 0 {
			t.Errorf("%s, %s, %d details, %d lines", i.GetIntent().GetValue(), i.GetDisposition().GetValue(), len(i.GetDetails()), len(i.GetTranscript()))
		}
		for _, s := range w.out.stored() {
			if a := s.Event.GetBody().GetCallState().GetAnswered(); a != nil && a.GetProvenance().GetProvider() != ruleProvider {
				t.Error("the model's answer is still in the state")
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
