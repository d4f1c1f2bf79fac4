package salesforce

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// Absent tells which records the org lacks of what each plan would have made, in the order of the plans. It decides as [Driver.Apply]
// does and writes nothing: what it names is what Apply would make. All plans are of one tenant.
//
// However many plans there are, it asks with as few requests as the limits allow: some 10,000 external ids a request, and one or
// two more only where a person is missing whom somebody may have typed in by hand.
func (d *Driver) Absent(ctx context.Context, plans []*crm.Plan) ([][]crm.Absence, error) {
	todo := make([]*attempt, len(plans))
	for i, p := range plans {
		todo[i] = &attempt{plan: p, named: map[string]sf.Match{}}
	}
	found, err := d.standing(ctx, todo)
	if err != nil {
		return nil, err
	}
	files, err := d.files(ctx, plans)
	if err != nil {
		return nil, err
	}
	out, unknown := make([][]crm.Absence, len(plans)), []*attempt{}
	for i, a := range todo {
		absent, person := d.absent(a, found)
		if out[i] = absent; person && !d.cfg.NoSearch {
			unknown = append(unknown, a)
		}
	}
	if len(unknown) > 0 {
		if found, err = d.lookUp(ctx, unknown); err != nil {
			return nil, err
		}
		for i, a := range todo {
			if slices.Contains(unknown, a) {
				out[i], _ = d.absent(a, found)
			}
		}
	}
	for i, p := range plans {
		if f := p.File; f != nil && !files[strings.ToLower(f.Key)] {
			out[i] = append(out[i], crm.Absence{Role: crm.RoleFile, Object: f.Object, KeyField: f.KeyField, Key: f.Key})
		}
	}
	return out, nil
}

// standing is what stands by key and by number, without the search.
func (d *Driver) standing(ctx context.Context, todo []*attempt) (*found, error) {
	asks := map[string]*wants{}
	for _, a := range todo {
		for _, w := range everyWrite(a.plan) {
			ask(asks, w, sf.Match{})
		}
	}
	f := newFound()
	if err := d.query(ctx, asks, f); err != nil {
		return nil, err
	}
	return f, d.followConverted(ctx, asks, f)
}

// absent is what a plan would make or raise; person tells that someone whom a number would find is among it.
func (d *Driver) absent(a *attempt, f *found) (absent []crm.Absence, person bool) {
	r := d.resolve(a, f)
	for i, decision := range r.decisions {
		w := r.writes[i]
		older := decision.Action == crm.Update && w.Scope == crm.ScopeCall
		if decision.Action != crm.Create && !older {
			continue
		}
		person = person || w.Match.Phone != ""
		absent = append(absent, crm.Absence{Role: w.Ref, Object: decision.Object, KeyField: w.KeyField(), Key: w.KeyValue(), Older: older})
	}
	return absent, person
}

// files are the keys, in lower case, of those files of the plans that are there.
func (d *Driver) files(ctx context.Context, plans []*crm.Plan) (map[string]bool, error) {
	type kind struct{ object, field string }
	keys := map[kind]map[string]bool{}
	for _, p := range plans {
		if f := p.File; f != nil {
			k := kind{f.Object, f.KeyField}
			if keys[k] == nil {
				keys[k] = map[string]bool{}
			}
			keys[k][f.Key] = true
		}
	}
	there := map[string]bool{}
	for k, want := range keys {
		q := &statements{head: "SELECT Id, " + k.field + " FROM " + k.object + " WHERE "}
		q.in(k.field, want)
		results, err := d.client.Queries(ctx, q.end())
		if err != nil {
			return nil, err // classified by the client
		}
		for _, r := range slices.Concat(results...) {
			there[strings.ToLower(r.Text(k.field))] = true
		}
	}
	return there, nil
}

// Slim is p without what [Driver.Absent] does not need: the texts above all, so that the plans of a day fit into memory. only names
// the writes that count, by ref, whatever their conditions would come to now; nil leaves that to the plan.
func Slim(p *crm.Plan, only func(ref string) bool) *crm.Plan {
	out := &crm.Plan{Call: p.Call, Revision: p.Revision}
	for _, w := range p.Writes {
		if only == nil || only(w.Ref) {
			out.Writes = append(out.Writes, slim(w))
		}
	}
	for _, w := range p.Ambiguous {
		switch {
		case only == nil:
			out.Ambiguous = append(out.Ambiguous, slim(w))
		case only(w.Ref) && !slices.ContainsFunc(out.Writes, func(o crm.Write) bool { return o.Ref == w.Ref }):
			out.Writes = append(out.Writes, slim(w))
		}
	}
	if f := p.File; f != nil && (only == nil || only(crm.RoleFile)) {
		out.File = &crm.File{Ref: f.Ref, Object: f.Object, KeyField: f.KeyField, Key: f.Key}
	}
	return out
}

func slim(w crm.Write) crm.Write {
	few := func(fields map[string]any) map[string]any {
		if len(fields) == 0 {
			return nil
		}
		return map[string]any{crm.RevisionField: w.Revision}
	}
	out := crm.Write{Ref: w.Ref, Object: w.Object, Match: w.Match, Key: w.Key, Revision: w.Revision, Scope: w.Scope, Fields: few(w.Fields)}
	if len(w.FieldsOf) > 0 {
		out.FieldsOf = maps.Clone(w.FieldsOf)
		for object, fields := range out.FieldsOf {
			out.FieldsOf[object] = few(fields)
		}
	}
	return out
}
