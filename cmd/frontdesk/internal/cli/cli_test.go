package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", path, got)
	}
}

// run runs a command line.
func run(ctx context.Context, args ...string) (out, notes string, err error) {
	var o, n bytes.Buffer
	root := Root(&o, &n)                      //nolint:contextcheck // commands are given ctx below
	root.SetArgs(append([]string{}, args...)) // nil would be the test's own
	err = root.ExecuteContext(ctx)
	return o.String(), n.String(), err
}

func TestExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no command":        {nil, 0, ""},
		"help":              {[]string{"demo", "--help"}, 0, ""},
		"unknown command":   {[]string{"demmo"}, ExitUsage, `there is no command "demmo" (did you mean demo?); see frontdesk --help`},
		"unknown flag":      {[]string{"up", "--nope"}, ExitUsage, "see frontdesk up --help"},
		"unknown argument":  {[]string{"demo", "x"}, ExitUsage, "see frontdesk demo --help"},
		"wrong flag":        {[]string{"demo", "--speed", "0"}, ExitUsage, "--speed"},
		"no such folder":    {[]string{"demo", "--calls", "/nowhere/at/all"}, ExitUsage, "/nowhere/at/all"},
		"no target":         {[]string{"replay"}, ExitUsage, "--target"},
		"no data folder":    {[]string{"up", "--data", ""}, ExitUsage, "--data: want a folder"},
		"below a file":      {[]string{"up", "--data", "testdata/replay.txt/data"}, ExitUsage, "--data: making the folder: mkdir testdata/replay.txt: not a directory"},
		"no brokers":        {[]string{"topics"}, ExitUsage, "--brokers: name at least one host:port"},
		"no broker":         {[]string{"topics", "--brokers", "kafka"}, ExitUsage, `"kafka" is not host:port`},
		"no data of up":     {[]string{"reconcile", "--data", "/nowhere/at/all"}, ExitUsage, "--data /nowhere/at/all: no `frontdesk up` has written"},
		"dead letters":      {[]string{"dlq"}, 0, ""},
		"no such dead end":  {[]string{"dlq", "lost"}, ExitUsage, `there is no command "lost" (did you mean list?); see frontdesk dlq --help`},
		"no id":             {[]string{"dlq", "show", "--brokers", "127.0.0.1:1"}, ExitUsage, "name an id, or choose by --code"},
		"a wrong id":        {[]string{"dlq", "show", "12", "--brokers", "127.0.0.1:1"}, ExitUsage, `"12" is no id of a dead letter: want PARTITION-OFFSET`},
		"bytes unrevealed":  {[]string{"dlq", "show", "1-2", "--raw", "--brokers", "127.0.0.1:1"}, ExitUsage, "--raw: bytes hold personal data"},
		"a wrong time":      {[]string{"dlq", "list", "--since", "monday", "--brokers", "127.0.0.1:1"}, ExitUsage, "--since monday: want a time"},
		"all of them":       {[]string{"dlq", "redrive", "--yes", "--brokers", "127.0.0.1:1"}, ExitUsage, "name ids, or choose by"},
		"nobody to ask":     {[]string{"dlq", "redrive", "1-2", "--brokers", "127.0.0.1:1"}, ExitUsage, "--yes: nobody can be asked here"},
		"no reason":         {[]string{"dlq", "drop", "1-2", "--yes", "--brokers", "127.0.0.1:1"}, ExitUsage, "--reason: say why"},
		"nobody's letters":  {[]string{"dlq", "list"}, ExitUsage, "--brokers: name at least one host:port"},
		"version":           {[]string{"--version"}, 0, ""},
		"a folder of none":  {[]string{"demo", "--calls", "testdata"}, ExitUsage, "holds no calls"},
		"a broker far away": {[]string{"topics", "--brokers", "127.0.0.1:1"}, ExitFailed, "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if c.code == ExitFailed {
				var cancel context.CancelFunc
				ctx, cancel = context.WithCancel(ctx)
				cancel()
			}
			_, _, err := run(ctx, c.args...)
			if ExitCode(err) != c.code || c.says != "" && (err == nil || c.code == ExitUsage && !strings.Contains(err.Error(), c.says)) {
				t.Errorf("exit code %d: %v; want %d: %s", ExitCode(err), err, c.code, c.says)
			}
		})
	}
}

