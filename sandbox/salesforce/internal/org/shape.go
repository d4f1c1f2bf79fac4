package org

import (
	"net/http"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/soql"
)

// shape is how a record is drawn: fields, parents and children in the order of the SELECT list.
type shape struct {
	obj *schema.Object
	// as is the object's name in "attributes"; "" for the record's own.
	as    string
	parts []*part
}

type part struct {
	name   string
	field  *schema.Field // a field, or the reference to a parent
	parent *shape
	child  *planner
	shape  *shape // of the child
	order  func(a, b Row) int
	match  func(Row) bool
}

func (p *planner) shape() (*shape, *Error) {
	s := &shape{obj: p.obj}
	for _, it := range p.q.Select {
		var err *Error
		switch {
		case it.Sub != nil:
			err = p.addChild(s, it.Sub)
		case it.Func == "FIELDS":
			err = p.addAll(s, it)
		case it.Func != "":
			err = p.refuse("MALFORMED_QUERY", it.Path.At, "unexpected token: '('")
		default:
			err = p.addField(s, it)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (p *planner) addField(s *shape, it soql.Item) *Error {
	r, err := p.field(it.Path)
	if err != nil {
		return err
	}
	for _, hop := range r.hops {
		s = s.through(hop, p.o.Schema)
	}
	for _, q := range s.parts {
		if q.parent == nil && q.child == nil && q.name == r.leaf.Name {
			return p.refuse("INVALID_FIELD", it.Path.At, "duplicate field selected: %s", r.leaf.Name)
		}
	}
	s.parts = append(s.parts, &part{name: r.leaf.Name, field: r.leaf})
	return nil
}

// through returns the shape of a parent, made once.
func (s *shape) through(hop *schema.Field, sc *schema.Schema) *shape {
	for _, q := range s.parts {
		if q.parent != nil && q.field == hop {
			return q.parent
		}
	}
	parent := &shape{obj: sc.Object(hop.ReferenceTo[0])}
	if len(hop.ReferenceTo) > 1 {
		parent.as = "Name"
	}
	s.parts = append(s.parts, &part{name: hop.Relationship, field: hop, parent: parent})
	return parent
}

func (p *planner) addAll(s *shape, it soql.Item) *Error {
	which := strings.ToUpper(it.Path.String())
	if which != "ALL" && which != "STANDARD" && which != "CUSTOM" {
		return p.refuse("MALFORMED_QUERY", it.Path.At, "unexpected token: '%s'", it.Path)
	}
	if which != "STANDARD" && (p.q.Limit < 0 || p.q.Limit > 200) {
		return Refuse(http.StatusBadRequest, "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
	}
	for _, f := range p.obj.Fields {
		if p.u.Sees(p.obj, f) && (which == "ALL" || f.Custom == (which == "CUSTOM")) {
			s.parts = append(s.parts, &part{name: f.Name, field: f})
		}
	}
	return nil
}

func (p *planner) addChild(s *shape, q *soql.Query) *Error {
	c, ok := p.obj.Child(q.From.Text)
	if !ok {
		return p.refuse("INVALID_FIELD", q.From.At, "Didn't understand relationship '%s' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.", q.From.Text)
	}
	child := &planner{o: p.o, u: p.u, version: p.version, q: q, obj: p.o.Schema.Object(c.Object), parentField: c.Field}
	inner, err := child.shape()
	if err != nil {
		return err
	}
	pt := &part{name: c.Relationship, child: child, shape: inner}
	if pt.match, err = child.condition(q.Where); err != nil {
		return err
	}
	if pt.order, err = child.order(); err != nil {
		return err
	}
	s.parts = append(s.parts, pt)
	return nil
}

// draw makes a record of a shape.
func (o *Org) draw(s *shape, row Row, version string) *Record {
	own := o.Schema.OfID(row.ID())
	r := &Record{Type: own.Name, URL: recordURL(version, own.Name, row.ID())}
	if s.as != "" {
		r.Type = s.as
	}
	for _, q := range s.parts {
		switch {
		case q.child != nil:
			r.add(q.name, q.children(row))
		case q.parent != nil:
			if up := o.parent(q.field, row); up != nil {
				r.add(q.name, o.draw(q.parent, up, version))
			} else {
				r.add(q.name, nil)
			}
		case s.as != "" && q.name == "Type":
			r.add(q.name, own.Name)
		default:
			r.add(q.name, shownValue(q.field, row, version, own.Name))
		}
	}
	return r
}

// children runs a subquery for one record; none is null.
func (q *part) children(row Row) any {
	c := *q.child
	c.parentID = row.ID()
	rows := c.matching(q.match)
	if len(rows) == 0 {
		return nil
	}
	if q.order != nil {
		sortRows(rows, q.order)
	}
	rows = c.page(rows)
	out := &Rows{TotalSize: len(rows), Done: true}
	for _, r := range rows {
		out.Records = append(out.Records, c.o.draw(q.shape, r, c.version))
	}
	return out
}
