package app

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

type state int

const (
	open      state = iota
	ending          // no more audio comes; the last finals do
	closing         // TranscriptCompleted is on its way
	completed       // it stands
)

// stream is one stream of audio, from MediaStarted to TranscriptCompleted. Everything in it is under its
// call's lock.
type stream struct {
	call    *call
	meta    events.Call
	started *events.MediaStarted
	tenant  *tenant.Tenant // nil if the file is gone
	began   time.Time      // when MediaStarted happened
	ctx     context.Context
	span    trace.Span
	labels  metric.MeasurementOption

	verdict verdict
	state   state
	tracks  []*track
	until   int64 // call time from which a newer stream is heard instead, at the latest; 0 if there is none
	newer   *stream
	older   *stream
	place   int  // counts the streams of the call; 0 for one of which nobody knows where it begins
	handed  bool // the newer stream waits for this one no more

	gaps     []*events.MediaGap
	before   []hearsay
	faults   []string      // why the transcript is not whole, in our words, the first first
	silenced bool          // it was ended for want of chunks
	failure  string        // why the recogniser could not be had; "" if it could
	segments uint32        // published here
	holds    []func(error) // messages done with the first audio covered from now on
	closes   []func(error) // messages done with TranscriptCompleted

	last     time.Time // when a chunk last came
	target   int64     // offset that must be passed before nothing counts as silence; 0 if not asked yet
	passed   bool      // it has been
	cutOff   bool      // the log could not be asked
	watching *time.Timer
	timers   []*time.Timer
}

// open makes a stream.
func (c *call) open(e *events.CallEvent, m *events.MediaStarted) *stream {
	s := &stream{
		call: c, meta: events.CallOf(e), started: m, tenant: c.app.tenants.ByID(e.GetTenant()),
		began: e.GetOccurredAt().AsTime(), last: time.Now(),
	}
	s.ctx, s.span = c.app.tel.Tracer.Start(telemetry.WithCall(c.app.ctx, c.id), "stt stream", trace.WithAttributes(
		attribute.String("frontdesk.tenant", s.meta.Tenant), attribute.String("frontdesk.line_of_business", s.meta.LineOfBusiness),
	))
	s.labels = of(s)
	c.streams[m.GetStreamId()] = s
	for _, p := range m.GetParties() {
		s.track(p)
	}
	s.watch()
	return s
}

// track returns the track of a party, a new one where MediaStarted did not name it.
func (s *stream) track(p events.Party) *track {
	for _, t := range s.tracks {
		if t.party == p {
			return t
		}
	}
	t := &track{stream: s, party: p}
	s.tracks = append(s.tracks, t)
	return t
}

// decide looks again whether the stream may be heard, and acts on it.
func (s *stream) decide() {
	answer := s.started.GetConsent()
	if said := s.call.answer.Answer; said != events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED {
		// An answer on the log is what was said last; a new stream may begin in a process that knows only
		// what was known when the call opened.
		answer = said
	}
	if s.over() || s.verdict.kind == unheard {
		return
	}
	s.verdict = judge(s.tenant, answer)
	s.settle()
}

// chunk takes one chunk.
func (s *stream) chunk(m *events.AudioChunk, done func(error)) {
	s.alive()
	switch s.state {
	case completed:
		done(nil)
	case closing:
		s.closes = append(s.closes, done)
	case open, ending:
		s.track(m.GetParty()).take(m, done)
		s.settle()
	}
}

// gap takes note of audio that ingress has lost. It is published again, so that it is still known when this
// message is done and the process gone.
func (s *stream) gap(e *events.CallEvent, m *events.MediaGap, done func(error)) {
	if m.GetReason() == events.MediaGapReason_MEDIA_GAP_REASON_STREAM_UNFOLLOWED {
		s.unfollowed(m.GetEndMs(), done)
		return
	}
	s.alive()
	if s.over() {
		done(nil)
		return
	}
	if m.GetEndMs() <= s.offset() {
		s.before = append(s.before, hearsay{e, m, done})
		s.after(s.call.app.cfg.SilentSocket, s.own)
		return
	}
	s.note(m)
	s.call.post(s, e, func() { done(nil) })
}

// hearsay is a gap that ends where its stream begins. Ingress did not know of a stream before, which may still come, out of the
// spool of a replica that was away; what is missing after that is known here.
type hearsay struct {
	event *events.CallEvent
	gap   *events.MediaGap
	done  func(error)
}

// own takes the gaps before a stream for its own, unless another one was there.
func (s *stream) own() {
	for _, h := range s.before {
		if s.older != nil {
			h.done(nil)
			continue
		}
		s.note(h.gap)
		s.call.post(s, h.event, func() { h.done(nil) })
	}
	s.before = nil
}

// ended takes MediaEnded.
func (s *stream) ended(m *events.MediaEnded, done func(error)) {
	if s.state == completed {
		s.tail(m.GetEndMs(), done)
		return
	}
	s.closes = append(s.closes, done)
	if s.state != open {
		return
	}
	for _, t := range s.tracks {
		sent := m.GetCallerChunks()
		if t.party == events.Party_PARTY_AGENT {
			sent = m.GetAgentChunks()
		}
		t.missing(sent, m.GetEndMs())
	}
	switch m.GetReason() {
	case events.MediaEndReason_MEDIA_END_REASON_DISCONNECTED:
		s.end("the carrier's connection broke")
	case events.MediaEndReason_MEDIA_END_REASON_PROTOCOL:
		s.end("the carrier broke the protocol")
	case events.MediaEndReason_MEDIA_END_REASON_SHUTDOWN:
		s.end("ingress shut down")
	default:
		s.end("")
	}
}

// hold keeps a message until something that came before it, or with it, is covered.
func (s *stream) hold(done func(error)) {
	if s.state == completed {
		done(nil)
		return
	}
	s.holds = append(s.holds, done)
}

// covered completes what was held.
func (s *stream) covered() {
	for _, done := range s.holds {
		done(nil)
	}
	s.holds = nil
}

// spoil marks the transcript as not whole.
func (s *stream) spoil(why string) {
	if why != "" {
		s.faults = append(s.faults, why)
	}
}

// callTime is when call time ms was, by the clock of whoever saw the stream begin.
func (s *stream) callTime(ms int64) time.Time {
	return s.began.Add(time.Duration(ms-s.started.GetOffsetMs()) * time.Millisecond)
}
