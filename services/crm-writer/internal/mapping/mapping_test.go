package mapping

import (
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

var update = flag.Bool("update", false, "write the golden plans")

// tenantYAML is a tenant with the catalogue that the samples use.
const tenantYAML = `
version: 1
id: acme
name: Acme
time_zone: America/New_York
business_hours: {mon: ["09:00-17:00"], tue: ["09:00-17:00"], wed: ["09:00-17:00"], thu: ["09:00-17:00"], fri: ["09:00-17:00"]}
caller_key: 0123456789abcdef0123456789abcdef
twilio: {account_sid: AC00000000000000000000000000000001, auth_tokens: [token]}
numbers:
  - {number: "+14155550100", line_of_business: sales, payer: product, campaign: Spring, lead_source: Phone Inquiry, onward: {dial: {sip: "sip:desk@example.com"}}}
consent: {policy: ask, prompt_version: "1", prompts: {en: "Press one."}}
privacy: {third_party_speech: {reference: DPA-12, signed: 2026-01-31}, residency: us}
speech: {provider: googlespeech, project: acme-1, location: us}
inference: {provider: vertex, project: acme-1, location: us-central1, model: gemini-2.5-flash}
catalogue:
  version: "7"
  intents:
    - {name: BookDemo, kind: sales, description: d, next_action: Prepare the demo, due_in_days: 1}
    - {name: PricingQuestion, kind: sales, description: d}
    - {name: SupportRequest, kind: support, description: d}
    - {name: Reschedule, kind: support, description: d}
    - {name: GeneralQuestion, kind: none, description: d}
    - {name: WrongNumber, kind: none, description: d}
    - {name: Spam, kind: none, description: d}
    - {name: HangUp, kind: none, description: d}
    - {name: Voicemail, kind: none, description: d}
    - {name: Unknown, kind: none, description: d}
  dispositions:
    - {name: QualifiedLead, description: d}
    - {name: SupportTicketOpened, description: d}
    - {name: InformationGiven, description: d}
    - {name: HungUp, description: d}
    - {name: Spam, description: d}
    - {name: NoSpeech, description: d}
    - {name: VoicemailLeft, description: d}
    - {name: NeedsReview, description: d}
    - {name: ResolvedByAgent, description: d, agent_only: true}
  rules:
    hang_up: {intent: HangUp, disposition: HungUp}
    silent: {intent: Unknown, disposition: NoSpeech}
    unheard: {intent: Unknown, disposition: NeedsReview}
    voicemail: {intent: Voicemail, disposition: VoicemailLeft}
    unavailable: {intent: Unknown, disposition: NeedsReview}
salesforce: {org: acme, client_id: 3MVG9, username: bot@acme.example, private_key: "-----BEGIN", pattern: direct, recording_base: https://calls.acme.example/r}
prices: {version: "1", currency: USD}
`

func acme(tb testing.TB) *tenant.Tenant {
	tb.Helper()
	t, err := tenant.Parse("acme.yaml", []byte(tenantYAML))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func canonical(tb testing.TB) *Mapping {
	tb.Helper()
	m, err := Default()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// monday is a call on a Monday morning in New York.
var monday = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)

func facts() *events.CallFacts {
	return &events.CallFacts{
		StartedAt: timestamppb.New(monday), EndedAt: timestamppb.New(monday.Add(95 * time.Second)),
		Duration: durationpb.New(95 * time.Second), From: "+14155550123", To: "+14155550100",
		Status: events.CallStatus_CALL_STATUS_COMPLETED, Handling: events.Handling_HANDLING_DIAL,
		Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED, Payer: "product", Language: "en-US",
		Recordings:      []*events.Recording{{RecordingId: "RE1", Status: "completed"}},
		TranscriptState: events.TranscriptState_TRANSCRIPT_STATE_COMPLETE,
	}
}

func insight(intent, disposition string) *events.CallInsight {
	return &events.CallInsight{
		Revision: 1, Facts: facts(),
		Intent:            &events.Finding{Value: intent, Confidence: 0.93},
		Disposition:       &events.Finding{Value: disposition, Confidence: 0.88},
		DispositionSource: events.DispositionSource_DISPOSITION_SOURCE_AI,
		Summary:           "[NAME_1] wants to see the product. Prefers Thursday.",
		Transcript: []*events.Line{
			{Party: events.Party_PARTY_AGENT, StartMs: 500, EndMs: 2000, Redacted: "Acme, how can I help?", Full: "Acme, how can I help?"},
			{Party: events.Party_PARTY_CALLER, StartMs: 62100, EndMs: 64000, Redacted: "This is [NAME_1].", Full: "This is Jane Doe."},
		},
		Redaction:  &events.Redaction{Confidence: 0.97},
		Provenance: &events.Provenance{Provider: "vertex", Model: "m", CatalogueVersion: "7"},
		Cost:       &events.Cost{Total: &events.Money{Currency: "USD", Nanos: 12_500_000}},
		Language:   "en-US",
	}
}

func named(i *events.CallInsight, confidence float32) *events.CallInsight {
	i.Details = append(i.Details, &events.Detail{Name: "name", Value: "Jane Doe", Redacted: "[NAME_1]", Confidence: confidence})
	return i
}

func event(m proto.Message) *events.CallEvent {
	return events.Call{
		ID: "CA00000000000000000000000000000001", Leg: "CA00000000000000000000000000000001", Tenant: "acme",
		LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO, Account: "AC1",
	}.Event(monday.Add(2*time.Minute), m)
}

func plan(t *testing.T, m *Mapping, body proto.Message) *crm.Plan {
	t.Helper()
	tn := acme(t)
	p, err := m.Plan(event(body), tn, &tn.Numbers[0])
	if err != nil {
		t.Fatalf("%v: %v", err, errors.Unwrap(err))
	}
	return p
}

// shape is what a plan does, in a line: "caller Lead?phone+key · log Task".
func shape(p *crm.Plan) string {
	var parts []string
	for _, w := range p.Writes {
		s := w.Ref + " " + w.Object
		switch {
		case w.Match.Phone != "" && w.Key != nil:
			s += " by phone or new"
		case w.Match.Phone != "" && len(w.Fields) > 0:
			s += " by phone"
		case w.Match.Phone != "":
			s += " linked"
		case w.Scope == crm.ScopePerson:
			s += " by key"
		}
		parts = append(parts, s)
	}
	if p.File != nil {
		parts = append(parts, "file")
	}
	for _, w := range p.Ambiguous {
		parts = append(parts, "or "+w.Ref)
	}
	return strings.Join(parts, " · ")
}

func TestWhichRecordsACallGets(t *testing.T) {
	m := canonical(t)
	withheld := func(i *events.CallInsight) *events.CallInsight {
		i.Facts.From, i.Facts.Withheld = "", "anonymous"
		return i
	}
	next := func(i *events.CallInsight, subject string) *events.CallInsight {
		i.NextAction = &events.NextAction{Subject: subject, DueInDays: 2, Reason: "The caller asked for it."}
		return i
	}
	unsure := func(i *events.CallInsight) *events.CallInsight {
		i.Intent.Confidence = 0.4
		return i
	}
	for _, tt := range []struct {
		name string
		body proto.Message
		want string
	}{
		{"sales, named", named(insight("BookDemo", "QualifiedLead"), 0.9), "caller Lead by phone or new · log Task · or review"},
		{"sales, name at the threshold", named(insight("BookDemo", "QualifiedLead"), 0.8), "caller Lead by phone · log Task · or review"},
		{"sales, no name", insight("PricingQuestion", "QualifiedLead"), "caller Lead by phone · log Task · or review"},
		{"sales, withheld, named", withheld(named(insight("BookDemo", "QualifiedLead"), 0.9)), "caller Lead by key · log Task · or review"},
		{"sales, withheld, no name", withheld(insight("BookDemo", "QualifiedLead")), "log Task · or review"},
		{"sales with a next action", next(insight("BookDemo", "QualifiedLead"), "Send an invitation"), "caller Lead by phone · log Task · next Task · or review"},
		{"an unsure intent makes no next action", unsure(next(insight("BookDemo", "QualifiedLead"), "x")), "caller Lead by phone · log Task · or review"},
		{"support, named", named(insight("SupportRequest", "SupportTicketOpened"), 0.9), "caller Contact by phone or new · case Case · log Task · file · or review"},
		{"support, no name", insight("Reschedule", "SupportTicketOpened"), "caller Contact by phone · case Case · log Task · file · or review"},
		{"a general question", insight("GeneralQuestion", "InformationGiven"), "caller Contact linked · log Task"},
		{"wrong number", insight("WrongNumber", "InformationGiven"), "caller Contact linked · log Task"},
		{"spam", insight("Spam", "Spam"), "caller Contact linked · log Task"},
		{"hang-up", insight("HangUp", "HungUp"), "caller Contact linked · log Task"},
		{"voicemail", insight("Voicemail", "VoicemailLeft"), "caller Contact linked · log Task"},
		{"unknown", insight("Unknown", "NoSpeech"), "caller Contact linked · log Task"},
		{"an intent of another catalogue", insight("Franchise", "InformationGiven"), "caller Contact linked · log Task"},
		{"sales that needs review", named(insight("BookDemo", "NeedsReview"), 0.9), "caller Lead by phone or new · log Task · review Task"},
		{
			"an unsure redaction",
			func() proto.Message {
				i := insight("Spam", "Spam")
				i.Redaction.Review = true
				return i
			}(),
			"caller Contact linked · log Task · review Task",
		},
		{
			"no insight",
			&events.InsightUnavailable{Revision: 1, Facts: facts(), Reason: "model_unreachable", Provenance: &events.Provenance{Provider: "vertex"}},
			"caller Contact linked · log Task · review Task",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := shape(plan(t, m, tt.body)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestGoldenPlans shows whole plans; -update writes them anew for a reviewer to read.
func TestGoldenPlans(t *testing.T) {
	m := canonical(t)
	support := named(insight("SupportRequest", "SupportTicketOpened"), 0.9)
	support.Revision = 3
	support.Details = append(support.Details, &events.Detail{Name: "order_number", Value: "4711", Redacted: "[ORDER_1]", Confidence: 0.9})
	support.NextAction = &events.NextAction{Subject: "Follow-up call", DueInDays: 5, Reason: "The part is on order."}
	for name, body := range map[string]proto.Message{
		"sales":   named(insight("BookDemo", "QualifiedLead"), 0.9),
		"support": support,
		"spam":    insight("Spam", "Spam"),
		"unavailable": &events.InsightUnavailable{
			Revision: 2, Facts: facts(), Reason: "model_unreachable", Provenance: &events.Provenance{Provider: "vertex"},
			Disposition:       &events.Finding{Value: "ResolvedByAgent", Confidence: 1},
			DispositionSource: events.DispositionSource_DISPOSITION_SOURCE_AGENT,
		},
		"little is known": &events.CallInsight{
			Revision: 1, Facts: &events.CallFacts{StartedAt: timestamppb.New(monday), To: "+14155550100", Payer: "product"},
			Intent: &events.Finding{Value: "HangUp", Confidence: 1}, Disposition: &events.Finding{Value: "HungUp", Confidence: 1},
			DispositionSource: events.DispositionSource_DISPOSITION_SOURCE_RULE,
			Provenance:        &events.Provenance{Provider: "rule", Model: "hang_up"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(readable(plan(t, m, body)), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "plans", strings.ReplaceAll(name, " ", "_")+".json")
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, append(got, '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got)+"\n" != string(want) {
				t.Errorf("the plan has changed; run with -update and read the difference:\n%s", got)
			}
		})
	}
}

// readable is a plan with all its rules, for golden files.
func readable(p *crm.Plan) any {
	out := map[string]any{
		"parent": p.Parent, "payer": p.Payer, "writes": p.Writes, "event": p.Event,
	}
	if p.Ambiguous != nil {
		out["ambiguous"] = p.Ambiguous
	}
	if f := p.File; f != nil {
		out["file"] = map[string]any{
			"ref": f.Ref, "object": f.Object, f.KeyField: f.Key, "parent": f.ParentField, "fields": f.Fields, "content": string(f.Content),
		}
	}
	return out
}

// TestOnlyAWholeNameIsSplit, by the rule that inference has: parts stand as they came.
func TestOnlyAWholeNameIsSplit(t *testing.T) {
	for name, c := range map[string]struct {
		details []*events.Detail
		want    string
	}{
		"whole":                         {[]*events.Detail{{Name: "name", Value: "Pieter van der Merwe"}}, "Pieter|van der Merwe"},
		"a title":                       {[]*events.Detail{{Name: "name", Value: "Mr. Whitfield"}}, "|Whitfield"},
		"parts beside a whole":          {[]*events.Detail{{Name: "name", Value: "Ana Maria Lopez"}, {Name: "first_name", Value: "Ana"}, {Name: "last_name", Value: "Maria Lopez"}}, "Ana|Maria Lopez"},
		"a first name beside the whole": {[]*events.Detail{{Name: "name", Value: "Olga"}, {Name: "first_name", Value: "Olga"}}, "Olga|"},
		"a last name alone":             {[]*events.Detail{{Name: "last_name", Value: "Whitfield"}}, "|Whitfield"},
	} {
		i := insight("BookDemo", "QualifiedLead")
		i.Details = c.details
		for _, d := range i.GetDetails() {
			d.Confidence = 0.99
		}
		v := newView(event(i), acme(t), nil)
		if got := v.name.first + "|" + v.name.last; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestValuesAreNeverNull(t *testing.T) {
	p := plan(t, canonical(t), insight("Spam", "Spam"))
	for _, w := range p.Writes {
		for name, v := range w.Fields {
			if v == nil || v == "" {
				t.Errorf("%s.%s is written empty", w.Ref, name)
			}
		}
	}
}

// TestImpossibleNumbersCostNothing: a length or a time that no field takes is left out, and the call keeps its records.
func TestImpossibleNumbersCostNothing(t *testing.T) {
	for name, change := range map[string]func(*events.CallFacts){
		"31 years":       func(f *events.CallFacts) { f.Duration = &durationpb.Duration{Seconds: 1_000_000_000} },
		"136 years":      func(f *events.CallFacts) { f.Duration = &durationpb.Duration{Seconds: 1<<32 - 1} },
		"minus a second": func(f *events.CallFacts) { f.Duration = &durationpb.Duration{Seconds: -1} },
		"the year 9999":  func(f *events.CallFacts) { f.EndedAt = timestamppb.New(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)) },
		"the year 1":     func(f *events.CallFacts) { f.EndedAt = timestamppb.New(time.Time{}) },
	} {
		i := insight("BookDemo", "QualifiedLead")
		change(i.Facts)
		p := plan(t, canonical(t), i)
		whole := plan(t, canonical(t), insight("BookDemo", "QualifiedLead"))
		if len(p.Writes) != len(whole.Writes) {
			t.Errorf("%s: %d records of %d", name, len(p.Writes), len(whole.Writes))
		}
		missing := 0
		for n, w := range whole.Writes {
			missing += len(w.Fields) - len(p.Writes[n].Fields)
		}
		if missing += len(whole.Event) - len(p.Event); missing == 0 {
			t.Errorf("%s: nothing is left out", name)
		}
	}
	for _, v := range []ref.Val{
		types.Int(1e18), types.Int(math.MinInt64), types.Double(-1e300), types.Timestamp{Time: time.Date(4001, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if got, err := plainValue(v); got != nil || err != nil {
			t.Errorf("%v is written as %v, %v", v, got, err)
		}
	}
}

func TestWithheldNumbersAreNobodys(t *testing.T) {
	for number, want := range map[string]bool{
		"+14155550123": true, "+266696687": false, "+7378742833": false, "+86282452253": false, "": false, "anonymous": false, "+123": false,
	} {
		if callable(number) != want {
			t.Errorf("%q", number)
		}
	}
}

func TestOnlyAnAddressIsAnAddress(t *testing.T) {
	m := canonical(t)
	for spoken, want := range map[string]any{
		"jane.doe@example.com": "jane.doe@example.com", "o'neil+x@mail.example.co.uk": "o'neil+x@mail.example.co.uk",
		"jane at example": nil, "jane@example": nil, "josé@example.com": nil, ".jane@example.com": nil, "a@b.com, c@d.com": nil,
		strings.Repeat("a", 80) + "@example.com": nil,
	} {
		i := named(insight("BookDemo", "QualifiedLead"), 0.9)
		i.Details = append(i.Details, &events.Detail{Name: "email", Value: spoken, Confidence: 0.9})
		if got := plan(t, m, i).Writes[0].Fields["Email"]; got != want {
			t.Errorf("%q: %v", spoken, got)
		}
	}
}

func TestConsentIsOnlyAYes(t *testing.T) {
	m := canonical(t)
	for answer, want := range map[events.ConsentAnswer]any{
		events.ConsentAnswer_CONSENT_ANSWER_GRANTED: true, events.ConsentAnswer_CONSENT_ANSWER_REFUSED: false,
		events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT: false, events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN: false,
		events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED: false,
		events.ConsentAnswer_CONSENT_ANSWER_PENDING:   nil, events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED: nil,
	} {
		i := insight("BookDemo", "QualifiedLead")
		i.Facts.Consent = answer
		if got := plan(t, m, i).Writes[0].Fields["Consent_Record__c"]; got != want {
			t.Errorf("%s: %v", answer, got)
		}
	}
}

func TestAnUnpricedPartLeavesTheCostOut(t *testing.T) {
	i := insight("Spam", "Spam")
	i.Cost.Unpriced = 1
	p := plan(t, canonical(t), i)
	if v, ok := p.Writes[len(p.Writes)-1].Fields["Call_Cost__c"]; ok {
		t.Errorf("cost %v", v)
	}
}

func TestDueDatesAreTheTenantsBusinessDays(t *testing.T) {
	i := insight("BookDemo", "QualifiedLead")
	// Friday 23:30 in New York is Saturday in UTC.
	i.Facts.StartedAt = timestamppb.New(time.Date(2026, 3, 7, 4, 30, 0, 0, time.UTC))
	i.Facts.EndedAt = nil
	i.NextAction = &events.NextAction{Subject: "Call back", DueInDays: 2}
	p := plan(t, canonical(t), i)
	log, next := p.Writes[1].Fields, p.Writes[2].Fields
	if log["ActivityDate"] != "2026-03-06" || next["ActivityDate"] != "2026-03-10" {
		t.Errorf("log %v, next %v", log["ActivityDate"], next["ActivityDate"])
	}
}

func TestLongTextsAreCutAtTheirLength(t *testing.T) {
	i := insight("SupportRequest", "SupportTicketOpened")
	i.Summary = strings.Repeat("very ", 80) + "broken."
	p := plan(t, canonical(t), i)
	subject, _ := p.Writes[1].Fields["Subject"].(string)
	if len([]rune(subject)) > 255 || !strings.HasSuffix(subject, "very…") {
		t.Errorf("%d: %q", len([]rune(subject)), subject)
	}
}

func TestWordsThatLookLikeAReferenceStayWords(t *testing.T) {
	i := insight("BookDemo", "QualifiedLead")
	i.NextAction = &events.NextAction{Subject: "@caller", DueInDays: 1}
	p := plan(t, canonical(t), i)
	if got := p.Writes[2].Fields["Subject"]; got != " @caller" {
		t.Errorf("%q", got)
	}
}

func TestWords(t *testing.T) {
	for label, want := range map[string]string{
		"BookDemo": "Book demo", "SupportRequest": "Support request", "model_unreachable": "model unreachable",
		"VIPRequest": "VIP request", "Spam": "Spam", "": "", "NoShow2": "No show2",
	} {
		if got := words(label); got != want {
			t.Errorf("%s: %q, want %q", label, got, want)
		}
	}
	for text, want := range map[string]string{
		"One. Two.": "One", "Really? Yes.": "Really?", "Version 2.5 is out": "Version 2.5 is out", "": "", "End.": "End",
		`Asked: "How much?" It was answered.`: `Asked: "How much?"`, `Said: "It broke". It was noted.`: `Said: "It broke"`,
		"Wants Friday at 3 p.m. or later. Next.": "Wants Friday at 3 p.m. or later", "See no. 12. Next.": "See no. 12",
		`Said: "No!" and left.`: `Said: "No!"`,
	} {
		if got := sentence(text); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}
