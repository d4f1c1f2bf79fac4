package crm

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Existing is one record that the CRM holds and that may be what a write means.
type Existing struct {
	// Object's API name and record id.
	Object, ID string
	// Key is the value of the write's external id field on it; empty if it has none.
	Key string
	// Activity and Changed order several people: LastActivityDate and LastModifiedDate as the CRM has them.
	Activity, Changed string
	// Revision as it stands on the record.
	Revision string
	// Values of the fields that the rules look at; absent or nil is blank.
	Values map[string]any
}

// Action is what a write comes to.
type Action int

// The actions.
const (
	// Nothing stands and nothing is to be made: references to it are left out.
	Nothing Action = iota
	// Create a record.
	Create
	// Update the record found.
	Update
	// Leave the record as it is, since it holds this revision or a higher one; its id serves.
	Leave
	// Link only: the write has no fields; the id serves.
	Link
	// Unclear: several people match: nothing is written or linked, and the plan's Ambiguous writes are.
	Unclear
)

// String is the action as metrics show it.
func (a Action) String() string {
	return [...]string{"nothing", "created", "updated", "left", "linked", "ambiguous"}[a]
}

// Decision is what a write comes to, given what stands.
type Decision struct {
	Action Action
	// Object and ID of the record; ID is empty for Create.
	Object, ID string
	// Fields to send, references not yet resolved; nil unless Create or Update.
	Fields map[string]any
	// Overtaken tells that the record, one of the call's own, holds a higher revision of it. A person's record that a
	// later call has raised says nothing about this one.
	Overtaken bool
}

// Decide applies the rules to one write and the records that its match found:
//
//   - of the match's objects the first with a record wins (Contact before Lead);
//   - within it the record with our external id wins; without one, a single record is it, and of several it is
//     nobody (guessing would put one person's call on another's record) or, where the match says so, the latest;
//   - a record of this or a higher revision is left alone;
//   - fields of OnlyNew are kept for new records, fields of OnlyBlank for blank ones;
//   - a disposition that an agent gave is not overwritten by a model's or a rule's.
func Decide(w Write, found []Existing) Decision {
	x, several := pick(w, found)
	switch {
	case several:
		return Decision{Action: Unclear}
	case x == nil && (len(w.Fields) == 0 || w.key() == Key{}):
		return Decision{Action: Nothing}
	case x == nil:
		return Decision{Action: Create, Object: w.Object, Fields: w.Fields}
	}
	fields := w.fieldsFor(x.Object)
	if len(fields) == 0 {
		return Decision{Action: Link, Object: x.Object, ID: x.ID}
	}
	if x.Revision >= w.Revision {
		return Decision{Action: Leave, Object: x.Object, ID: x.ID, Overtaken: w.Scope == ScopeCall && x.Revision > w.Revision}
	}
	return Decision{Action: Update, Object: x.Object, ID: x.ID, Fields: allowed(w, fields, x)}
}

// pick returns the record that w means, or that several people match.
func pick(w Write, found []Existing) (x *Existing, several bool) {
	objects := w.Match.Objects
	switch {
	case len(objects) > 0:
	case w.Object == "Lead":
		objects = []string{"Contact", "Lead"} // a converted Lead is found as the Contact that it became
	default:
		objects = []string{w.Object}
	}
	for _, object := range objects {
		of := distinct(found, object)
		if key := w.key().Value; key != "" {
			if i := slices.IndexFunc(of, func(o *Existing) bool { return o.Key == key }); i >= 0 {
				return of[i], false
			}
		}
		switch {
		case len(of) == 0:
		case len(of) == 1:
			return of[0], false
		case w.Match.Several == SeveralLatest:
			return slices.MinFunc(of, latestFirst), false
		default:
			return nil, true
		}
	}
	return nil, false
}

// distinct is found's records of object, each once.
func distinct(found []Existing, object string) []*Existing {
	of := []*Existing{}
	for i := range found {
		same := func(o *Existing) bool { return o.ID == found[i].ID }
		if found[i].Object == object && !slices.ContainsFunc(of, same) {
			of = append(of, &found[i])
		}
	}
	return of
}

func latestFirst(a, b *Existing) int {
	return cmp.Or(cmp.Compare(b.Activity, a.Activity), cmp.Compare(b.Changed, a.Changed), cmp.Compare(a.ID, b.ID))
}

// key is the external id that w's record has or gets; the zero Key if it makes none.
func (w Write) key() Key {
	switch {
	case w.Key != nil:
		return *w.Key
	case w.Match.By != "":
		return Key{Field: w.Match.By, Value: w.Match.Value}
	}
	return Key{}
}

// KeyField and KeyValue name the external id that w's record has or gets; empty if it makes none.
func (w Write) KeyField() string { return w.key().Field }

// KeyValue is the value of KeyField.
func (w Write) KeyValue() string { return w.key().Value }

func (w Write) fieldsFor(object string) map[string]any {
	if object == w.Object {
		return w.Fields
	}
	return w.FieldsOf[object]
}

// Fields that tell who decided a disposition, and what they decide about.
const (
	sourceField = "Disposition_Source__c"
	sourceAgent = "Agent"
)

// dispositionFields go together: an agent's word covers them all.
func dispositionFields() []string {
	return []string{sourceField, "Disposition__c", "CallDisposition"}
}

func allowed(w Write, fields map[string]any, x *Existing) map[string]any {
	out := make(map[string]any, len(fields))
	agents := fields[sourceField] != sourceAgent && x.Values[sourceField] == sourceAgent
	for name, v := range fields {
		nothing, onlyBlank := w.OnlyBlank[name]
		switch {
		case slices.Contains(w.OnlyNew, name):
		case name == w.KeyField(): // it is the record's already, or the record was made by somebody else
		case onlyBlank && !blank(x.Values[name]) && x.Values[name] != nothing:
		case agents && slices.Contains(dispositionFields(), name):
		default:
			out[name] = v
		}
	}
	return out
}

func blank(v any) bool { return v == nil || v == "" }

// Looks names the fields whose standing values Decide needs beside key and revision, sorted.
func (w Write) Looks() []string {
	names := slices.Collect(maps.Keys(w.OnlyBlank))
	if _, ok := w.Fields[sourceField]; ok {
		names = append(names, sourceField)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Reference returns the ref that a field value names; "" for a plain value.
func Reference(v any) string {
	s, _ := v.(string)
	ref, ok := strings.CutPrefix(s, "@")
	if !ok {
		return ""
	}
	return ref
}

// Fits tells whether a reference field takes the id of a record of object: a Case hangs on a Contact only, a
// Task's Who is a person and its What is not.
func Fits(field, object string) bool {
	person := object == "Contact" || object == "Lead"
	switch field {
	case "ContactId":
		return object == "Contact"
	case "WhoId":
		return person
	case "WhatId":
		return !person
	}
	return true
}
