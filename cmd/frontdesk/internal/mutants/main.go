// Command mutants breaks the code in ways that would break the product's promise, one at a time, and runs the
// tests that must notice. Run it from the repository's root, or by make mutants.
//
// The tree is never touched: Go takes each broken file from an overlay. A mutant is caught when its tests compile
// and fail. The command ends with 1 when a mutant survives, when one does not compile or no longer finds what it is to
// change, and when the tests are not green without any.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"text/tabwriter"
	"time"
)

func main() {
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	only := flag.String("only", "", "run the mutants whose names match this regular expression")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *only, *asJSON)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// verdict on a mutant.
type verdict struct {
	Mutant string `json:"mutant"`
	File   string `json:"file"`
	Suite  string `json:"suite"`
	// Verdict is caught, survived or broken: it does not apply or compile.
	Verdict string  `json:"verdict"`
	Seconds float64 `json:"seconds"`
	// Output of what went wrong; empty for one that is caught.
	Output string `json:"output,omitempty"`
}

func run(ctx context.Context, out io.Writer, only string, asJSON bool) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("--only: %w", err)
	}
	chosen := slices.DeleteFunc(slices.Clone(mutants), func(m mutant) bool { return !wanted.MatchString(m.name) })
	if len(chosen) == 0 {
		return fmt.Errorf("no mutant's name matches %q", only)
	}
	if err := green(ctx, chosen); err != nil {
		return err
	}
	verdicts := make([]verdict, 0, len(chosen))
	for _, m := range chosen {
		began := time.Now()
		v := verdict{Mutant: m.name, File: m.file, Suite: m.suite.String()}
		v.Verdict, v.Output = m.try(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("stopped: %w", ctx.Err())
		}
		v.Seconds = time.Since(began).Round(100 * time.Millisecond).Seconds()
		verdicts = append(verdicts, v)
		fmt.Fprintf(os.Stderr, "%s: %s\n", m.name, v.Verdict)
	}
	if err := report(out, verdicts, asJSON); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	alive := slices.DeleteFunc(verdicts, func(v verdict) bool { return v.Verdict == caught })
	if len(alive) > 0 {
		return fmt.Errorf("%d of %d mutants were not caught", len(alive), len(chosen))
	}
	return nil
}

// green runs every suite without a mutant, each package once.
func green(ctx context.Context, chosen []mutant) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return fmt.Errorf("making room for the tests: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // it is the system's temporary folder
	tests := map[string][]string{}
	var packages []string
	for _, m := range chosen {
		if tests[m.suite.pkg] == nil {
			packages = append(packages, m.suite.pkg)
		}
		tests[m.suite.pkg] = append(tests[m.suite.pkg], m.suite.tests...)
	}
	for _, pkg := range packages {
		slices.Sort(tests[pkg])
		s := suite{pkg, slices.Compact(tests[pkg])}
		if output, err := s.run(ctx, dir, ""); err != nil {
			return fmt.Errorf("%s is not green without a mutant: %w\n%s", s, err, output)
		}
	}
	return nil
}

func report(out io.Writer, verdicts []verdict, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(verdicts) //nolint:wrapcheck // run says what failed
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MUTANT\tSUITE\tVERDICT\tSECONDS")
	for _, v := range verdicts {
		fmt.Fprintf(table, "%s\t%s\t%s\t%.1f\n", v.Mutant, v.Suite, v.Verdict, v.Seconds)
	}
	if err := table.Flush(); err != nil {
		return err //nolint:wrapcheck // run says what failed
	}
	for _, v := range verdicts {
		if v.Output != "" {
			fmt.Fprintf(out, "\n%s: %s\n%s\n", v.Mutant, v.Verdict, v.Output)
		}
	}
	return nil
}
