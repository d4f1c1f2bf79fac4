// Package tenant is the tenant file: whose number was dialled, who is billed, which org, models, intents and
// rules apply. One YAML file a tenant; a wrong file is refused with every fault named (see [Load]).
package tenant

import (
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
)

// Tenant is one tenant's file. It is immutable once loaded.
type Tenant struct {
	// Version of the file format: 1.
	Version int `yaml:"version"`
	// ID is the tenant's slug: it stands in every event, metric and bill. [a-z0-9-]{2,40}.
	ID string `yaml:"id"`
	// Name is the company's, for people.
	Name string `yaml:"name"`
	// TimeZone is an IANA name; due dates and business hours are in it.
	TimeZone string `yaml:"time_zone"`
	// BusinessHours per weekday, "mon" to "sun", as "09:00-17:00" spans; a day left out is closed.
	BusinessHours map[string][]string `yaml:"business_hours"`
	// Twilio is the tenant's carrier account.
	Twilio Twilio `yaml:"twilio"`
	// Numbers are the dialled numbers.
	Numbers []Number `yaml:"numbers"`
	// Consent policy.
	Consent Consent `yaml:"consent"`
	// Privacy rules.
	Privacy Privacy `yaml:"privacy"`
	// Speech recognition.
	Speech Speech `yaml:"speech"`
	// Inference.
	Inference Inference `yaml:"inference"`
	// Catalogue of intents and dispositions.
	Catalogue Catalogue `yaml:"catalogue"`
	// Salesforce org and pattern.
	Salesforce Salesforce `yaml:"salesforce"`
	// LongestCall closes a call whose end nobody told. Default 4h.
	LongestCall Duration `yaml:"longest_call"`
	// Prices of what providers bill, for cost attribution.
	Prices Prices `yaml:"prices"`
	// CallerKey is the key of the HMAC in caller_ref, at least 32 bytes.
	CallerKey config.Secret `yaml:"caller_key"`

	location *time.Location
	hours    map[time.Weekday][]span
}

// Twilio account of a tenant.
type Twilio struct {
	// AccountSID, "AC" and 32 hex digits.
	AccountSID string `yaml:"account_sid"`
	// AuthTokens are one token, or two during a rotation; the first signs.
	AuthTokens []config.Secret `yaml:"auth_tokens"`
	// APIBase overrides https://api.twilio.com, for a sandbox or an edge location.
	APIBase string `yaml:"api_base"`
}

// Number is one dialled number.
type Number struct {
	// Number in E.164.
	Number string `yaml:"number"`
	// LineOfBusiness for attribution and billing.
	LineOfBusiness string `yaml:"line_of_business"`
	// Payer of speech and inference: "product" or "central".
	Payer string `yaml:"payer"`
	// Campaign that the number is printed on: Salesforce's Campaign name; may be empty.
	Campaign string `yaml:"campaign"`
	// LeadSource is Salesforce's picklist value.
	LeadSource string `yaml:"lead_source"`
	// Language of the line, BCP 47; default "en-US".
	Language string `yaml:"language"`
	// Onward is what happens after the greeting.
	Onward Onward `yaml:"onward"`
	// Record the call at the carrier (only with consent where the policy asks).
	Record bool `yaml:"record"`
}

// Onward is exactly one of the three.
type Onward struct {
	Dial      *Dial      `yaml:"dial"`
	Studio    *Studio    `yaml:"studio"`
	Voicemail *Voicemail `yaml:"voicemail"`
}

// Dial sends the caller on.
type Dial struct {
	// Number in E.164, or SIP a sip: URI: exactly one.
	Number string `yaml:"number"`
	SIP    string `yaml:"sip"`
	// Timeout until nobody has answered; default 30s.
	Timeout Duration `yaml:"timeout"`
	// CallerID shown; empty keeps the caller's.
	CallerID string `yaml:"caller_id"`
}

// Studio hands back to a flow.
type Studio struct {
	// FlowSID, "FW" and 32 hex digits.
	FlowSID string `yaml:"flow_sid"`
}

// Voicemail asks for a message.
type Voicemail struct {
	// Greeting spoken before the tone, per language; "" is the default's key. The line's language must have one.
	Greeting map[string]string `yaml:"greeting"`
	// MaxLength of a message; default 3m.
	MaxLength Duration `yaml:"max_length"`
}

// ConsentPolicy says how consent comes about.
type ConsentPolicy string

// The policies.
const (
	// ConsentAsk plays the question and takes a key before anything is streamed or recorded.
	ConsentAsk ConsentPolicy = "ask"
	// ConsentReported streams at once, but audio waits in stt until the receptionist reports the answer by
	// the consent callback.
	ConsentReported ConsentPolicy = "reported"
	// ConsentNotAsked asks nobody in the call: callers have agreed before it, on the ground that Basis names.
	ConsentNotAsked ConsentPolicy = "not-asked"
)

