package orgcheck

import (
	"context"
	"errors"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// login signs in; false after a fault.
func (c *checker) login(ctx context.Context) bool {
	if _, err := c.client.Session(ctx); err != nil {
		c.refused(err)
		return false
	}
	return true
}

// refusal is one reason for which Salesforce lets nobody in.
type refusal struct {
	// words that its description holds, in lower case.
	words          []string
	code, what, do string
}

// refusals after "OAuth 2.0 JWT Bearer Flow" and "OAuth Authorization Errors" in Salesforce Help. The descriptions are the only
// thing that tells them apart: most have the error invalid_grant.
func (c *checker) refusals() []refusal {
	s := c.Tenant.Salesforce
	return []refusal{
		{
			[]string{"hasn't approved", "not admin approved", "invalid_app_access", "user_not_approved"}, "login_not_approved",
			"The user " + s.Username + " may not use the app, or there is no such user in this org.",
			"In the app's policies choose that admin approved users are pre-authorised, and add the user's profile or permission set; see that " +
				"salesforce.username and salesforce.login_url belong to one org.",
		},
		{
			[]string{"expired"}, "login_clock", "Salesforce takes our assertion for expired, though it is good for three minutes: this machine's clock is wrong.",
			"Let the clock follow NTP.",
		},
		{
			[]string{"audience"}, "login_audience", "Salesforce does not take " + s.Audience + " as the audience.",
			"Set salesforce.audience to https://login.salesforce.com, or to https://test.salesforce.com for a sandbox.",
		},
		{
			[]string{"invalid_client", "app_not_found", "client identifier"}, "login_client", "Salesforce does not know the app with this salesforce.client_id.",
			"Copy the consumer key of the External Client App; it must live in, or be installed in, the org of salesforce.login_url.",
		},
		{
			[]string{"invalid assertion", "invalid signature", "certificate"}, "login_key", "Salesforce does not take our signature: salesforce.private_key does not belong to the app's certificate.",
			"Upload the certificate of this key to the app, or give the key of the app's certificate.",
		},
		{
			[]string{"ip restricted", "login hours", "ip_restricted"}, "login_ip", "The user may not sign in from this address, or not at this hour.",
			"Add the address from which the service leaves to the profile's login IP ranges, or relax IP restrictions in the app's policies.",
		},
		{
			[]string{"inactive user", "user is inactive", "inactive_user", "locked"}, "login_inactive", "The user " + s.Username + " is inactive or locked.",
			"Activate or unlock it in Setup.",
		},
		{
			[]string{"inactive_org", "inactive organization"}, "login_org", "The org is inactive.", "Ask Salesforce; a trial may have ended.",
		},
		{
			[]string{"rate_exceeded", "rate limit"}, "login_rate", "The user has signed in too often within the hour.", "Wait; and see who else uses this user.",
		},
	}
}

// refused tells why a sign-in failed.
func (c *checker) refused(err error) {
	s := c.Tenant.Salesforce
	var e *sf.Error
	if !errors.As(err, &e) {
		u := check.Reach(err, "salesforce.login_url")
		c.fault(u.Code, s.LoginURL, s.LoginURL+" can't be reached: "+strings.ToLower(u.What[:1])+u.What[1:], u.Do)
		return
	}
	text := strings.ToLower(e.Code + ": " + e.Message)
	for _, r := range c.refusals() {
		for _, w := range r.words {
			if strings.Contains(text, w) {
				c.fault(r.code, s.Org, r.what, r.do)
				return
			}
		}
	}
	if e.Status >= 500 {
		c.fault("unreachable", s.LoginURL, "Salesforce answers a sign-in with "+e.Code+".", "Check again; see the org's status on status.salesforce.com.")
		return
	}
	c.fault("login_refused", s.Org, "Salesforce refuses the sign-in with "+e.Code+".",
		"See the user's login history in Setup, and the app's policies.")
}
