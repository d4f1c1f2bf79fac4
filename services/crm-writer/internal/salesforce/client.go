package salesforce

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Config of one org and one integration user.
type Config struct {
	// Org is our name of it: it stands in errors as "salesforce:" + Org.
	Org string
	// LoginURL is https://login.salesforce.com, https://test.salesforce.com or the MyDomain host.
	LoginURL string
	// Audience of the assertion; empty is LoginURL.
	Audience string
	// ClientID of the External Client App, and Username of the integration user.
	ClientID, Username string
	// PrivateKey in PEM (RSA, PKCS #1 or #8), whose certificate the app holds.
	PrivateKey string
	// APIVersion, e.g. "67.0".
	APIVersion string
	// HTTP does the requests; nil is a client of its own. Its Timeout, if any, bounds a request beside the
	// caller's context.
	HTTP *http.Client
	// Observe is told of every request but sign-ins, from the goroutine that made it; nil for nobody.
	Observe func(context.Context, Request)
	// InFlight bounds requests under way at once, sign-ins apart; a further one waits. 0 leaves it to the caller.
	InFlight int
	// GzipFrom compresses request bodies from this many bytes on; 0 is 8 KiB, negative never.
	GzipFrom int
}

// Request is one request that was made, as it counts against the org's allowance.
type Request struct {
	// Operation in our words: "query", "search", "graph", "composite", "collection", "create", "update",
	// "upsert", "describe", "limits", "file", "event".
	Operation string
	// Code is "" for an answer without error, Salesforce's error code, or "transport".
	Code string
	// Status of HTTP; 0 if there was no answer.
	Status int
	// Start and Duration of the request.
	Start    time.Time
	Duration time.Duration
	// Bytes sent, before compression.
	Bytes int
}

// maxAnswer bounds an answer: a full page of a query is far below.
const maxAnswer = 64 << 20

// Client is safe for concurrent use.
type Client struct {
	cfg   Config
	key   *rsa.PrivateKey
	http  *http.Client
	auth  auth
	usage usage
	// places are taken by requests under way; nil for no bound.
	places chan struct{}
}

// New checks cfg, all faults at once, and reaches out to nobody.
func New(cfg Config) (*Client, error) {
	var errs []error
	need := func(ok bool, fault string) {
		if !ok {
			errs = append(errs, errors.New(fault))
		}
	}
	login, err := url.Parse(cfg.LoginURL)
	need(err == nil && login.Host != "" && (login.Scheme == "https" || login.Scheme == "http"), "login_url: not a URL")
	need(cfg.ClientID != "", "client_id: empty")
	need(cfg.Username != "", "username: empty")
	need(versionLike(cfg.APIVersion), `api_version: not like "67.0"`)
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(cfg.PrivateKey))
	need(err == nil, "private_key: not an RSA key in PEM")
	if len(errs) > 0 {
		return nil, fmt.Errorf("salesforce org %s: %w", cfg.Org, errors.Join(errs...))
	}
	cfg.LoginURL = strings.TrimSuffix(cfg.LoginURL, "/")
	if cfg.Audience == "" {
		cfg.Audience = cfg.LoginURL
	}
	if cfg.GzipFrom == 0 {
		cfg.GzipFrom = 8 << 10
	}
	c := &Client{cfg: cfg, key: key, http: cfg.HTTP}
	if c.http == nil {
		c.http = &http.Client{Transport: newTransport()}
	}
	if cfg.InFlight > 0 {
		c.places = make(chan struct{}, cfg.InFlight)
	}
	c.auth.life, c.auth.end = context.WithCancel(context.Background())
	return c, nil
}

// newTransport keeps enough connections for the requests that a writer has under way; Go's default of two
// idle ones per host would open a new TLS connection for most.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		MaxIdleConns: 64, MaxIdleConnsPerHost: 32, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, ExpectContinueTimeout: time.Second,
	}
}

