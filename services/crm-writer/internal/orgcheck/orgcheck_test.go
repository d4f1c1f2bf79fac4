package orgcheck_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	sandbox "github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/mapping"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/orgcheck"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const user = "frontdesk@acme.example"

var newKey = sync.OnceValue(makeKey)

func makeKey() string {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}))
}

// rig is an org with one thing wrong.
type rig struct {
	org    sandbox.Org
	faults fault.Settings
	// tenant and config are changed before the check.
	tenant func(*tenant.Tenant)
	config func(*orgcheck.Config)
	// edit changes answers whose path holds the key, as parsed JSON.
	edit map[string]func(map[string]any)
	// prepare acts on the running org.
	prepare func(*sandbox.Server)
}

func healthy() *rig {
	return &rig{org: sandbox.Org{
		Name: "acme", ClientID: "client", PublicKey: newKey(), Users: sandbox.StandardUsers("acme.example", user, "pw"), Apply: "package",
		Intents: []string{"BookDemo", "SupportRequest", "Unknown"}, Dispositions: []string{"QualifiedLead", "NeedsReview"},
	}}
}

func (r *rig) run(t *testing.T) []check.Finding {
	t.Helper()
	s, err := sandbox.Start(t.Context(), sandbox.Config{Orgs: []sandbox.Org{r.org}, Faults: r.faults})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if r.prepare != nil {
		r.prepare(s)
	}
	ten := &tenant.Tenant{ID: "acme", Salesforce: tenant.Salesforce{
		Org: "acme", LoginURL: r.proxy(t, s), ClientID: "client", Username: user, APIVersion: "67.0", PubSubEndpoint: s.PubSubAddr(),
		Insecure: true, Pattern: tenant.PatternBoth, Apply: "package", Event: "Call_Completed__e",
	}, Catalogue: tenant.Catalogue{
		Intents:      []tenant.Intent{{Name: "BookDemo"}, {Name: "SupportRequest"}, {Name: "Unknown"}},
		Dispositions: []tenant.Disposition{{Name: "QualifiedLead"}, {Name: "NeedsReview"}},
	}}
	ten.Salesforce.Audience = ten.Salesforce.LoginURL
	if r.tenant != nil {
		r.tenant(ten)
	}
	m, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	o := ten.Salesforce
	cfg := orgcheck.Config{
		Client: sf.Config{
			Org: o.Org, LoginURL: o.LoginURL, Audience: o.Audience, ClientID: o.ClientID, Username: o.Username, PrivateKey: newKey(), APIVersion: o.APIVersion,
		},
		PubSub: pubsub.Config{Endpoint: o.PubSubEndpoint, Insecure: true}, Tenant: ten, Mapping: m, Search: true,
	}
	if r.config != nil {
		r.config(&cfg)
	}
	return orgcheck.Run(t.Context(), cfg)
}

// proxy stands before the org and changes its answers; the org names it as the instance.
func (r *rig) proxy(t *testing.T, s *sandbox.Server) string {
	to, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	p := &httputil.ReverseProxy{
		Rewrite: func(q *httputil.ProxyRequest) {
			q.SetURL(to)
			q.Out.Host = q.In.Host
			q.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: func(res *http.Response) error { return r.change(res) },
	}
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	return front.URL
}

func (r *rig) change(res *http.Response) error {
	asked, err := url.QueryUnescape(res.Request.URL.RequestURI())
	if err != nil {
		return err
	}
	for part, edit := range r.edit {
		if !strings.Contains(asked, part) {
			continue
		}
		var body map[string]any
		if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
			return err
		}
		edit(body)
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		res.Body = io.NopCloser(bytes.NewReader(b))
		res.ContentLength = int64(len(b))
		res.Header.Set("Content-Length", strconv.Itoa(len(b)))
	}
	return nil
}

// field edits one field of a describe.
func field(name string, edit func(map[string]any)) func(map[string]any) {
	return func(d map[string]any) {
		for _, f := range d["fields"].([]any) {
			if m := f.(map[string]any); m["name"] == name {
				edit(m)
			}
		}
	}
}

func set(key string, value any) func(map[string]any) {
	return func(m map[string]any) { m[key] = value }
}

func TestAHealthyOrgHasNothingWrong(t *testing.T) {
	for _, p := range []tenant.Pattern{tenant.PatternDirect, tenant.PatternEvents, tenant.PatternBoth} {
		r := healthy()
		r.tenant = func(t *tenant.Tenant) { t.Salesforce.Pattern = p }
		for _, f := range r.run(t) {
			if f.Level != check.OK {
				t.Errorf("%s: %+v", p, f)
			}
		}
	}
}

