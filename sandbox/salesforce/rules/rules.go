// Package rules is how a write meets a record that may already be there: whom it matches, whether it is too old,
// and which fields a person has taken over. The same rules stand in the Salesforce package's Apex; testdata/vectors.json
// is run by both, and by every Go client that decides before it writes.
package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The package's own fields.
const (
	FieldRevision = "Call_Revision__c"
	FieldState    = "Frontdesk_State__c"
	FieldE164     = "Phone_E164__c"

	// FieldCallerKey is the key of people that we made.
	FieldCallerKey = "Caller_Key__c"
)

// bookkeeping tells fields that are nobody's opinion: they are always ours.
func bookkeeping(field string) bool {
	switch field {
	case FieldRevision, FieldState, "Call_Id__c", FieldCallerKey, "Last_Call_Id__c":
		return true
	default:
		return false
	}
}

// Stale tells whether a write of revision next comes too late for a record that holds revision held. Revisions
// are compared as text; a record without one is older than any, and a write without one is never late.
func Stale(held, next string) bool { return next != "" && next < held }

// Decision is what becomes of a write to one record.
type Decision struct {
	// Stale writes change nothing.
	Stale bool `json:"stale,omitempty"`
	// Fields to save, the state included.
	Fields map[string]any `json:"fields,omitempty"`
	// Left are the fields that a person has taken over, sorted: the record keeps its value.
	Left []string `json:"left,omitempty"`
}

// Insert decides for a new record: everything on it is ours, defaults included.
func Insert(fields map[string]any) Decision {
	state := map[string]string{}
	for name, v := range fields {
		if !bookkeeping(name) && !empty(v) {
			state[name] = Hash(v)
		}
	}
	out := maps.Clone(fields)
	out[FieldState] = stateText(state)
	return Decision{Fields: out}
}

// Keep returns what of a write goes to a record that is there already: fields of onlyNew are for new records,
// those of onlyBlank for records that hold nothing in the field, or the text named beside it, which stands for
// nothing ("Unknown caller"). A disposition that an agent gave is not overwritten by a model's or a rule's.
func Keep(held, write map[string]any, onlyNew []string, onlyBlank map[string]string) map[string]any {
	out := maps.Clone(write)
	agents := held[fieldSource] == agent && write[fieldSource] != nil && write[fieldSource] != agent
	maps.DeleteFunc(out, func(name string, _ any) bool {
		nothing, blank := onlyBlank[name]
		text := Text(held[name])
		return slices.Contains(onlyNew, name) || blank && text != "" && text != nothing ||
			agents && slices.Contains([]string{fieldSource, "Disposition__c", "CallDisposition"}, name)
	})
	return out
}

// Who decided a disposition.
const (
	fieldSource = "Disposition_Source__c"
	agent       = "Agent"
)

// Update decides for a record that holds these fields (a missing one is null). A field is a person's when its value is no longer the one
// that we wrote last, or stood there before we ever wrote it; an empty one (null, "", unticked) that we never
// wrote is nobody's.
func Update(held, write map[string]any) Decision {
	if Stale(str(held[FieldRevision]), str(write[FieldRevision])) {
		return Decision{Stale: true}
	}
	state := parseState(str(held[FieldState]))
	d := Decision{Fields: map[string]any{}}
	for _, name := range slices.Sorted(maps.Keys(write)) {
		next := write[name]
		switch {
		case name == FieldState:
		case bookkeeping(name):
			d.Fields[name] = next
		case Text(held[name]) == Text(next):
			// Nothing to write, and nothing to claim: it may be a person's.
		case persons(state, name, held[name]):
			d.Left = append(d.Left, name)
		default:
			d.Fields[name] = next
			state[name] = Hash(next)
		}
	}
	if text := stateText(state); text != str(held[FieldState]) {
		d.Fields[FieldState] = text
	}
	return d
}

func persons(state map[string]string, field string, held any) bool {
	ours, written := state[field]
	if !written {
		return !empty(held)
	}
	return Hash(held) != ours
}

func empty(v any) bool { return v == nil || v == "" || v == false }

// Hash of a field's value as it stands in Frontdesk_State__c: the first eight bytes of SHA-256 over [Text], in hex.
func Hash(v any) string {
	sum := sha256.Sum256([]byte(Text(v)))
	return hex.EncodeToString(sum[:8])
}

// Text is a value as it is hashed and compared: null is "", a number has no trailing zeros, dates and times are
// as REST returns them (2006-01-02, 2006-01-02T15:04:05.000+0000), an id has 18 characters.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return Text(f)
	default:
		return ""
	}
}

// parseState reads Frontdesk_State__c. What can't be read counts as never written, so that fields are rather
// left to people than taken from them.
func parseState(text string) map[string]string {
	state := map[string]string{}
	if json.Unmarshal([]byte(text), &state) != nil || state == nil {
		return map[string]string{}
	}
	return state
}

// stateText is JSON with sorted keys; "" for nothing.
func stateText(state map[string]string) string {
	if len(state) == 0 {
		return ""
	}
	b, err := json.Marshal(state)
	if err != nil {
		return ""
	}
	return string(b)
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// Fits tells whether a reference field takes the id of a record of an object: a Case hangs on a Contact only, a Task's Who is a
// person and its What is not.
func Fits(field, object string) bool {
	person := object == "Contact" || object == "Lead"
	switch field {
	case "ContactId":
		return object == "Contact"
	case "WhoId":
		return person
	case "WhatId":
		return !person
	default:
		return true
	}
}

// Reference returns the name of the earlier write that a field's value stands for ("@caller"), and whether it
// does. Only reference fields may hold one.
func Reference(v any) (string, bool) {
	s, ok := v.(string)
	if !ok || len(s) < 2 {
		return "", false
	}
	return strings.CutPrefix(s, "@")
}
