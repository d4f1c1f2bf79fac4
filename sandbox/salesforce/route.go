package salesforce

import (
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// Bodies: JSON may hold a file of 37.5 MB as 50 MB of base64 (REST API Developer Guide, "Insert or Update Blob Data"); the
// vendor takes 2 GB as multipart, a sandbox less.
const (
	maxJSON = 50<<20 + 64<<10
	maxBody = 128 << 20
)

// call is one authenticated request of the REST API.
type call struct {
	s       *Server
	t       *tenant
	user    *org.User
	version string
	url     string // the server as the client reached it
	dup     org.Duplicate
	id      string
	batch   int
	// half of a request with many parts is carried out, the rest is never come to.
	half bool
}

// share is how many of n parts are carried out.
func (c *call) share(n int) int {
	if c.half {
		return (n + 1) / 2
	}
	return n
}

// request is what a resource is asked, alone or as a part of a composite.
type request struct {
	method string
	path   []string // behind the version, unescaped
	query  url.Values
	body   any // decoded JSON; nil for none
	// raw is the body of a composite from the wire, which is read straight into its own form.
	raw []byte
	api string
}

// actor on whose behalf a request writes.
func (c *call) actor(api string) *org.Actor {
	return &org.Actor{
		User: c.user, API: api, Request: c.id, Duplicate: c.dup,
		Fault: func(object string) *org.Error { return c.s.recordFault("record." + object) },
	}
}

// base of this version's URLs.
func (c *call) base() string { return "/services/data/v" + c.version }

// serve runs a request from the wire.
func (c *call) serve(w http.ResponseWriter, r *http.Request, path []string) reply {
	method := r.Method
	if m := r.URL.Query().Get("_HttpMethod"); m != "" && method == http.MethodPost {
		method = strings.ToUpper(m)
	}
	req := &request{method: method, path: path, query: r.URL.Query(), api: "rest"}
	c.batch = batchSize(r.Header.Get("Sforce-Query-Options"))
	if method == http.MethodGet || method == http.MethodHead || method == http.MethodDelete {
		return c.run(req)
	}
	body, err := readBody(w, r)
	if err != nil {
		return failed(org.Refuse(http.StatusBadRequest, "UNKNOWN_EXCEPTION", "reading the request: %v", err))
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case kind == "multipart/form-data" && err == nil:
		return c.multipart(req, body, params["boundary"])
	case len(body) > 0 && kind != "application/json":
		return failed(org.Refuse(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE",
			"Content type for this request is unsupported: %s", or(kind, "none")))
	}
	if len(body) > maxJSON {
		return failed(org.Refuse(http.StatusRequestEntityTooLarge, "REQUEST_ENTITY_TOO_LARGE", "The request has more than %d bytes of JSON.", maxJSON))
	}
	switch {
	case len(body) == 0:
	case len(path) > 0 && path[0] == "composite":
		req.raw = body
	default:
		if req.body, err = decode(body); err != nil {
			return failed(org.Refuse(http.StatusBadRequest, "JSON_PARSER_ERROR", "%v", err))
		}
	}
	return c.run(req)
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var in io.Reader = http.MaxBytesReader(w, r.Body, maxBody)
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = io.LimitReader(z, maxBody)
	default:
		return nil, errors.New("Content-Encoding must be gzip") //nolint:staticcheck // a header's name
	}
	return io.ReadAll(in)
}

// run answers a request in a transaction of its own; what only reads shares the org with others.
func (c *call) run(r *request) reply {
	var out reply
	if r.method == http.MethodGet || r.method == http.MethodHead {
		c.t.View(c.actor(r.api), func(tx *org.Tx) { out = c.route(tx, r) })
		return out
	}
	if err := c.t.Do(c.actor(apiOf(r)), func(tx *org.Tx) *org.Error {
		out = c.route(tx, r)
		return nil
	}); err != nil {
		return failed(err)
	}
	return out
}

// apiOf is how a request's changes are marked in the change log.
func apiOf(r *request) string {
	switch what := resource(r.path); what {
	case "composite", "graph", "collections", "batch":
		return what
	default:
		return r.api
	}
}

// route finds the resource of a request.
func (c *call) route(tx *org.Tx, r *request) reply {
	if len(r.path) == 0 {
		return reply{status: http.StatusOK, body: c.resources()}
	}
	if len(r.path) > 1 && (r.path[0] == "limits" || r.path[0] == "recent") {
		return failed(notFound()) // there is more below them, and not here
	}
	switch r.path[0] {
	case "limits":
		return only(r, c.limits, http.MethodGet)
	case "sobjects":
		return c.sobjects(tx, r)
	case "query", "queryAll":
		return only(r, func() reply { return c.query(tx, r) }, http.MethodGet)
	case "search":
		return only(r, func() reply { return c.search(tx, r) }, http.MethodGet)
	case "parameterizedSearch":
		return only(r, func() reply { return c.parameterizedSearch(tx, r) }, http.MethodGet, http.MethodPost)
	case "composite":
		return c.composites(tx, r)
	case "recent":
		return only(r, func() reply { return reply{status: http.StatusOK, body: []any{}} }, http.MethodGet)
	default:
		return failed(notFound())
	}
}

func (c *call) composites(tx *org.Tx, r *request) reply {
	post := func(f func() reply) reply { return only(r, f, http.MethodPost) }
	switch {
	case len(r.path) == 1:
		if r.method == http.MethodGet {
			b := c.base() + "/composite"
			return reply{status: http.StatusOK, body: map[string]string{
				"sobjects": b + "/sobjects", "batch": b + "/batch", "graph": b + "/graph",
			}}
		}
		return post(func() reply { return c.composite(tx, r) })
	case r.path[1] == "graph" && len(r.path) == 2:
		return post(func() reply { return c.graphs(tx, r) })
	case r.path[1] == "batch" && len(r.path) == 2:
		return post(func() reply { return c.batches(tx, r) })
	case r.path[1] == "sobjects":
		return c.collections(tx, r)
	default:
		return failed(notFound())
	}
}

// only answers the methods that a resource has.
func only(r *request, f func() reply, methods ...string) reply {
	for _, m := range methods {
		if r.method == m || r.method == http.MethodHead && m == http.MethodGet {
			return f()
		}
	}
	return failed(org.Refuse(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "HTTP Method '%s' not allowed. Allowed are %s",
		r.method, strings.Join(methods, ",")))
}

func (c *call) resources() map[string]string {
	out := map[string]string{}
	for _, name := range []string{"limits", "sobjects", "query", "queryAll", "search", "parameterizedSearch", "composite", "recent"} {
		out[name] = c.base() + "/" + name
	}
	out["identity"] = identityURL(c.url, c.t, c.user)
	return out
}

func (c *call) limits() reply {
	pair := func(most, left int) map[string]int { return map[string]int{"Max": most, "Remaining": left} }
	u := &c.t.usage
	u.mu.Lock()
	daily := u.limits.DailyAPIRequests
	u.mu.Unlock()
	return reply{status: http.StatusOK, body: map[string]any{
		"DailyApiRequests":              pair(daily, u.left()),
		"HourlyPublishedPlatformEvents": pair(c.t.conf.Limits.HourlyEvents, c.t.HourlyLeft()),
		"DailyBulkV2QueryJobs":          pair(10000, 10000),
		"DailyBulkApiBatches":           pair(15000, 15000),
		"DataStorageMB":                 pair(10240, 10240),
		"FileStorageMB":                 pair(10240, 10240),
	}}
}
