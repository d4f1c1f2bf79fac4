package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// replayFlags are the flags of one replay.
type replayFlags struct {
	target, calls, tenants, listen, register string
	count, concurrency                       int
	peak, share, speed, doubled, disorder    float64
	duration                                 time.Duration
	seed                                     uint64
	asJSON                                   bool
}

func replay() *cobra.Command {
	var f replayFlags
	c := &cobra.Command{
		Use:   "replay",
		Short: "Be Twilio towards a deployment and send it calls",
		Long: "Rings the webhooks of any deployment that knows the tenants' numbers and auth tokens, plays calls over Media\n" +
			"Streams, sends some webhooks twice or out of order as Twilio does, and reports what came back.\n\n" +
			"With --peak-calls-per-day calls arrive by chance at the rate of the busy hour of such a day, times --share.\n" +
			"Against `frontdesk up` the calls are registered with its Twilio REST API, so that streams can be started anew;\n" +
			"for another deployment serve that API with --listen and point the tenants' twilio.api_base at it.",
		Example: "  frontdesk replay --target http://127.0.0.1:8080 --count 100 --speed 10\n" +
			"  frontdesk replay --target https://calls.example.com --peak-calls-per-day 50000 --share 0.1 --duration 10m --listen :8185",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := c.Flags()
	fs.StringVar(&f.target, "target", "", "base URL of the deployment's webhooks, as in ingress' public_url (required)")
	fs.StringVar(&f.calls, "calls", "", "folder of calls, or one call's folder; default the samples")
	fs.StringVar(&f.tenants, "tenants", "", "folder of the deployment's tenant files; default CALLS/_tenants if it exists, else the samples'")
	fs.IntVar(&f.count, "count", 0, "how many calls; default each call once, or no bound with --peak-calls-per-day")
	fs.IntVar(&f.concurrency, "concurrency", 0, "the most calls at once; 0 is no bound")
	fs.Float64Var(&f.peak, "peak-calls-per-day", 0, "shape of the load: calls on the busiest day")
	fs.Float64Var(&f.share, "share", 1, "share of that load, e.g. 0.1 to 0.2 beside real traffic")
	fs.Float64Var(&f.speed, "speed", 1, "how much faster than life")
	fs.DurationVar(&f.duration, "duration", 0, "how long new calls are placed; 0 is no bound but --count")
	fs.Float64Var(&f.doubled, "doubled", 0.02, "share of webhooks sent twice")
	fs.Float64Var(&f.disorder, "disorder", 0.05, "share of webhooks sent late")
	fs.StringVar(&f.listen, "listen", "127.0.0.1:0", "where to serve Twilio's REST API for these calls")
	fs.StringVar(&f.register, "register", "http://127.0.0.1:8185", "sandbox's Twilio REST API to make these calls known to; empty for none")
	fs.Uint64Var(&f.seed, "seed", 0, "seed of CallSids and of chance; 0 draws one")
	fs.BoolVar(&f.asJSON, "json", false, "print the report as JSON")
	return c
}

func (f *replayFlags) run(cmd *cobra.Command) error {
	base, err := f.base()
	if err != nil {
		return err
	}
	sample, err := f.load()
	if err != nil {
		return err
	}
	tenants, err := loadTenants(f.tenants, f.calls)
	if err != nil {
		return err
	}
	if f.seed == 0 {
		f.seed = rand.Uint64() //nolint:gosec // an id, not a secret
	}
	ctx := cmd.Context()
	carrier, err := twilio.Start(ctx, twilio.Config{
		Listen: f.listen, Accounts: allinone.Accounts(tenants, base), Speed: f.speed, Seed: f.seed,
		// Twilio stretches its tries over at most 15 s: 2, 4 and 8 s let a restart of the deployment pass.
		RetryPause: 2 * time.Second,
	})
	if err != nil {
		return fmt.Errorf("starting Twilio's side: %w", err)
	}
	defer func() { _ = carrier.Close() }() // every call has ended: nothing is left to fail
	stopJoining := f.join(ctx, carrier)
	defer stopJoining()
	bar := progressbar.NewOptions(max(f.count, -1), progressbar.OptionSetWriter(cmd.ErrOrStderr()), progressbar.OptionClearOnFinish())
	report, err := carrier.Run(ctx, twilio.Load{
		Calls: sample, Count: f.count, Duration: f.duration, PeakCallsPerDay: f.peak, Share: f.share, Speed: f.speed,
		Concurrency: f.concurrency, Doubled: f.doubled, Disorder: f.disorder, VaryCallers: true,
		Progress: func(p twilio.Progress) {
			bar.Describe(fmt.Sprintf("%d placed, %d under way, %d failed", p.Placed, p.Active, p.Failed))
			_ = bar.Set(p.Done) // a bar that can't be drawn stops nothing
		},
	})
	_ = bar.Clear() // as above
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("replaying: %w", err)
	}
	if f.asJSON {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		return enc.Encode(report) //nolint:wrapcheck // standard output
	}
	printReplay(cmd, report)
	return nil
}

