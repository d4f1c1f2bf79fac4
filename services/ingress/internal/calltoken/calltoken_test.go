package calltoken_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/calltoken"
)

const (
	oldKey = config.Secret("old-old-old-old-old-old-old-old-old")
	newKey = config.Secret("new-new-new-new-new-new-new-new-new")
)

var start = time.Date(2026, 11, 2, 15, 4, 5, 678e6, time.UTC)

func facts() app.Facts {
	return app.Facts{
		CallID: "CA00000000000000000000000000000001", Source: events.Source_SOURCE_TWILIO,
		Account: "AC00000000000000000000000000000001", Tenant: "acme", Line: "+14155550100",
		LineOfBusiness: "sales", Payer: "product", Language: "en-US", CallerRef: strings.Repeat("0f", 32),
		Start: start, Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED, Handling: events.Handling_HANDLING_DIAL,
		Attempt: 3, Heard: 5373 * time.Millisecond, Expires: start.Add(52 * time.Hour).Truncate(time.Second),
	}
}

func signer(t testing.TB, keys ...config.Secret) *calltoken.Signer {
	t.Helper()
	s, err := calltoken.New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRoundTrip(t *testing.T) {
	s := signer(t, newKey)
	withheld, odd, unknown, failed := facts(), facts(), facts(), facts()
	failed.Failed = 7
	withheld.CallerRef = ""
	odd.CallerRef, odd.LineOfBusiness = "not hex", "façade & co/über"
	unknown.Start = time.Time{}
	for name, want := range map[string]app.Facts{"full": facts(), "withheld": withheld, "odd": odd, "start unknown": unknown, "starts that failed": failed} {
		token := s.Sign(want)
		got, err := s.Open(token, start)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		if strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%s: the token is not URL-safe", name)
		}
		if len(token) >= 490 {
			t.Errorf("%s: %d characters do not fit one stream parameter", name, len(token))
		}
	}
}

func TestExpiry(t *testing.T) {
	s, f := signer(t, newKey), facts()
	token := s.Sign(f)
	if _, err := s.Open(token, f.Expires.Add(-time.Second)); err != nil {
		t.Errorf("a second before: %v", err)
	}
	if _, err := s.Open(token, f.Expires); !errors.Is(err, calltoken.ErrExpired) {
		t.Errorf("at its end: %v", err)
	}
}

func TestRotation(t *testing.T) {
	before, during, after := signer(t, oldKey), signer(t, newKey, oldKey), signer(t, newKey)
	old, fresh := before.Sign(facts()), during.Sign(facts())
	for name, tt := range map[string]struct {
		s     *calltoken.Signer
		token string
		want  error
	}{
		"old token during":          {during, old, nil},
		"new token during":          {during, fresh, nil},
		"new token after":           {after, fresh, nil},
		"old token after":           {after, old, calltoken.ErrForged},
		"new token, old deployment": {before, fresh, calltoken.ErrForged},
	} {
		if _, err := tt.s.Open(tt.token, start); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestTamperedAnywhere(t *testing.T) {
	s := signer(t, newKey)
	raw, err := base64.RawURLEncoding.DecodeString(s.Sign(facts()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		bad := append([]byte(nil), raw...)
		bad[i] ^= 1
		if _, err := s.Open(base64.RawURLEncoding.EncodeToString(bad), start); err == nil {
			t.Fatalf("byte %d changed and nobody noticed", i)
		}
	}
	for n := range raw {
		if _, err := s.Open(base64.RawURLEncoding.EncodeToString(raw[:n]), start); err == nil {
			t.Fatalf("cut to %d bytes and nobody noticed", n)
		}
	}
}

func TestMalformed(t *testing.T) {
	s := signer(t, newKey)
	for name, token := range map[string]string{
		"empty": "", "not base64": "!!!", "padding": s.Sign(facts()) + "=", "short": "AAAA", "long": strings.Repeat("A", 4096),
	} {
		if _, err := s.Open(token, start); !errors.Is(err, calltoken.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeys(t *testing.T) {
	for name, keys := range map[string][]config.Secret{
		"none": nil, "three": {newKey, oldKey, newKey}, "short": {"short"}, "second short": {newKey, "short"},
	} {
		if _, err := calltoken.New(keys); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), string(newKey)) {
			t.Errorf("%s: the error shows a key", name)
		}
	}
}

// FuzzOpen: no text crashes the parser, and nothing but our own signature opens.
func FuzzOpen(f *testing.F) {
	s := signer(f, newKey)
	f.Add(s.Sign(facts()))
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		got, err := s.Open(token, start)
		if err == nil && s.Sign(got) != token {
			t.Errorf("opened what it would not sign")
		}
	})
}
