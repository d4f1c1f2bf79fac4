package org

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/rules"
)

// newestPlan is the version of Writes__c that the package knows; it knows those before, too.
const newestPlan = 2

// plan is Writes__c. Version 2 says of each write what it is keyed by, and makes nothing where it names no key; version 1 makes
// whatever it does not find, takes the latest of several people, and writes to a record of another object the fields that both
// have.
type plan struct {
	V        int     `json:"v"`
	Call     string  `json:"call"`
	Revision string  `json:"revision"`
	Writes   []write `json:"writes"`
	// Ambiguous are made where a match finds several people.
	Ambiguous []write `json:"ambiguous"`
}

type write struct {
	Ref    string      `json:"ref"`
	Object string      `json:"object"`
	Match  rules.Match `json:"match"`
	// Key is an external id that a match by phone looks for, too, and a new record gets.
	Key           *rules.Key `json:"key"`
	Revision      string     `json:"revision"`
	RevisionScope string     `json:"revision_scope"`
	// Fields to write; none finds the record for the sake of references.
	Fields map[string]any `json:"fields"`
	// Other stand in for Fields where the match is a record of another object.
	Other map[string]map[string]any `json:"other"`
	// OnlyNew and OnlyBlank are fields that an update leaves alone, see [rules.Keep].
	OnlyNew   []string          `json:"only_new"`
	OnlyBlank map[string]string `json:"only_blank"`
}

func parseWrites(text, call string) (*plan, error) {
	p := &plan{}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("reading Writes__c: %w", err)
	}
	switch {
	case d.More():
		return nil, errors.New("reading Writes__c: something follows the JSON")
	case p.V < 1 || p.V > newestPlan:
		return nil, fmt.Errorf("reading Writes__c: it has version %d, this package knows 1 to %d; install a newer one", p.V, newestPlan)
	case p.Call == "" || call != "" && p.Call != call:
		return nil, errors.New("reading Writes__c: it is of another call than its event")
	case p.V == 1 && p.Ambiguous != nil:
		return nil, errors.New("reading Writes__c: version 1 has no ambiguous writes")
	}
	refs := map[string]bool{}
	for _, writes := range [][]write{p.Writes, p.Ambiguous} {
		for i := range writes {
			if err := writes[i].check(p.V, refs); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

func (w *write) check(version int, refs map[string]bool) error {
	switch {
	case w.Ref == "" || refs[w.Ref]:
		return fmt.Errorf("write %q: its ref must be there once", w.Ref)
	case w.RevisionScope != "" && w.RevisionScope != "person" && w.RevisionScope != "call":
		return fmt.Errorf("write %q: revision_scope is person or call", w.Ref)
	case w.RevisionScope == "person" && w.Revision == "" && (version == 1 || len(w.Fields) > 0):
		return fmt.Errorf("write %q: a person's revision must be given", w.Ref)
	case version == 1 && (w.Key != nil || w.Other != nil || w.Match.Several != ""):
		return fmt.Errorf("write %q: version 1 has no key, other and several", w.Ref)
	case version > 1 && w.Match.ID != "":
		return fmt.Errorf("write %q: a match by id went with version 1", w.Ref)
	case w.Key != nil && (w.Key.Field == "" || w.Key.Value == "" || w.Match.Phone == ""):
		return fmt.Errorf("write %q: a key has field and value, and goes with a match by phone", w.Ref)
	}
	refs[w.Ref] = true
	w.Match.Key = w.Key
	if version == 1 {
		w.Match.Several = rules.Latest
		if key := str(w.Fields[rules.FieldCallerKey]); key != "" {
			w.Match.Key = &rules.Key{Field: rules.FieldCallerKey, Value: key}
		}
	}
	return nil
}

// makes tells whether the write makes a record where it finds none.
func (w *write) makes(version int) bool {
	return version == 1 || len(w.Fields) > 0 && (w.Match.By != "" || w.Key != nil)
}

// of are the fields for a record of obj that is there.
func (w *write) of(version int, obj *schema.Object) map[string]any {
	switch {
	case obj.Name == w.Object:
		return w.Fields
	case version > 1:
		return w.Other[obj.Name]
	}
	both := maps.Clone(w.Fields)
	maps.DeleteFunc(both, func(name string, _ any) bool {
		f := obj.Field(name)
		return f == nil || f.ReadOnly || f.CreateOnly
	})
	return both
}

// fields makes in, of which row is to hold what is left (nil for a new record), what is saved: references are ids, and the revision
// is among them.
func (w *write) fields(p *plan, obj *schema.Object, row Row, in map[string]any, done map[string]writeResult) (map[string]any, *Error) {
	out := make(map[string]any, len(in)+2)
	who := ""
	for name, v := range in {
		f := obj.Field(name)
		ref, is := rules.Reference(v)
		if f == nil || f.Type != schema.Reference || !is {
			out[name] = v
			continue
		}
		r, ok := done[ref]
		if !ok {
			return nil, bad("UNKNOWN_REF", []string{name}, "%s points to %q, which is no earlier write", name, ref)
		}
		if name == "WhoId" {
			who = r.Object
		}
		if r.ID != "" && rules.Fits(name, r.Object) {
			out[name] = r.ID
		}
	}
	if obj.Name == "Task" {
		oneParent(out, row, who)
	}
	if obj.Field(rules.FieldRevision) != nil {
		out[rules.FieldRevision] = w.Revision
		if w.Revision == "" {
			out[rules.FieldRevision] = p.Revision
		}
	}
	return out, nil
}

// oneParent holds the rule that a Task whose Who is a Lead has no What: the Lead gives way, except where the Task hangs on it
// already. who is the object of the person whom the write means.
func oneParent(fields map[string]any, row Row, who string) {
	switch {
	case fields["WhatId"] == nil:
	case strings.HasPrefix(str(row["WhoId"]), leadPrefix):
		delete(fields, "WhatId")
	case who == "Lead":
		delete(fields, "WhoId")
	}
}

// leadPrefix begins every Lead's id.
const leadPrefix = "00Q"
