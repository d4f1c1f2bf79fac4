// Package orgcheck finds out, before the first call, whether an org takes what a tenant's mapping will write: by signing in,
// describing, reading limits and asking the bus for a topic. It writes nothing and publishes nothing.
//
//	orgcheck.go  what is asked, in order
//	login.go     why a sign-in is refused
//	fields.go    objects and fields against the mapping's needs
//	bus.go       the platform event, its trigger, the Pub/Sub API
package orgcheck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/mapping"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub"
)

// Config of one tenant's check.
type Config struct {
	Client sf.Config
	PubSub pubsub.Config
	Tenant *tenant.Tenant
	// Mapping of the tenant.
	Mapping *mapping.Mapping
	// Search tells that people are looked for by Salesforce's search, too.
	Search bool
}

// checker asks one org on one tenant's behalf.
type checker struct {
	Config
	client *sf.Client
	bus    *pubsub.Publisher
	found  []check.Finding
}

// Run asks. It returns at least one finding.
func Run(ctx context.Context, cfg Config) []check.Finding {
	c := &checker{Config: cfg}
	var err error
	if c.client, err = sf.New(cfg.Client); err != nil {
		c.fault("settings", "", "The settings of the org are wrong: "+err.Error()+".", "Correct them in the tenant's file (salesforce.…).")
		return c.found
	}
	defer func() { _ = c.client.Close() }() // everything was answered
	if c.bus, err = pubsub.New(cfg.PubSub, c.client); err != nil {
		c.fault("settings", "", "salesforce.pubsub_endpoint can't be used: "+err.Error()+".", "Correct it; it is host:port.")
		return c.found
	}
	defer func() { _ = c.bus.Close() }() // nothing was published
	if !c.login(ctx) {
		return c.found
	}
	if !c.version(ctx) {
		return c.found
	}
	c.identity(ctx)
	c.allowance(ctx)
	if c.writesRecords() {
		c.records(ctx)
	}
	if c.publishes() {
		c.event(ctx)
	}
	return c.found
}

// direct tells whether the integration user itself writes the records.
func (c *checker) direct() bool {
	p := c.Tenant.Salesforce.Pattern
	return p == tenant.PatternDirect || p == tenant.PatternBoth
}

func (c *checker) publishes() bool {
	p := c.Tenant.Salesforce.Pattern
	return p == tenant.PatternEvents || p == tenant.PatternBoth
}

// writesRecords tells whether the mapping's records come to be in this org, by our hand or the package's.
func (c *checker) writesRecords() bool {
	return c.direct() || c.publishes() && c.Tenant.Salesforce.Apply == "package"
}

func (c *checker) add(level check.Level, code, subject, what, do string) {
	c.found = append(c.found, check.Finding{Code: "salesforce." + code, Level: level, Subject: subject, What: what, Do: do})
}

func (c *checker) fault(code, subject, what, do string) { c.add(check.Fault, code, subject, what, do) }

func (c *checker) ok(code, subject, format string, args ...any) {
	c.found = append(c.found, check.Okay("salesforce."+code, subject, format, args...))
}

// unasked tells of a question that the org did not answer: it is down, or the allowance is spent.
func (c *checker) unasked(subject, what string, err error) {
	switch sf.Code(err) {
	case sf.CodeLimitExceeded:
		c.fault("allowance_spent", "", "The org's API allowance of 24 hours is spent: it refuses every request.",
			"Wait, buy requests, or find out who else spends them (Setup, System Overview).")
	case "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED":
		c.fault("api_disabled", "", "The API is off for this org or this user.",
			"Give the integration user the permission API Enabled; the org's edition must have the API.")
	default:
		c.add(check.Unknown, "not_asked", subject, fmt.Sprintf("%s can't be asked for: the org answers with %s.", what, sf.Code(err)), "Check again; see the org's status on status.salesforce.com.")
	}
}

