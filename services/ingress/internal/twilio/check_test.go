package twilio_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	sandbox "github.com/frontdesk/frontdesk/sandbox/twilio"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
)

const publicURL = "https://calls.example.com"

// carrierRig is an account with its numbers set up as README.md says, but for one thing.
type carrierRig struct {
	tenants *tenant.Set
	// numbers changes how the carrier has them.
	numbers func(*[]sandbox.Number)
	tokens  []string
	// edit changes an answer: an account, or one of the numbers.
	edit func(map[string]any)
}

func (r *carrierRig) run(t *testing.T) []check.Finding {
	t.Helper()
	if r.tenants == nil {
		r.tenants = apptest.Tenants()
	}
	acme := r.tenants.ByID("acme")
	path := publicURL + "/twilio/" + acme.Twilio.AccountSID
	acct := sandbox.Account{SID: acme.Twilio.AccountSID, AuthTokens: r.tokens}
	if acct.AuthTokens == nil {
		for _, token := range acme.Twilio.AuthTokens {
			acct.AuthTokens = append(acct.AuthTokens, token.Reveal())
		}
	}
	for _, n := range acme.Numbers {
		acct.Numbers = append(acct.Numbers, sandbox.Number{
			PhoneNumber: n.Number, VoiceURL: path + "/voice#rc=3&rp=5xx,ct,rt", VoiceFallbackURL: publicURL + "/twilio/fallback.xml",
			StatusCallback: path + "/status#rc=3&rp=5xx,ct,rt",
		})
	}
	if r.numbers != nil {
		r.numbers(&acct.Numbers)
	}
	c, err := sandbox.Start(t.Context(), sandbox.Config{Accounts: []sandbox.Account{acct}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	front := httptest.NewServer(r.edited(c.Handler()))
	t.Cleanup(front.Close)
	if acme.Twilio.APIBase == "" {
		acme.Twilio.APIBase = front.URL
	}
	checker, err := twilio.NewChecker(r.tenants, publicURL, false, &http.Transport{DisableKeepAlives: true})
	if err != nil {
		t.Fatal(err)
	}
	return checker.Account(t.Context(), acme)
}

// edited changes the accounts and numbers of answers.
func (r *carrierRig) edited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, q)
		body := rec.Body.Bytes()
		var answer map[string]any
		if r.edit != nil && rec.Code == http.StatusOK && json.Unmarshal(body, &answer) == nil {
			if list, ok := answer["incoming_phone_numbers"].([]any); ok {
				for _, n := range list {
					r.edit(n.(map[string]any))
				}
			} else {
				r.edit(answer)
			}
			body, _ = json.Marshal(answer)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	})
}

func TestAHealthyAccountHasNothingWrong(t *testing.T) {
	r := &carrierRig{}
	found := r.run(t)
	if check.Worst(found) != check.OK || len(found) != 1+len(r.tenants.ByID("acme").Numbers) {
		t.Errorf("%+v", found)
	}
}

