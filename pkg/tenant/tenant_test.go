package tenant_test

import (
	"os"
	"path/filepath"
	"regexp"
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

// placed are lines that each say where they are about.
var placed = regexp.MustCompile(`^(acme\.yaml:\d+:\d+: .+\n?)+$`)

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
		"numbers[1].payer: a line of business has one payer":   {"line_of_business: support", "line_of_business: sales"},
		"numbers[1].payer":                                     {"payer: central", "payer: nobody"},
		"numbers[0].onward: exactly one":                       {"onward: {dial: {sip: \"sip:desk@example.com\"}}", "onward: {}"},
		"numbers[0].onward.dial.sip":                           {"sip:desk@", "desk@"},
		"consent.policy":                                       {"policy: ask", "policy: maybe"},
		"consent.basis: missing; callers whom nobody asks":     {"policy: ask", "policy: not-asked"},
		"consent.basis.signed: must be a date":                 {"policy: ask", "policy: not-asked, basis: {reference: terms}"},
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
		"colour: unknown key; the keys here are version, id":   {"version: 1\n", "version: 1\ncolour: blue\n"},
		"acme.yaml:2:1: colour: unknown key":                   {"version: 1\n", "version: 1\ncolour: blue\n"},
		"acme.yaml:3:1: id: stands twice":                      {"id: acme\n", "id: acme\nid: acme\n"},
		"version: must be a whole number":                      {"version: 1", "version: one"},
		"numbers[0].record: must be true or false":             {"record: true", "record: 1"},
		"numbers: must be a list":                              {"numbers:\n", "numbers: {}\nnumbers2:\n"},
		"privacy: must be keys with values":                    {"privacy: {", "privacy: none\nprivacy2: {"},
		"prices.units[0].per: must be a number":                {"per: 1000000", "per: a million"},
		"name: must be text; put it in quotes":                 {"name: Acme Dental Group", "name: [Acme]"},
		"time_zone: Local is wherever the process runs":        {"America/New_York", "Local"},
		"numbers[1].onward.voicemail.greeting: none in the":    {"{en: Hello, es: Hola}", "{en: Hello, es: \" \"}"},
		"salesforce.lead_last_name: must not be blank":         {"pattern: direct", "pattern: direct, lead_last_name: \"  \""},
		"salesforce.lead_company: at most 255 characters":      {"pattern: direct", "pattern: direct, lead_company: " + strings.Repeat("ö", 256)},
		"prices.units[1]: the price of this unit stands above": {", model: gemini-2.5-pro", ""},
		"prices.units[0].unit: must be one of input_token":     {"unit: input_token", "unit: tokens"},
		"prices.units[0].amount: \"1/2\" is not a decimal":     {"\"0.30\"", "\"1/2\""},
		"\"1h30d\" is no duration":                             {"residency: us", "residency: us, retention: 1h30d"},
		"speech.on_prem: name the endpoint":                    {"location: us}", "location: us, on_prem: true}"},
		"speech.on_prem: us-speech.googleapis.com is a vendor": {"location: us}", "location: us, on_prem: true, endpoint: \"us-speech.googleapis.com:443\"}"},
		"inference.on_prem: name the endpoint":                 {"location: us-central1", "location: us-central1, on_prem: true"},
		"inference.insecure: runtime.us-east-1.amazonaws.com":  {"location: us-central1", "location: us-central1, insecure: true, endpoint: \"runtime.us-east-1.amazonaws.com:80\""},
		"speech.endpoint: speech.googleapis.com names no":      {"location: us}", "location: us, endpoint: \"speech.googleapis.com:443\"}"},
		"inference.endpoint: asia-northeast1-aiplatform":       {"location: us-central1", "location: us-central1, endpoint: \"asia-northeast1-aiplatform.googleapis.com:443\""},
		"twilio.api_base: api.dublin.ie1.twilio.com names no":  {"auth_tokens:", "api_base: https://api.dublin.ie1.twilio.com\n  auth_tokens:"},
		"twilio.api_base: must begin with https://":            {"auth_tokens:", "api_base: http://api.twilio.com\n  auth_tokens:"},
		"salesforce.insecure: only with a pubsub_endpoint and": {"pattern: direct", "pattern: direct, insecure: true"},
		"salesforce.insecure: only with a pubsub_endpoint":     {"pattern: direct", "pattern: direct, insecure: true, pubsub_endpoint: \"127.0.0.1:7443\""},
		"salesforce.login_url: must begin with https://":       {"pattern: direct", "pattern: direct, login_url: http://login.salesforce.com"},
		"salesforce.login_url: must begin with https://; http": {"pattern: direct", "pattern: direct, login_url: http://127.0.0.1:8080"},
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
			if err == nil || !strings.Contains(err.Error(), fault) || !placed.MatchString(err.Error()) {
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
	for _, want := range []string{"a.yaml:1:1: version: ", "a.yaml:13:11: consent.policy: ", "b.yaml:3:1: nam: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "new-token") {
		t.Errorf("the error quotes a secret:\n%v", err)
	}
}

func TestUnreadableAndRefusedValuesAreNamedTogether(t *testing.T) {
	text := strings.NewReplacer(
		"version: 1\n", "version: one\ncolour: blue\n", "payer: central", "payer: nobody", "policy: ask", "policy: [ask]", "residency: us", "residency: us, retention: soon",
	).Replace(file(t))
	_, err := tenant.Parse("acme.yaml", []byte(text))
	if err == nil {
		t.Fatal("accepted")
	}
	want := []string{
		"acme.yaml:1:1: version: must be a whole number",
		"acme.yaml:2:1: colour: unknown key",
		"acme.yaml:13:57: numbers[1].payer: must be product or central",
		"acme.yaml:14:11: consent.policy: must be text",
		"acme.yaml:15:87: privacy.retention: \"soon\" is no duration",
	}
	got := strings.Split(err.Error(), "\n")
	if len(got) != len(want) {
		t.Fatalf("got\n%v", err)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

func TestWhatIsNoYAMLQuotesNothing(t *testing.T) {
	for name, text := range map[string]string{
		"empty":      "# nothing\n",
		"broken":     "version: 1\ntwilio: {auth_tokens: [s3cret}\n",
		"two at all": file(t) + "---\n" + file(t),
	} {
		_, err := tenant.Parse("acme.yaml", []byte(text))
		if err == nil || !placed.MatchString(err.Error()) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnchorsMergesAndPlainNumbersAreRead(t *testing.T) {
	text := strings.NewReplacer(
		"inference: {", "inference: {<<: &cloud {project: acme-1, location: us-central1}, ", "project: acme-1, location: us-central1, model", "model",
		"campaign: Spring", "campaign: 1.10", "catalogue:\n  version: \"7\"", "catalogue:\n  version: &v 7", "version: 2026-11", "version: *v",
	).Replace(file(t))
	got, err := tenant.Parse("acme.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got.Inference.Project != "acme-1" || got.Numbers[0].Campaign != "1.10" || got.Prices.Version != "7" {
		t.Errorf("%q %q %q", got.Inference.Project, got.Numbers[0].Campaign, got.Prices.Version)
	}
}

func TestPlacesThatKeepData(t *testing.T) {
	for _, c := range []struct {
		residency, location, endpoint string
		ok                            bool
	}{
		{"us", "us-east4", "", true},
		{"us", "us", "us-speech.googleapis.com:443", true},
		{"us", "us", "US-Speech.GoogleAPIs.com:443", true},
		{"us", "northamerica-northeast1", "", false}, // Montréal
		{"us", "us-central1", "europe-west4-speech.googleapis.com:443", false},
		{"eu", "europe-west4", "", true},
		{"eu", "eu", "speech.eu.rep.googleapis.com:443", true},
		{"eu", "europe-west2", "", false}, // London
		{"eu", "europe-west6", "", false}, // Zürich
		{"eu", "eu", "speech.us.rep.googleapis.com:443", false},
		{"eu", "eu", "127.0.0.1:9000", true},
		{"eu", "eu", "speech.asia-northeast1.acme.example:443", true}, // the tenant's own statement
		{"any", "asia-northeast1", "asia-northeast1-speech.googleapis.com:443", true},
	} {
		text := strings.NewReplacer(
			"residency: us", "residency: "+c.residency, "location: us}", "location: "+c.location+", endpoint: \""+c.endpoint+"\"}",
			"provider: vertex, project", "provider: none, project",
		).Replace(file(t))
		if _, err := tenant.Parse("acme.yaml", []byte(text)); (err == nil) != c.ok {
			t.Errorf("%s in %s by %q: %v", c.residency, c.location, c.endpoint, err)
		}
	}
}

func TestASandboxMaySpeakInClear(t *testing.T) {
	text := strings.Replace(file(t), "pattern: direct", "pattern: direct, insecure: true, pubsub_endpoint: \"127.0.0.1:7443\", login_url: http://127.0.0.1:8080", 1)
	if _, err := tenant.Parse("acme.yaml", []byte(text)); err != nil {
		t.Error(err)
	}
}

func TestAMappingStandsBesideTheTenantsFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("acme.yml", strings.Replace(file(t), "pattern: direct", "pattern: direct, mapping: acme-mapping.yaml", 1))
	_, err := tenant.Load(dir)
	if err == nil || !strings.Contains(err.Error(), "acme.yml:31:115: salesforce.mapping: there is no file "+filepath.Join(dir, "acme-mapping.yaml")) {
		t.Errorf("err = %v", err)
	}
	write("acme-mapping.yaml", "writes: {}\n") // no tenant, though it is YAML in the same folder
	set, err := tenant.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := set.ByID("acme").Salesforce.Mapping; got != filepath.Join(dir, "acme-mapping.yaml") {
		t.Errorf("mapping %s", got)
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
