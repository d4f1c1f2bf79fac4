package tenant

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Load reads every *.yaml and *.yml of a folder (or one file), applies defaults and validates. A file that a tenant
// names as its mapping is none of them. The error lists every fault of every file, one a line, as
// "acme.yaml:12:5: numbers[0].number: …". Mapping paths are made absolute, relative to the tenant's file.
func Load(path string) (*Set, error) {
	files, err := tenantFiles(path)
	if err != nil {
		return nil, err
	}
	tenants := make([]*Tenant, len(files))
	faults := make([]error, len(files))
	for i, f := range files {
		data, err := os.ReadFile(f) //nolint:gosec // the operator names the folder in his own settings
		if err != nil {
			faults[i] = fmt.Errorf("reading a tenant file: %w", err)
			continue
		}
		tenants[i], faults[i] = parse(f, data)
	}
	dropMappings(files, tenants, faults)
	return join(tenants, faults)
}

// dropMappings takes out of files what another file names as its mapping.
func dropMappings(files []string, tenants []*Tenant, faults []error) {
	named := map[string]bool{}
	for _, t := range tenants {
		if t != nil && t.Salesforce.Mapping != "" {
			named[t.Salesforce.Mapping] = true
		}
	}
	for i, f := range files {
		if named[filepath.Clean(f)] {
			tenants[i], faults[i] = nil, nil
		}
	}
}

// join makes a set of the tenants without fault, if there is no other.
func join(tenants []*Tenant, faults []error) (*Set, error) {
	var good []*Tenant
	for i, t := range tenants {
		if t != nil && faults[i] == nil {
			good = append(good, t)
		}
	}
	set, err := NewSet(good...)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	return set, nil
}

func tenantFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no folder %q of tenant files: name another, or make it as samples/tenants is", path)
	}
	if err != nil {
		return nil, fmt.Errorf("looking for tenant files: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		some, err := filepath.Glob(filepath.Join(path, pattern))
		if err != nil {
			return nil, fmt.Errorf("looking for tenant files: %w", err)
		}
		files = append(files, some...)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no tenant file (*.yaml, *.yml): put one there, see samples/tenants", path)
	}
	slices.Sort(files)
	return files, nil
}

// Parse reads one tenant from YAML, strictly: an unknown or repeated key is a fault. The error lists every fault,
// one a line, with name and place in front. Whether a mapping file exists is for [Load] to see.
func Parse(name string, data []byte) (*Tenant, error) {
	t, f := read(data)
	if err := f.err(name); err != nil {
		return nil, err
	}
	return t, nil
}

// parse is Parse of a file. It returns what it could read beside the faults.
func parse(path string, data []byte) (*Tenant, error) {
	t, f := read(data)
	if m := t.Salesforce.Mapping; m != "" {
		if !filepath.IsAbs(m) {
			m = filepath.Join(filepath.Dir(path), m)
		}
		t.Salesforce.Mapping = filepath.Clean(m)
		info, err := os.Stat(m)
		f.need(err == nil && !info.IsDir(), "salesforce.mapping: there is no file %s; the path is relative to the tenant's file", m)
	}
	return t, f.err(filepath.Base(path))
}

func read(data []byte) (*Tenant, *faults) {
	t, f := &Tenant{}, newFaults()
	if decode(data, t, f) {
		t.applyDefaults()
		t.validate(f)
	}
	return t, f
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

var days = regexp.MustCompile(`^\d{1,6}d$`)

// UnmarshalText reads "90s", "4h", "1h30m" or whole days as "30d", which stand alone.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	if days.MatchString(s) {
		n, _ := strconv.Atoi(s[:len(s)-1]) // a few digits by the pattern
		*d = Duration(n) * Duration(24*time.Hour)
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
