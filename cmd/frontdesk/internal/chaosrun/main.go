// Command chaosrun breaks Frontdesk in every way that on-call will meet, on a real Kafka and Redis with two processes of each service,
// while people call; and tells what became of each call. `make chaos` and `make chaos-short` run it.
//
// Exit code: 0 if nothing was lost, doubled, out of order or otherwise than it must be; 1 if anything was, or the run could not be made;
// 2 if the flags are wrong.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/chaos"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/figures"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// faultsOfSeed is how many faults a schedule has.
const (
	faultsOfSeed  = 30
	faultsOfShort = 12
)

func main() {
	debug.SetGCPercent(400) // memory is there, and processors are shared with those who are looked at
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	flag.StringVar(&o.libs, "libs", os.Getenv("FRONTDESK_KAFKA_LIBS"), "folder of Kafka's jars")
	flag.StringVar(&o.programs, "programs", ".cache/integration/bin", "folder of the services' and frontdesk's programs")
	flag.StringVar(&o.samples, "samples", "samples", "folder of sample calls and tenants")
	flag.StringVar(&o.dir, "dir", ".cache/chaos", "folder in which the run gets one of its own for settings, data and logs; it is removed if nothing is wrong")
	flag.StringVar(&o.json, "json", "", "file for the whole report; default chaos.json in the folder")
	flag.StringVar(&o.docs, "docs", "", "Markdown file whose table between <!-- chaos --> and <!-- /chaos --> is written anew if nothing is wrong")
	flag.StringVar(&o.seeds, "seeds", "", "seeds of the schedules, with commas; default so many drawn ones as -draw says")
	flag.IntVar(&o.draw, "draw", 3, "how many seeds to draw where none are given")
	flag.IntVar(&o.count, "count", 0, "faults of a schedule; default 30, in the short form 12")
	flag.IntVar(&o.atOnce, "calls", 300, "calls under way at once")
	flag.StringVar(&o.only, "only", "", "faults to be tried alone, by a part of their names, with commas; default all")
	flag.BoolVar(&o.short, "short", false, "one schedule of the most important faults, and none alone")
	flag.StringVar(&o.log, "log", "info", "log level of the services")
	flag.StringVar(&o.profile, "profile", "", "file for a CPU profile of the stand-ins, for `go tool pprof`")
	flag.Parse()
	if flag.NArg() > 0 || o.libs == "" || o.atOnce < 1 {
		fmt.Fprintln(os.Stderr, "usage: chaosrun -libs DIR [-seeds N,N] [-only NAME,NAME] [-short] …; chaosrun -h tells the rest")
		os.Exit(2)
	}
	cfg, err := o.config()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaosrun:", err)
		os.Exit(2)
	}
	if err := o.run(ctx, cfg); err != nil {
		fmt.Fprintln(os.Stderr, "chaosrun:", err)
		os.Exit(1)
	}
}

type options struct {
	libs, programs, samples, dir, json, docs, seeds, only, log, profile string
	draw, count, atOnce                                                 int
	short                                                               bool
}

func (o *options) config() (chaos.Config, error) {
	all, err := calls.Load(o.samples + "/calls")
	if err != nil {
		return chaos.Config{}, err //nolint:wrapcheck // it names file and line
	}
	cfg := chaos.Config{
		Dir: o.dir, KafkaLibs: o.libs, Programs: o.programs, Tenants: o.samples + "/tenants", Samples: all, AtOnce: o.atOnce,
		Each: chaos.Faults(), Drawn: chaos.Faults(), Count: faultsOfSeed, LogLevel: o.log, Tell: tell(),
	}
	if o.short {
		cfg.Each, cfg.Drawn, cfg.Count, cfg.Brief, o.draw = nil, chaos.Important(), faultsOfShort, true, 1
	}
	if o.count > 0 {
		cfg.Count = o.count
	}
	if o.only != "" {
		cfg.Each = chosen(o.only)
		if o.seeds == "" {
			o.draw = 0
		}
		if len(cfg.Each) == 0 && o.only != "none" {
			return cfg, fmt.Errorf("no fault has a name with %q", o.only)
		}
	}
	for text := range strings.SplitSeq(o.seeds, ",") {
		if text == "" {
			continue
		}
		seed, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return cfg, fmt.Errorf("-seeds: %q is no number from 0 to 18446744073709551615", text)
		}
		cfg.Seeds = append(cfg.Seeds, seed)
	}
	for len(cfg.Seeds) < o.draw && o.seeds == "" {
		cfg.Seeds = append(cfg.Seeds, rand.Uint64N(1_000_000)+1) //nolint:gosec // any will do, and people type it
	}
	return cfg, nil
}

// chosen are the faults whose names have one of some parts.
func chosen(only string) []chaos.Fault {
	var out []chaos.Fault
	for _, f := range chaos.Faults() {
		for part := range strings.SplitSeq(only, ",") {
			if strings.Contains(f.Name(), strings.TrimSpace(part)) {
				out = append(out, f)
				break
			}
		}
	}
	return out
}

// tell prints how the run goes on, a line each, with the time since its beginning.
func tell() func(string, ...any) {
	var mu sync.Mutex
	began := time.Now()
	return func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(os.Stderr, "%6.1f s  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
}

func (o *options) run(ctx context.Context, cfg chaos.Config) error {
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	var err error
	if o.dir, err = os.MkdirTemp(o.dir, time.Now().UTC().Format("0102-1504-")); err != nil {
		return fmt.Errorf("making the run's folder: %w", err)
	}
	cfg.Dir = o.dir
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return fmt.Errorf("making the profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("profiling: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	cfg.Tell("%d faults alone, then %d each by the seeds %v; the same seeds make the same schedules", len(cfg.Each), cfg.Count, cfg.Seeds)
	report, err := chaos.Run(ctx, cfg)
	if err != nil {
		report.Error = err.Error()
	}
	return o.end(report, report.Table(), report.Total.Violations, err, fmt.Sprintf("again: -seeds %v", cfg.Seeds))
}

// end writes and prints a report, and removes the run's folder if nothing is wrong.
func (o *options) end(report any, table string, wrong []string, err error, again string) error {
	text, jerr := json.MarshalIndent(report, "", "  ")
	file := o.json
	if file == "" {
		file = o.dir + "/chaos.json"
	}
	err = errors.Join(err, jerr, os.WriteFile(file, append(text, '\n'), 0o600))
	fmt.Fprintln(os.Stdout, table)
	if err != nil {
		return fmt.Errorf("%w; settings, data and logs are kept in %s", err, o.dir)
	}
	if len(wrong) > 0 {
		for _, v := range wrong {
			fmt.Fprintln(os.Stdout, "wrong:", v)
		}
		return fmt.Errorf("%d things are wrong; settings, data, logs and the trail of each such call are kept in %s, the report is %s; %s", len(wrong), o.dir, file, again)
	}
	if o.docs != "" {
		if err := figures.Keep(o.docs, "chaos", table); err != nil {
			return err //nolint:wrapcheck // it names the file
		}
	}
	if o.json == "" {
		return nil // the report is all that is left to look at
	}
	return os.RemoveAll(o.dir) //nolint:wrapcheck // it names the folder
}
