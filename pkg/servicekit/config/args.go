package config

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
)

// Probed are settings that say where their service answers probes, host:port. They give it the flag -ready.
type Probed interface{ AdminAddress() string }

// readyLimit is how long -ready waits for an answer.
const readyLimit = 3 * time.Second

// FromArgs is the start of every service's main: it parses the flags
//
//	-config FILE   settings in YAML
//	-check         validate, print "ok" or every fault, and exit
//	-print         print the settings, secrets masked, and exit
//	-ready         ask the service that runs on these settings whether it is ready, and exit; only if cfg is [Probed].
//	               For a container's health check, where there is nothing but this binary
//
// and loads cfg by [Load]. Then it asks checks, for what the settings name beside themselves (the tenants' files), so
// that what -check calls ok also starts; their faults come together with those of the settings. run is false when there
// is nothing left to do but exit: with code 0 if err is nil.
func FromArgs(ctx context.Context, args []string, prefix string, cfg any, out io.Writer, checks ...func() error) (run bool, err error) {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // the error says it
	path := fs.String("config", "", "settings in YAML; the environment ("+prefix+"_…) overrides it")
	check := fs.Bool("check", false, "validate the settings and exit")
	show := fs.Bool("print", false, "print the settings, secrets masked, and exit; 0 or nothing stands for a default")
	var ready bool
	probed, isProbed := cfg.(Probed)
	if isProbed {
		fs.BoolVar(&ready, "ready", false, "ask the service that runs on these settings whether it is ready, and exit")
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			printHelp(out, fs, prefix)
			return false, nil
		}
		return false, fmt.Errorf("reading the flags: %w; see -help", err)
	}
	if fs.NArg() > 0 {
		return false, fmt.Errorf("unexpected argument %q; see -help", fs.Arg(0))
	}
	faults := Load(cfg, prefix, *path)
	if *show && faults == nil {
		printSettings(out, reflect.ValueOf(cfg), "")
		return false, nil
	}
	if ready && faults == nil {
		return false, askReady(ctx, probed.AdminAddress(), out)
	}
	for _, c := range checks {
		faults = errors.Join(faults, c())
	}
	if faults != nil {
		return false, fmt.Errorf("wrong settings:\n%w", faults)
	}
	if *check {
		fmt.Fprintln(out, "ok")
	}
	return !*check, nil
}

func printHelp(out io.Writer, fs *flag.FlagSet, prefix string) {
	fmt.Fprintf(out, "Runs the service until it is told to stop. Settings come from -config and from the\n"+
		"environment: the key a.b_c is %s_A__B_C.\n\n", prefix)
	fs.SetOutput(out)
	fs.PrintDefaults()
	fmt.Fprint(out, "\nExit code: 0 after a signal to stop, or if what was asked for is so; 1 if flags or\nsettings are wrong, or something failed.\n")
}

func askReady(ctx context.Context, admin string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	if err := lifecycle.AskReady(ctx, admin); err != nil {
		return err //nolint:wrapcheck // it says whom it asked
	}
	fmt.Fprintln(out, "ready")
	return nil
}

// printSettings writes one "key: value" a line, in the order of the struct.
func printSettings(out io.Writer, v reflect.Value, prefix string) {
	v = reflect.Indirect(v)
	for f := range fields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("koanf"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		value := v.FieldByIndex(f.Index)
		if reflect.Indirect(value).Kind() == reflect.Struct && value.NumField() > 0 {
			printSettings(out, value, prefix+name+".")
			continue
		}
		fmt.Fprintf(out, "%s%s: %v\n", prefix, name, value.Interface())
	}
}
