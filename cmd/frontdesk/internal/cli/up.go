package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
)

func up() *cobra.Command {
	var (
		data, callsDir, tenantsDir string
		asJSON                     bool
		speed                      float64
	)
	c := &cobra.Command{
		Use:   "up",
		Short: "Run the whole pipeline on this machine, on fixed ports, until stopped",
		Long: "The same as demo, long-lived: it prints where each part listens and with which credentials. Topics, calls under\n" +
			"way and the sandbox's Salesforce stand in the data folder and survive a restart, also after kill -9.\n\n" +
			"Exit code: 0 after Ctrl-C; 1 if it can't start, say for a taken port, or a service ends by itself; 2 if flags, calls or\n" +
			"tenant files are wrong.",
		Example: "  frontdesk up --data frontdesk-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var faults flagFaults
			faults.folder("calls", callsDir)
			faults.folder("tenants", tenantsDir)
			faults.speed(speed)
			if err := faults.err(); err != nil {
				return err
			}
			sample, tenants, err := loadSamples(callsDir, tenantsDir)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(data, 0o700); err != nil {
				return fmt.Errorf("making the data folder: %w", err)
			}
			logPath := filepath.Join(data, "services.log")
			logFile, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // the user names his own data folder
			if err != nil {
				return fmt.Errorf("opening the services' log: %w", err)
			}
			defer logFile.Close()
			stack, err := allinone.Start(cmd.Context(), allinone.Options{
				DataDir: data, Ports: allinone.FixedPorts(), Tenants: tenants, Calls: sample, Speed: speed,
				Log: slog.New(slog.NewJSONHandler(logFile, nil)),
			}, func(what string) { fmt.Fprintln(cmd.ErrOrStderr(), "starting:", what) })
			if err != nil {
				return err //nolint:wrapcheck // it says what was being started
			}
			if asJSON {
				err = writeJSON(cmd.OutOrStdout(), stack.Endpoints())
			} else {
				printEndpoints(cmd.OutOrStdout(), stack.Endpoints())
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "The services log to", logPath+". Up until you press Ctrl-C.")
			if ended := untilStopped(cmd.Context(), stack); ended != nil {
				err = errors.Join(err, ended)
			} else {
				fmt.Fprintln(cmd.ErrOrStderr(), "Calls under way are heard out, at most 25 s; a second Ctrl-C ends at once, and the next start goes on.")
			}
			return errors.Join(err, stack.Close())
		},
	}
	f := c.Flags()
	f.StringVar(&data, "data", "frontdesk-data", "folder for everything that survives a restart")
	f.StringVar(&callsDir, "calls", "", "folder of calls that the sandbox shall know beside the samples' format; default the samples")
	f.StringVar(&tenantsDir, "tenants", "", "folder of tenant files; default CALLS/_tenants if it exists, else the samples'")
	f.BoolVar(&asJSON, "json", false, "print the endpoints as JSON")
	f.Float64Var(&speed, "speed", 20, "the fastest that calls will be replayed, 1 to 1000; recognition is paced by it")
	return c
}
