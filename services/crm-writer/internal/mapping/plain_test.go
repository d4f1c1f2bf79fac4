package mapping

import (
	"math"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// odd are events of every kind, from one that has everything to one that has nothing, with what no field takes.
func odd() map[string]proto.Message {
	everything := named(insight("BookDemo", "QualifiedLead"), 0.93)
	everything.NextAction = &events.NextAction{Subject: "Call", Reason: "Asked.", DueInDays: 2}
	everything.Facts.ForwardedFrom = "+14155550111"
	wild := insight("Nobody's", "\xff\xfe \u2028")
	wild.Facts.StartedAt = timestamppb.New(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	wild.Facts.EndedAt = &timestamppb.Timestamp{Seconds: math.MaxInt64}
	wild.Facts.Duration = durationpb.New(400 * time.Hour)
	wild.Intent.Confidence = float32(math.NaN())
	wild.Disposition.Confidence = float32(math.Inf(1))
	wild.Redaction.Confidence = -1
	wild.Cost.Total.Nanos = math.MaxInt64
	return map[string]proto.Message{
		"everything": everything, "wild": wild, "nothing": &events.CallInsight{}, "unavailable": &events.InsightUnavailable{Revision: 7, Reason: "model.quota", Facts: facts()},
		"nothing at all": &events.InsightUnavailable{},
	}
}

// TestAPlainFieldIsWhatCELSays: the short way to a field of an object, beside CEL's.
func TestAPlainFieldIsWhatCELSays(t *testing.T) {
	lang, err := newLanguage()
	if err != nil {
		t.Fatal(err)
	}
	m := &Mapping{lang: lang}
	c := &compiler{f: &faults{file: "x"}, m: m, compiled: map[string]*expression{}}
	for _, o := range Objects() {
		for _, f := range o.Fields {
			c.expr(expr{text: o.Name + "." + f.Name}, "")
		}
	}
	if err := c.f.err(); err != nil {
		t.Fatal(err)
	}
	tn := acme(t)
	for name, body := range odd() {
		for _, number := range []*tenant.Number{nil, &tn.Numbers[0]} {
			for text, x := range c.compiled {
				if x.get == nil {
					t.Fatalf("%s takes the long way", text)
				}
				short, shortErr := newScope(m, newView(event(body), tn, number)).plain(x)
				long := *x
				long.get = nil
				want, wantErr := newScope(m, newView(event(body), tn, number)).plain(&long)
				if !reflect.DeepEqual(short, want) || (shortErr == nil) != (wantErr == nil) {
					t.Errorf("%s, %s: %v (%v), want %v (%v)", name, text, short, shortErr, want, wantErr)
				}
			}
		}
	}
}

// TestAMomentIsTextWhereTextIsWanted: it is cut and translated as text is, and stands in a key.
func TestAMomentIsTextWhereTextIsWanted(t *testing.T) {
	m, err := Compile("m.yaml", []byte(`version: 1
name: m
writes:
  - ref: log
    object: Task
    match: {by: {field: Call_Id__c, value: dyn(call.started)}}
    fields:
      Day__c: call.started
      Known__c: {value: call.started, translate: {x: y}, fallback: never}
lengths: {Task.Day__c: 11}
`))
	if err != nil {
		t.Fatal(err)
	}
	w := plan(t, m, insight("BookDemo", "QualifiedLead")).Writes[0]
	if w.Match.Value != "2026-03-02T14:00:00.000+0000" || w.Fields["Day__c"] != "2026-03-02…" || w.Fields["Known__c"] != "never" {
		t.Errorf("%+v, %v", w.Match, w.Fields)
	}
}
