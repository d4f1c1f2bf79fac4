// Package reconcile compares what the carrier, the topics and the CRM hold of the same calls, says what is missing where and why, and
// sends again exactly that.
//
//	trail.go      what the topics hold of a call
//	log.go        reading the topics, and sending again
//	judge.go      what a call lacks
//	reconcile.go  one look at all calls, and its repairs
//	report.go     what was found
//	desk.go       the sources of a deployment
//	job.go        the same look again and again, with metrics
//
// The carrier's list is asked of ingress and the CRM's records of crm-writer, by their faces: each knows its vendor, and reads and decides
// there as the service itself does, so that an event made of the list has the id of the lost webhook's, and a record counts as missing
// only if the writer would make it.
package reconcile

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
	"github.com/frontdesk/frontdesk/services/ingress"
)

// Carrier is the carrier's own list of calls; [ingress.CallList] is one.
type Carrier interface {
	// Since are the calls of an account that began at since or later.
	Since(ctx context.Context, account string, since time.Time) ([]ingress.ListedCall, error)
	// End is the event that the number's status callback would have made of a call that has ended; nil while it lives.
	End(c ingress.ListedCall) *events.CallEvent
}

// Topics are the calls' topics; [Log] is one.
type Topics interface {
	// Read returns the trail of each call that any message since then is about, by call id. The trails are the topics' own.
	Read(ctx context.Context, since time.Time) (map[string]*Trail, error)
	// Unread tells whether a group had not finished the message at a place of a topic when Read was called.
	Unread(group string, t events.Topic, at Place) bool
	// Send publishes an event on a topic.
	Send(ctx context.Context, t events.Topic, e *events.CallEvent) error
	// Again sends the message at a place of a topic once more to one group alone, marked with a repair's id.
	Again(ctx context.Context, t events.Topic, at Place, group, repair string) error
}

// CRM is what the tenants' orgs hold; [crmwriter.Audit] is one.
type CRM interface {
	// Absent tells which of the records that calls must have a tenant's org lacks, in the order of the calls.
	Absent(ctx context.Context, tenantID string, calls []*crmwriter.Expected) ([][]crmwriter.Absence, error)
}

// Sources are what is compared.
type Sources struct {
	Tenants *tenant.Set
	Carrier Carrier
	Topics  Topics
	CRM     CRM
}

