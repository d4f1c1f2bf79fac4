package app

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Reply is what the caller did about the consent question.
type Reply struct {
	// Digits are the keys pressed, Speech what the carrier's recogniser heard; both empty: nothing in time.
	Digits, Speech string
}

// Answered records the caller's answer and says how the call goes on. The plan stands whatever happens; the
// error, beside it, says that nothing was stored, and then there is neither stream nor recording: a consent
// that nobody can prove is none.
func (s *Service) Answered(ctx context.Context, f Facts, r Reply) (Plan, error) {
	t, n, err := s.line(f)
	if err != nil {
		return Plan{Facts: f, Language: f.Language, Farewell: PhraseNobody}, err
	}
	now := s.set.Now()
	method, answer := read(t.Consent, f.Language, r)
	before := f.Consent
	f.Consent = answer
	err = s.publishSoon(ctx, consentRecorded(f, now, &events.ConsentRecorded{
		PromptVersion: t.Consent.PromptVersion, Language: f.Language,
		Method: method, Answer: answer, DecidedAt: timestamppb.New(now),
	})...)
	if err != nil {
		if !f.denied() {
			f.Consent = before // no URL may tell later what the log can't
		}
		return s.unheard(f, t, n), err
	}
	return s.onward(f, t, n), nil
}

// Onward sends the caller on whose question went by without an answer being posted (the carrier's safety net
// after the question), or who comes back from elsewhere.
func (s *Service) Onward(ctx context.Context, f Facts) (Plan, error) {
	t, n, err := s.line(f)
	if err != nil {
		return Plan{Facts: f, Language: f.Language, Farewell: PhraseNobody}, err
	}
	if f.undecided(t.Consent.Policy) {
		return s.Answered(ctx, f, Reply{})
	}
	return s.onward(f, t, n), nil
}

// read understands a reply. Only the grant digit, or a plain yes, is consent; anything else is a refusal.
func read(c tenant.Consent, language string, r Reply) (events.ConsentMethod, events.ConsentAnswer) {
	switch {
	case r.Digits != "":
		return events.ConsentMethod_CONSENT_METHOD_KEYPAD, granted(r.Digits == c.GrantDigit)
	case r.Speech != "" && c.AllowSpeech:
		return events.ConsentMethod_CONSENT_METHOD_SPEECH, granted(saysYes(language, r.Speech))
	default:
		return events.ConsentMethod_CONSENT_METHOD_KEYPAD, events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT
	}
}

func granted(yes bool) events.ConsentAnswer {
	if yes {
		return events.ConsentAnswer_CONSENT_ANSWER_GRANTED
	}
	return events.ConsentAnswer_CONSENT_ANSWER_REFUSED
}

// Reported records an answer that a receptionist or an agent reports, and makes the carrier follow it: a
// grant starts what had to wait, anything else stops what runs. A repetition is harmless.
func (s *Service) Reported(ctx context.Context, f Facts, answer events.ConsentAnswer) error {
	t, n, err := s.line(f)
	if err != nil {
		return err
	}
	before := f.Consent
	f.Consent = answer
	now := s.set.Now()
	err = s.pub.Publish(ctx, consentRecorded(f, now, &events.ConsentRecorded{
		PromptVersion: t.Consent.PromptVersion, Language: f.Language,
		Method: events.ConsentMethod_CONSENT_METHOD_REPORTED, Answer: answer, DecidedAt: timestamppb.New(now),
	})...)
	if err != nil {
		return fmt.Errorf("storing the reported consent: %w", err)
	}
	if answer == events.ConsentAnswer_CONSENT_ANSWER_GRANTED {
		return s.begin(ctx, f, t, n, before)
	}
	return s.cease(ctx, f)
}

// begin starts what a grant allows and the call doesn't have yet.
func (s *Service) begin(ctx context.Context, f Facts, t *tenant.Tenant, n *tenant.Number, before events.ConsentAnswer) error {
	if before == events.ConsentAnswer_CONSENT_ANSWER_GRANTED {
		return nil // reported twice, or granted to the question already
	}
	live, err := s.carrier.Live(ctx, f)
	if err != nil {
		return fmt.Errorf("asking whether the call lives: %w", err)
	}
	if !live {
		return nil
	}
	streaming := Facts{Consent: before}.MayStream(t.Consent.Policy)
	// Without the call's start (no token came with the report) its audio would have no place in the call.
	if hears(t) && !streaming && !f.Start.IsZero() {
		f.Attempt++
		if err := s.carrier.StartStream(ctx, f); err != nil {
			return fmt.Errorf("starting the stream that consent allows: %w", err)
		}
	}
	recording := Facts{Consent: before}.mayRecord() || n.Onward.Voicemail != nil
	if n.Record && !recording {
		if err := s.carrier.StartRecording(ctx, f); err != nil {
			return fmt.Errorf("starting the recording that consent allows: %w", err)
		}
	}
	return nil
}

// cease stops stream and recording. Both are tried, whatever the first says.
func (s *Service) cease(ctx context.Context, f Facts) error {
	stream := s.carrier.StopStreams(ctx, f)
	recording := s.carrier.StopRecording(ctx, f)
	if stream != nil {
		return fmt.Errorf("stopping the stream without consent: %w", stream)
	}
	if recording != nil {
		return fmt.Errorf("stopping the recording without consent: %w", recording)
	}
	return nil
}
