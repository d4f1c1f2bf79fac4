package app

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/vertexai"
	"github.com/frontdesk/frontdesk/services/inference/internal/model/vertex"
	"github.com/frontdesk/frontdesk/services/inference/internal/redact"
)

type realRedactor struct{}

func (realRedactor) Redact(lines []redact.Line, language string) *redact.Result {
	return redact.Redact(lines, language)
}
func (realRedactor) Restore(r *redact.Result, s string) (string, bool) { return r.Restore(s) }

// heard is what became of a call that a model was asked about.
type heard struct {
	question *question
	answer   *answer
	faults   []fault
	insight  *events.CallInsight
}

// hearing is a desk beside the stand-in for the model.
type hearing struct {
	desk   *Desk
	driver *vertex.Driver
}

func newHearing(t *testing.T) *hearing {
	t.Helper()
	sandbox, err := vertexai.Start(t.Context(), vertexai.Config{})
	if err != nil {
		t.Fatal(err)
	}
	driver, err := vertex.Open(t.Context(), vertex.Config{Project: "p", Location: "us-central1", Endpoint: sandbox.Addr(), Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = driver.Close(); _ = sandbox.Close() })
	return &hearing{desk: &Desk{redactor: realRedactor{}}, driver: driver}
}

// hear redacts, asks and checks, as the service would.
func (h *hearing) hear(t *testing.T, own *tenant.Tenant, number *tenant.Number, lines []line) *heard {
	t.Helper()
	state := &events.CallState{Opened: true, Ended: true, Facts: factsOf(number)}
	r := h.desk.redact(lines, number.Language)
	q := &question{tenant: own, shown: r.shown(false)}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ans, err := h.driver.Ask(ctx, request(own, number.LineOfBusiness, state, q.shown))
	if err != nil {
		t.Fatal(err)
	}
	out := &heard{question: q}
	if out.answer, out.faults = check(ans.Text, own, q.shown); out.answer == nil {
		t.Fatalf("no answer: %s", ans.Text)
	}
	out.insight = h.desk.insight(out.answer, q, r, false)
	return out
}

// TestSamples asks the stand-in about every sample call that has words, as the service would, and prints what
// came out beside what should.
func TestSamples(t *testing.T) {
	tenants, err := tenant.Load("../../../../samples/tenants")
	if err != nil {
		t.Fatal(err)
	}
	list, err := calls.Read("../../../../samples/calls")
	if err != nil {
		t.Fatal(err)
	}
	room := newHearing(t)
	for _, c := range list {
		lines := script(c)
		if !callerSpoke(lines) || c.Expect.Disposition == "ConsentRefused" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			own, number := tenants.ByNumber(c.To)
			h := room.hear(t, own, number, lines)
			for _, f := range h.faults {
				t.Errorf("fault %s: %s", f.code, f.text)
			}
			var details []string
			for _, x := range h.insight.GetDetails() {
				details = append(details, fmt.Sprintf("%s=%s(%.2f)", x.GetName(), x.GetValue(), x.GetConfidence()))
			}
			a := h.answer
			t.Logf("%-22s %-16s %.2f  %-20s %.2f  %s | %s | %s", c.Name, a.Intent.Value, a.Intent.Confidence,
				a.Disposition.Value, a.Disposition.Confidence, strings.Join(details, " "), a.Summary, h.insight.GetNextAction())
			if want := c.Expect.Intent; want != "" && a.Intent.Value != want {
				t.Errorf("intent %s, want %s", a.Intent.Value, want)
			}
			if want := c.Expect.Disposition; want != "" && a.Disposition.Value != want && !own.Disposition(want).AgentOnly {
				t.Errorf("disposition %s, want %s", a.Disposition.Value, want)
			}
			for _, hidden := range append(c.Expect.Hidden, c.Expect.HiddenFromModel...) {
				if strings.Contains(strings.ToLower(h.question.account()), strings.ToLower(hidden)) {
					t.Errorf("the model was shown what it must not see")
				}
			}
		})
	}
}

func (q *question) account() string {
	var b strings.Builder
	for _, l := range q.shown {
		b.WriteString(l.text + "\n")
	}
	return b.String()
}

func script(c *calls.Call) []line {
	var out []line
	for _, u := range c.Script {
		p := events.Party_PARTY_AGENT
		if u.Track == "caller" {
			p = events.Party_PARTY_CALLER
		}
		out = append(out, line{stream: "MZ1", run: live, party: p, startMS: u.Start.Std().Milliseconds(), endMS: u.End.Std().Milliseconds(), text: u.Text, language: u.Language})
	}
	return out
}

func factsOf(n *tenant.Number) *events.CallFacts {
	f := &events.CallFacts{
		StartedAt: timestamppb.New(time.Unix(1_700_000_000, 0)), Duration: durationpb.New(time.Minute),
		Language: n.Language, To: n.Number, Handling: events.Handling_HANDLING_DIAL,
	}
	switch {
	case n.Onward.Voicemail != nil:
		f.Handling = events.Handling_HANDLING_VOICEMAIL
	case n.Onward.Studio != nil:
		f.Handling = events.Handling_HANDLING_STUDIO
	}
	return f
}
