package reconcile

import (
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
	"github.com/frontdesk/frontdesk/services/ingress"
)

// Status of a call that is not all there.
type Status string

// The statuses. Only Missing is unaccounted for: nothing will come of such a call by itself, and nothing says why.
const (
	Missing    Status = "missing"
	DeadLetter Status = "dead letter"
	// Dropped is a call whose dead letter somebody has closed: nobody will send it back.
	Dropped  Status = "dropped"
	Parked   Status = "parked"
	UnderWay Status = "under way"
)

// Missing parts, in the order in which a call passes them.
const (
	PartCall    = "the whole call"
	PartEnd     = "its end"
	PartInsight = "its insight"
	PartWrite   = "its records"
	PartRecords = "records"
)

// call is one call with what is known of it, as [judge] needs it.
type call struct {
	id     string
	tenant *tenant.Tenant
	// listed is the carrier's word; nil if its list has no such call, or can't be read.
	listed *ingress.ListedCall
	// trail is what the topics hold; never nil.
	trail *Trail
	// endUnread and insightUnread tell that the next group has not come to the message yet.
	endUnread, insightUnread bool
	// crm is what the CRM lacks of what was written; asked tells whether it was asked.
	asked bool
	crm   []crmwriter.Absence
}

// verdict on a call that is not all there.
type verdict struct {
	status Status
	part   string
	seen   string
	why    string
	repair repair
	crm    []crmwriter.Absence
}

// repair is what is sent again.
type repair string

// The repairs.
const (
	repairNothing repair = ""
	repairEnd     repair = "tell its end, as the number's status callback would have"
	repairInsight repair = "send its end to inference again"
	repairRecords repair = "send its insight to crm-writer again"
)

// Where a call was last seen.
const (
	seenCarrier = "Twilio's list"
)

// judge tells what a call lacks; nil if nothing, as far as was asked. settle is how long a call may rest between two stages.
func judge(c *call, now time.Time, settle time.Duration) *verdict {
	t := c.trail
	rests := func(since time.Time) bool { return now.Sub(since) >= settle }
	waits := func(part, seen, why string) *verdict {
		return &verdict{status: UnderWay, part: part, seen: seen, why: why}
	}
	switch {
	case c.listed != nil && c.listed.Ended.IsZero():
		return waits(PartEnd, seenCarrier, "it has not ended")
	case !t.Started && t.Ended.IsZero() && t.Revision == 0:
		return unknown(c, rests)
	case t.Ended.IsZero() && c.listed != nil:
		if !rests(c.listed.Ended) || !rests(t.Touched) {
			return waits(PartEnd, events.Lifecycle.Name, "it has ended just now")
		}
		return &verdict{
			status: Missing, part: PartEnd, seen: events.Lifecycle.Name, repair: repairEnd,
			why: "it began, and the webhook of its end was refused or never came",
		}
	case t.Revision == 0:
		return undecided(c, rests)
	}
	return written(c, now, settle)
}

// unknown judges a call that stands in no topic.
func unknown(c *call, rests func(time.Time) bool) *verdict {
	switch {
	case c.listed == nil:
		return nil // a stray message under its key is no call
	case !rests(c.listed.Ended):
		return &verdict{status: UnderWay, part: PartCall, seen: seenCarrier, why: "it has ended just now"}
	}
	return &verdict{
		status: Missing, part: PartCall, seen: seenCarrier, repair: repairEnd,
		why: "every webhook of it was refused or never came",
	}
}

// undecided judges a call that inference has told nothing of.
func undecided(c *call, rests func(time.Time) bool) *verdict {
	t := c.trail
	ofRoot := func(d Buried) bool {
		return d.Kind == events.KindCallStarted.String() || d.Kind == events.KindCallEnded.String()
	}
	v := &verdict{part: PartInsight, seen: events.Lifecycle.Name}
	switch p, d := t.parked(groupInference), t.dead(groupInference, ofRoot); {
	case p != nil:
		v.waitsFor(p)
	case d != nil:
		v.gaveUp(d)
	case t.Ended.IsZero(): // and the carrier does not tell either
		v.status, v.why = UnderWay, "no end of it is known; inference closes it at the tenant's longest call"
		if longest := time.Duration(c.tenant.LongestCall); rests(t.Begun.Add(longest)) {
			v.status, v.why = Missing, "no end of it is known, and inference has not closed it at the tenant's longest call"
		}
	case c.endUnread:
		v.status, v.why = UnderWay, "inference has not come to it yet"
	case !rests(t.Touched):
		v.status, v.why = UnderWay, "it has ended just now"
	default:
		v.status, v.why, v.repair = Missing, "inference has read its end and told nothing", repairInsight
	}
	return v
}