// Consent policy of a tenant.
type Consent struct {
	Policy ConsentPolicy `yaml:"policy"`
	// PromptVersion is kept with every answer.
	PromptVersion string `yaml:"prompt_version"`
	// Prompts by language, BCP 47 or its first part.
	Prompts map[string]string `yaml:"prompts"`
	// GrantDigit is the key that grants; default "1".
	GrantDigit string `yaml:"grant_digit"`
	// AllowSpeech lets the caller answer by voice: the carrier's recogniser then hears it before consent.
	AllowSpeech bool `yaml:"allow_speech"`
	// Timeout until the question counts as unanswered; default 6s.
	Timeout Duration `yaml:"timeout"`
	// Basis is on what ground callers are heard whom nobody asks: where they have agreed before they call. With
	// ConsentNotAsked a third-party recogniser hears nobody without it.
	Basis *Document `yaml:"basis"`
}

// Document is a contract or assessment on file: it counts only when whole.
type Document struct {
	// Reference where it can be found.
	Reference string `yaml:"reference"`
	// Signed on, YYYY-MM-DD.
	Signed string `yaml:"signed"`
}

// OnFile tells whether there is such a document.
func (d *Document) OnFile() bool { return d != nil && d.Reference != "" && d.Signed != "" }

// Privacy rules of a tenant.
type Privacy struct {
	// ThirdPartySpeech is the agreement under which a third-party recogniser may hear calls.
	ThirdPartySpeech *Document `yaml:"third_party_speech"`
	// DPIA allows unredacted transcripts to go to third-party inference.
	DPIA *Document `yaml:"dpia"`
	// Residency is where data may be processed: "us", "eu" or "any". The locations of speech and inference are
	// checked, and every vendor's host in the file that names a place; their own endpoints must name one. Where a
	// host of the tenant's own stands, and where the carrier's account and the org are, is the tenant's statement.
	Residency string `yaml:"residency"`
	// MinRedactionConfidence below which nothing goes to a third party; default 0.85.
	MinRedactionConfidence float64 `yaml:"min_redaction_confidence"`
	// Retention of transcripts, recordings and records; 30 to 90 days.
	Retention Duration `yaml:"retention"`
}

// Speech recognition of a tenant.
type Speech struct {
	// Provider: "googlespeech" (later "transcribe", "openai"), or "none".
	Provider string `yaml:"provider"`
	// Project, Location and Model of Google Speech v2.
	Project  string `yaml:"project"`
	Location string `yaml:"location"`
	Model    string `yaml:"model"`
	// Languages offered to the recogniser beside the line's, BCP 47.
	Languages []string `yaml:"languages"`
	// Endpoint overrides the product's, host:port.
	Endpoint string `yaml:"endpoint"`
	// Insecure speaks to Endpoint without TLS and credentials: a sandbox.
	Insecure bool `yaml:"insecure"`
	// OnPrem tells that Endpoint, which it needs, is the operator's own: no third party.
	OnPrem bool `yaml:"on_prem"`
}

// ThirdParty tells whether somebody else hears the call.
func (s Speech) ThirdParty() bool { return s.Provider != "none" && !s.OnPrem }

// Inference of a tenant.
type Inference struct {
	// Provider: "vertex" (later "sagemaker", "openai"), or "none" for insights by rule only.
	Provider string `yaml:"provider"`
	Project  string `yaml:"project"`
	Location string `yaml:"location"`
	Model    string `yaml:"model"`
	// Endpoint overrides the product's, host:port.
	Endpoint string `yaml:"endpoint"`
	// Insecure speaks to Endpoint without TLS and credentials: a sandbox.
	Insecure bool `yaml:"insecure"`
	// OnPrem tells that Endpoint, which it needs, is the operator's own: no third party.
	OnPrem bool `yaml:"on_prem"`
	// Timeout of one request; default 20s.
	Timeout Duration `yaml:"timeout"`
	// CostCenter becomes a billing label, [a-z0-9_-]{0,63}.
	CostCenter string `yaml:"cost_center"`
}

// ThirdParty tells whether somebody else reads the transcript.
func (i Inference) ThirdParty() bool { return i.Provider != "none" && !i.OnPrem }

// Catalogue is what a call may be labelled with.
type Catalogue struct {
	// Version stands in every insight; change it with the catalogue.
	Version string `yaml:"version"`
	// Intents that the model may choose from.
	Intents []Intent `yaml:"intents"`
	// Dispositions that the model, a rule or an agent may choose from.
	Dispositions []Disposition `yaml:"dispositions"`
	// Rules name the labels of calls that no model looks at.
	Rules Rules `yaml:"rules"`
}

// IntentKind says which records a call of this intent gets.
type IntentKind string

// The kinds.
const (
	IntentSales   IntentKind = "sales"   // a Lead, or the matching Contact
	IntentSupport IntentKind = "support" // a Case, with its Contact
	IntentNone    IntentKind = "none"    // nothing but the logged call
)

