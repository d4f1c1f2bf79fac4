package salesforce

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// Config of the stand-in.
type Config struct {
	// Listen is host:port of everything HTTP; default 127.0.0.1:0.
	Listen string
	// PubSubListen is host:port of the Pub/Sub API, gRPC without TLS; default 127.0.0.1:0.
	PubSubListen string
	// DataDir keeps records, change log and events; "" keeps them in memory.
	DataDir string
	// OpenAdmin opens the admin API, which asks for no credentials, to others than this machine: to a process in a container
	// nobody outside of it is this machine.
	OpenAdmin bool
	// Orgs, at least one.
	Orgs []Org
	// Faults to begin with.
	Faults fault.Settings
	// SessionIdle is how long a session lives without a request; default 2h.
	SessionIdle time.Duration
	// StreamIdle is how long a PublishStream lives without a request; default 70s.
	StreamIdle time.Duration
	// KeepAlive is how often a quiet subscription hears an empty answer; default 270s.
	KeepAlive time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Org is one tenant of the stand-in.
type Org struct {
	// Name of the org, unique; what the admin API calls it.
	Name string
	// ID is the org's, 00D and 15 or 18 characters; default made from the name.
	ID string
	// Sandbox orgs take https://test.salesforce.com as audience, others https://login.salesforce.com; both take their own
	// address.
	Sandbox bool
	// ClientID of the External Client App; orgs may share one.
	ClientID string
	// ClientSecret for the client-credentials and username-password flows; "" turns them off.
	ClientSecret string
	// PublicKey of the JWT bearer flow in PEM: a public key, a certificate, or the private key itself.
	PublicKey string
	// Users, exactly one of them the integration user.
	Users []User
	// Queues that may own records.
	Queues []string
	// Intents and Dispositions are the restricted value sets; default those of the shipped package.
	Intents, Dispositions []string
	// NoPackage is an org in which nobody installed the package: no custom fields, no events.
	NoPackage bool
	// Apply is "package" (default: the trigger applies Call_Completed__e) or "none".
	Apply string
	// TriggerBatch is how many events the trigger takes at once; default 200.
	TriggerBatch int
	// TriggerPause is how long the platform waits before it fires the trigger again with events whose rows were locked, doubled
	// each time; default a second. The vendor says only that it waits.
	TriggerPause time.Duration
	// DuplicateRules of the org; none by default.
	DuplicateRules []DuplicateRule
	// ValidationRules of the org; none by default.
	ValidationRules []ValidationRule
	// SearchLag is how long a change stays unknown to SOSL.
	SearchLag time.Duration
	// Limits of the org.
	Limits Limits
}

// DuplicateRule refuses a new record like one that is there; see [org.DuplicateRule].
type DuplicateRule = org.DuplicateRule

// ValidationRule refuses records; see [org.ValidationRule].
type ValidationRule = org.ValidationRule

// Role of a user.
type Role = org.Role

// The roles: who writes calls, who works with them, who only looks, and who may do anything.
const (
	Integration = org.Integration
	Rep         = org.Rep
	Auditor     = org.Auditor
	Admin       = org.Admin
)

// User of an org.
type User struct {
	Username string
	// Password for the SOAP login and the username-password flow; "" turns them off.
	Password    string
	First, Last string
	// Email; default the user name.
	Email string
	Role  Role
	// Hidden and ReadOnly fields beside those of the role, as "Lead.Intent__c" or "*.Intent__c".
	Hidden, ReadOnly []string
}

// Limits of an org.
type Limits struct {
	// DailyAPIRequests in any 24 hours; default 100,000.
	DailyAPIRequests int
	// HourlyEvents published; default 250,000.
	HourlyEvents int
	// ConcurrentLong is how many requests may run longer than LongAfter at once; default 25 and 20s.
	ConcurrentLong int
	LongAfter      time.Duration
	// Streams of Pub/Sub open at once; default 1,000.
	Streams int
}

// StandardUsers are the integration user, a rep and an admin at a domain, all with one password.
func StandardUsers(domain, integration, password string) []User {
	return []User{
		{Username: integration, Password: password, First: "Frontdesk", Last: "Integration", Role: Integration},
		{Username: "rep@" + domain, Password: password, First: "Riley", Last: "Rep", Role: Rep},
		{Username: "admin@" + domain, Password: password, First: "Ada", Last: "Admin", Role: Admin},
	}
}

// DefaultIntents and DefaultDispositions are the shipped package's value sets.
func DefaultIntents() []string {
	return []string{
		"BookDemo", "PricingQuestion", "SupportRequest", "Reschedule", "GeneralQuestion",
		"WrongNumber", "Spam", "HangUp", "Voicemail", "Unknown",
	}
}

// DefaultDispositions of the shipped package.
func DefaultDispositions() []string {
	return []string{
		"QualifiedLead", "DemoBooked", "SupportTicketOpened", "Rescheduled", "InformationGiven", "VoicemailLeft",
		"TransferredToAgent", "WrongNumber", "Spam", "NoSpeech", "HungUp", "ConsentRefused", "NeedsReview",
		"ResolvedByAgent", "CallbackPromised",
	}
}

func (c Config) withDefaults() Config {
	c.Listen = or(c.Listen, "127.0.0.1:0")
	c.PubSubListen = or(c.PubSubListen, "127.0.0.1:0")
	c.SessionIdle = or(c.SessionIdle, 2*time.Hour)
	c.StreamIdle = or(c.StreamIdle, 70*time.Second)
	c.KeepAlive = or(c.KeepAlive, 270*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	orgs := make([]Org, len(c.Orgs))
	for i, o := range c.Orgs {
		orgs[i] = o.withDefaults()
	}
	c.Orgs = orgs
	return c
}

func (o Org) withDefaults() Org {
	if o.ID == "" {
		h := fnv.New64a()
		_, _ = h.Write([]byte(o.Name)) // never fails
		o.ID = schema.MakeID("00D", pod(h.Sum64()), h.Sum64()%1_000_000_007)
	}
	if id, ok := schema.NormalID(o.ID); ok {
		o.ID = id
	}
	if o.Intents == nil {
		o.Intents = DefaultIntents()
	}
	if o.Dispositions == nil {
		o.Dispositions = DefaultDispositions()
	}
	o.Apply = or(o.Apply, "package")
	o.TriggerBatch = or(o.TriggerBatch, 200)
	o.TriggerPause = or(o.TriggerPause, time.Second)
	o.Limits.DailyAPIRequests = or(o.Limits.DailyAPIRequests, 100_000)
	o.Limits.HourlyEvents = or(o.Limits.HourlyEvents, 250_000)
	o.Limits.ConcurrentLong = or(o.Limits.ConcurrentLong, 25)
	o.Limits.LongAfter = or(o.Limits.LongAfter, 20*time.Second)
	o.Limits.Streams = or(o.Limits.Streams, 1000)
	return o
}

// pod is the part of ids that tells orgs apart.
func pod(h uint64) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return string([]byte{letters[h>>32%26], letters[h>>40%26], '0'})
}

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// Validate names every fault of the configuration.
func (c Config) Validate() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Orgs) == 0 {
		fault("orgs: at least one is needed")
	}
	names, ids := map[string]bool{}, map[string]bool{}
	for i, o := range c.Orgs {
		at := fmt.Sprintf("orgs[%d]", i)
		if o.Name == "" || names[o.Name] {
			fault("%s.name: must be there once", at)
		}
		if id, ok := schema.NormalID(o.ID); !ok || !strings.HasPrefix(id, "00D") || ids[id] {
			fault("%s.id: must be an org id (00D and 15 or 18 characters), there once", at)
		}
		names[o.Name], ids[o.ID] = true, true
		if o.Apply != "package" && o.Apply != "none" {
			fault("%s.apply: is %q, must be package or none", at, o.Apply)
		}
		if o.TriggerBatch < 1 || o.TriggerBatch > 2000 {
			fault("%s.trigger_batch: must be 1 to 2000", at)
		}
		if o.PublicKey != "" {
			if _, err := publicKey(o.PublicKey); err != nil {
				fault("%s.public_key: %w", at, err)
			}
		}
		errs = append(errs, usersFaults(at, o.Users)...)
	}
	return errors.Join(errs...)
}

func usersFaults(at string, users []User) []error {
	var errs []error
	integration, seen := 0, map[string]bool{}
	for i, u := range users {
		if u.Username == "" || seen[u.Username] {
			errs = append(errs, fmt.Errorf("%s.users[%d].username: must be there once", at, i))
		}
		seen[u.Username] = true
		switch u.Role {
		case Integration:
			integration++
		case Rep, Auditor, Admin:
		default:
			errs = append(errs, fmt.Errorf("%s.users[%d].role: is %q, must be integration, rep, auditor or admin", at, i, u.Role))
		}
	}
	if integration != 1 {
		errs = append(errs, fmt.Errorf("%s.users: exactly one integration user is needed, there are %d", at, integration))
	}
	return errs
}

// publicKey reads an RSA key from PEM: the key itself, the certificate that holds it, or the private key it belongs to.
func publicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("is not PEM")
	}
	var key any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = c.PublicKey
		}
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("is a %s, not an RSA key or a certificate", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the %s: %w", block.Type, err)
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k, nil
	case *rsa.PrivateKey:
		return &k.PublicKey, nil
	default:
		return nil, errors.New("is not an RSA key")
	}
}
