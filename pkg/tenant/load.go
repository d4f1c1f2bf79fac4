package tenant

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Load reads every *.yaml of a folder (or one file), applies defaults and validates. Its error lists every
// fault of every file, one a line, as "acme.yaml: numbers[0].number: …". Mapping paths are made absolute,
// relative to the tenant's file.
func Load(path string) (*Set, error) {
	files, err := tenantFiles(path)
	if err != nil {
		return nil, err
	}
	var tenants []*Tenant
	var faults []error
	for _, f := range files {
		data, err := os.ReadFile(f) //nolint:gosec // the operator names the folder in his own settings
		if err != nil {
			faults = append(faults, fmt.Errorf("reading a tenant file: %w", err))
			continue
		}
		t, err := Parse(filepath.Base(f), data)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if m := t.Salesforce.Mapping; m != "" && !filepath.IsAbs(m) {
			t.Salesforce.Mapping = filepath.Join(filepath.Dir(f), m)
		}
		tenants = append(tenants, t)
	}
	set, err := NewSet(tenants...)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	return set, nil
}

func tenantFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("looking for tenant files: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	files, err := filepath.Glob(filepath.Join(path, "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("%s holds no tenant file (*.yaml): put one there, see samples/tenants", path)
	}
	slices.Sort(files)
	return files, nil
}

// Parse reads one tenant from YAML, strictly: an unknown or repeated key is a fault. name stands in front of
// every fault.
func Parse(name string, data []byte) (*Tenant, error) {
	t := &Tenant{}
	dec := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := dec.Decode(t); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: empty", name)
		}
		// The library's message shows the line with its neighbours, which may hold a secret: only its first
		// line, which has the position and the reason, is kept.
		first, _, _ := strings.Cut(yaml.FormatError(err, false, false), "\n")
		return nil, fmt.Errorf("%s: %s", name, first)
	}
	t.applyDefaults()
	if faults := t.validate(); len(faults) > 0 {
		errs := make([]error, len(faults))
		for i, f := range faults {
			errs[i] = fmt.Errorf("%s: %s", name, f)
		}
		return nil, errors.Join(errs...)
	}
	return t, nil
}

func (t *Tenant) applyDefaults() {
	orDuration(&t.LongestCall, 4*time.Hour)
	orString(&t.TimeZone, "UTC")
	orString(&t.Consent.GrantDigit, "1")
	orDuration(&t.Consent.Timeout, 6*time.Second)
	orFloat(&t.Privacy.MinRedactionConfidence, 0.85)
	orString(&t.Privacy.Residency, "any")
	orDuration(&t.Privacy.Retention, 30*24*time.Hour)
	orString(&t.Speech.Provider, "none")
	orString(&t.Speech.Location, "global")
	orString(&t.Speech.Model, "telephony")
	orString(&t.Inference.Provider, "none")
	orDuration(&t.Inference.Timeout, 20*time.Second)
	s := &t.Salesforce
	orString(&s.LoginURL, "https://login.salesforce.com")
	orString(&s.Audience, s.LoginURL)
	orString(&s.APIVersion, "67.0")
	orString(&s.PubSubEndpoint, "api.pubsub.salesforce.com:7443")
	orString(&s.Apply, "package")
	orString(&s.Event, "Call_Completed__e")
	orString(&s.LeadCompany, "Unknown (phone)")
	orString(&s.LeadLastName, "Unknown caller")
	orFloat(&s.MinNameConfidence, 0.8)
	orFloat(&s.MinIntentConfidence, 0.6)
	orDuration(&s.MaxWait, 2*time.Second)
	if s.Pattern == "" {
		s.Pattern = PatternEvents
	}
	for i := range t.Numbers {
		n := &t.Numbers[i]
		orString(&n.Language, "en-US")
		orString(&n.Payer, "product")
		if n.Onward.Dial != nil {
			orDuration(&n.Onward.Dial.Timeout, 30*time.Second)
		}
		if n.Onward.Voicemail != nil {
			orDuration(&n.Onward.Voicemail.MaxLength, 3*time.Minute)
		}
	}
	for i := range t.Prices.Units {
		orFloat(&t.Prices.Units[i].Per, 1)
	}
}

func orString(v *string, d string) {
	if *v == "" {
		*v = d
	}
}

func orFloat(v *float64, d float64) {
	if *v == 0 {
		*v = d
	}
}

func orDuration(v *Duration, d time.Duration) {
	if *v == 0 {
		*v = Duration(d)
	}
}

// UnmarshalText reads "90s", "4h", "1h30m" or whole days as "30d".
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		v, err := time.ParseDuration(days + "h")
		if err != nil {
			return fmt.Errorf("%q is no duration: write 90s, 4h or 30d", s)
		}
		*d = Duration(24 * v)
		return nil
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is no duration: write 90s, 4h or 30d", s)
	}
	*d = Duration(v)
	return nil
}

// Std is d as the standard library's.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is d as the standard library writes it.
func (d Duration) String() string { return time.Duration(d).String() }
