package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
	"github.com/frontdesk/frontdesk/samples"
)

// sandboxPorts are those of the stand-ins, as `up` has them, and of their health.
type sandboxPorts struct{ salesforce, pubsub, speech, vertex, twilio, health int }

func (p *sandboxPorts) list() ports.List {
	return ports.List{
		{Name: "salesforce", Number: &p.salesforce},
		{Name: "pubsub", Number: &p.pubsub},
		{Name: "speech", Number: &p.speech},
		{Name: "vertex", Number: &p.vertex},
		{Name: "twilio", Number: &p.twilio, Early: true}, // tenants are told before it listens
		{Name: "health", Number: &p.health, Early: true}, // as is whoever reads the endpoints
	}
}

// sandboxFlags are the flags of one sandbox.
type sandboxFlags struct {
	folders
	listen, host, data, webhooks, tenantsOut string
	given                                    []string
	ports                                    sandboxPorts
	asJSON                                   bool
	speed                                    float64
}

func sandbox() *cobra.Command {
	f := sandboxFlags{ports: sandboxPorts{salesforce: 8181, pubsub: 8182, speech: 8183, vertex: 8184, twilio: 8185, health: 8186}}
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Run the stand-ins for the clouds, for services that run elsewhere",
		Long: "Strict stand-ins for Salesforce, Google Speech, Vertex AI and Twilio's REST API, without Kafka, Redis and services: those\n" +
			"run in processes or containers of their own, on tenant files that --tenants-out writes, pointed at the stand-ins. They are\n" +
			"whole before the health port answers /readyz. `replay` rings, and registers its calls with the sandbox's Twilio.\n\n" +
			"Whoever reaches --listen reads, changes and breaks all that the stand-ins hold, by their pages below /sandbox/, which ask for\n" +
			"no password: beyond this machine, listen where only the services are.\n\n" +
			"Recognition is paced: give stt the same speed (FRONTDESK_STT_PACE__SPEED, which is 1 by default), and replay no faster, or words\n" +
			"come too late for the call's record.\n\n" +
			"Exit code: 0 after Ctrl-C; 1 if it can't start, say for a taken port; 2 if flags, calls or tenant files are wrong.",
		Example: "  frontdesk sandbox --tenants-out pointed-tenants --webhooks http://127.0.0.1:8080\n" +
			"  frontdesk sandbox --listen 0.0.0.0 --host sandbox --data /data --tenants-out /tenants --webhooks http://ingress:8080",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := c.Flags()
	fs.StringVar(&f.listen, "listen", "127.0.0.1", "address to listen on; 0.0.0.0 in a container")
	fs.StringVar(&f.host, "host", "", "name or address by which the services reach it; default the one of --listen")
	fs.StringArrayVar(&f.given, "port", nil, "another port for a part, as `NAME=PORT`, 0 for a free one; may be given for each of "+
		strings.Join(f.ports.list().Names(), ", "))
	fs.StringVar(&f.data, "data", "", "folder for what survives a restart: Salesforce's records, the keys; default memory")
	fs.StringVar(&f.calls, "calls", "", "folder of calls that the recogniser shall know; default those samples that dial a number of the tenants")
	fs.StringVar(&f.tenants, "tenants", "", "folder of tenant files; default CALLS/_tenants if it exists, else the samples'")
	fs.StringVar(&f.tenantsOut, "tenants-out", "", "folder to write the tenant files to, pointed at the sandbox, with the integration users' key")
	fs.StringVar(&f.webhooks, "webhooks", "http://127.0.0.1:8080", "base URL of the services' webhooks, as in ingress' public_url")
	fs.BoolVar(&f.asJSON, "json", false, "print the endpoints as JSON")
	fs.Float64Var(&f.speed, "speed", 20, "the fastest that calls will be replayed, 1 to 1000; stt needs it, too")
	return c
}

// run starts the stand-ins, tells where they listen, and waits.
func (f *sandboxFlags) run(cmd *cobra.Command) error {
	if err := f.check(); err != nil {
		return err
	}
	in, err := f.loadIfAny()
	if err != nil {
		return err
	}
	if in.note != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), in.note)
	}
	ctx := cmd.Context()
	if err := f.ports.list().Reserve(ctx, f.listen); err != nil {
		return cmp.Or(interrupted(ctx), err)
	}
	if f.data != "" {
		if err := os.MkdirAll(f.data, 0o700); err != nil {
			return usage(fmt.Errorf("--data: making the folder: %w", err))
		}
	}
	s, err := stage.Set(ctx, stage.Config{
		Addrs: stage.Addrs{
			Salesforce: f.at(f.ports.salesforce), PubSub: f.at(f.ports.pubsub), Speech: f.at(f.ports.speech), Vertex: f.at(f.ports.vertex),
			Twilio: f.at(f.ports.twilio),
		},
		Host: f.reachedBy(), DataDir: f.data, Tenants: in.tenants, Calls: in.calls, Speed: f.speed,
	})
	if err != nil {
		return cmp.Or(interrupted(ctx), err)
	}
	return errors.Join(f.serve(cmd, s), s.Close())
}

