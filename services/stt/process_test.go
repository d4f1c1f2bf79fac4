package stt_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/stt"
)

// processEnv holds the settings of a service that the test binary is to be instead of running tests: only a
// process of its own can be killed.
const processEnv = "FRONTDESK_STT_TEST_PROCESS"

func TestMain(m *testing.M) {
	if cfg := os.Getenv(processEnv); cfg != "" {
		if err := serve(cfg); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// settings are what a process is told of a test's.
type settings struct {
	Brokers []string
	Tenants string
	Speed   float64
	// Client is the process's name at the broker.
	Client string
	// Session of the group, 6 s if it is 0: a real broker's least, and the embedded one takes less.
	Session time.Duration
	// InProduction leaves the group's times at their defaults.
	InProduction bool
	// MaxTaken and MaxTakenBytes bound what a partition holds; 0 leaves them at their defaults.
	MaxTaken, MaxTakenBytes int
}

func (s settings) config() stt.Config {
	cfg := stt.Defaults()
	cfg.Kafka.Brokers, cfg.Tenants, cfg.Admin = s.Brokers, s.Tenants, "127.0.0.1:0"
	cfg.Pace.Speed = s.Speed
	cfg.Kafka.ClientID = cmp.Or(s.Client, cfg.Kafka.ClientID)
	if !s.InProduction {
		cfg.Consume.Session = cmp.Or(s.Session, 6*time.Second)
		cfg.Consume.Heartbeat, cfg.Consume.Rebalance = min(500*time.Millisecond, cfg.Consume.Session/5), cfg.Consume.Session
		cfg.Consume.Drain = min(cfg.Consume.Session/3, 2*time.Second)
	}
	cfg.Consume.MaxTaken = cmp.Or(s.MaxTaken, cfg.Consume.MaxTaken)
	cfg.Consume.MaxTakenBytes = cmp.Or(s.MaxTakenBytes, cfg.Consume.MaxTakenBytes)
	cfg.Telemetry.LogLevel = "debug"
	return cfg
}

func serve(told string) error {
	var s settings
	if err := json.Unmarshal([]byte(told), &s); err != nil {
		return err
	}
	cfg := s.config()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	tenants, err := tenant.Load(cfg.Tenants)
	if err != nil {
		return err
	}
	tel, flush, err := telemetry.New(ctx, "stt", cfg.Telemetry, telemetry.Options{})
	if err != nil {
		return err
	}
	service, err := stt.New(ctx, cfg, tenants, tel)
	if err != nil {
		return err
	}
	defer flush(context.WithoutCancel(ctx))
	return service.Run(ctx)
}

// process is a service in a process of its own.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	mu  sync.Mutex
	log bytes.Buffer

	once sync.Once
	err  error
}

// Write implements io.Writer: what the process logs.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func spawn(t *testing.T, s settings) *process {
	t.Helper()
	told, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.CommandContext(context.Background(), os.Args[0])}
	p.cmd.Env = append(os.Environ(), processEnv+"="+string(told))
	p.cmd.Stderr, p.cmd.Stdout = p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill() })
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	p.wait()
}

// term is SIGTERM. It returns when the process has ended, which must be in order and within its grace.
func (p *process) term() {
	p.t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Error(err)
	}
	late := time.AfterFunc(stt.Defaults().Grace, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	if err := p.wait(); err != nil {
		p.t.Errorf("the process ended %s after SIGTERM with %v:\n%s", time.Since(began), err, p.logged())
	}
}

// wait waits for the end, once.
func (p *process) wait() error {
	p.once.Do(func() { p.err = p.cmd.Wait() })
	return p.err
}

// tenants writes the sample tenants into a folder, with their speech going to the stand-in of each.
func tenants(t *testing.T, endpoint func(file string) string) string {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob("../../samples/tenants/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no sample tenants: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		endpoint := endpoint(filepath.Base(f))
		out := strings.ReplaceAll(string(b), "speech: {provider: googlespeech,", fmt.Sprintf("speech: {provider: googlespeech, endpoint: %q, insecure: true,", endpoint))
		if !strings.Contains(out, endpoint) {
			t.Fatalf("%s has no speech that could be pointed at the stand-in", f)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