// version looks whether the instance has the API version that the tenant's file names.
func (c *checker) version(ctx context.Context) bool {
	want := c.Tenant.Salesforce.APIVersion
	have, err := c.client.Versions(ctx)
	switch {
	case err != nil:
		c.unasked("api_version", "The API versions", err)
		return true
	case len(have) == 0 || slices.Contains(have, want):
		return true
	}
	c.fault("api_version", want, fmt.Sprintf("The org has no API version %s; its latest is %s.", want, have[len(have)-1]),
		"Set salesforce.api_version to "+have[len(have)-1]+".")
	return false
}

// identity looks whose session it is and which org it opened.
func (c *checker) identity(ctx context.Context) {
	session, err := c.client.Session(ctx)
	if err != nil {
		c.refused(err)
		return
	}
	results, err := c.client.Queries(ctx, []string{
		"SELECT Username, IsActive FROM User WHERE " + sf.In("Id", []string{session.UserID}),
		"SELECT Id, IsSandbox FROM Organization",
	})
	if err != nil {
		c.unasked("identity", "Who the user is", err)
		return
	}
	want := c.Tenant.Salesforce.Username
	if len(results[0]) == 1 && !strings.EqualFold(results[0][0].Text("Username"), want) {
		c.fault("identity", want, "The session belongs to another user than salesforce.username names.", "Correct salesforce.username, or the app's policy.")
		return
	}
	kind := "a production org"
	if len(results[1]) == 1 && results[1][0]["IsSandbox"] == true {
		kind = "a sandbox"
	}
	c.ok("login", c.Tenant.Salesforce.Org, "%s signs in to the org %s, %s.", want, session.OrgID, kind)
}

// Shares of the allowance that are worth a word: what is left of it.
const (
	lowRequests = 0.2
	lowEvents   = 0.1
	lowStorage  = 0.1
)

// allowance tells what is left of the requests, events and storage that the org has.
func (c *checker) allowance(ctx context.Context) {
	limits, err := c.client.Limits(ctx)
	if err != nil {
		c.unasked("limits", "What is left of the allowance", err)
		return
	}
	left := func(name string) (l sf.Limit, share float64, ok bool) {
		l, ok = limits[name]
		if !ok || l.Max <= 0 {
			return l, 1, false
		}
		return l, float64(l.Remaining) / float64(l.Max), true
	}
	if l, share, ok := left("DailyApiRequests"); ok {
		what := fmt.Sprintf("%d of %d API requests of 24 hours are left.", l.Remaining, l.Max)
		switch {
		case l.Remaining <= 0:
			c.fault("allowance_spent", "DailyApiRequests", "No API request of 24 hours is left: calls wait.",
				"Wait, buy requests, or find out who else spends them (Setup, System Overview).")
		case share < lowRequests:
			c.add(check.Warning, "allowance_low", "DailyApiRequests", what+" At this rate they end within the day, and then calls wait.",
				"Find out who else spends them (Setup, System Overview), buy requests, or use the pattern events, which hardly needs any.")
		default:
			c.ok("allowance", "DailyApiRequests", "%s At the rate of the last 24 hours they suffice.", what)
		}
	}
	if l, share, ok := left("HourlyPublishedPlatformEvents"); ok && c.publishes() && share < lowEvents {
		c.add(check.Warning, "events_low", "HourlyPublishedPlatformEvents", fmt.Sprintf("%d of %d platform events of this hour are left.", l.Remaining, l.Max),
			"Find out who else publishes; calls wait for the next hour once they are spent.")
	}
	if l, share, ok := left("FileStorageMB"); ok && c.direct() && c.Mapping.File() && share < lowStorage {
		c.add(check.Warning, "storage_low", "FileStorageMB", fmt.Sprintf("%d of %d MB of file storage are left, and every call of support leaves a transcript.", l.Remaining, l.Max),
			"Make room, buy storage, or take `file` out of the mapping.")
	}
}

// isAbsent tells whether the org has no such object, or hides it.
func isAbsent(err error) bool {
	var e *sf.Error
	return errors.As(err, &e) && (e.Code == "NOT_FOUND" || e.Code == "INVALID_TYPE" || e.Status == 404)
}
