package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/play"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// demoFlags are the flags of one demo.
type demoFlags struct {
	folders
	logTo               string
	asJSON, keep, quiet bool
	speed               float64
	patience            time.Duration
}

func demo() *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use:   "demo",
		Short: "Play sample calls through the whole pipeline, in one process",
		Long: "Starts an embedded Kafka and Redis, strict stand-ins for Twilio, Google Speech, Vertex AI and Salesforce, and the\n" +
			"four services; plays calls through Twilio's protocols faster than life; prints what Salesforce then holds, and under\n" +
			"each call that came out otherwise than its call.yaml says what differs and why.\n\n" +
			"Exit code: 0 if all is as expected; 1 if a call is lost, doubled, leaked, dead-lettered or otherwise than expected,\n" +
			"or the run failed or was stopped; 2 if flags, calls or tenant files are wrong.",
		Example: "  frontdesk demo\n  frontdesk demo --calls my-calls\n  frontdesk demo --json | jq '.outcomes[] | select(.unmet != [])'",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := c.Flags()
	fs.StringVar(&f.calls, "calls", "", "folder of calls in the format of samples/README.md; default the samples")
	fs.StringVar(&f.tenants, "tenants", "", "folder of tenant files; default CALLS/_tenants if it exists, else the samples'")
	fs.BoolVar(&f.asJSON, "json", false, "print the report as one JSON document, also when the run fails (it then has an \"error\")")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "tell no progress; with --json it is told to a terminal only")
	fs.BoolVar(&f.keep, "keep", false, "stay up after the report and print where everything listens")
	fs.StringVar(&f.logTo, "log", "", "file for what the services have logged; default nowhere")
	fs.Float64Var(&f.speed, "speed", 20, "how much faster than life calls are played, 1 to 1000")
	fs.DurationVar(&f.patience, "patience", 15*time.Second,
		"the longest that a call that has ended is waited for; one of which nothing more can come is not waited for at all")
	return c
}

// run starts the stack, plays, prints. From here on a report is printed whatever happens.
func (f *demoFlags) run(cmd *cobra.Command) error {
	began := time.Now()
	in, err := f.load()
	if err != nil {
		return f.print(cmd, report.New(), err)
	}
	log, sample := &logBuffer{}, in.calls
	silent := f.quiet || f.asJSON && terminal(cmd.ErrOrStderr()) == nil
	if in.note != "" && !silent {
		fmt.Fprintln(cmd.ErrOrStderr(), in.note)
	}
	told := newProgress(cmd.ErrOrStderr(), len(sample), silent)
	stack, err := allinone.Start(cmd.Context(), allinone.Options{
		Tenants: in.tenants, Calls: sample, Speed: f.speed, Replay: f.folders.replay(),
		Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, func(what string) { told.at(0, "starting: "+what) })
	if err != nil {
		told.end()
		return f.print(cmd, report.New(), notStarted(cmd.Context(), err))
	}
	r, err := f.play(cmd.Context(), stack, sample, log, told)
	r.WallSeconds = time.Since(began).Seconds()
	err = f.print(cmd, r, err)
	if f.keep && cmd.Context().Err() == nil {
		printEndpoints(cmd.ErrOrStderr(), stack.Endpoints(), onLoopback)
		fmt.Fprintln(cmd.ErrOrStderr(), "Up until you press Ctrl-C.")
		err = alsoTell(cmd, err, untilStopped(cmd.Context(), stack))
	}
	return alsoTell(cmd, err, stack.Close())
}

// alsoTell tells of an error that came after the report. What the command fails with stays what it was, if anything.
func alsoTell(cmd *cobra.Command, err, after error) error {
	if after == nil {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "frontdesk:", after)
	return cmp.Or(err, ErrReported)
}

// load checks the flags and reads what they name.
func (f *demoFlags) load() (found, error) {
	var faults flagFaults
	faults.folder("calls", f.calls)
	faults.folder("tenants", f.tenants)
	faults.newFile("log", f.logTo)
	faults.speed(f.speed)
	faults.duration("patience", f.patience, time.Millisecond)
	if err := faults.err(); err != nil {
		return found{}, err
	}
	return f.folders.load()
}

// play plays the calls and reports on them; the report is never nil, and holds what came before an error.
func (f *demoFlags) play(ctx context.Context, stack *allinone.Stack, sample []*calls.Call, log *logBuffer, told progress) (*report.Report, error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		select {
		case err := <-stack.Done():
			ended <- byItself(err)
			stop() // nothing will come of what is still under way
		case <-running.Done():
		}
	}()
	played := play.All(running, stack, sample, f.patience, func(p play.Progress) { told.at(p.Settled, glance(p)) })
	told.end()
	var errs []error
	select {
	case err := <-ended:
		errs = append(errs, err)
	default:
	}
	if f.logTo != "" {
		if err := os.WriteFile(f.logTo, []byte(log.String()), 0o600); err != nil {
			errs = append(errs, fmt.Errorf("keeping the services' log: %w", err))
		}
	}
	// What was played before a signal is reported all the same.
	reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	r, err := report.Make(reading, stack.Sources(log.String()), played)
	stack.Count(r)
	return r, cmp.Or(interrupted(ctx), errors.Join(append(errs, err)...))
}

// glance says in a line what is going on.
func glance(p play.Progress) string {
	what := fmt.Sprintf("%d under way", len(p.Playing))
	if len(p.Waiting) == 0 {
		return what
	}
	first := p.Waiting[0]
	what += fmt.Sprintf("; %s waits for %s", first.Call, first.For)
	if more := len(p.Waiting) - 1; more > 0 {
		what += fmt.Sprintf(", %d more wait", more)
	}
	return what
}

// print writes the report, with err as its own: as JSON always, for people if there is anything to tell. What it returns is left to
// say.
func (f *demoFlags) print(cmd *cobra.Command, r *report.Report, err error) error {
	if err != nil {
		r.Error = err.Error()
	}
	switch {
	case f.asJSON:
		err = errors.Join(err, writeJSON(cmd.OutOrStdout(), r))
	case len(r.Outcomes) > 0:
		// The report tells of err.
		err = writeText(cmd.OutOrStdout(), func(w io.Writer) { r.Print(w, widthOf(cmd.OutOrStdout())) })
	}
	if err == nil && !r.Passed() {
		return ErrReported
	}
	return err
}

// untilStopped waits for a signal, or for a service that ends by itself: that is an error.
func untilStopped(ctx context.Context, stack *allinone.Stack) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-stack.Done():
		return byItself(err)
	}
}

// byItself is an error though the service had none.
func byItself(err error) error {
	if err == nil {
		return errors.New("a service ended by itself, without an error")
	}
	if full, ok := errors.AsType[*allinone.FullError](err); ok {
		return full
	}
	return fmt.Errorf("a service ended by itself: %w", err)
}

// logBuffer keeps what the services log, for the search for what must not stand there.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p) //nolint:wrapcheck // a buffer has no errors
}

// String is everything logged so far.
func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
