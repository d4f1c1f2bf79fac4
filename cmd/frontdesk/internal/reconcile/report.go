package reconcile

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

// Sources that can fail for one tenant, as reports and metrics name them.
const (
	SourceCarrier = "twilio"
	SourceCRM     = "salesforce"
	SourceTopics  = "kafka"
)

// Report is what one look has found. Its JSON names are fixed.
type Report struct {
	// Since and Until are the window, by when a call began.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Calls that were looked at.
	Calls int `json:"calls"`
	// UnaccountedFor are those of which something is missing and was not sent again by this look.
	UnaccountedFor int `json:"unaccounted_for"`
	// Repaired are those of which something is missing and was sent again.
	Repaired int `json:"repaired"`
	// UnderWay, Parked, DeadLetters and Dropped are accounted for, though not all there.
	UnderWay    int `json:"under_way"`
	Parked      int `json:"parked"`
	DeadLetters int `json:"dead_letters"`
	Dropped     int `json:"dropped"`
	// Tenants are the counts by tenant.
	Tenants map[string]*Count `json:"tenants"`
	// Findings are the calls that are not all there.
	Findings []Finding `json:"findings"`
	// Unread are the sources that could not be read, and for whom.
	Unread []Unread `json:"unread"`
}

// newReport is a report on nothing yet.
func newReport(since, until time.Time) *Report {
	return &Report{Since: since.UTC(), Until: until.UTC(), Tenants: map[string]*Count{}, Findings: []Finding{}, Unread: []Unread{}}
}

// Count is one tenant's part.
type Count struct {
	Calls          int `json:"calls"`
	UnaccountedFor int `json:"unaccounted_for"`
	// Unlisted calls stand in the topics and not in the carrier's list.
	Unlisted int `json:"unlisted"`
}

// Unread is a source that could not be read for a tenant: what it would have told is not known, and counts as nothing.
type Unread struct {
	Tenant string `json:"tenant"`
	Source string `json:"source"`
	Code   string `json:"code"`
	Why    string `json:"why"`
}

// Finding is one call that is not all there.
type Finding struct {
	Call   string `json:"call"`
	Tenant string `json:"tenant"`
	// Ended is when the call did, null while it lives or if nobody told.
	Ended  *time.Time `json:"ended"`
	Status Status     `json:"status"`
	// Missing is what of the call.
	Missing string `json:"missing"`
	// Records that the CRM lacks, where that is it.
	Records []Record `json:"records,omitempty"`
	// LastSeen is how far the call has come.
	LastSeen string `json:"last_seen"`
	Why      string `json:"why"`
	// Repair is what repairing sends; empty if nothing would help. Repaired tells that it was sent, Failed why not.
	Repair   string `json:"repair"`
	Repaired bool   `json:"repaired"`
	Failed   string `json:"failed,omitempty"`

	repair repair
}

// Record is one record that the CRM lacks. It holds nothing personal: the external id of a person's record is his number, and left out.
type Record struct {
	Role   string `json:"role"`
	Object string `json:"object"`
	// ID that the record had; empty if only its event is known.
	ID string `json:"id,omitempty"`
	// KeyField and Key are its external id.
	KeyField string `json:"key_field"`
	Key      string `json:"key,omitempty"`
	// Older tells that the record is there with an earlier revision of the call.
	Older bool `json:"older,omitempty"`
}

// String names the record.
func (r Record) String() string {
	s := r.Object + " " + cmp.Or(r.Key, r.ID, "of the caller")
	if r.Older {
		s += " (an earlier revision stands)"
	}
	return s
}

func finding(c *call, v *verdict) Finding {
	f := Finding{
		Call: c.id, Tenant: c.tenant.ID, Status: v.status, Missing: v.part, LastSeen: v.seen, Why: v.why, Repair: string(v.repair), repair: v.repair,
	}
	ended := c.trail.Ended
	if ended.IsZero() && c.listed != nil {
		ended = c.listed.Ended
	}
	if !ended.IsZero() {
		f.Ended = new(ended.UTC())
	}
	for _, x := range v.crm {
		f.Records = append(f.Records, record(c, x))
	}
	return f
}

func record(c *call, x crmwriter.Absence) Record {
	r := Record{Role: x.Role, Object: x.Object, KeyField: x.KeyField, Older: x.Older}
	if x.Key == c.id || strings.HasPrefix(x.Key, c.id+":") {
		r.Key = x.Key
	}
	for _, had := range c.trail.recorded() {
		if had.GetRole() == x.Role {
			// What is made anew may be another object than what was found: name what was there.
			r.ID, r.Object = had.GetId(), cmp.Or(had.GetObject(), x.Object)
		}
	}
	return r
}

func (t *Trail) recorded() []*events.CrmRecord {
	if t.Record == nil {
		return nil
	}
	return t.Record.Records
}

// count adds up, and puts the findings in the order in which the calls ended; those that live come last.
func (r *Report) count() {
	ended := func(f Finding) time.Time {
		if f.Ended == nil {
			return r.Until.Add(time.Hour)
		}
		return *f.Ended
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return ended(a).Compare(ended(b)) })
	for _, n := range r.Tenants {
		r.Calls += n.Calls
	}
	for _, f := range r.Findings {
		switch f.Status {
		case UnderWay:
			r.UnderWay++
		case Parked:
			r.Parked++
		case DeadLetter:
			r.DeadLetters++
		case Dropped:
			r.Dropped++
		case Missing:
			if f.Repaired {
				r.Repaired++
				continue
			}
			r.UnaccountedFor++
			r.Tenants[f.Tenant].UnaccountedFor++
		}
	}
}
