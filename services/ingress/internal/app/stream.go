package app

import (
	"cmp"
	"context"
	"fmt"
	"time"

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
	// RestartWaits: the last start failed, or too many streams of the call broke already; the next one waits a while.
	RestartWaits Restart = "waits"
)

// Break is a stream that stopped or failed.
type Break struct {
	// Stream is its id, "" if the carrier doesn't say.
	Stream string
	// Failed: it did not stop, its connection did.
	Failed bool
	// Waited is since when its successor has waited; the zero time if the carrier has told only now.
	Waited time.Time
}

// withCall tells whether a stream whose call is over ended with it, as far as the carrier's word goes. One that stopped before, and whose
// successor waited, did not.
func (b Break) withCall() bool { return !b.Failed && b.Waited.IsZero() }

// StreamBroke starts a new stream for one that stopped or failed, if the call lives and may be heard. The
// carrier never reconnects by itself, and it tells of a stop in the same words whoever wanted it; so this
// asks: does the call live (the carrier knows), does consent stand, and is it the call's newest stream that
// broke (the log knows both, the token is older). A second word on a stream whose successor the log doesn't have yet
// asks the carrier for a stream of the same name, which it refuses. Any replica can do it. f are the facts of the stream
// that broke.
//
// One that was heard is followed at once. One that never began is not: whoever refused its socket, a replica that drains
// or is full, or none at all during a rollout, would refuse the next, and each costs a request. The outcome is RestartWaits
// then and wait says how long; whoever asked comes again after that with the same break, and Waited. So it
// is where the log can't be asked: a broker may be away for longer than the carrier repeats itself; and where the carrier asks to
// wait. There is no last try while the call lives. An error without an outcome is worth another try, and counts as none.
func (s *Service) StreamBroke(ctx context.Context, f Facts, b Break) (outcome Restart, wait time.Duration, err error) {
	t, _, err := s.line(f)
	if err != nil {
		return "", 0, err
	}
	if !f.MayStream(t.Consent.Policy) {
		return RestartWithdrawn, 0, nil
	}
	live, err := s.carrier.Live(ctx, f)
	if err != nil {
		return s.later(b, fmt.Errorf("asking whether the call lives: %w", err))
	}
	if !live && b.withCall() {
		return RestartEnded, 0, nil
	}
	past, err := s.past(ctx, f, t)
	switch {
	case err != nil && b.Waited.IsZero():
		return RestartWaits, s.set.RestartPause, nil
	case err != nil:
		return "", 0, fmt.Errorf("asking the log for consent: %w", err)
	}
	f.Heard = max(f.Heard, past.Heard)
	if past.Consent != events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED {
		f.Consent = past.Consent
	}
	if !f.MayStream(t.Consent.Policy) {
		return RestartWithdrawn, 0, nil
	}
	if past.follows(b.Stream, f.Attempt) || past.beganSince(b.Waited, b.Stream) {
		return RestartSuperseded, 0, nil
	}
	if !live {
		return s.unfollowed(ctx, f, b, past)
	}
	if past.unheard(b.Stream) {
		f.Failed++
	} else {
		f.Failed = 0
	}
	if wait = s.pause(f.Failed, len(past.Streams)); wait > 0 && b.Waited.IsZero() {
		return RestartWaits, wait, nil
	}
	f.Attempt++
	switch live, err = s.carrier.StartStream(ctx, f); {
	case err == nil && live:
		return RestartStarted, 0, nil
	case err == nil && b.withCall():
		return RestartEnded, 0, nil
	case err == nil: // it has ended while the log was asked
		return s.unfollowed(ctx, f, b, past)
	case retry.IsPermanent(err):
		return RestartRefused, 0, fmt.Errorf("starting a new stream: %w", err)
	default:
		return s.later(b, fmt.Errorf("starting a new stream: %w", err))
	}
}

// unfollowed declares that nobody has heard the rest of a call whose last stream broke. From where on only stt knows: ingress may
// have died with the stream.
func (s *Service) unfollowed(ctx context.Context, f Facts, b Break, past Past) (Restart, time.Duration, error) {
	start, begun := past.offsets[b.Stream]
	now := s.set.Now()
	to := cmp.Or(past.Ended, now).Sub(f.Start).Milliseconds()
	heard := start
	if !b.Failed {
		// It may have stopped with the call and waited since the carrier could not be asked.
		heard = max(start, (past.Heard + nextToNothing).Milliseconds())
	}
	if !begun || to <= heard {
		return RestartEnded, 0, nil
	}
	err := s.pub.Publish(ctx, Message{Topic: events.Media, Event: f.Root().Event(now, &events.MediaGap{
		StreamId: b.Stream, StartMs: start, EndMs: to, Reason: events.MediaGapReason_MEDIA_GAP_REASON_STREAM_UNFOLLOWED,
	})})
	if err != nil {
		return "", 0, fmt.Errorf("declaring that the rest of the call was not heard: %w", err)
	}
	return RestartEnded, 0, nil
}

// later is what becomes of a break that the carrier failed on: a carrier that says how long it wants to be left alone is left alone,
// where it would repeat itself sooner.
func (s *Service) later(b Break, err error) (Restart, time.Duration, error) {
	if wait := retry.After(err); wait > 0 && b.Waited.IsZero() && !retry.IsPermanent(err) {
		return RestartWaits, wait, nil
	}
	return "", 0, err
}

// HandOver starts the successor of a stream that still runs, which has been heard up to a call time, on a replica that is about
// to end. Both run for a moment: whoever listens takes the older one up to where the newer begins. False says that none is
// started: one has begun already, or nobody may listen. Where the log can't be asked there is an error and no successor:
// what follows once the older one has ended is [Service.StreamBroke]'s.
func (s *Service) HandOver(ctx context.Context, f Facts, stream string, heard time.Duration) (bool, error) {
	t, _, err := s.line(f)
	if err != nil {
		return false, err
	}
	past, err := s.past(ctx, f, t)
	if err != nil {
		return false, fmt.Errorf("asking the log for consent: %w", err)
	}
	if past.Consent != events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED {
		f.Consent = past.Consent
	}
	if !f.MayStream(t.Consent.Policy) || past.follows(stream, f.Attempt) {
		return false, nil
	}
	f.Attempt, f.Failed, f.Heard = f.Attempt+1, 0, max(past.Heard, heard)
	started, err := s.carrier.StartStream(ctx, f)
	if err != nil {
		return false, fmt.Errorf("starting the stream that takes over: %w", err)
	}
	return started, nil
}

// TakenOver tells whether the successor of a stream has begun.
func (s *Service) TakenOver(ctx context.Context, f Facts, stream string) (bool, error) {
	t, _, err := s.line(f)
	if err != nil {
		return false, err
	}
	past, err := s.past(ctx, f, t)
	if err != nil {
		return false, fmt.Errorf("asking the log for the stream that takes over: %w", err)
	}
	return past.follows(stream, f.Attempt), nil
}

// longestPause is how many times the first pause the longest is: half a minute.
const longestPause = 32

// pause is how long the successor of a stream waits: doubled with each start in a row that failed, or with each of the
// call's streams beyond those that are followed at once.
func (s *Service) pause(failed, begun int) time.Duration {
	n := max(failed, begun-s.set.MaxRestarts)
	if n <= 0 {
		return 0
	}
	return s.set.RestartPause * time.Duration(min(1<<min(n-1, 30), longestPause))
}
