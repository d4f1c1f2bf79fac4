package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Codes of the REST API. Source: https://www.twilio.com/docs/api/errors
const (
	codeBadRequest    = 20001
	codeAuthenticate  = 20003
	codeMethod        = 20004
	codeNotFound      = 20404
	codeTooMany       = 20429
	codeInternal      = 20500
	codeUnavailable   = 20503
	codeNotInProgress = 21220
	codeMissingURL    = 21205
)

// restServer is the REST API's listener.
type restServer struct {
	addr   string
	server *http.Server
	done   chan struct{}
}

// listen opens the REST API. Its operations, by which Config.Faults may name them: account.fetch, calls.list, calls.fetch,
// calls.update, streams.create, streams.update, recordings.create, recordings.update, recordings.list,
// recordings.fetch, recordings.delete, recordings.media, numbers.list, numbers.fetch, numbers.update. Their fault codes: 20003, 20404, 20429, 20500, 20503.
func (c *Carrier) listen(ctx context.Context) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", c.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listening for the sandbox's Twilio REST API: %w", err)
	}
	s := &restServer{addr: ln.Addr().String(), done: make(chan struct{})}
	s.server = &http.Server{Handler: c.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(ln) // returns when closed
	}()
	c.rest = s
	return nil
}

func (s *restServer) close() error {
	if s == nil {
		return nil
	}
	err := s.server.Close()
	<-s.done
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing the sandbox's Twilio REST API: %w", err)
	}
	return nil
}

// Handler is the REST API, for a server of the caller's own.
func (c *Carrier) Handler() http.Handler {
	const account = "/2010-04-01/Accounts/{account}"
	const call = account + "/Calls/{call}"
	mux := http.NewServeMux()
	on := func(method, path, operation string, serve func(*restRequest)) {
		mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, r *http.Request) { c.serve(w, r, operation, serve) })
	}
	on("GET", account, "account.fetch", c.fetchAccount)
	on("GET", account+"/Calls.json", "calls.list", c.listCalls)
	on("GET", call, "calls.fetch", c.fetchCall)
	on("POST", call, "calls.update", c.updateCall)
	on("POST", call+"/Streams.json", "streams.create", c.createStream)
	on("POST", call+"/Streams/{stream}", "streams.update", c.updateStream)
	on("GET", call+"/Recordings.json", "recordings.list", c.listRecordings)
	on("POST", call+"/Recordings.json", "recordings.create", c.createRecording)
	on("GET", call+"/Recordings/{recording}", "recordings.fetch", c.fetchRecording)
	on("POST", call+"/Recordings/{recording}", "recordings.update", c.updateRecording)
	on("DELETE", call+"/Recordings/{recording}", "recordings.delete", c.deleteRecording)
	on("GET", account+"/IncomingPhoneNumbers.json", "numbers.list", c.listNumbers)
	on("GET", account+"/IncomingPhoneNumbers/{number}", "numbers.fetch", c.fetchNumber)
	on("POST", account+"/IncomingPhoneNumbers/{number}", "numbers.update", c.updateNumber)
	on("GET", account+"/Recordings.json", "recordings.list", c.listRecordings)
	on("GET", account+"/Recordings/{recording}", "recordings.fetch", c.fetchRecording)
	on("DELETE", account+"/Recordings/{recording}", "recordings.delete", c.deleteRecording)
	mux.HandleFunc("/2010-04-01/", func(w http.ResponseWriter, r *http.Request) { c.serve(w, r, "", notFound) })
	c.admin(mux)
	return mux
}

// restRequest is one authenticated request.
type restRequest struct {
	http.ResponseWriter
	*http.Request
	acct *account
	body []byte
}

// serve answers one request: faults, authentication, then the operation.
func (c *Carrier) serve(w http.ResponseWriter, r *http.Request, operation string, op func(*restRequest)) {
	if c.faults.Down() {
		panic(http.ErrAbortHandler) // a host that is down says nothing
	}
	c.stats.count(func(rep *Report) { rep.REST.Requests++ })
	counted := &statusWriter{ResponseWriter: w}
	defer func() {
		if counted.status >= 400 {
			c.stats.count(func(rep *Report) { rep.REST.Refused++ })
		}
	}()
	if err := c.faults.Wait(r.Context()); err != nil {
		return
	}
	q := &restRequest{ResponseWriter: counted, Request: r}
	if !c.authenticate(q) {
		q.refuse(http.StatusUnauthorized, codeAuthenticate, "Authenticate")
		return
	}
	if code := c.faults.Draw(operation); code != "" {
		q.faulted(code)
		return
	}
	var err error
	q.body, err = io.ReadAll(http.MaxBytesReader(counted, r.Body, 1<<20))
	if err != nil {
		q.refuse(http.StatusBadRequest, codeBadRequest, "The request's body can't be read")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(q.body))
	if err := r.ParseForm(); err != nil {
		q.refuse(http.StatusBadRequest, codeBadRequest, "The request's form can't be read")
		return
	}
	op(q)
}

// authenticate checks Basic auth: the path's account, with one of its tokens.
func (c *Carrier) authenticate(q *restRequest) bool {
	user, token, ok := q.BasicAuth()
	if !ok {
		return false
	}
	a := c.account(user)
	path, _, _ := strings.Cut(strings.TrimPrefix(q.URL.Path, "/2010-04-01/Accounts/"), "/")
	if a == nil || !a.opens(token) || strings.TrimSuffix(path, ".json") != user {
		return false
	}
	q.acct = a
	return true
}

// faulted answers with a fault that was asked for.
func (q *restRequest) faulted(code string) {
	switch code {
	case "20003":
		q.refuse(http.StatusUnauthorized, codeAuthenticate, "Authenticate")
	case "20404":
		notFound(q)
	case "20429":
		q.Header().Set("Retry-After", "1")
		q.refuse(http.StatusTooManyRequests, codeTooMany, "Too Many Requests")
	case "20503":
		q.refuse(http.StatusServiceUnavailable, codeUnavailable, "Service Unavailable")
	default:
		q.refuse(http.StatusInternalServerError, codeInternal, "An internal server error has occurred")
	}
}

// restError is the shape of every error of the API of 2010.
type restError struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

func (q *restRequest) refuse(status, code int, message string) {
	if status == http.StatusUnauthorized {
		q.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
	}
	q.answer(status, restError{code, message, "https://www.twilio.com/docs/errors/" + strconv.Itoa(code), status})
}

func notFound(q *restRequest) {
	q.refuse(http.StatusNotFound, codeNotFound, "The requested resource "+q.URL.Path+" was not found")
}

// Header resolves the two embedded ones: the answer's.
func (q *restRequest) Header() http.Header { return q.ResponseWriter.Header() }

func (q *restRequest) answer(status int, body any) {
	q.Header().Set("Content-Type", "application/json")
	q.WriteHeader(status)
	// The client has gone if this fails.
	_ = json.NewEncoder(q.ResponseWriter).Encode(body)
}

// id is a path's last part without ".json".
func (q *restRequest) id(name string) string { return strings.TrimSuffix(q.PathValue(name), ".json") }

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
