package org

import (
	"crypto/md5" //nolint:gosec // the vendor's schema ids are MD5
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/avro"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/bus"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/soql"
)

// Topic is one platform event's channel, with the schema that its events are encoded with.
type Topic struct {
	Name   string
	Object *schema.Object
	// SchemaID is the base64url MD5 of SchemaJSON, 22 characters.
	SchemaID   string
	SchemaJSON string
	Log        *bus.Log

	codec *avro.Schema
}

// newTopic derives the Avro schema as the vendor does: a record with CreatedDate and CreatedById, then a union
// of null and the field's type for each custom field.
func newTopic(obj *schema.Object) (*Topic, error) {
	type field struct {
		Name    string `json:"name"`
		Type    any    `json:"type"`
		Doc     string `json:"doc"`
		Default any    `json:"default,omitempty"`
	}
	fields := []any{
		field{Name: "CreatedDate", Type: "long", Doc: "CreatedDate:DateTime"},
		field{Name: "CreatedById", Type: "string", Doc: "CreatedBy:EntityId"},
	}
	for _, f := range obj.Fields {
		if f.Custom {
			// omitempty would drop the null default.
			fields = append(fields, map[string]any{
				"name": f.Name, "type": []string{"null", avroType(f)}, "doc": "Data:" + string(f.Type), "default": nil,
			})
		}
	}
	text, err := json.Marshal(map[string]any{
		"type": "record", "name": obj.Name, "namespace": "com.sforce.eventbus", "fields": fields,
	})
	if err != nil {
		return nil, err
	}
	codec, err := avro.Parse(string(text))
	if err != nil {
		return nil, err
	}
	sum := md5.Sum(text) //nolint:gosec // see the import
	return &Topic{
		Name: obj.Name, Object: obj, SchemaID: base64.RawURLEncoding.EncodeToString(sum[:]), SchemaJSON: string(text),
		Log: bus.NewLog(), codec: codec,
	}, nil
}

func avroType(f *schema.Field) string {
	switch f.Type {
	case schema.Boolean:
		return "boolean"
	case schema.Double, schema.Currency:
		return "double"
	case schema.DateTime:
		return "long"
	default:
		return "string"
	}
}

// Decode reads an event's payload: CreatedDate and other times as epoch milliseconds (int64), null fields left out.
func (t *Topic) Decode(payload []byte) (map[string]any, error) {
	var fields map[string]any
	rest, err := t.codec.Decode(payload, &fields)
	if err != nil {
		return nil, fmt.Errorf("decoding an event of %s: %w", t.Name, err)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("decoding an event of %s: %d bytes are left over", t.Name, len(rest))
	}
	for name, v := range fields {
		if v == nil {
			delete(fields, name)
		}
	}
	return fields, nil
}

// encode makes a payload of stored values.
func (t *Topic) encode(at time.Time, user string, row map[string]any) ([]byte, error) {
	fields := map[string]any{"CreatedDate": at.UnixMilli(), "CreatedById": user}
	for _, f := range t.Object.Fields {
		v := row[f.Name]
		if !f.Custom {
			continue
		}
		if s, ok := v.(string); ok && f.Type == schema.DateTime {
			when, err := soql.Time(s)
			if err != nil {
				return nil, fmt.Errorf("encoding %s: %w", f.Name, err)
			}
			v = when.UnixMilli()
		}
		fields[f.Name] = v
	}
	b, err := t.codec.Encode(fields)
	if err != nil {
		return nil, fmt.Errorf("encoding an event of %s: %w", t.Name, err)
	}
	return b, nil
}

// Topic returns a topic by the platform event's API name; nil if there is none. Names are exact, as in the vendor's API.
func (o *Org) Topic(name string) *Topic { return o.topics[name] }

// Topics returns all topics by name.
func (o *Org) Topics() []*Topic {
	all := make([]*Topic, 0, len(o.topics))
	for _, obj := range o.Schema.Objects() {
		if t := o.topics[obj.Name]; t != nil {
			all = append(all, t)
		}
	}
	return all
}

// BySchema returns the topic whose schema has this id; nil if there is none.
func (o *Org) BySchema(id string) *Topic {
	i := slices.IndexFunc(o.Topics(), func(t *Topic) bool { return t.SchemaID == id })
	if i < 0 {
		return nil
	}
	return o.Topics()[i]
}

// deliver puts committed events on the bus.
func (o *Org) deliver(now time.Time, events []bus.Event) {
	for _, e := range events {
		if t := o.topics[e.Topic]; t != nil {
			t.Log.Add(now, e)
		}
	}
}
