package twilio

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/calltoken"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio/mediastream"
)

// retries asks Twilio to try a webhook three times more on 5xx, connect and read time-outs; without "5xx" a
// 503 is final. The fragment is neither sent nor signed.
// https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
const retries = "#rc=3&rp=5xx,ct,rt"

// Links makes the URLs that are handed to Twilio.
type Links struct {
	base, socket string
	tokens       *calltoken.Signer
}

// NewLinks checks the public base URL, as [CheckPublicURL] does.
func NewLinks(public string, insecure bool, tokens *calltoken.Signer) (Links, error) {
	base, err := publicBase(public, insecure)
	if err != nil {
		return Links{}, err
	}
	socket := "wss" + strings.TrimPrefix(base, "https")
	if rest, plain := strings.CutPrefix(base, "http:"); plain {
		socket = "ws:" + rest
	}
	return Links{base: base, socket: socket, tokens: tokens}, nil
}

// CheckPublicURL reports what is wrong with a public base URL: it must be https, without query or fragment. http is for where
// only a stand-in for Twilio may be: on a loopback address, and, with insecure, on a host of a network of its own, by a name
// without a dot, as Twilio could never reach it.
func CheckPublicURL(public string, insecure bool) error {
	_, err := publicBase(public, insecure)
	return err
}

func publicBase(public string, insecure bool) (string, error) {
	u, err := url.Parse(public)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return "", errors.New("must be the https URL that Twilio reaches ingress by, without query and fragment")
	case u.Scheme == "https":
	case u.Scheme == "http":
		if !isLoopback(u.Hostname()) && !(insecure && isLocalName(u.Hostname())) {
			return "", errors.New("must be https: Twilio streams to wss only (http is for a loopback address, or with insecure for a name without a dot)")
		}
	default:
		return "", fmt.Errorf("must be https, not %q", u.Scheme)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func isLoopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// isLocalName tells whether a host is a name of the network that it is in, and of no other.
func isLocalName(host string) bool { return host != "" && !strings.ContainsAny(host, ".:") }

// callback is the URL of a webhook with the facts in its token.
func (l Links) callback(kind string, f app.Facts) string {
	return l.base + "/twilio/" + url.PathEscape(f.Account) + "/" + kind + "?t=" + l.tokens.Sign(f) + retries
}

// media is the URL of the stream. It has no query string: Twilio allows none.
func (l Links) media(f app.Facts) string {
	return l.socket + "/twilio/" + url.PathEscape(f.Account) + "/media"
}

// studio hands the caller back to a flow. Consent and token come by as parameters of the flow's "return"
// event, so that its widgets can post to /disposition and /consent.
// https://www.twilio.com/docs/studio/widget-library/twiml-redirect
func (l Links) studio(flow string, f app.Facts) string {
	q := url.Values{"FlowEvent": {"return"}, "Token": {l.tokens.Sign(f)}, "Consent": {consentWord(f.Consent)}}
	return "https://webhooks.twilio.com/v1/Accounts/" + url.PathEscape(f.Account) + "/Flows/" + url.PathEscape(flow) + "?" + q.Encode()
}

// parameter is one <Parameter> of a stream.
type parameter struct{ name, value string }

// maxParameter is below Twilio's 500 characters for name and value together.
// https://www.twilio.com/docs/voice/twiml/stream#custom-parameters
const maxParameter = 480

// parameters carry the token into the stream, in as many as it needs.
func (l Links) parameters(f app.Facts) []parameter {
	var out []parameter
	token := l.tokens.Sign(f)
	for i := 1; token != ""; i++ {
		name := mediastream.TokenParameter
		if i > 1 {
			name += strconv.Itoa(i)
		}
		n := min(len(token), maxParameter)
		out = append(out, parameter{name, token[:n]})
		token = token[n:]
	}
	return out
}

// streamNames is how many names a call's streams go by, one after another: more than are under way at once, few enough
// that all can be stopped by name.
const streamNames = 8

// streamName tells the streams of a call apart, so that each can be stopped by name and a repeated start of
// one be recognised by Twilio.
func streamName(attempt int) string { return "frontdesk-" + strconv.Itoa(attempt%streamNames) }
