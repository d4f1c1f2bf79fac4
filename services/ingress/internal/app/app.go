package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Settings of the use cases.
type Settings struct {
	// Default is the tenant that takes calls to numbers that nobody owns; nil refuses them politely.
	Default *tenant.Tenant
	// VoiceDeadline bounds how long a caller waits, in silence, for events to be stored.
	VoiceDeadline time.Duration
	// MaxRestarts is how many streams of a call that broke are followed at once; later ones wait.
	MaxRestarts int
	// RestartPause is the first wait before a new stream where the last could not be started.
	RestartPause time.Duration
	// Now is the clock.
	Now func() time.Time
}

// Service is the use cases. Safe for concurrent use.
type Service struct {
	tenants *tenant.Set
	pub     Publisher
	carrier Carrier
	history History
	set     Settings
}

// New makes the use cases of their ports.
func New(tenants *tenant.Set, pub Publisher, carrier Carrier, history History, set Settings) *Service {
	return &Service{tenants: tenants, pub: pub, carrier: carrier, history: history, set: set}
}

// The faults of a request that no repetition mends. Whoever calls answers 4xx.
var (
	// ErrUnknownCall: no tenant can be told from what the webhook carries.
	ErrUnknownCall = errors.New("no tenant can be told from the dialled number")
	// ErrNotOurs: the facts and the webhook are of two calls, or the tenant's file has changed under them.
	ErrNotOurs = errors.New("the call token is of another call or of a line that is gone")
	// ErrInvalid: a value that the webhook needs is missing or out of range.
	ErrInvalid = errors.New("a needed value is missing or out of range")
	// ErrNoConsent: nobody may hear this call.
	ErrNoConsent = errors.New("nobody may hear this call")
)

func invalid(field string) error { return fmt.Errorf("%w: %s", ErrInvalid, field) }

// line returns the tenant and the line of facts, or ErrNotOurs.
func (s *Service) line(f Facts) (*tenant.Tenant, *tenant.Number, error) {
	t := s.tenants.ByID(f.Tenant)
	if t == nil {
		return nil, nil, ErrNotOurs
	}
	for i := range t.Numbers {
		if t.Numbers[i].Number == f.Line {
			return t, &t.Numbers[i], nil
		}
	}
	return nil, nil, ErrNotOurs
}

// lookup finds who takes a call to a dialled number on an account. A number of a tenant on another account is
// nobody's here: whoever holds one account's secret must not open records of another's tenant.
func (s *Service) lookup(account, dialled string) (*tenant.Tenant, *tenant.Number) {
	if t, n := s.tenants.ByNumber(dialled); t != nil && t.Twilio.AccountSID == account {
		return t, n
	}
	if d := s.set.Default; d != nil && len(d.Numbers) > 0 {
		return d, &d.Numbers[0]
	}
	return nil, nil
}

// Lost is the plan for a caller whose facts can't be read: on to where the dialled number leads, unheard.
func (s *Service) Lost(in Incoming) Plan {
	t, n := s.lookup(in.Account, in.To)
	if t == nil {
		return Plan{Farewell: PhraseNobody}
	}
	f := open(in.Source, in.Account, in.CallID, in.From, s.set.Now(), t, n)
	return s.unheard(f, t, n)
}

// Admit tells whether a stream may carry what the facts of its token say: ErrNotOurs or ErrNoConsent if not.
func (s *Service) Admit(f Facts) error {
	t, _, err := s.line(f)
	if err != nil {
		return err
	}
	if !f.MayStream(t.Consent.Policy) {
		return ErrNoConsent
	}
	return nil
}

// open writes down the facts of a call that begins at start.
func open(src events.Source, account, call, from string, start time.Time, t *tenant.Tenant, n *tenant.Number) Facts {
	start = start.UTC().Truncate(time.Millisecond)
	return Facts{
		CallID: call, Source: src, Account: account, Tenant: t.ID, Line: n.Number,
		LineOfBusiness: n.LineOfBusiness, Payer: n.Payer, Language: n.Language,
		CallerRef: t.CallerRef(from), Start: start,
		Consent: firstConsent(t.Consent.Policy), Handling: handling(&n.Onward),
		Expires: start.Add(time.Duration(t.LongestCall) + afterCall).Truncate(time.Second),
	}
}

// firstConsent is what is known before anybody has answered.
func firstConsent(p tenant.ConsentPolicy) events.ConsentAnswer {
	if p == tenant.ConsentNotAsked {
		return events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED
	}
	return events.ConsentAnswer_CONSENT_ANSWER_PENDING
}

func handling(o *tenant.Onward) events.Handling {
	switch {
	case o.Dial != nil:
		return events.Handling_HANDLING_DIAL
	case o.Studio != nil:
		return events.Handling_HANDLING_STUDIO
	case o.Voicemail != nil:
		return events.Handling_HANDLING_VOICEMAIL
	}
	return events.Handling_HANDLING_UNSPECIFIED
}

// consentRecorded on both topics: stt must see it in order with the audio, inference with the call.
func consentRecorded(f Facts, at time.Time, body *events.ConsentRecorded) []Message {
	e := f.Root().Event(at, body)
	return []Message{{Topic: events.Lifecycle, Event: e}, {Topic: events.Media, Event: e}}
}

// publishSoon publishes within the time that a caller may be kept waiting.
func (s *Service) publishSoon(ctx context.Context, msgs ...Message) error {
	ctx, cancel := context.WithTimeout(ctx, s.set.VoiceDeadline)
	defer cancel()
	return s.pub.Publish(ctx, msgs...)
}