func TestHelpTellsTheExitCodes(t *testing.T) {
	for _, command := range []string{"demo", "replay", "up", "topics", "sandbox", "ready", "reconcile", "dlq list", "dlq show", "dlq redrive", "dlq drop"} {
		out, _, err := run(t.Context(), append(strings.Fields(command), "--help")...)
		if err != nil || !strings.Contains(out, "Exit code: 0") || !strings.Contains(strings.ReplaceAll(out, "\n", " "), "; 2 if flags") {
			t.Errorf("%s --help: %v\n%s", command, err, out)
		}
	}
}

// TestHelpNamesTheKindOfAFlag: pflag takes what stands between backquotes in a flag's help for the name of its value.
func TestHelpNamesTheKindOfAFlag(t *testing.T) {
	out, _, err := run(t.Context(), "reconcile", "--help")
	if err != nil || !strings.Contains(out, "--data string") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestJSONIsOneDocumentWhateverHappens: what reads standard output needs no case for a run that failed.
func TestJSONIsOneDocumentWhateverHappens(t *testing.T) {
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		args []string
	}{
		"wrong calls":            {t.Context(), []string{"demo", "--json", "--calls", "testdata"}},
		"stopped at the start":   {stopped, []string{"demo", "--json"}},
		"no target":              {t.Context(), []string{"replay", "--json"}},
		"stopped before replay":  {stopped, []string{"replay", "--json", "--target", "http://127.0.0.1:1", "--register", ""}},
		"no brokers":             {t.Context(), []string{"topics", "--json"}},
		"wrong partitions":       {t.Context(), []string{"topics", "--json", "--brokers", "127.0.0.1:1", "--partitions", "0"}},
		"stopped before topics":  {stopped, []string{"topics", "--json", "--brokers", "127.0.0.1:1"}},
		"dlq list":               {stopped, []string{"dlq", "list", "--json", "--brokers", "127.0.0.1:1"}},
		"dlq show":               {stopped, []string{"dlq", "show", "1-2", "--json", "--brokers", "127.0.0.1:1"}},
		"dlq redrive":            {stopped, []string{"dlq", "redrive", "1-2", "--json", "--yes", "--brokers", "127.0.0.1:1"}},
		"dlq drop unasked":       {t.Context(), []string{"dlq", "drop", "1-2", "--json", "--reason", "x", "--brokers", "127.0.0.1:1"}},
		"no folder of calls yet": {t.Context(), []string{"replay", "--json", "--target", "http://127.0.0.1:1", "--calls", "/nowhere/at/all"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, notes, err := run(c.ctx, c.args...)
			var doc struct {
				Error string `json:"error"`
			}
			d := json.NewDecoder(strings.NewReader(out))
			if derr := d.Decode(&doc); derr != nil || doc.Error == "" || d.More() || err == nil {
				t.Errorf("%v, %v: %q", err, derr, out)
			}
			if notes != "" {
				t.Errorf("told progress to no terminal: %q", notes)
			}
		})
	}
}

func TestPrintReplay(t *testing.T) {
	r := replayReport{Report: twilio.Report{
		Seed: 7, Speed: 10, Seconds: 12.34, PeakConcurrent: 12, Recordings: 3, Dispositions: 1, ConsentReports: 2,
		Calls: twilio.CallCounts{Placed: 20, Completed: 17, NoAnswer: 1, Failed: 2, Fallbacks: 1},
		Webhooks: twilio.WebhookCounts{
			Sent: 200, Retried: 3, Refused: 1, Doubled: 4, HeldBack: 9, Answers: map[string]int{"204": 150, "200": 52, "403": 1, "none": 4},
			Latency: twilio.Latency{P50: 1.2, P99: 14, Max: 35}, Twiml: twilio.Latency{P50: 2, P99: 12, Max: 13},
		},
		Streams: twilio.StreamCounts{Started: 18, ByREST: 1, Stopped: 17, Failed: 1, Messages: 12345, Discarded: 0},
		Errors:  map[string]int{"11205": 4, "31903": 1, "99999": 1},
	}}
	var b bytes.Buffer
	r.print(&b)
	golden(t, "replay.txt", b.String())
	if r.delivered() {
		t.Error("two calls failed and a webhook was refused")
	}
	r.Webhooks.Answers = map[string]int{"none": 4}
	b.Reset()
	if r.print(&b); !strings.Contains(b.String(), "--target") {
		t.Errorf("nobody is told to look at the address:\n%s", b.String())
	}
}

