// Package vertexai stands in for Vertex AI's Gemini: google.cloud.aiplatform.v1.PredictionService, as far as
// text in and text or JSON out goes, and LlmUtilityService.CountTokens.
//
// It is strict about requests: names, roles, labels, schemas and sizes are checked as Google checks them, and
// refused in its words. Its answers come from a deterministic reader of telephone transcripts that knows
// nothing but the prompt (prompt.go): the catalogue of labels with their descriptions, and the lines. It
// scores what callers want by a lexicon in English and Spanish (lexicon_en.go, lexicon_es.go) and by a
// reader that has learnt from examples, sentence by sentence, what callers ask for and what agents do
// (gist.go, learn.go, examples_*.go); ties both to the labels by what their names and descriptions mean
// (classify.go); picks out details (person.go, company.go, numbers.go, times.go), says how the call ended
// (ending.go) and fills the response schema with what it has found (fill.go). What redaction hides it can't
// know.
//
// Every request is kept for tests that look for leaks ([Server.Asked]), and none is logged.
package vertexai

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/grpc"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/meter"
)

// Product is the stand-in's name in the meter.
const Product = "vertexai"

// Config of a stand-in.
type Config struct {
	// Listen is host:port; empty takes a free port of 127.0.0.1.
	Listen string
	// Faults to begin with. Codes: the gRPC codes UNAVAILABLE, INTERNAL, RESOURCE_EXHAUSTED,
	// PERMISSION_DENIED, UNAUTHENTICATED; HANG (no answer until the caller gives up); and answers that are
	// none: SAFETY and PROHIBITED_CONTENT (the prompt is blocked), FINISH_SAFETY, RECITATION, SPII,
	// MAX_TOKENS (the answer is cut), BAD_QUOTE (an answer with a quote that nobody said, unless it is a
	// repair).
	Faults fault.Settings
	// Models known; empty knows [DefaultModels].
	Models []string
	// RequestsPerMinute is the quota of one project and model; 0 is no quota.
	RequestsPerMinute int
	// RetryDelay is what a spent quota asks to wait; default 1 s.
	RetryDelay time.Duration
	// BlockPhrases block a prompt that holds one, whatever its case.
	BlockPhrases []string
	// ThoughtTokens are billed with every answer, as a thinking model does.
	ThoughtTokens int
}

// DefaultModels are the names that a stand-in knows unless told otherwise.
func DefaultModels() []string {
	return []string{"gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro"}
}

// Request is one request as it was asked.
type Request struct {
	// At is when it came.
	At time.Time
	// Method is the RPC, e.g. "GenerateContent".
	Method string
	// Project, Location and Model from the resource name.
	Project, Location, Model string
	// Labels for billing.
	Labels map[string]string
	// Text is everything that was said to the model: instruction and turns, joined by newlines.
	Text string
	// Schema tells whether a response schema was given.
	Schema bool
	// Code is "OK", or why there was no answer.
	Code string
}

// Server is a running stand-in. Its methods are safe for concurrent use.
type Server struct {
	cfg    Config
	ln     net.Listener
	grpc   *grpc.Server
	faults *fault.Injector
	meter  *meter.Meter
	served chan struct{}
	reader *reader

	mu     sync.Mutex
	asked  []Request
	number int
	quota  map[string]window
}

// window counts the requests of one minute.
type window struct {
	began time.Time
	n     int
}

// Start serves until Close, or until ctx ends.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if len(cfg.Models) == 0 {
		cfg.Models = DefaultModels()
	}
	if cfg.RetryDelay <= 0 {
		cfg.RetryDelay = time.Second
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("starting the Vertex AI stand-in on %q: %w", cfg.Listen, err)
	}
	s := &Server{
		cfg: cfg, ln: ln, grpc: grpc.NewServer(grpc.MaxRecvMsgSize(maxRequestBytes)), faults: fault.New(cfg.Faults),
		meter: &meter.Meter{}, served: make(chan struct{}), reader: newReader(), quota: map[string]window{},
	}
	pb.RegisterPredictionServiceServer(s.grpc, &service{s: s})
	pb.RegisterLlmUtilityServiceServer(s.grpc, &counter{s: s})
	go func() {
		defer close(s.served)
		_ = s.grpc.Serve(ln) // ends with Close; nobody is left to tell
	}()
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// Addr is host:port.
func (s *Server) Addr() string { return s.ln.Addr().String() }

// Close ends requests under way and stops serving. It may be called again.
func (s *Server) Close() error {
	s.grpc.Stop()
	<-s.served
	return nil
}

// Faults can be changed while it runs.
func (s *Server) Faults() *fault.Injector { return s.faults }

// Meter is what Google would have billed, by project, model and unit (input_token, output_token,
// thought_token, request).
func (s *Server) Meter() *meter.Meter { return s.meter }

// Asked is every request so far, in order.
func (s *Server) Asked() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// note keeps a request and returns its running number.
func (s *Server) note(r Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r)
	s.number++
	return s.number
}

// within counts a request against its quota.
func (s *Server) within(project, model string, now time.Time) bool {
	if s.cfg.RequestsPerMinute <= 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := project + "/" + model
	w := s.quota[k]
	if now.Sub(w.began) >= time.Minute {
		w = window{began: now}
	}
	w.n++
	s.quota[k] = w
	return w.n <= s.cfg.RequestsPerMinute
}
