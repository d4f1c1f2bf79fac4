package twilio

import (
	"context"
	"errors"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// broken is one stream of a call, by its place among them: what comes of the next may be told before it is noted here.
type broken struct {
	call, tenant, account string
	attempt               int
}

// errEnding: another replica must wait in our place.
var errEnding = errors.New("this replica is about to end")

// later starts the successor of a broken stream after a pause; false if this process is about to end: Twilio is asked to
// tell another one. A stream has one successor here, however often Twilio tells. It waits in memory: a shutdown
// starts it at once and leaves what comes of it to whoever Twilio tells, and a crash forgets it (docs/adr/0006).
func (s *Server) later(ctx context.Context, f app.Facts, b app.Break, pause time.Duration) bool {
	of := broken{f.CallID, f.Tenant, f.Account, f.Attempt}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		return false
	}
	if s.waits[of] {
		return true
	}
	s.waits[of] = true
	b.Waited = s.now()
	ctx = context.WithoutCancel(telemetry.WithCall(ctx, f.CallID))
	go func() {
		defer s.waited(of)
		s.wait(ctx, f, b, pause)
	}()
	return true
}

func (s *Server) waited(of broken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waits, of)
	s.settle()
}

// wait goes on until it is known what becomes of the call's next stream, or nothing waits any more.
func (s *Server) wait(ctx context.Context, f app.Facts, b app.Break, pause time.Duration) {
	for last, next := false, pause; ; {
		timer := time.NewTimer(next)
		select {
		case <-timer.C:
		case <-s.hurry:
			timer.Stop()
			last = true
		}
		outcome, _, err := s.app.StreamBroke(ctx, f, b)
		switch {
		case outcome != "":
			s.m.Restart(ctx, string(outcome))
			if err != nil {
				s.log.WarnContext(ctx, "a stream broke and no new one could be started", "call", f.CallID, "error", err)
			}
			return
		case last || errors.Is(err, app.ErrNotOurs):
			s.m.Restart(ctx, "failed")
			s.log.WarnContext(ctx, "a stream broke and no new one could be started before the end", "call", f.CallID, "error", err)
			return
		}
		next = max(pause, retry.After(err))
		s.log.WarnContext(ctx, "a new stream can't be started yet; trying again", "call", f.CallID, "error", err)
	}
}

// end lets nothing wait any more.
func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ending {
		s.ending = true
		close(s.hurry)
	}
}
