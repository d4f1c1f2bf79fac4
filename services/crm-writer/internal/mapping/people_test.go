package mapping

import (
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// TestTextForPeople: no placeholder reaches those who work with the record, and nobody's data but the caller's do.
func TestTextForPeople(t *testing.T) {
	detail := func(name, redacted, value string) *events.Detail {
		return &events.Detail{Name: name, Redacted: redacted, Value: value, Confidence: 0.9}
	}
	unsure := func(d *events.Detail) *events.Detail {
		d.Confidence = 0.5
		return d
	}
	name := detail("name", "[NAME_1]", "Jane Doe")
	for _, c := range []struct {
		what, text, want string
		details          []*events.Detail
	}{
		{"nothing to do", "The caller wants a demo [sic].", "The caller wants a demo [sic].", nil},
		{"the caller", "[NAME_1] wants a demo. The caller [NAME_1] is in a hurry.", "Jane Doe wants a demo. The caller Jane Doe is in a hurry.", []*events.Detail{name}},
		{"somebody else", "[NAME_1] asks for [NAME_2].", "Jane Doe asks for another person.", []*events.Detail{name}},
		{"a title", "[NAME_1] asks for Mr. [NAME_2] or Señora [NAME_3].", "Jane Doe asks for another person or another person.", []*events.Detail{name}},
		{"nobody gave a name", "[NAME_1] wants a demo for [NAME_2].", "A person wants a demo for a person.", nil},
		{"nobody is sure", "The caller [NAME_1] wants a demo. [NAME_1] waits for [NAME_1]'s offer.", "The caller wants a demo. The caller waits for the caller's offer.", []*events.Detail{unsure(detail("name", "[NAME_1]", "Jane Doe"))}},
		{"a name in two", "[NAME_1] [NAME_2] called. [NAME_2] waits.", "Jane Doe called. Jane Doe waits.", []*events.Detail{detail("name", "[NAME_1] [NAME_2]", "Jane Doe")}},
		{"a name in parts", "[NAME_1] [NAME_2] called.", "Jane Doe called.", []*events.Detail{detail("first_name", "[NAME_1]", "Jane"), detail("last_name", "[NAME_2]", "Doe")}},
		{"parts split from a whole", "[NAME_1] called.", "Jane Doe called.", []*events.Detail{detail("last_name", "[NAME_1]", "Doe"), name, detail("first_name", "[NAME_1]", "Jane")}},
		{"a company of that name", "[NAME_1] of [NAME_1] and Sons called.", "Jane Doe of Doe and Sons called.", []*events.Detail{name, detail("company", "[NAME_1] and Sons", "Doe and Sons")}},
		{"where to answer", "Send it to [EMAIL_1] or call [PHONE_1].", "Send it to jane@example.com or call +12025550123.", []*events.Detail{detail("email", "[EMAIL_1]", "jane@example.com"), detail("phone", "[PHONE_1]", "+12025550123")}},
		{
			"not on the record", "Lives at [ADDRESS_1], born [DOB_1], card [CARD_1], [CVV_1], [EXPIRY_1], [ID_1], [PHONE_9], [EMAIL_9], [NEW_1]. [ADDRESS_1] again.",
			"Lives at an address, born a date of birth, card a card number, a security code, an expiry date, an identity number, a phone number, an e-mail address, something private. An address again.",
			[]*events.Detail{detail("address", "[ADDRESS_1]", "1 Elm Street")},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			i := insight("SupportRequest", "SupportTicketOpened")
			i.Summary, i.Details = c.text, c.details
			i.NextAction = &events.NextAction{Subject: c.text, Reason: c.text}
			p := plan(t, canonical(t), i)
			for _, w := range p.Writes {
				for _, field := range []string{"Subject", "Description"} {
					if s, _ := w.Fields[field].(string); placeholders.MatchString(s) {
						t.Errorf("%s.%s holds a placeholder: %q", w.Ref, field, s)
					}
				}
			}
			got, _, _ := strings.Cut(p.Writes[2].Fields["Description"].(string), "\n")
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if got := p.Event["Summary__c"]; got != c.text {
				t.Errorf("the event's summary is %q", got)
			}
		})
	}
}

// TestCallersOfUnknownRecordsCanBeCalledBack: number, consent and language stand on every logged call, and a
// Case without a Contact says who gave what.
func TestCallersOfUnknownRecordsCanBeCalledBack(t *testing.T) {
	m := canonical(t)
	anonymous := insight("Spam", "Spam")
	anonymous.Facts.From, anonymous.Facts.Consent = "", events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED
	elsewhere := named(insight("SupportRequest", "SupportTicketOpened"), 0.9)
	elsewhere.Details = append(elsewhere.Details, &events.Detail{Name: "phone", Value: "+12025550199", Redacted: "[PHONE_1]", Confidence: 0.9},
		&events.Detail{Name: "company", Value: "Doe and Sons", Confidence: 0.9})
	for _, c := range []struct {
		what string
		of   *events.CallInsight
		want string
	}{
		{"unknown", insight("SupportRequest", "SupportTicketOpened"), "Caller: +14155550123, consent: granted, language: en-US"},
		{"withheld", anonymous, "Caller: number withheld, consent: not asked, language: en-US"},
		{"elsewhere", elsewhere, "Caller: Jane Doe, +14155550123, asked to be called on +12025550199, consent: granted, language: en-US"},
	} {
		for _, w := range plan(t, m, c.of).Writes {
			if d, _ := w.Fields["Description"].(string); w.Ref == "log" && !strings.Contains(d, c.want+"\n") {
				t.Errorf("%s: %q", c.what, d)
			}
			if w.Ref == "case" && (w.Fields["SuppliedPhone"] != "+14155550123" || c.what == "elsewhere" && (w.Fields["SuppliedName"] != "Jane Doe" || w.Fields["SuppliedCompany"] != "Doe and Sons")) {
				t.Errorf("%s: %v, %v, %v", c.what, w.Fields["SuppliedPhone"], w.Fields["SuppliedName"], w.Fields["SuppliedCompany"])
			}
		}
	}
}
