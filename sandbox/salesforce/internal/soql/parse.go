package soql

import (
	"strconv"
	"strings"
)

// Bounds of the language (SOQL and SOSL Reference, "SOQL Limits").
const (
	maxQuery = 100000
	maxDepth = 64
)

type parser struct {
	text  string
	toks  []token
	i     int
	depth int
}

// Parse reads a SOQL query. Its errors are *[Error].
func Parse(text string) (*Query, error) {
	if len(text) > maxQuery {
		return nil, &Error{"QUERY_TOO_COMPLICATED", "Query is too long: " + strconv.Itoa(len(text)) + " characters"}
	}
	toks, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, toks: toks}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != end {
		return nil, p.unexpected(t)
	}
	return q, nil
}

func (p *parser) peek() token { return p.toks[p.i] }

func (p *parser) next() token {
	t := p.toks[p.i]
	if t.kind != end {
		p.i++
	}
	return t
}

func (p *parser) accept(keyword string) bool {
	if t := p.peek(); t.is(keyword) || t.kind == sign && t.text == keyword {
		p.i++
		return true
	}
	return false
}

func (p *parser) expect(what string) *Error {
	if p.accept(what) {
		return nil
	}
	return p.unexpected(p.peek())
}

func (p *parser) unexpected(t token) *Error {
	switch t.kind {
	case end:
		return Malformed(p.text, t.at, "unexpected token: '<EOF>'")
	case quoted:
		return Malformed(p.text, t.at, "unexpected token: ''%s''", t.text)
	default:
		return Malformed(p.text, t.at, "unexpected token: '%s'", t.text)
	}
}

// deeper guards recursion: a query of brackets must not take the stack.
func (p *parser) deeper() *Error {
	if p.depth++; p.depth > maxDepth {
		return Malformed(p.text, p.peek().at, "query is nested too deeply")
	}
	return nil
}

func (p *parser) query() (*Query, *Error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	q := &Query{Text: p.text, Limit: -1, Offset: -1}
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}
	var err *Error
	if q.Select, err = p.items(); err != nil {
		return nil, err
	}
	if err := p.expect("FROM"); err != nil {
		return nil, err
	}
	if q.From, err = p.name(); err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind == word && !clause(t.text) {
		p.accept("AS")
		a, err := p.name()
		if err != nil {
			return nil, err
		}
		q.Alias = a.Text
	}
	return q, p.clauses(q)
}

func clause(w string) bool {
	switch strings.ToUpper(w) {
	case "USING", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "ALL", "UPDATE":
		return true
	default:
		return false
	}
}

// clauses reads what may follow FROM, in the order that the language wants.
func (p *parser) clauses(q *Query) *Error {
	steps := []func(*Query) *Error{p.using, p.where, p.with, p.group, p.order, p.limit, p.forWhat}
	for _, step := range steps {
		if err := step(q); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) using(*Query) *Error {
	if !p.accept("USING") {
		return nil
	}
	if err := p.expect("SCOPE"); err != nil {
		return err
	}
	_, err := p.name()
	return err
}

func (p *parser) where(q *Query) (err *Error) {
	if p.accept("WHERE") {
		q.Where, err = p.condition()
	}
	return err
}

func (p *parser) with(*Query) *Error {
	if !p.accept("WITH") {
		return nil
	}
	if p.accept("SECURITY_ENFORCED") || p.accept("USER_MODE") || p.accept("SYSTEM_MODE") {
		return nil
	}
	return p.unexpected(p.peek())
}

func (p *parser) group(q *Query) *Error {
	if !p.accept("GROUP") {
		return nil
	}
	if err := p.expect("BY"); err != nil {
		return err
	}
	for {
		path, err := p.path()
		if err != nil {
			return err
		}
		q.Group = append(q.Group, path)
		if !p.accept(",") {
			break
		}
	}
	if p.accept("HAVING") {
		var err *Error
		q.Having, err = p.condition()
		return err
	}
	return nil
}

func (p *parser) order(q *Query) *Error {
	if !p.accept("ORDER") {
		return nil
	}
	if err := p.expect("BY"); err != nil {
		return err
	}
	for {
		fn, path, err := p.operand()
		if err != nil {
			return err
		}
		o := Order{Path: path, Func: fn}
		if p.accept("DESC") {
			o.Desc = true
		} else {
			p.accept("ASC")
		}
		if p.accept("NULLS") {
			o.NullsLast = p.accept("LAST")
			if !o.NullsLast && !p.accept("FIRST") {
				return p.unexpected(p.peek())
			}
		}
		q.Order = append(q.Order, o)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) limit(q *Query) (err *Error) {
	if p.accept("LIMIT") {
		if q.Limit, err = p.count(); err != nil {
			return err
		}
	}
	if p.accept("OFFSET") {
		at := p.peek().at
		if q.Offset, err = p.count(); err != nil {
			return err
		}
		if q.Offset > 2000 {
			return &Error{"NUMBER_OUTSIDE_VALID_RANGE", Pointing(p.text, at, "Maximum SOQL offset allowed is 2000")}
		}
	}
	return nil
}

func (p *parser) forWhat(*Query) *Error {
	for p.accept("FOR") {
		if !p.accept("VIEW") && !p.accept("REFERENCE") && !p.accept("UPDATE") {
			return p.unexpected(p.peek())
		}
	}
	return nil
}

func (p *parser) count() (int, *Error) {
	t := p.next()
	n, err := strconv.Atoi(t.text)
	if t.kind != number || err != nil || n < 0 {
		return 0, p.unexpected(t)
	}
	return n, nil
}

func (p *parser) name() (Name, *Error) {
	t := p.next()
	if t.kind != word {
		return Name{}, p.unexpected(t)
	}
	return Name{t.text, t.at}, nil
}

func (p *parser) path() (Path, *Error) {
	t := p.next()
	if t.kind != word || clause(t.text) {
		return Path{}, p.unexpected(t)
	}
	parts := strings.Split(t.text, ".")
	for _, s := range parts {
		if s == "" {
			return Path{}, p.unexpected(t)
		}
	}
	return Path{parts, t.at}, nil
}

// operand is a field, or a function of one: Name, COUNT(Id), FIELDS(ALL), COUNT().
func (p *parser) operand() (string, Path, *Error) {
	path, err := p.path()
	if err != nil || len(path.Parts) > 1 || !p.accept("(") {
		return "", path, err
	}
	fn := strings.ToUpper(path.Parts[0])
	if p.accept(")") {
		return fn, Path{At: path.At}, nil
	}
	// ALL is a keyword elsewhere, and the argument of FIELDS here.
	t := p.next()
	if t.kind != word {
		return "", Path{}, p.unexpected(t)
	}
	return fn, Path{strings.Split(t.text, "."), t.at}, p.expect(")")
}

func (p *parser) items() ([]Item, *Error) {
	var items []Item
	for {
		it, err := p.item()
		if err != nil {
			return nil, err
		}
		items = append(items, it)
		if !p.accept(",") {
			return items, nil
		}
	}
}

func (p *parser) item() (Item, *Error) {
	if p.accept("(") {
		sub, err := p.query()
		if err != nil {
			return Item{}, err
		}
		return Item{Sub: sub}, p.expect(")")
	}
	if t := p.peek(); t.is("FROM") {
		return Item{}, p.unexpected(t)
	}
	fn, path, err := p.operand()
	if err != nil {
		return Item{}, err
	}
	it := Item{Path: path, Func: fn}
	if t := p.peek(); t.kind == word && !t.is("FROM") {
		it.Alias = p.next().text
	}
	return it, nil
}
