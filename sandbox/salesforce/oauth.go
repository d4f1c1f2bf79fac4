package salesforce

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// oauthError is the vendor's: an object, unlike every other error.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func grantError(description string) *oauthError { return &oauthError{"invalid_grant", description} }

// token is POST /services/oauth2/token.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		writeJSON(w, r, http.StatusMethodNotAllowed, oauthError{"invalid_request", "must use HTTP POST"})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		writeJSON(w, r, http.StatusBadRequest, oauthError{"invalid_request", "malformed form"})
		return
	}
	if code := s.draw("token"); code != "" && s.failToken(w, r, code) {
		return
	}
	var t *tenant
	var u *org.User
	var refused *oauthError
	switch grant := r.PostForm.Get("grant_type"); grant {
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		t, u, refused = s.jwtBearer(r)
	case "password":
		t, u, refused = s.passwordGrant(r)
	case "client_credentials":
		t, u, refused = s.clientCredentials(r)
	case "refresh_token":
		if _, refused = s.client(r); refused == nil {
			refused = grantError("expired access/refresh token") // none of these grants gives one out
		}
	default:
		refused = &oauthError{"unsupported_grant_type", "grant type not supported"}
	}
	if refused != nil {
		writeJSON(w, r, http.StatusBadRequest, refused)
		return
	}
	s.grant(w, r, t, u)
}

func (s *Server) failToken(w http.ResponseWriter, r *http.Request, code string) bool {
	switch code {
	case "invalid_grant":
		writeJSON(w, r, http.StatusBadRequest, grantError("authentication failure"))
		return true
	default:
		return s.failRequest(w, r, code)
	}
}

func (s *Server) grant(w http.ResponseWriter, r *http.Request, t *tenant, u *org.User) {
	issued := strconv.FormatInt(s.cfg.Now().UnixMilli(), 10)
	answer := map[string]string{
		"access_token": s.sessions.start(t, u), "instance_url": instanceURL(r),
		"id": identityURL(instanceURL(r), t, u), "token_type": "Bearer", "issued_at": issued, "scope": "api",
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, r, http.StatusOK, answer)
}

// instanceURL is the server as the client reached it.
func instanceURL(r *http.Request) string { return "http://" + r.Host }

// identityURL is where a client asks whom its token is of. The vendor's lies at its login host; this one must not send a client
// there.
func identityURL(base string, t *tenant, u *org.User) string {
	return base + "/id/" + t.ID + "/" + u.ID
}

// jwtBearer checks an assertion: issuer, signature, audience, expiry, subject.
func (s *Server) jwtBearer(r *http.Request) (*tenant, *org.User, *oauthError) {
	assertion := r.PostForm.Get("assertion")
	claims, err := unverified(assertion)
	if err != nil {
		return nil, nil, grantError("invalid assertion")
	}
	candidates := s.byClient(claims.Issuer)
	if len(candidates) == 0 {
		return nil, nil, &oauthError{"invalid_client_id", "client identifier invalid"}
	}
	signed := candidates[:0:0]
	for _, t := range candidates {
		if t.key != nil && signedBy(assertion, t) {
			signed = append(signed, t)
		}
	}
	if len(signed) == 0 {
		return nil, nil, grantError("invalid assertion")
	}
	// How far off the expiry is doesn't matter: Salesforce's help asks for three minutes, and its own clients sign for five, or
	// give milliseconds, and get in.
	switch {
	case claims.Expires == 0:
		return nil, nil, grantError("invalid assertion")
	case !time.Unix(claims.Expires, 0).After(s.cfg.Now()):
		return nil, nil, grantError("assertion is expired")
	}
	for _, t := range signed {
		if !audienceFits(t, claims.Audience, instanceURL(r)) {
			return nil, nil, grantError("audience is invalid")
		}
		if u := t.byName(claims.Subject); u != nil {
			return t, u, nil
		}
	}
	return nil, nil, grantError("user hasn't approved this consumer")
}

type claims struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
	// Audience must be one string: the vendor refuses a list.
	Audience any   `json:"aud"`
	Expires  int64 `json:"exp"`
}

