// Package memory is a CRM in memory: the least that passes the driver's conformance suite. It proves that the
// port asks for nothing that only Salesforce has, and serves tests that need a CRM and no wire.
package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// CRM holds records. Safe for concurrent use; the zero value is empty and ready.
type CRM struct {
	mu      sync.Mutex
	records []*record
	events  []string
	next    int
	// Fail, if set, is asked before each plan and event, FailFile before each file; their errors are theirs.
	Fail     func(p *crm.Plan) error
	FailFile func(f *crm.File) error
	// Used counts requests as an allowance would.
	used int
}

type record struct {
	object, id string
	fields     map[string]any
}

var _ crm.Driver = (*CRM)(nil)

// Apply writes each plan.
func (c *CRM) Apply(ctx context.Context, plans []*crm.Plan) []crm.Outcome {
	c.request(ctx, "apply")
	outcomes := make([]crm.Outcome, len(plans))
	for i, p := range plans {
		outcomes[i] = c.applyOne(p)
	}
	return outcomes
}

func (c *CRM) request(ctx context.Context, operation string) {
	c.mu.Lock()
	c.used++
	id := fmt.Sprint("request-", c.used)
	c.mu.Unlock()
	crm.Report(ctx, crm.Request{ID: id, API: "memory", Operation: operation, Unit: "api_call", Amount: 1, End: time.Now()})
}

