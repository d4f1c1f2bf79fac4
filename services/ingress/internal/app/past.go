package app

import (
	"context"
	"slices"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Past of a call: what calls.lifecycle holds of it. The zero value is a call of which nothing is known.
type Past struct {
	// Start of the call, as the first facts had it, and its end; zero if the log doesn't tell.
	Start, Ended time.Time
	// Consent is the latest answer, UNSPECIFIED if there is none; WITHDRAWN is final. DecidedAt is when it was given,
	// and Reported tells whether it was a report.
	Consent   events.ConsentAnswer
	DecidedAt time.Time
	Reported  bool
	// Reports are all answers that were reported, in order.
	Reports []Report
	// Denied: consent was denied at least once. What the call's TwiML had begun was stopped then, or never began.
	Denied bool
	// Asked: the latest answer that was not a report allowed what the call's TwiML then began.
	Asked bool
	// Heard is the call time up to which ended streams have been heard.
	Heard time.Duration
	// Streams are those that have begun, by id, oldest first. Streaming: the newest of them has not ended, and began
	// after the latest denial.
	Streams   []string
	Streaming bool
	// Began is when the newest stream did.
	Began time.Time
	// Recordings are those that have begun, by id. Recording: one began after the latest denial.
	Recordings []string
	Recording  bool

	answers []string         // event ids
	offsets map[string]int64 // of the streams, ms
	mute    []string         // streams that ended with next to nothing heard
}

// Add folds one event of the call into its past.
func (p *Past) Add(e *events.CallEvent) {
	switch m := e.Message().(type) {
	case *events.CallStarted:
		if e.GetLegId() == e.GetCallId() && p.Start.IsZero() {
			p.Start = e.GetOccurredAt().AsTime()
		}
	case *events.CallEnded:
		if e.GetLegId() == e.GetCallId() {
			p.Ended = m.GetEndedAt().AsTime()
		}
	case *events.ConsentRecorded:
		p.answer(e.GetEventId(), m)
	case *events.MediaStarted:
		if id := m.GetStreamId(); !slices.Contains(p.Streams, id) {
			p.Streams, p.Streaming, p.Began = append(p.Streams, id), true, e.GetOccurredAt().AsTime()
			if p.offsets == nil {
				p.offsets = map[string]int64{}
			}
			p.offsets[id] = m.GetOffsetMs()
		}
	case *events.MediaEnded:
		if offset, began := p.offsets[m.GetStreamId()]; began && m.GetEndMs()-offset < nextToNothing.Milliseconds() {
			p.mute = append(p.mute, m.GetStreamId())
		}
		p.Heard = max(p.Heard, time.Duration(m.GetEndMs())*time.Millisecond)
		if n := len(p.Streams); n > 0 && p.Streams[n-1] == m.GetStreamId() {
			p.Streaming = false
		}
	case *events.RecordingStarted:
		if id := m.GetRecordingId(); !slices.Contains(p.Recordings, id) {
			p.Recordings, p.Recording = append(p.Recordings, id), true
		}
	}
}

// answer folds one answer. One that comes again, after another, allows nothing anew.
func (p *Past) answer(id string, m *events.ConsentRecorded) {
	given := Facts{Consent: m.GetAnswer()}
	if slices.Contains(p.answers, id) && !given.denied() {
		return
	}
	p.answers = append(p.answers, id)
	reported := m.GetMethod() == events.ConsentMethod_CONSENT_METHOD_REPORTED
	at := m.GetDecidedAt().AsTime()
	if reported {
		p.Reports = append(p.Reports, Report{Answer: m.GetAnswer(), At: at})
	}
	if given.denied() {
		p.Denied, p.Asked, p.Streaming, p.Recording = true, false, false, false
	} else if !reported {
		p.Asked = true
	}
	if p.Consent != events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN {
		p.Consent, p.DecidedAt, p.Reported = m.GetAnswer(), at, reported
	}
}

// streams tells whether the call has the stream that consent allows: the call's TwiML began it, by the facts or by the
// log, or a report did. A stream that broke is [Service.StreamBroke]'s.
func (p Past) streams(f Facts, policy tenant.ConsentPolicy) bool {
	return p.Streaming || !p.Denied && (p.Asked || f.MayStream(policy))
}

// records is streams for the recording.
func (p Past) records(f Facts) bool {
	return p.Recording || !p.Denied && (p.Asked || f.mayRecord())
}

// follows tells whether a newer stream has begun than the one with an id, which was the call's nth, from 0. It may never
// have begun itself, and its id may not be known.
func (p Past) follows(stream string, n int) bool {
	switch i := slices.Index(p.Streams, stream); {
	case i >= 0:
		return i < len(p.Streams)-1
	case stream == "":
		return len(p.Streams) > n+1
	default:
		return len(p.Streams) > n
	}
}

// nextToNothing is the least that a stream must have heard to have been worth its start.
const nextToNothing = time.Second

// unheard tells whether a stream never began, as far as the log knows, or ended with next to nothing heard.
func (p Past) unheard(stream string) bool {
	return stream != "" && (!slices.Contains(p.Streams, stream) || slices.Contains(p.mute, stream))
}

// beganSince tells whether another stream than the broken one runs that began after t, if t is a time: what a socket was
// sent may be read after its end was told.
func (p Past) beganSince(t time.Time, broken string) bool {
	return !t.IsZero() && p.Streaming && p.Began.After(t) && p.Streams[len(p.Streams)-1] != broken
}

// past asks the log. Facts that don't know when the call began have it looked for as far back as a call can last.
func (s *Service) past(ctx context.Context, f Facts, t *tenant.Tenant) (Past, error) {
	if f.Start.IsZero() {
		f.Start = s.set.Now().Add(-time.Duration(t.LongestCall))
	}
	return s.history.Past(ctx, f) //nolint:wrapcheck // whoever asks says what for
}
