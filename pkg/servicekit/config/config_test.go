package config_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
)

type settings struct {
	Kafka struct {
		Brokers []string `koanf:"brokers"`
		SASL    struct {
			Password config.Secret `koanf:"password"`
		} `koanf:"sasl"`
	} `koanf:"kafka"`
	Grace time.Duration `koanf:"grace"`
	Calls int           `koanf:"calls"`
	Share float64       `koanf:"share"`
	On    *bool         `koanf:"on"`
	Name  string        `koanf:"name"`
	Ports []int         `koanf:"ports"`
}

func (s *settings) Validate() error {
	var errs []error
	if len(s.Kafka.Brokers) == 0 {
		errs = append(errs, errors.New("kafka.brokers: empty"))
	}
	if s.Calls < 0 {
		errs = append(errs, errors.New("calls: negative"))
	}
	return errors.Join(errs...)
}

func defaults() *settings { return &settings{Grace: time.Minute, Calls: 5} }

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEnvironmentBeatsFileBeatsDefaults(t *testing.T) {
	t.Setenv("FD_KAFKA__BROKERS", "b:1,c:2")
	t.Setenv("FDX_OTHER", "not ours")
	t.Setenv("OTHER_SECRET", "s3cret")
	got := defaults()
	path := write(t, "kafka: {brokers: [a:1], sasl: {password: 'env:OTHER_SECRET'}}\ngrace: 5s\n")
	if err := config.Load(got, "FD", path); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got.Kafka.Brokers) != "[b:1 c:2]" || got.Grace != 5*time.Second || got.Calls != 5 ||
		got.Kafka.SASL.Password.Reveal() != "s3cret" {
		t.Errorf("loaded %+v", got)
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	t.Setenv("FD_KAFKA__BROKRES", "x")
	err := config.Load(defaults(), "FD", write(t, "grace: soon\ncals: 3\ncalls: many\n"))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`unknown key "cals"; did you mean "calls"?`, `FD_KAFKA__BROKRES: unknown key "kafka.brokres"; did you mean "kafka.brokers"?`,
		`settings.yaml: grace: "soon" is no duration`, "settings.yaml: calls: must be a whole number", "kafka.brokers: empty",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
}

// The environment has text only, a file has types.
func TestAFileIsHeldToItsTypes(t *testing.T) {
	for line, want := range map[string]string{
		"grace: 30":                       "grace: 30: a duration needs a unit, as in 30s",
		"grace: 1.5":                      "grace: 1.5: a duration needs a unit, as in 30s",
		`grace: "30"`:                     "grace: 30: a duration needs a unit, as in 30s",
		"calls: true":                     "calls: must be a whole number",
		`calls: "3"`:                      "calls: must be a whole number",
		"calls: 2.5":                      "calls: must be a whole number",
		"share: half":                     "share: must be a number",
		"on: 1":                           "on: must be true or false",
		"name: 7":                         "name: must be text; put it in quotes",
		"ports: 80":                       "ports: must be a list",
		"kafka: {sasl: {password: 8341}}": "kafka.sasl.password: must be text; put it in quotes",
	} {
		err := config.Load(defaults(), "FD", write(t, line+"\n"))
		if err == nil || !strings.Contains(err.Error(), "settings.yaml: "+want) || strings.Contains(err.Error(), "8341") {
			t.Errorf("%s: %v", line, err)
		}
	}
	got := defaults()
	if err := config.Load(got, "FD", write(t, "kafka: {brokers: 'a:1,b:2'}\ngrace: 0\ncalls: 3\nshare: 1\non: true\nname: x\nports: [80]\n")); err != nil {
		t.Fatal(err)
	}
	if len(got.Kafka.Brokers) != 2 || got.Grace != 0 || got.Calls != 3 || got.Share != 1 || !*got.On || got.Name != "x" || got.Ports[0] != 80 {
		t.Errorf("loaded %+v", got)
	}
}

