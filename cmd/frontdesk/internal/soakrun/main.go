// Command soakrun runs Frontdesk for long on a real Kafka and Redis, with two processes of each service, under a fifth of a day's busy
// hour played faster than life, and tells what grew, what waited and what became of each call. `make soak` runs it.
//
// Exit code: 0 if everything holds that must; 1 if anything does not, or the run could not be made; 2 if the flags are wrong.
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
	"path/filepath"
	"syscall"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/figures"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/soak"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// options are the flags that are not the soak's own.
type options struct{ samples, dir, json, docs string }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var (
		o   options
		cfg soak.Config
	)
	flag.StringVar(&cfg.KafkaLibs, "libs", os.Getenv("FRONTDESK_KAFKA_LIBS"), "folder of Kafka's jars")
	flag.StringVar(&cfg.Programs, "programs", ".cache/integration/bin", "folder of the services' and frontdesk's programs")
	flag.StringVar(&o.samples, "samples", "samples", "folder of sample calls and tenants")
	flag.StringVar(&o.dir, "dir", ".cache/soak", "folder in which the run gets one of its own for settings, data and logs; they are removed if everything holds")
	flag.StringVar(&o.json, "json", "", "file for the whole report; default soak.json in the folder of -dir")
	flag.StringVar(&o.docs, "docs", "", "Markdown file whose text between <!-- soak --> and <!-- /soak --> is written anew if everything holds")
	flag.DurationVar(&cfg.Duration, "duration", 30*time.Minute, "how long new calls are placed")
	flag.Float64Var(&cfg.Speed, "speed", 5, "how much faster than life, 1 to 1000")
	flag.DurationVar(&cfg.Stall, "stall", time.Minute, "how long Salesforce answers nothing in the middle; 0 is not at all")
	flag.Uint64Var(&cfg.Seed, "seed", 0, "seed of CallSids and of chance; 0 draws one")
	flag.Parse()
	if err := cfg.Validate(); err != nil || flag.NArg() > 0 || cfg.KafkaLibs == "" {
		fmt.Fprintln(os.Stderr, errors.Join(err, errors.New("usage: soakrun -libs DIR [-duration 30m] [-speed 5] [-seed N] …; soakrun -h tells the rest")))
		os.Exit(2)
	}
	if cfg.Seed == 0 {
		cfg.Seed = rand.Uint64N(1_000_000) + 1 //nolint:gosec // any will do, and people type it
	}
	began := time.Now()
	cfg.Tell = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1f s  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	if err := o.run(ctx, cfg); err != nil {
		fmt.Fprintln(os.Stderr, "soakrun:", err)
		os.Exit(1)
	}
}

func (o *options) run(ctx context.Context, cfg soak.Config) (err error) {
	cfg.Tenants = filepath.Join(o.samples, "tenants")
	if cfg.Calls, err = calls.Load(filepath.Join(o.samples, "calls")); err != nil {
		return err //nolint:wrapcheck // it names file and line
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	if cfg.Dir, err = os.MkdirTemp(o.dir, time.Now().UTC().Format("0102-1504-")); err != nil {
		return fmt.Errorf("making the run's folder: %w", err)
	}
	report, err := soak.Run(ctx, cfg)
	if err != nil {
		report.Error = err.Error()
	}
	text, jerr := json.MarshalIndent(report, "", "  ")
	file := o.json
	if file == "" {
		file = filepath.Join(o.dir, "soak.json")
	}
	err = errors.Join(err, jerr, os.WriteFile(file, append(text, '\n'), 0o600))
	if err != nil {
		return fmt.Errorf("%w; settings, data and logs are kept in %s, what was found in %s", err, cfg.Dir, file)
	}
	fmt.Fprintln(os.Stdout, report.Text())
	if !report.Passed() {
		return fmt.Errorf("not everything holds; settings, data and logs are kept in %s, the report is %s; again: -seed %d", cfg.Dir, file, cfg.Seed)
	}
	if o.docs != "" {
		if err := figures.Keep(o.docs, "soak", report.Text()); err != nil {
			return err //nolint:wrapcheck // it names the file
		}
	}
	return os.RemoveAll(cfg.Dir) //nolint:wrapcheck // it names the folder
}
