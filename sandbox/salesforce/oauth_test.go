package salesforce_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

const jwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"

func TestJWTBearer(t *testing.T) {
	s := start(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, v any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = v } }
	for _, tt := range []struct {
		name      string
		assertion string
		want      string // "" for a token
	}{
		{"good", assertion(t, testKey(), jwt.SigningMethodRS256, nil), ""},
		{"the server's own address as audience", assertion(t, testKey(), jwt.SigningMethodRS256, set("aud", s.URL())), ""},
		{"unknown client", assertion(t, testKey(), jwt.SigningMethodRS256, set("iss", "nobody")), "invalid_client_id: client identifier invalid"},
		{"another key", assertion(t, other, jwt.SigningMethodRS256, nil), "invalid_grant: invalid assertion"},
		{"another algorithm", assertion(t, testKey(), jwt.SigningMethodHS256, nil), "invalid_grant: invalid assertion"},
		{"RS512", assertion(t, testKey(), jwt.SigningMethodRS512, nil), "invalid_grant: invalid assertion"},
		{"a list as audience", assertion(t, testKey(), jwt.SigningMethodRS256, set("aud", []string{"https://login.salesforce.com"})), "invalid_grant: audience is invalid"},
		{"a sandbox's audience", assertion(t, testKey(), jwt.SigningMethodRS256, set("aud", "https://test.salesforce.com")), "invalid_grant: audience is invalid"},
		{"elapsed", assertion(t, testKey(), jwt.SigningMethodRS256, set("exp", time.Now().Add(-time.Second).Unix())), "invalid_grant: assertion is expired"},
		{"for five minutes, as Salesforce's Pub/Sub client signs", assertion(t, testKey(), jwt.SigningMethodRS256, set("exp", time.Now().Add(5*time.Minute).Unix())), ""},
		{"in milliseconds, as Salesforce's command line signs", assertion(t, testKey(), jwt.SigningMethodRS256, set("exp", time.Now().UnixMilli())), ""},
		{"no expiry", assertion(t, testKey(), jwt.SigningMethodRS256, func(c jwt.MapClaims) { delete(c, "exp") }), "invalid_grant: invalid assertion"},
		{"unknown user", assertion(t, testKey(), jwt.SigningMethodRS256, set("sub", "nobody@acme.example")), "invalid_grant: user hasn't approved this consumer"},
		{"garbage", "garbage", "invalid_grant: invalid assertion"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := anonymous(t, s).form(url.Values{"grant_type": {jwtGrant}, "assertion": {tt.assertion}})
			if tt.want != "" {
				if got := fmt.Sprintf("%v: %v", body["error"], body["error_description"]); status != http.StatusBadRequest || got != tt.want {
					t.Errorf("%d %s, want %s", status, got, tt.want)
				}
				return
			}
			if status != http.StatusOK || body["token_type"] != "Bearer" || body["instance_url"] != s.URL() || body["refresh_token"] != nil {
				t.Errorf("%d %v", status, body)
			}
			if id := fmt.Sprint(body["id"]); !strings.HasPrefix(id, s.URL()+"/id/"+s.OrgID("acme")+"/005") {
				t.Errorf("id is %s", id)
			}
		})
	}
}

func TestOtherGrants(t *testing.T) {
	s := start(t)
	for _, tt := range []struct {
		name string
		form url.Values
		want string
	}{
		{"client credentials", url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}}, ""},
		{"wrong secret", url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {"x"}}, "invalid_client"},
		{"wrong password", url.Values{
			"grant_type": {"password"}, "client_id": {clientID}, "client_secret": {secret}, "username": {integration}, "password": {"x"},
		}, "invalid_grant"},
		{"no grant", url.Values{}, "unsupported_grant_type"},
		{"another grant", url.Values{"grant_type": {"magic"}}, "unsupported_grant_type"},
		{"refresh by nobody", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, "invalid_client_id"},
		{"refresh", url.Values{
			"grant_type": {"refresh_token"}, "client_id": {clientID}, "client_secret": {secret}, "refresh_token": {"x"},
		}, "invalid_grant"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, body := anonymous(t, s).form(tt.form)
			if got, _ := body["error"].(string); got != tt.want {
				t.Errorf("%v, want %q", body, tt.want)
			}
		})
	}
}

func TestSOAPLogin(t *testing.T) {
	s := start(t)
	envelope := func(user, pass string) string {
		return `<se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/"><se:Header/><se:Body>` +
			`<login xmlns="urn:partner.soap.sforce.com"><username>` + user + `</username><password>` + pass + `</password></login></se:Body></se:Envelope>`
	}
	c := anonymous(t, s)
	c.header.Set("Content-Type", "text/xml")
	a := c.do(http.MethodPost, "/services/Soap/u/67.0", envelope("rep@acme.example", password))
	for _, want := range []string{"<serverUrl>" + s.URL() + "/services/Soap/u/67.0/00D", "<organizationId>" + s.OrgID("acme"), "<userId>005"} {
		if a.status != http.StatusOK || !strings.Contains(a.text, want) {
			t.Errorf("%d without %q: %s", a.status, want, a.text)
		}
	}
	_, rest, _ := strings.Cut(a.text, "<sessionId>")
	rep := anonymous(t, s)
	rep.token, _, _ = strings.Cut(rest, "<")
	if got := rep.do(http.MethodGet, "/limits", nil); got.status != http.StatusOK {
		t.Errorf("the session of a SOAP login: %d %s", got.status, got.text)
	}
	if a := c.do(http.MethodPost, "/services/Soap/u/67.0", envelope("rep@acme.example", "wrong")); !strings.Contains(a.text, "INVALID_LOGIN") {
		t.Errorf("a wrong password: %d %s", a.status, a.text)
	}
	if a := c.do(http.MethodPost, "/services/Soap/u/67.0", "<junk"); a.status != http.StatusInternalServerError {
		t.Errorf("junk: %d %s", a.status, a.text)
	}
}