func TestTheEnvironmentBecomesWhatIsAskedFor(t *testing.T) {
	for name, value := range map[string]string{
		"KAFKA__BROKERS": "a:1", "GRACE": "90s", "CALLS": "7", "SHARE": "0.5", "ON": "true", "NAME": "42", "PORTS": "80,81", "KAFKA__SASL__PASSWORD": "8341",
	} {
		t.Setenv("FD_"+name, value)
	}
	got := defaults()
	if err := config.Load(got, "FD", ""); err != nil {
		t.Fatal(err)
	}
	if got.Grace != 90*time.Second || got.Calls != 7 || got.Share != 0.5 || !*got.On || got.Name != "42" || fmt.Sprint(got.Ports) != "[80 81]" ||
		got.Kafka.SASL.Password.Reveal() != "8341" {
		t.Errorf("loaded %+v", got)
	}
	t.Setenv("FD_GRACE", "90")
	t.Setenv("FD_ON", "perhaps")
	err := config.Load(defaults(), "FD", "")
	for _, want := range []string{"FD_GRACE: grace: 90: a duration needs a unit", "FD_ON: on: must be true or false"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

func TestValidateRunsLast(t *testing.T) {
	err := config.Load(defaults(), "FD", write(t, "calls: -1\n"))
	if err == nil || !strings.Contains(err.Error(), "kafka.brokers: empty") || !strings.Contains(err.Error(), "calls: negative") {
		t.Errorf("err = %v", err)
	}
}

func TestCheckAndPrint(t *testing.T) {
	path := write(t, "kafka: {brokers: [a:1], sasl: {password: hunter2}}\n")
	for flag, want := range map[string]string{"-check": "ok\n", "-print": "kafka.sasl.password: ***\n"} {
		var out bytes.Buffer
		run, err := config.FromArgs(t.Context(), []string{"-config", path, flag}, "FD", defaults(), &out)
		if run || err != nil || !strings.Contains(out.String(), want) || strings.Contains(out.String(), "hunter2") {
			t.Errorf("%s: run %t, err %v, printed:\n%s", flag, run, err, out.String())
		}
	}
	if run, err := config.FromArgs(t.Context(), []string{"-config", path}, "FD", defaults(), &bytes.Buffer{}); !run || err != nil {
		t.Errorf("run %t, err %v", run, err)
	}
}

// TestHelpIsToldOnceAndOnRequest: a wrong flag is an error that leads to it, and prints nothing else.
func TestHelpIsToldOnceAndOnRequest(t *testing.T) {
	var out bytes.Buffer
	run, err := config.FromArgs(t.Context(), []string{"-help"}, "FD", defaults(), &out)
	for _, want := range []string{"FD_A__B_C", "-print", "Exit code: "} {
		if run || err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("run %t, err %v, no %q in:\n%s", run, err, want, out.String())
		}
	}
	out.Reset()
	if _, err := config.FromArgs(t.Context(), []string{"-chek"}, "FD", defaults(), &out); err == nil || !strings.Contains(err.Error(), "see -help") || out.Len() > 0 {
		t.Errorf("err %v, printed %q", err, out.String())
	}
}

func TestCheckAsksWhatTheSettingsName(t *testing.T) {
	bad := func() error { return errors.New("acme.yaml:1:1: version: must be 1") }
	for settings, want := range map[string][]string{
		"kafka: {brokers: [a:1]}\n": {"acme.yaml:1:1"},
		"calls: -1\n":               {"calls: negative", "acme.yaml:1:1"},
	} {
		for _, flags := range [][]string{nil, {"-check"}} {
			var out bytes.Buffer
			run, err := config.FromArgs(t.Context(), append([]string{"-config", write(t, settings)}, flags...), "FD", defaults(), &out, bad)
			if run || err == nil || out.Len() > 0 {
				t.Fatalf("%v: run %t, err %v, printed %q", flags, run, err, out.String())
			}
			for _, w := range want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("no %q in %v", w, err)
				}
			}
		}
	}
}

// probed are settings of a service that answers probes.
type probed struct {
	Admin string `koanf:"admin"`
}

func (p *probed) AdminAddress() string { return p.Admin }

// TestReadyAsksTheServiceThatRuns: with the settings of its environment, and without a look at what else they name.
func TestReadyAsksTheServiceThatRuns(t *testing.T) {
	var ready atomic.Bool
	srv := httptest.NewServer(lifecycle.Admin(http.NotFoundHandler(), func() (bool, []string) { return ready.Load(), []string{"kafka"} }))
	defer srv.Close()
	t.Setenv("FD_ADMIN", srv.Listener.Addr().String())
	ask := func() (string, error) {
		var out bytes.Buffer
		run, err := config.FromArgs(t.Context(), []string{"-ready"}, "FD", &probed{Admin: ":1"}, &out, func() error { return errors.New("asked for its tenants") })
		if run {
			t.Error("goes on to run")
		}
		return out.String(), err
	}
	if said, err := ask(); err == nil || said != "" || !strings.Contains(err.Error(), "it waits for kafka") {
		t.Errorf("%q, %v", said, err)
	}
	ready.Store(true)
	if said, err := ask(); err != nil || said != "ready\n" {
		t.Errorf("%q, %v", said, err)
	}
	if _, err := config.FromArgs(t.Context(), []string{"-ready"}, "FDN", defaults(), &bytes.Buffer{}); err == nil {
		t.Error("settings without an address have the flag")
	}
}

func TestSecretNeverPrints(t *testing.T) {
	s := config.Secret("hunter2")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s)
	for _, got := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %q", s, s, s, s), log.String()} {
		if strings.Contains(got, "hunter2") {
			t.Errorf("printed: %s", got)
		}
	}
	var empty config.Secret
	if err := empty.UnmarshalText([]byte("env:FD_NO_SUCH_VARIABLE")); err == nil {
		t.Error("a missing variable was accepted")
	}
}
