package twilio

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
)

// Config of a carrier.
type Config struct {
	// Listen is host:port of the REST API; port 0 picks one, empty serves none.
	Listen string
	// APIBase is what RecordingUrl begins with, as the customer reaches the REST API; default the listener's
	// own http address, or Twilio's where there is no listener.
	APIBase string
	// Accounts that calls belong to.
	Accounts []Account
	// Seed of SIDs and of everything drawn; see the package comment.
	Seed uint64
	// Speed is how many times faster than life calls run: 1 to 1000; 0 means 1.
	Speed float64
	// Withheld is what From says for a caller who withholds the number: "anonymous" (default), or
	// "+266696687", which is the same word on a keypad and what older Twilio accounts send.
	Withheld string
	// Mischief by the call's name; "*" is for calls without an entry of their own.
	Mischief map[string]Mischief
	// Faults of the REST API; see rest.go for its operations and codes.
	Faults fault.Settings
	// WebhookFaults and StreamFaults are those of the way to the customer's server; see faults.go for their operations
	// and codes.
	WebhookFaults, StreamFaults fault.Settings
	// Spoken is what callers say at questions, by the call's name; "*" is for calls without an entry of their own. Each
	// answers one <Gather> that takes speech before the call's sound runs and finds no key pressed; "" says nothing.
	// Once the sound runs, the call's own script answers.
	Spoken map[string][]string
	// PausingTrack makes the outbound track send nothing while nothing is played on it, as Twilio does: chunk numbers go
	// on, timestamps jump. By default both tracks send every frame.
	PausingTrack bool
	// RetryPause before the second try of a webhook, doubled for each further one; default 100 ms. Twilio
	// doesn't document its own.
	RetryPause time.Duration
	// StreamBuffer is how much audio, in wall time, waits for a slow reader before Twilio discards it (31930);
	// default 5 s. Twilio doesn't document its own.
	StreamBuffer time.Duration
	// StreamTick is the wall time in which frames that fall due leave in one write; default 5 ms, and so each by itself at life's
	// pace. With more of it a load of many calls costs less, and its frames come as after a network that bunches them up.
	StreamTick time.Duration
	// Keep is how many ended calls the REST API still knows; default 20,000.
	Keep int
	// Dial replaces the way connections are made, for tests and for public names that lead to a local
	// listener; default a plain dialler.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS for https and wss; nil is the system's trust.
	TLS *tls.Config
}

// Account is one Twilio account.
type Account struct {
	// SID is "AC" and 32 hex digits.
	SID string
	// AuthTokens: the first signs, each opens the REST API.
	AuthTokens []string
	// Numbers that it owns.
	Numbers []Number
	// DispositionURL is where the agent's Studio flow posts the disposition after a call: a signed form with
	// CallSid, AccountSid, From, To and Disposition. Empty posts none.
	DispositionURL string
	// ConsentURL is where the receptionist reports the caller's answer to the consent question: a signed form
	// with CallSid, AccountSid, From, To, Consent ("granted", "refused" or "withdrawn") and Timestamp (ISO 8601, call
	// time). Empty reports none.
	ConsentURL string
}

// Number is an incoming phone number with its webhooks. Each URL may end in connection overrides ("#rc=3&rp=5xx,ct,rt").
type Number struct {
	// PhoneNumber in E.164.
	PhoneNumber string
	// VoiceURL is asked when a call comes in.
	VoiceURL string
	// VoiceFallbackURL is asked when fetching or executing TwiML failed; empty for none.
	VoiceFallbackURL string
	// StatusCallback is told when a call has ended; empty for none.
	StatusCallback string
}

// Validate fills in defaults and returns every fault. No fault quotes a token or a URL.
func (c *Config) Validate() error {
	c.defaults()
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Speed < 1 || c.Speed > 1000 {
		bad("speed %v: must be from 1 to 1000", c.Speed)
	}
	if c.Withheld != calls.Anonymous && c.Withheld != "+266696687" {
		bad("withheld %q: must be %q or \"+266696687\"", c.Withheld, calls.Anonymous)
	}
	accounts, numbers := map[string]bool{}, map[string]bool{}
	for i, a := range c.Accounts {
		at := fmt.Sprintf("accounts[%d]", i)
		if !isSID("AC", a.SID) {
			bad("%s.sid: must be AC and 32 hex digits", at)
		}
		if accounts[a.SID] {
			bad("%s.sid: is there twice", at)
		}
		accounts[a.SID] = true
		a.check(at, numbers, bad)
	}
	for name, m := range c.Mischief {
		if err := m.validate(); err != nil {
			bad("mischief[%q]: %w", name, err)
		}
	}
	return errors.Join(faults...)
}

func (c *Config) defaults() {
	if c.Speed == 0 {
		c.Speed = 1
	}
	if c.Withheld == "" {
		c.Withheld = calls.Anonymous
	}
	if c.RetryPause <= 0 {
		c.RetryPause = 100 * time.Millisecond
	}
	if c.StreamBuffer <= 0 {
		c.StreamBuffer = 5 * time.Second
	}
	if c.StreamTick <= 0 {
		c.StreamTick = leastTick
	}
	if c.Keep <= 0 {
		c.Keep = 20_000
	}
}

func (a Account) check(at string, numbers map[string]bool, bad func(string, ...any)) {
	if len(a.AuthTokens) == 0 || len(a.AuthTokens) > 2 {
		bad("%s.auth_tokens: one, or two during a rotation", at)
	}
	for _, token := range a.AuthTokens {
		if strings.TrimSpace(token) == "" {
			bad("%s.auth_tokens: one is empty", at)
		}
	}
	checkURL(at+".disposition_url", a.DispositionURL, true, bad)
	checkURL(at+".consent_url", a.ConsentURL, true, bad)
	for j, n := range a.Numbers {
		at := fmt.Sprintf("%s.numbers[%d]", at, j)
		if !strings.HasPrefix(n.PhoneNumber, "+") {
			bad("%s.phone_number: must be in E.164", at)
		}
		if numbers[n.PhoneNumber] {
			bad("%s.phone_number: is there twice", at)
		}
		numbers[n.PhoneNumber] = true
		checkURL(at+".voice_url", n.VoiceURL, false, bad)
		checkURL(at+".voice_fallback_url", n.VoiceFallbackURL, true, bad)
		checkURL(at+".status_callback", n.StatusCallback, true, bad)
	}
}

func checkURL(at, raw string, optional bool, bad func(string, ...any)) {
	if raw == "" && optional {
		return
	}
	if _, _, err := webhook.Split(raw); err != nil {
		bad("%s: %w", at, err)
	}
}
