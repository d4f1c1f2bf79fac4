package org

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/bus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// Tx is one transaction: all of it or nothing is kept, in memory and in the journal. It holds the org's lock.
type Tx struct {
	*Actor
	o       *Org
	now     string
	changes []Change
	events  []bus.Event
	undo    []undo
	applied uint64
}

type undo struct {
	table *table
	id    string
	old   Row
}

// mark is a savepoint.
type mark struct{ changes, events, undo int }

// Do runs fn in a transaction. When fn fails, nothing of it is kept and the error is returned; else it is on the disk
// when Do returns.
func (o *Org) Do(a *Actor, fn func(*Tx) *Error) *Error {
	position, err := o.do(a, fn)
	if err != nil {
		return err
	}
	if e := o.ledger.Sync(position); e != nil {
		return unsaved(e)
	}
	return nil
}

func (o *Org) do(a *Actor, fn func(*Tx) *Error) (int64, *Error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := o.Now()
	tx := &Tx{Actor: a, o: o, now: stamp(at)}
	if err := fn(tx); err != nil {
		tx.rollback(mark{})
		return 0, err
	}
	if len(tx.changes) == 0 && len(tx.events) == 0 && tx.applied == 0 {
		return 0, nil
	}
	position, e := o.ledger.Append(&Entry{
		At: at, Org: o.ID, User: a.User.ID, Request: a.Request, API: a.API,
		Changes: tx.changes, Events: tx.events, Applied: tx.applied,
	})
	if e != nil {
		tx.rollback(mark{})
		return 0, unsaved(e)
	}
	o.deliver(at, tx.events)
	if tx.applied > 0 {
		o.applied = tx.applied
		close(o.settled)
		o.settled = make(chan struct{})
	}
	return position, nil
}

func unsaved(err error) *Error {
	return Refuse(http.StatusInternalServerError, "UNKNOWN_EXCEPTION", "An unexpected error occurred: %v", err)
}

// View runs fn while nothing changes; fn must only read.
func (o *Org) View(a *Actor, fn func(*Tx)) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	fn(&Tx{Actor: a, o: o, now: stamp(o.Now())})
}

func (tx *Tx) mark() mark { return mark{len(tx.changes), len(tx.events), len(tx.undo)} }

// rollback forgets everything since m.
func (tx *Tx) rollback(m mark) {
	for i := len(tx.undo) - 1; i >= m.undo; i-- {
		u := tx.undo[i]
		u.table.put(u.id, u.old)
	}
	tx.undo, tx.changes, tx.events = tx.undo[:m.undo], tx.changes[:m.changes], tx.events[:m.events]
}

// Try runs fn as a part of the transaction that is kept or undone by itself.
func (tx *Tx) Try(fn func() *Error) *Error {
	m := tx.mark()
	err := fn()
	if err != nil {
		tx.rollback(m)
	}
	return err
}

// write replaces a record and notes the change.
func (tx *Tx) write(t *table, next Row, c Change) {
	id := next.ID()
	old := t.rows[id]
	tx.undo = append(tx.undo, undo{t, id, old})
	t.put(id, next)
	c.Object, c.ID = t.object.Name, id
	if c.Before == nil && c.After == nil {
		c.Before, c.After = diff(t.object, old, next)
	}
	for _, f := range t.object.Fields {
		if v := str(next[f.Name]); f.ExternalID && v != "" {
			if c.External == nil {
				c.External = map[string]string{}
			}
			c.External[f.Name] = v
		}
	}
	tx.changes = append(tx.changes, c)
}

// diff is what changed, without the stamps that follow from the entry.
func diff(o *schema.Object, old, next Row) (before, after map[string]any) {
	before, after = map[string]any{}, map[string]any{}
	for _, f := range o.Fields {
		was, is := old[f.Name], next[f.Name]
		if was == is || stamped(f.Name) && old != nil {
			continue
		}
		if old != nil {
			before[f.Name] = was
		}
		after[f.Name] = is
	}
	return before, after
}

func stamped(field string) bool {
	switch field {
	case "LastModifiedDate", "LastModifiedById", "SystemModstamp":
		return true
	default:
		return false
	}
}

// Replay puts an entry of the ledger back in place, at start.
func (o *Org) Replay(e *Entry) error {
	now := stamp(e.At)
	for _, c := range e.Changes {
		t := o.tables[c.Object]
		if t == nil {
			return fmt.Errorf("the journal has a record of %s, which org %s does not know", c.Object, o.Name)
		}
		next := Row{}
		maps.Copy(next, t.rows[c.ID])
		for f, v := range c.After {
			if v == nil {
				delete(next, f)
			} else {
				next[f] = v
			}
		}
		if c.Op != "create" && c.Op != "rollup" {
			next["LastModifiedDate"], next["LastModifiedById"], next["SystemModstamp"] = now, e.User, now
		}
		t.put(c.ID, next)
		if n := schema.Counter(c.ID); n < 1<<40 {
			o.ids[t.object.Prefix] = max(o.ids[t.object.Prefix], n)
		}
		if n, err := strconv.Atoi(str(next["CaseNumber"])); err == nil {
			o.cases = max(o.cases, n-firstCase)
		}
	}
	o.deliver(e.At, e.Events)
	o.applied = max(o.applied, e.Applied)
	return nil
}