func versionLike(s string) bool {
	whole, part, ok := strings.Cut(s, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return ok && digits(whole) && digits(part)
}

// Close ends a sign-in under way and drops idle connections.
func (c *Client) Close() error {
	c.auth.end()
	c.auth.running.Wait()
	c.http.CloseIdleConnections()
	return nil
}

// Dependency is the name that errors carry.
func (c *Client) Dependency() string { return "salesforce:" + c.cfg.Org }

// Path is a resource of the configured API version, as composite subrequests name it.
func (c *Client) Path(resource string) string {
	return "/services/data/v" + c.cfg.APIVersion + resource
}

// call is one request.
type call struct {
	operation, method, path string
	// body is sent as JSON; nil sends none.
	body any
	// header is added to the usual ones.
	header http.Header
}

// do makes one request and decodes a success into out (nil drops it). When the server says that the session is over, it
// signs in again and repeats once: nothing has happened then.
func (c *Client) do(ctx context.Context, r call, out any) error {
	body, err := encode(r.body)
	if err != nil {
		return fmt.Errorf("encoding a %s request: %w", r.operation, err)
	}
	session, err := c.auth.session(ctx, c)
	if err != nil {
		return err
	}
	err = c.once(ctx, r, body, session, out)
	if Code(err) != "INVALID_SESSION_ID" {
		return err
	}
	c.auth.drop(session)
	if session, err = c.auth.session(ctx, c); err != nil {
		return err
	}
	return c.once(ctx, r, body, session, out)
}

// place waits for a request's turn; the caller gives it back.
func (c *Client) place(ctx context.Context, operation string) (giveBack func(), err error) {
	if c.places == nil {
		return func() {}, nil
	}
	select {
	case c.places <- struct{}{}:
		return func() { <-c.places }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to send a salesforce %s: %w", operation, ctx.Err())
	}
}

func (c *Client) once(ctx context.Context, r call, body []byte, s *Session, out any) (err error) {
	giveBack, err := c.place(ctx, r.operation)
	if err != nil {
		return err
	}
	defer giveBack()
	start, status, sent := time.Now(), 0, atomic.Int64{}
	defer func() {
		if c.cfg.Observe == nil {
			return
		}
		made := Request{Operation: r.operation, Code: Code(err), Status: status, Start: start, Duration: time.Since(start), Bytes: len(body)}
		c.cfg.Observe(ctx, made)
		for made.Code, made.Status = "transport", 0; sent.Load() > 1; sent.Add(-1) {
			c.cfg.Observe(ctx, made)
		}
	}()
	req, err := c.request(counting(ctx, &sent), r, body, s)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.transport(ctx, r.operation, err)
	}
	defer res.Body.Close()
	status = res.StatusCode
	c.usage.note(res.Header.Get("Sforce-Limit-Info"))
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return c.transport(ctx, r.operation, err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return c.refused(r.operation, res, answer)
	}
	if out == nil || len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return c.odd(r.operation, err)
	}
	return nil
}

// counting counts how often a request went out: package net/http sends one without a body again, unasked, when a connection
// that it kept turns out to be dead, and the org may have counted both.
func counting(ctx context.Context, sent *atomic.Int64) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(w httptrace.WroteRequestInfo) {
		if w.Err == nil {
			sent.Add(1)
		}
	}})
}

func (c *Client) request(ctx context.Context, r call, body []byte, s *Session) (*http.Request, error) {
	zipped := c.cfg.GzipFrom > 0 && len(body) >= c.cfg.GzipFrom
	sent := body
	if zipped {
		sent = pack(body)
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(sent)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, s.InstanceURL+r.path, reader)
	if err != nil {
		return nil, fmt.Errorf("making a %s request: %w", r.operation, err)
	}
	// Answers are decompressed by the transport, which asks for gzip by itself.
	req.Header.Set("Authorization", "Bearer "+s.AccessToken)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	if zipped {
		req.Header.Set("Content-Encoding", "gzip")
	}
	for k, v := range r.header {
		req.Header[k] = v
	}
	return req, nil
}

func pack(b []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // the level is valid, and a buffer fails no write
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func encode(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err // wrapped by do
	}
	return b.Bytes(), nil
}