func (f *replayFlags) base() (string, error) {
	u, err := url.Parse(f.target)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("--target must be the http or https base of the webhooks, like http://127.0.0.1:8080")
	}
	return strings.TrimRight(f.target, "/"), nil
}

// load reads the calls; a folder that is itself a call is one.
func (f *replayFlags) load() ([]*calls.Call, error) {
	if f.calls != "" {
		if _, err := os.Stat(f.calls); err != nil {
			return nil, fmt.Errorf("--calls: %w", err)
		}
		f.calls = filepath.Clean(f.calls)
	}
	return loadCalls(f.calls)
}

// join makes the carrier's calls known to the sandbox's Twilio REST API until the returned func is called.
func (f *replayFlags) join(ctx context.Context, carrier *twilio.Carrier) (stop func()) {
	if f.register == "" {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = carrier.Join(ctx, f.register) // it ends with ctx; a base that is away is asked again
	}()
	return func() { cancel(); <-done }
}

func printReplay(cmd *cobra.Command, r twilio.Report) {
	t := table.NewWriter()
	t.SetOutputMirror(cmd.OutOrStdout())
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"calls", ""})
	for _, row := range []table.Row{
		{"placed", r.Calls.Placed}, {"completed", r.Calls.Completed}, {"no answer", r.Calls.NoAnswer}, {"busy", r.Calls.Busy},
		{"failed", r.Calls.Failed}, {"answered by the fallback", r.Calls.Fallbacks}, {"most at once", r.PeakConcurrent},
	} {
		t.AppendRow(row)
	}
	t.AppendSeparator()
	for _, row := range []table.Row{
		{"webhooks sent", r.Webhooks.Sent}, {"tried again", r.Webhooks.Retried}, {"refused (4xx)", r.Webhooks.Refused},
		{"failed (5xx or no answer)", r.Webhooks.Failed}, {"sent twice on purpose", r.Webhooks.Doubled},
		{"sent late on purpose", r.Webhooks.HeldBack},
		{"latency p50 / p99 / max", fmt.Sprintf("%.0f / %.0f / %.0f ms", r.Webhooks.Latency.P50, r.Webhooks.Latency.P99, r.Webhooks.Latency.Max)},
	} {
		t.AppendRow(row)
	}
	t.AppendSeparator()
	for _, row := range []table.Row{
		{"streams started", r.Streams.Started}, {"of them over REST", r.Streams.ByREST}, {"broken", r.Streams.Failed},
		{"media messages", r.Streams.Messages}, {"frames discarded for a slow reader", r.Streams.Discarded},
		{"wall time", fmt.Sprintf("%.1f s at speed %g, seed %d", r.Seconds, r.Speed, r.Seed)},
	} {
		t.AppendRow(row)
	}
	for _, code := range slices.Sorted(maps.Keys(r.Errors)) {
		t.AppendRow(table.Row{"error " + code, r.Errors[code]})
	}
	t.Render()
}