// serve rings, writes the tenants, and tells of all of it, in this order: whoever finds it ready finds everything.
func (f *sandboxFlags) serve(cmd *cobra.Command, s *stage.Stage) error {
	ctx := cmd.Context()
	if err := s.Ring(ctx, strings.TrimRight(f.webhooks, "/")); err != nil {
		return cmp.Or(interrupted(ctx), err)
	}
	if f.tenantsOut != "" {
		if err := s.WriteTenants(f.tenantFiles(), f.tenantsOut, f.reachedBy()); err != nil {
			return fmt.Errorf("--tenants-out: %w", err)
		}
	}
	// Opening a port waits for nobody; a signal that comes meanwhile ends what is served on it.
	ln, err := (&net.ListenConfig{}).Listen(context.WithoutCancel(ctx), "tcp", f.at(f.ports.health))
	if err != nil {
		return fmt.Errorf("opening the health port; choose another with --port health=PORT: %w", err)
	}
	health := lifecycle.HTTP("health", ln, lifecycle.Admin(http.NotFoundHandler(), func() (bool, []string) { return true, nil }))
	if err := f.print(cmd.OutOrStdout(), f.endpoints(s)); err != nil {
		return errors.Join(err, ln.Close()) // nobody would find what listens
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "Up until you press Ctrl-C.")
	return lifecycle.New(5*time.Second, health).Run(ctx) //nolint:wrapcheck // it names the part
}

func (f *sandboxFlags) endpoints(s *stage.Stage) []stage.Endpoint {
	all := s.Endpoints()
	if f.tenantsOut != "" {
		all = append(all, stage.Endpoint{
			Part: "Tenant files for the services", Address: f.tenantsOut,
			Credentials: []stage.Credential{
				{Name: "integration users' key", Value: stage.KeyFile(f.tenantsOut)},
				{Name: "stt's setting pace.speed", Value: strconv.FormatFloat(f.speed, 'g', -1, 64)},
			},
		})
	}
	health := "http://" + net.JoinHostPort(f.reachedBy(), strconv.Itoa(f.ports.health))
	return append(all, stage.Endpoint{Part: "Health", Address: health + "/readyz", Try: "frontdesk ready " + health})
}

func (f *sandboxFlags) print(w io.Writer, all []stage.Endpoint) error {
	if f.asJSON {
		return writeJSON(w, all)
	}
	return writeText(w, func(w io.Writer) { printEndpoints(w, all, "All of it listens on "+f.listen) })
}

// check checks the flags.
func (f *sandboxFlags) check() error {
	var faults flagFaults
	if f.data != "" {
		faults.dataFolder("data", f.data)
	}
	faults.folder("calls", f.calls)
	faults.folder("tenants", f.tenants)
	faults.speed(f.speed)
	faults.ports(f.ports.list(), f.given)
	switch ip := net.ParseIP(f.listen); {
	case ip == nil:
		faults.add("--listen %s: want an IP address, as 127.0.0.1 or 0.0.0.0", f.listen)
	case ip.IsUnspecified() && f.host == "":
		faults.add("--host: give the name by which the services reach it; %s is none", f.listen)
	}
	if strings.ContainsAny(f.host, "/:") && net.ParseIP(f.host) == nil {
		faults.add("--host %s: want a name or an address, without a port", f.host)
	}
	if u, err := url.Parse(f.webhooks); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		faults.add("--webhooks %s: want an http or https address, as http://127.0.0.1:8080", f.webhooks)
	}
	if f.tenantsOut != "" && sameFolder(f.tenantsOut, f.tenantsFolder()) {
		faults.add("--tenants-out %s: is where the tenants' files stand, and would be written over; name another folder", f.tenantsOut)
	}
	return faults.err()
}

func sameFolder(a, b string) bool {
	if b == "" {
		return false
	}
	left, errA := os.Stat(a)
	right, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(left, right)
}

// tenantFiles are the files of the tenants that folders has read.
func (f *sandboxFlags) tenantFiles() fs.FS {
	if dir := f.tenantsFolder(); dir != "" {
		return os.DirFS(filepath.Clean(dir))
	}
	own, err := fs.Sub(samples.FS, "tenants")
	if err != nil {
		panic(err) // the name is valid
	}
	return own
}

func (f *sandboxFlags) reachedBy() string { return cmp.Or(f.host, f.listen) }

func (f *sandboxFlags) at(port int) string { return net.JoinHostPort(f.listen, strconv.Itoa(port)) }
