package cli

import (
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// The calls that the command carries fit the tenants that it carries, and each tenant's way to consent is told apart.
func TestLoadSamples(t *testing.T) {
	all, tenants, err := loadSamples("", "")
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
