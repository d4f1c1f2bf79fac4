package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// why says for what reason a call has no record of an object, from what was decided on it. The reasons are those of the shipped
// mapping; with a mapping of his own the tenant knows better.
func (t *trail) why(object string, tn *tenant.Tenant, h holding) string {
	switch {
	case len(t.dead) > 0:
		return t.dead[0].String()
	case t.found == nil && t.notFound == nil:
		return "the call was never decided: calls.insights has nothing of it"
	case t.record == nil:
		return "it was decided and never written: calls.records has nothing of it"
	case t.record.GetCrmStatus() == events.CrmStatus_CRM_STATUS_FAILED:
		return "Salesforce refused the call: " + strings.TrimSpace(t.record.GetErrorCode()+" "+t.record.GetErrorField())
	case t.notFound != nil:
		return fmt.Sprintf("there are no findings (%s), and such a call leaves a log and a review", t.notFound.GetReason())
	case tn == nil || tn.Salesforce.Mapping != "":
		return "the tenant's own mapping makes none of intent " + t.finding()
	}
	return t.whyByMapping(object, tn, h)
}

// whyByMapping follows the conditions of the shipped mapping.
func (t *trail) whyByMapping(object string, tn *tenant.Tenant, h holding) string {
	kind := tenant.IntentNone
	if in := tn.Intent(t.found.GetIntent().GetValue()); in != nil {
		kind = in.Kind
	}
	makes := map[string][]tenant.IntentKind{
		"Lead": {tenant.IntentSales}, "Case": {tenant.IntentSupport}, "Contact": {tenant.IntentSales, tenant.IntentSupport},
		"ContentVersion": {tenant.IntentSupport},
	}
	switch kinds := makes[object]; {
	case object == "Task":
		return fmt.Sprintf("intent %s leaves nothing more to do", t.finding())
	case len(kinds) == 0:
		return "the shipped mapping makes none"
	case !slices.Contains(kinds, kind):
		return fmt.Sprintf("intent %s is of kind %s, which makes none", t.finding(), kind)
	case slices.ContainsFunc(h.records["Task"], func(r Record) bool { return strings.Contains(r.text("Subject"), "several people") }):
		return "several people have this number, and a person must decide"
	case object == "ContentVersion" && tn.Salesforce.Pattern == "events":
		return "the tenant's records go by platform events, which carry no file"
	case object == "ContentVersion":
		return "the call has no transcript, or no Case that the file could hang on"
	case object == "Lead" && len(h.records["Contact"]) > 0:
		return "the number is that of Contact " + h.records["Contact"][0].ID + ", who is taken"
	}
	return t.whyNobody(tn)
}

// whyNobody says why no person was made.
func (t *trail) whyNobody(tn *tenant.Tenant) string {
	best := float32(0)
	for _, d := range t.found.GetDetails() {
		if strings.HasSuffix(d.GetName(), "name") {
			best = max(best, d.GetConfidence())
		}
	}
	if best == 0 {
		return "no name was understood, and nobody in Salesforce has this number"
	}
	return fmt.Sprintf("the name was understood with a confidence of %.2f, the tenant wants %.2f, and nobody in Salesforce has this number",
		best, tn.Salesforce.MinNameConfidence)
}

// finding is the intent with its confidence.
func (t *trail) finding() string {
	return fmt.Sprintf("%s (%.2f)", t.found.GetIntent().GetValue(), t.found.GetIntent().GetConfidence())
}

// understood says in a line what was made of the call, and by whom.
func (t *trail) understood() string {
	switch {
	case t.notFound != nil:
		return "nothing: " + t.notFound.GetReason()
	case t.found == nil:
		return "nothing: the call was never decided"
	}
	parts := []string{fmt.Sprintf("%s, %s (%.2f)", t.finding(), t.found.GetDisposition().GetValue(), t.found.GetDisposition().GetConfidence())}
	for _, d := range t.found.GetDetails() {
		parts = append(parts, fmt.Sprintf("%s %q (%.2f)", d.GetName(), d.GetValue(), d.GetConfidence()))
	}
	p := t.found.GetProvenance()
	return strings.Join(parts, ", ") + "; by " + cmp.Or(p.GetProvider(), "nobody") + " " + p.GetModel()
}
