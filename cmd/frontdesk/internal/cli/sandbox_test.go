package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// freeSandbox is a sandbox beside whatever runs on this machine.
func freeSandbox(args ...string) []string {
	for _, name := range new(sandboxPorts).list().Names() {
		args = append(args, "--port", name+"=0")
	}
	return append([]string{"sandbox"}, args...)
}

// TestSandboxIsReachedByItsName: by the endpoints that it tells, by the tenant files that it writes, and by its health, which
// answers once all of it is there.
func TestSandboxIsReachedByItsName(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := filepath.Join(t.TempDir(), "tenants")
	var (
		printed bytes.Buffer
		looked  bool
	)
	look := onceSaid{"Up until", func() {
		defer cancel()
		looked = true
		var all []stage.Endpoint
		if err := json.Unmarshal(printed.Bytes(), &all); err != nil {
			t.Errorf("%v: %s", err, printed.String())
			return
		}
		for _, e := range all {
			if e.Address == out && (len(e.Credentials) != 2 || e.Credentials[1] != stage.Credential{Name: "stt's setting pace.speed", Value: "20"}) {
				t.Errorf("the services are not told what else they need: %+v", e.Credentials)
			}
			if e.Address != out && !strings.Contains(e.Address, "localhost:") {
				t.Errorf("%s is at %s", e.Part, e.Address)
			}
		}
		set, err := tenant.Load(out)
		if err != nil {
			t.Error(err)
			return
		}
		for _, tt := range set.All() {
			for what, addr := range map[string]string{
				"carrier": tt.Twilio.APIBase, "login": tt.Salesforce.LoginURL, "bus": tt.Salesforce.PubSubEndpoint, "speech": tt.Speech.Endpoint, "model": tt.Inference.Endpoint,
			} {
				if !strings.Contains(addr, "localhost:") || strings.HasSuffix(addr, ":0") {
					t.Errorf("%s of %s is at %q", what, tt.ID, addr)
				}
			}
			resp, err := http.Get(tt.Salesforce.LoginURL + "/services/data/")
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("Salesforce of %s: %v", tt.ID, err)
			}
		}
	}}
	root := Root(&printed, look) //nolint:contextcheck // it is given ctx below
	root.SetArgs(freeSandbox("--host", "localhost", "--json", "--tenants-out", out, "--data", t.TempDir()))
	if err := root.ExecuteContext(ctx); err != nil {
		t.Error(err)
	}
	if !looked {
		t.Error("it was never up")
	}
}

// TestSandboxIsReadyOnceItIs: its health answers while it is up, and `frontdesk ready` asks it.
func TestSandboxIsReadyOnceItIs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	printed, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		root := Root(write, io.Discard) //nolint:contextcheck // it is given ctx below
		root.SetArgs(freeSandbox("--json"))
		err := root.ExecuteContext(ctx)
		_ = write.Close()
		ended <- err
	}()
	var all []stage.Endpoint
	if err := json.NewDecoder(printed).Decode(&all); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, printed) }() // the end of the document
	health := strings.TrimSuffix(all[len(all)-1].Address, "/readyz")
	rest := "tcp" + strings.TrimPrefix(all[1].Address, "http")
	if out, _, err := run(t.Context(), "ready", health, health+"/", rest); err != nil || strings.Count(out, "is ready\n") != 3 {
		t.Errorf("%v: %s", err, out)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, format := range []string{"--json=false", "--json"} {
		out, _, err := run(t.Context(), "ready", format, health, rest)
		if ExitCode(err) != ExitFailed || strings.Count(out, "nobody answers") != 2 {
			t.Errorf("%s: %v: %s", format, err, out)
		}
	}
}

// TestSandboxLeavesOthersTenantsAlone: a folder that services would read more from is refused, and nothing is written over.
func TestSandboxLeavesOthersTenantsAlone(t *testing.T) {
	own := ownTenant(t, "+12095550100")
	before, err := os.ReadFile(filepath.Join(own, "own.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for says, args := range map[string][]string{
		"would be written over":     {"--tenants", own, "--tenants-out", own},
		"is none of these tenants'": {"--tenants-out", own},
	} {
		if _, _, err := run(t.Context(), freeSandbox(args...)...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %s", err, says)
		}
	}
	if after, err := os.ReadFile(filepath.Join(own, "own.yaml")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed: %v", err)
	}
}
