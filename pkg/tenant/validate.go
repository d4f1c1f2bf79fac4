package tenant

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

var (
	slug        = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,39}$`)
	accountSID  = regexp.MustCompile(`^AC[0-9a-f]{32}$`)
	flowSID     = regexp.MustCompile(`^FW[0-9a-f]{32}$`)
	apiVersion  = regexp.MustCompile(`^\d{2,3}\.0$`)
	eventName   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*__e$`)
	language    = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	costCenter  = regexp.MustCompile(`^[a-z0-9_-]{0,63}$`)
	picklist    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,79}$`)
	currency    = regexp.MustCompile(`^[A-Z]{3}$`)
	clockSpan   = regexp.MustCompile(`^([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$`)
	weekdays    = map[string]time.Weekday{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
	dateLayout  = time.DateOnly
	minRetained = 30 * 24 * time.Hour
	maxRetained = 90 * 24 * time.Hour
)

// validate adds every fault to f, and fills what is derived (time zone, opening hours, prices).
func (t *Tenant) validate(f *faults) {
	f.need(t.Version == 1, "version: must be 1")
	f.need(slug.MatchString(t.ID), "id: must be 2 to 40 of a-z, 0-9 and -")
	f.need(!blank(t.Name), "name: missing")
	f.need(len(t.CallerKey.Reveal()) >= 32, "caller_key: at least 32 bytes; make one with `openssl rand -hex 32`")
	f.need(t.LongestCall > 0, "longest_call: must be positive")
	t.validateClock(f)
	t.validateCarrier(f)
	t.validateConsent(f)
	t.validatePrivacy(f)
	t.validateModels(f)
	t.validateCatalogue(f)
	t.validateSalesforce(f)
	t.validatePrices(f)
}

func (t *Tenant) validateClock(f *faults) {
	loc, err := time.LoadLocation(t.TimeZone)
	f.need(err == nil, "time_zone: %q is no IANA time zone", t.TimeZone)
	f.need(t.TimeZone != "Local", "time_zone: Local is wherever the process runs; name the tenant's, like America/New_York")
	t.location = loc
	t.hours = map[time.Weekday][]span{}
	for day, spans := range t.BusinessHours {
		wd, ok := weekdays[day]
		f.need(ok, "business_hours.%s: must be one of mon, tue, wed, thu, fri, sat, sun", day)
		for i, s := range spans {
			m := clockSpan.FindStringSubmatch(s)
			if m == nil {
				f.need(false, "business_hours.%s[%d]: must be like 09:00-17:00", day, i)
				continue
			}
			sp := span{minutes(m[1], m[2]), minutes(m[3], m[4])}
			f.need(sp.open < sp.shut && sp.shut <= 24*60, "business_hours.%s[%d]: must end after it begins, by 24:00", day, i)
			if n := len(t.hours[wd]); n > 0 {
				f.need(t.hours[wd][n-1].shut <= sp.open, "business_hours.%s[%d]: must begin after the span before it", day, i)
			}
			t.hours[wd] = append(t.hours[wd], sp)
		}
	}
}

func minutes(hh, mm string) int {
	h, _ := strconv.Atoi(hh) // two digits by the pattern
	m, _ := strconv.Atoi(mm)
	return 60*h + m
}

func (t *Tenant) validateCarrier(f *faults) {
	f.need(accountSID.MatchString(t.Twilio.AccountSID), "twilio.account_sid: must be AC and 32 hex digits")
	f.need(len(t.Twilio.AuthTokens) == 1 || len(t.Twilio.AuthTokens) == 2, "twilio.auth_tokens: one token, or two during a rotation")
	for i, tok := range t.Twilio.AuthTokens {
		f.need(tok != "", "twilio.auth_tokens[%d]: empty", i)
	}
	if t.Twilio.APIBase != "" {
		host, inClear, ok := urlHost(t.Twilio.APIBase)
		f.need(ok, "twilio.api_base: must be an http or https URL")
		f.need(!inClear || !isVendors(host), "twilio.api_base: must begin with https://, or the auth token goes in clear")
		f.residentHost(t.Privacy.Residency, "twilio.api_base", host, false)
	}
	f.need(len(t.Numbers) > 0, "numbers: at least one")
	for i, n := range t.Numbers {
		at := fmt.Sprintf("numbers[%d]", i)
		f.need(IsE164(n.Number), "%s.number: must be a phone number in E.164, like +14155550100", at)
		f.need(!blank(n.LineOfBusiness), "%s.line_of_business: missing", at)
		f.need(n.Payer == "product" || n.Payer == "central", "%s.payer: must be product or central", at)
		f.need(n.Payer == t.PayerOf(n.LineOfBusiness), "%s.payer: a line of business has one payer, and that of %s is %s", at, n.LineOfBusiness, t.PayerOf(n.LineOfBusiness))
		f.need(language.MatchString(n.Language), "%s.language: must be BCP 47, like en-US", at)
		t.validateOnward(f, at+".onward", n)
	}
}

func (t *Tenant) validateOnward(f *faults, at string, n Number) {
	o, given := n.Onward, 0
	if d := o.Dial; d != nil {
		given++
		f.need((d.Number == "") != (d.SIP == ""), "%s.dial: exactly one of number and sip", at)
		f.need(d.Number == "" || IsE164(d.Number), "%s.dial.number: must be E.164", at)
		f.need(d.SIP == "" || strings.HasPrefix(d.SIP, "sip:") || strings.HasPrefix(d.SIP, "sips:"), "%s.dial.sip: must begin with sip: or sips:", at)
		f.need(d.CallerID == "" || IsE164(d.CallerID), "%s.dial.caller_id: must be E.164", at)
		f.need(d.Timeout.Std() >= 5*time.Second && d.Timeout.Std() <= 10*time.Minute, "%s.dial.timeout: must be between 5s and 10m", at)
	}
	if s := o.Studio; s != nil {
		given++
		f.need(flowSID.MatchString(s.FlowSID), "%s.studio.flow_sid: must be FW and 32 hex digits", at)
	}
	if v := o.Voicemail; v != nil {
		given++
		f.need(!blank(ByLanguage(v.Greeting, n.Language)), "%s.voicemail.greeting: none in the line's language, %s", at, n.Language)
		f.need(v.MaxLength > 0, "%s.voicemail.max_length: must be positive", at)
	}
	f.need(given == 1, "%s: exactly one of dial, studio and voicemail", at)
}

func (t *Tenant) validateConsent(f *faults) {
	c := t.Consent
	policies := []ConsentPolicy{ConsentAsk, ConsentReported, ConsentNotAsked}
	f.need(slices.Contains(policies, c.Policy), "consent.policy: must be ask, reported or not-asked")
	f.need(c.Policy != ConsentAsk || c.PromptVersion != "", "consent.prompt_version: missing; it is kept with every answer")
	f.need(len(c.GrantDigit) == 1 && strings.Contains("0123456789*#", c.GrantDigit), "consent.grant_digit: must be one key")
	f.need(c.Timeout.Std() >= time.Second && c.Timeout.Std() <= time.Minute, "consent.timeout: must be between 1s and 1m")
	f.document(c.Basis, "consent.basis")
	f.need(c.Policy != ConsentNotAsked || c.Basis.OnFile() || !t.Speech.ThirdParty(),
		"consent.basis: missing; callers whom nobody asks must have agreed before: name the document, or set consent.policy to ask, or speech.provider to none")
	if c.Policy != ConsentAsk {
		return
	}
	for i, n := range t.Numbers {
		f.need(!blank(ByLanguage(c.Prompts, n.Language)), "consent.prompts: none for numbers[%d]'s language %s", i, n.Language)
	}
}

func (t *Tenant) validatePrivacy(f *faults) {
	p := t.Privacy
	f.document(p.ThirdPartySpeech, "privacy.third_party_speech")
	f.document(p.DPIA, "privacy.dpia")
	f.need(slices.Contains([]string{"us", "eu", "any"}, p.Residency), "privacy.residency: must be us, eu or any")
	f.need(p.MinRedactionConfidence > 0 && p.MinRedactionConfidence <= 1, "privacy.min_redaction_confidence: must be above 0 and at most 1")
	f.need(p.Retention.Std() >= minRetained && p.Retention.Std() <= maxRetained, "privacy.retention: must be between 30d and 90d")
}

// document accepts none, or a whole one: half a document proves nothing.
func (f *faults) document(d *Document, at string) {
	if d == nil {
		return
	}
	f.need(d.Reference != "", "%s.reference: missing; leave the document out if there is none", at)
	_, err := time.Parse(dateLayout, d.Signed)
	f.need(err == nil, "%s.signed: must be a date, YYYY-MM-DD", at)
}

func (t *Tenant) validateModels(f *faults) {
	s := t.Speech
	f.need(slices.Contains([]string{"none", "googlespeech"}, s.Provider), "speech.provider: must be googlespeech or none")
	if s.Provider == "googlespeech" {
		f.need(s.Project != "", "speech.project: missing")
	}
	f.product(t.Privacy.Residency, "speech", product{s.Provider, s.Location, s.Endpoint, s.Insecure, s.OnPrem})
	for i, l := range s.Languages {
		f.need(language.MatchString(l), "speech.languages[%d]: must be BCP 47, like en-US", i)
	}
	i := t.Inference
	f.need(slices.Contains([]string{"none", "vertex"}, i.Provider), "inference.provider: must be vertex or none")
	f.need(costCenter.MatchString(i.CostCenter), "inference.cost_center: at most 63 of a-z, 0-9, _ and -")
	if i.Provider == "vertex" {
		f.need(i.Project != "", "inference.project: missing")
		f.need(i.Location != "", "inference.location: missing")
		f.need(i.Model != "", "inference.model: missing")
		f.need(i.Timeout.Std() >= time.Second && i.Timeout.Std() <= 5*time.Minute, "inference.timeout: must be between 1s and 5m")
	}
	f.product(t.Privacy.Residency, "inference", product{i.Provider, i.Location, i.Endpoint, i.Insecure, i.OnPrem})
}

// product is what speech and inference have in common: who hears or reads a call, and where.
type product struct {
	provider, location, endpoint string
	insecure, onPrem             bool
}

func (f *faults) product(residency, at string, p product) {
	if p.endpoint == "" {
		f.need(!p.insecure, "%s.insecure: only for an endpoint of its own", at)
		f.need(!p.onPrem, "%s.on_prem: name the endpoint; without one the service reaches the vendor", at)
	} else {
		host, ok := hostOf(p.endpoint)
		f.need(ok, "%s.endpoint: must be host:port", at)
		f.need(!p.insecure || !isVendors(host), "%s.insecure: %s is a vendor's; only for an endpoint of its own", at, host)
		f.need(!p.onPrem || !isVendors(host), "%s.on_prem: %s is a vendor's, a third party; leave on_prem out", at, host)
		if p.provider != "none" {
			f.residentHost(residency, at+".endpoint", host, true)
		}
	}
	if p.provider != "none" && !p.onPrem {
		f.resident(residency, at+".location", p.location)
	}
}

func (t *Tenant) validateCatalogue(f *faults) {
	c := t.Catalogue
	f.need(c.Version != "", "catalogue.version: missing; it stands in every insight")
	f.need(len(c.Intents) > 0, "catalogue.intents: at least one")
	f.need(len(c.Dispositions) > 0, "catalogue.dispositions: at least one")
	seen := map[string]bool{}
	for i, in := range c.Intents {
		at := fmt.Sprintf("catalogue.intents[%d]", i)
		f.need(picklist.MatchString(in.Name), "%s.name: must be a picklist value: letters, digits and _", at)
		f.need(!seen[in.Name], "%s.name: %s stands twice", at, in.Name)
		f.need(slices.Contains([]IntentKind{IntentSales, IntentSupport, IntentNone}, in.Kind), "%s.kind: must be sales, support or none", at)
		f.need(in.Description != "", "%s.description: missing; it is what the model is told", at)
		f.need(in.DueInDays >= 0, "%s.due_in_days: must not be negative", at)
		seen[in.Name] = true
	}
	seen = map[string]bool{}
	for i, d := range c.Dispositions {
		at := fmt.Sprintf("catalogue.dispositions[%d]", i)
		f.need(picklist.MatchString(d.Name), "%s.name: must be a picklist value: letters, digits and _", at)
		f.need(!seen[d.Name], "%s.name: %s stands twice", at, d.Name)
		f.need(d.Description != "", "%s.description: missing; it is what the model is told", at)
		seen[d.Name] = true
	}
	for _, r := range []struct {
		name  string
		label Label
	}{
		{"hang_up", c.Rules.HangUp}, {"silent", c.Rules.Silent}, {"unheard", c.Rules.Unheard},
		{"voicemail", c.Rules.Voicemail}, {"unavailable", c.Rules.Unavailable},
	} {
		f.need(t.Intent(r.label.Intent) != nil, "catalogue.rules.%s.intent: %q is not in the catalogue", r.name, r.label.Intent)
		f.need(t.Disposition(r.label.Disposition) != nil, "catalogue.rules.%s.disposition: %q is not in the catalogue", r.name, r.label.Disposition)
	}
}

func (t *Tenant) validateSalesforce(f *faults) {
	s := t.Salesforce
	f.need(slug.MatchString(s.Org), "salesforce.org: must be 2 to 40 of a-z, 0-9 and -")
	f.need(s.ClientID != "", "salesforce.client_id: missing")
	f.need(s.Username != "", "salesforce.username: missing")
	f.need(s.PrivateKey != "", "salesforce.private_key: missing; give file:/path to the PEM")
	f.need(apiVersion.MatchString(s.APIVersion), "salesforce.api_version: must be like 67.0")
	patterns := []Pattern{PatternDirect, PatternEvents, PatternBoth, PatternAnalytics}
	f.need(slices.Contains(patterns, s.Pattern), "salesforce.pattern: must be direct, events, both or analytics")
	f.need(s.Apply == "package" || s.Apply == "none", "salesforce.apply: must be package or none")
	f.need(eventName.MatchString(s.Event), "salesforce.event: must be a platform event's API name, ending in __e")
	t.validateOrgHosts(f)
	f.need(isURL(s.RecordingBase), "salesforce.recording_base: must be an http or https URL")
	f.text("salesforce.lead_last_name", s.LeadLastName, 80)
	f.text("salesforce.lead_company", s.LeadCompany, 255)
	f.need(s.MinNameConfidence > 0 && s.MinNameConfidence <= 1, "salesforce.min_name_confidence: must be above 0 and at most 1")
	f.need(s.MinIntentConfidence > 0 && s.MinIntentConfidence <= 1, "salesforce.min_intent_confidence: must be above 0 and at most 1")
	f.need(s.MaxWait >= 0, "salesforce.max_wait: must not be negative")
}

// validateOrgHosts keeps the org's tokens out of clear text: they travel to both hosts.
func (t *Tenant) validateOrgHosts(f *faults) {
	s := t.Salesforce
	login, inClear, ok := urlHost(s.LoginURL)
	f.need(ok, "salesforce.login_url: must be an https URL")
	f.need(!inClear || s.Insecure && !isVendors(login),
		"salesforce.login_url: must begin with https://; http is for a sandbox of its own, with salesforce.insecure")
	pubsub, ok := hostOf(s.PubSubEndpoint)
	f.need(ok, "salesforce.pubsub_endpoint: must be host:port")
	f.need(!s.Insecure || !isVendors(pubsub) && !isVendors(login),
		"salesforce.insecure: only with a pubsub_endpoint and a login_url of its own; Salesforce's tokens would go in clear")
	f.residentHost(t.Privacy.Residency, "salesforce.pubsub_endpoint", pubsub, false)
}

// text checks what Salesforce requires: some character that isn't a space, and at most so many.
func (f *faults) text(at, s string, most int) {
	f.need(!blank(s), "%s: must not be blank", at)
	f.need(utf8.RuneCountInString(s) <= most, "%s: at most %d characters", at, most)
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// units are what usage is counted in: those of events.Quantity.
var units = []string{
	"input_token", "cached_token", "thought_token", "output_token", "speech_second", "api_call", "request", "call_minute", "recording_minute",
}

func (t *Tenant) validatePrices(f *faults) {
	if len(t.Prices.Units) == 0 {
		return
	}
	f.need(t.Prices.Version != "", "prices.version: missing; it stands beside every priced usage")
	f.need(currency.MatchString(t.Prices.Currency), "prices.currency: must be ISO 4217, like USD")
	seen := map[[3]string]bool{}
	for i := range t.Prices.Units {
		p := &t.Prices.Units[i]
		at := fmt.Sprintf("prices.units[%d]", i)
		what := [3]string{p.Provider, p.Model, p.Unit}
		f.need(!seen[what], "%s: the price of this unit stands above already", at)
		seen[what] = true
		f.need(p.Provider != "", "%s.provider: missing", at)
		f.need(slices.Contains(units, p.Unit), "%s.unit: must be one of %s", at, strings.Join(units, ", "))
		f.need(p.Per > 0, "%s.per: must be positive", at)
		nanos, err := nanosOf(p.Amount)
		f.need(err == nil, "%s.amount: %v", at, err)
		p.nanos = nanos
	}
}

// IsE164 tells whether s is a number in E.164 that a numbering plan knows the shape of.
func IsE164(s string) bool {
	n, err := phonenumbers.Parse(s, "")
	return err == nil && phonenumbers.IsPossibleNumber(n) && phonenumbers.Format(n, phonenumbers.E164) == s
}

// ByLanguage picks the text of a BCP 47 language: the exact one, else that of its first part, else that of "".
func ByLanguage(texts map[string]string, lang string) string {
	if t, ok := texts[lang]; ok {
		return t
	}
	primary, _, _ := strings.Cut(lang, "-")
	if t, ok := texts[primary]; ok {
		return t
	}
	return texts[""]
}
