package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/spool"
)

// broken is one stream of a call, by its place among them: what comes of the next may be told before it is noted here.
type broken struct {
	call, tenant, account string
	attempt               int
}

// longestPause between two tries while the carrier refuses to tell anything.
const longestPause = 30 * time.Second

// errEnding: another replica must wait in our place.
var errEnding = errors.New("this replica is about to end")

// waiting is a break whose successor waits, as the journal has it.
type waiting struct {
	// Token holds the facts of the stream that broke.
	Token  string        `json:"token"`
	Stream string        `json:"stream"`
	Failed bool          `json:"failed"`
	Waited time.Time     `json:"waited"`
	Pause  time.Duration `json:"pause"`
}

// later starts the successor of a broken stream after a pause. A stream has one successor here, however often Twilio tells. Where
// there is a journal a crash doesn't forget it; a shutdown starts it at once, and leaves to whoever Twilio tells, or to the
// next start, what comes of it (docs/adr/0006). The error is of a process that is about to end, or of its disk: Twilio is asked to
// tell another one. With a disk that is full it waits here, too: there may be no other, and most wait while a spool fills.
func (s *Server) later(ctx context.Context, f app.Facts, b app.Break, pause time.Duration) error {
	b.Waited = s.now()
	entry, err := s.note(f, b, pause) //nolint:contextcheck // what is noted outlives the webhook
	return errors.Join(s.waits(ctx, f, b, pause, entry), err)
}

// note writes down what waits; nil without a journal.
func (s *Server) note(f app.Facts, b app.Break, pause time.Duration) (*spool.Entry, error) {
	if s.journal == nil {
		return nil, nil //nolint:nilnil // off is a setting, not a fault
	}
	var entry *spool.Entry
	text, err := json.Marshal(waiting{s.tokens.Sign(f), b.Stream, b.Failed, b.Waited, pause})
	if err == nil {
		entry, err = s.journal.Note(text)
	}
	if err != nil {
		return nil, fmt.Errorf("noting that a stream waits for its successor: %w", err)
	}
	return entry, nil
}

// Resume goes on with what an earlier process of this journal had waiting when it ended.
func (s *Server) Resume(ctx context.Context, left []*spool.Entry) {
	for _, entry := range left {
		var w waiting
		err := json.Unmarshal(entry.Data, &w)
		var f app.Facts
		if err == nil {
			f, err = s.tokens.Open(w.Token, s.now())
		}
		if err != nil {
			s.log.WarnContext(ctx, "a stream that waited for its successor before the restart is given up", "error", err)
			s.done(ctx, entry)
			continue
		}
		if err := s.waits(ctx, f, app.Break{Stream: w.Stream, Failed: w.Failed, Waited: w.Waited}, w.Pause, entry); err != nil {
			return // the process ends already, and the rest is the next one's
		}
	}
	if len(left) > 0 {
		s.log.InfoContext(ctx, "streams waited for their successors before the restart, and still do", "streams", len(left))
	}
}

// waits begins to wait, unless somebody does already. What comes when nothing waits any more is the next start's, too, whoever else is
// told of it.
func (s *Server) waits(ctx context.Context, f app.Facts, b app.Break, pause time.Duration, entry *spool.Entry) error {
	of := broken{f.CallID, f.Tenant, f.Account, f.Attempt}
	s.mu.Lock()
	ending, already := s.ending, s.waiting[of]
	if !ending && !already {
		s.waiting[of] = true
	}
	s.mu.Unlock()
	switch {
	case ending:
		return errEnding
	case already:
		s.done(ctx, entry)
		return nil
	}
	ctx = context.WithoutCancel(telemetry.WithCall(ctx, f.CallID))
	go func() {
		defer s.waited(of)
		if s.wait(ctx, f, b, pause) {
			s.done(ctx, entry)
		}
	}()
	return nil
}

// done takes an entry out of the journal; nil is none.
func (s *Server) done(ctx context.Context, entry *spool.Entry) {
	if entry == nil {
		return
	}
	if err := entry.Done(); err != nil {
		s.log.ErrorContext(ctx, "a stream that has its successor may be looked at once more after a restart", "error", err)
	}
}

func (s *Server) waited(of broken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, of)
	s.settle()
}

// wait goes on until it is known what becomes of the call's next stream, or its call can't live any more, whatever the carrier says, which is
// true, or nothing waits any more.
func (s *Server) wait(ctx context.Context, f app.Facts, b app.Break, pause time.Duration) bool {
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
			s.settled(ctx, f, b, outcome)
			if err != nil {
				s.log.WarnContext(ctx, "a stream broke and no new one could be started", "call", f.CallID, "error", err)
			}
			return true
		case last || errors.Is(err, app.ErrNotOurs) || !s.now().Before(f.Expires):
			s.m.Restart(ctx, "failed")
			s.log.WarnContext(ctx, "a stream broke and no new one could be started before the end", "call", f.CallID, "error", err)
			return !last
		}
		if retry.IsPermanent(err) { // somebody has to mend something, which takes longer
			pause = max(pause, min(2*pause, longestPause))
		}
		next = max(pause, retry.After(err))
		s.log.WarnContext(ctx, "a new stream can't be started yet; trying again", "call", f.CallID, "error", err)
	}
}

// settled tells what came of a break. That a stream has ended with its call is nothing that anybody asks for.
func (s *Server) settled(ctx context.Context, f app.Facts, b app.Break, outcome app.Restart) {
	s.m.Restart(ctx, string(outcome))
	level := slog.LevelInfo
	if outcome == app.RestartEnded && !b.Failed {
		level = slog.LevelDebug
	}
	s.log.Log(ctx, level, "a stream broke", "call", f.CallID, "stream", b.Stream, "outcome", outcome, "waited", !b.Waited.IsZero())
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
