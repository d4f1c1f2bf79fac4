package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
)

// upFlags are the flags of one all-in-one.
type upFlags struct {
	folders
	data   string
	public string
	ports  []string
	asJSON bool
	speed  float64
}

func up() *cobra.Command {
	var f upFlags
	c := &cobra.Command{
		Use:   "up",
		Short: "Run the whole pipeline on this machine, on fixed ports, until stopped",
		Long: "The same as demo, long-lived: it prints where each part listens and with which credentials. Topics, calls under\n" +
			"way and the sandbox's Salesforce stand in the data folder and survive a restart, also after kill -9. With less than\n" +
			"64 MB left there all of it stops in order, before anything is lost.\n\n" +
			"Exit code: 0 after Ctrl-C; 1 if it can't start, say for a taken port, a Ctrl-C stops the start, the data folder is\n" +
			"full, or a service ends by itself; 2 if flags, calls or tenant files are wrong.",
		Example: "  frontdesk up --data frontdesk-data\n  frontdesk up --tenants my-tenants --port webhooks=8090 --port redis=0\n" +
			"  frontdesk up --tenants my-tenants --public-url https://calls.example.com --speed 1",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := c.Flags()
	fs.StringVar(&f.data, "data", "frontdesk-data", "folder for everything that survives a restart")
	fs.StringVar(&f.calls, "calls", "", "folder of calls that the sandbox's recogniser shall know; default those samples that dial a number of the tenants")
	fs.StringVar(&f.tenants, "tenants", "", "folder of tenant files; default CALLS/_tenants if it exists, else the samples'")
	fs.StringArrayVar(&f.ports, "port", nil, "another port for a part, as `NAME=PORT`, 0 for a free one; may be given for each of "+
		strings.Join(new(allinone.Ports).List().Names(), ", ")+" (the last five are the services' probes and metrics, and reconciliation's)")
	fs.StringVar(&f.public, "public-url", "", "https address by which a real Twilio number reaches the webhooks, through a tunnel or gateway; with "+
		"--tenants, whose files have the account and its auth token")
	fs.BoolVar(&f.asJSON, "json", false, "print the endpoints as JSON")
	fs.Float64Var(&f.speed, "speed", 20, "the fastest that calls will be replayed, 1 to 1000; recognition is paced by it")
	return c
}

// run starts the stack, tells where it listens, and waits.
func (f *upFlags) run(cmd *cobra.Command) error {
	opts, err := f.options()
	if err != nil {
		return err
	}
	in, err := f.loadIfAny()
	if err != nil {
		return err
	}
	notes := cmd.ErrOrStderr()
	if in.note != "" {
		fmt.Fprintln(notes, in.note)
	}
	opts.Calls, opts.Tenants, opts.TenantFiles = in.calls, in.tenants, in.files
	logFile, err := f.openLog()
	if err != nil {
		return err
	}
	defer logFile.Close()
	opts.Log = slog.New(slog.NewJSONHandler(logFile, nil))
	stack, err := allinone.Start(cmd.Context(), opts, func(what string) { fmt.Fprintln(notes, "starting:", what) })
	if err != nil {
		return notStarted(cmd.Context(), err)
	}
	if err := f.print(cmd.OutOrStdout(), stack.Endpoints()); err != nil {
		return errors.Join(err, stack.Close()) // nobody would find what listens
	}
	fmt.Fprintln(notes, "The services log to", logFile.Name()+". Up until you press Ctrl-C.")
	ended := untilStopped(cmd.Context(), stack)
	if ended == nil {
		fmt.Fprintln(notes, "Calls under way are heard out, at most 25 s; a second Ctrl-C ends at once, and the next start goes on.")
	}
	return errors.Join(ended, stack.Close())
}

// options checks the flags.
func (f *upFlags) options() (allinone.Options, error) {
	opts := allinone.Options{DataDir: f.data, Ports: allinone.FixedPorts(), Speed: f.speed, PublicURL: strings.TrimSuffix(f.public, "/"), Replay: f.folders.replay(), Reconcile: time.Minute}
	var faults flagFaults
	faults.dataFolder("data", f.data)
	faults.folder("calls", f.calls)
	faults.folder("tenants", f.tenants)
	faults.speed(f.speed)
	faults.publicURL("public-url", f.public)
	if f.public != "" && f.tenants == "" && f.calls == "" {
		faults.add("--public-url: give --tenants, too; the samples' auth tokens are known to everybody")
	}
	faults.ports(opts.Ports.List(), f.ports)
	return opts, faults.err()
}

// openLog makes the data folder, if need be, and opens the services' log in it.
func (f *upFlags) openLog() (*os.File, error) {
	wrong := func(err error) error {
		if errors.Is(err, syscall.ENOSPC) {
			return err // the flag is right
		}
		return usage(err)
	}
	if err := os.MkdirAll(f.data, 0o700); err != nil {
		return nil, wrong(fmt.Errorf("--data: making the folder: %w", err))
	}
	log, err := os.OpenFile(filepath.Join(f.data, "services.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // the user names his own data folder
	if err != nil {
		return nil, wrong(fmt.Errorf("--data: opening the services' log: %w", err))
	}
	return log, nil
}

func (f *upFlags) print(w io.Writer, all []stage.Endpoint) error {
	if f.asJSON {
		return writeJSON(w, all)
	}
	return writeText(w, func(w io.Writer) { printEndpoints(w, all, onLoopback) })
}