// Options of one look.
type Options struct {
	// Since is the window: calls that began no longer ago.
	Since time.Duration
	// Settle is how long a call may rest between two stages before it counts as missing.
	Settle time.Duration
	// Tenant narrows the look to one tenant by id, Call to one call; empty for all.
	Tenant, Call string
	// Repair sends again what is missing.
	Repair bool
	// Timeout bounds each source for itself.
	Timeout time.Duration
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// DefaultOptions are what nobody says otherwise: the calls of a day.
func DefaultOptions() Options {
	return Options{Since: 24 * time.Hour, Settle: 5 * time.Minute, Timeout: 5 * time.Minute}
}

// Run looks once. The error is of the topics, without which nothing can be told; a source that one tenant's part could not be read of is
// told in the report, and nothing of it counts as missing.
func Run(ctx context.Context, src Sources, o Options) (*Report, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	now := o.Now()
	l := &look{src: src, o: o, now: now, from: now.Add(-o.Since), report: newReport(now.Add(-o.Since), now)}
	for _, t := range src.Tenants.All() {
		if o.Tenant == "" || t.ID == o.Tenant {
			l.report.Tenants[t.ID] = &Count{}
		}
	}
	l.askCarrier(ctx)
	if err := l.readTopics(ctx); err != nil {
		return nil, err
	}
	l.askCRM(ctx)
	l.judge()
	if o.Repair {
		l.repair(ctx)
	}
	l.report.count()
	return l.report, ctx.Err()
}

// look is one look on its way.
type look struct {
	src    Sources
	o      Options
	now    time.Time
	from   time.Time
	report *Report

	listed map[string]*ingress.ListedCall
	calls  []*call // by id
	byID   map[string]*call
}

// asked tells whether a tenant is looked at.
func (l *look) asked(id string) bool { return l.report.Tenants[id] != nil }

// unread notes that a source could not be read for a tenant.
func (l *look) unread(tenantID, source string, err error) {
	code := retry.Code(err)
	l.report.Unread = append(l.report.Unread, Unread{Tenant: tenantID, Source: source, Code: code, Why: reason(err)})
}

// reason says an error in our words, which quote nothing.
func reason(err error) string { return cmp.Or(retry.Words(err), retry.Code(err)) }

// askCarrier lists each account once, though several tenants share it. It is asked first: what has ended since is under way.
func (l *look) askCarrier(ctx context.Context) {
	l.listed = map[string]*ingress.ListedCall{}
	done := map[string]error{}
	for _, t := range l.src.Tenants.All() {
		account := t.Twilio.AccountSID
		if !l.asked(t.ID) || account == "" {
			continue
		}
		err, known := done[account]
		if !known {
			err = l.list(ctx, account)
			done[account] = err
		}
		if err != nil {
			l.unread(t.ID, SourceCarrier, err)
		}
	}
}

func (l *look) list(ctx context.Context, account string) error {
	ctx, cancel := context.WithTimeout(ctx, l.o.Timeout)
	defer cancel()
	all, err := l.src.Carrier.Since(ctx, account, l.from)
	for i := range all {
		l.listed[all[i].ID] = &all[i]
	}
	return err //nolint:wrapcheck // whoever asks says of what
}

// readTopics reads how far the calls have come, and puts it beside the carrier's list.
func (l *look) readTopics(ctx context.Context) error {
	read, cancel := context.WithTimeout(ctx, l.o.Timeout)
	defer cancel()
	trails, err := l.src.Topics.Read(read, l.from)
	if err != nil {
		return err //nolint:wrapcheck // it says what it read
	}
	l.byID = map[string]*call{}
	add := func(id, tenantID string, listed *ingress.ListedCall, t *Trail) {
		if !l.asked(tenantID) || l.o.Call != "" && id != l.o.Call {
			return
		}
		c := &call{id: id, tenant: l.src.Tenants.ByID(tenantID), listed: listed, trail: t}
		c.endUnread = !t.Ended.IsZero() && l.src.Topics.Unread(groupInference, events.Lifecycle, t.End)
		c.insightUnread = t.Revision > 0 && l.src.Topics.Unread(groupWriter, events.Insights, t.Insight)
		l.byID[id] = c
	}
	for id, t := range trails {
		listed := l.listed[id]
		if listed == nil && t.Begun.Before(l.from) {
			continue // before the window; or nothing of it but stray messages
		}
		add(id, t.Tenant, listed, t)
	}
	for id, c := range l.listed {
		// A call that the topics have under another tenant is that one's: its number has changed hands.
		if t := trails[id]; t == nil || t.Tenant == "" {
			add(id, c.Tenant, c, cmp.Or(t, &Trail{}))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.byID)) {
		l.calls = append(l.calls, l.byID[id])
	}
	return nil
}

// askCRM asks each tenant's org for the records of all its calls that must have some.
func (l *look) askCRM(ctx context.Context) {
	byTenant := map[string][]*call{}
	for _, c := range l.calls {
		if c.asksCRM() {
			byTenant[c.tenant.ID] = append(byTenant[c.tenant.ID], c)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byTenant)) {
		all := byTenant[id]
		expected := make([]*crmwriter.Expected, len(all))
		for i, c := range all {
			expected[i] = c.expected()
		}
		absent, err := l.absent(ctx, id, expected)
		if err != nil {
			l.unread(id, SourceCRM, err)
			continue
		}
		for i, c := range all {
			c.asked, c.crm = true, absent[i]
		}
		shared(all)
	}
}

func (l *look) absent(ctx context.Context, tenantID string, expected []*crmwriter.Expected) ([][]crmwriter.Absence, error) {
	ctx, cancel := context.WithTimeout(ctx, l.o.Timeout)
	defer cancel()
	return l.src.CRM.Absent(ctx, tenantID, expected) //nolint:wrapcheck // whoever asks says of what
}

// shared leaves a record that several calls of one tenant lack, a caller's, to the latest of them: it is one record, and that call's
// insight makes it as it was.
func shared(all []*call) {
	type record struct{ object, field, key string }
	latest := map[record]*call{}
	each := func(fn func(c *call, x crmwriter.Absence, of record)) {
		for _, c := range all {
			for _, x := range c.crm {
				fn(c, x, record{x.Object, x.KeyField, x.Key})
			}
		}
	}
	each(func(c *call, _ crmwriter.Absence, of record) {
		if o := latest[of]; o == nil || c.trail.Begun.After(o.trail.Begun) {
			latest[of] = c
		}
	})
	for _, c := range all {
		c.crm = slices.DeleteFunc(slices.Clone(c.crm), func(x crmwriter.Absence) bool {
			return latest[record{x.Object, x.KeyField, x.Key}] != c
		})
	}
}

// judge makes findings of what the calls lack.
func (l *look) judge() {
	for _, c := range l.calls {
		n := l.report.Tenants[c.tenant.ID]
		n.Calls++
		if c.listed == nil {
			n.Unlisted++
		}
		if v := judge(c, l.now, l.o.Settle); v != nil {
			l.report.Findings = append(l.report.Findings, finding(c, v))
		}
	}
}

// repair sends again what is missing, each call for itself.
func (l *look) repair(ctx context.Context) {
	id := uuid.NewString()
	for i := range l.report.Findings {
		f := &l.report.Findings[i]
		if f.Status != Missing || f.repair == repairNothing || ctx.Err() != nil {
			continue
		}
		if err := l.mend(ctx, l.byID[f.Call], f.repair, id); err != nil {
			f.Failed = err.Error()
			continue
		}
		f.Repaired = true
	}
}

func (l *look) mend(ctx context.Context, c *call, r repair, id string) error {
	ctx, cancel := context.WithTimeout(ctx, l.o.Timeout)
	defer cancel()
	t := l.src.Topics
	switch r {
	case repairEnd:
		return t.Send(ctx, events.Lifecycle, l.src.Carrier.End(*c.listed)) //nolint:wrapcheck // it says what it sent
	case repairInsight:
		return t.Again(ctx, events.Lifecycle, c.trail.End, groupInference, id) //nolint:wrapcheck // as above
	default:
		return t.Again(ctx, events.Insights, c.trail.Insight, groupWriter, id) //nolint:wrapcheck // as above
	}
}
