package org

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// Record is what a query or a read returns: fields in the order that they were asked for.
type Record struct {
	// Type and URL become "attributes"; no URL for aggregates.
	Type, URL string
	Names     []string
	Values    []any
}

func (r *Record) add(name string, v any) {
	r.Names, r.Values = append(r.Names, name), append(r.Values, v)
}

// MarshalJSON keeps the order of the fields.
func (r *Record) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"attributes":{"type":"` + r.Type + `"`)
	if r.URL != "" {
		b.WriteString(`,"url":"` + r.URL + `"`)
	}
	b.WriteByte('}')
	for i, n := range r.Names {
		name, err := json.Marshal(n)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(r.Values[i])
		if err != nil {
			return nil, err
		}
		b.WriteByte(',')
		b.Write(name)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Rows is a page of records, or a subquery's.
type Rows struct {
	TotalSize int       `json:"totalSize"`
	Done      bool      `json:"done"`
	Next      string    `json:"nextRecordsUrl,omitempty"`
	Records   []*Record `json:"records"`
}

func recordURL(version, object, id string) string {
	return "/services/data/v" + version + "/sobjects/" + object + "/" + id
}

// shownValue is a field as an answer shows it: a file's content is a link.
func shownValue(f *schema.Field, row Row, version, object string) any {
	if f.Type == schema.Base64 && row[f.Name] != nil {
		return recordURL(version, object, row.ID()) + "/" + f.Name
	}
	return row[f.Name]
}

// Get reads a record by id: all fields that the user sees, or the ones named.
func (tx *Tx) Get(version string, obj *schema.Object, id string, fields []string) (*Record, *Error) {
	full, ok := schema.NormalID(id)
	if !ok || !strings.HasPrefix(full, obj.Prefix) || obj.Event {
		return nil, notFound()
	}
	row := tx.o.tables[obj.Name].live(full)
	if row == nil || !tx.o.shown(tx.User, obj, row) {
		return nil, notFound()
	}
	return tx.o.render(tx.User, version, obj, row, fields)
}

// GetBy reads a record by an external id.
func (tx *Tx) GetBy(version string, obj *schema.Object, key *schema.Field, value string, fields []string) (*Record, *Error) {
	t := tx.o.tables[obj.Name]
	ids := t.by(key.Name, value)
	if len(ids) > 1 {
		return nil, &Error{Code: "MULTIPLE_CHOICES", HTTP: http.StatusMultipleChoices, Fields: slices.Clone(ids)}
	}
	if len(ids) == 0 || !tx.o.shown(tx.User, obj, t.live(ids[0])) {
		return nil, notFound()
	}
	return tx.o.render(tx.User, version, obj, t.live(ids[0]), fields)
}

func (o *Org) render(u *User, version string, obj *schema.Object, row Row, fields []string) (*Record, *Error) {
	r := &Record{Type: obj.Name, URL: recordURL(version, obj.Name, row.ID())}
	if len(fields) == 0 {
		for _, f := range obj.Fields {
			if u.Sees(obj, f) {
				r.add(f.Name, shownValue(f, row, version, obj.Name))
			}
		}
		return r, nil
	}
	for _, name := range append(slices.Clone(fields), "Id") {
		f := obj.Field(strings.TrimSpace(name))
		if f == nil || !u.Sees(obj, f) {
			return nil, noSuchColumn(obj.Name, name)
		}
		if !slices.Contains(r.Names, f.Name) {
			r.add(f.Name, shownValue(f, row, version, obj.Name))
		}
	}
	return r, nil
}

// File returns the content of a ContentVersion, base64, with its fields.
func (tx *Tx) File(id string) (string, Row, *Error) {
	t := tx.o.tables["ContentVersion"]
	full, _ := schema.NormalID(id)
	row := t.live(full)
	if row == nil || !tx.o.shown(tx.User, t.object, row) {
		return "", nil, notFound()
	}
	return str(row["VersionData"]), row, nil
}

// ID of the record, if it was asked for.
func (r *Record) ID() string {
	if i := slices.Index(r.Names, "Id"); i >= 0 {
		return str(r.Values[i])
	}
	return ""
}
