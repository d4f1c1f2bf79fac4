package org

import (
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// Role of a user: which of the package's permission sets it has.
type Role string

// The roles.
const (
	// Integration writes calls: the before-save rules hold for it.
	Integration Role = "integration"
	// Rep works with the records; the bookkeeping and private files are closed to it.
	Rep Role = "rep"
	// Auditor reads everything and writes nothing.
	Auditor Role = "auditor"
	// Admin may do all that the API allows.
	Admin Role = "admin"
)

// User of an org.
type User struct {
	ID       string
	Username string
	Email    string
	First    string
	Last     string
	Role     Role
	// Hidden and ReadOnly fields, as "Lead.Intent__c" or "*.Intent__c", beside those of the role.
	Hidden, ReadOnly []string

	hidden, readOnly map[string]bool
}

// Actor is on whose behalf, by which request and through which API something is done.
type Actor struct {
	User *User
	// API as it stands in the change log: rest, composite, graph, collections, batch, trigger, seed.
	API     string
	Request string
	// Fault draws an injected error of one record write, nil for none.
	Fault func(object string) *Error
	Duplicate
}

// Duplicate is what Sforce-Duplicate-Rule-Header asks for.
type Duplicate struct {
	AllowSave, IncludeDetails bool
}

// repReadOnly are the fields that a rep's permission set shows but does not let change.
var repReadOnly = []string{
	"*.Call_Id__c", "*.Call_Revision__c", "*.Caller_Key__c", "*.Last_Call_Id__c", "*.Phone_E164__c", "*.Call_Cost__c",
	"*.Consent_Record__c", "*.Transcript__c", "*.Recording_URL__c", "*.PII_Redaction_Confidence__c",
	"*.StartTime__c", "*.EndTime__c", "*.Duration__c", "*.Intent_Confidence__c", "*.Disposition_Source__c",
}

func (u *User) prepare() {
	hidden, readOnly := u.Hidden, u.ReadOnly
	if u.Role == Rep {
		hidden = append([]string{"*.Frontdesk_State__c"}, hidden...)
		readOnly = append(append([]string{}, repReadOnly...), readOnly...)
	}
	u.hidden, u.readOnly = set(hidden), set(readOnly)
}

func set(names []string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[strings.ToLower(n)] = true
	}
	return m
}

func listed(m map[string]bool, object, field string) bool {
	if len(m) == 0 {
		return false
	}
	field = strings.ToLower(field)
	return m["*."+field] || m[strings.ToLower(object)+"."+field]
}

// Sees tells whether field-level security shows a field.
func (u *User) Sees(o *schema.Object, f *schema.Field) bool { return !listed(u.hidden, o.Name, f.Name) }

// Edits tells whether field-level security lets a field be written.
func (u *User) Edits(o *schema.Object, f *schema.Field) bool {
	return u.Role != Auditor && u.Sees(o, f) && !listed(u.readOnly, o.Name, f.Name)
}

// seesAllFiles: the "Query All Files" permission.
func (u *User) seesAllFiles() bool { return u.Role == Admin || u.Role == Auditor }

// Name of the user.
func (u *User) Name() string { return strings.TrimSpace(u.First + " " + u.Last) }
