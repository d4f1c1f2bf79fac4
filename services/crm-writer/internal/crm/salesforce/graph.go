package salesforce

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// resolved is a plan with its decisions, as a graph.
type resolved struct {
	*attempt
	writes    []crm.Write
	decisions []crm.Decision
	nodes     []sf.Subrequest
	// node is the index of a write's node; -1 for none.
	node []int
}

func graphID(i int) string { return "g" + strconv.Itoa(i) }

// resolve decides each write of a plan and makes its graph.
func (d *Driver) resolve(a *attempt, f *found) *resolved {
	r := &resolved{attempt: a}
	unclear := false
	for _, w := range a.plan.Writes {
		unclear = r.add(d, w, f) == crm.Unclear || unclear
	}
	if unclear {
		for _, w := range a.plan.Ambiguous {
			r.add(d, w, f)
		}
	}
	return r
}

func (r *resolved) add(d *Driver, w crm.Write, f *found) crm.Action {
	found := f.of(w, r.named[w.Ref])
	decision := crm.Decide(w, found)
	r.writes, r.node = append(r.writes, w), append(r.node, -1)
	if decision.Action == crm.Create || decision.Action == crm.Update {
		decision.Fields = r.fields(w, decision, found)
		r.node[len(r.node)-1] = len(r.nodes)
		r.nodes = append(r.nodes, node(d.client, w, decision))
	}
	r.decisions = append(r.decisions, decision)
	return decision.Action
}

// fields resolves references: the id of a record that stands, a reference to one that the graph makes, or
// nothing at all where there is no record or the field takes none of its kind.
func (r *resolved) fields(w crm.Write, d crm.Decision, found []crm.Existing) map[string]any {
	out := maps.Clone(d.Fields)
	for name, v := range d.Fields {
		ref := crm.Reference(v)
		i := r.index(ref)
		if i < 0 {
			continue // somebody's words
		}
		delete(out, name)
		target := r.decisions[i]
		if !crm.Fits(name, target.Object) {
			continue
		}
		switch {
		case target.ID != "":
			out[name] = target.ID
		case target.Action == crm.Create:
			out[name] = sf.Ref(ref)
		}
	}
	if w.Object == "Task" {
		r.oneParent(out, d, found)
	}
	return out
}

// oneParent holds Salesforce's rule for Tasks: one whose Who is a Lead has no What. The Case is what the
// Task is about, so a Lead gives way to it, except where the Task hangs on the Lead already.
func (r *resolved) oneParent(out map[string]any, d crm.Decision, found []crm.Existing) {
	if _, what := out["WhatId"]; !what {
		return
	}
	for _, x := range found {
		if who, _ := x.Values["WhoId"].(string); x.ID == d.ID && strings.HasPrefix(who, leadPrefix) {
			delete(out, "WhatId")
			return
		}
	}
	if i := r.index(crm.Reference(d.Fields["WhoId"])); i >= 0 && r.decisions[i].Object == "Lead" {
		delete(out, "WhoId")
	}
}

// leadPrefix begins every Lead's id.
const leadPrefix = "00Q"

// index of an earlier write by its ref; -1 if there is none.
func (r *resolved) index(ref string) int {
	if ref == "" {
		return -1
	}
	for i := range r.decisions {
		if r.writes[i].Ref == ref {
			return i
		}
	}
	return -1
}

// node is one create, upsert or update. What has an external id of its own is upserted by it, so that a
// repeat finds it. A person that no look-up found is inserted with the key instead: between two first calls
// at the same time, an upsert would let the second overwrite what the first made, an insert fails
// (DUPLICATE_VALUE) and the second looks again.
func node(c *sf.Client, w crm.Write, d crm.Decision) sf.Subrequest {
	n := sf.Subrequest{ReferenceID: w.Ref, Body: sf.Fields(d.Fields)}
	switch {
	case d.Action == crm.Update:
		n.Method, n.URL = http.MethodPatch, c.RecordPath(d.Object, d.ID)
	case w.Match.By != "":
		n.Method, n.URL = http.MethodPatch, c.KeyPath(d.Object, w.Match.By, w.Match.Value)
	default:
		n.Method, n.URL = http.MethodPost, c.ObjectPath(d.Object)
	}
	return n
}

// updates tells whether the write of this ref changes a record that was found.
func (r *resolved) updates(ref string) bool {
	i := r.index(ref)
	return i >= 0 && r.decisions[i].Action == crm.Update
}

// refers tells whether the write of this ref hangs on a record that was found.
func (r *resolved) refers(ref string) bool {
	i := r.index(ref)
	if i < 0 {
		return false
	}
	for _, v := range r.decisions[i].Fields {
		if slices.ContainsFunc(r.decisions[:i], func(d crm.Decision) bool { return d.ID != "" && v == d.ID }) {
			return true
		}
	}
	return false
}

// outcome is what the plan came to, given the graph's answers (nil if there was nothing to send).
func (r *resolved) outcome(answers []sf.Answer) crm.Outcome {
	byRef := make(map[string]sf.Answer, len(answers))
	for _, a := range answers {
		byRef[a.ReferenceID] = a
	}
	var out crm.Outcome
	overtaken, written := false, false
	for i, d := range r.decisions {
		w := r.writes[i]
		overtaken = overtaken || d.Overtaken
		if d.Action == crm.Nothing || d.Action == crm.Unclear {
			continue
		}
		record := crm.Record{Role: w.Ref, Object: d.Object, ID: d.ID, KeyField: w.KeyField(), Key: w.KeyValue(), Action: d.Action}
		if r.node[i] >= 0 {
			written = true
			if saved := byRef[w.Ref].Saved(); saved.ID != "" {
				record.ID = saved.ID
				if d.Action == crm.Create && byRef[w.Ref].Status == http.StatusOK && !saved.Created {
					record.Action = crm.Update // an upsert that found what the look-up had not
				}
			}
		}
		if d.Action == crm.Link {
			record.KeyField, record.Key = "", ""
		}
		out.Records = append(out.Records, record)
	}
	out.Superseded = overtaken && !written
	return out
}