func unverified(assertion string) (*claims, error) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("an assertion has three parts, this has %d", len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, fmt.Errorf("decoding the claims: %w", err)
	}
	c := &claims{}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("reading the claims: %w", err)
	}
	return c, nil
}

func signedBy(assertion string, t *tenant) bool {
	p := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	_, err := p.Parse(assertion, func(*jwt.Token) (any, error) { return t.key, nil })
	return err == nil
}

func audienceFits(t *tenant, audience any, own string) bool {
	aud, _ := audience.(string)
	aud = strings.TrimSuffix(aud, "/")
	if aud == own {
		return true
	}
	if t.Sandbox {
		return aud == "https://test.salesforce.com"
	}
	return aud == "https://login.salesforce.com"
}

func (s *Server) byClient(id string) []*tenant {
	var found []*tenant
	for _, t := range s.tenants {
		if id != "" && t.conf.ClientID == id {
			found = append(found, t)
		}
	}
	return found
}

// client finds the orgs of an app that proves itself by its secret.
func (s *Server) client(r *http.Request) ([]*tenant, *oauthError) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	found := s.byClient(id)
	if len(found) == 0 {
		return nil, &oauthError{"invalid_client_id", "client identifier invalid"}
	}
	proven := found[:0:0]
	for _, t := range found {
		if t.conf.ClientSecret != "" && same(t.conf.ClientSecret, secret) {
			proven = append(proven, t)
		}
	}
	if len(proven) == 0 {
		return nil, &oauthError{"invalid_client", "invalid client credentials"}
	}
	return proven, nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *Server) passwordGrant(r *http.Request) (*tenant, *org.User, *oauthError) {
	tenants, refused := s.client(r)
	if refused != nil {
		return nil, nil, refused
	}
	t, u := login(tenants, r.PostForm.Get("username"), r.PostForm.Get("password"))
	if u == nil {
		return nil, nil, grantError("authentication failure")
	}
	return t, u, nil
}

// login finds who has a user name and a password; nil if nobody.
func login(tenants []*tenant, username, password string) (*tenant, *org.User) {
	for _, t := range tenants {
		if u := t.byName(username); u != nil && t.passwords[u.ID] != "" && same(t.passwords[u.ID], password) {
			return t, u
		}
	}
	return nil, nil
}

// clientCredentials runs as the integration user.
func (s *Server) clientCredentials(r *http.Request) (*tenant, *org.User, *oauthError) {
	tenants, refused := s.client(r)
	if refused != nil {
		return nil, nil, refused
	}
	for _, u := range tenants[0].Users {
		if u.Role == Integration {
			return tenants[0], u, nil
		}
	}
	return nil, nil, &oauthError{"invalid_grant", "no client credentials user enabled"}
}

// revoke is POST /services/oauth2/revoke.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil || !s.sessions.end(r.Form.Get("token")) {
		writeJSON(w, r, http.StatusBadRequest, oauthError{"unsupported_token_type", "this token type is not supported"})
		return
	}
	w.WriteHeader(http.StatusOK)
}

// identity is the URL in "id" of a token's answer, and /services/oauth2/userinfo.
func (s *Server) identity(w http.ResponseWriter, r *http.Request) {
	found := s.bearer(r)
	if found == nil {
		http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
		return
	}
	t, u := found.tenant, found.user
	base := instanceURL(r)
	writeJSON(w, r, http.StatusOK, map[string]any{
		"id": identityURL(base, t, u), "user_id": u.ID, "organization_id": t.ID, "username": u.Username,
		"preferred_username": u.Username, "sub": identityURL(base, t, u),
		"display_name": u.Name(), "name": u.Name(), "email": u.Email, "active": true, "user_type": "STANDARD",
		"language": "en_US", "locale": "en_US", "utcOffset": 0, "asserted_user": true,
		"urls": map[string]string{
			"rest": base + "/services/data/v{version}/", "sobjects": base + "/services/data/v{version}/sobjects/",
			"query": base + "/services/data/v{version}/query/", "search": base + "/services/data/v{version}/search/",
			"partner": base + "/services/Soap/u/{version}/" + t.ID[:15],
		},
	})
}
