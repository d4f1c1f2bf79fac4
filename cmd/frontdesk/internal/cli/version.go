package cli

import (
	"cmp"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what this binary was built from.
type version struct {
	Version string `json:"version"`
	// Revision of the repository and when it was made; empty if the build did not see one, as `go run` doesn't.
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	// Modified: there was more in the work tree than the revision holds.
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
}

func versionOf(info *debug.BuildInfo) version {
	v := version{Version: cmp.Or(info.Main.Version, "(devel)"), Go: info.GoVersion}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// String is the version in a line.
func (v version) String() string {
	text := "frontdesk " + v.Version
	if v.Revision != "" {
		text += " (" + v.Revision[:min(12, len(v.Revision))]
		if v.Modified {
			text += ", modified"
		}
		text += ")"
	}
	return text + " " + v.Go
}

// printVersion prints the version for people, or as JSON.
func printVersion(cmd *cobra.Command, asJSON bool) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	v := versionOf(info)
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), v)
	}
	return writeText(cmd.OutOrStdout(), func(w io.Writer) { fmt.Fprintln(w, v) })
}
