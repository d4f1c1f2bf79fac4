package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
)

func findings() []check.Finding {
	return []check.Finding{
		{Code: "config.settings", Part: "config", Subject: "stt", Level: check.OK, What: "stt has settings that it would start with."},
		{Code: "kafka.topic_missing", Part: "kafka", Subject: "calls.media", Level: check.Fault, What: "There is no topic calls.media.", Do: "Run `frontdesk topics`."},
		{Code: "kafka.one_broker", Part: "kafka", Level: check.Note, What: "The cluster has a single broker."},
		{Code: "salesforce.field_short", Part: "salesforce", Tenant: "acme", Subject: "Case.Subject", Level: check.Warning, What: "Case.Subject takes 80 characters.", Do: "Lengthen it."},
		{Code: "salesforce.trigger", Part: "salesforce", Tenant: "acme", Level: check.Unknown, What: "Whether the trigger runs can't be asked for.", Do: "See Setup."},
	}
}

func TestFindingsArePrinted(t *testing.T) {
	var b bytes.Buffer
	printFindings(&b, 0, findings(), false)
	golden(t, "check.txt", b.String())
}

func TestQuietLeavesOutWhatIsWell(t *testing.T) {
	var b bytes.Buffer
	printFindings(&b, 0, findings(), true)
	if strings.Contains(b.String(), "it would start with") || !strings.Contains(b.String(), "calls.media") {
		t.Errorf("%s", b.String())
	}
}

// TestFindingsFitATerminal: sentences are folded below themselves, and a command stays whole.
func TestFindingsFitATerminal(t *testing.T) {
	command := "kafka-configs.sh --bootstrap-server … --alter --entity-type topics --entity-name calls.media --add-config 'a=[b]'"
	var b bytes.Buffer
	printFindings(&b, 80, []check.Finding{
		{Code: "redis.in_memory", Part: "redis", Level: check.Note, What: strings.Repeat("It keeps all in memory. ", 8) + "The end."},
		{Code: "kafka.topic_setting", Part: "kafka", Level: check.Fault, What: "Short.", Do: command},
	}, false)
	if !strings.Contains(b.String(), command+" (kafka.topic_setting)") {
		t.Errorf("the command is cut:\n%s", b.String())
	}
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > 80 && !strings.Contains(line, command) || strings.HasSuffix(line, " ") || strings.HasSuffix(line, "The end.") && !strings.HasPrefix(line, "           ") {
			t.Errorf("%q", line)
		}
	}
}

func TestCheckFails(t *testing.T) {
	for _, c := range []struct {
		level         check.Level
		plain, strict bool
	}{{check.OK, false, false}, {check.Note, false, false}, {check.Unknown, false, true}, {check.Warning, false, true}, {check.Fault, true, true}} {
		found := []check.Finding{{Level: check.OK}, {Level: c.level}}
		if got := (&checkFlags{}).fails(found); got != c.plain {
			t.Errorf("%s fails: %t", c.level, got)
		}
		if got := (&checkFlags{strict: true}).fails(found); got != c.strict {
			t.Errorf("%s fails with --strict: %t", c.level, got)
		}
	}
}

// TestCheckTellsFlagsFromFaults: what can't be read is the user's to mend first; what is read and wrong is a finding.
func TestCheckTellsFlagsFromFaults(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	broken, wrong := file("broken.yaml", "kafka: [\n"), file("wrong.yaml", "kafka: {brokers: [nowhere]}\ngraze: 5s\n")
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"an unknown service":  {[]string{"--config", "writer=x.yaml"}, ExitUsage, "want SERVICE=FILE"},
		"a service twice":     {[]string{"--config", "stt=a", "--config", "stt=b"}, ExitUsage, "has a file already"},
		"an unknown part":     {[]string{"--only", "kafka,zookeeper"}, ExitUsage, "--only zookeeper"},
		"no time":             {[]string{"--timeout", "0s"}, ExitUsage, "--timeout"},
		"a file that is none": {[]string{"--config", "stt=" + filepath.Join(dir, "none.yaml")}, ExitUsage, "none.yaml"},
		"a file without form": {[]string{"--config", "stt=" + broken}, ExitUsage, "broken.yaml"},
		"a tenant that is none": {[]string{"--config", "stt=" + file("tenants.yaml", "tenants: ../../../../samples/tenants\n"), "--tenant", "nobody"},
			ExitUsage, "--tenant nobody: want one of acme, globex, initech"},
		"wrong settings": {[]string{"--config", "stt=" + wrong, "--only", "config"}, ExitFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := run(t.Context(), append([]string{"check"}, c.args...)...)
			if ExitCode(err) != c.code || err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%d: %v", ExitCode(err), err)
			}
			if c.code == ExitFailed && (!strings.Contains(out, `did you mean "grace"`) || !strings.Contains(out, `"nowhere" is not host:port`)) {
				t.Errorf("%s", out)
			}
		})
	}
}

// TestCheckAsJSON is one document with stable names.
func TestCheckAsJSON(t *testing.T) {
	out, _, err := run(t.Context(), "check", "--only", "config", "--json")
	if ExitCode(err) != ExitFailed {
		t.Fatal(err)
	}
	var doc struct {
		Worst    string         `json:"worst"`
		Counts   map[string]int `json:"counts"`
		Findings []struct {
			Code, Part, Subject, Level, What, Do string
		} `json:"findings"`
	}
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if doc.Worst != "fault" || doc.Counts["fault"] == 0 || doc.Findings[0].Code != "config.settings" || doc.Findings[0].Part != "config" || doc.Findings[0].Subject != "ingress" {
		t.Errorf("%s", out)
	}
}
