// Package process runs a service in a process of its own, as a deployment does, though out of the frontdesk binary: so that what
// it costs can be told from what everything around it does.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
	"github.com/frontdesk/frontdesk/services/inference"
	"github.com/frontdesk/frontdesk/services/ingress"
	"github.com/frontdesk/frontdesk/services/stt"
)

// Names of the services, in the order in which a call passes them.
func Names() []string { return []string{"ingress", "stt", "inference", "crm-writer"} }

// Prefix is what a service's settings stand behind in the environment.
func Prefix(name string) string {
	return "FRONTDESK_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// profileTo names a file that takes the process' CPU profile.
const profileTo = "FRONTDESK_CPU_PROFILE"

// service is what every service's face offers.
type service interface {
	Run(ctx context.Context) error
	AdminAddr() string
}

// Serve runs one service by its settings in the environment until ctx or in ends, whatever in holds: it is the pipe to whoever has
// started the process, and ends with him. The admin listener's address is written to out once the service can be asked for.
func Serve(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		stop()
	}()
	if path := os.Getenv(profileTo); path != "" {
		f, err := os.Create(path) //nolint:gosec // whoever has started this process names it
		if err != nil {
			return fmt.Errorf("making the profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("starting the profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	switch name {
	case "ingress":
		cfg := ingress.Defaults()
		return run(ctx, name, &cfg, &cfg.Telemetry, &cfg.Tenants, out, func(set *tenant.Set, tel *telemetry.Telemetry) (service, error) {
			return ingress.New(ctx, cfg, set, tel)
		})
	case "stt":
		cfg := stt.Defaults()
		return run(ctx, name, &cfg, &cfg.Telemetry, &cfg.Tenants, out, func(set *tenant.Set, tel *telemetry.Telemetry) (service, error) {
			return stt.New(ctx, cfg, set, tel)
		})
	case "inference":
		cfg := inference.Defaults()
		return run(ctx, name, &cfg, &cfg.Telemetry, &cfg.Tenants, out, func(set *tenant.Set, tel *telemetry.Telemetry) (service, error) {
			return inference.New(ctx, cfg, set, tel)
		})
	case "crm-writer":
		cfg := crmwriter.Defaults()
		return run(ctx, name, &cfg, &cfg.Telemetry, &cfg.Tenants, out, func(set *tenant.Set, tel *telemetry.Telemetry) (service, error) {
			return crmwriter.New(ctx, cfg, set, tel)
		})
	}
	return fmt.Errorf("there is no service %q: want one of %s", name, strings.Join(Names(), ", "))
}

func run(ctx context.Context, name string, cfg any, tcfg *telemetry.Config, tenants *string, out io.Writer,
	open func(*tenant.Set, *telemetry.Telemetry) (service, error),
) error {
	if err := config.Load(cfg, Prefix(name), ""); err != nil {
		return fmt.Errorf("wrong settings:\n%w", err)
	}
	set, err := tenant.Load(*tenants)
	if err != nil {
		return fmt.Errorf("wrong tenants:\n%w", err)
	}
	tel, flush, err := telemetry.New(ctx, name, *tcfg, telemetry.Options{})
	if err != nil {
		return fmt.Errorf("preparing telemetry: %w", err)
	}
	svc, err := open(set, tel)
	if err == nil {
		fmt.Fprintln(out, svc.AdminAddr())
		err = svc.Run(ctx)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, flush(last))
}
