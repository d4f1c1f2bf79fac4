package app

import (
	"slices"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// insight is a checked answer as the call's findings. Placeholders are put back into the details' values
// and nowhere else; everything else that the model wrote keeps them, and gets them where it had seen the
// words themselves.
func (d *Desk) insight(a *answer, q *question, r *redacted, full bool) *events.CallInsight {
	w := writer{d: d, q: q, r: r, full: full, language: spoken(r.lines, "")}
	out := &events.CallInsight{
		Intent: w.finding(a.Intent), Disposition: w.finding(a.Disposition),
		DispositionSource: events.DispositionSource_DISPOSITION_SOURCE_AI,
		Summary:           w.prose(a.Summary),
	}
	if n := a.NextAction; n != nil {
		out.NextAction = &events.NextAction{
			Subject: w.prose(n.Subject), Reason: w.prose(n.Reason), DueInDays: uint32(n.DueInDays), //nolint:gosec // checked: 0 to 60
			Evidence: w.evidence(n.Quote, n.Speaker),
		}
		// The tenant's own words and time for a follow-up beat the model's.
		if i := q.tenant.Intent(a.Intent.Value); i != nil && i.NextAction != "" {
			out.NextAction.Subject, out.NextAction.DueInDays = i.NextAction, uint32(max(0, i.DueInDays)) //nolint:gosec // a setting of few days
		}
	}
	for _, v := range a.Details {
		if detail := w.detail(v); detail != nil && !slices.ContainsFunc(out.Details, func(had *events.Detail) bool {
			return had.GetName() == detail.GetName() && had.GetValue() == detail.GetValue()
		}) {
			out.Details = append(out.Details, detail)
		}
	}
	out.Details = nameParts(out.Details, w.language)
	for _, detail := range out.Details {
		if detail.GetName() == "company" {
			detail.Value = firmAsSaid(detail.GetValue(), out.Details, w.said)
		}
	}
	return out
}

// writer turns parts of an answer into parts of an insight.
type writer struct {
	d        *Desk
	q        *question
	r        *redacted
	full     bool // the model saw the words themselves
	language string
}

func (w writer) finding(l labelled) *events.Finding {
	out := &events.Finding{Value: l.Value, Confidence: float32(l.Confidence), Evidence: w.evidence(l.Quote, l.Speaker)}
	out.NoLine = len(out.Evidence) == 0 // checked: the answer says so
	return out
}

// evidence is where a quote stands; nil for none. A quote of unredacted words becomes the redacted line
// that it begins in.
func (w writer) evidence(quote, who string) []*events.Evidence {
	found, at, ok := findQuote(w.q.shown, party(who), quote)
	if !ok {
		return nil
	}
	if w.full {
		found = w.r.result.Redacted[at]
	}
	return []*events.Evidence{{Quote: found, Party: w.r.lines[at].party, OffsetMs: w.r.lines[at].startMS}}
}

// said tells whether the words were said in one line, capitals and punctuation aside.
func (w writer) said(words string) bool {
	lines := make([]shown, len(w.r.lines))
	for i, l := range w.r.lines {
		lines[i] = shown{party: l.party, text: l.text}
	}
	for _, p := range []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT} {
		if _, _, ok := findQuote(lines, p, words); ok {
			return true
		}
	}
	return false
}

func (w writer) prose(s string) string {
	if s == "" || !w.full {
		return s
	}
	return w.d.hide(w.r.result, s, w.language)
}

// detail puts the value back. One whose placeholder stands for nothing that may be restored (a card) is
// dropped.
func (w writer) detail(v detailed) *events.Detail {
	value, ok := w.d.redactor.Restore(w.r.result, v.Value)
	if !ok {
		return nil
	}
	return &events.Detail{
		Name: v.Name, Value: value, Redacted: w.prose(v.Value), Confidence: float32(v.Confidence),
		Evidence: w.evidence(v.Quote, v.Speaker),
	}
}

// decide lets an agent's disposition beat the model's and the rule's. One that the catalogue no longer
// holds is left aside: the CRM's picklist would refuse it.
func decide(s *events.CallState, t *tenant.Tenant, had *events.Finding, source events.DispositionSource) (*events.Finding, events.DispositionSource) {
	if !inCatalogue(t, s.GetAgentDisposition()) {
		return had, source
	}
	return &events.Finding{Value: s.GetAgentDisposition(), Confidence: 1}, events.DispositionSource_DISPOSITION_SOURCE_AGENT
}

func inCatalogue(t *tenant.Tenant, disposition string) bool {
	return slices.ContainsFunc(t.Catalogue.Dispositions, func(d tenant.Disposition) bool { return d.Name == disposition })
}
