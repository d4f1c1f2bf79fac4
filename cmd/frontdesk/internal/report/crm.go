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
	// User who wrote, by name; API that it came by; Request of the client that brought it.
	User, API, Request string
	// Fields that changed, as they are after it; null where nothing is left.
	Fields map[string]any
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
	if callID == "" {
		return h // it never rang
	}
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

// bookkeeping are the fields that the CRM, or our own trigger, keeps by itself.
var bookkeeping = []string{
	"Id", "CreatedById", "CreatedDate", "LastModifiedById", "LastModifiedDate", "SystemModstamp", "IsDeleted", "Frontdesk_State__c",
}

// Write is what one call wrote to one record.
type Write struct {
	Object string `json:"object"`
	ID     string `json:"id"`
	// Created by this call, rather than found.
	Created bool `json:"created"`
	// Fields that the call changed, as it left them.
	Fields map[string]any `json:"fields"`
	// Requests that did it, by the client's id; API that they came by.
	Requests []string `json:"requests"`
	API      string   `json:"api"`
}

// written is what the change log says that a call wrote, in the order of its first writes: records keyed by the call id, and
// people whose revision names the call.
func written(changes []Change, callID string) []Write {
	list := []Write{}
	if callID == "" {
		return list // as above
	}
	own, at := map[string]bool{}, map[string]int{}
	for _, c := range changes {
		key, _ := c.Fields["Call_Id__c"].(string)
		revision, _ := c.Fields["Call_Revision__c"].(string)
		if key == callID || strings.HasPrefix(key, callID+":") {
			own[c.ID] = true
		}
		if c.Op == "rollup" || !own[c.ID] && !strings.Contains(revision, "|"+callID+"|") {
			continue
		}
		i, known := at[c.ID]
		if !known {
			i = len(list)
			at[c.ID] = i
			list = append(list, Write{Object: c.Object, ID: c.ID, Created: c.Op == "create", Fields: map[string]any{}, Requests: []string{}, API: c.API})
		}
		for f, v := range c.Fields {
			if !slices.Contains(bookkeeping, f) {
				list[i].Fields[f] = v
			}
		}
		if c.Request != "" && !slices.Contains(list[i].Requests, c.Request) {
			list[i].Requests = append(list[i].Requests, c.Request)
		}
	}
	return list
}

// asLeft is a field as the call left it, best known object first: a later call by the same person changes what stands on a
// shared record.
func asLeft(writes []Write, field string) any {
	for _, o := range []string{"Case", "Lead", "Contact", "Task"} {
		for _, w := range writes {
			if v := w.Fields[field]; w.Object == o && v != nil && v != "" {
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

// Double is several records that should be one.
type Double struct {
	Object string `json:"object"`
	// Key is the external id or number that they share.
	Key string   `json:"key"`
	IDs []string `json:"ids"`
}

// doubles finds records that stand twice: two of one object with the same external id or, for people, the same number. Records
// that were there before the calls count as the first.
func doubles(crm CRM) []Double {
	var all []Double
	for _, o := range objects {
		at := map[string]int{}
		var found []Double
		for _, r := range crm.Records(o) {
			key := cmp.Or(strings.ToLower(r.text("Call_Id__c")), r.text("Caller_Key__c"), r.text("Phone_E164__c"))
			if key == "" {
				continue
			}
			i, known := at[key]
			if !known {
				i = len(found)
				at[key] = i
				found = append(found, Double{Object: o, Key: key})
			}
			found[i].IDs = append(found[i].IDs, r.ID)
		}
		all = append(all, slices.DeleteFunc(found, func(d Double) bool { return len(d.IDs) < 2 })...)
	}
	return all
}
