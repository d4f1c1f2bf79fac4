package cli

import (
	"encoding/json"
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
			"way and the sandbox's Salesforce stand in the data folder and survive a restart, also after kill -9.",
		Example: "  frontdesk up --data frontdesk-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sample, err := loadCalls(callsDir)
			if err != nil {
				return err
			}
			tenants, err := loadTenants(tenantsDir, callsDir)
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
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(stack.Endpoints())
			} else {
				stack.PrintEndpoints(cmd.OutOrStdout())
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "The services log to", logPath+". Up until you press Ctrl-C.")
			select {
			case <-cmd.Context().Done():
				fmt.Fprintln(cmd.ErrOrStderr(), "Calls under way are heard out, at most 25 s; a second Ctrl-C ends at once, and the next start goes on.")
			case ended := <-stack.Done():
				err = errors.Join(err, fmt.Errorf("a service ended by itself: %w", ended))
			}
			return errors.Join(err, stack.Close())
		},
	}
	f := c.Flags()
	f.StringVar(&data, "data", "frontdesk-data", "folder for everything that survives a restart")
	f.StringVar(&callsDir, "calls", "", "folder of calls that the sandbox shall know beside the samples' format; default the samples")
	f.StringVar(&tenantsDir, "tenants", "", "folder of tenant files; default CALLS/_tenants if it exists, else the samples'")
	f.BoolVar(&asJSON, "json", false, "print the endpoints as JSON")
	f.Float64Var(&speed, "speed", 20, "the fastest that calls will be replayed; recognition is paced by it")
	return c
}
