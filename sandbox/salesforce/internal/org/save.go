package org

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/rules"
)

// The save order follows the vendor's (Apex Developer Guide, "Triggers and Order of Execution") as far as a client can see
// it: the request's own faults, before-save rules, required fields and references, validation rules, duplicate rules,
// unique fields, the write, what follows from it.

// Create makes a record of the fields in a request and returns its id.
func (tx *Tx) Create(obj *schema.Object, in map[string]any) (string, *Error) {
	var id string
	err := tx.Try(func() *Error {
		if err := tx.drawn(obj); err != nil {
			return err
		}
		fields, err := tx.input(obj, in, true)
		if err != nil {
			return err
		}
		id, err = tx.insert(obj, fields)
		return err
	})
	return id, err
}

// insert saves a new record of fields that are coerced.
func (tx *Tx) insert(obj *schema.Object, fields map[string]any) (string, *Error) {
	for _, f := range obj.Fields {
		if _, given := fields[f.Name]; !given && f.Default != nil && f.Name != "IsDeleted" {
			fields[f.Name] = f.Default
		}
	}
	if f := obj.Field("OwnerId"); f != nil && fields["OwnerId"] == nil {
		fields["OwnerId"] = tx.User.ID
	}
	if tx.guarded(obj) {
		fields = rules.Insert(fields).Fields
	}
	row := Row{}
	for f, v := range fields {
		if v != nil {
			row[f] = v
		}
	}
	row["Id"], row["IsDeleted"] = tx.o.newID(obj), false
	for _, at := range []string{"CreatedDate", "LastModifiedDate", "SystemModstamp"} {
		row[at] = tx.now
	}
	row["CreatedById"], row["LastModifiedById"] = tx.User.ID, tx.User.ID
	if err := tx.check(obj, nil, row); err != nil {
		return "", err
	}
	t := tx.o.tables[obj.Name]
	tx.write(t, row, Change{Op: "create"})
	return row.ID(), tx.follow(t, nil, row)
}

// Update changes a record by id.
func (tx *Tx) Update(obj *schema.Object, id string, in map[string]any) *Error {
	return tx.Try(func() *Error {
		old, err := tx.find(obj, id)
		if err != nil {
			return err
		}
		return tx.update(obj, old, in)
	})
}

func (tx *Tx) update(obj *schema.Object, old Row, in map[string]any) *Error {
	if err := tx.drawn(obj); err != nil {
		return err
	}
	if old["IsConverted"] == true {
		return bad("CANNOT_UPDATE_CONVERTED_LEAD", nil, "cannot reference converted lead")
	}
	fields, err := tx.input(obj, in, false)
	if err != nil {
		return err
	}
	return tx.change(obj, old, fields)
}

// change saves coerced fields on a record that is there.
func (tx *Tx) change(obj *schema.Object, old Row, fields map[string]any) *Error {
	c := Change{Op: "update"}
	if tx.guarded(obj) {
		d := rules.Update(old, fields)
		fields, c.Left, c.Stale = d.Fields, d.Left, d.Stale
	}
	row := Row{}
	maps.Copy(row, old)
	for f, v := range fields {
		if v == nil {
			delete(row, f)
		} else {
			row[f] = v
		}
	}
	row["LastModifiedDate"], row["LastModifiedById"], row["SystemModstamp"] = tx.now, tx.User.ID, tx.now
	if err := tx.check(obj, old, row); err != nil {
		return err
	}
	t := tx.o.tables[obj.Name]
	tx.write(t, row, c)
	return tx.follow(t, old, row)
}

// guarded tells whether the package's before-save rules hold for this write.
func (tx *Tx) guarded(obj *schema.Object) bool {
	return tx.User.Role == Integration && obj.Field(rules.FieldState) != nil
}

// drawn is an injected fault of this write.
func (tx *Tx) drawn(obj *schema.Object) *Error {
	if tx.Fault == nil {
		return nil
	}
	return tx.Fault(obj.Name)
}

// Upsert updates the record that holds an external id, or makes one. Several is 300 with their ids in Fields.
func (tx *Tx) Upsert(obj *schema.Object, key *schema.Field, value string, in map[string]any) (id string, created bool, err *Error) {
	for name := range in {
		if strings.EqualFold(name, key.Name) || strings.EqualFold(name, "Id") {
			return "", false, Refuse(http.StatusBadRequest, "INVALID_FIELD", "The %s field should not be specified in the sobject data.", name)
		}
	}
	err = tx.Try(func() *Error {
		ids := tx.o.tables[obj.Name].by(key.Name, value)
		switch len(ids) {
		case 0:
			created = true
			with := maps.Clone(in)
			if with == nil {
				with = map[string]any{}
			}
			with[key.Name] = value
			id, err = tx.Create(obj, with)
			return err
		case 1:
			id = ids[0]
			return tx.update(obj, tx.o.tables[obj.Name].live(id), in)
		default:
			return &Error{Code: "MULTIPLE_CHOICES", HTTP: http.StatusMultipleChoices, Fields: slices.Clone(ids)}
		}
	})
	return id, created && err == nil, err
}

