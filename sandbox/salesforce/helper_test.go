package salesforce_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientID    = "client-of-the-app"
	secret      = "secret-of-the-app"
	password    = "correct horse"
	integration = "frontdesk@acme.example"
	version     = "/services/data/v67.0"
)

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func keyPEM(k *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}))
}

func acme() salesforce.Org {
	return salesforce.Org{
		Name: "acme", ClientID: clientID, ClientSecret: secret, PublicKey: keyPEM(testKey()),
		Users: append(salesforce.StandardUsers("acme.example", integration, password),
			salesforce.User{Username: "auditor@acme.example", Password: password, Last: "Auditor", Role: salesforce.Auditor}),
		Queues: []string{"Triage"},
	}
}

// start serves one org, changed by the options.
func start(t testing.TB, options ...func(*salesforce.Config)) *salesforce.Server {
	t.Helper()
	cfg := salesforce.Config{Orgs: []salesforce.Org{acme()}}
	for _, o := range options {
		o(&cfg)
	}
	s, err := salesforce.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func withOrg(change func(*salesforce.Org)) func(*salesforce.Config) {
	return func(c *salesforce.Config) { change(&c.Orgs[0]) }
}

// client speaks to a server as one user.
type client struct {
	t     testing.TB
	s     *salesforce.Server
	token string
	http  *http.Client
	// header goes with every request.
	header http.Header
}

func login(t testing.TB, s *salesforce.Server, username string) *client {
	t.Helper()
	c := anonymous(t, s)
	status, body := c.form(url.Values{
		"grant_type": {"password"}, "client_id": {clientID}, "client_secret": {secret}, "username": {username}, "password": {password},
	})
	if status != http.StatusOK {
		t.Fatalf("logging in: %d %v", status, body)
	}
	c.token, _ = body["access_token"].(string)
	return c
}

func anonymous(t testing.TB, s *salesforce.Server) *client {
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &client{t: t, s: s, http: &http.Client{Transport: tr}, header: http.Header{}}
}

func (c *client) form(v url.Values) (int, map[string]any) {
	c.t.Helper()
	res, err := c.http.PostForm(c.s.URL()+"/services/oauth2/token", v)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var body map[string]any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, body
}

func assertion(t testing.TB, key *rsa.PrivateKey, method jwt.SigningMethod, change func(jwt.MapClaims)) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": clientID, "sub": integration, "aud": "https://login.salesforce.com", "exp": time.Now().Add(3 * time.Minute).Unix(),
	}
	if change != nil {
		change(claims)
	}
	var signer any = key
	if method == jwt.SigningMethodHS256 {
		signer = []byte("shared")
	}
	signed, err := jwt.NewWithClaims(method, claims).SignedString(signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// answer of a request.
type answer struct {
	status int
	header http.Header
	text   string
}

// do sends a request; path is behind the version, or from /services on.
func (c *client) do(method, path string, body any) answer {
	c.t.Helper()
	a, err := c.try(method, path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

func (c *client) try(method, path string, body any) (answer, error) {
	c.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	if !strings.HasPrefix(path, "/services") && !strings.HasPrefix(path, "/sandbox") && !strings.HasPrefix(path, "/id") {
		path = version + path
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.s.URL()+path, in)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header = c.header.Clone()
	if in != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(text)}, err
}

func (a answer) json(t testing.TB) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.text), &v); err != nil {
		t.Fatalf("status %d, not JSON: %.200s", a.status, a.text)
	}
	return v
}

// at walks into an answer: "records", 0, "Id".
func (a answer) at(t testing.TB, path ...any) any {
	t.Helper()
	return dig(t, a.json(t), path...)
}

func dig(t testing.TB, v any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("%v: no object with %q in %v", path, p, v)
			}
			v = m[p]
		case int:
			l, ok := v.([]any)
			if !ok || p >= len(l) {
				t.Fatalf("%v: no list with %d in %v", path, p, v)
			}
			v = l[p]
		}
	}
	return v
}

// code is the errorCode of a refusal, "" for success.
func (a answer) code(t testing.TB) string {
	t.Helper()
	if a.status < 400 {
		return ""
	}
	return fmt.Sprint(a.at(t, 0, "errorCode"))
}

func (a answer) message(t testing.TB) string { return fmt.Sprint(a.at(t, 0, "message")) }

// create makes a record or ends the test.
func (c *client) create(object string, fields map[string]any) string {
	c.t.Helper()
	a := c.do(http.MethodPost, "/sobjects/"+object, fields)
	if a.status != http.StatusCreated {
		c.t.Fatalf("creating a %s: %d %s", object, a.status, a.text)
	}
	return fmt.Sprint(a.at(c.t, "id"))
}

func (c *client) get(object, id string) map[string]any {
	c.t.Helper()
	a := c.do(http.MethodGet, "/sobjects/"+object+"/"+id, nil)
	if a.status != http.StatusOK {
		c.t.Fatalf("reading a %s: %d %s", object, a.status, a.text)
	}
	m, _ := a.json(c.t).(map[string]any)
	return m
}

func (c *client) query(soql string) answer {
	c.t.Helper()
	return c.do(http.MethodGet, "/query?q="+url.QueryEscape(soql), nil)
}
