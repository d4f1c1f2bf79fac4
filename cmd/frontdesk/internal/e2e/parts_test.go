package e2e_test

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/play"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/realparts"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

const (
	root    = "../../../../"
	samples = root + "samples/"
	// programs, libs and runs are where `make integration` puts what real parts are made of, and where each run has its folder.
	programs = root + ".cache/integration/bin"
	runs     = root + ".cache/integration/runs"
	// libsVariable names the folder of Kafka's jars.
	libsVariable = "FRONTDESK_KAFKA_LIBS"
	// speed is demo's.
	speed = 20
	// patience with a call that has ended; in a healthy run milliseconds.
	patience = 20 * time.Second
)

// stack is Frontdesk on whatever parts, and the stand-ins around it.
type stack interface {
	play.Stage
	Sources(log string) report.Sources
	Count(r *report.Report)
	Carrier() *twilio.Carrier
	Conn() *broker.Conn
	Close() error
}

// world is a running stack, and what a test needs beside it.
type world struct {
	stack
	// log is everything that the services have logged.
	log func() string
	// again stops everything that keeps its state over a restart, and starts it anew.
	again func() error
}

// start starts a stack whose stand-ins know the calls.
func start(t *testing.T, known []*calls.Call) *world {
	t.Helper()
	if setting == embedded {
		return startEmbedded(t, "", known)
	}
	return startReal(t, realparts.Options{Calls: known, Speed: speed})
}

// startToKeep is start, for a stack that will be restarted.
func startToKeep(t *testing.T, known []*calls.Call) *world {
	t.Helper()
	if setting == embedded {
		return startEmbedded(t, t.TempDir(), known)
	}
	return startReal(t, realparts.Options{Calls: known, Speed: speed})
}

func startEmbedded(t *testing.T, dataDir string, known []*calls.Call) *world {
	t.Helper()
	log := &syncBuffer{}
	w := &world{log: log.String}
	run := func() (err error) {
		w.stack, err = allinone.Start(t.Context(), allinone.Options{
			DataDir: dataDir, Tenants: tenants(t), Calls: known, Speed: speed,
			Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		}, func(string) {})
		return err
	}
	w.again = func() error { return cmp.Or(w.Close(), run()) }
	if err := run(); err != nil {
		t.Fatal(err)
	}
	return w
}

// realWorld is a world whose parts can be broken one by one.
type realWorld struct {
	*world
	parts *realparts.Stack
}

func startReal(t *testing.T, opts realparts.Options) *world {
	t.Helper()
	return startRealParts(t, opts).world
}

// startRealParts starts real parts in a folder of their own, which is kept if the test fails.
func startRealParts(t *testing.T, opts realparts.Options) *realWorld {
	t.Helper()
	opts.Dir = runFolder(t)
	opts.KafkaLibs, opts.Programs, opts.Tenants, opts.Secured = os.Getenv(libsVariable), programs, samples+"tenants", setting == secured
	began := time.Now()
	s, err := realparts.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("started in %.1f s", time.Since(began).Seconds())
	w := &world{stack: s, again: func() error { return s.Restart(t.Context()) }}
	w.log = func() string {
		text, err := s.Log()
		if err != nil {
			t.Error(err)
		}
		return text
	}
	return &realWorld{w, s}
}

func runFolder(t *testing.T) string {
	t.Helper()
	if err := os.MkdirAll(runs, 0o700); err != nil {
		t.Fatal(err)
	}
	_, name, _ := strings.Cut(t.Name(), "/")
	dir, err := os.MkdirTemp(runs, strings.ReplaceAll(name, "'", "")+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			path, _ := filepath.Abs(dir)
			t.Logf("settings, data and logs are kept in %s", path)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func (w *world) close(t *testing.T) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func (w *world) restart(t *testing.T) {
	t.Helper()
	if err := w.again(); err != nil {
		t.Fatal(err)
	}
}

// play plays calls and reports.
func (w *world) play(t *testing.T, all []*calls.Call, patience time.Duration) *report.Report {
	t.Helper()
	return w.report(t, play.All(t.Context(), w, all, patience, func(play.Progress) {}))
}

// report reports on calls that were played.
func (w *world) report(t *testing.T, played []report.Played) *report.Report {
	t.Helper()
	r, err := report.Make(t.Context(), w.Sources(w.log()), played)
	if err != nil {
		t.Fatal(err)
	}
	w.Count(r)
	return r
}

// rests waits until nothing more comes of calls that were played: a file, or a revision with the recording, comes after the record that
// play waits for.
func (w *world) rests(t *testing.T, played []report.Played) {
	t.Helper()
	until := time.Now().Add(patience)
	for _, p := range played {
		left := w.Rest(p.SID)
		var what string
		var err error
		if !wait(t.Context(), patience, func() bool {
			what, err = left(t.Context(), until)
			return err == nil && what == ""
		}) {
			t.Fatalf("%s still waits for %s: %v", p.Call.Name, what, err)
		}
	}
}

// wait looks until ok, at most for limit.
func wait(ctx context.Context, limit time.Duration, ok func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return ok()
		}
	}
	return true
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
