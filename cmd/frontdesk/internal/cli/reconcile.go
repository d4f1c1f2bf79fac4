package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/reconcile"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// reconcileFlags are the flags of one reconciliation.
type reconcileFlags struct {
	file, data, listen      string
	look                    reconcile.Options
	every                   time.Duration
	repair, asJSON, allThat bool
}

func reconcileCommand() *cobra.Command {
	f := reconcileFlags{look: reconcile.DefaultOptions()}
	c := &cobra.Command{
		Use:   "reconcile",
		Short: "Compare the carrier's calls, the topics and Salesforce, and say what is missing where and why",
		Long: "Lists the calls of each tenant's Twilio account, follows each through the topics, and asks Salesforce for the records\n" +
			"that it must have: by the tenant's own mapping, some thousand records a request. A call that has ended less than\n" +
			"--settle ago, is being tried again, or waits for a service that is behind, is under way. Dead letters are told with\n" +
			"their reason, and redriven with `frontdesk dlq`. Only what nothing will come of by itself counts as missing.\n\n" +
			"With --repair exactly that is sent again: a lost webhook's event on calls.lifecycle, under the id that the webhook would\n" +
			"have had; the rest to the retry topic of the one service that must do it again, which makes what is missing and leaves\n" +
			"what stands, with what people have changed there. What a person has deleted on purpose looks the same as what was\n" +
			"lost, and is made again, too: read the list first.\n\n" +
			"Against `frontdesk up` it needs no settings: it finds them in the data folder. Elsewhere Kafka and the folder of tenant\n" +
			"files come from --config or the environment (FRONTDESK_RECONCILE_KAFKA__BROKERS, FRONTDESK_RECONCILE_TENANTS, …).\n" +
			"With --every it stays, and tells by metrics on --listen how many calls are unaccounted for.\n\n" +
			"Exit code: 0 if nothing is missing, or all of it was sent again; 3 if something is missing; 1 if some source could not be\n" +
			"read, so that nobody knows, or the command was stopped; 2 if flags or settings are wrong.",
		Example: "  frontdesk reconcile --since 24h\n  frontdesk reconcile --tenant acme --repair\n" +
			"  frontdesk reconcile --config reconcile.yaml --every 15m --listen :9105",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := c.Flags()
	fs.DurationVar(&f.look.Since, "since", f.look.Since, "calls that began no longer ago, at most 168h: so long the topics keep them")
	fs.DurationVar(&f.look.Settle, "settle", f.look.Settle, "how long a call may rest between two stages before it counts as missing")
	fs.StringVar(&f.look.Tenant, "tenant", "", "id of the one tenant to look at; default all")
	fs.StringVar(&f.look.Call, "call", "", "id of the one call to look at (CallSid of its root leg); default all")
	fs.BoolVar(&f.repair, "repair", false, "send again what is missing")
	fs.BoolVar(&f.allThat, "all", false, "list what is under way, and what was dropped, too")
	fs.BoolVar(&f.asJSON, "json", false, "print one JSON document")
	fs.DurationVar(&f.look.Timeout, "timeout", f.look.Timeout, "how long one source may take")
	fs.DurationVar(&f.every, "every", 0, "stay, and look every so often")
	fs.StringVar(&f.listen, "listen", "", "host:port of probes and metrics, with --every; default the setting admin, 127.0.0.1:9105")
	fs.StringVar(&f.file, "config", "", "settings in YAML (kafka: …, tenants: …)")
	fs.StringVar(&f.data, "data", "frontdesk-data", "data folder of a running up, whose settings are taken where --config names none")
	return c
}

func (f *reconcileFlags) run(cmd *cobra.Command) error {
	cfg, tenants, err := f.settings(cmd)
	if err != nil {
		return err
	}
	f.look.Repair = f.repair
	ctx := cmd.Context()
	tel := telemetry.Discard()
	if f.every > 0 {
		var stop func(context.Context) error
		if tel, stop, err = telemetry.New(ctx, "reconcile", cfg.Telemetry, telemetry.Options{}); err != nil {
			return fmt.Errorf("preparing telemetry: %w", err)
		}
		defer func() {
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			_ = stop(last) // what could not be delivered is late anyway
		}()
	}
	desk, err := reconcile.Open(*cfg, tenants, tel)
	if err != nil {
		return usage(err)
	}
	defer func() { _ = desk.Close() }() // everything was answered: nothing is left to fail
	if f.every > 0 {
		return f.stay(ctx, desk, cmp.Or(f.listen, cfg.Admin), tel)
	}
	report, err := desk.Look(ctx, f.look)
	if stopped := interrupted(ctx); stopped != nil {
		return stopped
	}
	if err != nil {
		return fmt.Errorf("reading the topics: %w", err)
	}
	if err := f.print(cmd.OutOrStdout(), report); err != nil {
		return err
	}
	switch {
	case report.UnaccountedFor > 0:
		return ErrMissing
	case len(report.Unread) > 0:
		return ErrReported
	}
	return nil
}

// stay looks every so often, until it is told to stop.
func (f *reconcileFlags) stay(ctx context.Context, desk *reconcile.Desk, admin string, tel *telemetry.Telemetry) error {
	job, err := reconcile.NewJob(desk.Look, f.look, f.every, admin, tel) //nolint:contextcheck // opening a port waits for nobody
	if err != nil {
		return err //nolint:wrapcheck // it says what it could not open
	}
	tel.Log.InfoContext(ctx, "reconciliation runs", "admin", job.AdminAddr(), "every", f.every.String(), "repair", f.repair)
	return job.Run(ctx) //nolint:wrapcheck // it names what failed
}

// settings checks the flags, and reads the settings and the tenants' files.
func (f *reconcileFlags) settings(cmd *cobra.Command) (*reconcile.Config, *tenant.Set, error) {
	file, err := f.check(cmd.Flags().Changed("data"))
	if err != nil {
		return nil, nil, err
	}
	cfg := reconcile.Defaults()
	if err := config.Load(&cfg, "FRONTDESK_RECONCILE", file); err != nil {
		return nil, nil, usage(fmt.Errorf("wrong settings; name a file by --config, or the data folder of a running `frontdesk up` by --data:\n%w", err))
	}
	tenants, err := tenant.Load(cfg.Tenants)
	if err != nil {
		return nil, nil, usage(fmt.Errorf("wrong tenants:\n%w", err))
	}
	if f.look.Tenant != "" && tenants.ByID(f.look.Tenant) == nil {
		var ids []string
		for _, t := range tenants.All() {
			ids = append(ids, t.ID)
		}
		return nil, nil, usage(fmt.Errorf("--tenant %s: want one of %s", f.look.Tenant, strings.Join(ids, ", ")))
	}
	return &cfg, tenants, nil
}

// check checks the flags, and returns the file of settings: the one that is named, else that of a data folder; "" leaves all to the
// environment. named tells that the folder was named.
func (f *reconcileFlags) check(named bool) (file string, err error) {
	var faults flagFaults
	faults.duration("since", f.look.Since, time.Minute)
	if week := events.Insights.Retention; f.look.Since > week {
		faults.add("--since %v: want at most %v; the topics keep no more", f.look.Since, week)
	}
	faults.duration("settle", f.look.Settle, 0)
	faults.duration("timeout", f.look.Timeout, time.Second)
	faults.duration("every", f.every, 0)
	if f.every > 0 && (f.asJSON || f.look.Call != "") {
		faults.add("--every: stays and prints nothing; leave out --json and --call")
	}
	if f.file != "" {
		return f.file, faults.err()
	}
	file = filepath.Join(f.data, allinone.SettingsFolder, allinone.ReconcileSettings)
	if _, err := os.Stat(file); err != nil {
		if named {
			faults.add("--data %s: no `frontdesk up` has written %s", f.data, file)
		}
		file = ""
	}
	return file, faults.err()
}

func (f *reconcileFlags) print(w io.Writer, r *reconcile.Report) error {
	if f.asJSON {
		return writeJSON(w, r)
	}
	width := widthOf(w)
	return writeText(w, func(w io.Writer) { printReconciled(w, width, r, f) })
}

// redrive leads from a dead letter to what brings it back.
const redrive = "mend the cause, then redrive it: `frontdesk dlq list`"

// printReconciled prints the calls that are not all there, and adds up. width is the terminal's.
func printReconciled(w io.Writer, width int, r *reconcile.Report, o *reconcileFlags) {
	listed := slices.DeleteFunc(slices.Clone(r.Findings), func(f reconcile.Finding) bool {
		return !o.allThat && (f.Status == reconcile.UnderWay || f.Status == reconcile.Dropped)
	})
	if len(listed) > 0 {
		t := newTable(w)
		t.AppendHeader(table.Row{"call", "missing", "last seen", map[bool]string{true: "why, and what was done", false: "why, and what --repair would do"}[o.repair]})
		wide := [3]int{len("call"), len("missing"), len("last seen")}
		for _, f := range listed {
			row := table.Row{callOf(f), missingOf(f), f.LastSeen, whyOf(f)}
			t.AppendRow(row)
			for i, cell := range row[:3] {
				wide[i] = max(wide[i], text.LongestLineLen(fmt.Sprint(cell)))
			}
		}
		rest := width - 13 - wide[0] - wide[1] - wide[2] // 13 is the frame
		t.SetColumnConfigs([]table.ColumnConfig{{Number: 4, WidthMax: min(max(rest, 24), 80), WidthMaxEnforcer: foldLines}})
		t.Style().Options.SeparateRows = true
		t.Render()
	}
	for _, u := range r.Unread {
		fmt.Fprintf(w, "✗ %s of %s can't be read (%s): what it would tell is not known, and counts as nothing. See `frontdesk check --only %s --tenant %s`.\n",
			u.Source, u.Tenant, cmp.Or(u.Code, "no answer"), u.Source, u.Tenant)
	}
	fmt.Fprintf(w, "%s of the last %s: %d unaccounted for, %d sent again, %d dead letters, %d dropped, %d parked, %d under way.\n",
		counted(r.Calls, "call"), r.Until.Sub(r.Since), r.UnaccountedFor, r.Repaired, r.DeadLetters, r.Dropped, r.Parked, r.UnderWay)
	if o.look.Call != "" && r.Calls == 0 && len(r.Unread) == 0 {
		fmt.Fprintf(w, "Neither Twilio's list nor the topics have a call %s that began in that time; --since looks further back.\n", o.look.Call)
	}
	unlisted := 0
	for _, n := range r.Tenants {
		unlisted += n.Unlisted
	}
	if unlisted > 0 && len(r.Unread) == 0 {
		fmt.Fprintf(w, "In the topics and not in Twilio's list: %d of them; a sandbox lists the calls of a replay while it runs.\n", unlisted)
	}
	if r.Repaired > 0 {
		fmt.Fprintln(w, "What was sent again is under way now; reconcile once more to see it there.")
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// callOf is whose call it is, and when it ended, below its id.
func callOf(f reconcile.Finding) string {
	s := f.Call + "\n" + f.Tenant
	if f.Ended != nil {
		s += ", " + clock(*f.Ended)
	}
	return s
}

// missingOf is what is missing, a line each. The keys of a call's records begin with its id, which stands beside them.
func missingOf(f reconcile.Finding) string {
	if len(f.Records) == 0 {
		return f.Missing
	}
	var lines []string
	for _, r := range f.Records {
		if suffix, of := strings.CutPrefix(r.Key, f.Call+":"); of {
			r.Key = "…:" + suffix
		} else if r.Key == f.Call {
			r.Key = "of the call"
		}
		lines = append(lines, r.String())
	}
	return strings.Join(lines, "\n")
}

// foldLines folds each line of a cell for itself.
func foldLines(cell string, width int) string {
	lines := strings.Split(cell, "\n")
	for i, line := range lines {
		lines[i] = text.WrapSoft(line, width)
	}
	return strings.Join(lines, "\n")
}

// whyOf is why something is missing, and below it what is done about that.
func whyOf(f reconcile.Finding) string {
	if do := repairOf(f); do != "" {
		return f.Why + "\n→ " + do
	}
	return f.Why
}

func repairOf(f reconcile.Finding) string {
	switch {
	case f.Failed != "":
		return "failed: " + f.Failed
	case f.Repaired:
		return "done: " + f.Repair
	case f.Status == reconcile.DeadLetter:
		return redrive
	case f.Status != reconcile.Missing:
		return ""
	}
	return cmp.Or(f.Repair, "nothing that can be sent would help")
}
