package org

import (
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/rules"
)

// Row is a record's fields by API name; a missing one is null. A row is never changed once it is in a table, so that
// readers need no lock after they have it.
type Row map[string]any

// ID of the record.
func (r Row) ID() string { return str(r["Id"]) }

func (r Row) deleted() bool { return r["IsDeleted"] == true }

func str(v any) string {
	s, _ := v.(string)
	return s
}

type table struct {
	object *schema.Object
	rows   map[string]Row
	// order of creation; deleted records keep their place.
	order []string
	// index by field, then by lower-cased value, of the records that are not deleted.
	index map[string]map[string][]string
	// phones by [phoneKey] of every phone field.
	phones map[string][]string
}

func newTable(o *schema.Object) *table {
	t := &table{object: o, rows: map[string]Row{}, index: map[string]map[string][]string{}, phones: map[string][]string{}}
	for _, f := range o.Fields {
		if f.Indexed() {
			t.index[f.Name] = map[string][]string{}
		}
	}
	return t
}

// put replaces a record (nil takes it away) and keeps the indexes.
func (t *table) put(id string, next Row) {
	old := t.rows[id]
	if old != nil {
		t.unindex(id, old)
	}
	if next == nil {
		delete(t.rows, id)
		if n := len(t.order); n > 0 && t.order[n-1] == id {
			t.order = t.order[:n-1]
		}
		return
	}
	if old == nil {
		t.order = append(t.order, id)
	}
	t.rows[id] = next
	t.reindex(id, next)
}

func (t *table) reindex(id string, r Row) {
	if r.deleted() {
		return
	}
	for name, ix := range t.index {
		if v := str(r[name]); v != "" {
			k := strings.ToLower(v)
			ix[k] = append(ix[k], id)
		}
	}
	t.eachPhone(r, func(k string) {
		if !slices.Contains(t.phones[k], id) {
			t.phones[k] = append(t.phones[k], id)
		}
	})
}

func (t *table) unindex(id string, r Row) {
	drop := func(m map[string][]string, k string) {
		if i := slices.Index(m[k], id); i >= 0 {
			if m[k] = slices.Delete(m[k], i, i+1); len(m[k]) == 0 {
				delete(m, k)
			}
		}
	}
	for name, ix := range t.index {
		if v := str(r[name]); v != "" {
			drop(ix, strings.ToLower(v))
		}
	}
	t.eachPhone(r, func(k string) { drop(t.phones, k) })
}

func (t *table) eachPhone(r Row, do func(key string)) {
	if !t.object.Searchable {
		return
	}
	for _, f := range t.object.Fields {
		if f.Type == schema.Phone && !f.ReadOnly {
			if k := phoneKey(str(r[f.Name])); k != "" {
				do(k)
			}
		}
	}
}

// phoneKey brings the ways to write a number together: its last ten digits, or all if there are fewer.
func phoneKey(number string) string {
	number, _, _ = strings.Cut(strings.ToLower(number), "x")
	d := rules.Digits(number)
	return d[max(0, len(d)-10):]
}

// live returns a record that is not deleted; nil if there is none.
func (t *table) live(id string) Row {
	if r := t.rows[id]; r != nil && !r.deleted() {
		return r
	}
	return nil
}

// by returns the ids of the records that hold a value in an indexed field, in any case.
func (t *table) by(field, value string) []string { return t.index[field][strings.ToLower(value)] }
