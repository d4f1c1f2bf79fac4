package salesforce

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// batches runs up to 25 requests that know nothing of each other.
func (c *call) batches(tx *org.Tx, r *request) reply {
	var in struct {
		HaltOnError bool `json:"haltOnError"`
		Requests    []struct {
			Method string `json:"method"`
			URL    string `json:"url"`
			Input  any    `json:"richInput"`
		} `json:"batchRequests"`
	}
	if err := r.into(&in); err != nil {
		return failed(err)
	}
	if len(in.Requests) == 0 || len(in.Requests) > mostSubrequests {
		return failed(org.Refuse(http.StatusBadRequest, "LIMIT_EXCEEDED", "The request can’t contain more than %d operations.", mostSubrequests))
	}
	results, anyFailed := []any{}, false
	for _, b := range in.Requests {
		out := reply{status: http.StatusPreconditionFailed, body: []restError{{
			Code: "BATCH_PROCESSING_HALTED", Message: "Batch processing is halted per request",
		}}}
		if !anyFailed || !in.HaltOnError {
			out = c.batched(tx, b.Method, b.URL, b.Input)
			anyFailed = anyFailed || !out.ok()
		}
		results = append(results, map[string]any{"statusCode": out.status, "result": out.body})
	}
	return reply{status: http.StatusOK, body: map[string]any{"hasErrors": anyFailed, "results": results}}
}

// batched takes URLs that begin with the version, or with /services/data.
func (c *call) batched(tx *org.Tx, method, target string, body any) reply {
	target = strings.TrimPrefix(strings.TrimPrefix(target, "/"), "services/data/")
	u, err := url.Parse("/services/data/" + target)
	if err != nil {
		return failed(notFound())
	}
	_, path, ok := split(u.EscapedPath())
	if !ok || len(path) == 0 || path[0] == "composite" {
		return failed(notFound())
	}
	return c.route(tx, &request{method: strings.ToUpper(method), path: path, query: u.Query(), body: body, api: "batch"})
}
