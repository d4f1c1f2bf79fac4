package stt_test

import (
	"bytes"
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
}

func (s settings) config() stt.Config {
	cfg := stt.Defaults()
	cfg.Kafka.Brokers, cfg.Tenants, cfg.Admin = s.Brokers, s.Tenants, "127.0.0.1:0"
	cfg.Pace.Speed = s.Speed
	cfg.Consume.Session, cfg.Consume.Heartbeat, cfg.Consume.Rebalance = 6*time.Second, 500*time.Millisecond, 6*time.Second
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
	_ = p.cmd.Wait()
}

// tenants writes the sample tenants into a folder, with their speech going to the stand-in.
func tenants(t *testing.T, endpoint string) string {
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
