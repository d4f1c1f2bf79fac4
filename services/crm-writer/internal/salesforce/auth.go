package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// Session is what a sign-in gave.
type Session struct {
	// AccessToken is opaque: tokens in JWT format do not work with the Pub/Sub API.
	AccessToken string
	// InstanceURL is the base of every further request, without a slash at its end.
	InstanceURL string
	// OrgID and UserID have 18 characters, or 15; they come from the answer's "id" URL.
	OrgID, UserID string
}

// assertionLife is how long an assertion is good: Salesforce takes up to five minutes, and three leave room
// for clocks that differ.
const assertionLife = 3 * time.Minute

// signInTimeout bounds a sign-in.
const signInTimeout = 30 * time.Second

// auth keeps one session and lets one sign-in run at a time.
type auth struct {
	// life ends with the client: a sign-in runs for every request that waits for it, and so under no one's
	// context.
	life    context.Context
	end     context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	current *Session
	flight  *flight
}

type flight struct {
	done    chan struct{}
	session *Session
	err     error
}

// session returns the current session, or waits for the sign-in under way, or starts one.
func (a *auth) session(ctx context.Context, c *Client) (*Session, error) {
	a.mu.Lock()
	if a.current != nil {
		defer a.mu.Unlock()
		return a.current, nil
	}
	f := a.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		a.flight = f
		a.running.Go(func() { a.run(c, f) }) //nolint:contextcheck // see life
	}
	a.mu.Unlock()
	select {
	case <-f.done:
		return f.session, f.err
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a sign-in: %w", ctx.Err())
	}
}

func (a *auth) run(c *Client, f *flight) {
	ctx, cancel := context.WithTimeout(a.life, signInTimeout)
	defer cancel()
	f.session, f.err = c.signIn(ctx)
	a.mu.Lock()
	a.current, a.flight = f.session, nil
	a.mu.Unlock()
	close(f.done)
}

// drop forgets s, unless somebody has signed in again since.
func (a *auth) drop(s *Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current == s {
		a.current = nil
	}
}

// Session returns the current session, signing in if there is none. For the Pub/Sub API, which takes it as
// metadata.
func (c *Client) Session(ctx context.Context) (*Session, error) { return c.auth.session(ctx, c) }

// Drop forgets a session that the server has refused elsewhere; the next request signs in.
func (c *Client) Drop(s *Session) { c.auth.drop(s) }

// signIn is the OAuth 2.0 JWT bearer flow (RFC 7523; "OAuth 2.0 JWT Bearer Flow for Server-to-Server
// Integration" in Salesforce Help). The answer has neither a refresh token nor an expiry: a session dies
// after idle hours, and the first 401 tells.
func (c *Client) signIn(ctx context.Context) (*Session, error) {
	assertion, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": c.cfg.ClientID, "sub": c.cfg.Username, "aud": c.cfg.Audience,
		"exp": time.Now().Add(assertionLife).Unix(),
	}).SignedString(c.key)
	if err != nil {
		return nil, fmt.Errorf("signing the assertion: %w", err)
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.LoginURL+"/services/oauth2/token",
		strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("making a sign-in request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.transport(ctx, "sign-in", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, c.transport(ctx, "sign-in", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, c.signInRefused(res, body)
	}
	return c.readSession(body)
}

func (c *Client) readSession(body []byte) (*Session, error) {
	var a struct {
		AccessToken string `json:"access_token"`
		InstanceURL string `json:"instance_url"`
		ID          string `json:"id"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, c.odd("sign-in", err)
	}
	org, user, ok := splitIdentity(a.ID)
	if a.AccessToken == "" || a.InstanceURL == "" || !ok {
		return nil, c.odd("sign-in", fmt.Errorf("the answer lacks access_token, instance_url or id"))
	}
	return &Session{
		AccessToken: a.AccessToken, InstanceURL: strings.TrimSuffix(a.InstanceURL, "/"), OrgID: org, UserID: user,
	}, nil
}

// splitIdentity takes org and user from https://login.salesforce.com/id/<org>/<user>.
func splitIdentity(id string) (org, user string, ok bool) {
	u, err := url.Parse(id)
	if err != nil {
		return "", "", false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 3 || parts[0] != "id" || parts[1] == "" || parts[2] == "" {
		return "", "", false
	}
	return parts[1], parts[2], true
}

// signInRefused reads the OAuth error, which is an object where REST errors are an array. Refused
// credentials are the operator's to mend: every call of the org waits (Retryable, with a long pause)
// instead of going to the dead letters, where a redrive would be needed after the key is mended.
//
// What is not in OAuth's form is somebody else's page, and may be gone the next moment.
func (c *Client) signInRefused(res *http.Response, body []byte) error {
	var a struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	foreign := json.Unmarshal(body, &a) != nil || a.Error == ""
	if foreign {
		a.Error = fmt.Sprintf("HTTP_%d", res.StatusCode)
	}
	e := &retry.Error{
		Class: retry.Retryable, Code: "salesforce." + a.Error, Dependency: c.Dependency(), After: retry.AfterHeader(res.Header),
		Err: &Error{Operation: "sign-in", Status: res.StatusCode, Code: a.Error, Foreign: foreign, Message: a.Description},
	}
	if e.After == 0 && !foreign && res.StatusCode < http.StatusInternalServerError {
		e.After = credentialPause
	}
	return fmt.Errorf("signing in to Salesforce: %w", e)
}