func TestPrintEndpoints(t *testing.T) {
	var b bytes.Buffer
	printEndpoints(&b, []stage.Endpoint{
		{Part: "Kafka", Address: "127.0.0.1:9092", Try: "kcat -b 127.0.0.1:9092 -L"},
		{
			Part: "Salesforce", Tenant: "acme", Address: "http://127.0.0.1:8181",
			Credentials: []stage.Credential{{Name: "user", Value: "admin@acme.example"}, {Name: "password", Value: "sandbox"}},
		},
	}, onLoopback)
	golden(t, "endpoints.txt", b.String())
}

// full is a disk that is.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// anyPorts lets up run beside whatever runs on this machine.
func anyPorts(args ...string) []string {
	for _, name := range new(allinone.Ports).List().Names() {
		args = append(args, "--port", name+"=0")
	}
	return args
}

// TestWhatCantBePrintedIsAFailure: whoever reads the exit code only would take it for a report without faults.
func TestWhatCantBePrintedIsAFailure(t *testing.T) {
	for name, args := range map[string][]string{
		"demo":    {"demo", "-q", "--calls", "../../../../samples/calls/hangs-up-at-once"},
		"up":      anyPorts("up", "--data", t.TempDir()),
		"version": {"--version"},
	} {
		t.Run(name, func(t *testing.T) {
			root := Root(full{}, io.Discard)
			root.SetArgs(args)
			err := root.ExecuteContext(t.Context())
			if !errors.Is(err, syscall.ENOSPC) || ExitCode(err) != ExitFailed {
				t.Errorf("exit code %d: %v", ExitCode(err), err)
			}
		})
	}
}

// onceSaid calls do when a line is written that begins like it.
type onceSaid struct {
	line string
	do   func()
}

func (o onceSaid) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), o.line) {
		o.do()
	}
	return len(p), nil
}

// TestAnInterruptedStartSaysSo: and not what the interruption has broken.
func TestAnInterruptedStartSaysSo(t *testing.T) {
	for _, step := range []string{"broker", "stand-ins for the clouds", "topics", "services"} {
		t.Run(step, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var out bytes.Buffer
			root := Root(&out, onceSaid{"starting: " + step, cancel}) //nolint:contextcheck // it is given ctx below
			root.SetArgs(anyPorts("up", "--data", t.TempDir()))
			err := root.ExecuteContext(ctx)
			if err == nil || err.Error() != "interrupted" || ExitCode(err) != ExitFailed || out.Len() > 0 {
				t.Errorf("exit code %d: %v, printed %q", ExitCode(err), err, out.String())
			}
		})
	}
}

// TestUpWithOwnTenants: it starts without a call, says so, and offers no replay that could not be made.
func TestUpWithOwnTenants(t *testing.T) {
	for name, c := range map[string]struct {
		args         []string
		note, replay string
	}{
		"none of the samples' numbers": {[]string{"--tenants", ownTenant(t, "+12095550100")}, "no sample call dials a number of these tenants", ""},
		"one of the samples' numbers":  {[]string{"--tenants", ownTenant(t, "+13125550101")}, "1 of the 19 sample calls dial", "--tenants"},
		"no calls yet":                 {[]string{"--calls", t.TempDir()}, "holds no calls", ""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var out, notes bytes.Buffer
			root := Root(&out, io.MultiWriter(&notes, onceSaid{"The services log to", cancel})) //nolint:contextcheck // it is given ctx below
			root.SetArgs(anyPorts(append([]string{"up", "--data", t.TempDir()}, c.args...)...))
			if err := root.ExecuteContext(ctx); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(notes.String(), c.note) {
				t.Errorf("told %q", notes.String())
			}
			if got := strings.Contains(out.String(), "frontdesk replay"); got != (c.replay != "") || !strings.Contains(out.String(), c.replay) {
				t.Errorf("printed\n%s", out.String())
			}
		})
	}
}
