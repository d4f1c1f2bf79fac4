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
	sandbox, err := vertexai.Start(t.Context(), vertexai.Config{})
	if err != nil {
		t.Fatal(err)
	}
	driver, err := vertex.Open(t.Context(), vertex.Config{Project: "p", Location: "us-central1", Endpoint: sandbox.Addr(), Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = driver.Close(); _ = sandbox.Close() })
	d := &Desk{redactor: realRedactor{}}
	for _, c := range list {
		lines := script(c)
		if !callerSpoke(lines) || c.Expect.Disposition == "ConsentRefused" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			own, number := tenants.ByNumber(c.To)
			state := &events.CallState{Opened: true, Ended: true, Facts: factsOf(number)}
			r := d.redact(lines, number.Language)
			q := &question{tenant: own, shown: r.shown(false)}
			req := request(own, number.LineOfBusiness, state, q.shown)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			ans, err := driver.Ask(ctx, req)
			if err != nil {
				t.Fatal(err)
			}
			a, faults := check(ans.Text, own, q.shown)
			for _, f := range faults {
				t.Errorf("fault %s: %s", f.code, f.text)
			}
			if a == nil {
				t.Fatalf("no answer: %s", ans.Text)
			}
			i := d.insight(a, q, r, false)
			var details []string
			for _, x := range i.GetDetails() {
				details = append(details, fmt.Sprintf("%s=%s(%.2f)", x.GetName(), x.GetValue(), x.GetConfidence()))
			}
			t.Logf("%-22s %-16s %.2f  %-20s %.2f  %s | %s | %s", c.Name, a.Intent.Value, a.Intent.Confidence,
				a.Disposition.Value, a.Disposition.Confidence, strings.Join(details, " "), a.Summary, i.GetNextAction())
			if want := c.Expect.Intent; want != "" && a.Intent.Value != want {
				t.Errorf("intent %s, want %s", a.Intent.Value, want)
			}
			if want := c.Expect.Disposition; want != "" && a.Disposition.Value != want && !own.Disposition(want).AgentOnly {
				t.Errorf("disposition %s, want %s", a.Disposition.Value, want)
			}
			for _, hidden := range append(c.Expect.Hidden, c.Expect.HiddenFromModel...) {
				if strings.Contains(strings.ToLower(q.account()), strings.ToLower(hidden)) {
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