// Intent is one thing that callers want.
type Intent struct {
	// Name is Salesforce's picklist value, e.g. "BookDemo".
	Name string `yaml:"name"`
	// Kind says which records it makes.
	Kind IntentKind `yaml:"kind"`
	// Description is what the model is told.
	Description string `yaml:"description"`
	// NextAction is the Task's subject when such a call needs a follow-up; empty makes none by itself.
	NextAction string `yaml:"next_action"`
	// DueInDays until the next action is due, business days.
	DueInDays int `yaml:"due_in_days"`
}

// Disposition is one way for a call to end.
type Disposition struct {
	// Name is Salesforce's picklist value, e.g. "QualifiedLead".
	Name string `yaml:"name"`
	// Description is what the model is told.
	Description string `yaml:"description"`
	// AgentOnly keeps the model from choosing it.
	AgentOnly bool `yaml:"agent_only"`
}

// Rules name labels, all from the catalogue.
type Rules struct {
	// HangUp: nobody spoke and the call was short.
	HangUp Label `yaml:"hang_up"`
	// Silent: the call had media, and the caller said nothing.
	Silent Label `yaml:"silent"`
	// Unheard: no consent, or no agreement on file.
	Unheard Label `yaml:"unheard"`
	// Voicemail: the caller was sent to voicemail and no words are known.
	Voicemail Label `yaml:"voicemail"`
	// Unavailable: the model could not be had; NeedsReview.
	Unavailable Label `yaml:"unavailable"`
}

// Label is an intent with a disposition.
type Label struct {
	Intent      string `yaml:"intent"`
	Disposition string `yaml:"disposition"`
}

// Pattern is how the writer reaches Salesforce.
type Pattern string

// The patterns.
const (
	PatternDirect    Pattern = "direct"
	PatternEvents    Pattern = "events"
	PatternBoth      Pattern = "both"
	PatternAnalytics Pattern = "analytics"
)

// Salesforce org of a tenant.
type Salesforce struct {
	// Org is our name of the org in metrics and records; two tenants may share one.
	Org string `yaml:"org"`
	// LoginURL is https://login.salesforce.com, https://test.salesforce.com or the MyDomain host.
	LoginURL string `yaml:"login_url"`
	// Audience of the JWT; default LoginURL.
	Audience string `yaml:"audience"`
	// ClientID of the External Client App.
	ClientID string `yaml:"client_id"`
	// Username of the integration user.
	Username string `yaml:"username"`
	// PrivateKey in PEM, for the JWT bearer flow.
	PrivateKey config.Secret `yaml:"private_key"`
	// APIVersion, e.g. "67.0".
	APIVersion string `yaml:"api_version"`
	// PubSubEndpoint, host:port; default api.pubsub.salesforce.com:7443.
	PubSubEndpoint string `yaml:"pubsub_endpoint"`
	// Insecure speaks to PubSubEndpoint without TLS, and allows http in LoginURL: a sandbox, so both are to be its
	// own.
	Insecure bool `yaml:"insecure"`
	// Pattern of writing.
	Pattern Pattern `yaml:"pattern"`
	// Apply is "package" (the shipped package applies platform events) or "none" (only subscribers act).
	Apply string `yaml:"apply"`
	// Event is the platform event's API name; default "Call_Completed__e".
	Event string `yaml:"event"`
	// Mapping is a file beside the tenant's file; empty is the shipped default.
	Mapping string `yaml:"mapping"`
	// LeadCompany is the Company of a Lead whose caller named none; default "Unknown (phone)".
	LeadCompany string `yaml:"lead_company"`
	// LeadLastName is the LastName of a Lead whose caller named none; default "Unknown caller".
	LeadLastName string `yaml:"lead_last_name"`
	// MinNameConfidence to create or merge by a spoken name; default 0.8.
	MinNameConfidence float64 `yaml:"min_name_confidence"`
	// MinIntentConfidence for Tasks and owners; default 0.6.
	MinIntentConfidence float64 `yaml:"min_intent_confidence"`
	// MaxWait is how long a write may wait for company when the allowance is short; default 2s.
	MaxWait Duration `yaml:"max_wait"`
	// RecordingBase is the base of our stable recording links.
	RecordingBase string `yaml:"recording_base"`
}

// Prices per unit, valid from a version on.
type Prices struct {
	// Version stands beside every priced usage.
	Version string `yaml:"version"`
	// Currency is ISO 4217.
	Currency string `yaml:"currency"`
	// Units are the prices; what is not listed is unknown, never 0.
	Units []Price `yaml:"units"`
}

// Price of one unit.
type Price struct {
	Provider string `yaml:"provider"`
	// Model or API; empty fits every model of the provider.
	Model string `yaml:"model"`
	// Unit as in events.Quantity.
	Unit string `yaml:"unit"`
	// Per is how many units the price is for, e.g. 1000000 tokens; default 1.
	Per float64 `yaml:"per"`
	// Amount in currency units, as decimal text, e.g. "0.016".
	Amount string `yaml:"amount"`

	nanos int64
}

// Duration reads "90s", "4h" or "30d".
type Duration time.Duration
