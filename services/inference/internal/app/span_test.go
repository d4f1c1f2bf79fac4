package app

import (
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

func TestACallsSpanIsToldWithItsFirstRevision(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		spans := tracetest.NewSpanRecorder()
		tel, stop, err := telemetry.New(t.Context(), "inference", telemetry.Config{}, telemetry.Options{Spans: spans})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stop(t.Context()) }()
		w := newWorld(t)
		w.desk.tracer = tel.Tracer
		m := call("CA1", w.start)
		w.must(m.demoCall()...)
		w.must(m.recorded()) // the next revision tells it no more
		if len(w.out.insights()) < 2 {
			t.Fatal("there is no second revision")
		}
		var calls, stages []sdktrace.ReadOnlySpan
		for _, s := range spans.Ended() {
			switch s.Name() {
			case "call":
				calls = append(calls, s)
			case "settle call":
				stages = append(stages, s)
			}
		}
		if len(calls) != 1 || len(stages) == 0 {
			t.Fatalf("%d spans of the call, %d of stages", len(calls), len(stages))
		}
		root := calls[0]
		if root.SpanContext().TraceID() != telemetry.TraceID("CA1") || stages[0].Parent().SpanID() != root.SpanContext().SpanID() {
			t.Errorf("the stage hangs under %s, the call is %s", stages[0].Parent().SpanID(), root.SpanContext().SpanID())
		}
		facts := w.out.insights()[0].GetBody().GetCallInsight().GetFacts()
		if !root.StartTime().Equal(facts.GetStartedAt().AsTime()) || !root.EndTime().Equal(facts.GetEndedAt().AsTime()) || root.EndTime().Sub(root.StartTime()) < time.Second {
			t.Errorf("from %s to %s", root.StartTime(), root.EndTime())
		}
	})
}
