package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/cli"
)

// Flags are checked all at once, before anything is read or started.
func TestFlags(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	replay := "replay --target http://127.0.0.1:1 "
	tests := []struct{ args, want string }{
		{"demo --speed 0", "--speed 0: want a number from 1 to 1000"},
		{"demo --speed -1", "--speed -1: want a number from 1 to 1000"},
		{"demo --speed NaN", "--speed NaN: want a number from 1 to 1000"},
		{"demo --speed Inf", "--speed +Inf: want a number from 1 to 1000"},
		{"demo --speed 1001 --patience 0s", "--speed 1001: want a number from 1 to 1000\n--patience 0s: want 1ms or more"},
		{"demo --calls DIR/nowhere --tenants DIR/file", "--calls DIR/nowhere: there is no such folder\n--tenants DIR/file: is no folder"},
		{"demo --log DIR", "--log DIR: is a folder; name a file in it"},
		{"demo --log DIR/nowhere/log", "--log DIR/nowhere/log: there is no folder DIR/nowhere; make it first"},
		{"up --data DIR/file --port kafka=9101 --port redis", "--data DIR/file: is no folder\n--port redis: want NAME=PORT, as webhooks=8090\n--port ingress=9101: kafka has that port already"},
		{"topics --brokers 127.0.0.1:1 --partitions -3 --replicas 0", "--partitions -3: want a whole number from 1 to 2147483647\n--replicas 0: want a whole number from 1 to 32767"},
		{"up --speed 0", "--speed 0: want a number from 1 to 1000"},
		{"up --public-url https://calls.example.com", "--public-url: give --tenants, too; the samples' auth tokens are known to everybody"},
		{"up --tenants DIR --public-url http://calls.example.com", "--public-url http://calls.example.com: want https:// and a host, without a path; Twilio rings nothing else"},
		{"sandbox --listen sandbox --host http://x --webhooks ingress", "--listen sandbox: want an IP address, as 127.0.0.1 or 0.0.0.0\n" +
			"--host http://x: want a name or an address, without a port\n--webhooks ingress: want an http or https address, as http://127.0.0.1:8080"},
		{"sandbox --listen 0.0.0.0 --port health=8185 --port kafka=1", "--port there is no port \"kafka\": want one of salesforce, pubsub, speech, vertex, twilio, health\n" +
			"--port health=8185: twilio has that port already\n--host: give the name by which the services reach it; 0.0.0.0 is none"},
		{"ready http://127.0.0.1 tcp://127.0.0.1:1 http://127.0.0.1:1/x --timeout 0s", "--timeout 0s: want 1ms or more\n" +
			"http://127.0.0.1: want http://HOST:PORT, which is asked for /readyz, or tcp://HOST:PORT\n" +
			"http://127.0.0.1:1/x: want http://HOST:PORT, which is asked for /readyz, or tcp://HOST:PORT"},
		{
			"reconcile --config DIR/nowhere --since 169h --settle -1s --timeout 1ms --every 1m --json",
			"--since 169h0m0s: want at most 168h0m0s; the topics keep no more\n--settle -1s: want 0s or more\n--timeout 1ms: want 1s or more\n" +
				"--every: stays and prints nothing; leave out --json and --call",
		},
		{"replay --speed 0", "--target must be the http or https base of the webhooks, like http://127.0.0.1:8080\n--speed 0: want a number from 1 to 1000"},
		{
			replay + "--count -1 --concurrency -1 --duration -1s --doubled 2 --disorder NaN",
			"--count -1: want a number of 0 or more\n--concurrency -1: want a number of 0 or more\n--doubled 2: want a number from 0 to 1\n" +
				"--disorder NaN: want a number from 0 to 1\n--duration -1s: want 0s or more",
		},
		{replay + "--peak-calls-per-day 1000", "--count or --duration: one must bound a load that arrives by chance"},
		{replay + "--peak-calls-per-day Inf --share 0 --count 1", "--peak-calls-per-day +Inf: want a number of 0 or more\n--share 0: leaves no load; want more than 0"},
		{
			replay + "--listen here --register there",
			"--listen here: want host:port, as 127.0.0.1:0\n--register there: want an http or https address, as http://127.0.0.1:8185, or nothing",
		},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			root := cli.Root(&bytes.Buffer{}, &bytes.Buffer{})
			root.SetArgs(strings.Fields(strings.ReplaceAll(tt.args, "DIR", dir)))
			err := root.ExecuteContext(t.Context())
			if err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != tt.want {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			if cli.ExitCode(err) != cli.ExitUsage {
				t.Errorf("exits with %d", cli.ExitCode(err))
			}
		})
	}
}

// A mistake in a folder of calls, and one in its tenants, are told together, and nothing is started.
func TestMistakesInFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"one/call.yaml":        "from: +14155550123\nto: +19175550100\nhang_up: soon\n",
		"_tenants/broken.yaml": "version: 2\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) error {
		root := cli.Root(&bytes.Buffer{}, &bytes.Buffer{})
		root.SetArgs(args)
		return root.ExecuteContext(t.Context())
	}
	err := run("demo", "--calls", dir)
	for _, w := range []string{"tenants:\n", "broken.yaml", "calls:\n", `one/call.yaml:3:1: hang_up: "soon": want "ringing" or "question"`} {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("no %q in %v", w, err)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "_tenants")); err != nil {
		t.Fatal(err)
	}
	err = run("demo", "--calls", dir)
	for _, w := range []string{"one/call.yaml:2:1: to: no tenant owns +19175550100: dial one of +14155550100 (acme), ", "one/call.yaml:3:1: hang_up:"} {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("no %q in %v", w, err)
		}
	}
}
