package report

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/meter"
)

// Played is one call as the carrier knows it.
type Played struct {
	Call *calls.Call
	// SID is the root leg's CallSid.
	SID string
	// Began is when it began to ring.
	Began time.Time
	// Err is why the carrier could not play it; nil if it did.
	Err error
}

// Outcome is what came of one call.
type Outcome struct {
	Call        string  `json:"call"`
	Title       string  `json:"title"`
	CallSID     string  `json:"call_sid"`
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
	// Unmet lists how the CRM differs from call.yaml; empty when all is as expected.
	Unmet []string `json:"unmet"`
}

// Report is the whole run.
type Report struct {
	Calls      int                  `json:"calls"`
	Records    int                  `json:"records"`
	Lost       int                  `json:"lost"`
	Duplicates int                  `json:"duplicates"`
	Unexpected int                  `json:"unexpected"`
	Latency    map[string]Quantiles `json:"latency_ms"`
	// SalesforceAPICalls are REST requests, PubSubRequests those of the Pub/Sub API, as the org counted them.
	SalesforceAPICalls int         `json:"salesforce_api_calls"`
	PubSubRequests     int         `json:"pubsub_requests"`
	DeadLetters        int         `json:"dead_letters"`
	Leaks              []Leak      `json:"leaks"`
	Metered            []meter.Row `json:"metered"`
	Outcomes           []Outcome   `json:"outcomes"`
	WallSeconds        float64     `json:"wall_seconds"`
}

// Passed tells whether nothing was lost, doubled, leaked, dead-lettered or otherwise than expected.
func (r *Report) Passed() bool {
	return r.Lost == 0 && r.Duplicates == 0 && r.Unexpected == 0 && r.DeadLetters == 0 && len(r.Leaks) == 0
}

// Sources are where a report looks.
type Sources struct {
	// CRM is the org that a call belongs in; CRMs are all orgs.
	CRM        func(*calls.Call) CRM
	CRMs       []CRM
	Conn       *broker.Conn
	Partitions int
	// Asked is every prompt that a model has seen; Log is everything that the services have logged.
	Asked []string
	Log   string
}

// Settled tells whether the CRM holds of one call what its call.yaml expects, and if not, what is missing.
func Settled(crm CRM, p Played) (ok bool, unmetNow []string) {
	if p.Err != nil {
		if e := p.Call.Expect.Recorded; e != nil && !*e {
			return true, nil // a number that nobody owns never rings
		}
		return false, []string{p.Err.Error()}
	}
	diffs := unmet(p.Call, p.SID, of(crm, p.SID), created(crm.Changes(), p.Began))
	return len(diffs) == 0, diffs
}

// created tells which records were made since the call began, and not by seeding.
func created(changes []Change, since time.Time) func(Record) bool {
	ids := map[string]bool{}
	for _, c := range changes {
		if c.Op == "create" && c.API != "seed" && !c.At.Before(since) {
			ids[c.ID] = true
		}
	}
	return func(r Record) bool { return ids[r.ID] }
}

// Make reports on calls that have settled, or had the time to. unmetOf gives for each call what was unmet when
// it was last looked at: a later call by the same person changes what stands on a shared record.
func Make(ctx context.Context, src Sources, played []Played, unmetOf map[string][]string) (*Report, error) {
	times, err := readTimings(ctx, src.Conn, src.Partitions)
	if err != nil {
		return nil, err
	}
	r := &Report{Calls: len(played), Latency: map[string]Quantiles{}, Leaks: []Leak{}}
	for _, crm := range src.CRMs {
		r.Duplicates += duplicates(crm)
	}
	stages := map[string][]time.Duration{}
	for _, p := range played {
		crm := src.CRM(p.Call)
		h := of(crm, p.SID)
		t := cmp.Or(times[p.SID], &timings{})
		t.crm, _ = h.first(crm.Changes())
		o := outcome(p, h)
		o.decided(t)
		o.Unmet = slices.Concat(unmetOf[p.SID], otherIntent(p.Call, o), unheard(p.Call, t.heard))
		for stage, d := range t.durations() {
			stages[stage] = append(stages[stage], d)
			o.LatencyMS[stage] = float64(d.Microseconds()) / 1000
		}
		expected := p.Call.Expect.Recorded == nil || *p.Call.Expect.Recorded
		switch {
		case o.Recorded:
			r.Records++
		case expected:
			r.Lost++
		}
		if len(o.Unmet) > 0 {
			r.Unexpected++
		}
		r.Outcomes = append(r.Outcomes, o)
	}
	for stage, d := range stages {
		r.Latency[stage] = quantiles(d)
	}
	slices.SortStableFunc(r.Outcomes, func(a, b Outcome) int { return cmp.Compare(a.Call, b.Call) })
	if r.DeadLetters, err = countDeadLetters(ctx, src.Conn, src.Partitions); err != nil {
		return nil, err
	}
	if leaks, err := findLeaks(ctx, src, played); err != nil {
		return nil, err
	} else if leaks != nil {
		r.Leaks = leaks
	}
	return r, nil
}

func outcome(p Played, h holding) Outcome {
	o := Outcome{Call: p.Call.Name, Title: p.Call.Title, CallSID: p.SID, LatencyMS: map[string]float64{}}
	log, ok := h.log(p.SID)
	o.Recorded = ok
	if m, ok := h.main(p.SID); ok {
		o.Object, o.RecordID = m.Object, m.ID
	}
	o.Intent = str(h.value("Intent__c"))
	o.Confidence, _ = h.value("Intent_Confidence__c").(float64)
	o.Disposition, o.Source = log.text("Disposition__c"), log.text("Disposition_Source__c")
	for _, t := range h.records["Task"] {
		if t.text("Call_Id__c") == p.SID+":next" {
			o.NextAction = t.text("Subject")
		}
	}
	o.DurationS, _ = log.Fields["CallDurationInSeconds"].(float64)
	return o
}

// decided fills in what stands in no field of the CRM: a call that leaves nothing but its log has its intent in the topics only.
func (o *Outcome) decided(t *timings) {
	o.Revisions = t.revisions
	o.Consent = consentWord(t.facts.GetConsent())
	o.Recording = len(t.facts.GetRecordings()) > 0
	if o.Intent == "" && t.intent != nil {
		o.Intent, o.Confidence = t.intent.GetValue(), math.Round(float64(t.intent.GetConfidence())*1000)/1000
	}
}

// consentWord is what is known of the caller's consent, in a word.
func consentWord(a events.ConsentAnswer) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(a.String(), "CONSENT_ANSWER_"), "_", " "))
}

func otherIntent(c *calls.Call, o Outcome) []string {
	if c.Expect.Intent == "" || o.Intent == c.Expect.Intent {
		return nil
	}
	return []string{fmt.Sprintf("intent is %q, expected %q", o.Intent, c.Expect.Intent)}
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

func countDeadLetters(ctx context.Context, conn *broker.Conn, partitions int) (int, error) {
	n := 0
	for p := range partitions {
		err := conn.ReadRange(ctx, events.DeadLetters.Name, p, -1, -1, func(broker.Record) error { n++; return nil })
		if err != nil {
			return 0, err //nolint:wrapcheck // broker names topic and partition
		}
	}
	return n, nil
}
