package org

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/soql"
)

func sortRows(rows []Row, less func(a, b Row) int) { slices.SortStableFunc(rows, less) }

func (p *planner) aggregated() bool {
	return len(p.q.Group) > 0 || slices.ContainsFunc(p.q.Select, func(it soql.Item) bool {
		return it.Func != "" && it.Func != "FIELDS"
	})
}

// aggregate runs COUNT() and GROUP BY queries.
func (p *planner) aggregate(match func(Row) bool) (*Rows, *Error) {
	if first := p.q.Select[0]; first.Func == "COUNT" && first.Path.Parts == nil {
		if len(p.q.Select) > 1 || len(p.q.Group) > 0 {
			return nil, p.refuse("MALFORMED_QUERY", first.Path.At, "Grouped query cannot use COUNT()")
		}
		return &Rows{TotalSize: len(p.page(p.matching(match))), Done: true, Records: []*Record{}}, nil
	}
	keys, err := p.groupKeys()
	if err != nil {
		return nil, err
	}
	columns, err := p.columns(keys)
	if err != nil {
		return nil, err
	}
	having, err := p.having()
	if err != nil {
		return nil, err
	}
	groups := p.groups(keys, match)
	if err := p.orderGroups(groups, keys); err != nil {
		return nil, err
	}
	out := &Rows{Done: true, Records: []*Record{}}
	for _, g := range groups {
		if having != nil && !having(g) {
			continue
		}
		r := &Record{Type: "AggregateResult"}
		for _, c := range columns {
			r.add(c.name, c.of(g))
		}
		out.Records = append(out.Records, r)
	}
	if p.q.Limit >= 0 {
		out.Records = out.Records[:min(p.q.Limit, len(out.Records))]
	}
	out.TotalSize = len(out.Records)
	return out, nil
}

func (p *planner) groupKeys() ([]resolved, *Error) {
	var keys []resolved
	for _, g := range p.q.Group {
		f, err := p.field(g)
		if err != nil {
			return nil, err
		}
		if f.leaf.Long() {
			return nil, p.refuse("MALFORMED_QUERY", g.At, "field '%s' can not be grouped in a query call", f.leaf.Name)
		}
		keys = append(keys, f)
	}
	return keys, nil
}

// groups are the matching rows by key, in order of the keys; one of all rows without GROUP BY.
func (p *planner) groups(keys []resolved, match func(Row) bool) [][]Row {
	rows := p.matching(match)
	if len(keys) == 0 {
		return [][]Row{rows}
	}
	by := map[string][]Row{}
	var order []string
	for _, r := range rows {
		var key []any
		for _, k := range keys {
			key = append(key, p.o.value(k, r))
		}
		b, _ := json.Marshal(key) // strings, numbers, booleans
		if by[string(b)] == nil {
			order = append(order, string(b))
		}
		by[string(b)] = append(by[string(b)], r)
	}
	slices.Sort(order)
	var out [][]Row
	for _, k := range order {
		out = append(out, by[k])
	}
	return out
}

// orderGroups sorts by what is grouped or aggregated.
func (p *planner) orderGroups(groups [][]Row, keys []resolved) *Error {
	var steps []func(a, b []Row) int
	for _, o := range p.q.Order {
		of, err := p.aggregateOf(o.Func, o.Path)
		if err != nil {
			return err
		}
		if o.Func == "" && len(keys) == 0 {
			return p.refuse("MALFORMED_QUERY", o.Path.At, "Ordered field must be grouped or aggregated: %s", o.Path)
		}
		steps = append(steps, func(a, b []Row) int { return compareForOrder(of(a), of(b), o.Desc, o.NullsLast) })
	}
	slices.SortStableFunc(groups, func(a, b []Row) int {
		for _, s := range steps {
			if c := s(a, b); c != 0 {
				return c
			}
		}
		return 0
	})
	return nil
}

type column struct {
	name string
	of   func([]Row) any
}

