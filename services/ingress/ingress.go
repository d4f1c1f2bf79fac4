// Package ingress takes calls in: Twilio's webhooks and Media Streams become events on calls.lifecycle and
// calls.media.
//
//	Twilio ─ webhooks ─▶ internal/twilio ─▶ internal/app ─▶ internal/kafka ─▶ calls.lifecycle, calls.media
//	       ─ sockets ──▶ internal/ws ─▶ internal/twilio/mediastream ─▶ internal/media ──▶ calls.media
//	       ◀─ TwiML, REST ─ internal/twilio
//
// The flow of a call and the two rules that everything follows stand in internal/app; paths and trust in
// internal/twilio; how audio is packed, and what happens when Kafka is slow, in internal/media. README.md
// says how to point a number at it.
//
// An ingress without Kafka still answers every caller, and with a spool stores every event on its disk until Kafka is back
// (internal/kafka/outbox.go, internal/spool), so Kafka's absence does not make it unready: a load balancer that took every
// replica away would turn callers over to the fallback TwiML.
package ingress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/calltoken"
	"github.com/frontdesk/frontdesk/services/ingress/internal/claims"
	"github.com/frontdesk/frontdesk/services/ingress/internal/kafka"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
	"github.com/frontdesk/frontdesk/services/ingress/internal/spool"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
	"github.com/frontdesk/frontdesk/services/ingress/internal/ws"
)

// Service is one ingress.
type Service struct {
	cfg       Config
	log       *slog.Logger
	conn      *broker.Conn
	prod      *produce.Producer
	pub       *kafka.Publisher
	claims    *claims.Publisher // nil without a Redis
	spooled   func()            // stops showing the spool's depth; nil without one
	journal   *spool.Journal    // of streams that wait; nil without a spool
	left      []*spool.Entry    // what an earlier process had waiting
	transport *http.Transport
	server    *twilio.Server
	ln, admin net.Listener
	group     *lifecycle.Group
}

// closing is how long the queue of the producer may take to empty when everything else has stopped.
const closing = 10 * time.Second

// New prepares an ingress and opens its listeners; it dials nothing that may be away. Whoever doesn't Run it
// must not keep it: the listeners are closed by Run.
func New(_ context.Context, cfg Config, tenants *tenant.Set, tel *telemetry.Telemetry) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("wrong settings:\n%w", err)
	}
	var fallback *tenant.Tenant
	if cfg.UnknownNumber != UnknownRefuse {
		if fallback = tenants.ByID(cfg.UnknownNumber); fallback == nil {
			return nil, fmt.Errorf("wrong settings:\nunknown_number: there is no tenant of this id (%q refuses)", UnknownRefuse)
		}
	}
	tokens, err := calltoken.New(cfg.TokenKeys)
	if err != nil {
		return nil, fmt.Errorf("wrong settings:\ntoken_keys: %w", err)
	}
	links, err := twilio.NewLinks(cfg.PublicURL, cfg.Insecure, tokens)
	if err != nil {
		return nil, fmt.Errorf("wrong settings:\npublic_url: %w", err)
	}
	m, err := metrics.New(tel.Meter)
	if err != nil {
		return nil, fmt.Errorf("making the metrics: %w", err)
	}
	conn, err := broker.Dial(cfg.Kafka)
	if err != nil {
		return nil, fmt.Errorf("preparing the way to Kafka: %w", err)
	}
	s := &Service{cfg: cfg, log: tel.Log, conn: conn}
	if err := s.listen(); err != nil { //nolint:contextcheck // listening takes no time
		return nil, errors.Join(err, conn.Close())
	}
	if err := s.publishers(tel, m); err != nil { //nolint:contextcheck // they outlive New, until Run has ended
		return nil, errors.Join(err, s.ln.Close(), s.admin.Close(), conn.Close())
	}
	var pub app.Publisher = s.pub
	if s.claims != nil {
		pub = s.claims
	}
	s.transport = &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}
	s.server = twilio.NewServer(twilio.Deps{
		App: app.New(tenants, pub,
			twilio.NewCarrier(tenants, links, s.transport, cfg.CarrierTimeout),
			kafka.NewHistory(conn, cfg.CarrierTimeout),
			app.Settings{
				Default: fallback, VoiceDeadline: cfg.PublishTimeout, MaxRestarts: cfg.Media.MaxRestarts,
				RestartPause: cfg.Media.RestartPause, Now: time.Now,
			}),
		Intake: media.New(pub, m, tel.Log, media.Config{
			MaxUnacked: cfg.Media.MaxUnackedBytes, MaxUnackedTotal: cfg.Media.MaxUnackedTotalBytes, EndWait: cfg.Media.EndWait,
		}),
		Tenants: tenants, Links: links, Tokens: tokens, Metrics: m, Log: tel.Log, Tracer: tel.Tracer, Now: time.Now, Journal: s.journal,
		Socket: twilio.SocketConfig{MaxOpen: cfg.Media.MaxStreams, HandOver: cfg.Media.HandOver, Options: ws.Options{
			MaxMessage: cfg.Media.MaxMessageBytes, Idle: cfg.Media.Idle, Pause: cfg.Media.Gather,
		}},
	})
	s.group = lifecycle.New(cfg.AcceptGrace+cfg.Grace+cfg.Media.HandOver+cfg.Media.EndWait+closing,
		lifecycle.HTTP("admin", s.admin, lifecycle.Admin(tel.Metrics, s.ready)),
		lifecycle.Part{Name: "kafka", Run: s.produce},
		lifecycle.Part{Name: "webhooks", Run: s.serve},
	)
	return s, nil
}

