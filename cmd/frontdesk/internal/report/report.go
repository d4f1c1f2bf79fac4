package report

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/tenant"
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
	// Refused: the carrier knows no such number, so nothing rang.
	Refused bool
	// Err is why the carrier could not play it; nil if it did.
	Err error
	// Stopped: the run was stopped before the call had come to its end.
	Stopped bool
	// Unmet is how the CRM differed from what is expected when it was last looked at: a later call by the same person
	// changes what stands on a shared record.
	Unmet []Difference
}

// Report is the whole run. Its JSON names are fixed.
type Report struct {
	Calls      int `json:"calls"`
	Records    int `json:"records"`
	Lost       int `json:"lost"`
	Duplicates int `json:"duplicates"`
	Unexpected int `json:"unexpected"`
	// Unplayed calls are those that a stopped run did not play to their end.
	Unplayed int                  `json:"unplayed"`
	Latency  map[string]Quantiles `json:"latency_ms"`
	// SalesforceAPICalls are REST requests, PubSubRequests those of the Pub/Sub API, as the org counted them.
	SalesforceAPICalls int `json:"salesforce_api_calls"`
	PubSubRequests     int `json:"pubsub_requests"`
	DeadLetters        int `json:"dead_letters"`
	// Doubles are the duplicates, GivenUp the dead letters.
	Doubles []Double     `json:"doubles"`
	GivenUp []DeadLetter `json:"given_up"`
	Leaks   []Leak       `json:"leaks"`
	// Cost is the whole of calls.usage, by currency; Usage the same as a bill, Metered what the stand-ins would have billed.
	Cost     []Cost      `json:"cost"`
	Usage    []Usage     `json:"usage"`
	Metered  []meter.Row `json:"metered"`
	Outcomes []Outcome   `json:"outcomes"`
	// Notes are what the folder of calls had better say otherwise, though it can be played as it is.
	Notes       []string `json:"notes"`
	WallSeconds float64  `json:"wall_seconds"`
	// Error is why the run, or this report on it, is not whole; empty if it is.
	Error string `json:"error,omitempty"`
}

// New is a report on nothing yet.
func New() *Report {
	return &Report{
		Latency: map[string]Quantiles{}, Doubles: []Double{}, GivenUp: []DeadLetter{}, Leaks: []Leak{}, Cost: []Cost{}, Usage: []Usage{}, Metered: []meter.Row{}, Outcomes: []Outcome{}, Notes: []string{},
	}
}

// Passed tells whether nothing was lost, doubled, leaked, dead-lettered, unplayed or otherwise than expected.
func (r *Report) Passed() bool {
	return r.Lost == 0 && r.Duplicates == 0 && r.Unexpected == 0 && r.Unplayed == 0 && r.DeadLetters == 0 && len(r.Leaks) == 0 && r.Error == ""
}

// Sources are where a report looks.
type Sources struct {
	// CRM is the org that a call belongs in; CRMs are all orgs.
	CRM  func(*calls.Call) CRM
	CRMs []CRM
	// Owner is whose number is dialled; nil for nobody's.
	Owner      func(e164 string) (*tenant.Tenant, *tenant.Number)
	Conn       *broker.Conn
	Partitions int
	// Asked is every prompt that a model has seen; Log is everything that the services have logged.
	Asked []string
	Log   string
}

// Make reports on calls that have settled, or had the time to. On an error the report holds what could be read.
func Make(ctx context.Context, src Sources, played []Played) (*Report, error) {
	r := New()
	r.Calls = len(played)
	all, err := readTrails(ctx, src.Conn, src.Partitions)
	if err != nil {
		return r, err
	}
	leaks, err := findLeaks(ctx, src, played)
	if err != nil {
		return r, err
	}
	r.Leaks = append(r.Leaks, leaks...)
	r.GivenUp = append(r.GivenUp, all.dead...)
	r.DeadLetters = len(all.dead)
	for _, crm := range src.CRMs {
		r.Doubles = append(r.Doubles, doubles(crm)...)
	}
	for _, d := range r.Doubles {
		r.Duplicates += len(d.IDs) - 1
	}
	for _, p := range played {
		crm := src.CRM(p.Call)
		v := view{p: p, holding: of(crm, p.SID), changes: crm.Changes(), trail: &trail{}}
		if p.SID != "" {
			v.trail = all.of(p.SID)
		}
		v.tenant, v.number = src.Owner(p.Call.To)
		o := v.outcome()
		o.Unmet = append(o.Unmet, told(leaks, o.Call)...)
		for _, text := range p.Call.Unsaid() {
			r.Notes = append(r.Notes, o.Call+"/call.yaml: "+text)
		}
		r.add(o)
	}
	slices.SortStableFunc(r.Outcomes, func(a, b Outcome) int { return cmp.Compare(a.Call, b.Call) })
	r.Latency = latencies(r.Outcomes)
	r.Usage = bill(all.ledger)
	r.Cost = totals(all.ledger)
	return r, nil
}

// add counts one call.
func (r *Report) add(o Outcome) {
	switch {
	case o.Recorded:
		r.Records++
	case o.lost:
		r.Lost++
	}
	switch {
	case o.stopped:
		r.Unplayed++
	case len(o.Unmet) > 0:
		r.Unexpected++
	}
	r.Outcomes = append(r.Outcomes, o)
}
