package app

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Incoming is a call that asks what to do.
type Incoming struct {
	Source  events.Source
	Account string
	// CallID is the root leg's.
	CallID string
	// From is the caller's number in E.164, or empty and Withheld says why.
	From, Withheld string
	// To is the dialled number in E.164.
	To            string
	ForwardedFrom string
	StirVerstat   string
	Direction     events.Direction
	// Known are the facts of an earlier webhook of the same call, when it comes by a second time (a Studio
	// flow that returns): they keep the call's start where it was.
	Known *Facts
}

// Incoming opens the call and says what to do. The plan always stands; the error, beside it, says that it
// goes without stream and recording because the events could not be stored in time.
func (s *Service) Incoming(ctx context.Context, in Incoming) (Plan, error) {
	t, n := s.lookup(in.Account, in.To)
	if t == nil {
		return Plan{Farewell: PhraseUnknownNumber}, ErrUnknownCall
	}
	f := open(in.Source, in.Account, in.CallID, in.From, s.set.Now(), t, n)
	if k := in.Known; k != nil && k.CallID == f.CallID && k.Account == f.Account && k.Tenant == f.Tenant && k.Line == f.Line {
		f = *k
		if !f.undecided(t.Consent.Policy) {
			return s.onward(f, t, n), nil
		}
	}
	ask := t.Consent.Policy == tenant.ConsentAsk
	body := started(in, f, t)
	body.MediaExpected = !ask && hears(t)
	msgs := []Message{{Topic: events.Lifecycle, Event: f.Root().Event(f.Start, body)}}
	if t.Consent.Policy == tenant.ConsentNotAsked {
		msgs = append(msgs, consentRecorded(f, f.Start, &events.ConsentRecorded{
			Language: f.Language, Method: events.ConsentMethod_CONSENT_METHOD_POLICY,
			Answer: f.Consent, DecidedAt: timestamppb.New(f.Start),
		})...)
	}
	if err := s.publishSoon(ctx, msgs...); err != nil {
		return s.unheard(f, t, n), err
	}
	if ask {
		return Plan{Facts: f, Language: f.Language, Ask: &Question{
			Prompt:  tenant.ByLanguage(t.Consent.Prompts, f.Language),
			Timeout: time.Duration(t.Consent.Timeout), Speech: t.Consent.AllowSpeech,
		}}, nil
	}
	return s.onward(f, t, n), nil
}

// started is the body of the root leg's CallStarted.
func started(in Incoming, f Facts, t *tenant.Tenant) *events.CallStarted {
	return &events.CallStarted{
		From: in.From, To: in.To, Direction: in.Direction, ForwardedFrom: in.ForwardedFrom,
		StirVerstat: in.StirVerstat, Withheld: in.Withheld, Handling: f.Handling, Consent: f.Consent,
		LongestCall: durationpb.New(time.Duration(t.LongestCall)), Payer: f.Payer, Language: f.Language,
	}
}

// undecided tells whether the question still has to be asked.
func (f Facts) undecided(p tenant.ConsentPolicy) bool {
	return p == tenant.ConsentAsk && f.Consent == events.ConsentAnswer_CONSENT_ANSWER_PENDING
}

// hears tells whether the tenant has anybody to listen: without a recogniser audio would be kept for nothing.
func hears(t *tenant.Tenant) bool { return t.Speech.Provider != "none" }

// onward is the plan once consent is as settled as it will be for now.
func (s *Service) onward(f Facts, t *tenant.Tenant, n *tenant.Number) Plan {
	p := Plan{
		Facts: f, Language: f.Language, Onward: &n.Onward,
		Stream: hears(t) && f.MayStream(t.Consent.Policy),
		Record: n.Record && f.mayRecord(),
	}
	if p.Stream {
		p.Facts = f.listenedTo(s.set.Now())
	}
	return mailbox(p, t)
}

// mailbox takes the message away from a plan whose caller may not be asked for one. It is a recording in itself, so a
// caller who has said no, or nothing, is not asked, and neither is one whose answer nobody knows although the tenant asks
// for it. Where the answer is open by policy, leaving a message after being told so is the caller's own act.
func mailbox(p Plan, t *tenant.Tenant) Plan {
	if p.Onward.Voicemail == nil {
		return p
	}
	switch {
	case p.Facts.denied():
		p.Onward, p.Farewell = nil, PhraseNoMessage
	case p.Facts.undecided(t.Consent.Policy):
		p.Onward, p.Farewell = nil, PhraseNoMessageNow
	}
	return p
}

// unheard sends the caller on with neither stream nor recording: the events could not be stored.
func (s *Service) unheard(f Facts, t *tenant.Tenant, n *tenant.Number) Plan {
	return mailbox(Plan{Facts: f, Language: f.Language, Onward: &n.Onward}, t)
}
