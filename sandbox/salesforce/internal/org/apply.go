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

// retries of an event whose rows are locked, as the package's trigger makes: it keeps what it has done so far
// (EventBus.TriggerContext.setResumeCheckpoint) and throws EventBus.RetryableException, and the platform fires it again with what is
// left, later each time. After these it tells of the failure and goes on.
// https://developer.salesforce.com/docs/atlas.en-us.platform_events.meta/platform_events/platform_events_subscribe_apex_refire.htm
const retries = 4

// RunTrigger is the package's trigger on Call_Completed__e: it applies what the events ask for, in batches, each
// one transaction with its Call_Written__e and with how far it has read, until ctx ends. An event is never applied
// twice, also across a kill.
func (o *Org) RunTrigger(ctx context.Context) {
	t := o.topics[CompletedEvent]
	if !o.Apply || t == nil {
		return
	}
	a := &Actor{User: o.integration(), API: "trigger", Fault: o.Fault}
	tries := 0 // of the first event that is not applied
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
		done, err := o.applyBatch(a, t, events, tries == retries)
		wait := time.Duration(0)
		switch {
		case err != nil: // the journal can't be written; whoever writes by the API hears of it
			wait = time.Second
		case done == len(events):
			tries = 0
		case done > 0:
			wait, tries = o.TriggerPause, 1
		default:
			wait = o.TriggerPause << tries
			tries++
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
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
	Object string `json:"object,omitempty"`
	ID     string `json:"id,omitempty"`
	// Outcome: created, updated or stale; linked, for a record that was found for the sake of references; nothing, where nobody
	// was found and nothing is made; ambiguous, where several people match. The last two have no object and id.
	Outcome string         `json:"outcome"`
	Left    []string       `json:"left,omitempty"`
	Before  map[string]any `json:"before,omitempty"`
}

// applyBatch applies events up to the first whose rows are locked, and returns how many are done; with last the first one is done
// in any case.
func (o *Org) applyBatch(a *Actor, t *Topic, events []bus.Event, last bool) (done int, err *Error) {
	batch := *a
	batch.Request = fmt.Sprintf("%s-%d", t.Name, events[0].Replay)
	err = o.Do(&batch, func(tx *Tx) *Error {
		results := make([]result, 0, len(events))
		for i, e := range events {
			r, locked := tx.applyEvent(t, e)
			if locked && (i > 0 || !last) {
				break
			}
			results = append(results, r)
			tx.applied = e.Replay
		}
		if done = len(results); done == 0 {
			return nil
		}
		return tx.publishResults(batch.Request, results)
	})
	if err != nil {
		return 0, err
	}
	return done, nil
}

// applyEvent applies one event, all of it or nothing.
func (tx *Tx) applyEvent(t *Topic, e bus.Event) (r result, locked bool) {
	fields, err := t.Decode(e.Payload)
	if err != nil {
		return result{Outcome: "failed", Code: "EVENT_UNREADABLE", Message: err.Error()}, false
	}
	r = result{Call: str(fields["Call_Id__c"]), Revision: str(fields["Call_Revision__c"]), EventID: str(fields["Event_Id__c"])}
	p, err := parseWrites(str(fields["Writes__c"]), r.Call)
	if err != nil {
		r.Outcome, r.Code, r.Message, r.Fields = "failed", "WRITES_INVALID", err.Error(), []string{"Writes__c"}
		return r, false
	}
	refused := tx.Try(func() (err *Error) {
		r.Writes, err = tx.applyWrites(p)
		return err
	})
	switch {
	case refused != nil:
		r.Outcome, r.Code, r.Message, r.Fields, r.Writes = "failed", refused.Code, refused.Message, refused.Fields, nil
	case r.came("stale") && !r.came("created", "updated"):
		r.Outcome = "stale"
	default:
		r.Outcome = "written"
	}
	return r, refused != nil && refused.Code == "UNABLE_TO_LOCK_ROW"
}

// came tells whether any write came to one of these outcomes.
func (r *result) came(outcomes ...string) bool {
	return slices.ContainsFunc(r.Writes, func(w writeResult) bool { return slices.Contains(outcomes, w.Outcome) })
}

func (tx *Tx) applyWrites(p *plan) ([]writeResult, *Error) {
	done := map[string]writeResult{}
	var results []writeResult
	apply := func(writes []write) *Error {
		for _, w := range writes {
			r, err := tx.applyWrite(p, w, done)
			if err != nil {
				return err
			}
			done[w.Ref] = r
			results = append(results, r)
		}
		return nil
	}
	err := apply(p.Writes)
	if err == nil && slices.ContainsFunc(results, func(r writeResult) bool { return r.Outcome == "ambiguous" }) {
		err = apply(p.Ambiguous)
	}
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (tx *Tx) applyWrite(p *plan, w write, done map[string]writeResult) (writeResult, *Error) {
	obj := tx.o.Schema.Object(w.Object)
	if obj == nil || obj.Event {
		return writeResult{}, bad("INVALID_TYPE", nil, "sObject type '%s' is not supported.", w.Object)
	}
	found, e := rules.Find(finder{tx.o}, obj.Name, w.Match)
	switch {
	case errors.Is(e, rules.ErrSeveral):
		return writeResult{Ref: w.Ref, Outcome: "ambiguous"}, nil
	case e != nil:
		return writeResult{}, bad("MATCH_FAILED", nil, "%s: %v", w.Ref, e)
	case found != nil:
		return tx.applyUpdate(p, w, tx.o.Schema.Object(found.Object), found.ID, done)
	case !w.makes(p.V):
		return writeResult{Ref: w.Ref, Outcome: "nothing"}, nil
	}
	fields, err := w.fields(p, obj, nil, w.Fields, done)
	if err != nil {
		return writeResult{}, err
	}
	if w.Match.By != "" {
		fields[w.Match.By] = w.Match.Value
	}
	if w.Key != nil {
		fields[w.Key.Field] = w.Key.Value
	}
	from := len(tx.changes)
	id, err := tx.Create(obj, fields)
	if err == nil {
		return tx.told(w.Ref, obj, id, "created", from), nil
	}
	// Somebody was faster, or the org knows the person by other means: write to the record that it names.
	if other, id := tx.named(obj, err, fields); other != nil {
		return tx.applyUpdate(p, w, other, id, done)
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

// applyUpdate writes to a record that is there, or only links it; the caller key stays with the record that was made with it.
func (tx *Tx) applyUpdate(p *plan, w write, obj *schema.Object, id string, done map[string]writeResult) (writeResult, *Error) {
	in := w.of(p.V, obj)
	if len(in) == 0 && p.V > 1 {
		return writeResult{Ref: w.Ref, Object: obj.Name, ID: id, Outcome: "linked"}, nil
	}
	row := tx.o.tables[obj.Name].live(id)
	fields, err := w.fields(p, obj, row, rules.Keep(row, in, w.OnlyNew, w.OnlyBlank), done)
	if err != nil {
		return writeResult{}, err
	}
	if str(row[rules.FieldCallerKey]) != str(fields[rules.FieldCallerKey]) {
		delete(fields, rules.FieldCallerKey)
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
