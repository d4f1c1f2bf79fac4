package twiml

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
)

// rule checks one value and returns what is expected instead, or "".
type rule func(string) string

func anything(string) string { return "" }

// oneOf allows exactly these words.
func oneOf(words ...string) rule {
	return func(s string) string {
		if slices.Contains(words, s) {
			return ""
		}
		return "one of " + strings.Join(words, ", ")
	}
}

// listOf allows these words, each once, with single spaces between.
func listOf(words ...string) rule {
	return func(s string) string {
		parts := strings.Fields(s)
		bad := len(parts) == 0
		for i, p := range parts {
			bad = bad || !slices.Contains(words, p) || slices.Contains(parts[:i], p)
		}
		if bad {
			return "a list of " + strings.Join(words, ", ")
		}
		return ""
	}
}

// whole allows a whole number in a range.
func whole(least, most int) rule {
	return func(s string) string {
		if n, err := strconv.Atoi(s); err == nil && n >= least && n <= most {
			return ""
		}
		return "a whole number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most)
	}
}

// either allows what one of the rules allows.
func either(rules ...rule) rule {
	return func(s string) string {
		var want []string
		for _, r := range rules {
			w := r(s)
			if w == "" {
				return ""
			}
			want = append(want, w)
		}
		return strings.Join(want, " or ")
	}
}

// keys allows up to most of the given keypad characters.
func keys(set string, most int) rule {
	return func(s string) string {
		if len(s) > most || strings.Trim(s, set) != "" {
			return "at most " + strconv.Itoa(most) + " of " + set
		}
		return ""
	}
}

// longest bounds a text, in bytes.
func longest(n int) rule {
	return func(s string) string {
		if len(s) > n {
			return "at most " + strconv.Itoa(n) + " characters"
		}
		return ""
	}
}

// webURL allows a relative or absolute http URL with documented connection overrides.
func webURL(s string) string {
	const want = "a relative or absolute http(s) URL"
	address, _, _ := strings.Cut(s, "#")
	u, err := url.Parse(address)
	if err != nil || s == "" || strings.ContainsAny(s, " \t\r\n") || u.Scheme == "" && u.Host != "" {
		return want
	}
	if u.Scheme != "" && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return want
	}
	if err := webhook.CheckFragment(s); err != nil {
		return want + "; " + strings.ReplaceAll(err.Error(), "\n", "; ") + ": documented overrides are"
	}
	return ""
}

// StreamURL checks the URL of a media stream and returns what is expected instead, or "". Twilio takes wss
// only, and no query string (parameters go into <Parameter>). ws is the sandbox's exception, to where Twilio could never be: the
// loopback, and a host by a name without a dot, as those of one network of containers have.
// Source: https://www.twilio.com/docs/voice/twiml/stream
func StreamURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "wss" && u.Scheme != "ws":
		return "an absolute wss URL"
	case strings.ContainsAny(s, "?#"):
		return "a wss URL without query string or fragment"
	case u.Scheme == "ws" && !near(u.Hostname()):
		return "a wss URL (ws is taken only on the loopback, or to a name without a dot)"
	}
	return ""
}

// near tells whether a host is on the loopback, or one that only its own network knows.
func near(host string) bool {
	if host != "" && !strings.ContainsAny(host, ".:") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// phone allows E.164.
func phone(s string) string {
	digits, plus := strings.CutPrefix(s, "+")
	if !plus || len(digits) < 7 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "a number in E.164"
	}
	return ""
}

// sipURI allows sip: and sips: addresses.
func sipURI(s string) string {
	rest, ok := strings.CutPrefix(s, "sip:")
	if !ok {
		rest, ok = strings.CutPrefix(s, "sips:")
	}
	user, host, at := strings.Cut(rest, "@")
	if !ok || !at || user == "" || host == "" || len(s) > 255 || strings.ContainsAny(s, " \t\r\n") {
		return "a SIP URI such as sip:name@host"
	}
	return ""
}
