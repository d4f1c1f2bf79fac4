package twilio

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// ignored is the answer to a webhook that tells nothing worth an event.
func ignored() answer { return answer{status: http.StatusNoContent, outcome: "ignored"} }

// status is the number's own callback: it comes once, at the end.
func (s *Server) status(ctx context.Context, h *webhook) answer {
	leg, known := h.leg()
	switch {
	case leg.LegID == "":
		return refusal(http.StatusUnprocessableEntity, "invalid", "CallSid is missing")
	case !known || leg.Answered:
		return ignored()
	}
	return s.stored(ctx, h, s.app.Ended(ctx, h.incoming(), leg))
}

// dialStatus tells of a leg that <Dial> made.
func (s *Server) dialStatus(ctx context.Context, h *webhook) answer {
	if h.noToken != nil {
		return s.untrusted(ctx, h)
	}
	leg, known := h.leg()
	switch {
	case leg.LegID == "":
		return refusal(http.StatusUnprocessableEntity, "invalid", "CallSid is missing")
	case !known:
		return ignored()
	}
	return s.stored(ctx, h, s.app.LegChanged(ctx, h.facts, leg))
}

// streamStatus starts a new stream for one that broke.
// https://www.twilio.com/docs/voice/twiml/stream#statuscallback
func (s *Server) streamStatus(ctx context.Context, h *webhook) answer {
	if h.noToken != nil {
		return s.untrusted(ctx, h)
	}
	switch h.params["StreamEvent"] {
	case "stream-stopped", "stream-error":
	case "stream-started":
		return ignored()
	default:
		return refusal(http.StatusUnprocessableEntity, "invalid", "StreamEvent is none of stream-started, stream-stopped, stream-error")
	}
	b := app.Break{Stream: h.params["StreamSid"], Failed: h.params["StreamEvent"] == "stream-error"}
	outcome, wait, err := s.app.StreamBroke(ctx, h.facts, b)
	if outcome == app.RestartWaits {
		if err = s.later(ctx, h.facts, b, wait); err != nil {
			outcome = ""
		}
	}
	switch {
	case err != nil && outcome == "":
		s.m.Restart(ctx, "failed")
		return s.stored(ctx, h, err)
	case err != nil:
		s.log.WarnContext(ctx, "a stream broke and no new one could be started", "call", h.call(), "error", err)
	}
	s.settled(ctx, h.facts, b, outcome)
	return answer{status: http.StatusNoContent, outcome: string(outcome)}
}

// recording tells of a recording, by <Dial>, <Record>, <Recording> or REST: the parameters are the same.
// https://www.twilio.com/docs/voice/twiml/recording#recordingstatuscallback
func (s *Server) recording(ctx context.Context, h *webhook) answer {
	if h.noToken != nil {
		return s.untrusted(ctx, h)
	}
	leg := h.params["CallSid"]
	if leg == "" {
		leg = h.facts.CallID
	}
	r := app.RecordingState{
		ID: h.params["RecordingSid"], LegID: leg, Status: h.params["RecordingStatus"],
		URL:      strings.ToValidUTF8(h.params["RecordingUrl"], ""),
		Duration: h.seconds("RecordingDuration"), Channels: h.whole("RecordingChannels"), ErrorCode: h.whole("ErrorCode"),
		At: h.told(),
	}
	r.StartedAt, _ = h.moment("RecordingStartTime", longestLeg+clockOff)
	return s.stored(ctx, h, s.app.Recording(ctx, h.facts, r))
}

// identify finds the call of a webhook that a person's tool posts: by its token, or, where the tool has none, by
// CallSid and To.
func (s *Server) identify(ctx context.Context, h *webhook) (app.Facts, *answer) {
	if h.noToken == nil {
		return h.facts, nil
	}
	if !errors.Is(h.noToken, errNoToken) {
		a := s.untrusted(ctx, h)
		return app.Facts{}, &a
	}
	in := h.incoming()
	if in.CallID == "" {
		a := refusal(http.StatusUnprocessableEntity, "invalid", "a call token or CallSid is needed")
		return app.Facts{}, &a
	}
	f, err := s.app.Identify(in)
	if err != nil {
		a := refusal(http.StatusUnprocessableEntity, "unknown-number", err.Error())
		return app.Facts{}, &a
	}
	return f, nil
}

// disposition takes an agent's own word on a call: Disposition, optionally Agent and Id, and the token, or
// CallSid with To. The same disposition by the same agent is the same event however often it comes (Twilio's
// idempotency header marks retries, not repetitions); a tool that lets an agent go back to an earlier choice
// tells the choices apart by Id.
func (s *Server) disposition(ctx context.Context, h *webhook) answer {
	f, refused := s.identify(ctx, h)
	if refused != nil {
		return *refused
	}
	return s.stored(ctx, h, s.app.Disposition(ctx, f, app.AgentDisposition{
		Name: h.params["Disposition"], Agent: clip(h.params["Agent"]), Token: clip(h.params["Id"]), At: h.told(),
	}))
}
