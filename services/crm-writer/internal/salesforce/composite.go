package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Limits of the composite resources (Composite, Composite Graph and sObject Collections, REST API Developer
// Guide).
const (
	MaxSubrequests      = 25
	MaxCompositeQueries = 5
)

// ErrTooMany says that a request would be over a limit of the resource; the caller splits it.
var ErrTooMany = errors.New("over the resource's limit")

// Subrequest is one part of a composite request or one node of a graph.
type Subrequest struct {
	Method string `json:"method"`
	// URL is a path from /services on.
	URL string `json:"url"`
	// ReferenceID names its answer for later parts: [A-Za-z0-9_]+.
	ReferenceID string `json:"referenceId"`
	Body        any    `json:"body,omitempty"`
}

// Answer is what became of one subrequest.
type Answer struct {
	ReferenceID string          `json:"referenceId"`
	Status      int             `json:"httpStatusCode"`
	Body        json.RawMessage `json:"body"`
}

// Failed tells whether the subrequest was refused.
func (a Answer) Failed() bool { return a.Status >= http.StatusMultipleChoices }

// Saved reads the answer to a create or an upsert. An update by id has no body and gives the zero Saved.
func (a Answer) Saved() Saved {
	var s Saved
	_ = json.Unmarshal(a.Body, &s) // an answer without a body saved nothing new
	return s
}

// Err is the classified error of a failed answer, nil for a success.
func (c *Client) Err(operation string, a Answer) error {
	if !a.Failed() {
		return nil
	}
	e := parseErrors(a.Body)
	if e == nil {
		e = &Error{Code: fmt.Sprintf("HTTP_%d", a.Status)}
	}
	e.Operation, e.Status = operation, a.Status
	return c.classified(e)
}

// Composite sends up to 25 subrequests that stand for themselves, in one request. The answers come in order.
// An error means that none was done, or that it is not known; what became of each is in its Answer.
func (c *Client) Composite(ctx context.Context, subs []Subrequest) ([]Answer, error) {
	if len(subs) > MaxSubrequests {
		return nil, fmt.Errorf("composite of %d subrequests: %w", len(subs), ErrTooMany)
	}
	var out struct {
		CompositeResponse []Answer `json:"compositeResponse"`
	}
	// collateSubrequests would join neighbours into one bulk operation and change their order.
	body := map[string]any{"allOrNone": false, "collateSubrequests": false, "compositeRequest": subs}
	err := c.do(ctx, call{
		operation: "composite", method: http.MethodPost, path: c.Path("/composite/"), body: body, header: duplicateHeader(),
	}, &out)
	if err != nil {
		return nil, err
	}
	if len(out.CompositeResponse) != len(subs) {
		return nil, c.odd("composite", fmt.Errorf("%d answers to %d subrequests", len(out.CompositeResponse), len(subs)))
	}
	return out.CompositeResponse, nil
}

// Queries runs SOQL queries as one composite request per five of them, which counts once each against the allowance, and
// follows pages. The results come in order.
func (c *Client) Queries(ctx context.Context, soql []string) ([][]Record, error) {
	results := make([][]Record, 0, len(soql))
	for len(soql) > 0 {
		n := min(len(soql), MaxCompositeQueries)
		subs := make([]Subrequest, n)
		for i, q := range soql[:n] {
			subs[i] = Subrequest{Method: http.MethodGet, URL: c.QueryPath(q), ReferenceID: fmt.Sprintf("q%d", i)}
		}
		soql = soql[n:]
		answers, err := c.Composite(ctx, subs)
		if err != nil {
			return nil, err
		}
		for _, a := range answers {
			if err := c.Err("query", a); err != nil {
				return nil, err
			}
			var page Page
			if err := json.Unmarshal(a.Body, &page); err != nil {
				return nil, c.odd("query", err)
			}
			records, err := c.rest(ctx, page)
			if err != nil {
				return nil, err
			}
			results = append(results, records)
		}
	}
	return results, nil
}
