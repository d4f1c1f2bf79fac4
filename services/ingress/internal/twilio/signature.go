package twilio

import (
	"net/http"
	"slices"
	"strings"

	"github.com/twilio/twilio-go/client"

	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// signatureHeader is on every request of Twilio.
// https://www.twilio.com/docs/usage/security#validating-requests
const signatureHeader = "X-Twilio-Signature"

// authority knows, per account, whose signature is good.
type authority map[string][]client.RequestValidator

func newAuthority(tenants *tenant.Set) authority {
	a := authority{}
	for _, t := range tenants.All() {
		for _, token := range t.Twilio.AuthTokens {
			a[t.Twilio.AccountSID] = append(a[t.Twilio.AccountSID], client.NewRequestValidator(token.Reveal()))
		}
	}
	return a
}

// form tells whether one of the account's tokens signed a form. Twilio signs the first value of a repeated
// parameter only.
func (a authority) form(account, url string, params map[string]string, signature string) bool {
	return a.any(account, signature, func(v *client.RequestValidator) bool { return v.Validate(url, params, signature) })
}

// body tells whether one of the account's tokens signed a URL whose bodySHA256 is the body's hash.
func (a authority) body(account, url string, body []byte, signature string) bool {
	return a.any(account, signature, func(v *client.RequestValidator) bool { return v.ValidateBody(url, body, signature) })
}

func (a authority) any(account, signature string, valid func(*client.RequestValidator) bool) bool {
	return signature != "" && slices.ContainsFunc(a[account], func(v client.RequestValidator) bool { return valid(&v) })
}

// signedURL is the URL that Twilio signed: the public base and the request's own path and query, byte for
// byte as they came. Host and X-Forwarded-* are whatever a proxy, or an attacker, made of them.
func (l Links) signedURL(r *http.Request) (string, bool) {
	if !strings.HasPrefix(r.RequestURI, "/") {
		return "", false
	}
	return l.base + r.RequestURI, true
}

// signedSocket is signedURL for an upgrade: Twilio signs the wss URL, and no parameters.
func (l Links) signedSocket(r *http.Request) (string, bool) {
	if !strings.HasPrefix(r.RequestURI, "/") {
		return "", false
	}
	return l.socket + r.RequestURI, true
}
