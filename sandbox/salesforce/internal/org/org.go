// Package org is one Salesforce org without its wire: records, users and their permissions, the save order with
// its checks and triggers, queries, the event bus and the package's trigger on it.
package org

import (
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"maps"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// Config of an org.
type Config struct {
	// ID is the org's, 18 characters with the prefix 00D.
	ID   string
	Name string
	// Sandbox orgs say so.
	Sandbox bool
	Users   []*User
	// Queues own records; they are Groups of type Queue.
	Queues []string
	// Schema of the org.
	Schema schema.Options
	// Apply runs the package's trigger on Call_Completed__e.
	Apply bool
	// TriggerBatch is how many events the trigger takes at once; the vendor's most is 2,000.
	TriggerBatch int
	// TriggerPause is how long the platform waits before it fires the trigger again with events whose rows were locked; twice as
	// long each time.
	TriggerPause time.Duration
	// DuplicateRules hold at insert.
	DuplicateRules []DuplicateRule
	// ValidationRules hold at every save.
	ValidationRules []ValidationRule
	// SearchLag is how long a change stays unknown to SOSL.
	SearchLag time.Duration
	// HourlyEvents is how many events may be published in an hour.
	HourlyEvents int
	// Now is the clock.
	Now func() time.Time
	// Fault draws an injected error of one record write by the trigger, nil for none.
	Fault func(object string) *Error
}

// Org is one org. Safe for concurrent use.
type Org struct {
	Config
	Schema *schema.Schema
	ledger *Ledger

	mu        sync.RWMutex
	tables    map[string]*table
	ids       map[string]uint64
	cases     int
	users     map[string]*User
	published hour

	topics  map[string]*Topic
	applied uint64
	// settled closes and is replaced whenever the trigger has moved on.
	settled chan struct{}
}

// New makes an org with its users, queues and organization record. Entries of the ledger are replayed next, with
// [Org.Replay]; then [Org.Attach] makes it ready.
func New(c Config) (*Org, error) {
	o := &Org{
		Config: c, Schema: schema.New(c.Schema), tables: map[string]*table{}, ids: map[string]uint64{},
		users: map[string]*User{}, topics: map[string]*Topic{}, settled: make(chan struct{}),
	}
	for _, obj := range o.Schema.Objects() {
		if !obj.Event {
			o.tables[obj.Name] = newTable(obj)
			continue
		}
		t, err := newTopic(obj)
		if err != nil {
			return nil, fmt.Errorf("making the topic of %s: %w", obj.Name, err)
		}
		o.topics[t.Name] = t
	}
	o.configure()
	return o, nil
}

// Attach lets the org commit to a ledger.
func (o *Org) Attach(l *Ledger) { o.ledger = l }

// instance is the part of record ids that tells orgs apart.
func (o *Org) instance() string { return o.ID[3:5] + "0" }

// fixedID is the id of a record that comes from the configuration: it must be the same at every start, whatever
// was made in between, so its counter comes from the name and stays out of the range that counters reach.
func (o *Org) fixedID(prefix, name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	const far = 61 * 62 * 62 * 62 * 62 * 62 * 62 * 62
	return schema.MakeID(prefix, o.instance(), far+uint64(h.Sum32()))
}

func (o *Org) configure() {
	born := "2026-01-01T00:00:00.000+0000"
	add := func(object, id string, fields Row) {
		row := Row{"Id": id, "IsDeleted": false, "CreatedDate": born, "LastModifiedDate": born, "SystemModstamp": born}
		for _, f := range o.tables[object].object.Fields {
			if f.Default != nil && row[f.Name] == nil {
				row[f.Name] = f.Default
			}
		}
		maps.Copy(row, fields)
		o.tables[object].put(id, row)
	}
	add("Organization", o.ID, Row{"Name": o.Name, "InstanceName": "SBX1", "IsSandbox": o.Sandbox})
	for _, u := range o.Users {
		u.prepare()
		u.ID = o.fixedID("005", u.Username)
		o.users[u.ID] = u
		add("User", u.ID, Row{
			"Username": u.Username, "Name": u.Name(), "LastName": u.Last, "FirstName": none(u.First), "Email": u.Email,
			"Alias": cutTo(u.Last, 8), "IsActive": true,
		})
	}
	if t := o.topics[CompletedEvent]; o.Apply && t != nil {
		id := o.fixedID("0zX", CompletedEvent)
		add("EventBusSubscriber", id, Row{"ExternalId": id, "Name": "CallCompletedTrigger", "Status": "Running", "Topic": t.Name, "Type": "ApexTrigger"})
	}
	for _, q := range o.Queues {
		add("Group", o.fixedID("00G", q), Row{"Name": q, "DeveloperName": q, "Type": "Queue"})
	}
}

func none(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func cutTo(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}

// User returns a user by id; nil if there is none.
func (o *Org) User(id string) *User { return o.users[id] }

// Records returns the live records of an object, oldest first.
func (o *Org) Records(object string) []Row {
	o.mu.RLock()
	defer o.mu.RUnlock()
	obj := o.Schema.Object(object)
	if obj == nil || obj.Event {
		return nil
	}
	t := o.tables[obj.Name]
	rows := make([]Row, 0, len(t.order))
	for _, id := range t.order {
		if r := t.live(id); r != nil {
			rows = append(rows, r)
		}
	}
	return rows
}

// newID makes the next id of an object.
func (o *Org) newID(obj *schema.Object) string {
	o.ids[obj.Prefix]++
	return schema.MakeID(obj.Prefix, o.instance(), o.ids[obj.Prefix])
}

// stamp is a time as the vendor stores and shows it: to the second.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") + ".000+0000" }

// NewUUID returns a random UUID (version 4).
func NewUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// hour counts what is allowed per hour. Safe for concurrent use.
type hour struct {
	mu    sync.Mutex
	start time.Time
	n     int
}

// take counts one; false when most are taken in this hour (0 is no limit).
func (h *hour) take(now time.Time, most int) bool {
	if h.left(now, most) == 0 && most > 0 {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n++
	return true
}

func (h *hour) left(now time.Time, most int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := now.Truncate(time.Hour); !s.Equal(h.start) {
		h.start, h.n = s, 0
	}
	return max(0, most-h.n)
}
