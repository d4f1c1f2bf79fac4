package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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

// Report is an answer that a receptionist or an agent reports.
type Report struct {
	Answer events.ConsentAnswer
	// At is when it was given, as whoever reports it says; the zero time if that isn't said.
	At time.Time
}

// granted tells whether r allows anything.
func (r Report) granted() bool { return r.Answer == events.ConsentAnswer_CONSENT_ANSWER_GRANTED }

// Reported records an answer that a receptionist or an agent reports, and makes the carrier follow it: a
// grant starts what had to wait, anything else stops what runs. The log says what was answered before, since the facts
// are older than that: a repetition begins nothing twice, and a grant that comes late, or again, after a denial
// begins nothing at all. It is ErrInvalid where nobody can tell whether it does. While the log can't be asked an answer is stored
// all the same if its own time says where it stands among the others, and a grant is to come again for what it begins.
func (s *Service) Reported(ctx context.Context, f Facts, r Report) error {
	t, n, err := s.line(f)
	if err != nil {
		return err
	}
	now := s.set.Now()
	r.At = stated(r.At, now, t)
	past, unknown := s.past(ctx, f, t)
	if unknown != nil {
		unknown = fmt.Errorf("asking the log for earlier answers: %w", unknown)
		if r.granted() && r.At.IsZero() {
			return unknown
		}
		past = Past{} // to stop can't wait for a log that can't be read; at worst the denial is recorded twice
	}
	if old, err := past.outdates(r); old || err != nil {
		return err
	}
	told := f
	told.Consent = r.Answer
	err = s.pub.Publish(ctx, consentRecorded(told, now, &events.ConsentRecorded{
		PromptVersion: t.Consent.PromptVersion, Language: f.Language,
		Method: events.ConsentMethod_CONSENT_METHOD_REPORTED, Answer: r.Answer, DecidedAt: timestamppb.New(past.givenAt(r, now)),
	})...)
	if err != nil {
		return fmt.Errorf("storing the reported consent: %w", err)
	}
	switch {
	case !r.granted():
		return s.cease(ctx, told)
	case unknown != nil:
		return unknown
	default:
		return s.begin(ctx, f, t, n, past)
	}
}

// stated is a time as the contract has it, or zero for one that this call can't have.
func stated(at, now time.Time, t *tenant.Tenant) time.Time {
	if at.IsZero() || at.Sub(now).Abs() > time.Duration(t.LongestCall) {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Millisecond)
}

// outdates tells whether the log holds a later answer than r. A withdrawal is later than any grant. A denial that the log
// doesn't hold is never old: clocks may differ, and who is in doubt stops.
func (p Past) outdates(r Report) (bool, error) {
	denied := Facts{Consent: p.Consent}.denied()
	switch {
	case !r.granted():
		return !denied && slices.ContainsFunc(p.Reports, func(o Report) bool { return o.Answer == r.Answer && o.At.Equal(r.At) }), nil
	case p.Consent == events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN:
		return true, nil
	case !denied:
		return false, nil
	case r.At.IsZero() && slices.ContainsFunc(p.Reports, Report.granted):
		return true, invalid("Timestamp (consent was granted and denied before; without the time this may be the first grant, come again)")
	default:
		return !r.At.IsZero() && !r.At.After(p.DecidedAt), nil
	}
}

// givenAt is when an answer counts as given. One that repeats the latest is that one, and repeats its event. Any other
// counts after those that the log holds, whatever clock it was told by: readers order answers by this time.
func (p Past) givenAt(r Report, now time.Time) time.Time {
	if p.Reported && p.Consent == r.Answer {
		return p.DecidedAt
	}
	at := r.At
	if at.IsZero() {
		at = now.UTC().Truncate(time.Millisecond)
	}
	if !at.After(p.DecidedAt) {
		at = p.DecidedAt.Add(time.Millisecond)
	}
	return at
}

// begin starts what a grant allows and the call doesn't have yet. Consent that was taken back while it did so
// found nothing to stop, so it looks once more.
func (s *Service) begin(ctx context.Context, f Facts, t *tenant.Tenant, n *tenant.Number, past Past) error {
	if f.Start.IsZero() {
		f.Start = past.Start
	}
	// Without the call's start its audio would have no place in the call.
	stream := hears(t) && !f.Start.IsZero() && !past.streams(f, t.Consent.Policy)
	record := n.Record && n.Onward.Voicemail == nil && !past.records(f)
	if !stream && !record {
		return nil
	}
	live, err := s.carrier.Live(ctx, f)
	if err != nil {
		return fmt.Errorf("asking whether the call lives: %w", err)
	}
	if !live {
		return nil
	}
	f.Consent = events.ConsentAnswer_CONSENT_ANSWER_GRANTED
	// A name that no stream of the call has had, so that a late word on an older one is not taken for this one's.
	f.Attempt, f.Heard = max(f.Attempt+1, len(past.Streams)), past.Heard
	f = f.listenedTo(s.set.Now())
	var faults []error
	if stream {
		faults = append(faults, s.startStream(ctx, f))
	}
	if record {
		faults = append(faults, s.startRecording(ctx, f))
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	past, err = s.past(ctx, f, t)
	if err != nil {
		return fmt.Errorf("asking the log whether consent stands: %w", err)
	}
	if f.Consent = past.Consent; f.denied() {
		return s.cease(ctx, f)
	}
	return nil
}

// startStream starts the stream that a grant allows.
func (s *Service) startStream(ctx context.Context, f Facts) error {
	if _, err := s.carrier.StartStream(ctx, f); err != nil {
		return fmt.Errorf("starting the stream that consent allows: %w", err)
	}
	return nil
}

// startRecording starts the recording that a grant allows, and tells of it at once, so that the same grant finds it when
// it comes again.
func (s *Service) startRecording(ctx context.Context, f Facts) error {
	id, err := s.carrier.StartRecording(ctx, f)
	if err != nil {
		return fmt.Errorf("starting the recording that consent allows: %w", err)
	}
	if id != "" {
		e := f.Root().Event(s.set.Now(), &events.RecordingStarted{RecordingId: id, Channels: 2})
		_ = s.pub.Publish(ctx, Message{Topic: events.Lifecycle, Event: e}) // the carrier's own word on it follows, with the same id
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
