package salesforce

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// Limits of a composite request (REST API Developer Guide, "Composite").
const (
	mostSubrequests = 25
	mostQueries     = 5
)

const (
	rolledBack = "The transaction was rolled back since another operation in the same transaction failed."
)

var referenceForm = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// node is a subrequest of a composite or a graph.
type node struct {
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	ReferenceID string            `json:"referenceId"`
	Body        any               `json:"body"`
	HTTPHeaders map[string]string `json:"httpHeaders"`
	// Older clients say "headers" in batches; here it is unknown and refused.
}

// answered is a subrequest's answer.
type answered struct {
	Body        any               `json:"body"`
	HTTPHeaders map[string]string `json:"httpHeaders"`
	Status      int               `json:"httpStatusCode"`
	ReferenceID *string           `json:"referenceId"`
}

func answerOf(n *node, r reply) answered {
	a := answered{Body: r.body, HTTPHeaders: map[string]string{}, Status: r.status, ReferenceID: &n.ReferenceID}
	if r.location != "" {
		a.HTTPHeaders["Location"] = r.location
	}
	return a
}

func halted(message string) reply {
	return failed(org.Refuse(http.StatusBadRequest, "PROCESSING_HALTED", "%s", message))
}

// into reads a request's body into a struct, and refuses what the struct doesn't know.
func (r *request) into(v any) *org.Error {
	raw := r.raw
	if raw == nil { // a part of another request
		var err error
		if raw, err = json.Marshal(r.body); err != nil {
			return org.Refuse(http.StatusBadRequest, "JSON_PARSER_ERROR", "%v", err)
		}
	}
	if err := decodeInto(raw, v, true); err != nil {
		return org.Refuse(http.StatusBadRequest, "JSON_PARSER_ERROR", "%v", err)
	}
	return nil
}

// composite runs up to 25 subrequests in one call, together or each by itself.
func (c *call) composite(tx *org.Tx, r *request) reply {
	var in struct {
		AllOrNone bool `json:"allOrNone"`
		// Collate defaults to true: what doesn't depend on each other may run in another order.
		Collate *bool   `json:"collateSubrequests"`
		Nodes   []*node `json:"compositeRequest"`
	}
	if err := r.into(&in); err != nil {
		return failed(err)
	}
	if len(in.Nodes) == 0 {
		return failed(org.Refuse(http.StatusBadRequest, "JSON_PARSER_ERROR", "compositeRequest must hold at least one subrequest"))
	}
	if len(in.Nodes) > mostSubrequests {
		return reply{status: http.StatusOK, body: compositeAnswer([]answered{{
			Body:        []restError{{Code: "LIMIT_EXCEEDED", Message: "The request can’t contain more than 25 operations."}},
			HTTPHeaders: map[string]string{}, Status: http.StatusBadRequest,
		}})}
	}
	reqs, err := c.prepare(in.Nodes)
	if err != nil {
		return failed(err)
	}
	if err := fewQueries(reqs); err != nil {
		return failed(err)
	}
	order := given(len(reqs))
	if in.Collate == nil || *in.Collate {
		order = collated(in.Nodes, reqs)
	}
	replies := make([]reply, len(reqs))
	if !in.AllOrNone {
		order = order[:c.share(len(order))]
	}
	refused := tx.Try(func() *org.Error {
		refs := references{}
		for _, i := range order {
			replies[i] = c.subrequest(tx, in.Nodes[i], reqs[i], refs)
			if in.AllOrNone && !replies[i].ok() {
				haltOthers(replies, i)
				return notFound() // any error undoes the others
			}
		}
		return nil
	})
	_ = refused // told in the replies
	out := make([]answered, len(replies))
	for i, n := range in.Nodes {
		out[i] = answerOf(n, replies[i])
	}
	return reply{status: http.StatusOK, body: compositeAnswer(out)}
}

func compositeAnswer(a []answered) map[string]any { return map[string]any{"compositeResponse": a} }

func haltOthers(replies []reply, failed int) {
	for i := range replies {
		if i != failed {
			replies[i] = halted(rolledBack)
		}
	}
}