// Delete moves a record to the recycle bin, with what hangs on it alone.
func (tx *Tx) Delete(obj *schema.Object, id string) *Error {
	return tx.Try(func() *Error {
		old, err := tx.find(obj, id)
		if err != nil {
			return err
		}
		if obj.Fixed || obj.Name == "ContentVersion" || tx.User.Role == Auditor {
			return bad("INSUFFICIENT_ACCESS_OR_READONLY", nil, "insufficient access rights on object id")
		}
		tx.bury(obj, old)
		return nil
	})
}

func (tx *Tx) bury(obj *schema.Object, old Row) {
	row := maps.Clone(old)
	row["IsDeleted"], row["LastModifiedDate"], row["LastModifiedById"], row["SystemModstamp"] = true, tx.now, tx.User.ID, tx.now
	tx.write(tx.o.tables[obj.Name], row, Change{Op: "delete"})
	for _, child := range obj.Children {
		owned := child.Object == "Task" || strings.HasPrefix(child.Object, "Content")
		if !owned || child.Object == "ContentDocumentLink" && obj.Name != "ContentDocument" && child.Field != "LinkedEntityId" {
			continue
		}
		t := tx.o.tables[child.Object]
		for _, id := range slices.Clone(t.by(child.Field, old.ID())) {
			if r := t.live(id); r != nil {
				tx.bury(t.object, r)
			}
		}
	}
}

// find returns the record that a request names by id.
func (tx *Tx) find(obj *schema.Object, id string) (Row, *Error) {
	full, ok := schema.NormalID(id)
	if !ok || !strings.HasPrefix(full, obj.Prefix) {
		return nil, bad("MALFORMED_ID", []string{"Id"}, "%s ID: id value of incorrect type: %s", obj.Label, id)
	}
	row := tx.o.tables[obj.Name].rows[full]
	switch {
	case row == nil, !tx.o.shown(tx.User, obj, row):
		return nil, &Error{Code: "INVALID_CROSS_REFERENCE_KEY", Message: "invalid cross reference id", Fields: []string{}, HTTP: http.StatusNotFound}
	case row.deleted():
		return nil, &Error{Code: "ENTITY_IS_DELETED", Message: "entity is deleted", Fields: []string{}, HTTP: http.StatusNotFound}
	}
	return row, nil
}

// input checks what a request wants written, field by field, in a stable order.
func (tx *Tx) input(obj *schema.Object, in map[string]any, insert bool) (map[string]any, *Error) {
	if err := tx.mayWrite(obj, insert); err != nil {
		return nil, err
	}
	fields := make(map[string]any, len(in)+8)
	for _, name := range slices.Sorted(maps.Keys(in)) {
		v := in[name]
		if strings.EqualFold(name, "attributes") {
			continue
		}
		f := obj.Field(name)
		if f == nil {
			if err := tx.byForeignKey(obj, name, v, fields); err != nil {
				return nil, err
			}
			continue
		}
		if !tx.User.Sees(obj, f) {
			return nil, noSuchColumn(obj.Name, name)
		}
		if f.Type == schema.ID {
			return nil, Refuse(http.StatusBadRequest, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
		}
		if f.ReadOnly || f.CreateOnly && !insert || !tx.User.Edits(obj, f) {
			return nil, bad("INVALID_FIELD_FOR_INSERT_UPDATE", []string{f.Name},
				"Unable to create/update fields: %s. Please check the security settings of this field and verify that it is read/write for your profile or permission set.", f.Name)
		}
		c, err := coerce(f, v)
		if err != nil {
			return nil, err
		}
		fields[f.Name] = c
	}
	return fields, nil
}

func (tx *Tx) mayWrite(obj *schema.Object, insert bool) *Error {
	switch {
	case obj.Fixed && insert, obj.Name == "ContentDocument" && insert, tx.User.Role == Auditor && insert:
		return Refuse(http.StatusBadRequest, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
			"entity type cannot be inserted: %s", obj.Label)
	case obj.Fixed && tx.User.Role != Admin, tx.User.Role == Auditor:
		return bad("INSUFFICIENT_ACCESS_OR_READONLY", nil, "insufficient access rights on object id")
	default:
		return nil
	}
}

// byForeignKey sets a reference by the parent's external id: {"Contact": {"Caller_Key__c": "+1…"}}.
func (tx *Tx) byForeignKey(obj *schema.Object, name string, v any, fields map[string]any) *Error {
	f := obj.Relation(name)
	parent, ok := v.(map[string]any)
	if f == nil || !ok {
		return noSuchColumn(obj.Name, name)
	}
	target := f.ReferenceTo[0]
	if a, ok := parent["attributes"].(map[string]any); ok {
		target = str(a["type"])
	}
	po := tx.o.Schema.Object(target)
	if po == nil || !slices.Contains(f.ReferenceTo, po.Name) {
		return noSuchColumn(obj.Name, name)
	}
	for key, value := range parent {
		if key == "attributes" {
			continue
		}
		kf := po.Field(key)
		if kf == nil || !kf.ExternalID {
			return Refuse(http.StatusBadRequest, "INVALID_FIELD", "%s is not an External ID or indexed field for %s", key, po.Name)
		}
		ids := tx.o.tables[po.Name].by(kf.Name, str(value))
		if len(ids) != 1 {
			return bad("INVALID_FIELD", nil, "Foreign key external ID: %v not found for field %s in entity %s",
				strings.ToLower(str(value)), kf.Name, po.Name)
		}
		fields[f.Name] = ids[0]
	}
	return nil
}
