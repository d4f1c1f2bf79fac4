// Command crm-writer is Frontdesk's writer of calls into the CRM.
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
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "crm-writer:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	cfg := crmwriter.Defaults()
	var tenants *tenant.Set
	ok, err := config.FromArgs(ctx, os.Args[1:], "FRONTDESK_CRM_WRITER", &cfg, os.Stdout, func() (err error) {
		tenants, err = tenant.Load(cfg.Tenants)
		return err
	})
	if err != nil || !ok {
		return err
	}
	tel, stop, err := telemetry.New(ctx, "crm-writer", cfg.Telemetry, telemetry.Options{})
	if err != nil {
		return err
	}
	s, err := crmwriter.New(ctx, cfg, tenants, tel)
	if err == nil {
		err = s.Run(ctx)
	}
	return errors.Join(err, stop(context.WithoutCancel(ctx)))
}
