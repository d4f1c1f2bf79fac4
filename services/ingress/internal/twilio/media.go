package twilio

import (
	"context"
	"errors"
	"net/http"
	"os"

	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio/mediastream"
	"github.com/frontdesk/frontdesk/services/ingress/internal/ws"
)

// media upgrades one Media Streams socket and leaves it to a goroutine of its own, which [Server.Drain] waits
// for: returning from the handler frees what HTTP held for the request, and a socket lives for hours.
func (s *Server) media(w http.ResponseWriter, r *http.Request) {
	account := r.PathValue("account")
	signed, ok := s.links.signedSocket(r)
	if !ok || !s.auth.form(account, signed, nil, r.Header.Get(signatureHeader)) {
		s.m.Refused(r.Context(), "media", "signature")
		http.Error(w, "the signature is missing or wrong", http.StatusForbidden)
		return
	}
	leave, why := s.enter()
	if leave == nil {
		s.m.Refused(r.Context(), "media", why)
		w.Header().Set("Retry-After", "1")
		http.Error(w, "no more streams are taken here now", http.StatusServiceUnavailable)
		return
	}
	c, err := ws.Upgrade(w, r, s.socket.Options)
	if err != nil {
		leave()
		s.m.Refused(r.Context(), "media", "handshake")
		return // answered already
	}
	go func() { //nolint:contextcheck // a socket outlives its request
		defer leave()
		ctx, end := context.WithCancel(s.sockets)
		defer end()
		var call string // as the start message names it
		var mine *running
		err := mediastream.Serve(ctx, c, account, s.now,
			func(ctx context.Context, token, account, id string, spec media.Spec) (*media.Stream, error) {
				call = id
				stream, f, err := s.openStream(ctx, token, account, id, spec)
				if err == nil {
					mine = s.runs(stream, f, spec.ID, end)
				}
				return stream, err
			})
		s.over(mine)
		s.ended(ctx, call, err)
	}()
}

// ended counts how a socket ended; the peer has been told. call is "" where the socket ended before it named one.
func (s *Server) ended(ctx context.Context, call string, err error) {
	reason := endReason(ctx, err)
	s.m.SocketEnded(ctx, reason)
	var fault *ws.Error
	switch {
	case err == nil:
	case errors.As(err, &fault):
		s.log.WarnContext(ctx, "a media socket was closed for breaking the protocol", "call", call, "code", fault.Code, "reason", reason)
	default:
		s.log.InfoContext(ctx, "a media socket ended without a stop", "call", call, "reason", reason, "error", err)
	}
}

// endReason puts the end of a socket into words fit for a metric: a fault's are our own and quote nothing.
func endReason(ctx context.Context, err error) string {
	var fault *ws.Error
	switch {
	case err == nil:
		return "stopped"
	case errors.As(err, &fault):
		return fault.Reason
	case ctx.Err() != nil:
		return "shutdown"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "idle"
	case errors.Is(err, context.DeadlineExceeded):
		return "unstored"
	default:
		return "disconnected"
	}
}

// openStream checks a stream's token against its start message and opens it.
func (s *Server) openStream(ctx context.Context, token, account, call string, spec media.Spec) (*media.Stream, app.Facts, error) {
	f, err := s.tokens.Open(token, s.now())
	switch {
	case err != nil:
	case f.Account != account || f.CallID != call:
		err = errors.New("the call token is of another call")
	default:
		err = s.app.Admit(f)
	}
	if err != nil {
		s.m.Refused(ctx, "media", "token")
		return nil, f, ws.Fault(ws.StatusPolicy, err.Error())
	}
	ctx, span := s.tracer.Start(telemetry.WithCall(ctx, f.CallID), "ingress.stream", trace.WithSpanKind(trace.SpanKindServer))
	span.End() // the stream's begin; a span open for hours would be of no use, and none is made a frame
	return s.intake.Open(ctx, f, spec), f, nil
}

// enter counts a socket in and returns what counts it out; nil, and why, if there is no room or a shutdown.
func (s *Server) enter() (leave func(), why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		return nil, "shutdown"
	case s.open >= s.socket.MaxOpen:
		return nil, "full"
	}
	s.open++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
		s.settle()
	}, ""
}

func (s *Server) settle() {
	if s.closing && s.open == 0 && len(s.waiting) == 0 {
		select {
		case <-s.empty:
		default:
			close(s.empty)
		}
	}
}
