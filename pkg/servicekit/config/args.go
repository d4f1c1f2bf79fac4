package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// FromArgs is the start of every service's main: it parses the flags
//
//	-config FILE   settings in YAML
//	-check         validate, print "ok" or every fault, and exit
//	-print         print the effective settings, secrets masked, and exit
//
// and loads cfg by [Load]. Then it asks checks, for what the settings name beside themselves (the tenants' files), so
// that what -check calls ok also starts; their faults come together with those of the settings. run is false when there
// is nothing left to do but exit: with code 0 if err is nil.
func FromArgs(args []string, prefix string, cfg any, out io.Writer, checks ...func() error) (run bool, err error) {
	fs := flag.NewFlagSet(strings.ToLower(strings.ReplaceAll(prefix, "_", "-")), flag.ContinueOnError)
	fs.SetOutput(out)
	path := fs.String("config", "", "settings in YAML; the environment ("+prefix+"_…) overrides it")
	check := fs.Bool("check", false, "validate the settings and exit")
	show := fs.Bool("print", false, "print the effective settings, secrets masked, and exit")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return false, nil
		}
		return false, fmt.Errorf("reading the flags: %w", err)
	}
	if fs.NArg() > 0 {
		return false, fmt.Errorf("unexpected argument %q; see -help", fs.Arg(0))
	}
	faults := Load(cfg, prefix, *path)
	if *show && faults == nil {
		printSettings(out, reflect.ValueOf(cfg), "")
		return false, nil
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
