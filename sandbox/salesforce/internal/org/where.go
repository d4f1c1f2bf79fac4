package org

import (
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/soql"
)

// condition compiles WHERE; nil holds for all.
func (p *planner) condition(e soql.Expr) (func(Row) bool, *Error) {
	switch e := e.(type) {
	case nil:
		return nil, nil
	case soql.And:
		return p.several(e, true)
	case soql.Or:
		return p.several(e, false)
	case soql.Not:
		of, err := p.condition(e.Of)
		if err != nil {
			return nil, err
		}
		return func(r Row) bool { return !of(r) }, nil
	case *soql.Compare:
		return p.comparison(e)
	default:
		return nil, p.refuse("MALFORMED_QUERY", 0, "unexpected condition")
	}
}

func (p *planner) several(parts []soql.Expr, want bool) (func(Row) bool, *Error) {
	var fs []func(Row) bool
	for _, part := range parts {
		f, err := p.condition(part)
		if err != nil {
			return nil, err
		}
		fs = append(fs, f)
	}
	return func(r Row) bool {
		for _, f := range fs {
			if f(r) != want {
				return !want
			}
		}
		return want
	}, nil
}

func (p *planner) comparison(c *soql.Compare) (func(Row) bool, *Error) {
	if c.Func != "" {
		return nil, p.refuse("MALFORMED_QUERY", c.Path.At, "unexpected token: '%s'", c.Func)
	}
	f, err := p.field(c.Path)
	if err != nil {
		return nil, err
	}
	if f.leaf.Long() {
		return nil, p.refuse("INVALID_FIELD", c.Path.At, "field '%s' can not be filtered in a query call", f.leaf.Name)
	}
	get := func(r Row) any { return p.o.value(f, r) }
	if c.In != nil {
		return p.semiJoin(c, f, get)
	}
	if c.Op == "IN" || c.Op == "NOT IN" {
		return p.among(c, f.leaf, get)
	}
	return p.one(c.Op, c.Value, f.leaf, get)
}

// among is IN with a list: one of the equalities. NOT IN holds for null, as != does.
func (p *planner) among(c *soql.Compare, f *schema.Field, get func(Row) any) (func(Row) bool, *Error) {
	var any []func(Row) bool
	for _, v := range c.List {
		eq, err := p.one("=", v, f, get)
		if err != nil {
			return nil, err
		}
		any = append(any, eq)
	}
	in := func(r Row) bool {
		for _, eq := range any {
			if eq(r) {
				return true
			}
		}
		return false
	}
	if c.Op == "IN" {
		return in, nil
	}
	return func(r Row) bool { return !in(r) }, nil
}

// semiJoin is IN with a query of ids.
func (p *planner) semiJoin(c *soql.Compare, f resolved, get func(Row) any) (func(Row) bool, *Error) {
	if f.leaf.Type != schema.ID && f.leaf.Type != schema.Reference {
		return nil, p.refuse("MALFORMED_QUERY", c.Path.At, "The left operand field in the where expression of a semi join must be an id or reference field")
	}
	obj := p.o.Schema.Object(c.In.From.Text)
	if obj == nil || obj.Event {
		return nil, refuseType(c.In)
	}
	if len(c.In.Select) != 1 || c.In.Select[0].Sub != nil || c.In.Select[0].Func != "" {
		return nil, p.refuse("MALFORMED_QUERY", c.Path.At, "The inner select of a semi join selects one field")
	}
	inner := &planner{o: p.o, u: p.u, version: p.version, q: c.In, obj: obj}
	leaf, err := inner.field(c.In.Select[0].Path)
	if err != nil {
		return nil, err
	}
	if leaf.leaf.Type != schema.ID && leaf.leaf.Type != schema.Reference {
		return nil, inner.refuse("MALFORMED_QUERY", c.In.Select[0].Path.At, "The inner select field '%s' must be an id or reference field", leaf.leaf.Name)
	}
	match, err := inner.condition(c.In.Where)
	if err != nil {
		return nil, err
	}
	ids := map[any]bool{}
	for _, r := range inner.page(inner.matching(match)) {
		if v := p.o.value(leaf, r); v != nil {
			ids[v] = true
		}
	}
	want := c.Op == "IN"
	return func(r Row) bool { return ids[get(r)] == want }, nil
}

// one compares a field with one value.
func (p *planner) one(op string, v soql.Value, f *schema.Field, get func(Row) any) (func(Row) bool, *Error) {
	if v.Kind == soql.Null {
		if op != "=" && op != "!=" {
			return nil, p.refuse("MALFORMED_QUERY", v.At, "unexpected token: 'null'")
		}
		return func(r Row) bool { return (get(r) == nil) == (op == "=") }, nil
	}
	switch {
	case f.Type == schema.ID || f.Type == schema.Reference:
		return p.oneID(op, v, f, get)
	case f.Text():
		return p.oneText(op, v, f, get)
	case f.Number():
		if v.Kind != soql.Number {
			return nil, p.wrongType(v, f, string(f.Type), false)
		}
		return ordered(op, v.Num, get)
	case f.Type == schema.Boolean:
		if v.Kind != soql.Bool || op != "=" && op != "!=" {
			return nil, p.wrongType(v, f, "boolean", false)
		}
		want := v.Text == "true"
		return func(r Row) bool { return (get(r) == want) == (op == "=") }, nil
	default:
		return p.oneTime(op, v, f, get)
	}
}

