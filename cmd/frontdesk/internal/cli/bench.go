package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/bench"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/process"
	"github.com/frontdesk/frontdesk/samples"
)

// benchFlags are the flags of a bench.
type benchFlags struct {
	brokers         []string
	redis, profiles string
	window          time.Duration
	load            float64
	asJSON          bool
}

func benchmark() *cobra.Command {
	var f benchFlags
	var names, list []string
	for _, b := range bench.All() {
		names = append(names, b.Name)
		list = append(list, fmt.Sprintf("  %-12s %s", b.Name, b.Short))
	}
	c := &cobra.Command{
		Use:   "bench [" + strings.Join(names, "|") + "]...",
		Short: "Measure what the services cost, beside what is aimed for",
		Long: "Runs each service in a process of its own, on the embedded Kafka and Redis or on real ones, against the stand-ins for\n" +
			"the clouds, and prints what it costs. Without a name all of them are run:\n\n" + strings.Join(list, "\n") + "\n\n" +
			"Machines differ, and everything here shares one: trust processor seconds, requests and ratios before times.\n" +
			"Profiles (--profiles) are for `go tool pprof`.\n\n" +
			"Exit code: 0 if everything was measured, whether an aim was met or not; 1 if something failed or was stopped; 2 if\n" +
			"the flags are wrong.",
		Example: "  frontdesk bench\n  frontdesk bench writer --brokers 127.0.0.1:9092 --redis 127.0.0.1:6379 --profiles /tmp",
		Args:    cobra.OnlyValidArgs, ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := c.Flags()
	flags.StringSliceVar(&f.brokers, "brokers", nil, "host:port of a Kafka for this bench alone, a fresh one for each; default the embedded one")
	flags.StringVar(&f.redis, "redis", "", "host:port of a Redis for this bench alone; default the embedded one")
	flags.StringVar(&f.profiles, "profiles", "", "folder for a CPU profile of each service")
	flags.DurationVar(&f.window, "window", 20*time.Second, "how long each steady load is measured; in less than 10s calls that still begin weigh in")
	flags.Float64Var(&f.load, "load", 1, "share of each load, for a smaller machine; the aims are for 1")
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON document")
	return c
}

// machine is what was measured on.
type machine struct {
	CPUs int    `json:"cpus"`
	OS   string `json:"os"`
	Arch string `json:"arch"`
	Go   string `json:"go"`
}

// benchJSON is everything that was measured.
type benchJSON struct {
	Machine machine        `json:"machine"`
	Figures []bench.Figure `json:"figures"`
	Error   string         `json:"error,omitempty"`
}

func (f *benchFlags) run(cmd *cobra.Command, names []string) error {
	var faults flagFaults
	faults.duration("window", f.window, time.Second)
	faults.between("load", f.load, 0.001, 1)
	faults.folder("profiles", f.profiles)
	if err := faults.err(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	tenants, err := fs.Sub(samples.FS, "tenants")
	if err != nil {
		return fmt.Errorf("opening the sample tenants: %w", err)
	}
	played, err := folders{}.load()
	if err != nil {
		return err
	}
	notes := cmd.ErrOrStderr()
	opts := bench.Options{
		Brokers: f.brokers, Redis: f.redis, Window: f.window, Load: f.load, Speed: 1, Binary: self, Profiles: f.profiles, Samples: tenants, Calls: played.calls,
		Tell: func(what string) { fmt.Fprintln(notes, "measuring:", what) },
	}
	report := benchJSON{
		Machine: machine{runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version()},
		Figures: []bench.Figure{},
	}
	for _, b := range bench.All() {
		if len(names) > 0 && !slices.Contains(names, b.Name) {
			continue
		}
		figures, berr := b.Run(cmd.Context(), opts)
		report.Figures = append(report.Figures, figures...)
		if err = berr; err != nil {
			break
		}
	}
	if stopped := interrupted(cmd.Context()); stopped != nil {
		err = stopped
	}
	if f.asJSON {
		if err != nil {
			report.Error = err.Error()
		}
		return errors.Join(err, writeJSON(cmd.OutOrStdout(), report))
	}
	width := widthOf(cmd.OutOrStdout())
	return errors.Join(err, writeText(cmd.OutOrStdout(), func(w io.Writer) { printBench(w, width, report) }))
}

// printBench prints a table that is at most width wide, or 80.
func printBench(w io.Writer, width int, r benchJSON) {
	fmt.Fprintf(w, "%d processors, %s/%s, %s\n", r.Machine.CPUs, r.Machine.OS, r.Machine.Arch, r.Machine.Go)
	if len(r.Figures) == 0 {
		return
	}
	t := newTable(w)
	t.AppendHeader(table.Row{"figure", "measured", "aim", "unit", ""})
	// Beside figure and unit, columns and lines take 38.
	unit := 14
	if width >= 110 {
		unit = 28
	}
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 1, WidthMax: max(width, 80) - unit - 38, WidthMaxEnforcer: text.WrapSoft},
		{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight},
		{Number: 4, WidthMax: unit, WidthMaxEnforcer: text.WrapSoft},
	})
	t.SuppressEmptyColumns()
	for _, f := range r.Figures {
		verdict := ""
		switch {
		case f.Met == nil:
		case *f.Met:
			verdict = "met"
		default:
			verdict = "short"
		}
		t.AppendRow(table.Row{f.Name, significant(f.Value), f.Aim.String(), f.Unit, verdict})
	}
	t.Render()
}

// significant is v with three digits that say something.
func significant(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// serve runs one service, for those commands that want it in a process of its own.
func serve() *cobra.Command {
	return &cobra.Command{
		Use: process.Command + " SERVICE", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return process.Serve(cmd.Context(), args[0], cmd.InOrStdin(), cmd.OutOrStdout()) //nolint:wrapcheck // it says what it ran
		},
	}
}
