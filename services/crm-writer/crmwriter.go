// Package crmwriter is the service that writes calls into the tenants' CRM. It reads calls.insights, decides by
// the tenant's mapping which records a call gets, writes them directly, by platform event or both, and tells
// on calls.records what came of it and on calls.usage what it cost. What it does with one insight stands in
// internal/app, how a file becomes a plan in internal/mapping, what a CRM is in internal/crm, and how Salesforce is
// spoken to in internal/salesforce.
package crmwriter

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/app"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/kafka"
)

// Service is one running crm-writer.
type Service struct {
	cfg   Config
	tel   *telemetry.Telemetry
	admin net.Listener
	group *lifecycle.Group

	orgs orgs
	// In the order in which they were made.
	opened lifecycle.Opened
}

// New compiles every mapping, opens the admin listener and prepares everything else; it dials nothing that
// may be away. Its error lists every fault of the settings and mappings.
func New(ctx context.Context, cfg Config, tenants *tenant.Set, tel *telemetry.Telemetry) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("wrong settings: %w", err)
	}
	s := &Service{cfg: cfg, tel: tel}
	if err := s.build(tenants); err != nil { //nolint:contextcheck // what it makes lives until Run ends, not as long as New
		return nil, errors.Join(err, s.opened.Close(ctx, cfg.Grace))
	}
	return s, nil
}

func (s *Service) build(tenants *tenant.Set) (err error) {
	mappings, err := app.LoadMappings(tenants)
	if err != nil {
		return fmt.Errorf("wrong mapping:\n%w", err)
	}
	if s.admin, err = lifecycle.Listen("admin", s.cfg.Admin); err != nil {
		return err // says what it could not do
	}
	s.opened.Hold(s.admin.Close)
	conn, err := broker.Dial(s.cfg.Kafka)
	if err != nil {
		return fmt.Errorf("preparing Kafka: %w", err)
	}
	s.opened.Hold(conn.Close)
	prod := produce.New(conn, s.cfg.Produce, s.tel)
	s.opened.HoldDraining(prod.Close)
	rdb, err := s.cfg.Redis.Dial()
	if err != nil {
		return fmt.Errorf("preparing Redis: %w", err)
	}
	s.opened.Hold(rdb.Close)
	claims := idempotency.NewStore(rdb, s.cfg.Claims, s.tel)
	s.opened.Hold(claims.Close)
	records := kafka.NewPublisher(prod)
	if s.orgs, err = openOrgs(s.cfg, tenants, s.tel, app.NewLedger(tenants, records, s.tel).Bill); err != nil {
		return err
	}
	s.opened.HoldDraining(s.orgs.close) // before the producer, by which their last usage goes out
	writer, err := app.New(tenants, mappings, s.orgs.of, records, s.tel)
	if err != nil {
		return fmt.Errorf("preparing the writer: %w", err)
	}
	gate, err := kafka.Gate(claims, s.tel)
	if err != nil {
		return err // says what it could not make
	}
	s.opened.Hold(gate.Close)
	cfg := s.cfg.Consume
	cfg.Topics, cfg.DeadLetters = []string{events.Insights.Name}, events.DeadLetters.Name
	handler := kafka.Handler(writer.Write, kafka.Options{Claims: claims, Gate: gate, Retry: s.cfg.Retry, Held: func(id string) error {
		if t := tenants.ByID(id); t != nil {
			return s.orgs.held(t)
		}
		return nil
	}})
	consumer, err := consume.New(conn, prod, cfg, handler, consume.Hooks{Gate: gate}, s.tel)
	if err != nil {
		return fmt.Errorf("preparing the consumer: %w", err)
	}
	// Stopped in reverse: nothing more is read and what is under way is written and told, then the admin
	// listener, so that the probes tell what is going on until then.
	s.group = lifecycle.New(s.cfg.Grace,
		lifecycle.HTTP("admin", s.admin, lifecycle.Admin(s.tel.Metrics, func() (bool, []string) { return s.group.Ready() })),
		lifecycle.Part{Name: "consumer", Run: consumer.Run, Ready: consumer.Ready, Waits: func() string {
			if gate.Open() {
				return ""
			}
			return "Redis"
		}})
	return nil
}

// AdminAddr is where /healthz, /readyz and /metrics are served, host:port.
func (s *Service) AdminAddr() string { return s.admin.Addr().String() }

// Run serves until ctx ends and everything under way is drained. It is called once.
func (s *Service) Run(ctx context.Context) error {
	s.tel.Log.InfoContext(ctx, "crm-writer runs", "admin", s.AdminAddr(), "orgs", len(s.orgs))
	err := s.group.Run(ctx)
	return errors.Join(err, s.opened.Close(ctx, s.cfg.Grace))
}
