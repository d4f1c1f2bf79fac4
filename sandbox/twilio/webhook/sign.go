// Package webhook is how Twilio asks a customer's server: the signature it puts on a request, and the
// connection overrides that a URL's fragment carries.
package webhook

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's signature is HMAC-SHA1
	"encoding/base64"
	"io"
	"maps"
	"slices"
)

// Sign returns the X-Twilio-Signature of a request: base64 of HMAC-SHA1, keyed with the account's auth token,
// over the URL and then each POST parameter's name and value, sorted by name. For a GET or a WebSocket
// upgrade params is nil, and the query string is part of the URL. The URL comes without its fragment.
// Source: https://www.twilio.com/docs/usage/security#validating-requests
func Sign(authToken, url string, params map[string]string) string {
	mac := hmac.New(sha1.New, []byte(authToken))
	// A hash never returns an error.
	_, _ = io.WriteString(mac, url)
	for _, name := range slices.Sorted(maps.Keys(params)) {
		_, _ = io.WriteString(mac, name)
		_, _ = io.WriteString(mac, params[name])
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
