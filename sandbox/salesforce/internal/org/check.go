package org

import (
	"net/http"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// ValidationRule is an org's own: records on which Field holds one of Bad's values, or nothing where Bad is empty, are refused.
type ValidationRule struct {
	Object, Field string
	Bad           []string
	Message       string
}

// check is everything that may refuse a record as it would be saved; old is nil at insert.
func (tx *Tx) check(obj *schema.Object, old, row Row) *Error {
	for _, step := range []func(*schema.Object, Row, Row) *Error{
		tx.derive, tx.complete, tx.references, tx.validated, tx.notDuplicate, tx.unique,
	} {
		if err := step(obj, old, row); err != nil {
			return err
		}
	}
	return nil
}

// complete finds required fields without a value.
func (tx *Tx) complete(obj *schema.Object, _, row Row) *Error {
	var missing []string
	for _, f := range obj.Fields {
		if f.Required && row[f.Name] == nil {
			missing = append(missing, f.Name)
		}
	}
	if obj.Name == "ContentVersion" {
		for _, f := range []string{"PathOnClient", "VersionData"} {
			if row[f] == nil {
				missing = append(missing, f)
			}
		}
	}
	if missing == nil {
		return nil
	}
	return bad("REQUIRED_FIELD_MISSING", missing, "Required fields are missing: [%s]", strings.Join(missing, ", "))
}

// references checks what was newly pointed at.
func (tx *Tx) references(obj *schema.Object, old, row Row) *Error {
	for _, f := range obj.Fields {
		id := str(row[f.Name])
		if f.Type != schema.Reference || id == "" || f.ReadOnly || old != nil && old[f.Name] == row[f.Name] {
			continue
		}
		target := tx.o.Schema.OfID(id)
		if target == nil || target.Event || !slices.Contains(f.ReferenceTo, target.Name) {
			code := "MALFORMED_ID"
			if len(f.ReferenceTo) > 1 {
				code = "FIELD_INTEGRITY_EXCEPTION"
			}
			return bad(code, []string{f.Name}, "%s: id value of incorrect type: %s", f.Label, id)
		}
		parent := tx.o.tables[target.Name].rows[id]
		switch {
		case parent == nil:
			return invalidReference()
		case parent.deleted():
			return bad("ENTITY_IS_DELETED", nil, "entity is deleted")
		case parent["IsConverted"] == true:
			return bad("CANNOT_UPDATE_CONVERTED_LEAD", nil, "cannot reference converted lead")
		}
	}
	return nil
}

func (tx *Tx) validated(obj *schema.Object, _, row Row) *Error {
	for _, r := range tx.o.ValidationRules {
		if r.Object != obj.Name {
			continue
		}
		v := row[r.Field]
		if len(r.Bad) == 0 && v == nil || slices.Contains(r.Bad, str(v)) && v != nil {
			return bad("FIELD_CUSTOM_VALIDATION_EXCEPTION", []string{r.Field}, "%s", r.Message)
		}
	}
	return nil
}

// unique finds another record that holds a unique value, in any case.
func (tx *Tx) unique(obj *schema.Object, _, row Row) *Error {
	for _, f := range obj.Fields {
		v := str(row[f.Name])
		if !f.Unique || v == "" {
			continue
		}
		for _, id := range tx.o.tables[obj.Name].by(f.Name, v) {
			if id != row.ID() {
				return bad("DUPLICATE_VALUE", nil, "duplicate value found: %s duplicates value on record with id: %s", f.Name, id[:15])
			}
		}
	}
	return nil
}

// DuplicateRule is an org's own: a new record of Object that holds the same value in one of Fields as a record of one
// of Match is refused, or let through to who asks for it where AllowSave is set.
type DuplicateRule struct {
	Name      string
	Object    string
	Match     []string
	Fields    []string
	AllowSave bool
}

func (tx *Tx) notDuplicate(obj *schema.Object, old, row Row) *Error {
	if old != nil {
		return nil
	}
	for _, r := range tx.o.DuplicateRules {
		if r.Object != obj.Name || r.AllowSave && tx.AllowSave {
			continue
		}
		var results []any
		var matches []string
		for _, target := range r.Match {
			if found := tx.alike(target, r.Fields, row); len(found) > 0 {
				results = append(results, tx.matchResult(r, target, found))
				matches = append(matches, found...)
			}
		}
		if results != nil {
			err := duplicates(r, obj, results)
			err.Matches = matches
			return err
		}
	}
	return nil
}

func (tx *Tx) alike(target string, fields []string, row Row) []string {
	t := tx.o.tables[target]
	if t == nil {
		return nil
	}
	var found []string
	for _, id := range t.order {
		r := t.live(id)
		if r == nil || r["IsConverted"] == true {
			continue
		}
		for _, f := range fields {
			if v := str(row[f]); v != "" && strings.EqualFold(v, str(r[f])) {
				found = append(found, id)
				break
			}
		}
	}
	return found
}

func duplicates(r DuplicateRule, obj *schema.Object, results []any) *Error {
	return &Error{
		Code: "DUPLICATES_DETECTED", Message: "Use one of these records?", Fields: []string{}, HTTP: http.StatusBadRequest,
		Duplicates: map[string]any{
			"allowSave": r.AllowSave, "duplicateRule": r.Name, "duplicateRuleEntityType": obj.Name,
			"errorMessage": "Use one of these records?", "matchResults": results,
		},
	}
}

// matchResult names the records only to who asked for details.
func (tx *Tx) matchResult(r DuplicateRule, target string, ids []string) any {
	records := make([]any, 0, len(ids))
	for _, id := range ids {
		m := map[string]any{"additionalInformation": []any{}, "fieldDiffs": []any{}, "matchConfidence": 100.0, "record": nil}
		if tx.IncludeDetails {
			m["record"] = map[string]any{
				"attributes": map[string]any{"type": target, "url": "/services/data/v67.0/sobjects/" + target + "/" + id},
				"Id":         id,
			}
		}
		records = append(records, m)
	}
	return map[string]any{
		"entityType": target, "errors": []any{}, "matchEngine": "ExactMatchEngine", "matchRecords": records,
		"rule": r.Name, "size": len(records), "success": true,
	}
}
