package soql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Search is a FIND statement.
type Search struct {
	// Terms of the search, in lower case: every one must occur (Any: one of them). A "*" stands for anything and
	// a "?" for one character.
	Terms []string
	Any   bool
	// In is ALL, NAME, EMAIL, PHONE or SIDEBAR.
	In string
	// Returning are the objects to look in, each with its fields, condition, order and limit.
	Returning []*Query
	// Limit over all objects, at most 2000; -1 where it is left out.
	Limit int
}

// ParseSearch reads a SOSL search. Its errors are *[Error] with the code MALFORMED_SEARCH or MALFORMED_QUERY.
func ParseSearch(text string) (*Search, error) {
	if len(text) > maxQuery {
		return nil, &Error{"MALFORMED_SEARCH", "search is too long"}
	}
	rest := strings.TrimLeftFunc(text, unicode.IsSpace)
	if len(rest) < 4 || !strings.EqualFold(rest[:4], "FIND") {
		return nil, &Error{"MALFORMED_SEARCH", "search must begin with FIND"}
	}
	term, tail, err := braced(strings.TrimLeftFunc(rest[4:], unicode.IsSpace))
	if err != nil {
		return nil, err
	}
	s := &Search{In: "ALL", Limit: -1}
	if err := s.Find(term); err != nil {
		return nil, err
	}
	toks, err := lex(tail)
	if err != nil {
		return nil, err
	}
	p := &parser{text: tail, toks: toks}
	if err := p.search(s); err != nil {
		return nil, err
	}
	return s, nil
}

// Find sets the terms from what a person would type into the search box.
func (s *Search) Find(term string) *Error {
	if utf8.RuneCountInString(strings.Trim(term, "*? ")) < 2 {
		return &Error{"MALFORMED_SEARCH", "search term must be longer than one character: " + term}
	}
	for i, part := range strings.Split(term, `"`) {
		if i%2 == 1 { // inside quotes
			if part = strings.TrimSpace(part); part != "" {
				s.Terms = append(s.Terms, strings.ToLower(part))
			}
			continue
		}
		for _, w := range strings.Fields(part) {
			switch strings.ToUpper(w) {
			case "AND":
			case "OR":
				s.Any = true
			default:
				s.Terms = append(s.Terms, strings.ToLower(w))
			}
		}
	}
	if len(s.Terms) == 0 {
		return &Error{"MALFORMED_SEARCH", "search term must be longer than one character: " + term}
	}
	switch n := utf8.RuneCountInString(term); {
	case n > mostTerm:
		s.Terms, s.Any = nil, true // any of none: nothing is found
	case n > mostOperators:
		s.Any = true
	}
	return nil
}

// Limits of what is searched for ("FIND {SearchQuery}", SOQL and SOSL Reference): what is longer finds nothing, or loses its operators.
const (
	mostTerm      = 10000
	mostOperators = 4000
)

// braced reads {term}, in which a backslash makes reserved characters plain.
func braced(s string) (term, tail string, err *Error) {
	if !strings.HasPrefix(s, "{") {
		return "", "", &Error{"MALFORMED_SEARCH", "search term must be enclosed in braces"}
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '}':
			return b.String(), s[i+1:], nil
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case '{':
			return "", "", &Error{"MALFORMED_SEARCH", "reserved characters in a search term must be escaped"}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", &Error{"MALFORMED_SEARCH", "search term has no closing brace"}
}

func (p *parser) search(s *Search) *Error {
	if p.accept("IN") {
		n, err := p.name()
		if err != nil {
			return err
		}
		s.In = strings.ToUpper(n.Text)
		switch s.In {
		case "ALL", "NAME", "EMAIL", "PHONE", "SIDEBAR":
		default:
			return p.unexpected(token{word, n.Text, n.At})
		}
		if err := p.expect("FIELDS"); err != nil {
			return err
		}
	}
	if p.accept("RETURNING") {
		for {
			q, err := p.returning()
			if err != nil {
				return err
			}
			s.Returning = append(s.Returning, q)
			if !p.accept(",") {
				break
			}
		}
	}
	if p.accept("LIMIT") {
		var err *Error
		if s.Limit, err = p.count(); err != nil {
			return err
		}
		if s.Limit > 2000 {
			return &Error{"MALFORMED_SEARCH", "the limit of a search is at most 2000"}
		}
	}
	if t := p.peek(); t.kind != end {
		return p.unexpected(t)
	}
	return nil
}

// returning is an object, or an object with its fields and conditions in brackets.
func (p *parser) returning() (*Query, *Error) {
	n, err := p.name()
	if err != nil {
		return nil, err
	}
	q := &Query{Text: p.text, From: n, Limit: -1, Offset: -1}
	if !p.accept("(") {
		q.Select = []Item{{Path: Path{[]string{"Id"}, n.At}}}
		return q, nil
	}
	if q.Select, err = p.fields(); err != nil {
		return nil, err
	}
	for _, step := range []func(*Query) *Error{p.where, p.order, p.limit} {
		if err := step(q); err != nil {
			return nil, err
		}
	}
	return q, p.expect(")")
}

func (p *parser) fields() ([]Item, *Error) {
	var items []Item
	for {
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		items = append(items, Item{Path: path})
		if !p.accept(",") {
			return items, nil
		}
	}
}
