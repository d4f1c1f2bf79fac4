package salesforce_test

import (
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// key is made once: generating RSA keys is the slowest thing here.
var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func keyPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key())}))
}

// server answers as a test says and signs everybody in whose assertion is right.
type server struct {
	*httptest.Server
	signIns  atomic.Int32
	sessions atomic.Int32
	answer   func(w http.ResponseWriter, r *http.Request, body string)
}

const (
	orgID  = "00D000000000001EAA"
	userID = "005000000000001AAA"
)

func start(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body string)) *server {
	t.Helper()
	s := &server{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/services/oauth2/token" {
		s.signIn(w, r)
		return
	}
	if r.Header.Get("Authorization") != fmt.Sprintf("Bearer session-%d", s.sessions.Load()) {
		refuse(w, http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
		return
	}
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			refuse(w, http.StatusBadRequest, "JSON_PARSER_ERROR", "no gzip")
			return
		}
		body = z
	}
	text, _ := io.ReadAll(body)
	w.Header().Set("Sforce-Limit-Info", "api-usage=18/5000; per-app-api-usage=17/250(appName=x)")
	s.answer(w, r, string(text))
}

func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	s.signIns.Add(1)
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(r.FormValue("assertion"), claims, func(*jwt.Token) (any, error) { return key().Public(), nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("client"), jwt.WithSubject("user@example.com"),
		jwt.WithAudience("https://login.example.com"), jwt.WithExpirationRequired())
	if err != nil || r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant","error_description":"expired authorization code"}`)
		return
	}
	s.sessions.Add(1)
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": fmt.Sprintf("session-%d", s.sessions.Load()), "instance_url": s.URL, "token_type": "Bearer",
		"id": "https://login.example.com/id/" + orgID + "/" + userID, "issued_at": "1", "scope": "api",
	})
}

func refuse(w http.ResponseWriter, status int, code, message string, fields ...string) {
	writeJSON(w, status, []map[string]any{{"errorCode": code, "message": message, "fields": fields}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func settings(url string) salesforce.Config {
	return salesforce.Config{
		Org: "acme", LoginURL: url, Audience: "https://login.example.com", ClientID: "client",
		Username: "user@example.com", PrivateKey: keyPEM(), APIVersion: "67.0",
	}
}

func client(t *testing.T, s *server, change ...func(*salesforce.Config)) *salesforce.Client {
	t.Helper()
	cfg := settings(s.URL)
	for _, f := range change {
		f(&cfg)
	}
	c, err := salesforce.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in %s", p, text)
		}
	}
}
