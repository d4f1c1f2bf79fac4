package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Checker finds out whether the tenants' accounts and numbers are set up so that their calls come here. It reads only.
type Checker struct {
	tenants *tenant.Set
	base    string
	http    http.RoundTripper
}

// NewChecker makes a checker of what leads to a public base URL, which is checked as [CheckPublicURL] does.
func NewChecker(tenants *tenant.Set, public string, insecure bool, transport http.RoundTripper) (*Checker, error) {
	base, err := publicBase(public, insecure)
	if err != nil {
		return nil, err
	}
	return &Checker{tenants: tenants, base: base, http: transport}, nil
}

func twilioFault(code, subject, what, do string) check.Finding {
	return check.Finding{Code: "twilio." + code, Level: check.Fault, Subject: subject, What: what, Do: do}
}

// Account checks a tenant's account, its tokens and its numbers.
func (c *Checker) Account(ctx context.Context, t *tenant.Tenant) []check.Finding {
	account := t.Twilio.AccountSID
	base, err := apiBase(t)
	if err != nil {
		return []check.Finding{twilioFault("api_base", account, "twilio.api_base is no URL.", "Correct it, or leave it out for api.twilio.com.")}
	}
	var (
		found []check.Finding
		good  *openapi.ApiService
	)
	for i, token := range t.Twilio.AuthTokens {
		api := newAPI(&transport{ctx: ctx, account: account, token: token, base: base, next: c.http})
		a, err := api.FetchAccount(account)
		if err != nil {
			found = append(found, c.tokenRefused(t, i, err))
			continue
		}
		if good == nil {
			good = api.ApiService
			found = append(found, judgeAccount(account, a)...)
		}
	}
	if good == nil {
		return found
	}
	if check.Worst(found) == check.OK {
		found = append(found, check.Okay("twilio.account", account, "The account is active, and every auth token opens it."))
	}
	return append(found, c.numbers(good, t)...)
}

// tokenRefused tells a wrong token from an API that is not there.
func (c *Checker) tokenRefused(t *tenant.Tenant, i int, err error) check.Finding {
	account, name := t.Twilio.AccountSID, fmt.Sprintf("twilio.auth_tokens[%d]", i)
	var rest *client.TwilioRestError
	switch {
	case !errors.As(err, &rest):
		u := check.Reach(err, "twilio.api_base")
		return twilioFault(u.Code, account, "Twilio's API can't be reached: "+strings.ToLower(u.What[:1])+u.What[1:], u.Do)
	case rest.Status == http.StatusUnauthorized || rest.Code == 20003:
		return twilioFault("auth_token", account, "Twilio refuses "+name+" of this account. What Twilio signs with the right one is refused here, and streams can't be started anew.",
			"Copy the auth token from the account's page in the Twilio console; in a rotation the primary one comes first, the secondary one second.")
	case rest.Status == http.StatusNotFound:
		return twilioFault("account_missing", account, "Twilio knows no such account.", "Correct twilio.account_sid.")
	case rest.Status == http.StatusTooManyRequests:
		return check.Finding{Code: "twilio.not_asked", Level: check.Unknown, Subject: account, What: "Twilio is asked too often just now.", Do: "Check again in a minute."}
	}
	return twilioFault("refused", account, fmt.Sprintf("Twilio answers with error %d.", max(rest.Code, rest.Status)), "See https://www.twilio.com/docs/api/errors.")
}

