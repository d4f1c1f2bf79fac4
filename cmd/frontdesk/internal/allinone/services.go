package allinone

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/reconcile"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
	"github.com/frontdesk/frontdesk/services/inference"
	"github.com/frontdesk/frontdesk/services/ingress"
	"github.com/frontdesk/frontdesk/services/stt"
)

// running is what every service's face offers.
type running interface {
	Run(ctx context.Context) error
	AdminAddr() string
}

// RefusedError is a service that was not made. Its settings are the stack's own, so what it refuses stands in a tenant's file, or
// in one that it names.
type RefusedError struct {
	service string
	err     error
}

// Error implements error.
func (e *RefusedError) Error() string {
	// Most services say their name themselves.
	return e.service + ": " + strings.TrimPrefix(e.err.Error(), e.service+": ")
}

// Unwrap implements errors.Unwrap.
func (e *RefusedError) Unwrap() error { return e.err }

// reconciliation is the name of the job that runs beside the four.
const reconciliation = "reconcile"

// makeServices makes the four, and the job that reconciles calls if there is to be one, on the stack's addresses. On an error those already made are stopped by Close.
func (s *Stack) makeServices(ctx context.Context) ([]*service, error) {
	type maker struct {
		name string
		make func(admin string, tel *telemetry.Telemetry) (running, error)
	}
	makers := []maker{
		{"ingress", func(admin string, tel *telemetry.Telemetry) (running, error) {
			cfg := ingress.Defaults()
			cfg.Kafka, cfg.Admin, cfg.Tenants = s.brokerConfig("ingress"), admin, "-"
			cfg.Listen, cfg.PublicURL = s.webhooks(), s.PublicURL()
			cfg.AcceptGrace, cfg.Media.HandOver = 0, 0 // there is no other replica to send a call to
			cfg.TokenKeys = []config.Secret{s.TokenKey()}
			cfg.Redis, cfg.Spool.Dir = s.redisConfig(), s.spoolDir()
			return ingress.New(ctx, cfg, s.Tenants(), tel)
		}},
		{"stt", func(admin string, tel *telemetry.Telemetry) (running, error) {
			cfg := stt.Defaults()
			cfg.Kafka, cfg.Admin, cfg.Tenants = s.brokerConfig("stt"), admin, "-"
			cfg.Pace.Speed = max(1, s.opts.Speed)
			return stt.New(ctx, cfg, s.Tenants(), tel)
		}},
		{"inference", func(admin string, tel *telemetry.Telemetry) (running, error) {
			cfg := inference.Defaults()
			cfg.Kafka, cfg.Admin, cfg.Tenants, cfg.Redis = s.brokerConfig("inference"), admin, "-", s.redisConfig()
			return inference.New(ctx, cfg, s.Tenants(), tel)
		}},
		{"crm-writer", func(admin string, tel *telemetry.Telemetry) (running, error) {
			cfg := crmwriter.Defaults()
			cfg.Kafka, cfg.Admin, cfg.Tenants, cfg.Redis = s.brokerConfig("crm-writer"), admin, "-", s.redisConfig()
			return crmwriter.New(ctx, cfg, s.Tenants(), tel)
		}},
	}
	if s.opts.Reconcile > 0 {
		makers = append(makers, maker{reconciliation, s.makeReconciler})
	}
	var all []*service
	for n, build := range makers {
		tel, stop, err := telemetry.New(ctx, build.name, telemetry.Config{}, telemetry.Options{Log: s.opts.Log})
		if err != nil {
			return all, fmt.Errorf("%s's telemetry: %w", build.name, err)
		}
		svc, err := build.make(listen(s.opts.Ports.Admin[n]), tel)
		if err != nil {
			return all, &RefusedError{build.name, errors.Join(err, stop(ctx))}
		}
		all = append(all, &service{name: build.name, admin: svc.AdminAddr(), run: svc.Run, stop: stop})
	}
	return all, nil
}

// reconciler is the job with what it looks by.
type reconciler struct {
	*reconcile.Job
	desk *reconcile.Desk
}

// Run implements running.
func (r reconciler) Run(ctx context.Context) error {
	return errors.Join(r.Job.Run(ctx), r.desk.Close()) //nolint:contextcheck // it ends what was opened though ctx has ended
}

func (s *Stack) makeReconciler(admin string, tel *telemetry.Telemetry) (running, error) {
	cfg := reconcile.Defaults()
	cfg.Kafka = s.brokerConfig(reconciliation)
	desk, err := reconcile.Open(cfg, s.Tenants(), tel)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names every fault
	}
	job, err := reconcile.NewJob(desk.Look, reconcile.DefaultOptions(), s.opts.Reconcile, admin, tel)
	if err != nil {
		return nil, errors.Join(err, desk.Close())
	}
	return reconciler{job, desk}, nil
}

func (s *Stack) redisConfig() idempotency.Redis {
	return idempotency.Redis{Addrs: []string{s.redis.Addr()}}
}

// spoolDir is where ingress keeps what Kafka does not take; "" where nothing is kept on disk.
func (s *Stack) spoolDir() string {
	if s.opts.DataDir == "" {
		return ""
	}
	return filepath.Join(s.opts.DataDir, "spool")
}
