package bench

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// line is a dialled number of a sample tenant.
type line struct{ tenant, account, number, business string }

// The lines that decided calls are of: one whose records are written directly, one whose go by event.
var (
	directLine = line{"acme", "AC00000000000000000000000000000001", "+14155550100", "sales"}
	eventsLine = line{"globex", "AC00000000000000000000000000000002", "+13125550100", "sales"}
)

// mix is what callers want, in the shares of the sample calls: two of five are sales, two support.
var mix = []struct{ intent, disposition, summary string }{
	{"BookDemo", "QualifiedLead", "[NAME_1] of Northwind Traders wants to see the product next week. The agent promised a call back."},
	{"SupportRequest", "SupportTicketOpened", "[NAME_1] can't log in since the update this morning. The agent opened a ticket."},
	{"PricingQuestion", "QualifiedLead", "[NAME_1] asks what twenty seats cost, and wants an offer by e-mail."},
	{"Reschedule", "Rescheduled", "[NAME_1] moved the appointment from Tuesday to Thursday at ten."},
	{"GeneralQuestion", "InformationGiven", "The caller asked for the opening hours and wanted nothing else."},
}

// turns of a short call, as it stands in an insight.
var turns = []*events.Line{
	{Party: events.Party_PARTY_AGENT, StartMs: 900, Redacted: "Thank you for calling. How can I help you today?", Full: "Thank you for calling. How can I help you today?"},
	{Party: events.Party_PARTY_CALLER, StartMs: 4200, Redacted: "Hello, this is [NAME_1], I would like to talk to somebody about your product.", Full: "Hello, this is Jane Doe, I would like to talk to somebody about your product."},
	{Party: events.Party_PARTY_AGENT, StartMs: 10100, Redacted: "Gladly. What would suit you?", Full: "Gladly. What would suit you?"},
	{Party: events.Party_PARTY_CALLER, StartMs: 13400, Redacted: "Some time next week, in the morning if that is possible.", Full: "Some time next week, in the morning if that is possible."},
	{Party: events.Party_PARTY_AGENT, StartMs: 18800, Redacted: "I have noted that down. Somebody will call you back.", Full: "I have noted that down. Somebody will call you back."},
}

// decided is the n-th call of a run on a line, as inference decides it: of a caller of its own, as Kafka holds it.
func decided(l line, run string, n int) (produce.Message, error) {
	m := mix[n%len(mix)]
	id := fmt.Sprintf("CA%s%0*x", run, 32-len(run), n)
	end := time.Now()
	body := &events.CallInsight{
		Revision: 1,
		Facts: &events.CallFacts{
			StartedAt: timestamppb.New(end.Add(-time.Minute)), EndedAt: timestamppb.New(end), Duration: durationpb.New(time.Minute),
			From: fmt.Sprintf("+1202%07d", n%10_000_000), To: l.number, Payer: "product", Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED,
			Status: events.CallStatus_CALL_STATUS_COMPLETED, Language: "en-US", TranscriptState: events.TranscriptState_TRANSCRIPT_STATE_COMPLETE,
		},
		Intent: &events.Finding{Value: m.intent, Confidence: 0.91}, Disposition: &events.Finding{Value: m.disposition, Confidence: 0.88},
		DispositionSource: events.DispositionSource_DISPOSITION_SOURCE_AI,
		Summary:           m.summary,
		NextAction:        &events.NextAction{Subject: "Follow-up call", Reason: "The caller asked for it.", DueInDays: 1},
		Details:           []*events.Detail{{Name: "name", Value: "Jane Doe", Redacted: "[NAME_1]", Confidence: 0.95}},
		Transcript:        turns,
		Redaction:         &events.Redaction{Confidence: 0.97},
		Provenance:        &events.Provenance{Provider: "vertex", Model: "gemini-2.5-flash", TranscriptId: "t"},
		Language:          "en-US",
	}
	call := events.Call{ID: id, Leg: id, Tenant: l.tenant, LineOfBusiness: l.business, Source: events.Source_SOURCE_TWILIO, Account: l.account}
	value, err := events.Marshal(call.Event(end, body))
	if err != nil {
		return produce.Message{}, fmt.Errorf("making a decided call: %w", err)
	}
	return produce.Message{Topic: events.Insights.Name, Key: []byte(id), Value: value}, nil
}
