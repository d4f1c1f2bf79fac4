package salesforce

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// MaxQuery is the longest SOQL statement, in characters ("SOQL Limits", SOQL and SOSL Reference). A composite request takes it whole;
// the URL of a request of its own holds 16 KB.
const MaxQuery = 100_000

// Record is a row of a query: its object, and its fields as JSON gives them. Nested records are Records.
type Record map[string]any

// Object is the record's API name.
func (r Record) Object() string {
	a, _ := r["attributes"].(map[string]any)
	s, _ := a["type"].(string)
	return s
}

// Text is a field's value if it is text, else "".
func (r Record) Text(field string) string {
	s, _ := r[field].(string)
	return s
}

// Page is one answer to a query.
type Page struct {
	TotalSize int      `json:"totalSize"`
	Done      bool     `json:"done"`
	Next      string   `json:"nextRecordsUrl"`
	Records   []Record `json:"records"`
}

// Query runs a SOQL query and follows its pages.
func (c *Client) Query(ctx context.Context, soql string) ([]Record, error) {
	var page Page
	if err := c.do(ctx, call{operation: "query", method: http.MethodGet, path: c.QueryPath(soql)}, &page); err != nil {
		return nil, err
	}
	return c.rest(ctx, page)
}

// rest returns page's records and those of the pages after it.
func (c *Client) rest(ctx context.Context, page Page) ([]Record, error) {
	records := page.Records
	for !page.Done && page.Next != "" {
		next := Page{}
		if err := c.do(ctx, call{operation: "query", method: http.MethodGet, path: page.Next}, &next); err != nil {
			return nil, err
		}
		page, records = next, append(records, next.Records...)
	}
	return records, nil
}

// QueryPath is the resource of a query, also as a composite subrequest names it.
func (c *Client) QueryPath(soql string) string { return c.Path("/query/?q=" + url.QueryEscape(soql)) }

// Quote makes a SOQL string literal of s, with every reserved character escaped ("Quoted String Escape
// Sequences", SOQL and SOSL Reference).
func Quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('\'')
	for _, r := range s {
		switch r {
		case '\'', '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// In makes "field IN ('a','b')" of values; it must be given at least one.
func In(field string, values []string) string {
	var b strings.Builder
	b.WriteString(field)
	b.WriteString(" IN (")
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(Quote(v))
	}
	b.WriteByte(')')
	return b.String()
}
