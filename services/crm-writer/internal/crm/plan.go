// Package crm is the writer's port to a CRM: a plan says what to write of one revision of a call, an Org
// takes plans and a Driver, one per product, carries them out.
//
// The rules that decide what a plan means for the records that stand already (rules.go) are pure functions, so
// that every driver, and whoever applies the plan on the far side of an event bus, can share them and their
// test vectors.
package crm

import (
	"fmt"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// RevisionField is the field that carries a record's revision on every object.
const RevisionField = "Call_Revision__c"

// Plan is what to write of one revision of one call: computed once by the mapping, then either applied by a
// Driver or sent over the CRM's event bus as JSON (see [Plan.JSON]). It is not changed once made.
type Plan struct {
	// Call is the call that it is about; its tenant and line of business bear the cost.
	Call events.Call
	// Payer is "product" or "central", for usage.
	Payer string
	// Revision of the insight that the plan follows from.
	Revision uint32
	// Parent is what must not be written to by two requests at once: the caller's key. Empty: nothing.
	Parent string
	// Writes in the order in which references need them.
	Writes []Write
	// Ambiguous are written only if a match by phone found several people; no Write has the same key.
	Ambiguous []Write
	// Event holds the canonical fields of the platform event, without the plan itself.
	Event map[string]any
	// File is the full transcript for a record of the plan; nil for none.
	File *File
}

// Write is one record to make, change or only find.
type Write struct {
	// Ref names the write within its plan; other writes refer to its record as "@" + Ref.
	Ref string
	// Object's API name; what is made if nothing matches.
	Object string
	// Match says how the record is found.
	Match Match
	// Key is the external id that a match by phone looks for too, and that a record made for want of a match
	// gets. Without it such a write makes nothing. Nil where Match.By is the key itself.
	Key *Key
	// Revision as it is compared with the record's own, as text: a lower or equal one changes nothing.
	Revision string
	// Scope of the revision.
	Scope Scope
	// Fields by API name, the key and the revision among them: strings, bools, int64 or float64; never null.
	// "@ref" is the id of an earlier write. Empty: the record is found for the sake of references and not changed.
	Fields map[string]any
	// FieldsOf stand in for Fields where the match is a record of another object than Object.
	FieldsOf map[string]map[string]any
	// OnlyNew names fields that are written when the record is made and left alone afterwards.
	OnlyNew []string
	// OnlyBlank names fields that are written only where the record holds nothing yet, or the value given
	// here, which stands for nothing: "Unknown caller".
	OnlyBlank map[string]string
}

// Match says how a record is found, by exactly one of two. By with Value is an external id: what is not
// found is made. Phone looks among Objects, the first object with a match winning: what is not found is made only
// where the write has a Key.
type Match struct {
	By      string   `json:"by,omitempty"`
	Value   string   `json:"value,omitempty"`
	Phone   string   `json:"phone,omitempty"`
	Objects []string `json:"objects,omitempty"`
	// Several says what to do when one object holds several people with the number; "" is SeveralLeave.
	Several Several `json:"several,omitempty"`
}

// Several is a rule for a match by phone that finds several people.
type Several string

// The rules. Taking whichever comes first is none of them.
const (
	// SeveralLeave links nobody; the plan's Ambiguous writes tell a person. The default.
	SeveralLeave Several = "leave"
	// SeveralLatest takes the one with the latest activity, then the one changed last, then the lowest id.
	SeveralLatest Several = "latest"
)

// Key is an external id and its value.
type Key struct{ Field, Value string }

// Scope of a revision's order.
type Scope string

// The scopes.
const (
	// ScopeCall orders the revisions of one call: six digits.
	ScopeCall Scope = "call"
	// ScopePerson orders all calls of a person: call start, call id, revision.
	ScopePerson Scope = "person"
)

// File is a file that is made once and never changed.
type File struct {
	// Ref of the write whose record the file hangs on.
	Ref string
	// Object's API name, e.g. "ContentVersion".
	Object string
	// KeyField and Key are its external id: the call id and a hash of the content, so that new words are a
	// new file.
	KeyField, Key string
	// ParentField takes the record's id.
	ParentField string
	// Fields by API name, without key, parent and content.
	Fields map[string]any
	// ContentField takes Content, encoded as the product wants it.
	ContentField string
	// Content is the whole file.
	Content []byte
}

// CallRevision is a revision of ScopeCall as text.
func CallRevision(revision uint32) string { return fmt.Sprintf("%06d", revision) }
