package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/cli"
	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/sandbox/fault"
)

// checkOnTheWholeStack: a stack that runs has nothing wrong, by the settings that it has written itself; one dependency that
// fails is told, and the exit code says so.
func checkOnTheWholeStack(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s, err := allinone.Start(t.Context(), allinone.Options{
		DataDir: data, Tenants: tenants(t), TenantFiles: os.DirFS(samples + "tenants"), Speed: speed, Log: slog.New(slog.DiscardHandler),
	}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}()
	info, err := os.Stat(filepath.Join(data, "settings", "ingress.yaml"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the settings can be read by others: %v, %v", info, err)
	}
	found, err := runCheck(t, data)
	found = slices.DeleteFunc(found, func(f check.Finding) bool { return f.Code == "redis.slow" }) // this machine's doing, if it is busy
	if err != nil || check.Worst(found).Worse(check.Note) || len(found) < 40 {
		t.Errorf("%v: %+v", err, found)
	}
	s.Vertex().Faults().Set(fault.Settings{Errors: []fault.Share{{Code: "PERMISSION_DENIED", Share: 1}}})
	found, err = runCheck(t, data, "--tenant", "globex", "--only", "model,redis")
	if !errors.Is(err, cli.ErrReported) || cli.ExitCode(err) != cli.ExitFailed {
		t.Errorf("exit by %v", err)
	}
	told := 0
	for _, f := range found {
		switch {
		case f.Code == "model.permission" && f.Tenant == "globex" && strings.Contains(f.Do, "roles/aiplatform.user"):
			told++
		case f.Part != "redis" || f.Level.Worse(check.Note) && f.Code != "redis.slow":
			t.Errorf("%+v", f)
		}
	}
	if told != 1 {
		t.Errorf("%+v", found)
	}
}

// runCheck is `frontdesk check --json` by the settings of a data folder.
func runCheck(t *testing.T, data string, args ...string) ([]check.Finding, error) {
	t.Helper()
	var out bytes.Buffer
	root := cli.Root(&out, io.Discard)
	all := []string{"check", "--json"}
	for _, name := range []string{"ingress", "stt", "inference", "crm-writer"} {
		all = append(all, "--config", name+"="+filepath.Join(data, "settings", name+".yaml"))
	}
	root.SetArgs(append(all, args...))
	err := root.ExecuteContext(t.Context())
	var doc struct {
		Findings []check.Finding `json:"findings"`
	}
	if jerr := json.Unmarshal(out.Bytes(), &doc); jerr != nil {
		t.Fatalf("%v: %v\n%s", err, jerr, out.String())
	}
	return doc.Findings, err
}
