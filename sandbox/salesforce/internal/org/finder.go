package org

import (
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/rules"
)

// finder looks records up for the rules, inside a transaction.
type finder struct{ o *Org }

func (f finder) table(object string) *table {
	if obj := f.o.Schema.Object(object); obj != nil {
		return f.o.tables[obj.Name]
	}
	return nil
}

func found(t *table, id string) *rules.Record {
	r := t.live(id)
	if r == nil {
		return nil
	}
	return &rules.Record{Object: t.object.Name, ID: id, Fields: r}
}

// ByID implements [rules.Finder].
func (f finder) ByID(id string) *rules.Record {
	full, ok := schema.NormalID(id)
	if !ok {
		return nil
	}
	obj := f.o.Schema.OfID(full)
	if obj == nil || obj.Event {
		return nil
	}
	return found(f.o.tables[obj.Name], full)
}

// ByKey implements [rules.Finder].
func (f finder) ByKey(object, field, value string) *rules.Record {
	t := f.table(object)
	if t == nil || value == "" {
		return nil
	}
	ids := t.by(field, value)
	if len(ids) == 0 {
		return nil
	}
	return found(t, ids[0])
}

// ByE164 implements [rules.Finder].
func (f finder) ByE164(object, e164 string) []*rules.Record {
	t := f.table(object)
	if t == nil {
		return nil
	}
	return all(t, t.by(rules.FieldE164, e164), func(r Row) bool { return r[rules.FieldE164] == e164 })
}

// ByPhone implements [rules.Finder].
func (f finder) ByPhone(object, e164 string) []*rules.Record {
	t := f.table(object)
	if t == nil {
		return nil
	}
	return all(t, t.phones[phoneKey(e164)], func(r Row) bool {
		for _, field := range t.object.Fields {
			if field.Type == schema.Phone && rules.SamePhone(e164, str(r[field.Name])) && str(r[field.Name]) != "" {
				return true
			}
		}
		return false
	})
}

func all(t *table, ids []string, ok func(Row) bool) []*rules.Record {
	var out []*rules.Record
	for _, id := range ids {
		if r := t.live(id); r != nil && ok(r) {
			out = append(out, found(t, id))
		}
	}
	return out
}
