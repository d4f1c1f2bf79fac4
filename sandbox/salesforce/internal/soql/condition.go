package soql

import (
	"strconv"
	"strings"
	"time"
)

// condition reads a chain of conditions. AND and OR don't mix without brackets, as in the vendor's language.
func (p *parser) condition() (Expr, *Error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	first, err := p.term()
	if err != nil {
		return nil, err
	}
	all := []Expr{first}
	glue := ""
	for {
		t := p.peek()
		if !t.is("AND") && !t.is("OR") {
			break
		}
		if glue != "" && !t.is(glue) {
			return nil, p.unexpected(t)
		}
		glue = strings.ToUpper(t.text)
		p.next()
		e, err := p.term()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	switch glue {
	case "AND":
		return And(all), nil
	case "OR":
		return Or(all), nil
	default:
		return first, nil
	}
}

func (p *parser) term() (Expr, *Error) {
	if p.accept("NOT") {
		if err := p.deeper(); err != nil {
			return nil, err
		}
		defer func() { p.depth-- }()
		e, err := p.term()
		if err != nil {
			return nil, err
		}
		return Not{e}, nil
	}
	if p.accept("(") {
		e, err := p.condition()
		if err != nil {
			return nil, err
		}
		return e, p.expect(")")
	}
	return p.compare()
}

func (p *parser) compare() (Expr, *Error) {
	fn, path, err := p.operand()
	if err != nil {
		return nil, err
	}
	c := &Compare{Path: path, Func: fn}
	t := p.next()
	switch {
	case t.kind == sign && strings.ContainsAny(t.text[:1], "=<>!"):
		c.Op = t.text
		if c.Op == "<>" {
			c.Op = "!="
		}
		c.Value, err = p.value()
	case t.is("LIKE"):
		c.Op = "LIKE"
		c.Value, err = p.value()
	case t.is("IN"):
		c.Op = "IN"
		err = p.list(c)
	case t.is("NOT"):
		c.Op = "NOT IN"
		if err = p.expect("IN"); err == nil {
			err = p.list(c)
		}
	default:
		return nil, p.unexpected(t)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (p *parser) list(c *Compare) *Error {
	if err := p.expect("("); err != nil {
		return err
	}
	if p.peek().is("SELECT") {
		var err *Error
		if c.In, err = p.query(); err != nil {
			return err
		}
		return p.expect(")")
	}
	for {
		v, err := p.value()
		if err != nil {
			return err
		}
		c.List = append(c.List, v)
		if !p.accept(",") {
			return p.expect(")")
		}
	}
}

func (p *parser) value() (Value, *Error) {
	t := p.next()
	switch t.kind {
	case quoted:
		return Value{Kind: Text, Text: t.text, At: t.at}, nil
	case number:
		return p.numeric(t)
	case word:
		return p.literal(t)
	default:
		return Value{}, p.unexpected(t)
	}
}

// numeric tells numbers, dates and times apart.
func (p *parser) numeric(t token) (Value, *Error) {
	if f, err := strconv.ParseFloat(t.text, 64); err == nil && !strings.ContainsAny(t.text, "xXpP_") {
		return Value{Kind: Number, Text: t.text, Num: f, At: t.at}, nil
	}
	if _, err := time.Parse(time.DateOnly, t.text); err == nil {
		return Value{Kind: Date, Text: t.text, At: t.at}, nil
	}
	if _, err := Time(t.text); err == nil {
		return Value{Kind: DateTime, Text: t.text, At: t.at}, nil
	}
	return Value{}, p.unexpected(t)
}

// Time reads a time as SOQL and REST write it: with or without fractions, the zone as Z, +0000 or +00:00.
func Time(s string) (time.Time, error) {
	var err error
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700"} {
		var t time.Time
		if t, err = time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, err
}

func (p *parser) literal(t token) (Value, *Error) {
	up := strings.ToUpper(t.text)
	switch up {
	case "NULL":
		return Value{Kind: Null, Text: "null", At: t.at}, nil
	case "TRUE", "FALSE":
		return Value{Kind: Bool, Text: strings.ToLower(up), At: t.at}, nil
	}
	v := Value{Kind: DateLiteral, Text: up, At: t.at}
	if !strings.Contains(up, "_N_") {
		if _, _, ok := Span(v, time.Time{}); !ok {
			return Value{}, p.unexpected(t)
		}
		return v, nil
	}
	if err := p.expect(":"); err != nil {
		return Value{}, err
	}
	var err *Error
	at := p.peek()
	if v.N, err = p.count(); err != nil {
		return Value{}, err
	}
	if _, _, ok := Span(v, time.Time{}); !ok || v.N > 10000 {
		return Value{}, p.unexpected(at)
	}
	return v, nil
}

// Span is the time [from, to) that a date literal stands for, in UTC; false if it is none. Weeks begin on Sunday.
func Span(v Value, now time.Time) (from, to time.Time, ok bool) {
	y, m, d := now.UTC().Date()
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	week := d - int(date(y, m, d).Weekday())
	days := func(a, b int) (time.Time, time.Time, bool) { return date(y, m, a), date(y, m, b), true }
	switch v.Text {
	case "YESTERDAY":
		return days(d-1, d)
	case "TODAY":
		return days(d, d+1)
	case "TOMORROW":
		return days(d+1, d+2)
	case "LAST_WEEK":
		return days(week-7, week)
	case "THIS_WEEK":
		return days(week, week+7)
	case "NEXT_WEEK":
		return days(week+7, week+14)
	case "LAST_N_DAYS":
		return days(d-v.N, d+1)
	case "NEXT_N_DAYS":
		return days(d+1, d+v.N+1)
	case "N_DAYS_AGO":
		return days(d-v.N, d-v.N+1)
	case "LAST_90_DAYS":
		return days(d-90, d+1)
	case "NEXT_90_DAYS":
		return days(d+1, d+91)
	case "LAST_MONTH":
		return date(y, m-1, 1), date(y, m, 1), true
	case "THIS_MONTH":
		return date(y, m, 1), date(y, m+1, 1), true
	case "NEXT_MONTH":
		return date(y, m+1, 1), date(y, m+2, 1), true
	case "LAST_YEAR":
		return date(y-1, 1, 1), date(y, 1, 1), true
	case "THIS_YEAR":
		return date(y, 1, 1), date(y+1, 1, 1), true
	case "NEXT_YEAR":
		return date(y+1, 1, 1), date(y+2, 1, 1), true
	default:
		return now, now, false
	}
}
