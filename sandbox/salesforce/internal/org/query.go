package org

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/soql"
)

// Query runs a SOQL query and returns all its records; all includes deleted ones (queryAll).
func (tx *Tx) Query(version, text string, all bool) (*Rows, *Error) {
	q, err := soql.Parse(text)
	if err != nil {
		return nil, language(err)
	}
	obj := tx.o.Schema.Object(q.From.Text)
	if obj == nil || obj.Event {
		return nil, refuseType(q)
	}
	p := &planner{o: tx.o, u: tx.User, version: version, q: q, obj: obj, all: all}
	return p.run()
}

// language turns the parser's error into the org's.
func language(err error) *Error {
	var e *soql.Error
	if errors.As(err, &e) {
		return Refuse(http.StatusBadRequest, e.Code, "%s", e.Message)
	}
	return Refuse(http.StatusBadRequest, "MALFORMED_QUERY", "%v", err)
}

func refuseType(q *soql.Query) *Error {
	return Refuse(http.StatusBadRequest, "INVALID_TYPE", "%s", soql.Pointing(q.Text, q.From.At, fmt.Sprintf(
		"sObject type '%s' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.", q.From.Text)))
}

// planner runs one query on one object. The org's lock is held.
type planner struct {
	o       *Org
	u       *User
	version string
	q       *soql.Query
	obj     *schema.Object
	all     bool
	// parent narrows a subquery to the children of one record.
	parentField, parentID string
	// only narrows a search to what it found.
	only []string
}

// refuse makes an error that points into the query.
func (p *planner) refuse(code string, at int, format string, args ...any) *Error {
	return Refuse(http.StatusBadRequest, code, "%s", soql.Pointing(p.q.Text, at, fmt.Sprintf(format, args...)))
}

func (p *planner) run() (*Rows, *Error) {
	match, err := p.condition(p.q.Where)
	if err != nil {
		return nil, err
	}
	if err := p.restricted(); err != nil {
		return nil, err
	}
	less, err := p.order()
	if err != nil {
		return nil, err
	}
	if p.aggregated() {
		return p.aggregate(match)
	}
	shape, err := p.shape()
	if err != nil {
		return nil, err
	}
	rows := p.matching(match)
	if less != nil {
		slices.SortStableFunc(rows, less)
	}
	rows = p.page(rows)
	out := &Rows{TotalSize: len(rows), Done: true, Records: make([]*Record, 0, len(rows))}
	for _, row := range rows {
		out.Records = append(out.Records, p.o.draw(shape, row, p.version))
	}
	return out, nil
}

func (p *planner) page(rows []Row) []Row {
	if p.q.Offset > 0 {
		rows = rows[min(p.q.Offset, len(rows)):]
	}
	if p.q.Limit >= 0 {
		rows = rows[:min(p.q.Limit, len(rows))]
	}
	return rows
}

// matching are the rows that the user sees and the condition holds for, oldest first.
func (p *planner) matching(match func(Row) bool) []Row {
	t := p.o.tables[p.obj.Name]
	ids := t.order
	if some, ok := p.seek(p.q.Where); ok && !p.all {
		ids = some
	}
	if p.parentField != "" {
		ids = t.by(p.parentField, p.parentID)
	}
	if p.only != nil {
		ids = p.only
	}
	var rows []Row
	for _, id := range ids {
		r := t.rows[id]
		if r == nil || r.deleted() && !p.all || match != nil && !match(r) || !p.o.shown(p.u, p.obj, r) {
			continue
		}
		rows = append(rows, r)
	}
	return rows
}

