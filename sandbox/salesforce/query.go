package salesforce

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/soql"
)

// Query answers come in pages of 2,000 records, or of 200 to 2,000 as Sforce-Query-Options asks; a user may hold ten open (SOQL and SOSL
// Reference).
const (
	pageSize   = 2000
	mostOpened = 10
)

func batchSize(header string) int {
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && strings.EqualFold(strings.TrimSpace(name), "batchSize") {
			return min(max(n, 200), pageSize)
		}
	}
	return pageSize
}

// cursors are the answers that are not read to their end. Safe for concurrent use.
type cursors struct {
	mu   sync.Mutex
	next int
	open []*cursor
}

type cursor struct {
	id      string
	user    string
	total   int
	records []*org.Record // from the first
}

// keep opens a cursor, in place of the user's oldest when there are too many.
func (cs *cursors) keep(user string, records []*org.Record) *cursor {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	mine, oldest := 0, -1
	for i, o := range cs.open {
		if o.user == user {
			if mine++; oldest < 0 {
				oldest = i
			}
		}
	}
	if mine >= mostOpened {
		cs.open = append(cs.open[:oldest], cs.open[oldest+1:]...)
	}
	cs.next++
	c := &cursor{id: fmt.Sprintf("0r8xx%013d", cs.next), user: user, total: len(records), records: records}
	cs.open = append(cs.open, c)
	return c
}

func (cs *cursors) find(user, id string) *cursor {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, o := range cs.open {
		if o.id == id && o.user == user {
			return o
		}
	}
	return nil
}

// query is /query?q=, /queryAll?q= and /query/{locator}.
func (c *call) query(tx *org.Tx, r *request) reply {
	if len(r.path) == 2 {
		return c.more(r.path[0], r.path[1])
	}
	if len(r.path) > 2 {
		return failed(notFound())
	}
	q := r.query.Get("q")
	if q == "" {
		return failed(org.Refuse(http.StatusBadRequest, "MALFORMED_QUERY", "A query string has to be specified"))
	}
	rows, err := tx.Query(c.version, q, r.path[0] == "queryAll")
	if err != nil {
		return failed(err)
	}
	size := or(c.batch, pageSize)
	if len(rows.Records) > size {
		cur := c.t.cursors.keep(c.user.ID, rows.Records)
		rows.Done, rows.Records = false, rows.Records[:size]
		rows.Next = fmt.Sprintf("%s/%s/%s-%d", c.base(), r.path[0], cur.id, size)
	}
	return reply{status: http.StatusOK, body: rows}
}

// more is the page of a locator: a cursor's id and the place in it.
func (c *call) more(resource, locator string) reply {
	id, at, _ := strings.Cut(locator, "-")
	from, err := strconv.Atoi(at)
	cur := c.t.cursors.find(c.user.ID, id)
	if err != nil || cur == nil || from < 0 || from > cur.total {
		return failed(org.Refuse(http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator"))
	}
	to := min(cur.total, from+or(c.batch, pageSize))
	rows := &org.Rows{TotalSize: cur.total, Done: to == cur.total, Records: cur.records[from:to]}
	if !rows.Done {
		rows.Next = fmt.Sprintf("%s/%s/%s-%d", c.base(), resource, id, to)
	}
	return reply{status: http.StatusOK, body: rows}
}

// search is /search?q=.
func (c *call) search(tx *org.Tx, r *request) reply {
	if len(r.path) > 1 {
		return failed(notFound())
	}
	q := r.query.Get("q")
	if q == "" {
		return failed(org.Refuse(http.StatusBadRequest, "MALFORMED_SEARCH", "A search string has to be specified"))
	}
	records, err := tx.Search(c.version, q)
	if err != nil {
		return failed(err)
	}
	return reply{status: http.StatusOK, body: map[string]any{"searchRecords": records}}
}

// parameterizedSearch is a search without SOSL: q, in, sobject and fields, in the URL or as JSON.
func (c *call) parameterizedSearch(tx *org.Tx, r *request) reply {
	s := &soql.Search{In: "ALL", Limit: -1}
	term, in := r.query.Get("q"), r.query.Get("in")
	objects := map[string][]string{}
	for _, name := range r.query["sobject"] {
		objects[name] = []string{"Id"}
		if f := r.query.Get("fields"); f != "" {
			objects[name] = strings.Split(f, ",")
		}
	}
	order := slices.Clone(r.query["sobject"])
	if body, ok := r.body.(map[string]any); ok {
		term, _ = body["q"].(string)
		in, _ = body["in"].(string)
		order = searchObjects(body, objects)
	}
	if err := s.Find(term); err != nil {
		return failed(org.Refuse(http.StatusBadRequest, err.Code, "%s", err.Message))
	}
	if in != "" {
		s.In = strings.ToUpper(in)
	}
	for _, name := range order {
		q := &soql.Query{From: soql.Name{Text: name}, Limit: -1, Offset: -1}
		for _, f := range objects[name] {
			q.Select = append(q.Select, soql.Item{Path: soql.Path{Parts: strings.Split(strings.TrimSpace(f), ".")}})
		}
		s.Returning = append(s.Returning, q)
	}
	records, err := tx.Find(c.version, s)
	if err != nil {
		return failed(err)
	}
	return reply{status: http.StatusOK, body: map[string]any{"searchRecords": records}}
}

// searchObjects reads "sobjects": [{"name": "Contact", "fields": ["Id"]}].
func searchObjects(body map[string]any, objects map[string][]string) []string {
	list, _ := body["sobjects"].([]any)
	order := make([]string, 0, len(list))
	for _, o := range list {
		m, _ := o.(map[string]any)
		name, _ := m["name"].(string)
		fields, _ := m["fields"].([]any)
		names := []string{}
		for _, f := range fields {
			if s, ok := f.(string); ok {
				names = append(names, s)
			}
		}
		if len(names) == 0 {
			names = []string{"Id"}
		}
		objects[name] = names
		order = append(order, name)
	}
	return order
}