// written judges a call that was decided.
func written(c *call, now time.Time, settle time.Duration) *verdict {
	t, r := c.trail, c.trail.Record
	last := func(d Buried) bool { return d.EventID == t.InsightID }
	v := &verdict{part: PartWrite, seen: events.Insights.Name}
	behind := r == nil || r.Revision < t.Revision || r.Status == events.CrmStatus_CRM_STATUS_PENDING && c.tenant.Salesforce.Pattern != tenant.PatternAnalytics
	failed := !behind && r.Status == events.CrmStatus_CRM_STATUS_FAILED
	switch p, d := t.parked(groupWriter), t.dead(groupWriter, last); {
	case p != nil && (behind || failed || len(c.crm) > 0):
		v.waitsFor(p)
		if len(c.crm) > 0 {
			v.part, v.seen, v.crm = PartRecords, events.Records.Name, c.crm
		}
		return v
	case (behind || failed) && d != nil:
		v.gaveUp(d)
		return v
	case failed:
		v.status, v.why = DeadLetter, "crm-writer gave it up: "+r.Code
		return v
	case behind && t.Unplanned != "":
		v.status, v.why = DeadLetter, "the tenant's mapping fails on it: "+t.Unplanned
		return v
	case behind && c.insightUnread:
		v.status, v.why = UnderWay, "crm-writer has not come to it yet"
		return v
	case behind && now.Sub(t.Touched) < settle:
		v.status, v.why = UnderWay, "it was decided just now"
		return v
	case behind:
		v.status, v.why, v.repair = Missing, "crm-writer has read its insight and told nothing of a write", repairRecords
		return v
	}
	return lacking(c, now.Sub(r.At) < settle)
}

// lacking judges a call of which calls.records says that it stands in the CRM. fresh tells that it said so just now.
func lacking(c *call, fresh bool) *verdict {
	r := c.trail.Record
	var gone []crmwriter.Absence
	for _, x := range c.crm {
		if x.Role == events.RoleFile && r.Code != "" {
			continue // refused for good, which is told as a dead letter
		}
		gone = append(gone, x)
	}
	v := &verdict{part: PartRecords, seen: events.Records.Name, crm: gone}
	switch published := r.Status == events.CrmStatus_CRM_STATUS_PUBLISHED; {
	case len(gone) == 0 && len(c.crm) > 0:
		v.status, v.crm, v.why = DeadLetter, c.crm, "crm-writer gave the file up: "+r.Code
		v.closed(c.trail.dead(groupWriter, func(d Buried) bool { return d.EventID == c.trail.InsightID }))
	case len(gone) == 0:
		return nil
	case fresh && (published || fileToCome(gone, r)):
		v.status, v.why = UnderWay, "it was written just now"
	case published:
		v.status, v.why, v.repair = Missing, "it was published; the org has not applied it, or somebody has deleted it since", repairRecords
	default:
		v.status, v.why, v.repair = Missing, "it was written; somebody has deleted it since, on purpose or not", repairRecords
	}
	return v
}

// fileToCome tells whether all that lacks is a file that was not told of yet.
func fileToCome(gone []crmwriter.Absence, r *Told) bool {
	if len(gone) != 1 || gone[0].Role != events.RoleFile {
		return false
	}
	for _, x := range r.Records {
		if x.GetRole() == events.RoleFile {
			return false
		}
	}
	return true
}

// waitsFor says that a message of the call is parked.
func (v *verdict) waitsFor(p *Waits) {
	since := " since " + p.Since.UTC().Format(time.DateTime)
	v.status = Parked
	switch {
	case p.Code != "":
		v.why = p.Group + " tries it again: " + p.Code + since
	case p.Repair != "":
		v.status, v.why = UnderWay, "a repair of it is on its way to "+p.Group
	default:
		v.why = p.Group + " holds it behind another message of the call" + since
	}
}

// gaveUp says that a message of the call is a dead letter.
func (v *verdict) gaveUp(d *Buried) {
	v.status, v.why = DeadLetter, d.Group+" gave it up: "+d.Code
	v.closed(d)
}

// closed says that nobody will send a dead letter back, if somebody has said so.
func (v *verdict) closed(d *Buried) {
	if d == nil || d.Done.What != deadletter.Dropped {
		return
	}
	v.status = Dropped
	v.why += "; " + d.Done.By + " dropped it at " + d.Done.At.UTC().Format(time.DateTime)
	if d.Done.Why != "" {
		v.why += " (" + d.Done.Why + ")"
	}
}

// asksCRM tells whether the call is so far that the CRM must hold what was written of it.
func (c *call) asksCRM() bool {
	t, s := c.trail, c.tenant.Salesforce
	if t.Record == nil || t.Expected == nil || t.Record.Revision != t.Revision {
		return false
	}
	switch t.Record.Status { //nolint:exhaustive // the rest hold nothing yet
	case events.CrmStatus_CRM_STATUS_WRITTEN, events.CrmStatus_CRM_STATUS_CONFLICT:
		return true
	case events.CrmStatus_CRM_STATUS_PUBLISHED:
		return s.Apply == "package"
	}
	return false
}

// expected is what the CRM must hold: what was told of, or, where only the event is known, what the plan says.
func (c *call) expected() *crmwriter.Expected {
	if c.trail.Record.Status == events.CrmStatus_CRM_STATUS_PUBLISHED {
		return c.trail.Expected
	}
	return c.trail.Expected.Written(c.trail.Record.Records)
}