func given(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// prepare checks the subrequests' form before any runs.
func (c *call) prepare(nodes []*node) ([]*request, *org.Error) {
	seen := map[string]bool{}
	reqs := make([]*request, len(nodes))
	for i, n := range nodes {
		if n == nil || !referenceForm.MatchString(n.ReferenceID) {
			ref := ""
			if n != nil {
				ref = n.ReferenceID
			}
			return nil, org.Refuse(http.StatusBadRequest, "INVALID_INPUT",
				"Provided referenceId ('%s') must start with a letter or a number, and it can contain only letters, numbers and underscores ('_').", ref)
		}
		if seen[n.ReferenceID] {
			return nil, org.Refuse(http.StatusBadRequest, "INVALID_INPUT", "Duplicate ReferenceId provided: %s", n.ReferenceID)
		}
		seen[n.ReferenceID] = true
		r, err := c.subrequestOf(n)
		if err != nil {
			return nil, err
		}
		reqs[i] = r
	}
	return reqs, nil
}

// subrequestOf reads a subrequest's URL; references in it are filled in later.
func (c *call) subrequestOf(n *node) (*request, *org.Error) {
	u, err := url.Parse(n.URL)
	bad := org.Refuse(http.StatusBadRequest, "INVALID_INPUT", "The url '%s' of %s is not a resource of this API", n.URL, n.ReferenceID)
	if err != nil || u.IsAbs() {
		return nil, bad
	}
	if !strings.HasPrefix(u.Path, "/services/data/v") {
		return nil, bad
	}
	_, path, ok := split(u.EscapedPath())
	if !ok || len(path) == 0 {
		return nil, bad
	}
	return &request{method: strings.ToUpper(n.Method), path: path, query: u.Query(), body: n.Body, api: "composite"}, nil
}

func fewQueries(reqs []*request) *org.Error {
	n := 0
	for _, r := range reqs {
		switch resource(r.path) {
		case "query", "search", "collections":
			n++
		}
	}
	if n > mostQueries {
		return org.Refuse(http.StatusBadRequest, "LIMIT_EXCEEDED", "The request can’t contain more than %d query and sObject Collections operations.", mostQueries)
	}
	return nil
}

// subrequest fills a subrequest's references in and runs it.
func (c *call) subrequest(tx *org.Tx, n *node, r *request, refs references) reply {
	filled, err := refs.fill(r)
	if err != nil {
		return halted(err.Error())
	}
	var out reply
	switch {
	case filled.path[0] == "composite" && (len(filled.path) < 2 || filled.path[1] != "sobjects"):
		out = failed(org.Refuse(http.StatusBadRequest, "INVALID_INPUT", "The url '%s' is not supported in a composite request", n.URL))
	default:
		sub := *c
		for k, v := range n.HTTPHeaders {
			if strings.EqualFold(k, "Sforce-Duplicate-Rule-Header") {
				sub.dup = duplicateHeader(http.Header{"Sforce-Duplicate-Rule-Header": {v}})
			}
		}
		old := tx.Duplicate
		tx.Duplicate = sub.dup
		out = sub.route(tx, filled)
		tx.Duplicate = old
	}
	if out.ok() {
		refs[n.ReferenceID] = out.body
	}
	return out
}

// collated puts subrequests of one method and object that wait for nothing together, as the vendor may: who needs an
// order must ask for it.
func collated(nodes []*node, reqs []*request) []int {
	waits := dependencies(nodes)
	done := make([]bool, len(nodes))
	var order []int
	ready := func(i int) bool {
		for _, d := range waits[i] {
			if d >= 0 && !done[d] {
				return false
			}
		}
		return true
	}
	for len(order) < len(nodes) {
		var wave []int
		for i := range nodes {
			if !done[i] && ready(i) {
				wave = append(wave, i)
			}
		}
		if wave == nil { // a circle: its references fail by themselves
			for i := range nodes {
				if !done[i] {
					wave = append(wave, i)
				}
			}
		}
		order = append(order, grouped(wave, reqs)...)
		for _, i := range wave {
			done[i] = true
		}
	}
	return order
}

func grouped(wave []int, reqs []*request) []int {
	var kinds []string
	by := map[string][]int{}
	for _, i := range wave {
		k := kindOf(reqs[i])
		if by[k] == nil {
			kinds = append(kinds, k)
		}
		by[k] = append(by[k], i)
	}
	var out []int
	for _, k := range kinds {
		out = append(out, by[k]...)
	}
	return out
}

// kindOf is what the vendor can do in bulk: one method on one object.
func kindOf(r *request) string {
	k := r.method + " " + r.path[0]
	if len(r.path) > 1 {
		k += "/" + r.path[1]
	}
	return k
}