func (p *planner) columns(keys []resolved) ([]column, *Error) {
	var columns []column
	unnamed := 0
	for _, it := range p.q.Select {
		if it.Sub != nil {
			return nil, p.refuse("MALFORMED_QUERY", it.Sub.From.At, "Grouped query cannot use child relationships in the SELECT list")
		}
		of, err := p.aggregateOf(it.Func, it.Path)
		if err != nil {
			return nil, err
		}
		c := column{name: it.Alias, of: of}
		switch {
		case it.Func == "":
			f, err := p.field(it.Path)
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(keys, func(k resolved) bool { return k.leaf == f.leaf && slices.Equal(k.hops, f.hops) }) {
				return nil, p.refuse("MALFORMED_QUERY", it.Path.At, "Field must be grouped or aggregated: %s", it.Path)
			}
			if c.name == "" {
				c.name = f.leaf.Name
			}
		case c.name == "":
			c.name = fmt.Sprintf("expr%d", unnamed)
			unnamed++
		}
		columns = append(columns, c)
	}
	return columns, nil
}

// aggregateOf compiles COUNT, SUM and the like; without a function it is the group's common value.
func (p *planner) aggregateOf(fn string, path soql.Path) (func([]Row) any, *Error) {
	f, err := p.field(path)
	if err != nil {
		return nil, err
	}
	values := func(rows []Row) []any {
		var vs []any
		for _, r := range rows {
			if v := p.o.value(f, r); v != nil {
				vs = append(vs, v)
			}
		}
		return vs
	}
	switch fn {
	case "":
		return func(rows []Row) any { return p.o.value(f, rows[0]) }, nil
	case "COUNT":
		return func(rows []Row) any { return float64(len(values(rows))) }, nil
	case "COUNT_DISTINCT":
		return func(rows []Row) any {
			seen := map[string]bool{}
			for _, v := range values(rows) {
				seen[strings.ToLower(fmt.Sprint(v))] = true
			}
			return float64(len(seen))
		}, nil
	case "MIN", "MAX":
		return func(rows []Row) any { return extreme(values(rows), fn == "MAX") }, nil
	case "SUM", "AVG":
		if !f.leaf.Number() {
			return nil, p.refuse("MALFORMED_QUERY", path.At, "field %s does not support aggregate operator %s", f.leaf.Name, fn)
		}
		return func(rows []Row) any { return total(values(rows), fn == "AVG") }, nil
	default:
		return nil, p.refuse("MALFORMED_QUERY", path.At, "Invalid function: %s", fn)
	}
}

func extreme(vs []any, most bool) any {
	if len(vs) == 0 {
		return nil
	}
	if most {
		return slices.MaxFunc(vs, compareValues)
	}
	return slices.MinFunc(vs, compareValues)
}

func total(vs []any, mean bool) any {
	if len(vs) == 0 {
		return nil
	}
	sum := 0.0
	for _, v := range vs {
		n, _ := v.(float64)
		sum += n
	}
	if mean {
		return sum / float64(len(vs))
	}
	return sum
}

// having compiles HAVING: comparisons of aggregates with numbers, joined by AND and OR.
func (p *planner) having() (func([]Row) bool, *Error) {
	if p.q.Having == nil {
		return nil, nil
	}
	var compile func(e soql.Expr) (func([]Row) bool, *Error)
	several := func(parts []soql.Expr, want bool) (func([]Row) bool, *Error) {
		var fs []func([]Row) bool
		for _, e := range parts {
			f, err := compile(e)
			if err != nil {
				return nil, err
			}
			fs = append(fs, f)
		}
		return func(g []Row) bool {
			for _, f := range fs {
				if f(g) != want {
					return !want
				}
			}
			return want
		}, nil
	}
	compile = func(e soql.Expr) (func([]Row) bool, *Error) {
		switch e := e.(type) {
		case soql.And:
			return several(e, true)
		case soql.Or:
			return several(e, false)
		case soql.Not:
			of, err := compile(e.Of)
			return func(g []Row) bool { return !of(g) }, err
		case *soql.Compare:
			if e.Func == "" || e.Value.Kind != soql.Number {
				return nil, p.refuse("MALFORMED_QUERY", e.Path.At, "HAVING compares an aggregate with a number")
			}
			of, err := p.aggregateOf(e.Func, e.Path)
			return func(g []Row) bool {
				v, ok := of(g).(float64)
				return ok && holds(e.Op, compareValues(v, e.Value.Num))
			}, err
		default:
			return nil, p.refuse("MALFORMED_QUERY", 0, "unexpected condition")
		}
	}
	return compile(p.q.Having)
}
