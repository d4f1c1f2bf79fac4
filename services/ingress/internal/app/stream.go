package app

import (
	"context"
	"fmt"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// Restart says what came of a broken stream.
type Restart string

// The outcomes, fit for a metric.
const (
	// RestartStarted: a new stream is on its way.
	RestartStarted Restart = "started"
	// RestartEnded: the call is over; the stream ended with it.
	RestartEnded Restart = "call-ended"
	// RestartWithdrawn: nobody may listen (any more); the stop was ours.
	RestartWithdrawn Restart = "no-consent"
	// RestartRefused: the carrier will not start it: it is under way already (the webhook came twice), or never will be.
	RestartRefused Restart = "refused"
	// RestartSuperseded: a newer stream of the call has begun already; the webhook is late, or came twice.
	RestartSuperseded Restart = "superseded"
	// RestartSpent: too many streams of this call broke already.
	RestartSpent Restart = "attempts-spent"
)

// StreamBroke starts a new stream for one that stopped or failed, if the call lives and may be heard. The
// carrier never reconnects by itself, and it tells of a stop in the same words whoever wanted it; so this
// asks: does the call live (the carrier knows), does consent stand, and is it the call's newest stream that
// broke (the log knows both, the token is older). A second word on a stream whose successor the log doesn't have yet
// asks the carrier for a stream of the same name, which it refuses. Any replica can do it. stream is the id of
// the stream that broke, f are its facts; its attempts bound the restarts. An error without an outcome is worth another try.
func (s *Service) StreamBroke(ctx context.Context, f Facts, stream string) (Restart, error) {
	t, _, err := s.line(f)
	if err != nil {
		return "", err
	}
	if !f.MayStream(t.Consent.Policy) {
		return RestartWithdrawn, nil
	}
	if f.Attempt >= s.set.MaxRestarts {
		return RestartSpent, nil
	}
	live, err := s.carrier.Live(ctx, f)
	if err != nil {
		return "", fmt.Errorf("asking whether the call lives: %w", err)
	}
	if !live {
		return RestartEnded, nil
	}
	past, err := s.past(ctx, f, t)
	if err != nil {
		return "", fmt.Errorf("asking the log for consent: %w", err)
	}
	f.Heard = past.Heard
	if past.Consent != events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED {
		f.Consent = past.Consent
	}
	if !f.MayStream(t.Consent.Policy) {
		return RestartWithdrawn, nil
	}
	if past.follows(stream, f.Attempt) {
		return RestartSuperseded, nil
	}
	f.Attempt++
	switch err := s.carrier.StartStream(ctx, f); {
	case err == nil:
		return RestartStarted, nil
	case retry.IsPermanent(err):
		return RestartRefused, fmt.Errorf("starting a new stream: %w", err)
	default:
		return "", fmt.Errorf("starting a new stream: %w", err)
	}
}
