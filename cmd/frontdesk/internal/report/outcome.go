package report

import (
	"math"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Outcome is what came of one call. Its JSON names are fixed.
type Outcome struct {
	Call    string `json:"call"`
	Title   string `json:"title"`
	CallSID string `json:"call_sid"`
	// Tenant and line of business of the dialled number; empty for a number that nobody owns.
	Tenant         string `json:"tenant"`
	LineOfBusiness string `json:"line_of_business"`
	// Recorded tells whether the CRM holds the call.
	Recorded    bool    `json:"recorded"`
	Object      string  `json:"object"`
	RecordID    string  `json:"record_id"`
	Intent      string  `json:"intent"`
	Confidence  float64 `json:"confidence"`
	Disposition string  `json:"disposition"`
	Source      string  `json:"disposition_source"`
	NextAction  string  `json:"next_action"`
	DurationS   float64 `json:"duration_s"`
	// Recording tells whether the carrier recorded the call.
	Recording bool `json:"recording"`
	// Consent is the caller's last answer: granted, refused, timed out, withdrawn, not asked.
	Consent string `json:"consent"`
	// Revisions published of this call.
	Revisions int `json:"revisions"`
	// LatencyMS per stage.
	LatencyMS map[string]float64 `json:"latency_ms"`
	// Cost by the ledger, calls.usage. One request to the CRM may serve several calls of a line of business and stands with the
	// first of them.
	Cost Cost `json:"cost"`
	// Writes are the records that the call made or changed, by the CRM's change log.
	Writes []Write `json:"writes"`
	// Unmet lists how the call came out otherwise than its call.yaml says, its leaks included; empty when all is as expected.
	Unmet []string `json:"unmet"`

	// stopped: the run was stopped before the call's end. lost: it should stand in the CRM and doesn't. holds and understood
	// explain what is unmet.
	stopped    bool
	lost       bool
	holds      []Record
	understood string
}

// failed tells whether anything is wrong with the call.
func (o *Outcome) failed() bool { return o.stopped || o.lost || len(o.Unmet) > 0 }

// view is what an outcome is made of.
type view struct {
	p       Played
	holding holding
	changes []Change
	trail   *trail
	tenant  *tenant.Tenant
	number  *tenant.Number
}

func (v *view) outcome() Outcome {
	c := v.p.Call
	o := Outcome{
		Call: c.Name, Title: c.Title, CallSID: v.p.SID, LatencyMS: map[string]float64{}, Writes: written(v.changes, v.p.SID),
		Revisions: v.trail.revisions, Consent: consentWord(v.trail.facts().GetConsent()), Recording: len(v.trail.facts().GetRecordings()) > 0,
	}
	currency := ""
	if v.tenant != nil {
		o.Tenant, o.LineOfBusiness, currency = v.tenant.ID, v.number.LineOfBusiness, v.tenant.Prices.Currency
	}
	o.Cost = sum(currency, v.trail.usage)
	v.inCRM(&o)
	v.decided(&o)
	inCRM, _ := v.holding.first(v.changes)
	for stage, d := range v.trail.durations(inCRM) {
		o.LatencyMS[stage] = float64(d.Microseconds()) / 1000
	}
	v.compare(&o)
	return o
}

// inCRM fills in what the CRM holds.
func (v *view) inCRM(o *Outcome) {
	log, ok := v.holding.log(v.p.SID)
	o.Recorded = ok
	if m, ok := v.holding.main(v.p.SID); ok {
		o.Object, o.RecordID = m.Object, m.ID
	}
	o.Intent = str(asLeft(o.Writes, "Intent__c"))
	o.Confidence, _ = asLeft(o.Writes, "Intent_Confidence__c").(float64)
	o.Disposition, o.Source = log.text("Disposition__c"), log.text("Disposition_Source__c")
	for _, t := range v.holding.records["Task"] {
		if t.text("Call_Id__c") == v.p.SID+":next" {
			o.NextAction = t.text("Subject")
		}
	}
	o.DurationS, _ = log.Fields["CallDurationInSeconds"].(float64)
}

// decided fills in what stands in no field of the CRM: a call that leaves nothing but its log has its intent in the topics only.
func (v *view) decided(o *Outcome) {
	// A confidence that the record had already is no change of the call's.
	if intent := v.trail.found.GetIntent(); intent != nil && (o.Intent == "" || o.Intent == intent.GetValue() && o.Confidence == 0) {
		o.Intent, o.Confidence = intent.GetValue(), math.Round(float64(intent.GetConfidence())*1000)/1000
	}
}

// compare fills in what differs from the call's file, and what explains it.
func (v *view) compare(o *Outcome) {
	c := v.p.Call
	o.stopped = v.p.Stopped
	o.lost = !Nothing(c) && !o.Recorded && !v.p.Stopped
	unmet := slices.Clone(v.p.Unmet)
	for i, d := range unmet {
		if d.Lacks != "" && !v.p.Stopped {
			unmet[i].Text += ": " + v.trail.why(d.Lacks, v.tenant, v.holding)
		}
	}
	o.Unmet = texts(unmet)
	if !v.p.Stopped {
		if c.Expect.Intent != "" && o.Intent != c.Expect.Intent {
			o.Unmet = append(o.Unmet, otherwise("intent", c.Expect.Intent, emptyIsNil(o.Intent)).Text)
		}
		o.Unmet = append(o.Unmet, unheard(c, v.trail.heard)...)
	}
	o.understood = v.trail.understood()
	for _, object := range objects {
		o.holds = append(o.holds, v.holding.records[object]...)
	}
}

func emptyIsNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// consentWord is what is known of the caller's consent, in a word; empty if nothing is.
func consentWord(a events.ConsentAnswer) string {
	if a == events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED {
		return ""
	}
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(a.String(), "CONSENT_ANSWER_"), "_", " "))
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// Settled tells whether the CRM holds of one call what its call.yaml expects, and if not, what is missing.
func Settled(crm CRM, p Played) (ok bool, unmetNow []Difference) {
	if p.Refused && Nothing(p.Call) {
		return true, nil // a number that nobody owns never rings
	}
	if p.Err != nil {
		return false, []Difference{{Text: p.Err.Error()}}
	}
	diffs := unmet(p.Call, p.SID, of(crm, p.SID), created(crm.Changes(), p))
	return len(diffs) == 0, diffs
}

// created tells which records were made since the call began, and not by seeding.
func created(changes []Change, p Played) func(Record) bool {
	ids := map[string]bool{}
	for _, c := range changes {
		if c.Op == "create" && c.API != "seed" && !c.At.Before(p.Began) {
			ids[c.ID] = true
		}
	}
	return func(r Record) bool { return ids[r.ID] }
}
