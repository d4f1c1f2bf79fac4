package org

import (
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/soql"
)

// maxParents is how many parents a path may go through.
const maxParents = 5

// resolved is a path through parents to a field.
type resolved struct {
	hops []*schema.Field
	leaf *schema.Field
}

// nameFields are what a polymorphic parent (Who, What, Owner) has, whatever it is.
var nameFields = []string{"Id", "Name", "FirstName", "LastName", "Email", "Phone", "Title", "Alias", "Username", "Type"}

func (p *planner) field(path soql.Path) (resolved, *Error) {
	obj, parts := p.obj, p.own(path.Parts)
	var r resolved
	if len(parts) == 0 {
		return r, p.refuse("MALFORMED_QUERY", path.At, "unexpected token: ')'")
	}
	if len(parts) > maxParents+1 {
		return r, p.refuse("INVALID_FIELD", path.At, "The path %s has more than %d parents", path, maxParents)
	}
	for i, name := range parts {
		if i == len(parts)-1 {
			break
		}
		hop := obj.Relation(name)
		if hop == nil || !p.u.Sees(obj, hop) {
			return r, p.refuse("INVALID_FIELD", path.At,
				"Didn't understand relationship '%s' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.", name)
		}
		r.hops = append(r.hops, hop)
		if len(hop.ReferenceTo) > 1 {
			return p.polymorphic(r, parts, i+1, path)
		}
		obj = p.o.Schema.Object(hop.ReferenceTo[0])
	}
	name := parts[len(parts)-1]
	r.leaf = obj.Field(name)
	if r.leaf == nil || !p.u.Sees(obj, r.leaf) {
		return r, p.noColumn(path.At, name, obj.Name)
	}
	return r, nil
}

func (p *planner) noColumn(at int, name, object string) *Error {
	return p.refuse("INVALID_FIELD", at,
		"No such column '%s' on entity '%s'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.", name, object)
}

// polymorphic resolves the rest of a path behind a parent of several kinds.
func (p *planner) polymorphic(r resolved, parts []string, i int, path soql.Path) (resolved, *Error) {
	k := slices.IndexFunc(nameFields, func(n string) bool { return strings.EqualFold(n, parts[i]) })
	if i != len(parts)-1 || k < 0 {
		return r, p.noColumn(path.At, parts[i], "Name")
	}
	r.leaf = &schema.Field{Name: nameFields[k], Type: schema.String, Length: 255}
	if nameFields[k] == "Id" {
		r.leaf.Type = schema.ID
	}
	return r, nil
}

// value of a path from a record; nil where a parent is missing.
func (o *Org) value(r resolved, row Row) any {
	for _, hop := range r.hops {
		if row = o.parent(hop, row); row == nil {
			return nil
		}
	}
	if len(r.hops) > 0 && len(r.hops[len(r.hops)-1].ReferenceTo) > 1 && r.leaf.Name == "Type" {
		return o.Schema.OfID(row.ID()).Name
	}
	return row[r.leaf.Name]
}

func (o *Org) parent(f *schema.Field, row Row) Row {
	id := str(row[f.Name])
	obj := o.Schema.OfID(id)
	if obj == nil || obj.Event {
		return nil
	}
	return o.tables[obj.Name].rows[id]
}
