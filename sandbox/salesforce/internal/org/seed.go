package org

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// Seed is a record that stands in the org before anything happens.
type Seed struct {
	Object string
	Fields map[string]any
}

// admin is the user in whose name records are seeded: a person's, so that the before-save rules leave them alone.
func (o *Org) admin() *User {
	for _, role := range []Role{Admin, Rep} {
		for _, u := range o.Users {
			if u.Role == role {
				return u
			}
		}
	}
	return o.integration()
}

// Seed makes records, all or none, and returns their ids in order. A reference may point to an earlier record of the list as "@0".
func (o *Org) Seed(seeds []Seed) ([]string, error) {
	ids, at, err := o.TrySeed(seeds)
	switch {
	case err == nil:
		return ids, nil
	case at < len(seeds):
		return nil, Refuse(err.HTTP, err.Code, "record %d, a %s: %s", at, seeds[at].Object, err.Message)
	default:
		return nil, err
	}
}

// TrySeed is Seed with the refusal in the vendor's own words, and the place of the record that is refused.
func (o *Org) TrySeed(seeds []Seed) (ids []string, at int, err *Error) {
	// A copy that may do everything, so that records can be seeded in orgs whose users may not.
	u := *o.admin()
	u.Role, u.hidden, u.readOnly = Admin, nil, nil
	err = o.Do(&Actor{User: &u, API: "seed", Duplicate: Duplicate{AllowSave: true}}, func(tx *Tx) *Error {
		for i, s := range seeds {
			at = i
			obj := o.Schema.Object(s.Object)
			if obj == nil || obj.Event {
				return Refuse(400, "INVALID_TYPE", "there is no such object")
			}
			fields := make(map[string]any, len(s.Fields))
			for name, v := range s.Fields {
				fields[name] = seedValue(obj, name, v, ids)
			}
			id, err := tx.Create(obj, fields)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		return nil, at, err
	}
	return ids, 0, nil
}

// Fit brings a value of call.yaml or Go to how a field of a seeded record holds it; the error is the vendor's refusal.
func Fit(obj *schema.Object, f *schema.Field, v any) (any, *Error) {
	return coerce(f, seedValue(obj, f.Name, v, nil))
}

// seedValue brings Go's and YAML's values to JSON's, and finds earlier records.
func seedValue(obj *schema.Object, name string, v any, ids []string) any {
	f := obj.Field(name)
	switch v := v.(type) {
	case int, int64, uint64, float32, float64:
		if f != nil && f.Text() {
			return fmt.Sprint(v)
		}
		return json.Number(fmt.Sprint(v))
	case string:
		if at, ok := strings.CutPrefix(v, "@"); ok && f != nil && f.Type == schema.Reference {
			if n, err := strconv.Atoi(at); err == nil && n >= 0 && n < len(ids) {
				return ids[n]
			}
		}
		return v
	default:
		return v
	}
}

// Remove deletes records by id in the admin's name, all or none, with what hangs on each alone.
func (o *Org) Remove(ids []string) error {
	err := o.Do(&Actor{User: o.admin(), API: "delete"}, func(tx *Tx) *Error {
		for _, id := range ids {
			obj := o.Schema.OfID(id)
			if obj == nil || obj.Event {
				return bad("MALFORMED_ID", nil, "malformed id %s", id)
			}
			if err := tx.Delete(obj, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return nil
}

// Convert makes a Contact of a Lead in the admin's name, with the fields that both have, and returns the Contact's id.
func (o *Org) Convert(lead string) (string, error) {
	var id string
	u := o.admin()
	err := o.Do(&Actor{User: u, API: "convert", Duplicate: Duplicate{AllowSave: true}}, func(tx *Tx) *Error {
		leads, contacts := o.Schema.Object("Lead"), o.Schema.Object("Contact")
		old, err := tx.find(leads, lead)
		if err != nil {
			return err
		}
		if old["IsConverted"] == true {
			return bad("CANNOT_UPDATE_CONVERTED_LEAD", nil, "cannot reference converted lead")
		}
		fields := map[string]any{}
		for _, f := range contacts.Fields {
			if v := old[f.Name]; v != nil && leads.Field(f.Name) != nil && !f.ReadOnly {
				fields[f.Name] = v
			}
		}
		if id, err = tx.insert(contacts, fields); err != nil {
			return err
		}
		row := Row{}
		for k, v := range old {
			row[k] = v
		}
		row["IsConverted"], row["ConvertedContactId"], row["ConvertedDate"] = true, id, tx.now[:10]
		row["Status"], row["LastModifiedDate"], row["LastModifiedById"], row["SystemModstamp"] = "Closed - Converted", tx.now, u.ID, tx.now
		tx.write(o.tables["Lead"], row, Change{Op: "update"})
		return nil
	})
	if err != nil {
		return "", err
	}
	return id, nil
}
