package webhook

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Class is why a try failed, in the words of the retry policy.
type Class string

// The classes. Redirects are none of them: Twilio never tries those again.
const (
	// Connect is a connection that could not be made, or broke before an answer: TCP, TLS.
	Connect Class = "ct"
	// Read is an answer that took too long.
	Read Class = "rt"
	// Client is an answer 4xx.
	Client Class = "4xx"
	// Server is an answer 5xx.
	Server Class = "5xx"
)

// Overrides are what a webhook URL's fragment says about connecting and trying again.
// Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
type Overrides struct {
	// Connect is the time for a TCP connection: 100 ms to 10 s, default 5 s.
	Connect time.Duration
	// Read is the time for the answer's first byte: 100 ms to 15 s, default 15 s.
	Read time.Duration
	// Total is the time for all tries: 100 ms to 15 s, default 15 s.
	Total time.Duration
	// Retries after the first try: 0 to 5, default 1.
	Retries int
	// Policy lists the classes that are tried again, default connect failures only.
	Policy []Class
}

// Default returns what Twilio does when the URL says nothing.
func Default() Overrides {
	return Overrides{
		Connect: 5 * time.Second, Read: 15 * time.Second, Total: 15 * time.Second,
		Retries: 1, Policy: []Class{Connect},
	}
}

// Again tells whether a failure of this class is tried again.
func (o Overrides) Again(c Class) bool { return slices.Contains(o.Policy, c) }

// Split takes a webhook URL apart: the address that is asked and signed, and the overrides of its fragment.
// The error names every fault of the URL; it never quotes the URL, which may carry a token.
func Split(raw string) (address string, o Overrides, err error) {
	address, fragment, has := strings.Cut(raw, "#")
	o = Default()
	var faults []error
	u, err := url.Parse(address)
	switch {
	case err != nil:
		faults = append(faults, errors.New("the URL can't be parsed"))
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		faults = append(faults, errors.New("the URL must be absolute, http or https"))
	}
	if has && fragment != "" {
		faults = append(faults, o.read(fragment)...)
	}
	return address, o, errors.Join(faults...)
}

// CheckFragment returns every fault of a URL's overrides; the URL itself may be relative.
func CheckFragment(raw string) error {
	_, fragment, has := strings.Cut(raw, "#")
	if !has || fragment == "" {
		return nil
	}
	var o Overrides
	return errors.Join(o.read(fragment)...)
}

func (o *Overrides) read(fragment string) (faults []error) {
	for pair := range strings.SplitSeq(fragment, "&") {
		name, value, _ := strings.Cut(pair, "=")
		var err error
		switch name {
		case "ct":
			o.Connect, err = millis(value, 10_000)
		case "rt":
			o.Read, err = millis(value, 15_000)
		case "tt":
			o.Total, err = millis(value, 15_000)
		case "rc":
			o.Retries, err = number(value, 0, 5)
		case "rp":
			o.Policy, err = policy(value)
		case "sni":
			if value != "y" && value != "n" {
				err = errors.New("must be y or n")
			}
		case "e":
			// Which of Twilio's edges asks changes nothing here.
		default:
			err = errors.New("is not an override")
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("connection override %q %w", name, err))
		}
	}
	return faults
}

func millis(s string, most int) (time.Duration, error) {
	n, err := number(s, 100, most)
	return time.Duration(n) * time.Millisecond, err
}

func number(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("must be a number from %d to %d", least, most)
	}
	return n, nil
}

func policy(s string) ([]Class, error) {
	all := []Class{Connect, Read, Client, Server}
	var out []Class
	for p := range strings.SplitSeq(s, ",") {
		if p == "all" {
			return all, nil
		}
		if !slices.Contains(all, Class(p)) {
			return nil, errors.New("must list 4xx, 5xx, ct, rt or all")
		}
		out = append(out, Class(p))
	}
	return out, nil
}