func (p *planner) wrongType(v soql.Value, f *schema.Field, want string, quotes bool) *Error {
	should := "and should not be enclosed in quotes"
	if quotes {
		should = "and should be enclosed in quotes"
	}
	return p.refuse("INVALID_FIELD", v.At, "value of filter criterion for field '%s' must be of type %s %s", f.Name, want, should)
}

func (p *planner) oneID(op string, v soql.Value, f *schema.Field, get func(Row) any) (func(Row) bool, *Error) {
	if v.Kind != soql.Text {
		return nil, p.wrongType(v, f, "string", true)
	}
	if op == "LIKE" {
		return nil, p.refuse("INVALID_QUERY_FILTER_OPERATOR", v.At, "invalid operator on id field")
	}
	if v.Text == "" {
		return func(r Row) bool { return (get(r) == nil) == (op == "=") }, nil
	}
	id, ok := schema.NormalID(v.Text)
	if !ok {
		return nil, p.refuse("INVALID_QUERY_FILTER_OPERATOR", v.At, "invalid ID field: %s", v.Text)
	}
	switch op {
	case "=":
		return func(r Row) bool { return get(r) == id }, nil
	case "!=":
		return func(r Row) bool { return get(r) != id }, nil
	default:
		return func(r Row) bool {
			s, ok := get(r).(string)
			return ok && holds(op, strings.Compare(s, id))
		}, nil
	}
}

func (p *planner) oneText(op string, v soql.Value, f *schema.Field, get func(Row) any) (func(Row) bool, *Error) {
	if v.Kind != soql.Text {
		return nil, p.wrongType(v, f, "string", true)
	}
	if op == "LIKE" {
		pattern := strings.ToLower(v.Text)
		return func(r Row) bool {
			s, ok := get(r).(string)
			return ok && like(strings.ToLower(s), pattern)
		}, nil
	}
	want := strings.ReplaceAll(strings.ReplaceAll(v.Text, `\%`, "%"), `\_`, "_")
	if want == "" && (op == "=" || op == "!=") {
		return func(r Row) bool { return (get(r) == nil) == (op == "=") }, nil
	}
	return ordered(op, want, get)
}

// ordered compares with a value of the field's own type; null is only unequal.
func ordered(op string, want any, get func(Row) any) (func(Row) bool, *Error) {
	return func(r Row) bool {
		v := get(r)
		if v == nil {
			return op == "!="
		}
		return holds(op, compareValues(v, want))
	}, nil
}

func holds(op string, c int) bool {
	switch op {
	case "=":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	default:
		return false
	}
}

// oneTime compares dates and times, also with literals that stand for a span.
func (p *planner) oneTime(op string, v soql.Value, f *schema.Field, get func(Row) any) (func(Row) bool, *Error) {
	show, want := stamp, "dateTime"
	if f.Type == schema.Date {
		show, want = func(t time.Time) string { return t.Format(time.DateOnly) }, "date"
	}
	switch {
	case op == "LIKE":
		return nil, p.refuse("INVALID_QUERY_FILTER_OPERATOR", v.At, "invalid operator on %s field", want)
	case v.Kind == soql.DateLiteral:
		from, to, _ := soql.Span(v, p.o.Now())
		return within(op, show(from), show(to), get), nil
	case v.Kind == soql.Date && f.Type == schema.Date:
		return ordered(op, v.Text, get)
	case v.Kind == soql.DateTime && f.Type == schema.DateTime:
		t, err := soql.Time(v.Text)
		if err != nil {
			return nil, p.wrongType(v, f, want, false)
		}
		return ordered(op, stamp(t), get)
	default:
		return nil, p.wrongType(v, f, want, false)
	}
}

func within(op, from, to string, get func(Row) any) func(Row) bool {
	return func(r Row) bool {
		s, ok := get(r).(string)
		if !ok {
			return op == "!="
		}
		switch op {
		case "=":
			return s >= from && s < to
		case "!=":
			return s < from || s >= to
		case "<":
			return s < from
		case "<=":
			return s < to
		case ">":
			return s >= to
		default:
			return s >= from
		}
	}
}

// like matches % and _ in linear time; a backslash makes them plain.
func like(s, pattern string) bool {
	type glyph struct {
		r   rune
		any bool // "_"
		run bool // "%"
	}
	var pat []glyph
	esc := false
	for _, r := range pattern {
		switch {
		case esc:
			pat, esc = append(pat, glyph{r: r}), false
		case r == '\\':
			esc = true
		case r == '%':
			pat = append(pat, glyph{run: true})
		case r == '_':
			pat = append(pat, glyph{any: true})
		default:
			pat = append(pat, glyph{r: r})
		}
	}
	text := []rune(s)
	i, j, star, from := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case j < len(pat) && pat[j].run:
			star, from = j, i
			j++
		case j < len(pat) && (pat[j].any || pat[j].r == text[i]):
			i, j = i+1, j+1
		case star >= 0:
			from++
			i, j = from, star+1
		default:
			return false
		}
	}
	for j < len(pat) && pat[j].run {
		j++
	}
	return j == len(pat)
}
