package app

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// RecordingState is one word of the carrier on a recording.
type RecordingState struct {
	// ID of the recording, LegID of the leg that it belongs to (the carrier files it under the root).
	ID, LegID string
	// Status in the carrier's words: "in-progress" makes RecordingStarted; "completed", "absent" and
	// "failed" make RecordingReady.
	Status string
	// URL of the recording, without extension; a secret.
	URL       string
	Duration  time.Duration
	Channels  uint32
	ErrorCode uint32
	// StartedAt, the zero time if the carrier didn't say.
	StartedAt time.Time
	// At is when the carrier told.
	At time.Time
}

// Recording tells that a recording has begun, is ready, or never will be.
func (s *Service) Recording(ctx context.Context, f Facts, r RecordingState) error {
	if r.ID == "" {
		return invalid("recording id")
	}
	leg := f.Leg(r.LegID)
	var e *events.CallEvent
	switch r.Status {
	case "in-progress":
		e = leg.Event(r.At, &events.RecordingStarted{RecordingId: r.ID, Channels: r.Channels})
	case "completed", "absent", "failed":
		ready := &events.RecordingReady{
			RecordingId: r.ID, MediaUrl: r.URL, Duration: durationpb.New(r.Duration), Channels: r.Channels,
			Status: r.Status, ErrorCode: r.ErrorCode,
		}
		if !r.StartedAt.IsZero() {
			ready.StartedAt = timestamppb.New(r.StartedAt)
		}
		e = leg.Event(r.At, ready)
	default:
		return invalid("recording status")
	}
	if err := s.pub.Publish(ctx, Message{Topic: events.Lifecycle, Event: e}); err != nil {
		return fmt.Errorf("storing the recording's state: %w", err)
	}
	return nil
}
