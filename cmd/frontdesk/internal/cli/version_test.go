package cli

import (
	"encoding/json"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	for want, info := range map[string]debug.BuildInfo{
		"frontdesk (devel) go1.26": {GoVersion: "go1.26"},
		"frontdesk v1.2.3 (0123456789ab) go1.26": {
			GoVersion: "go1.26", Main: debug.Module{Version: "v1.2.3"},
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "false"}},
		},
		"frontdesk (devel) (0123456789ab, modified) go1.26": {
			GoVersion: "go1.26", Main: debug.Module{Version: "(devel)"},
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}},
		},
	} {
		if got := versionOf(&info).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestVersionIsPrinted(t *testing.T) {
	out, _, err := run(t.Context(), "--version")
	if err != nil || !strings.HasPrefix(out, "frontdesk ") || strings.Count(out, "\n") != 1 {
		t.Errorf("%v: %q", err, out)
	}
	out, _, err = run(t.Context(), "--version", "--json")
	var v version
	if derr := json.Unmarshal([]byte(out), &v); err != nil || derr != nil || v.Version == "" || v.Go == "" {
		t.Errorf("%v, %v: %q", err, derr, out)
	}
}
