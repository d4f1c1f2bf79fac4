package stage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/tenant"
)

const samples = "../../../../samples/tenants"

// TestTenantFilesAreThoseOfTheStage: what services in other processes read is what the stage itself goes by.
func TestTenantFilesAreThoseOfTheStage(t *testing.T) {
	set, err := tenant.Load(samples)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Set(t.Context(), Config{Addrs: Addrs{Twilio: "127.0.0.1:4711"}, Tenants: set.All()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dir := filepath.Join(t.TempDir(), "tenants")
	if err := s.WriteTenants(os.DirFS(samples), dir, "sandbox.example"); err != nil {
		t.Fatal(err)
	}
	read, err := tenant.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(read.All()) != len(set.All()) {
		t.Fatalf("%d tenants, want %d", len(read.All()), len(set.All()))
	}
	for i, got := range read.All() {
		want := set.All()[i]
		for what, pair := range map[string][2]string{
			"carrier": {got.Twilio.APIBase, want.Twilio.APIBase}, "login": {got.Salesforce.LoginURL, want.Salesforce.LoginURL},
			"bus": {got.Salesforce.PubSubEndpoint, want.Salesforce.PubSubEndpoint}, "speech": {got.Speech.Endpoint, want.Speech.Endpoint},
			"model": {got.Inference.Endpoint, want.Inference.Endpoint},
		} {
			if want := strings.Replace(pair[1], "127.0.0.1", "sandbox.example", 1); pair[0] != want {
				t.Errorf("%s, %s: %s, want %s", want, what, pair[0], want)
			}
		}
		if strings.TrimSpace(got.Salesforce.PrivateKey.Reveal()) != strings.TrimSpace(want.Salesforce.PrivateKey.Reveal()) || !got.Salesforce.Insecure || got.CallerKey != want.CallerKey || len(got.Numbers) != len(want.Numbers) {
			t.Errorf("%s has another key, or lost something", want.ID)
		}
	}
}

// TestTenantFilesOfOnesOwnAreNotWrittenOver: not even by those of the same names. What a stage has written, the next one writes anew.
func TestTenantFilesOfOnesOwnAreNotWrittenOver(t *testing.T) {
	set, err := tenant.Load(samples)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Set(t.Context(), Config{Addrs: Addrs{Twilio: "127.0.0.1:4711"}, Tenants: set.All()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	own := filepath.Join(t.TempDir(), "own")
	if err := os.CopyFS(own, os.DirFS(samples)); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteTenants(os.DirFS(samples), own, "sandbox.example"); err == nil || !strings.Contains(err.Error(), "acme.yaml would be written over") {
		t.Errorf("%v", err)
	}
	if read, err := tenant.Load(own); err == nil {
		for _, tt := range read.All() {
			if strings.Contains(tt.Salesforce.LoginURL, "sandbox.example") {
				t.Errorf("%s was written over", tt.ID)
			}
		}
	}
	dir := filepath.Join(t.TempDir(), "tenants")
	for range 2 {
		if err := s.WriteTenants(os.DirFS(samples), dir, "sandbox.example"); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "stray.yml"), []byte("version: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteTenants(os.DirFS(samples), dir, "sandbox.example"); err == nil || !strings.Contains(err.Error(), "stray.yml is none") {
		t.Errorf("%v", err)
	}
}
