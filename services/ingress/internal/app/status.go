package app

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// LegState is one change of a leg, as far as it makes an event.
type LegState struct {
	// LegID of the leg, ParentID of the leg that made it; empty on a root leg.
	LegID, ParentID string
	// Answered: the leg is talking. Otherwise Status says how it ended.
	Answered bool
	Status   events.CallStatus
	// At is when, by the carrier's clock.
	At time.Time
	// Duration of an ended leg.
	Duration time.Duration
	// Sequence is the carrier's running number of the webhook, -1 if it has none.
	Sequence int32
	// From and To of the leg, E.164 or empty.
	From, To string
}

// LegChanged tells of a leg that <Dial> made: further legs never open a record, so they are folded to the
// root as CallStarted and CallEnded with a leg id of their own.
func (s *Service) LegChanged(ctx context.Context, f Facts, l LegState) error {
	if l.LegID == f.CallID {
		return invalid("the leg is the root leg")
	}
	if l.ParentID != "" && l.ParentID != f.CallID {
		return ErrNotOurs
	}
	leg := f.Leg(l.LegID)
	var e *events.CallEvent
	if l.Answered {
		e = leg.Event(l.At, &events.CallStarted{
			From: l.From, To: l.To, Direction: events.Direction_DIRECTION_OUTBOUND, Handling: f.Handling,
			Consent: f.Consent, Payer: f.Payer, Language: f.Language,
		})
	} else {
		e = leg.Event(l.At, ended(l))
	}
	if err := s.pub.Publish(ctx, Message{Topic: events.Lifecycle, Event: e}); err != nil {
		return fmt.Errorf("storing the leg's change: %w", err)
	}
	return nil
}

// LegEnded is LegChanged for somebody on whom a caller waits: it gives up in time.
func (s *Service) LegEnded(ctx context.Context, f Facts, l LegState) error {
	ctx, cancel := context.WithTimeout(ctx, s.set.VoiceDeadline)
	defer cancel()
	return s.LegChanged(ctx, f, l)
}

func ended(l LegState) *events.CallEnded {
	return &events.CallEnded{
		Status: l.Status, Duration: durationpb.New(l.Duration), EndedAt: timestamppb.New(l.At), SequenceNumber: l.Sequence,
	}
}

// Ended ends the call, on the word of the number's own status callback; see [End].
func (s *Service) Ended(ctx context.Context, in Incoming, l LegState) error {
	t, n := s.lookup(in.Account, in.To)
	if t == nil {
		return ErrUnknownCall
	}
	if err := s.pub.Publish(ctx, Message{Topic: events.Lifecycle, Event: End(in, l, t, n)}); err != nil {
		return fmt.Errorf("storing the call's end: %w", err)
	}
	return nil
}

// End is what the number's own status callback tells. That one has a fixed URL and so no token: account, leg and
// dialled number identify it. It is also the only word of a call that the carrier's fallback TwiML answered, so it
// carries what CallStarted would have told; whoever saw that one ignores it, and the event's id is the same either
// way. The carrier's own list of calls tells the same, long after: an event made of that repeats the callback's id.
func End(in Incoming, l LegState, t *tenant.Tenant, n *tenant.Number) *events.CallEvent {
	f := open(in.Source, in.Account, in.CallID, in.From, l.At.Add(-l.Duration), t, n)
	f.Handling = events.Handling_HANDLING_FALLBACK
	f.Consent = events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED // the fallback asks nobody
	body := ended(l)
	if l.LegID == in.CallID {
		body.OpenedBy = started(in, f, t)
	}
	return f.Leg(l.LegID).Event(l.At, body)
}
