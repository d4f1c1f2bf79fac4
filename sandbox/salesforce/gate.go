package salesforce

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/meter"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// The API versions that are served.
const (
	oldestVersion = 50
	newestVersion = 67
)

type connKey struct{}

// keepConn lets a handler close its connection without an answer.
func keepConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// drop closes the connection, as a host that goes away does.
func drop(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(net.Conn); ok {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
}

// ServeHTTP is everything but the Pub/Sub API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if strings.HasPrefix(path, "/sandbox/") || path == "/sandbox" {
		s.admin(w, r)
		return
	}
	if s.faults.Down() {
		drop(r)
		return
	}
	if s.faults.Wait(r.Context()) != nil {
		return
	}
	switch {
	case path == "/services/oauth2/token":
		s.token(w, r)
	case path == "/services/oauth2/revoke":
		s.revoke(w, r)
	case path == "/services/oauth2/userinfo", strings.HasPrefix(path, "/id/"):
		s.identity(w, r)
	case strings.HasPrefix(path, "/services/Soap/u/"), strings.HasPrefix(path, "/services/Soap/c/"):
		s.soap(w, r)
	case path == "/services/data", path == "/services/data/":
		writeJSON(w, r, http.StatusOK, versions())
	case strings.HasPrefix(path, "/services/data/"):
		s.rest(w, r)
	default:
		s.answer(w, r, failed(&org.Error{Code: "NOT_FOUND", Message: "The requested resource does not exist", HTTP: 404}))
	}
}

func versions() []map[string]string {
	var list []map[string]string
	for v := oldestVersion; v <= newestVersion; v++ {
		// Version 50 is Winter '21; three come a year.
		n := v - 50
		season := []string{"Winter", "Spring", "Summer"}[n%3]
		number := strconv.Itoa(v) + ".0"
		list = append(list, map[string]string{
			"label": season + " '" + strconv.Itoa(21+n/3), "url": "/services/data/v" + number, "version": number,
		})
	}
	return list
}

// bearer finds the session of a request; nil if there is none.
func (s *Server) bearer(r *http.Request) *session {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
		return nil
	}
	return s.sessions.find(strings.TrimSpace(token))
}

// mostURI is the longest URI ("API Request Limits and Allocations"); what is longer goes into the body of a composite.
const mostURI = 16384

// rest is one request of the REST API: session, version, allowance, fault, effect.
func (s *Server) rest(w http.ResponseWriter, r *http.Request) {
	if len(r.RequestURI) > mostURI {
		s.answer(w, r, failed(org.Refuse(http.StatusRequestURITooLong, "URI_TOO_LONG", "The URI has more than %d bytes.", mostURI)))
		return
	}
	found := s.bearer(r)
	if found == nil {
		s.answer(w, r, invalidSession())
		return
	}
	version, rest, ok := split(r.URL.EscapedPath())
	if !ok {
		s.answer(w, r, failed(notFound()))
		return
	}
	t := found.tenant
	what := resource(rest)
	end, why := t.usage.begin(what)
	w.Header().Set("Sforce-Limit-Info", t.usage.header())
	if why != "" {
		s.answer(w, r, failed(org.Refuse(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "%s", why)))
		return
	}
	defer end()
	s.meter.Add(meter.Key{Product: "salesforce", Account: t.ID, Model: "rest", Unit: "api_call"}, 1)
	code := s.draw(what)
	if code != "" && code != "DROP_AFTER" && s.failRequest(w, r, code) {
		return
	}
	c := &call{s: s, t: t, user: found.user, version: version, url: instanceURL(r), dup: duplicateHeader(r.Header), id: requestID(r), half: code == "DROP_HALF"}
	out := c.serve(w, r, rest)
	if code == "DROP_AFTER" || code == "DROP_HALF" {
		drop(r)
		return
	}
	s.answer(w, r, out)
}

// split takes the version off a path: "67.0" and the segments behind it, unescaped.
func split(path string) (version string, rest []string, ok bool) {
	parts := strings.Split(strings.Trim(strings.TrimPrefix(path, "/services/data/"), "/"), "/")
	version, ok = strings.CutPrefix(parts[0], "v")
	major, minor, dot := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	if !ok || !dot || minor != "0" || err != nil || n < oldestVersion || n > newestVersion {
		return "", nil, false
	}
	for _, p := range parts[1:] {
		u, err := url.PathUnescape(p)
		if err != nil {
			return "", nil, false
		}
		rest = append(rest, u)
	}
	return version, rest, true
}

// resource is what a request is counted and failed as.
func resource(path []string) string {
	if len(path) == 0 {
		return "describe"
	}
	switch path[0] {
	case "sobjects":
		switch {
		case len(path) < 2 || len(path) == 3 && path[2] == "describe":
			return "describe"
		case strings.HasSuffix(strings.ToLower(path[1]), "__e"):
			return "event"
		default:
			return "sobject"
		}
	case "query", "queryAll":
		return "query"
	case "search", "parameterizedSearch":
		return "search"
	case "composite":
		if len(path) == 1 {
			return "composite"
		}
		if path[1] == "sobjects" {
			return "collections"
		}
		return path[1]
	default:
		return path[0]
	}
}

func duplicateHeader(h http.Header) org.Duplicate {
	var d org.Duplicate
	for part := range strings.SplitSeq(h.Get("Sforce-Duplicate-Rule-Header"), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		yes := strings.EqualFold(strings.TrimSpace(value), "true")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "allowsave":
			d.AllowSave = yes
		case "includerecorddetails":
			d.IncludeDetails = yes
		}
	}
	return d
}

// requestID is the client's, so that its own logs and the change log can be laid side by side, or one made for it.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= 128 {
		return id
	}
	return org.NewUUID()
}

func notFound() *org.Error {
	return org.Refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

func invalidSession() reply {
	return failed(org.Refuse(http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid"))
}
