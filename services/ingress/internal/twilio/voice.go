package twilio

import (
	"context"
	"net/http"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// say answers a plan. err, if there is one, says why the plan goes without stream and recording; the caller
// hears nothing of it.
func (s *Server) say(ctx context.Context, h *webhook, p app.Plan, err error) answer {
	a := answer{status: http.StatusOK, twiml: s.links.render(p), outcome: "ok"}
	if err != nil {
		a.outcome = "unheard"
		s.log.WarnContext(ctx, "the caller goes on without stream and recording", "kind", h.kind, "call", h.call(), "error", err)
	}
	return a
}

// voice opens a call.
func (s *Server) voice(ctx context.Context, h *webhook) answer {
	in := h.incoming()
	if in.CallID == "" {
		return refusal(http.StatusUnprocessableEntity, "invalid", "CallSid is missing")
	}
	if h.noToken == nil {
		in.Known = &h.facts
	}
	p, err := s.app.Incoming(ctx, in)
	switch {
	case p.Facts.CallID == "":
		s.m.UnknownNumber(ctx, "refused")
		return answer{status: http.StatusOK, twiml: s.links.render(p), outcome: "unknown-number"}
	case p.Facts.Line != in.To:
		s.m.UnknownNumber(ctx, "default")
	}
	return s.say(ctx, h, p, err)
}

// lost sends a caller on whose token can't be used. Twilio's signature covers the URL, so that it wasn't
// tampered with on the way: it has expired, or its key is gone.
func (s *Server) lost(ctx context.Context, h *webhook) answer {
	s.m.Refused(ctx, h.kind, "token")
	return s.say(ctx, h, s.app.Lost(h.incoming()), h.noToken)
}

// consent takes the answer of the question's <Gather>, or, with the parameter Consent, what a receptionist
// reports; nobody waits on the line for the latter.
func (s *Server) consent(ctx context.Context, h *webhook) answer {
	if word, reported := h.params["Consent"]; reported {
		return s.reported(ctx, h, word)
	}
	if h.noToken != nil {
		return s.lost(ctx, h)
	}
	p, err := s.app.Answered(ctx, h.facts, app.Reply{Digits: h.params["Digits"], Speech: h.params["SpeechResult"]})
	return s.say(ctx, h, p, err)
}

func (s *Server) reported(ctx context.Context, h *webhook, word string) answer {
	f, refused := s.identify(ctx, h)
	if refused != nil {
		return *refused
	}
	answer, ok := reportable(word)
	if !ok {
		return refusal(http.StatusUnprocessableEntity, "invalid", "Consent must be granted, refused, timed-out or withdrawn")
	}
	at, _ := parseTime(h.params["Timestamp"])
	return s.stored(ctx, h, s.app.Reported(ctx, f, app.Report{Answer: answer, At: at}))
}

// reportable maps the words of a report.
func reportable(word string) (events.ConsentAnswer, bool) {
	for _, a := range []events.ConsentAnswer{
		events.ConsentAnswer_CONSENT_ANSWER_GRANTED, events.ConsentAnswer_CONSENT_ANSWER_REFUSED,
		events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT, events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN,
	} {
		if consentWord(a) == word {
			return a, true
		}
	}
	return 0, false
}

// consentWord is an answer in the words of our URLs.
func consentWord(a events.ConsentAnswer) string {
	switch a {
	case events.ConsentAnswer_CONSENT_ANSWER_GRANTED:
		return "granted"
	case events.ConsentAnswer_CONSENT_ANSWER_REFUSED:
		return "refused"
	case events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT:
		return "timed-out"
	case events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN:
		return "withdrawn"
	case events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED:
		return "not-asked"
	default:
		return "pending"
	}
}

// onward is where the question leads when no answer was posted.
func (s *Server) onward(ctx context.Context, h *webhook) answer {
	if h.noToken != nil {
		return s.lost(ctx, h)
	}
	p, err := s.app.Onward(ctx, h.facts)
	return s.say(ctx, h, p, err)
}

// voicemail ends the call after the message; the recording tells of itself by its own callback.
func (s *Server) voicemail(ctx context.Context, h *webhook) answer {
	if h.noToken != nil {
		s.m.Refused(ctx, h.kind, "token")
	}
	return s.say(ctx, h, app.Plan{Farewell: app.PhraseThanks, Language: h.facts.Language}, nil)
}

// dialAction ends the call after <Dial>, with a word to a caller whom nobody answered. The leg's end is told
// here a second time; dial-status may have failed.
// https://www.twilio.com/docs/voice/twiml/dial#action
func (s *Server) dialAction(ctx context.Context, h *webhook) answer {
	p := app.Plan{Language: h.facts.Language}
	status, over := ended(h.params["DialCallStatus"])
	if over && status != events.CallStatus_CALL_STATUS_COMPLETED {
		p.Farewell = app.PhraseNobody
	}
	if h.noToken != nil {
		s.m.Refused(ctx, h.kind, "token")
		return s.say(ctx, h, p, nil)
	}
	if leg := h.params["DialCallSid"]; over && leg != "" {
		// Not worth a caller's silence: what fails here is told by dial-status as well.
		err := s.app.LegEnded(ctx, h.facts, app.LegState{
			LegID: leg, ParentID: h.facts.CallID, Status: status, At: h.told(),
			Duration: h.seconds("DialCallDuration"), Sequence: -1,
		})
		if err != nil {
			s.log.WarnContext(ctx, "the dialled leg's end could not be stored here", "call", h.call(), "error", err)
		}
	}
	return s.say(ctx, h, p, nil)
}
