package org

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/bus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/rules"
)

// The package's events.
const (
	CompletedEvent = "Call_Completed__e"
	WrittenEvent   = "Call_Written__e"
)

// attempts of one event's writes when a row is locked, as the package's trigger makes.
const attempts = 4

// RunTrigger is the package's trigger on Call_Completed__e: it applies what the events ask for, in batches, each
// one transaction with its Call_Written__e and with how far it has read, until ctx ends. An event is never applied
// twice, also across a kill.
func (o *Org) RunTrigger(ctx context.Context) {
	t := o.topics[CompletedEvent]
	if !o.Apply || t == nil {
		return
	}
	a := &Actor{User: o.integration(), API: "trigger", Fault: o.Fault}
	for {
		events, wake := t.Log.After(o.position(), o.TriggerBatch)
		if len(events) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-wake:
				continue
			}
		}
		if ctx.Err() != nil {
			return
		}
		if err := o.applyBatch(a, t, events); err != nil {
			// The journal can't be written; whoever writes by the API hears of it.
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	}
}

func (o *Org) integration() *User {
	i := slices.IndexFunc(o.Users, func(u *User) bool { return u.Role == Integration })
	return o.Users[i]
}

func (o *Org) position() uint64 {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.applied
}

// Settled returns when the trigger has applied every event that is on the bus now, or with ctx's error.
func (o *Org) Settled(ctx context.Context) error {
	t := o.topics[CompletedEvent]
	if !o.Apply || t == nil {
		return nil
	}
	for last := t.Log.Last(); ; {
		o.mu.RLock()
		done, moved := o.applied >= last, o.settled
		o.mu.RUnlock()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

// result of one event, as Call_Written__e tells it.
type result struct {
	Call     string `json:"call"`
	Revision string `json:"revision,omitempty"`
	EventID  string `json:"event_id,omitempty"`
	// Outcome: written, stale (a later revision stood everywhere) or failed.
	Outcome string        `json:"outcome"`
	Code    string        `json:"code,omitempty"`
	Message string        `json:"message,omitempty"`
	Fields  []string      `json:"fields,omitempty"`
	Writes  []writeResult `json:"writes,omitempty"`
}

type writeResult struct {
	Ref    string `json:"ref"`
	Object string `json:"object"`
	ID     string `json:"id"`
	// Outcome: created, updated or stale.
	Outcome string         `json:"outcome"`
	Left    []string       `json:"left,omitempty"`
	Before  map[string]any `json:"before,omitempty"`
}

func (o *Org) applyBatch(a *Actor, t *Topic, events []bus.Event) *Error {
	last := events[len(events)-1].Replay
	batch := *a
	batch.Request = fmt.Sprintf("%s-%d", t.Name, last)
	return o.Do(&batch, func(tx *Tx) *Error {
		tx.applied = last
		results := make([]result, 0, len(events))
		for _, e := range events {
			results = append(results, tx.applyEvent(t, e))
		}
		return tx.publishResults(batch.Request, results)
	})
}

func (tx *Tx) applyEvent(t *Topic, e bus.Event) result {
	fields, err := t.Decode(e.Payload)
	if err != nil {
		return result{Outcome: "failed", Code: "EVENT_UNREADABLE", Message: err.Error()}
	}
	r := result{Call: str(fields["Call_Id__c"]), Revision: str(fields["Call_Revision__c"]), EventID: str(fields["Event_Id__c"])}
	p, err := parseWrites(str(fields["Writes__c"]), r.Call)
	if err != nil {
		r.Outcome, r.Code, r.Message, r.Fields = "failed", "WRITES_INVALID", err.Error(), []string{"Writes__c"}
		return r
	}
	var refused *Error
	for range attempts {
		refused = tx.Try(func() (err *Error) {
			r.Writes, err = tx.applyWrites(p)
			return err
		})
		if refused == nil || refused.Code != "UNABLE_TO_LOCK_ROW" {
			break
		}
	}
	switch {
	case refused != nil:
		r.Outcome, r.Code, r.Message, r.Fields, r.Writes = "failed", refused.Code, refused.Message, refused.Fields, nil
	case len(r.Writes) > 0 && !slices.ContainsFunc(r.Writes, func(w writeResult) bool { return w.Outcome != "stale" }):
		r.Outcome = "stale"
	default:
		r.Outcome = "written"
	}
	return r
}

// plan is Writes__c.
type plan struct {
	V        int     `json:"v"`
	Call     string  `json:"call"`
	Revision string  `json:"revision"`
	Writes   []write `json:"writes"`
}

type write struct {
	Ref           string         `json:"ref"`
	Object        string         `json:"object"`
	Match         rules.Match    `json:"match"`
	Revision      string         `json:"revision"`
	RevisionScope string         `json:"revision_scope"`
	Fields        map[string]any `json:"fields"`
	// OnlyNew and OnlyBlank are fields that an update leaves alone, see [rules.Keep].
	OnlyNew   []string          `json:"only_new"`
	OnlyBlank map[string]string `json:"only_blank"`
}

func parseWrites(text, call string) (*plan, error) {
	p := &plan{}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("reading Writes__c: %w", err)
	}
	switch {
	case d.More():
		return nil, errors.New("reading Writes__c: something follows the JSON")
	case p.V != 1:
		return nil, fmt.Errorf("reading Writes__c: it has version %d, this package knows 1", p.V)
	case p.Call == "" || call != "" && p.Call != call:
		return nil, errors.New("reading Writes__c: it is of another call than its event")
	}
	refs := map[string]bool{}
	for i, w := range p.Writes {
		switch {
		case w.Ref == "" || refs[w.Ref]:
			return nil, fmt.Errorf("write %d: its ref must be there once", i)
		case w.RevisionScope != "" && w.RevisionScope != "person" && w.RevisionScope != "call":
			return nil, fmt.Errorf("write %q: revision_scope is person or call", w.Ref)
		case w.RevisionScope == "person" && w.Revision == "":
			return nil, fmt.Errorf("write %q: a person's revision must be given", w.Ref)
		}
		refs[w.Ref] = true
	}
	return p, nil
}

func (tx *Tx) applyWrites(p *plan) ([]writeResult, *Error) {
	ids := map[string]string{}
	var results []writeResult
	for _, w := range p.Writes {
		r, err := tx.applyWrite(p, w, ids)
		if err != nil {
			return nil, err
		}
		ids[w.Ref] = r.ID
		results = append(results, r)
	}
	return results, nil
}

func (tx *Tx) applyWrite(p *plan, w write, ids map[string]string) (writeResult, *Error) {
	obj := tx.o.Schema.Object(w.Object)
	if obj == nil || obj.Event {
		return writeResult{}, bad("INVALID_TYPE", nil, "sObject type '%s' is not supported.", w.Object)
	}
	w.Match.CallerKey = str(w.Fields["Caller_Key__c"])
	found, e := rules.Find(finder{tx.o}, obj.Name, w.Match)
	if e != nil {
		return writeResult{}, bad("MATCH_FAILED", nil, "%s: %v", w.Ref, e)
	}
	fields, err := resolveRefs(obj, w.Fields, ids)
	if err != nil {
		return writeResult{}, err
	}
	if obj.Field(rules.FieldRevision) != nil {
		revision := w.Revision
		if revision == "" {
			revision = p.Revision
		}
		fields[rules.FieldRevision] = revision
	}
	if found != nil {
		return tx.applyUpdate(w, obj, tx.o.Schema.Object(found.Object), found.ID, fields)
	}
	if w.Match.By != "" {
		fields[w.Match.By] = w.Match.Value
	}
	from := len(tx.changes)
	id, err := tx.Create(obj, fields)
	if err == nil {
		return tx.told(w.Ref, obj, id, "created", from), nil
	}
	// Somebody was faster, or the org knows the person by other means: write to the record that it names.
	if other, id := tx.named(obj, err, fields); other != nil {
		return tx.applyUpdate(w, obj, other, id, fields)
	}
	return writeResult{}, err
}

// named is the record that a refusal to create names.
func (tx *Tx) named(obj *schema.Object, err *Error, fields map[string]any) (*schema.Object, string) {
	if err.Code == "DUPLICATES_DETECTED" && len(err.Matches) > 0 {
		return tx.o.Schema.OfID(err.Matches[0]), err.Matches[0]
	}
	if err.Code == "DUPLICATE_VALUE" {
		for _, f := range obj.Fields {
			if !f.Unique {
				continue
			}
			if r := (finder{tx.o}).ByKey(obj.Name, f.Name, str(fields[f.Name])); r != nil && r.Fields["IsConverted"] != true {
				return obj, r.ID
			}
		}
	}
	return nil, ""
}

// applyUpdate writes to a record that is there. Meant for another object, it takes the fields that both have; the caller
// key stays with the record that was made with it.
func (tx *Tx) applyUpdate(w write, meant, obj *schema.Object, id string, fields map[string]any) (writeResult, *Error) {
	row := tx.o.tables[obj.Name].live(id)
	fields = rules.Keep(row, fields, w.OnlyNew, w.OnlyBlank)
	if str(row["Caller_Key__c"]) != str(fields["Caller_Key__c"]) {
		delete(fields, "Caller_Key__c")
	}
	if meant != obj {
		maps.DeleteFunc(fields, func(name string, _ any) bool {
			f := obj.Field(name)
			return f == nil || f.ReadOnly || f.CreateOnly
		})
	}
	maps.DeleteFunc(fields, func(name string, _ any) bool {
		f := obj.Field(name)
		return f != nil && f.CreateOnly
	})
	from := len(tx.changes)
	if err := tx.Update(obj, id, fields); err != nil {
		return writeResult{}, err
	}
	return tx.told(w.Ref, obj, id, "updated", from), nil
}

// told is the outcome of a write, from the change that it made.
func (tx *Tx) told(ref string, obj *schema.Object, id, outcome string, from int) writeResult {
	r := writeResult{Ref: ref, Object: obj.Name, ID: id, Outcome: outcome}
	for _, c := range tx.changes[from:] {
		if c.ID != id || c.Op == "rollup" {
			continue
		}
		r.Left, r.Before = c.Left, writable(obj, c.Before)
		if c.Stale {
			r.Outcome = "stale"
		}
	}
	return r
}

// writable is a before-image without what the org computes: nobody could write it back.
func writable(obj *schema.Object, before map[string]any) map[string]any {
	out := maps.Clone(before)
	maps.DeleteFunc(out, func(name string, _ any) bool { return obj.Field(name).ReadOnly })
	return out
}

func resolveRefs(obj *schema.Object, in map[string]any, ids map[string]string) (map[string]any, *Error) {
	out := make(map[string]any, len(in)+2)
	for name, v := range in {
		f := obj.Field(name)
		ref, is := rules.Reference(v)
		if f == nil || f.Type != schema.Reference || !is {
			out[name] = v
			continue
		}
		id, ok := ids[ref]
		if !ok {
			return nil, bad("UNKNOWN_REF", []string{name}, "%s points to %q, which is no earlier write", name, ref)
		}
		out[name] = id
	}
	return out, nil
}

// publishResults tells what became of a batch: one Call_Written__e, or several where one can't hold it.
func (tx *Tx) publishResults(batch string, results []result) *Error {
	t := tx.o.topics[WrittenEvent]
	most := t.Object.Field("Results__c").Length - 64
	var parts []string
	size := 0
	flush := func() *Error {
		text := `{"v":1,"results":[` + strings.Join(parts, ",") + `]}`
		_, err := tx.publish(t, map[string]any{"Batch_Id__c": batch, "Calls__c": float64(len(parts)), "Results__c": text})
		parts, size = nil, 0
		return err
	}
	for _, r := range results {
		b, e := json.Marshal(r)
		if e != nil {
			return unsaved(e)
		}
		if len(b) > most {
			for i := range r.Writes {
				r.Writes[i].Before = nil
			}
			if b, e = json.Marshal(r); e != nil {
				return unsaved(e)
			}
		}
		if size+len(b)+1 > most && len(parts) > 0 {
			if err := flush(); err != nil {
				return err
			}
		}
		parts, size = append(parts, string(b)), size+len(b)+1
	}
	return flush()
}
