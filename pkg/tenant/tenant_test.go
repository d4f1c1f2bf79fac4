package tenant_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/tenant"
)

func file(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("testdata/valid.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func load(t *testing.T) *tenant.Tenant {
	t.Helper()
	set, err := tenant.Load("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return set.ByID("acme")
}

func TestLoadFillsDefaults(t *testing.T) {
	got := load(t)
	if got.LongestCall.Std() != 4*time.Hour || got.Salesforce.MinNameConfidence != 0.8 || got.Numbers[0].Language != "en-US" ||
		got.Numbers[0].Onward.Dial.Timeout.Std() != 30*time.Second || got.Salesforce.Audience != "https://login.salesforce.com" {
		t.Errorf("defaults are missing: %s %v %s", got.LongestCall, got.Salesforce.MinNameConfidence, got.Numbers[0].Language)
	}
}

func TestEachFaultIsNamed(t *testing.T) {
	for fault, change := range map[string][2]string{
		"id: must be 2 to 40":                                  {"id: acme", "id: ACME!"},
		"time_zone: \"Mars\"":                                  {"America/New_York", "Mars"},
		"business_hours.mon[1]: must begin after":              {"13:00-17:00", "11:00-17:00"},
		"business_hours.monday: must be one of":                {"mon:", "monday:"},
		"caller_key: at least 32 bytes":                        {"caller_key: 0123456789abcdef", "caller_key: "},
		"twilio.account_sid":                                   {"AC00000000000000000000000000000001", "AC1"},
		"twilio.auth_tokens: one token, or two":                {"[new-token, old-token]", "[]"},
		"numbers[0].number: must be a phone number":            {"+14155550100", "415-555-0100"},
		"numbers[1].payer":                                     {"payer: central", "payer: nobody"},
		"numbers[0].onward: exactly one":                       {"onward: {dial: {sip: \"sip:desk@example.com\"}}", "onward: {}"},
		"numbers[0].onward.dial.sip":                           {"sip:desk@", "desk@"},
		"consent.policy":                                       {"policy: ask", "policy: maybe"},
		"consent.prompts: none for numbers[1]'s language es":   {"es: \"Pulse uno.\"", "fr: \"Un.\""},
		"privacy.third_party_speech.signed: must be a date":    {"signed: 2026-01-31", "signed: soon"},
		"speech.location: \"global\" is not in us":             {"location: us}", "location: global}"},
		"inference.location: \"europe-west4\" is not in us":    {"us-central1", "europe-west4"},
		"catalogue.intents[1].name: BookDemo stands twice":     {"name: HangUp, kind", "name: BookDemo, kind"},
		"catalogue.rules.silent.intent: \"Quiet\" is not in":   {"silent: {intent: HangUp", "silent: {intent: Quiet"},
		"salesforce.pattern: must be":                          {"pattern: direct", "pattern: magic"},
		"salesforce.recording_base":                            {"recording_base: https://", "recording_base: "},
		"prices.units[0].amount: \"free\" is not a decimal":    {"\"0.30\"", "\"free\""},
		"prices.currency: must be ISO 4217":                    {"currency: USD", "currency: dollars"},
		"unknown field \"colour\"":                             {"version: 1\n", "version: 1\ncolour: blue\n"},
		"is no duration: write 90s, 4h or 30d":                 {"residency: us", "residency: us, retention: a while"},
		"privacy.retention: must be between 30d and 90d":       {"residency: us", "residency: us, retention: 400d"},
		"privacy.third_party_speech.reference: missing; leave": {"reference: DPA-12, ", ""},
	} {
		t.Run(fault, func(t *testing.T) {
			text := strings.Replace(file(t), change[0], change[1], 1)
			if text == file(t) {
				t.Fatalf("%q does not stand in the file", change[0])
			}
			_, err := tenant.Parse("acme.yaml", []byte(text))
			if err == nil || !strings.Contains(err.Error(), fault) || !strings.HasPrefix(err.Error(), "acme.yaml: ") {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestFaultsOfAllFilesComeTogether(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": strings.ReplaceAll(strings.Replace(file(t), "version: 1", "version: 2", 1), "policy: ask", "policy: x"),
		"b.yaml": strings.Replace(file(t), "name: Acme", "nam: Acme", 1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := tenant.Load(dir)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"a.yaml: version", "a.yaml: consent.policy", "b.yaml: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "new-token") {
		t.Errorf("the error quotes a secret:\n%v", err)
	}
}

func TestNumberBelongsToOneTenant(t *testing.T) {
	other, err := tenant.Parse("b.yaml", []byte(strings.Replace(file(t), "id: acme", "id: globex", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tenant.NewSet(load(t), other); err == nil || !strings.Contains(err.Error(), "+14155550100 belongs to both acme and globex") {
		t.Errorf("err = %v", err)
	}
	set, err := tenant.NewSet(load(t))
	if err != nil {
		t.Fatal(err)
	}
	if owner, n := set.ByNumber("+14155550102"); owner == nil || n.LineOfBusiness != "support" {
		t.Error("the number's owner was not found")
	}
	if owner, n := set.ByNumber("+15550000000"); owner != nil || n != nil {
		t.Error("a stranger's number has an owner")
	}
}

func TestPriceOfPrefersTheModel(t *testing.T) {
	got := load(t)
	for _, tc := range []struct {
		model, unit string
		nanos       int64
		known       bool
	}{
		{"gemini-2.5-pro", "input_token", 1_250_000_000, true},
		{"gemini-2.5-flash", "input_token", 300_000_000, true},
		{"gemini-2.5-flash", "output_token", 0, false},
	} {
		nanos, _, known := got.PriceOf("vertex", tc.model, tc.unit)
		if nanos != tc.nanos || known != tc.known {
			t.Errorf("%s %s: %d, %t", tc.model, tc.unit, nanos, known)
		}
	}
}

func TestAddBusinessDays(t *testing.T) {
	got := load(t)
	for _, tc := range []struct {
		name, at string
		days     int
		want     string
	}{
		{"open now", "2026-11-16T10:00", 0, "2026-11-16T10:00"},
		{"at lunch", "2026-11-16T12:30", 0, "2026-11-16T13:00"},
		{"after hours", "2026-11-16T18:00", 0, "2026-11-17T09:00"},
		{"tomorrow", "2026-11-16T10:00", 1, "2026-11-17T09:00"},
		{"over the weekend", "2026-11-20T16:00", 1, "2026-11-23T09:00"},
		{"two weeks", "2026-11-20T10:00", 10, "2026-12-04T09:00"},
		{"over the end of summer time", "2026-10-30T10:00", 1, "2026-11-02T09:00"},
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", tc.at, got.Location())
		if err != nil {
			t.Fatal(err)
		}
		if due := got.AddBusinessDays(at.UTC(), tc.days).Format("2006-01-02T15:04"); due != tc.want {
			t.Errorf("%s: due %s, want %s", tc.name, due, tc.want)
		}
	}
}

func TestCallerRefHidesTheNumber(t *testing.T) {
	got := load(t)
	ref := got.CallerRef("+14155550123")
	if len(ref) != 64 || strings.Contains(ref, "4155550123") || ref != got.CallerRef("+14155550123") || got.CallerRef("") != "" {
		t.Errorf("ref = %q", ref)
	}
}
