package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/play"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
)

func demo() *cobra.Command {
	var (
		callsDir, tenantsDir string
		asJSON, keep         bool
		speed                float64
		logTo                string
		patience             time.Duration
	)
	c := &cobra.Command{
		Use:   "demo",
		Short: "Play sample calls through the whole pipeline, in one process",
		Long: "Starts an embedded Kafka and Redis, strict stand-ins for Twilio, Google Speech, Vertex AI and Salesforce, and the\n" +
			"four services; plays calls through Twilio's protocols faster than life; prints what Salesforce then holds.\n" +
			"Exits with 1 when a call is lost, doubled, leaked or not as its call.yaml expects.",
		Example: "  frontdesk demo\n  frontdesk demo --calls my-calls --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			began := time.Now()
			sample, err := loadCalls(callsDir)
			if err != nil {
				return err
			}
			tenants, err := loadTenants(tenantsDir, callsDir)
			if err != nil {
				return err
			}
			log := &logBuffer{}
			bar := newBar(cmd, len(sample))
			stack, err := allinone.Start(cmd.Context(), allinone.Options{
				Tenants: tenants, Calls: sample, Speed: speed,
				Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			}, func(what string) { bar.Describe("starting: " + what) })
			if err != nil {
				return err //nolint:wrapcheck // it says what was being started
			}
			defer func() { err = errors.Join(err, stack.Close()) }()
			played, unmet := play.All(cmd.Context(), stack, sample, patience, func(done int, running []string) {
				bar.Describe(fmt.Sprintf("%d calls under way", len(running)))
				_ = bar.Set(done) // a bar that can't be drawn stops nothing
			})
			_ = bar.Clear() // as above
			if logTo != "" {
				if err := os.WriteFile(logTo, []byte(log.String()), 0o600); err != nil {
					return fmt.Errorf("keeping the services' log: %w", err)
				}
			}
			r, err := report.Make(cmd.Context(), stack.Sources(log.String()), played, unmet)
			if err != nil {
				return err //nolint:wrapcheck // it says what it read
			}
			stack.Count(r)
			r.WallSeconds = time.Since(began).Seconds()
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				err = enc.Encode(r)
			} else {
				r.Print(cmd.OutOrStdout())
			}
			if err != nil {
				return fmt.Errorf("printing the report: %w", err)
			}
			if keep {
				stack.PrintEndpoints(cmd.OutOrStderr())
				fmt.Fprintln(cmd.ErrOrStderr(), "Up until you press Ctrl-C.")
				<-cmd.Context().Done()
			}
			if !r.Passed() {
				return ErrReported
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&callsDir, "calls", "", "folder of calls in the format of samples/README.md; default the samples")
	f.StringVar(&tenantsDir, "tenants", "", "folder of tenant files; default CALLS/_tenants if it exists, else the samples'")
	f.BoolVar(&asJSON, "json", false, "print the report as JSON")
	f.BoolVar(&keep, "keep", false, "stay up after the report and print where everything listens")
	f.StringVar(&logTo, "log", "", "file for what the services have logged; default nowhere")
	f.Float64Var(&speed, "speed", 20, "how much faster than life calls are played")
	f.DurationVar(&patience, "patience", 15*time.Second, "how long a call that has ended may take to stand in Salesforce as expected")
	return c
}

func newBar(cmd *cobra.Command, calls int) *progressbar.ProgressBar {
	return progressbar.NewOptions(calls,
		progressbar.OptionSetWriter(cmd.ErrOrStderr()), progressbar.OptionSetWidth(30), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
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
