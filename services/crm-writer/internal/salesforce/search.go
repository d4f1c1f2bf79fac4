package salesforce

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Returning names an object and its fields in a search.
type Returning struct {
	Object string
	Fields []string
}

// Limits of a search ("SOSL Limits", SOQL and SOSL Reference): beyond 4,000 characters Salesforce leaves out the operators between its
// terms, and it returns 2,000 records at most.
const (
	maxSearch = 4000
	MaxFound  = 2000
)

// SearchTerms is how many of the numbers, as digits, fit one search; at least one.
func SearchTerms(numbers []string) int {
	size := 0
	for i, n := range numbers {
		if size += len(n) + len(" OR "); i > 0 && size > maxSearch {
			return i
		}
	}
	return len(numbers)
}

// SearchPhones finds records with any of the numbers, as digits, in a phone field, however it is written
// there. The search index lags behind writes by seconds or more, so what is not found may yet be there; and
// it matches parts, so the caller compares the fields itself. Of [MaxFound] records some may be missing.
func (c *Client) SearchPhones(ctx context.Context, numbers []string, returning ...Returning) ([]Record, error) {
	var out struct {
		SearchRecords []Record `json:"searchRecords"`
	}
	path := c.Path("/search/?q=" + url.QueryEscape(phoneSearch(numbers, returning)))
	if err := c.do(ctx, call{operation: "search", method: http.MethodGet, path: path}, &out); err != nil {
		return nil, err
	}
	return out.SearchRecords, nil
}

func phoneSearch(numbers []string, returning []Returning) string {
	terms := make([]string, len(numbers))
	for i, n := range numbers {
		terms[i] = EscapeSearch(n)
	}
	objects := make([]string, len(returning))
	for i, r := range returning {
		objects[i] = r.Object + "(" + strings.Join(r.Fields, ",") + ")"
	}
	return "FIND {" + strings.Join(terms, " OR ") + "} IN PHONE FIELDS RETURNING " + strings.Join(objects, ",")
}

// EscapeSearch escapes SOSL's reserved characters ? & | ! { } [ ] ( ) ^ ~ * : \ " ' + - ("FIND {SearchQuery}",
// SOQL and SOSL Reference).
func EscapeSearch(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(`?&|!{}[]()^~*:\"'+-`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