func TestSessions(t *testing.T) {
	var clock fakeClock
	s := start(t, func(c *salesforce.Config) { c.Now = clock.now; c.SessionIdle = time.Hour })
	c := login(t, s, integration)
	clock.add(50 * time.Minute)
	if a := c.do(http.MethodGet, "/limits", nil); a.status != http.StatusOK {
		t.Fatalf("a session in use: %d %s", a.status, a.text)
	}
	clock.add(61 * time.Minute)
	a := c.do(http.MethodGet, "/limits", nil)
	if a.status != http.StatusUnauthorized || a.text != `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`+"\n" {
		t.Errorf("an idle session: %d %s", a.status, a.text)
	}
	c = login(t, s, integration)
	res, err := c.http.PostForm(s.URL()+"/services/oauth2/revoke", url.Values{"token": {c.token}})
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("revoking: %v", err)
	}
	_ = res.Body.Close()
	if a := c.do(http.MethodGet, "/limits", nil); a.status != http.StatusUnauthorized {
		t.Errorf("a revoked session: %d", a.status)
	}
	c = login(t, s, integration)
	s.EndSessions()
	if a := c.do(http.MethodGet, "/limits", nil); a.status != http.StatusUnauthorized {
		t.Errorf("an ended session: %d", a.status)
	}
}

func TestIdentityAndVersions(t *testing.T) {
	s := start(t)
	c := login(t, s, integration)
	if a := c.do(http.MethodGet, "/services/oauth2/userinfo", nil); a.at(t, "organization_id") != s.OrgID("acme") || a.at(t, "preferred_username") != integration {
		t.Errorf("userinfo: %s", a.text)
	}
	a := anonymous(t, s).do(http.MethodGet, "/services/data", nil)
	if list, _ := a.json(t).([]any); len(list) != 18 || dig(t, list[17], "label") != "Summer '26" || dig(t, list[0], "label") != "Winter '21" {
		t.Errorf("versions: %s", a.text)
	}
	for _, path := range []string{"/services/data/v68.0/limits", "/services/data/v49.0/limits", "/services/data/v67.5/limits", "/services/data/67.0/limits", "/services/data/v67.0/nothing", "/services/data/v67.0/limits/recordCount", "/services/data/v67.0/recent/x"} {
		if a := c.do(http.MethodGet, path, nil); a.status != http.StatusNotFound || a.code(t) != "NOT_FOUND" {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
	if a := c.do(http.MethodGet, "/services/data/v50.0", nil); a.at(t, "sobjects") != "/services/data/v50.0/sobjects" {
		t.Errorf("resources: %s", a.text)
	} else if id := fmt.Sprint(a.at(t, "identity")); !strings.HasPrefix(id, s.URL()+"/id/00D") {
		t.Errorf("the identity is asked for at %s", id)
	}
}

func TestTwoOrgs(t *testing.T) {
	globex := acme()
	globex.Name = "globex"
	globex.Users = salesforce.StandardUsers("globex.example", "frontdesk@globex.example", password)
	s := start(t, func(c *salesforce.Config) { c.Orgs = append(c.Orgs, globex) })
	one, two := login(t, s, integration), login(t, s, "frontdesk@globex.example")
	id := one.create("Account", map[string]any{"Name": "Only here"})
	if a := two.do(http.MethodGet, "/sobjects/Account/"+id, nil); a.status != http.StatusNotFound {
		t.Errorf("the other org's record: %d %s", a.status, a.text)
	}
	if len(s.Records("acme", "Account")) != 1 || len(s.Records("globex", "Account")) != 0 || s.Records("", "Account") != nil {
		t.Error("records of each org stand in that org")
	}
	if !strings.HasPrefix(one.token, s.OrgID("acme")[:15]+"!") {
		t.Error("a token begins with its org's id")
	}
}

func TestConfigFaults(t *testing.T) {
	var out bytes.Buffer
	_, err := salesforce.Start(t.Context(), salesforce.Config{Orgs: []salesforce.Org{
		{Name: "a", ID: "001000000000001", Apply: "maybe", PublicKey: "junk", Users: []salesforce.User{{Username: "x", Role: "king"}, {Username: "x", Role: salesforce.Rep}}},
		{Name: "a", TriggerBatch: 5000, Users: salesforce.StandardUsers("a.example", "i@a.example", "p")},
	}})
	fmt.Fprint(&out, err)
	for _, want := range []string{"orgs[0].id", "orgs[0].apply", "orgs[0].public_key", "orgs[0].users[0].role", "orgs[0].users[1].username", "orgs[0].users: exactly one", "orgs[1].name", "orgs[1].trigger_batch"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no fault %s in %s", want, out.String())
		}
	}
}