func (c *CRM) applyOne(p *crm.Plan) crm.Outcome {
	if c.Fail != nil {
		if err := c.Fail(p); err != nil {
			return crm.Outcome{Err: err}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &transaction{c: c, ids: map[string]crm.Record{}}
	unclear := false
	for _, w := range p.Writes {
		unclear = t.write(w) || unclear
	}
	if unclear {
		for _, w := range p.Ambiguous {
			t.write(w)
		}
	}
	if t.err != nil {
		return crm.Outcome{Err: t.err}
	}
	for _, commit := range t.commits {
		commit()
	}
	return crm.Outcome{Records: t.records, Superseded: t.overtaken && len(t.commits) == 0}
}

// transaction collects one plan's changes: all or none.
type transaction struct {
	c         *CRM
	ids       map[string]crm.Record
	records   []crm.Record
	commits   []func()
	overtaken bool
	err       error
}

func (t *transaction) write(w crm.Write) (unclear bool) {
	d := crm.Decide(w, t.c.find(w))
	t.overtaken = t.overtaken || d.Overtaken
	switch d.Action {
	case crm.Nothing:
		return false
	case crm.Unclear:
		return true
	case crm.Create:
		t.c.next++
		d.ID = fmt.Sprintf("%s-%d", strings.ToLower(d.Object), t.c.next)
	default: // the record stands
	}
	out := crm.Record{Role: w.Ref, Object: d.Object, ID: d.ID, KeyField: w.KeyField(), Key: w.KeyValue(), Action: d.Action}
	t.ids[w.Ref] = out
	t.records = append(t.records, out)
	if d.Action != crm.Create && d.Action != crm.Update {
		return false
	}
	fields := map[string]any{}
	for name, v := range d.Fields {
		ref, is := t.ids[crm.Reference(v)]
		switch {
		case !is && crm.Reference(v) != "":
		case is && crm.Fits(name, ref.Object):
			fields[name] = ref.ID
		case !is:
			fields[name] = v
		}
	}
	if d.Object == "Lead" && d.Action == crm.Create && (fields["LastName"] == nil || fields["Company"] == nil) {
		t.err = &retry.Error{Class: retry.Permanent, Code: "memory.REQUIRED_FIELD_MISSING", Field: "LastName"}
	}
	t.commits = append(t.commits, func() { t.c.save(w, d, fields) })
	return false
}

func (c *CRM) save(w crm.Write, d crm.Decision, fields map[string]any) {
	if d.Action == crm.Create {
		r := &record{object: d.Object, id: d.ID, fields: fields}
		if f := w.KeyField(); f != "" {
			r.fields[f] = w.KeyValue()
		}
		c.records = append(c.records, r)
		return
	}
	i := slices.IndexFunc(c.records, func(r *record) bool { return r.id == d.ID })
	maps.Copy(c.records[i].fields, fields)
}

func (c *CRM) find(w crm.Write) []crm.Existing {
	var out []crm.Existing
	for _, r := range c.records {
		byKey := w.KeyField() != "" && r.object == w.Object && r.fields[w.KeyField()] == w.KeyValue()
		byPhone := w.Match.Phone != "" && slices.Contains(w.Match.Objects, r.object) && r.fields["Phone_E164__c"] == w.Match.Phone
		if !byKey && !byPhone {
			continue
		}
		x := crm.Existing{Object: r.object, ID: r.id, Values: r.fields}
		x.Revision, _ = r.fields[crm.RevisionField].(string)
		if w.KeyField() != "" {
			x.Key, _ = r.fields[w.KeyField()].(string)
		}
		out = append(out, x)
	}
	return out
}

// Publish keeps what subscribers would see.
func (c *CRM) Publish(ctx context.Context, plans []*crm.Plan) []crm.Outcome {
	c.request(ctx, "publish")
	outcomes := make([]crm.Outcome, len(plans))
	for i, p := range plans {
		if c.Fail != nil {
			if outcomes[i].Err = c.Fail(p); outcomes[i].Err != nil {
				continue
			}
		}
		text, err := p.JSON(1 << 17)
		if err != nil {
			outcomes[i].Err = retry.Permanently("mapping.too_long", err)
			continue
		}
		c.mu.Lock()
		c.events = append(c.events, text)
		outcomes[i].BusID = fmt.Sprint("event-", len(c.events))
		c.mu.Unlock()
	}
	return outcomes
}

// Attach makes each file, once.
func (c *CRM) Attach(ctx context.Context, files []crm.Attachment) []crm.Outcome {
	c.request(ctx, "attach")
	outcomes := make([]crm.Outcome, len(files))
	for i, a := range files {
		if c.FailFile != nil {
			if outcomes[i].Err = c.FailFile(a.Plan.File); outcomes[i].Err != nil {
				continue
			}
		}
		outcomes[i].Records = []crm.Record{c.attach(a.Plan.File, a.Parent)}
	}
	return outcomes
}

func (c *CRM) attach(f *crm.File, parent string) crm.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := crm.Record{Role: crm.RoleFile, Object: f.Object, KeyField: f.KeyField, Key: f.Key, Action: crm.Leave}
	for _, r := range c.records {
		if r.object == f.Object && r.fields[f.KeyField] == f.Key {
			out.ID = r.id
			return out
		}
	}
	c.next++
	fields := maps.Clone(f.Fields)
	if fields == nil {
		fields = map[string]any{}
	}
	fields[f.KeyField], fields[f.ParentField], fields[f.ContentField] = f.Key, parent, string(f.Content)
	out.ID, out.Action = fmt.Sprintf("file-%d", c.next), crm.Create
	c.records = append(c.records, &record{object: f.Object, id: out.ID, fields: fields})
	return out
}

// Allowance is unlimited.
func (c *CRM) Allowance() crm.Allowance {
	c.mu.Lock()
	defer c.mu.Unlock()
	return crm.Allowance{Used: c.used}
}

// Close has nothing to do.
func (c *CRM) Close() error { return nil }

// Records returns the records of an object, each with its "Id", oldest first.
func (c *CRM) Records(object string) []map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []map[string]any
	for _, r := range c.records {
		if r.object == object {
			fields := maps.Clone(r.fields)
			fields["Id"] = r.id
			out = append(out, fields)
		}
	}
	return out
}

// Seed makes a record as somebody else would, and returns its id.
func (c *CRM) Seed(object string, fields map[string]any) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	r := &record{object: object, id: fmt.Sprintf("%s-%d", strings.ToLower(object), c.next), fields: maps.Clone(fields)}
	c.records = append(c.records, r)
	return r.id
}

// Events returns the plans that were published, as they travelled.
func (c *CRM) Events() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events)
}
