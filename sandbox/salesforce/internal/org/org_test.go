package org_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fresh makes an org whose clock moves a second with each look.
func fresh(t testing.TB) *org.Org {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o, err := org.New(org.Config{
		ID: "00DAA0000000001EAA", Name: "test", Apply: true, TriggerBatch: 200,
		Users: []*org.User{
			{Username: "integration@test.example", Last: "Integration", Role: org.Integration},
			{Username: "admin@test.example", Last: "Admin", Role: org.Admin},
		},
		Schema: schema.Options{Intents: []string{"BookDemo", "Spam"}, Dispositions: []string{"DemoBooked"}},
		Now:    func() time.Time { now = now.Add(time.Second); return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// open brings an org back from a journal ("" is memory).
func open(t testing.TB, path string) (*org.Org, *org.Ledger) {
	t.Helper()
	o := fresh(t)
	l, err := org.OpenLedger(path, o.Replay)
	if err != nil {
		t.Fatal(err)
	}
	o.Attach(l)
	return o, l
}

// state is everything that an org holds.
func state(t testing.TB, o *org.Org) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	o.View(actor(o, 0), func(tx *org.Tx) {
		for _, obj := range o.Schema.Objects() {
			if obj.Event {
				events, _ := o.Topic(obj.Name).Log.After(0, 1000)
				_ = enc.Encode(events)
				continue
			}
			q := "SELECT FIELDS(ALL) FROM " + obj.Name + " LIMIT 200"
			if obj.Name == "ContentDocumentLink" {
				q = "SELECT FIELDS(ALL) FROM ContentDocumentLink WHERE ContentDocumentId IN (SELECT Id FROM ContentDocument) LIMIT 200"
			}
			rows, err := tx.Query("67.0", q, true)
			if err != nil {
				t.Fatal(err)
			}
			_ = enc.Encode(rows)
		}
	})
	return b.String()
}

func actor(o *org.Org, i int) *org.Actor {
	return &org.Actor{User: o.Users[i], API: "test", Request: "r"}
}

func object(t testing.TB, o *org.Org, name string) *schema.Object {
	t.Helper()
	obj := o.Schema.Object(name)
	if obj == nil {
		t.Fatalf("no object %s", name)
	}
	return obj
}

// steps are transactions of every kind.
func steps(t testing.TB, o *org.Org) []func(tx *org.Tx) *org.Error {
	create := func(name string, fields map[string]any) func(tx *org.Tx) *org.Error {
		return func(tx *org.Tx) *org.Error {
			_, err := tx.Create(object(t, o, name), fields)
			return err
		}
	}
	upsert := func(name, key, value string, fields map[string]any) func(tx *org.Tx) *org.Error {
		return func(tx *org.Tx) *org.Error {
			obj := object(t, o, name)
			_, _, err := tx.Upsert(obj, obj.Field(key), value, fields)
			return err
		}
	}
	lead := func(tx *org.Tx) string {
		obj := object(t, o, "Lead")
		rec, err := tx.GetBy("67.0", obj, obj.Field("Caller_Key__c"), "+1555", nil)
		if err != nil {
			return ""
		}
		return rec.ID()
	}
	return []func(tx *org.Tx) *org.Error{
		create("Account", map[string]any{"Name": "A"}),
		upsert("Lead", "Caller_Key__c", "+1555", map[string]any{"LastName": "L", "Company": "C", "Intent__c": "BookDemo"}),
		upsert("Lead", "Caller_Key__c", "+1555", map[string]any{"Intent__c": "Spam", "FirstName": "F"}),
		upsert("Case", "Call_Id__c", "CA1", map[string]any{"Subject": "S", "Status": "Closed"}),
		create("ContentVersion", map[string]any{"PathOnClient": "a.txt", "VersionData": "aGk=", "SharingPrivacy": "P"}),
		func(tx *org.Tx) *org.Error {
			_, err := tx.Create(object(t, o, "Task"), map[string]any{"WhoId": lead(tx), "Status": "Completed", "ActivityDate": "2026-03-01"})
			return err
		},
		upsert("Lead", "Caller_Key__c", "+1555", map[string]any{"FirstName": nil}),
		func(tx *org.Tx) *org.Error {
			_, err := tx.PublishJSON(object(t, o, org.WrittenEvent), map[string]any{"Batch_Id__c": "x"})
			return err
		},
		func(tx *org.Tx) *org.Error {
			return tx.Delete(object(t, o, "Lead"), lead(tx))
		},
		create("Case", map[string]any{"Subject": "Next"}),
	}
}

// Whatever prefix of the journal a kill leaves, the org comes back as it stood after one of its transactions, and goes on.
func TestKilledAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	o, l := open(t, path)
	want := map[int64]string{0: state(t, o)}
	ends := make([]int64, 1, 16)
	for i, step := range steps(t, o) {
		if err := o.Do(actor(o, 0), step); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, info.Size())
		want[info.Size()] = state(t, o)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut")
	for n := range len(whole) + 1 {
		// Every byte near an end, and some between: what is between looks the same.
		last := int64(0)
		near := n%37 == 0
		for _, e := range ends {
			if e <= int64(n) {
				last = e
			}
			near = near || max(int64(n)-e, e-int64(n)) <= 9
		}
		if !near {
			continue
		}
		if err := os.WriteFile(cut, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		o, l := open(t, cut)
		if got := state(t, o); got != want[last] {
			t.Fatalf("cut at byte %d:\n%s\nwant\n%s", n, got, want[last])
		}
		if err := o.Do(actor(o, 1), func(tx *org.Tx) *org.Error {
			_, err := tx.Create(object(t, o, "Account"), map[string]any{"Name": "after"})
			return err
		}); err != nil {
			t.Fatalf("cut at byte %d, then written: %v", n, err)
		}
		after := state(t, o)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		o, l = open(t, cut)
		if got := state(t, o); got != after {
			t.Fatalf("cut at byte %d, written and opened again:\n%s\nwant\n%s", n, got, after)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A transaction that fails leaves everything as it was, indexes included.
func TestRollback(t *testing.T) {
	o, _ := open(t, "")
	all := steps(t, o)
	rng := rand.New(rand.NewPCG(1, 2))
	for i, step := range all {
		before := state(t, o)
		refused := org.Refuse(400, "TEST", "undone")
		if err := o.Do(actor(o, 0), func(tx *org.Tx) *org.Error {
			for range 3 {
				_ = tx.Try(func() *org.Error { return all[rng.IntN(len(all))](tx) })
			}
			_ = tx.Try(func() *org.Error { _ = step(tx); return refused })
			return refused
		}); err != refused {
			t.Fatalf("step %d: %v", i, err)
		}
		if got := state(t, o); got != before {
			t.Fatalf("step %d left something:\n%s\nwas\n%s", i, got, before)
		}
		if err := o.Do(actor(o, 0), step); err != nil {
			t.Fatalf("step %d after a rollback: %v", i, err)
		}
	}
}

// The trigger goes on where it was: after a kill no event is applied twice and none is left out.
func TestTriggerResumes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	o, l := open(t, path)
	send := func(o *org.Org, call string) {
		t.Helper()
		plan := fmt.Sprintf(`{"v":1,"call":%q,"revision":"000001","writes":[{"ref":"log","object":"Task","match":{"by":"Call_Id__c","value":%q},"fields":{"Subject":"Call"}}]}`, call, call+":log")
		if err := o.Do(actor(o, 0), func(tx *org.Tx) *org.Error {
			_, err := tx.PublishJSON(object(t, o, org.CompletedEvent), map[string]any{"Call_Id__c": call, "Writes__c": plan})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	run := func(o *org.Org) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); o.RunTrigger(ctx) }()
		if err := o.Settled(t.Context()); err != nil {
			t.Fatal(err)
		}
		cancel()
		<-done
	}
	send(o, "CA1")
	run(o)
	send(o, "CA2") // and killed before the trigger sees it
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o, l = open(t, path)
	run(o)
	if n := len(o.Records("Task")); n != 2 {
		t.Errorf("%d tasks", n)
	}
	events, _ := o.Topic(org.WrittenEvent).Log.After(0, 10)
	changes, _ := l.After(0, 0, func(c *org.Logged) bool { return c.API == "trigger" })
	if len(events) != 2 || len(changes) != 2 {
		t.Errorf("%d results, %d changes by the trigger", len(events), len(changes))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// A journal that can't be written refuses, and the memory doesn't run ahead of it.
func TestJournalFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	o, l := open(t, path)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before := state(t, o)
	err := o.Do(actor(o, 0), steps(t, o)[0])
	if err == nil || err.Code != "UNKNOWN_EXCEPTION" || err.HTTP != 500 {
		t.Errorf("error %v", err)
	}
	if state(t, o) != before {
		t.Error("something is left that the journal doesn't hold")
	}
}

func TestIDs(t *testing.T) {
	for _, n := range []uint64{0, 1, 61, 62, 1 << 40} {
		id := schema.MakeID("00Q", "AA0", n)
		if len(id) != 18 || schema.Counter(id) != n {
			t.Errorf("%d: %s is %d", n, id, schema.Counter(id))
		}
		for _, form := range []string{id, id[:15]} {
			if got, ok := schema.NormalID(form); !ok || got != id {
				t.Errorf("%s: %s, %v", form, got, ok)
			}
		}
	}
	// From the vendor's documentation.
	if got, ok := schema.NormalID("001D000000IqhSL"); !ok || got != "001D000000IqhSLIAZ" {
		t.Errorf("%s", got)
	}
	if got, ok := schema.NormalID("001d000000iqhsliaz"); !ok || got != "001D000000IqhSLIAZ" {
		t.Errorf("an id that lost its case: %s %v", got, ok)
	}
	for _, bad := range []string{"", "junk", "001D000000IqhSL9AZ", "001D000000IqhSLBAZ", "001D000000Iqh-L", "001D000000IqhSLIA"} {
		if got, ok := schema.NormalID(bad); ok {
			t.Errorf("%q is %s", bad, got)
		}
	}
}
