// Command inference is Frontdesk's inference service.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/inference"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "inference:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	cfg := inference.Defaults()
	var tenants *tenant.Set
	ok, err := config.FromArgs(ctx, os.Args[1:], "FRONTDESK_INFERENCE", &cfg, os.Stdout, func() (err error) {
		if tenants, err = tenant.Load(cfg.Tenants); err != nil {
			return err
		}
		return cfg.Fits(tenants)
	})
	if err != nil || !ok {
		return err
	}
	tel, stop, err := telemetry.New(ctx, "inference", cfg.Telemetry, telemetry.Options{})
	if err != nil {
		return err
	}
	s, err := inference.New(ctx, cfg, tenants, tel)
	if err == nil {
		err = s.Run(ctx)
	}
	return errors.Join(err, stop(context.WithoutCancel(ctx)))
}
