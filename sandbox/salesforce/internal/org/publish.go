package org

import (
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/bus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// maxEvent is the largest event (Platform Events Developer Guide, "Platform Event Allocations").
const maxEvent = 1 << 20

// PublishJSON puts one event of a REST request on the bus and returns its UUID.
func (tx *Tx) PublishJSON(obj *schema.Object, in map[string]any) (string, *Error) {
	fields, err := tx.input(obj, in, true)
	if err != nil {
		return "", err
	}
	for _, f := range obj.Fields {
		if _, given := fields[f.Name]; !given && f.Default != nil {
			fields[f.Name] = f.Default
		}
	}
	if err := tx.complete(obj, nil, fields); err != nil {
		return "", err
	}
	if !tx.o.published.take(tx.o.Now(), tx.o.HourlyEvents) {
		return "", bad("LIMIT_EXCEEDED", nil, "You have reached the maximum number of platform events that you can publish in an hour.")
	}
	return tx.publish(tx.o.topics[obj.Name], fields)
}

// publish puts an event of stored values on the bus when the transaction commits.
func (tx *Tx) publish(t *Topic, fields map[string]any) (string, *Error) {
	at := tx.o.Now()
	payload, e := t.encode(at, tx.User.ID, fields)
	if e != nil {
		return "", unsaved(e)
	}
	if len(payload) > maxEvent {
		return "", bad("PLATFORM_EVENT_PUBLISH_FAILED", nil, "The event message size exceeds the maximum of 1 MB.")
	}
	id := NewUUID()
	tx.emit(t, at, id, payload)
	return id, nil
}

func (tx *Tx) emit(t *Topic, at time.Time, id string, payload []byte) uint64 {
	var after uint64
	for i := len(tx.events) - 1; i >= 0 && after == 0; i-- {
		if tx.events[i].Topic == t.Name {
			after = tx.events[i].Replay
		}
	}
	replay := t.Log.Reserve(after, len(payload))
	tx.events = append(tx.events, bus.Event{Topic: t.Name, Replay: replay, At: at, ID: id, Schema: t.SchemaID, Payload: payload})
	return replay
}

// Produced is one event of a Pub/Sub request.
type Produced struct {
	ID, SchemaID string
	Payload      []byte
	// Fault is an injected refusal.
	Fault string
}

// Published is what became of it: a replay number, or why not.
type Published struct {
	Replay uint64
	Why    string
}

// PublishAvro puts the events of a Pub/Sub request on the bus, each by itself; the results are in the order of the
// events. Required custom fields are not enforced on this way in.
func (o *Org) PublishAvro(a *Actor, t *Topic, events []Produced) ([]Published, *Error) {
	results := make([]Published, len(events))
	why := make([]string, len(events))
	for i, e := range events {
		why[i] = t.refuse(e)
	}
	err := o.Do(a, func(tx *Tx) *Error {
		for i, e := range events {
			if why[i] == "" && !o.published.take(o.Now(), o.HourlyEvents) {
				why[i] = "LIMIT_EXCEEDED: You have reached the maximum number of platform events that you can publish in an hour."
			}
			if why[i] != "" {
				results[i].Why = why[i]
				continue
			}
			id := e.ID
			if id == "" {
				id = NewUUID()
			}
			results[i].Replay = tx.emit(t, o.Now(), id, e.Payload)
		}
		return nil
	})
	return results, err
}

// refuse tells why an event can't go on the bus, "" if it can.
func (t *Topic) refuse(e Produced) string {
	switch {
	case e.Fault != "":
		return e.Fault
	case len(e.Payload) > maxEvent:
		return "The event message size exceeds the maximum of 1 MB."
	case length(e.ID) > 36:
		return "The event id must have at most 36 characters."
	case e.SchemaID != t.SchemaID:
		return "The schema ID is not that of the topic's event: " + e.SchemaID
	}
	fields, err := t.Decode(e.Payload)
	if err != nil {
		return "The event payload can't be decoded with its schema."
	}
	if at, ok := fields["CreatedDate"].(int64); !ok || at <= 0 {
		return "CreatedDate is required: epoch milliseconds."
	}
	if id, ok := schema.NormalID(str(fields["CreatedById"])); !ok || id[:3] != "005" {
		return "CreatedById is required: the ID of a user."
	}
	for _, f := range t.Object.Fields {
		if s := str(fields[f.Name]); f.Custom && f.Length > 0 && length(s) > f.Length {
			return f.Label + ": data value too large (max length exceeded) for field " + f.Name
		}
	}
	return ""
}

// HourlyLeft is how many more events may be published in this hour.
func (o *Org) HourlyLeft() int { return o.published.left(o.Now(), o.HourlyEvents) }
