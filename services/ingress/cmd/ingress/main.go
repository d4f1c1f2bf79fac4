// Command ingress takes calls in: Twilio's webhooks and Media Streams become events on Kafka. See -help.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "ingress:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cfg := ingress.Defaults()
	var tenants *tenant.Set
	goOn, err := config.FromArgs(ctx, os.Args[1:], "FRONTDESK_INGRESS", &cfg, os.Stdout, func() (err error) {
		tenants, err = tenant.Load(cfg.Tenants)
		return err
	})
	if !goOn {
		return err
	}
	tel, flush, err := telemetry.New(ctx, "ingress", cfg.Telemetry, telemetry.Options{})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = flush(ctx) // the last spans; nobody is left to hear of it
	}()
	s, err := ingress.New(ctx, cfg, tenants, tel)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
