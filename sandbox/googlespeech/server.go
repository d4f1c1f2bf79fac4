package googlespeech

import (
	"context"
	"fmt"
	"hash/fnv"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/meter"
)

// Config of the stand-in. The zero value listens on a free port of 127.0.0.1, knows nothing and has the vendor's
// limits.
type Config struct {
	// Listen is host:port; default 127.0.0.1:0.
	Listen string
	// Calls whose scripts it knows; more can be taught by [Server.Learn].
	Calls []*calls.Call
	// Faults to begin with. Shares are drawn once a stream or file: operations "StreamingRecognize" and "Recognize" refuse it, operation
	// "mid-stream" breaks it after 1 to 9 seconds of audio. Codes are gRPC's names, as UNAVAILABLE. Latency delays each
	// response.
	Faults fault.Settings
	// MaxStream is how much audio a stream may hold, and how long it may last by the clock; default 5 minutes. The clock
	// is the wall's, however fast calls are played.
	MaxStream time.Duration
	// MaxStreams is how many streams a connection may have at once; default 100. Further ones wait in the client,
	// as HTTP/2's SETTINGS_MAX_CONCURRENT_STREAMS has it.
	MaxStreams uint32
	// MaxSessions is how many streams a project may have at once: its quota. Default none.
	MaxSessions int
	// IdleTimeout ends a stream that sends nothing; default 10 s.
	IdleTimeout time.Duration
	// MaxAhead refuses audio that is further ahead of the clock, counted from the stream's start; default any, so that
	// calls can be played faster than life.
	MaxAhead time.Duration
}

// Server is a running stand-in. Safe for concurrent use.
type Server struct {
	speechpb.UnimplementedSpeechServer

	cfg      Config
	grpc     *grpc.Server
	addr     string
	faults   *fault.Injector
	meter    meter.Meter
	lib      atomic.Pointer[library]
	hearings hearings
	sessions sessions
	serving  sync.WaitGroup

	teaching sync.Mutex
	taught   map[uint64]bool
}

// Start listens and serves until Close, or until ctx ends.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.MaxStream == 0 {
		cfg.MaxStream = 5 * time.Minute
	}
	if cfg.MaxStreams == 0 {
		cfg.MaxStreams = 100
	}
	if cfg.IdleTimeout == 0 {
		cfg.IdleTimeout = 10 * time.Second
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("starting the speech stand-in: %w", err)
	}
	s := &Server{cfg: cfg, addr: l.Addr().String(), faults: fault.New(cfg.Faults), taught: map[uint64]bool{}}
	s.hearings.count, s.sessions.open = map[place]int{}, map[string]int{}
	s.lib.Store((&library{}).teach(nil))
	s.Learn(cfg.Calls)
	s.grpc = grpc.NewServer(
		grpc.MaxConcurrentStreams(cfg.MaxStreams),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	speechpb.RegisterSpeechServer(s.grpc, s)
	stop := context.AfterFunc(ctx, s.grpc.Stop)
	s.serving.Go(func() {
		defer stop()
		_ = s.grpc.Serve(l) // ends by Stop; a listener that fails shows at its clients
	})
	return s, nil
}

// Addr is host:port; it speaks gRPC without TLS.
func (s *Server) Addr() string { return s.addr }

// Close breaks the streams off and stops listening.
func (s *Server) Close() error {
	s.grpc.Stop()
	s.serving.Wait()
	return nil
}

// Faults are what it is told to do wrong; they may be changed at any time. An outage also breaks running streams.
func (s *Server) Faults() *fault.Injector { return s.faults }

// Meter counts "speech_second" by project and model: whole seconds of audio heard, rounded up for each stream,
// for streams that were killed too.
func (s *Server) Meter() *meter.Meter { return &s.meter }

// Sessions returns what the streams were given, the earliest first; of very many the latest.
func (s *Server) Sessions() []Session { return s.sessions.all() }

// Learn teaches further calls; streams that begin from now on know them. A call that is known already is left
// alone.
func (s *Server) Learn(list []*calls.Call) {
	s.teaching.Lock()
	defer s.teaching.Unlock()
	var fresh []*calls.Call
	for _, c := range list {
		if k := fingerprint(c); !s.taught[k] {
			s.taught[k] = true
			fresh = append(fresh, c)
		}
	}
	if len(fresh) > 0 {
		s.lib.Store(s.lib.Load().teach(fresh))
	}
}

func fingerprint(c *calls.Call) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%q %d %d %v", c.Name, len(c.Caller), len(c.AgentAudio), c.Script)
	h.Write(c.Caller)
	h.Write(c.AgentAudio)
	return h.Sum64()
}