// TestNothingIsWritten: neither a record nor an event comes of a check.
func TestNothingIsWritten(t *testing.T) {
	r := healthy()
	var org *sandbox.Server
	r.prepare = func(s *sandbox.Server) { org = s }
	r.run(t)
	if n := len(org.ChangeLog(sandbox.Filter{})); n > 0 {
		t.Errorf("%d changes", n)
	}
	if n := len(org.Events("acme", "Call_Completed__e", 0)); n > 0 {
		t.Errorf("%d events", n)
	}
}

func TestFaultsAreTold(t *testing.T) {
	type want struct {
		code, subject, do string
		level             check.Level
	}
	for name, c := range map[string]struct {
		wrong func(*rig)
		want  want
	}{
		"an app that the org does not know": {func(r *rig) { r.org.ClientID = "another" }, want{"login_client", "acme", "consumer key", check.Fault}},
		"another key":                       {func(r *rig) { r.org.PublicKey = makeKey() }, want{"login_key", "acme", "certificate", check.Fault}},
		"a user who may not use the app": {func(r *rig) {
			r.org.Users = sandbox.StandardUsers("acme.example", "other@acme.example", "pw")
		}, want{"login_not_approved", "acme", "pre-authorised", check.Fault}},
		"another audience": {func(r *rig) {
			r.config = func(c *orgcheck.Config) { c.Client.Audience = "https://elsewhere.example" }
		}, want{"login_audience", "acme", "salesforce.audience", check.Fault}},
		"a sign-in from a wrong address": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/oauth2/token": func(m map[string]any) {
				clear(m)
				m["error"], m["error_description"] = "invalid_grant", "ip restricted or invalid login hours"
			}}
			r.org.ClientID = "another" // for the status
		}, want{"login_ip", "acme", "login IP ranges", check.Fault}},
		"a clock that is wrong": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/oauth2/token": func(m map[string]any) {
				clear(m)
				m["error"], m["error_description"] = "invalid_grant", "assertion is expired"
			}}
			r.org.ClientID = "another"
		}, want{"login_clock", "acme", "NTP", check.Fault}},
		"no org there": {func(r *rig) {
			r.config = func(c *orgcheck.Config) { c.Client.LoginURL = "http://127.0.0.1:1" }
		}, want{"unreachable", "", "host and port", check.Fault}},
		"no such API version": {func(r *rig) {
			r.tenant = func(t *tenant.Tenant) { t.Salesforce.APIVersion = "99.0" }
		}, want{"api_version", "99.0", "salesforce.api_version", check.Fault}},
		"no package": {func(r *rig) { r.org.NoPackage = true }, want{"field_missing", "Case.Call_Id__c", "package", check.Fault}},
		"no platform event": {func(r *rig) {
			r.tenant = func(t *tenant.Tenant) { t.Salesforce.Event = "Other__e" }
		}, want{"event_missing", "Other__e", "salesforce.event", check.Fault}},
		"a field that is hidden": {func(r *rig) {
			r.org.Users[0].Hidden = []string{"Lead.Intent__c"}
		}, want{"field_missing", "Lead.Intent__c", "permission set", check.Fault}},
		"a field that may not be written": {func(r *rig) {
			r.org.Users[0].ReadOnly = []string{"Case.Transcript__c"}
		}, want{"field_permission", "Case.Transcript__c", "field-level security", check.Fault}},
		"an object that may not be written": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/sobjects/Task/describe": set("createable", false)}
		}, want{"object_permission", "Task", "Create and Edit", check.Fault}},
		"a short field": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/sobjects/Case/describe": field("Transcript__c", set("length", 32768))}
		}, want{"field_short", "Case.Transcript__c", "Case.Transcript__c: 32768", check.Fault}},
		"a key that is too short": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/sobjects/Task/describe": field("Call_Id__c", set("length", 40))}
		}, want{"field_short", "Task.Call_Id__c", "Lengthen", check.Fault}},
		"a field of another type": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/sobjects/Lead/describe": field("Duration__c", set("type", "string"))}
		}, want{"field_type", "Lead.Duration__c", "expression", check.Fault}},
		"a key that is not unique": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/sobjects/Case/describe": field("Call_Id__c", set("unique", false))}
		}, want{"key_not_unique", "Case.Call_Id__c", "Unique", check.Fault}},
		"a missing picklist value": {func(r *rig) {
			r.org.Intents = []string{"BookDemo", "Unknown"}
		}, want{"picklist_value", "Lead.Intent__c", "global value set", check.Fault}},
		"a field that the org requires": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/sobjects/Lead/describe": field("Website", func(f map[string]any) {
				f["nillable"], f["createable"], f["defaultedOnCreate"] = false, true, false
			})}
		}, want{"field_required", "Lead.Website", "optional", check.Fault}},
		"an object that can't be searched": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/sobjects/Contact/describe": set("searchable", false)}
		}, want{"not_searchable", "Contact", "search", check.Warning}},
		"a spent allowance": {func(r *rig) {
			r.prepare = func(s *sandbox.Server) { _ = s.SetAllowance("acme", 100, 100) }
		}, want{"allowance_spent", "", "buy requests", check.Fault}},
		"an allowance that runs short": {func(r *rig) {
			r.prepare = func(s *sandbox.Server) { _ = s.SetAllowance("acme", 1000, 900) }
		}, want{"allowance_low", "DailyApiRequests", "System Overview", check.Warning}},
		"few events left": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/limits": func(m map[string]any) {
				m["HourlyPublishedPlatformEvents"] = map[string]any{"Max": 1000, "Remaining": 10}
			}}
		}, want{"events_low", "HourlyPublishedPlatformEvents", "next hour", check.Warning}},
		"little room for files": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/limits": func(m map[string]any) {
				m["FileStorageMB"] = map[string]any{"Max": 1000, "Remaining": 10}
			}}
		}, want{"storage_low", "FileStorageMB", "Make room", check.Warning}},
		"a bus that is not there": {func(r *rig) {
			r.config = func(c *orgcheck.Config) { c.PubSub.Endpoint = "127.0.0.1:1" }
		}, want{"bus_unreachable", "127.0.0.1:1", "by REST", check.Fault}},
		"a bus that refuses the session": {func(r *rig) {
			r.faults = fault.Settings{Errors: []fault.Share{{Code: "UNAUTHENTICATED", Share: 1, Operation: "pubsub.topic"}}}
		}, want{"bus_login", "", "opaque", check.Fault}},
		"an event without a field": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/sobjects/Call_Completed__e/describe": func(d map[string]any) {
				d["fields"] = slices.DeleteFunc(d["fields"].([]any), func(f any) bool { return f.(map[string]any)["name"] == "Writes__c" })
			}}
		}, want{"field_missing", "Call_Completed__e.Writes__c", "Update the Salesforce package", check.Fault}},
		"an event that may not be published": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"/sobjects/Call_Completed__e/describe": set("createable", false)}
		}, want{"event_permission", "Call_Completed__e", "Create on the event", check.Fault}},
		"no trigger": {func(r *rig) { r.org.Apply = "none" }, want{"trigger_missing", "Call_Completed__e", "salesforce.apply", check.Fault}},
		"a trigger that is suspended": {func(r *rig) {
			r.edit = map[string]func(map[string]any){"FROM EventBusSubscriber": func(m map[string]any) {
				m["records"].([]any)[0].(map[string]any)["Status"] = "Suspended"
			}}
		}, want{"trigger_stopped", "Call_Completed__e", "Resume", check.Fault}},
	} {
		t.Run(name, func(t *testing.T) {
			r := healthy()
			c.wrong(r)
			found := r.run(t)
			i := slices.IndexFunc(found, func(f check.Finding) bool {
				return f.Code == "salesforce."+c.want.code && (c.want.subject == "" || f.Subject == c.want.subject)
			})
			if i < 0 {
				t.Fatalf("no salesforce.%s of %q in %+v", c.want.code, c.want.subject, found)
			}
			if f := found[i]; f.Level != c.want.level || !strings.Contains(f.Do, c.want.do) || !strings.HasSuffix(f.What, ".") || !strings.HasSuffix(f.Do, ".") {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestWithoutThePackageNobodyAsksForRecords: where only subscribers act, the records are theirs.
func TestWithoutThePackageNobodyAsksForRecords(t *testing.T) {
	r := healthy()
	r.tenant = func(t *tenant.Tenant) { t.Salesforce.Pattern, t.Salesforce.Apply = tenant.PatternEvents, "none" }
	r.org.Users[0].Hidden = []string{"Lead.Intent__c"}
	for _, f := range r.run(t) {
		if f.Level != check.OK {
			t.Errorf("%+v", f)
		}
	}
}
