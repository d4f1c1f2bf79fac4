// Package report says what came of a set of calls: for each call what the CRM holds and whether that is what
// its call.yaml expects; over all calls what was lost, doubled or leaked, and how long each stage took.
//
// It trusts no service's word: records are counted from the CRM's change log against the carrier's call list,
// and latencies are read from the topics.
package report

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Change is one committed write as the CRM's change log witnesses it.
type Change struct {
	Seq int64
	At  time.Time
	// Op is "create", "update" or "delete".
	Op         string
	Object, ID string
	// User who wrote, by name; API that it came by.
	User, API string
}

// Record is one record as the CRM holds it now.
type Record struct {
	Object, ID string
	Fields     map[string]any
}

func (r Record) text(field string) string {
	s, _ := r.Fields[field].(string)
	return s
}

// CRM is an independent look into the CRM.
type CRM interface {
	// Changes is the whole change log, oldest first.
	Changes() []Change
	// Records is every record of an object.
	Records(object string) []Record
}

// objects that a call may leave, in the order in which people look for them.
var objects = []string{"Lead", "Contact", "Case", "Task", "ContentVersion"}

// holding is everything that the CRM holds of one call.
type holding struct {
	records map[string][]Record
}

// of collects what hangs on a call: records keyed by the call id (alone, or with a role behind a colon), and
// the people and cases that those point to.
func of(crm CRM, callID string) holding {
	h := holding{records: map[string][]Record{}}
	linked := map[string]bool{}
	for _, o := range []string{"Task", "Case", "ContentVersion"} {
		for _, r := range crm.Records(o) {
			key := r.text("Call_Id__c")
			if key != callID && !strings.HasPrefix(key, callID+":") {
				continue
			}
			h.records[o] = append(h.records[o], r)
			for _, f := range []string{"WhoId", "ContactId"} {
				linked[r.text(f)] = true
			}
		}
	}
	for _, o := range []string{"Lead", "Contact"} {
		for _, r := range crm.Records(o) {
			if linked[r.ID] || r.text("Last_Call_Id__c") == callID {
				h.records[o] = append(h.records[o], r)
			}
		}
	}
	return h
}

// log is the Task that every recorded call has.
func (h holding) log(callID string) (Record, bool) {
	for _, t := range h.records["Task"] {
		if t.text("Call_Id__c") == callID+":log" {
			return t, true
		}
	}
	return Record{}, false
}

// main is the record that a person would open: the Case, else the Lead, else the Contact, else the log.
func (h holding) main(callID string) (Record, bool) {
	for _, o := range []string{"Case", "Lead", "Contact"} {
		if rs := h.records[o]; len(rs) > 0 {
			return rs[0], true
		}
	}
	return h.log(callID)
}

// value is the first non-empty value of a field over the call's records, best known object first.
func (h holding) value(field string) any {
	for _, o := range []string{"Case", "Task", "Lead", "Contact", "ContentVersion"} {
		for _, r := range h.records[o] {
			if v, ok := r.Fields[field]; ok && v != nil && v != "" {
				return v
			}
		}
	}
	return nil
}

// first is when the CRM first held anything of the call.
func (h holding) first(changes []Change) (time.Time, bool) {
	ids := map[string]bool{}
	for _, rs := range h.records {
		for _, r := range rs {
			if r.text("Call_Id__c") != "" {
				ids[r.ID] = true
			}
		}
	}
	i := slices.IndexFunc(changes, func(c Change) bool { return ids[c.ID] && c.Op == "create" })
	if i < 0 {
		return time.Time{}, false
	}
	return changes[i].At, true
}

// duplicates counts records that stand twice: two of one object with the same external id or, for people,
// the same number. Records that were there before the calls (before) count as the first.
func duplicates(crm CRM) int {
	n := 0
	for _, o := range objects {
		seen := map[string]int{}
		for _, r := range crm.Records(o) {
			key := cmp.Or(strings.ToLower(r.text("Call_Id__c")), r.text("Caller_Key__c"), r.text("Phone_E164__c"))
			if key == "" {
				continue
			}
			if seen[key]++; seen[key] > 1 {
				n++
			}
		}
	}
	return n
}
