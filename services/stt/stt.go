// Package stt is the service that turns the sound of calls into words. It reads calls.media, gives each
// party's audio to the tenant's recogniser once the caller may be heard, and publishes segments, gaps and
// completions on calls.transcripts and what they cost on calls.usage. How it hears stands in internal/app,
// what recognisers are in internal/recogniser.
package stt

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/stt/internal/app"
	"github.com/frontdesk/frontdesk/services/stt/internal/kafka"
)

// Service is one running stt.
type Service struct {
	cfg   Config
	tel   *telemetry.Telemetry
	admin net.Listener
	group *lifecycle.Group

	app *app.App
	// In the order in which they were made.
	opened lifecycle.Opened
}

// New opens the admin listener and prepares everything else; it dials nothing that may be away.
func New(ctx context.Context, cfg Config, tenants *tenant.Set, tel *telemetry.Telemetry) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("stt: wrong settings: %w", err)
	}
	s := &Service{cfg: cfg, tel: tel}
	if err := s.build(tenants); err != nil { //nolint:contextcheck // listening takes no time, and what is made outlives ctx
		return nil, errors.Join(err, s.opened.Close(ctx, cfg.Grace))
	}
	return s, nil
}

func (s *Service) build(tenants *tenant.Set) (err error) {
	if s.admin, err = lifecycle.Listen("admin", s.cfg.Admin); err != nil {
		return err //nolint:wrapcheck // says what it could not do
	}
	s.opened.Hold(s.admin.Close)
	conn, err := broker.Dial(s.cfg.Kafka)
	if err != nil {
		return fmt.Errorf("stt: %w", err)
	}
	s.opened.Hold(conn.Close)
	prod := produce.New(conn, s.cfg.Produce, s.tel)
	s.opened.HoldDraining(prod.Close)
	recs, err := newRecognisers(s.cfg, s.tel)
	if err != nil {
		return err
	}
	s.opened.Hold(recs.close)
	hearing := s.cfg.Hearing
	hearing.Room = roomOf(s.cfg.Consume)
	s.app, err = app.New(hearing, tenants, recs, kafka.NewPublisher(prod), kafka.NewLog(conn, tenants.LongestCall()), s.tel)
	if err != nil {
		return fmt.Errorf("stt: %w", err)
	}
	cfg := s.cfg.Consume
	cfg.Topics, cfg.DeadLetters = []string{events.Media.Name}, events.DeadLetters.Name
	// A chunk every 200 ms: its stream has a span, and each utterance.
	cfg.Untraced = []string{events.KindAudioChunk.String()}
	consumer, err := consume.New(conn, prod, cfg, kafka.Handler(s.app), kafka.Hooks(s.app), s.tel)
	if err != nil {
		return fmt.Errorf("stt: %w", err)
	}
	// Stopped in reverse: nothing more is read, then sessions end and what they cost is published. The admin
	// listener is last, so that the probes tell what is going on until then.
	s.group = lifecycle.New(s.cfg.Grace,
		lifecycle.HTTP("admin", s.admin, lifecycle.Admin(s.tel.Metrics, func() (bool, []string) { return s.group.Ready() })),
		lifecycle.Part{Name: "hearing", Run: s.hear},
		lifecycle.Part{Name: "consumer", Run: consumer.Run, Ready: consumer.Ready})
	return nil
}

// hear lives as long as there may be sessions.
func (s *Service) hear(ctx context.Context) error {
	_ = s.app.Sweep(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Grace)
	defer cancel()
	return s.app.Close(ctx) //nolint:wrapcheck // says what it waited for
}

// AdminAddr is where /healthz, /readyz and /metrics are served, host:port.
func (s *Service) AdminAddr() string { return s.admin.Addr().String() }

// Run serves until ctx ends and everything under way is drained. It is called once.
func (s *Service) Run(ctx context.Context) error {
	s.tel.Log.InfoContext(ctx, "stt runs", "admin", s.AdminAddr())
	err := s.group.Run(ctx)
	return errors.Join(err, s.opened.Close(ctx, s.cfg.Grace))
}
