package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/meter"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// Server is a running stand-in. Safe for concurrent use.
type Server struct {
	cfg      Config
	tenants  []*tenant
	ledger   *org.Ledger
	sessions *sessions
	faults   *fault.Injector
	meter    *meter.Meter

	mu    sync.Mutex
	draws fault.Settings

	web, rpc  net.Listener
	http      *http.Server
	grpc      *grpc.Server
	ctx       context.Context //nolint:containedctx // ends the streams and triggers that Start began
	stop      context.CancelFunc
	wg        sync.WaitGroup
	closeOnce sync.Once
	closeErr  error
}

// Start opens the listeners and the data folder, and serves until Close. ctx bounds the start only.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("checking the Salesforce sandbox's configuration: %w", err)
	}
	s := &Server{
		cfg: cfg, faults: fault.New(cfg.Faults), draws: cfg.Faults, meter: &meter.Meter{},
		sessions: &sessions{idle: cfg.SessionIdle, now: cfg.Now, open: map[string]*session{}},
	}
	s.ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	// The ports come first: whoever holds them owns the data folder, too.
	if err := s.listen(ctx); err != nil {
		return nil, errors.Join(err, s.Close()) //nolint:contextcheck // Close ends on a time of its own
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close()) //nolint:contextcheck // the same
	}
	s.serve()
	return s, nil
}

func (s *Server) listen(ctx context.Context) error {
	var lc net.ListenConfig
	var err error
	if s.web, err = lc.Listen(ctx, "tcp", s.cfg.Listen); err != nil {
		return fmt.Errorf("listening for Salesforce's HTTP: %w", err)
	}
	if s.rpc, err = lc.Listen(ctx, "tcp", s.cfg.PubSubListen); err != nil {
		return fmt.Errorf("listening for Salesforce's Pub/Sub API: %w", err)
	}
	return nil
}

// open makes the orgs and brings back what the data folder holds.
func (s *Server) open() error {
	byID := map[string]*tenant{}
	for _, c := range s.cfg.Orgs {
		t, err := newTenant(c, s.cfg.Now, func(object string) *org.Error { return s.recordFault("trigger." + object) })
		if err != nil {
			return fmt.Errorf("making org %s: %w", c.Name, err)
		}
		s.tenants = append(s.tenants, t)
		byID[t.ID] = t
	}
	path := ""
	if s.cfg.DataDir != "" {
		path = filepath.Join(s.cfg.DataDir, "salesforce.journal")
	}
	var err error
	s.ledger, err = org.OpenLedger(path, func(e *org.Entry) error {
		t := byID[e.Org]
		if t == nil {
			return fmt.Errorf("the journal has entries of org %s, which the configuration does not know", e.Org)
		}
		return t.Replay(e)
	})
	if err != nil {
		return fmt.Errorf("opening the Salesforce sandbox's data: %w", err)
	}
	for _, t := range s.tenants {
		t.Attach(s.ledger)
	}
	return nil
}

func (s *Server) serve() {
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second, ConnContext: keepConn,
		BaseContext: func(net.Listener) context.Context { return s.ctx }}
	s.grpc = s.newPubSub()
	s.wg.Go(func() { _ = s.http.Serve(s.web) })
	s.wg.Go(func() { _ = s.grpc.Serve(s.rpc) })
	for _, t := range s.tenants {
		s.wg.Go(func() { t.RunTrigger(s.ctx) })
	}
}

// Addr is host:port of the HTTP listener.
func (s *Server) Addr() string { return s.web.Addr().String() }

// URL is the base of the REST API, and a login URL.
func (s *Server) URL() string { return "http://" + s.Addr() }

// PubSubAddr is host:port of the Pub/Sub API, without TLS.
func (s *Server) PubSubAddr() string { return s.rpc.Addr().String() }

// Faults is the injector; [Server.SetFaults] lets the admin API show the settings, too.
func (s *Server) Faults() *fault.Injector { return s.faults }

// SetFaults replaces the fault settings.
func (s *Server) SetFaults(f fault.Settings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draws = f
	s.faults.Set(f)
}

// Meter counts what the vendor would have billed: product "salesforce", the org's id as account, model "rest" (unit
// api_call) or "pubsub" (units request and event).
func (s *Server) Meter() *meter.Meter { return s.meter }

// endHTTP lets requests that are under way answer, for a moment.
func (s *Server) endHTTP() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 3*time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) == nil {
		return nil
	}
	return s.http.Close()
}

// Close ends everything that Start began and closes the journal. It may be called twice.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		s.stop()
		var errs []error
		if s.http != nil {
			errs = append(errs, s.endHTTP())
		} else if s.web != nil {
			errs = append(errs, s.web.Close())
		}
		if s.grpc != nil {
			s.grpc.Stop()
		} else if s.rpc != nil {
			errs = append(errs, s.rpc.Close())
		}
		s.wg.Wait()
		if s.ledger != nil {
			errs = append(errs, s.ledger.Close())
		}
		s.closeErr = errors.Join(errs...)
	})
	return s.closeErr
}
