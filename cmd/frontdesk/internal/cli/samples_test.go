package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// The calls that the command carries fit the tenants that it carries, and each tenant's way to consent is told apart.
func TestLoadSamples(t *testing.T) {
	in, err := folders{}.load()
	all, tenants := in.calls, in.tenants
	if err != nil || len(all) == 0 || len(tenants) != 3 {
		t.Fatalf("%d calls, %d tenants, %v", len(all), len(tenants), err)
	}
	lines, err := linesOf(tenants)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]calls.Line{
		"+14155550100": {Tenant: "acme", Consent: calls.AskedByKeypad, Grant: "1"},
		"+14155550102": {Tenant: "acme", Consent: calls.AskedByKeypad, Grant: "1", Voicemail: true},
		"+13125550101": {Tenant: "globex", Consent: calls.NotAsked, Languages: []string{"es-US", "en-US"}},
		"+12065550100": {Tenant: "initech", Consent: calls.ReportedByAgent},
	}
	seen := 0
	for _, l := range lines {
		w, ok := want[l.Number]
		if !ok {
			continue
		}
		seen++
		if l.Tenant != w.Tenant || l.Consent != w.Consent || l.Grant != w.Grant || l.Voicemail != w.Voicemail || w.Languages != nil && len(l.Languages) != 2 {
			t.Errorf("%s is %+v", l.Number, l)
		}
		if len(l.Intents) == 0 || len(l.Dispositions) == 0 || len(l.PersonOnly) != 2 || len(l.Ruled) != 5 || l.CRM == nil || len(l.Languages) == 0 {
			t.Errorf("%s lacks something: %+v", l.Number, l)
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d lines", seen, len(want))
	}
}

// ownTenant is a folder with one tenant, of one number.
func ownTenant(t *testing.T, number string) string {
	t.Helper()
	text, err := os.ReadFile("../../../../samples/tenants/initech.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "own.yaml"), []byte(strings.ReplaceAll(string(text), "+12065550100", number)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestTenantsOfTheUsersOwn: of the samples those are left that dial one of their numbers, which may be none.
func TestTenantsOfTheUsersOwn(t *testing.T) {
	for name, c := range map[string]struct {
		number, calls, note string
		says                string // by who must have calls
	}{
		"no sample's number": {"+12095550100", "", "no sample call dials a number of these tenants: the recogniser knows no calls", "name a folder of your own with --calls"},
		"a sample's number":  {"+12065550100", "asks-the-hours", "1 of the 19 sample calls dial a number of these tenants", ""},
		// Globex takes calls in Spanish there, and Initech doesn't.
		"a sample that expects another tenant": {"+13125550101", "habla-espanol", "1 of the 19 sample calls dial a number of these tenants", "habla-espanol/call.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			own := folders{tenants: ownTenant(t, c.number)}
			for _, maybeNone := range []bool{true, false} {
				in, err := own.read(maybeNone)
				if !maybeNone && c.says != "" {
					if ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), c.says) {
						t.Errorf("%v, want %s", err, c.says)
					}
					continue
				}
				var names []string
				for _, call := range in.calls {
					names = append(names, call.Name)
				}
				if err != nil || strings.Join(names, " ") != c.calls || !strings.Contains(in.note, c.note) || len(in.tenants) != 1 {
					t.Errorf("%q, %q, %v", names, in.note, err)
				}
			}
		})
	}
}

// TestAFolderWithoutCalls is refused by who needs some, and only then.
func TestAFolderWithoutCalls(t *testing.T) {
	empty, wrong := t.TempDir(), t.TempDir()
	for _, dir := range []string{filepath.Join(empty, "_tenantsless"), filepath.Join(wrong, "one")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if in, err := (folders{calls: empty}).loadIfAny(); err != nil || len(in.calls) > 0 || !strings.Contains(in.note, empty+" holds no calls") {
		t.Errorf("%d calls, %q, %v", len(in.calls), in.note, err)
	}
	if _, err := (folders{calls: empty}).load(); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "holds no calls") {
		t.Error(err)
	}
	if _, err := (folders{calls: wrong}).loadIfAny(); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "one/call.yaml") {
		t.Errorf("a call without its file: %v", err)
	}
}
