package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// replayFlags are the flags of one replay.
type replayFlags struct {
	folders
	target, listen, register              string
	count, concurrency                    int
	peak, share, speed, doubled, disorder float64
	duration                              time.Duration
	seed                                  uint64
	asJSON, quiet                         bool
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
			"for another deployment serve that API with --listen and point the tenants' twilio.api_base at it.\n\n" +
			"Exit code: 0 if every call and webhook was delivered; 1 if any was refused or failed in the end, or answered by the\n" +
			"fallback, or the replay was stopped; 2 if flags, calls or tenant files are wrong.",
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
	fs.Float64Var(&f.speed, "speed", 1, "how much faster than life, 1 to 1000")
	fs.DurationVar(&f.duration, "duration", 0, "how long new calls are placed; 0 is no bound but --count")
	fs.Float64Var(&f.doubled, "doubled", 0.02, "share of webhooks sent twice")
	fs.Float64Var(&f.disorder, "disorder", 0.05, "share of webhooks sent late")
	fs.StringVar(&f.listen, "listen", "127.0.0.1:0", "where to serve Twilio's REST API for these calls")
	fs.StringVar(&f.register, "register", "http://127.0.0.1:8185", "sandbox's Twilio REST API to make these calls known to; empty for none")
	fs.Uint64Var(&f.seed, "seed", 0, "seed of CallSids and of chance; 0 draws one")
	fs.BoolVar(&f.asJSON, "json", false, "print the report as one JSON document, also when the replay fails (it then has an \"error\")")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "tell no progress; with --json it is told to a terminal only")
	return c
}

// run prints a report once the flags are right, as JSON whatever happens then.
func (f *replayFlags) run(cmd *cobra.Command) error {
	r, err := f.replay(cmd)
	if err = cmp.Or(interrupted(cmd.Context()), err); err != nil {
		r.Error = err.Error()
	}
	switch {
	case f.asJSON:
		err = errors.Join(err, writeJSON(cmd.OutOrStdout(), r))
	case r.Calls.Placed > 0:
		err = errors.Join(err, writeText(cmd.OutOrStdout(), r.print))
	}
	if err == nil && !r.delivered() {
		return ErrReported
	}
	return err
}

// replay places the calls; its report holds what came before an error.
func (f *replayFlags) replay(cmd *cobra.Command) (replayReport, error) {
	base, err := f.base()
	if err := usage(errors.Join(err, f.check())); err != nil {
		return replayReport{}, err
	}
	in, err := f.load()
	if err != nil {
		return replayReport{}, err
	}
	if f.seed == 0 {
		f.seed = rand.Uint64() //nolint:gosec // an id, not a secret
	}
	ctx := cmd.Context()
	carrier, err := twilio.Start(ctx, twilio.Config{
		Listen: f.listen, Accounts: stage.Accounts(in.tenants, base), Speed: f.speed, Seed: f.seed,
		// Twilio stretches its tries over at most 15 s: 2, 4 and 8 s let a restart of the deployment pass.
		RetryPause: 2 * time.Second,
	})
	if err != nil {
		return replayReport{}, fmt.Errorf("starting Twilio's side: %w", err)
	}
	defer func() { _ = carrier.Close() }() // every call has ended: nothing is left to fail
	stopJoining := f.join(ctx, carrier)
	defer stopJoining()
	total := f.count
	if total == 0 && f.peak == 0 && f.duration == 0 {
		total = len(in.calls)
	}
	silent := f.quiet || f.asJSON && terminal(cmd.ErrOrStderr()) == nil
	if in.note != "" && !silent {
		fmt.Fprintln(cmd.ErrOrStderr(), in.note)
	}
	told := newProgress(cmd.ErrOrStderr(), total, silent)
	report, err := carrier.Run(ctx, twilio.Load{
		Calls: in.calls, Count: f.count, Duration: f.duration, PeakCallsPerDay: f.peak, Share: f.share, Speed: f.speed,
		Concurrency: f.concurrency, Doubled: f.doubled, Disorder: f.disorder, VaryCallers: true,
		Progress: func(p twilio.Progress) {
			told.at(p.Done, fmt.Sprintf("%d placed, %d under way, %d failed", p.Placed, p.Active, p.Failed))
		},
	})
	told.end()
	if err != nil && ctx.Err() == nil {
		return replayReport{Report: report}, fmt.Errorf("replaying: %w", err)
	}
	return replayReport{Report: report}, nil
}

func (f *replayFlags) base() (string, error) {
	u, err := url.Parse(f.target)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("--target must be the http or https base of the webhooks, like http://127.0.0.1:8080")
	}
	return strings.TrimRight(f.target, "/"), nil
}

// check tells what is wrong with the flags, all at once.
func (f *replayFlags) check() error {
	var faults flagFaults
	faults.folder("calls", f.calls)
	faults.folder("tenants", f.tenants)
	faults.atLeast("count", float64(f.count), 0)
	faults.atLeast("concurrency", float64(f.concurrency), 0)
	faults.atLeast("peak-calls-per-day", f.peak, 0)
	faults.between("share", f.share, 0, 1)
	faults.speed(f.speed)
	faults.between("doubled", f.doubled, 0, 1)
	faults.between("disorder", f.disorder, 0, 1)
	faults.duration("duration", f.duration, 0)
	if f.peak > 0 && f.share == 0 {
		faults.add("--share 0: leaves no load; want more than 0")
	}
	if f.peak > 0 && f.count == 0 && f.duration == 0 {
		faults.add("--count or --duration: one must bound a load that arrives by chance")
	}
	if _, _, err := net.SplitHostPort(f.listen); err != nil {
		faults.add("--listen %s: want host:port, as 127.0.0.1:0", f.listen)
	}
	if u, err := url.Parse(f.register); f.register != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		faults.add("--register %s: want an http or https address, as http://127.0.0.1:8185, or nothing", f.register)
	}
	return faults.err()
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
