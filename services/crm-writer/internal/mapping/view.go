package mapping

import (
	"math"
	"regexp"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// view is one event as expressions see it. It belongs to one evaluation.
type view struct {
	tenant *tenant.Tenant
	line   *tenant.Number

	call     events.Call
	eventID  string
	revision uint32
	facts    *events.CallFacts

	// insight or unavailable is nil.
	insight     *events.CallInsight
	unavailable *events.InsightUnavailable
	provenance  *events.Provenance
	redaction   *events.Redaction
	costs       *events.Cost
	lines       []*events.Line

	phone                 string
	name                  name
	intent                string
	intentConfidence      any
	disposition           string
	dispositionSource     string
	dispositionConfidence any

	redactedText, fullText, hashText *string
}

// newView reads an event of calls.insights; nil if it is another.
func newView(e *events.CallEvent, t *tenant.Tenant, n *tenant.Number) *view {
	v := &view{tenant: t, line: n, call: events.CallOf(e), eventID: e.GetEventId()}
	switch m := e.Message().(type) {
	case *events.CallInsight:
		v.insight, v.revision, v.facts = m, m.GetRevision(), m.GetFacts()
		v.provenance, v.redaction, v.costs, v.lines = m.GetProvenance(), m.GetRedaction(), m.GetCost(), m.GetTranscript()
		v.intent, v.intentConfidence = m.GetIntent().GetValue(), share(m.GetIntent().GetConfidence())
		v.disposition, v.dispositionConfidence = m.GetDisposition().GetValue(), share(m.GetDisposition().GetConfidence())
		v.dispositionSource = source(m.GetDispositionSource())
	case *events.InsightUnavailable:
		v.unavailable, v.revision, v.facts = m, m.GetRevision(), m.GetFacts()
		v.provenance, v.redaction, v.costs, v.lines = m.GetProvenance(), m.GetRedaction(), m.GetCost(), m.GetTranscript()
		// The call is written all the same, under the labels that the catalogue has for this.
		label := t.Catalogue.Rules.Unavailable
		v.intent, v.disposition, v.dispositionSource = label.Intent, label.Disposition, source(events.DispositionSource_DISPOSITION_SOURCE_RULE)
		if d := m.GetDisposition(); d.GetValue() != "" {
			v.disposition, v.dispositionConfidence = d.GetValue(), share(d.GetConfidence())
			v.dispositionSource = source(m.GetDispositionSource())
		}
	default:
		return nil
	}
	if callable(v.facts.GetFrom()) {
		v.phone = v.facts.GetFrom()
	}
	v.name = v.spokenName()
	return v
}

// callable tells a caller's own number from those that carriers send for a withheld one: they spell
// RESTRICTED, BLOCKED, UNKNOWN, ANONYMOUS and UNAVAILABLE on a keypad ("Incoming calls from unknown or
// restricted numbers", Twilio's help center). A number of fewer than seven digits calls nobody back either.
func callable(e164 string) bool {
	digits, ok := strings.CutPrefix(e164, "+")
	if !ok || len(digits) < 7 {
		return false
	}
	switch digits {
	case "7378742833", "2562533", "8566696", "266696687", "86282452253":
		return false
	}
	return true
}

func source(s events.DispositionSource) string {
	switch s {
	case events.DispositionSource_DISPOSITION_SOURCE_AGENT:
		return "Agent"
	case events.DispositionSource_DISPOSITION_SOURCE_AI:
		return "AI"
	default:
		return "Rule"
	}
}

// enum is an enum's value without its prefix, in lower case; "" for UNSPECIFIED.
func enum(v interface{ String() string }, prefix string) any {
	s := strings.ToLower(strings.TrimPrefix(v.String(), prefix))
	if s == "unspecified" {
		return ""
	}
	return s
}

// share is a float of the wire as people wrote it: 0.93, not 0.9300000071525574.
func share(f float32) any { return math.Round(float64(f)*1e4) / 1e4 }

// moments is a time, or nothing: one that no field takes is as good as none, and no reason to lose the call.
func moments(t *timestamppb.Timestamp) any {
	if t == nil || !takes(t.AsTime()) {
		return nil
	}
	return t.AsTime()
}

func (v *view) started() any { return moments(v.facts.GetStartedAt()) }
func (v *view) ended() any   { return moments(v.facts.GetEndedAt()) }

// longestCall is longer than any. What is told to be longer, by however much, says nothing.
const longestCall = 7 * 24 * time.Hour

func (v *view) duration() any {
	d := v.facts.GetDuration()
	if d == nil || d.AsDuration() < 0 || d.AsDuration() > longestCall {
		return nil
	}
	return int64(d.AsDuration() / time.Second)
}

// consented is true only if the caller consented: a policy that asks nobody is no consent.
func (v *view) consented() any {
	switch v.facts.GetConsent() {
	case events.ConsentAnswer_CONSENT_ANSWER_GRANTED:
		return true
	case events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED, events.ConsentAnswer_CONSENT_ANSWER_PENDING:
		return nil
	default:
		return false
	}
}

func (v *view) recorded() any {
	for _, r := range v.facts.GetRecordings() {
		if r.GetStatus() != "absent" && r.GetStatus() != "failed" {
			return true
		}
	}
	return false
}

func (v *view) recordingURL() any {
	if base := v.tenant.Salesforce.RecordingBase; base != "" && v.recorded() == true {
		return strings.TrimSuffix(base, "/") + "/" + v.call.ID
	}
	return ""
}

// cost is absent while any part of it has no price: a part must never be taken for the whole.
func (v *view) cost() any {
	if v.costs.GetTotal() == nil || v.costs.GetUnpriced() > 0 {
		return nil
	}
	return float64(v.costs.GetTotal().GetNanos()) / 1e9
}

func (v *view) agents() any {
	n := int64(0)
	for _, l := range v.facts.GetLegs() {
		if l.GetAnsweredAt() != nil {
			n++
		}
	}
	return n
}

func (v *view) callerKey() any {
	if v.phone != "" {
		return v.phone
	}
	return v.call.ID
}

// detail is the value that the caller gave, the surest of several.
func (v *view) detail(name string) string {
	if d := v.details(name); d != nil {
		return strings.TrimSpace(d.GetValue())
	}
	return ""
}

// otherPhone is where the caller wants to be called instead.
func (v *view) otherPhone() any {
	if s := v.detail("phone"); s != v.phone {
		return s
	}
	return ""
}

// email is the spoken address if Salesforce would take it: a misheard one must not cost the call its record.
func (v *view) email() any {
	if s := v.detail("email"); len(s) <= 80 && emailLike.MatchString(s) {
		return s
	}
	return ""
}

var emailLike = regexp.MustCompile(`^[A-Za-z0-9_%+'-]+(\.[A-Za-z0-9_%+'-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$`)

func (v *view) details(name string) *events.Detail {
	var best *events.Detail
	for _, d := range v.insight.GetDetails() {
		if d.GetName() == name && (best == nil || d.GetConfidence() > best.GetConfidence()) {
			best = d
		}
	}
	return best
}

func (v *view) intentKind() any {
	if i := v.tenant.Intent(v.intent); i != nil {
		return string(i.Kind)
	}
	return string(tenant.IntentNone) // an older catalogue's: nothing but the logged call is safe
}

func (v *view) catalogueNext() any {
	if i := v.tenant.Intent(v.intent); i != nil {
		return i.NextAction
	}
	return ""
}

func (v *view) dueInDays() any {
	if n := v.insight.GetNextAction(); n != nil {
		return int64(n.GetDueInDays())
	}
	return nil
}

func (v *view) redactionConfidence() any {
	if v.redaction == nil {
		return nil
	}
	return share(v.redaction.GetConfidence())
}

func (v *view) number() *tenant.Number {
	if v.line == nil {
		return &tenant.Number{}
	}
	return v.line
}