func TestFaultsOfAccountsAndNumbersAreTold(t *testing.T) {
	set := func(key string, v any) func(map[string]any) {
		return func(m map[string]any) {
			if _, ok := m[key]; ok {
				m[key] = v
			}
		}
	}
	first := func(change func(*sandbox.Number)) func(*[]sandbox.Number) {
		return func(n *[]sandbox.Number) { change(&(*n)[0]) }
	}
	voice := publicURL + "/twilio/" + apptest.Account + "/voice#rc=3&rp=5xx,ct,rt"
	status := publicURL + "/twilio/" + apptest.Account + "/status#rc=3&rp=5xx,ct,rt"
	away := apptest.Tenants()
	away.ByID("acme").Twilio.APIBase = "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		rig   carrierRig
		code  string
		level check.Level
		do    string
	}{
		"a wrong token":                  {carrierRig{tokens: []string{"somebody-else's"}}, "auth_token", check.Fault, "Twilio console"},
		"a wrong second token":           {carrierRig{tokens: []string{"new-token"}}, "auth_token", check.Fault, "rotation"},
		"no API":                         {carrierRig{tenants: away}, "unreachable", check.Fault, "host and port"},
		"a suspended account":            {carrierRig{edit: set("status", "suspended")}, "account_status", check.Fault, "bill"},
		"something else than Twilio":     {carrierRig{edit: set("status", "")}, "refused", check.Fault, "twilio.api_base"},
		"a trial account":                {carrierRig{edit: set("type", "Trial")}, "account_trial", check.Warning, "Upgrade"},
		"a number of somebody else":      {carrierRig{numbers: func(n *[]sandbox.Number) { *n = (*n)[1:] }}, "number_missing", check.Fault, "port the number"},
		"a voice URL elsewhere":          {carrierRig{numbers: first(func(n *sandbox.Number) { n.VoiceURL = "https://elsewhere.example/voice" })}, "voice_url", check.Fault, voice},
		"no voice URL":                   {carrierRig{edit: set("voice_url", "")}, "voice_url", check.Fault, voice},
		"a voice URL without tries":      {carrierRig{numbers: first(func(n *sandbox.Number) { n.VoiceURL, _, _ = strings.Cut(n.VoiceURL, "#") })}, "voice_url_retries", check.Warning, voice},
		"a voice URL by GET":             {carrierRig{edit: set("voice_method", "GET")}, "voice_method", check.Fault, "to POST"},
		"no fallback":                    {carrierRig{numbers: first(func(n *sandbox.Number) { n.VoiceFallbackURL = "" })}, "fallback_url", check.Warning, "/twilio/fallback.xml"},
		"no status callback":             {carrierRig{numbers: first(func(n *sandbox.Number) { n.StatusCallback = "" })}, "status_callback", check.Fault, status},
		"a status callback by GET":       {carrierRig{edit: set("status_callback_method", "GET")}, "status_method", check.Fault, "to POST"},
		"a SIP trunk in the way":         {carrierRig{edit: set("trunk_sid", "TK1")}, "number_elsewhere", check.Fault, voice},
		"a number that nobody owns":      {carrierRig{numbers: func(n *[]sandbox.Number) { more := (*n)[0]; more.PhoneNumber = "+14155559999"; *n = append(*n, more) }}, "number_unowned", check.Warning, "tenant's file"},
		"a Studio flow on a Studio line": {carrierRig{edit: set("voice_url", "https://webhooks.twilio.com/v1/Accounts/AC1/Flows/FW1")}, "number_studio", check.Note, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := c.rig.run(t)
			i := slices.IndexFunc(found, func(f check.Finding) bool { return f.Code == "twilio."+c.code })
			if i < 0 || found[i].Level != c.level || !strings.Contains(found[i].Do, c.do) {
				t.Errorf("no twilio.%s with %q in %+v", c.code, c.do, found)
			}
			for _, token := range c.rig.tenants.ByID("acme").Twilio.AuthTokens {
				for _, f := range found {
					if strings.Contains(f.What+f.Do, token.Reveal()) {
						t.Errorf("a token is told: %+v", f)
					}
				}
			}
		})
	}
}

// TestThePublicURLIsAskedForTheFallback: whatever else answers there is no ingress.
func TestThePublicURLIsAskedForTheFallback(t *testing.T) {
	b := newBench(t)
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for at, want := range map[string]check.Level{b.url: check.OK, other.URL: check.Warning, "http://127.0.0.1:1": check.Warning} {
		c, err := twilio.NewChecker(apptest.Tenants(), at, false, &http.Transport{DisableKeepAlives: true})
		if err != nil {
			t.Fatal(err)
		}
		if found := c.Public(t.Context()); len(found) != 1 || found[0].Level != want || (want == check.Warning) != strings.Contains(found[0].Do, "gateway") {
			t.Errorf("%s: %+v", at, found)
		}
	}
}