// publishers makes the way to Kafka, with a spool beside it and claims before it where they are set.
func (s *Service) publishers(tel *telemetry.Telemetry, m *metrics.Metrics) error {
	sp, err := openSpool(s.cfg.Spool, m, s.log)
	if err != nil {
		return err
	}
	if s.journal, s.left, err = openJournal(s.cfg.Spool, s.log); err != nil {
		if sp != nil {
			err = errors.Join(err, sp.Close())
		}
		return err
	}
	if s.cfg.claims() {
		if s.claims, err = claims.New(s.cfg.Redis, s.cfg.Claims, m, tel); err != nil {
			if sp != nil {
				err = errors.Join(err, sp.Close(), s.journal.Close())
			}
			return fmt.Errorf("preparing the way to Redis: %w", err)
		}
	} else {
		s.log.Info("no redis.addrs: webhooks that Twilio sends twice are stored twice, and dropped by whoever reads")
	}
	s.prod = produce.New(s.conn, s.cfg.Produce, tel)
	if sp == nil {
		s.log.Warn("no spool.dir: while Kafka is away webhooks are refused, Twilio tries again for 15 s and then drops them, and audio is lost")
		s.pub = kafka.NewPublisher(s.prod, m)
	} else {
		s.pub = kafka.NewSpoolingPublisher(s.prod, sp, s.cfg.Spool.After, m, s.log)
		if s.spooled, err = m.Spool(depth(sp)); err != nil {
			return err //nolint:wrapcheck // it says what it does
		}
	}
	if s.claims != nil {
		s.claims.Publisher = s.pub
	}
	return nil
}

func (s *Service) listen() (err error) {
	if s.ln, err = lifecycle.Listen("webhook", s.cfg.Listen); err != nil {
		return err //nolint:wrapcheck // it says what and why
	}
	if s.admin, err = lifecycle.Listen("admin", s.cfg.Admin); err != nil {
		return errors.Join(err, s.ln.Close())
	}
	return nil
}

// Addr is the host:port that webhooks and sockets are taken on.
func (s *Service) Addr() string { return s.ln.Addr().String() }

// AdminAddr is the host:port of /healthz, /readyz and /metrics.
func (s *Service) AdminAddr() string { return s.admin.Addr().String() }

// Run serves until ctx ends. It is unready from then on, takes no more streams after Config.AcceptGrace, lets those that run
// finish within Config.Grace, hands the rest over, answers their webhooks meanwhile, and returns when everything heard is stored.
func (s *Service) Run(ctx context.Context) error {
	s.log.InfoContext(ctx, "ingress runs", "listen", s.Addr(), "admin", s.AdminAddr())
	return s.group.Run(ctx) //nolint:wrapcheck // the group names the part
}

func (s *Service) ready() (bool, []string) { return s.group.Ready() }

// serve is the webhooks' part.
func (s *Service) serve(ctx context.Context) error {
	s.server.Resume(ctx, s.left)
	s.left = nil
	srv := &http.Server{
		Handler: s.server.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(s.ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving webhooks on %s: %w", s.ln.Addr(), err)
	case <-ctx.Done():
	}
	stillComing := time.NewTimer(s.cfg.AcceptGrace)
	defer stillComing.Stop()
	select {
	case err := <-failed:
		return fmt.Errorf("serving webhooks on %s: %w", s.ln.Addr(), err)
	case <-stillComing.C:
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Grace)
	defer cancel()
	s.server.Drain(ctx)
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return fmt.Errorf("stopping the webhooks: %w", errors.Join(err, srv.Close()))
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving webhooks on %s: %w", s.ln.Addr(), err)
	}
	s.transport.CloseIdleConnections()
	return nil
}

// produce is the producer's part: it has nothing to do but to end last.
func (s *Service) produce(ctx context.Context) error {
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	s.pub.Close(ctx)
	if s.spooled != nil {
		s.spooled()
	}
	err := errors.Join(s.prod.Close(ctx), s.conn.Close())
	if s.journal != nil {
		err = errors.Join(err, s.journal.Close())
	}
	if s.claims != nil {
		err = errors.Join(err, s.claims.Close())
	}
	if err != nil {
		return fmt.Errorf("closing the way to Kafka: %w", err)
	}
	return nil
}
