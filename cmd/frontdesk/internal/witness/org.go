package witness

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

// The names that the shipped Salesforce package gives.
const (
	callField     = "Call_Id__c"
	personField   = "Caller_Key__c"
	lastField     = "Last_Call_Id__c"
	revisionField = "Call_Revision__c"
	fileObject    = "ContentVersion"
	event         = "Call_Completed__e"
	eventID       = "Event_Id__c"
)

// record is one as the changes so far have left it.
type record struct {
	object, id string
	fields     map[string]any
	// highest revision that it ever had.
	highest string
	// madeFor is the call that it was made for; empty for what was there before.
	madeFor string
	deleted bool
}

func (r *record) text(field string) string {
	s, _ := r.fields[field].(string)
	return s
}

// Org is what one org's change log and bus have told so far. Not safe for concurrent use.
type Org struct {
	server *salesforce.Server
	name   string

	seq     int64
	replay  uint64
	records map[string]*record
	// byCall are the records keyed by a call's id, alone or with a role; people are Leads and Contacts by the key that they were
	// made with.
	byCall map[string][]*record
	people map[string][]*record
	// created is when the first record of a call was committed.
	created map[string]time.Time
	// events are the first payloads by event id, and which calls they are of; revisions by call.
	events     map[string]map[string]any
	eventCalls map[string]bool
	eventsOf   map[string]string // call and revision → event id

	repeats    int
	outOfOrder []Fault
	doubled    []Fault
}

// Fault is one thing that must not be.
type Fault struct {
	// Call is its id; empty for what belongs to no single call.
	Call string `json:"call"`
	// What is wrong, in a line that quotes no personal data.
	What string `json:"what"`
}

// Watch begins at the beginning of an org's log.
func Watch(server *salesforce.Server, org string) *Org {
	return &Org{
		server: server, name: org, records: map[string]*record{}, byCall: map[string][]*record{}, people: map[string][]*record{},
		created: map[string]time.Time{}, events: map[string]map[string]any{}, eventCalls: map[string]bool{}, eventsOf: map[string]string{},
	}
}

// Read takes in what was committed since the last time.
func (o *Org) Read() {
	for _, c := range o.server.ChangeLog(salesforce.Filter{Org: o.name, After: o.seq}) {
		o.seq = c.Seq
		o.change(c)
	}
	for _, e := range o.server.Events(o.name, event, o.replay) {
		o.replay = e.Replay
		o.published(e)
	}
}

func (o *Org) change(c salesforce.Change) {
	if c.Op == "rollup" {
		return // the vendor's own
	}
	r := o.records[c.ID]
	if r == nil {
		r = &record{object: c.Object, id: c.ID, fields: map[string]any{}}
		o.records[c.ID] = r
	}
	maps.Copy(r.fields, c.After)
	if c.Op == "delete" {
		r.deleted = true
		return
	}
	o.order(r, c)
	if c.Op == "create" && c.API != "seed" {
		r.madeFor = callOf(r)
		o.file(r, c)
	}
}

// order holds a change's revision against the highest that the record has had.
func (o *Org) order(r *record, c salesforce.Change) {
	revision, told := c.After[revisionField].(string)
	if !told {
		return
	}
	if revision < r.highest {
		o.outOfOrder = append(o.outOfOrder, Fault{callOf(r), fmt.Sprintf(
			"%s %s went from revision %s back to %s by change %d", r.object, r.id, bare(r.highest), bare(revision), c.Seq)})
	}
	r.highest = max(r.highest, revision)
}

// bare is a revision without the caller's data that may stand in a person's.
func bare(revision string) string {
	if _, number, ok := strings.Cut(revision, "|"); ok {
		return "…|" + number
	}
	return revision
}

// callOf is the call that a record is keyed by.
func callOf(r *record) string {
	id, _, _ := strings.Cut(r.text(callField), ":")
	if id == "" {
		id = r.text(lastField)
	}
	return id
}

// file puts a new record where it is looked for, and tells of a second one of the same key.
func (o *Org) file(r *record, c salesforce.Change) {
	if key := r.text(callField); key != "" {
		call := callOf(r)
		for _, other := range o.byCall[call] {
			// A call has one file; further ones differ in the hash that their keys end in.
			if other.object == r.object && (r.object == fileObject || strings.EqualFold(other.text(callField), key)) {
				o.doubled = append(o.doubled, Fault{call, fmt.Sprintf("%s twice: %s and %s", r.object, other.id, r.id)})
			}
		}
		o.byCall[call] = append(o.byCall[call], r)
		if _, known := o.created[call]; !known {
			o.created[call] = c.At
		}
	}
	if key := r.text(personField); key != "" {
		key = r.object + " " + strings.ToLower(key)
		for _, other := range o.people[key] {
			o.doubled = append(o.doubled, Fault{callOf(r), fmt.Sprintf("%s twice for one caller: %s and %s", r.object, other.id, r.id)})
		}
		o.people[key] = append(o.people[key], r)
	}
}

// published holds an event against the first one of its id: equal, it was sent again for want of an answer, which a bus without
// idempotent publishing can't prevent; otherwise it is a second event.
func (o *Org) published(e salesforce.Event) {
	id, _ := e.Fields[eventID].(string)
	call, _ := e.Fields[callField].(string)
	revision, _ := e.Fields[revisionField].(string)
	if id == "" || call == "" {
		o.doubled = append(o.doubled, Fault{call, fmt.Sprintf("event %d on the bus can't be told: it names no call or no event id", e.Replay)})
		return
	}
	o.eventCalls[call] = true
	if at, known := o.created[call+" event"]; !known || e.At.Before(at) {
		o.created[call+" event"] = e.At
	}
	before, known := o.events[id]
	if !known {
		o.events[id] = e.Fields
		of := call + " " + revision
		if other, taken := o.eventsOf[of]; taken {
			o.doubled = append(o.doubled, Fault{call, "two events for one revision: " + other + " and " + id})
		}
		o.eventsOf[of] = id
		return
	}
	if differ := differing(before, e.Fields); len(differ) > 0 {
		o.doubled = append(o.doubled, Fault{call, "two different events of the id " + id + ": they differ in " + strings.Join(differ, ", ")})
		return
	}
	o.repeats++
}

// differing are the names of the fields, in order, that two payloads do not have alike. Their values may be personal.
func differing(a, b map[string]any) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool {
		// These two are of the request, not of the event.
		return name == "CreatedDate" || name == "CreatedById" || reflect.DeepEqual(a[name], b[name])
	})
}

// of are the live records of a call.
func (o *Org) of(call string) []*record {
	return slices.DeleteFunc(slices.Clone(o.byCall[call]), func(r *record) bool { return r.deleted })
}

// log is the Task that every call leaves.
func (o *Org) log(call string) *record {
	for _, r := range o.of(call) {
		if r.object == "Task" && strings.EqualFold(r.text(callField), call+":log") {
			return r
		}
	}
	return nil
}