func judgeAccount(account string, a *openapi.ApiV2010Account) []check.Finding {
	switch status := value(a.Status); status {
	case "suspended":
		return []check.Finding{twilioFault("account_status", account, "The account is suspended: it takes no calls.", "Settle its bill, or ask Twilio.")}
	case "closed":
		return []check.Finding{twilioFault("account_status", account, "The account is closed.", "Use another account.")}
	case "active":
	default: // not what Twilio says
		return []check.Finding{twilioFault("refused", account, "What answers is not Twilio's API: it tells no state of the account.", "Correct twilio.api_base, or see what is in the way.")}
	}
	if value(a.Type) == "Trial" {
		return []check.Finding{{
			Code: "twilio.account_trial", Level: check.Warning, Subject: account,
			What: "This is a trial account: callers hear Twilio's words first, and only verified numbers are dialled.", Do: "Upgrade the account before it takes real calls.",
		}}
	}
	return nil
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// numbers compares the account's numbers with the tenant's file.
func (c *Checker) numbers(api *openapi.ApiService, t *tenant.Tenant) []check.Finding {
	account := t.Twilio.AccountSID
	p := &openapi.ListIncomingPhoneNumberParams{}
	list, err := api.ListIncomingPhoneNumber(p.SetPathAccountSid(account).SetPageSize(1000))
	if err != nil {
		return []check.Finding{{
			Code: "twilio.not_asked", Level: check.Unknown, Subject: account, What: "The account's numbers can't be asked for.", Do: "Check again.",
		}}
	}
	owned := map[string]*openapi.ApiV2010IncomingPhoneNumber{}
	for i := range list {
		owned[value(list[i].PhoneNumber)] = &list[i]
	}
	var found []check.Finding
	for i := range t.Numbers {
		n := &t.Numbers[i]
		own, ok := owned[n.Number]
		if !ok {
			found = append(found, twilioFault("number_missing", n.Number, "The account does not own the number "+n.Number+".",
				"Correct the number or the account in the tenant's file, or buy or port the number."))
			continue
		}
		wrong := c.number(t, n, own)
		if len(wrong) == 0 {
			wrong = []check.Finding{check.Okay("twilio.number", n.Number, "The number %s leads here.", n.Number)}
		}
		found = append(found, wrong...)
	}
	for number, own := range owned {
		if owner, _ := c.tenants.ByNumber(number); owner == nil && strings.HasPrefix(value(own.VoiceUrl), c.base+"/") {
			found = append(found, check.Finding{
				Code: "twilio.number_unowned", Level: check.Warning, Subject: number,
				What: "The number " + number + " leads here and stands in no tenant's file: its callers are refused, or go to ingress' unknown_number.",
				Do:   "Add it to a tenant's file, or point it elsewhere.",
			})
		}
	}
	return found
}

// number compares one number's webhooks with the table in README.md.
func (c *Checker) number(t *tenant.Tenant, n *tenant.Number, own *openapi.ApiV2010IncomingPhoneNumber) []check.Finding {
	path := c.base + "/twilio/" + url.PathEscape(t.Twilio.AccountSID)
	voice, status := path+"/voice"+retries, path+"/status"+retries
	var found []check.Finding
	add := func(level check.Level, code, what, do string) {
		found = append(found, check.Finding{Code: "twilio." + code, Level: level, Subject: n.Number, What: what, Do: do})
	}
	switch {
	case value(own.TrunkSid) != "" || value(own.VoiceApplicationSid) != "":
		add(check.Fault, "number_elsewhere", "A SIP trunk or a TwiML app takes the calls of "+n.Number+", not the number's webhook.",
			"Take the trunk or app off the number, and set \"A call comes in\" to "+voice+" (POST).")
	case value(own.VoiceReceiveMode) == "fax":
		add(check.Fault, "number_elsewhere", "The number "+n.Number+" takes faxes, not calls.", "Let it accept voice calls, and set \"A call comes in\" to "+voice+" (POST).")
	case n.Onward.Studio != nil && isStudio(value(own.VoiceUrl)):
		add(check.Note, "number_studio", "A Studio flow takes the calls of "+n.Number+"; what it does can't be seen from here. Its TwiML Redirect widget must lead to "+voice+".", "")
	default:
		c.webhook(add, "voice_url", "A call comes in", n.Number, value(own.VoiceUrl), voice, "its calls don't come here")
		if value(own.VoiceUrl) != "" && !strings.EqualFold(value(own.VoiceMethod), http.MethodPost) {
			add(check.Fault, "voice_method", "The number "+n.Number+" asks by "+value(own.VoiceMethod)+", and ingress is told by POST.", "Set \"A call comes in\" to POST.")
		}
		if value(own.VoiceFallbackUrl) == "" {
			add(check.Warning, "fallback_url", "The number "+n.Number+" has no fallback: while ingress is away, callers hear an error and are hung up on.",
				"Set \"Primary handler fails\" to "+c.base+"/twilio/fallback.xml, or to the same file hosted elsewhere, which is better.")
		}
	}
	c.webhook(add, "status_callback", "Call status changes", n.Number, value(own.StatusCallback), status, "the end of its calls is learnt late")
	if value(own.StatusCallback) != "" && !strings.EqualFold(value(own.StatusCallbackMethod), http.MethodPost) {
		add(check.Fault, "status_method", "The status callback of "+n.Number+" goes by "+value(own.StatusCallbackMethod)+", and ingress is told by POST.",
			"Set \"Call status changes\" to POST.")
	}
	return found
}

// webhook compares one URL: the address, then what asks Twilio to try again.
func (c *Checker) webhook(add func(level check.Level, code, what, do string), code, setting, number, have, want, otherwise string) {
	do := "Set \"" + setting + "\" to " + want + " (POST)."
	address, overrides, _ := strings.Cut(have, "#")
	wanted, _, _ := strings.Cut(want, "#")
	switch {
	case have == "":
		add(check.Fault, code, "\""+setting+"\" of the number "+number+" is not set: "+otherwise+".", do)
	case address != wanted:
		add(check.Fault, code, "\""+setting+"\" of the number "+number+" leads elsewhere: "+otherwise+".", do)
	case !repeats(overrides):
		add(check.Warning, code+"_retries", "\""+setting+"\" of the number "+number+" does not ask Twilio to try again after an error.", do)
	}
}

// repeats tells whether connection overrides ask for another try of what failed.
func repeats(overrides string) bool {
	set, err := url.ParseQuery(overrides)
	if err != nil || set.Get("rc") == "" || set.Get("rc") == "0" {
		return false
	}
	policy := set.Get("rp")
	return policy == "all" || strings.Contains(policy, "5xx")
}

func isStudio(voice string) bool {
	u, err := url.Parse(voice)
	return err == nil && u.Hostname() == "webhooks.twilio.com" && strings.Contains(u.Path, "/Flows/")
}

// Public asks the public URL for the fallback TwiML, the one path that needs no signature.
func (c *Checker) Public(ctx context.Context) []check.Finding {
	at := c.base + "/twilio/fallback.xml"
	unreached := func(what, do string) []check.Finding {
		return []check.Finding{{Code: "twilio.public_url", Level: check.Warning, Subject: c.base, What: what, Do: do}}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return unreached("public_url makes no address: "+at+".", "Correct ingress' public_url.")
	}
	res, err := c.http.RoundTrip(req)
	if err != nil {
		u := check.Reach(err, "public_url")
		return unreached(at+" can't be reached from here: "+strings.ToLower(u.What[:1])+u.What[1:],
			"See whether ingress runs and the gateway leads to it; if Twilio alone may come in, this is no fault. "+u.Do)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	switch {
	case err != nil || res.StatusCode != http.StatusOK:
		return unreached(fmt.Sprintf("%s answers with HTTP %d.", at, res.StatusCode), "See whether the gateway leads to ingress, and takes the path of public_url off.")
	case strings.TrimSpace(string(body)) != strings.TrimSpace(fallbackTwiML):
		return unreached(at+" answers with something else than ingress' fallback TwiML.", "See whether the gateway leads to ingress, and to this version of it.")
	}
	return []check.Finding{check.Okay("twilio.public_url", c.base, "The public URL leads to ingress.")}
}

// apiBase is where the tenant's REST API is; nil for Twilio's own.
func apiBase(t *tenant.Tenant) (*url.URL, error) {
	if t.Twilio.APIBase == "" {
		return nil, nil //nolint:nilnil // none is Twilio's own
	}
	base, err := url.Parse(t.Twilio.APIBase)
	if err != nil {
		return nil, fmt.Errorf("reading twilio.api_base of tenant %s: %w", t.ID, err)
	}
	return base, nil
}

// newAPI makes a client of Twilio's REST API on a transport that signs on.
func newAPI(t *transport) api {
	cl := &client.Client{
		// Empty: twilio-go takes letters and digits only, which a stand-in's token need not be. The transport
		// signs on.
		Credentials: client.NewCredentials("", ""),
		HTTPClient: &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the credentials go to Twilio only
		}},
	}
	cl.SetAccountSid(t.account)
	// Not by client.NewRequestHandler: that one reads the environment.
	return api{openapi.NewApiService(&client.RequestHandler{Client: cl}), t}
}