// seek finds the ids that indexed equalities in the condition leave; false if there are none.
func (p *planner) seek(e soql.Expr) ([]string, bool) {
	switch e := e.(type) {
	case soql.And:
		for _, part := range e {
			if ids, ok := p.seek(part); ok {
				return ids, true
			}
		}
	case soql.Or:
		var all []string
		for _, part := range e {
			ids, ok := p.seek(part)
			if !ok {
				return nil, false
			}
			all = append(all, ids...)
		}
		slices.Sort(all)
		return slices.Compact(all), true
	case *soql.Compare:
		if e.Op != "=" && e.Op != "IN" || e.In != nil || e.Func != "" {
			return nil, false
		}
		parts := p.own(e.Path.Parts)
		if len(parts) != 1 {
			return nil, false
		}
		values := e.List
		if e.Op == "=" {
			values = []soql.Value{e.Value}
		}
		return p.lookup(p.obj.Field(parts[0]), values)
	}
	return nil, false
}

func (p *planner) lookup(f *schema.Field, values []soql.Value) ([]string, bool) {
	if f == nil || f.Type != schema.ID && !f.Indexed() {
		return nil, false
	}
	t := p.o.tables[p.obj.Name]
	var ids []string
	for _, v := range values {
		if v.Kind != soql.Text || v.Text == "" {
			return nil, false
		}
		text := v.Text
		if f.Type == schema.ID || f.Type == schema.Reference {
			text, _ = schema.NormalID(text)
		}
		if f.Type == schema.ID {
			ids = append(ids, text)
		} else {
			ids = append(ids, t.by(f.Name, text)...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), true
}

// own takes the alias or the object's own name off a path.
func (p *planner) own(parts []string) []string {
	if len(parts) > 1 && (strings.EqualFold(parts[0], p.q.Alias) && p.q.Alias != "" || strings.EqualFold(parts[0], p.obj.Name)) {
		return parts[1:]
	}
	return parts
}

// restricted holds the vendor's own limits on some objects.
func (p *planner) restricted() *Error {
	if p.obj.Name != "ContentDocumentLink" || p.parentField != "" {
		return nil
	}
	var filtered func(e soql.Expr) bool
	filtered = func(e soql.Expr) bool {
		switch e := e.(type) {
		case soql.And:
			return slices.ContainsFunc(e, filtered)
		case *soql.Compare:
			name := strings.ToLower(e.Path.String())
			return (e.Op == "=" || e.Op == "IN") && (name == "contentdocumentid" || name == "linkedentityid" || name == "id")
		default:
			return false
		}
	}
	if filtered(p.q.Where) {
		return nil
	}
	return Refuse(http.StatusBadRequest, "MALFORMED_QUERY",
		"Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or LinkedEntityId using the equals operator or multiple Id's using the IN operator.")
}

// order compiles ORDER BY. Nulls come first unless the query says otherwise.
func (p *planner) order() (func(a, b Row) int, *Error) {
	if len(p.q.Order) == 0 || p.aggregated() {
		return nil, nil
	}
	var steps []func(a, b Row) int
	for _, o := range p.q.Order {
		f, err := p.field(o.Path)
		if err != nil {
			return nil, err
		}
		if f.leaf.Long() {
			return nil, p.refuse("MALFORMED_QUERY", o.Path.At, "field '%s' can not be sorted in a query call", f.leaf.Name)
		}
		steps = append(steps, func(a, b Row) int {
			return compareForOrder(p.o.value(f, a), p.o.value(f, b), o.Desc, o.NullsLast)
		})
	}
	return func(a, b Row) int {
		for _, s := range steps {
			if c := s(a, b); c != 0 {
				return c
			}
		}
		return 0
	}, nil
}

func compareForOrder(a, b any, desc, nullsLast bool) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil || b == nil:
		if (a == nil) != nullsLast {
			return -1
		}
		return 1
	}
	c := compareValues(a, b)
	if desc {
		return -c
	}
	return c
}

func compareValues(a, b any) int {
	switch a := a.(type) {
	case float64:
		n, _ := b.(float64)
		return cmp.Compare(a, n)
	case bool:
		t, _ := b.(bool)
		switch {
		case a == t:
			return 0
		case !a:
			return -1
		default:
			return 1
		}
	default:
		return cmp.Compare(strings.ToLower(str(a)), strings.ToLower(str(b)))
	}
}
