package bench_test

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/bench"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/process"
	"github.com/frontdesk/frontdesk/samples"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// killed in the environment makes a service end by itself once it has begun.
const killed = "FRONTDESK_BENCH_TEST_KILLED"

// TestMain: the test binary is its own frontdesk, and serves the services that a bench starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == process.Command {
		if os.Getenv(killed) != "" {
			time.AfterFunc(time.Second, func() { os.Exit(137) })
		}
		if err := process.Serve(context.Background(), os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestEveryBenchMeasures: with a little of the load, each bench gets its services up, loses nothing and finds all of its figures. What
// they are is not looked at.
func TestEveryBenchMeasures(t *testing.T) {
	t.Parallel()
	tenants, err := fs.Sub(samples.FS, "tenants")
	if err != nil {
		t.Fatal(err)
	}
	known, err := calls.Load("../../../../samples/calls")
	if err != nil {
		t.Fatal(err)
	}
	// End-to-end needs calls that end within its window: of a short one a busy machine, on which all end a second late, leaves none.
	wants := map[string]struct {
		load    float64
		window  time.Duration
		figures int
	}{
		"ingress":    {0.05, time.Second, 14},
		"stt":        {0.05, time.Second, 3},
		"broker":     {0.05, time.Second, 3},
		"writer":     {0.01, time.Second, 23},
		"outage":     {0.01, time.Second, 7},
		"end-to-end": {0.2, 5 * time.Second, 8},
	}
	for _, b := range bench.All() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			want := wants[b.Name]
			got, err := b.Run(t.Context(), bench.Options{
				Window: want.window, Load: want.load, Speed: 20, Binary: os.Args[0], Samples: tenants, Calls: known, Tell: func(string) {},
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != want.figures {
				t.Errorf("%d figures, want %d", len(got), want.figures)
			}
			for _, f := range got {
				if f.Name == "" || f.Unit == "" || math.IsNaN(f.Value) || math.IsInf(f.Value, 0) || f.Value < 0 {
					t.Errorf("%+v", f)
				}
				if lost := f.Unit == "frames" || f.Name == "end-to-end: calls without a record" || f.Name == "outage: dead letters"; lost && f.Value != 0 {
					t.Errorf("%s: %v", f.Name, f.Value)
				}
			}
		})
	}
}

// TestAServiceThatEndsIsTold: a bench does not wait for ever for one that somebody, or the system for want of memory, has killed.
func TestAServiceThatEndsIsTold(t *testing.T) {
	tenants, err := fs.Sub(samples.FS, "tenants")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(killed, "1")
	t.Setenv("TMPDIR", t.TempDir()) // what is kept for a look at the logs
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = bench.Writer(ctx, bench.Options{Window: time.Second, Load: 0.01, Speed: 20, Binary: os.Args[0], Samples: tenants, Tell: func(string) {}})
	if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "crm-writer") || !strings.Contains(err.Error(), "ended") {
		t.Errorf("%v", err)
	}
}
