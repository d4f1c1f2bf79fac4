package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// open asks for a session, once there is something to hear.
func (t *track) open() {
	if t.sess != nil || t.slot != nil || t.lost != nil || t.paused || len(t.held) == 0 || t.stream.waits(t) {
		return
	}
	s, app := t.stream, t.stream.call.app
	rec, err := app.recs.For(s.tenant)
	if err == nil && !slices.Contains(rec.Capabilities().Encodings, t.format.Encoding) {
		err = &retry.Error{Class: retry.Permanent, Code: "encoding_unsupported", Err: fmt.Errorf("the recogniser takes no %q audio", t.format.Encoding)}
	}
	if err != nil {
		t.lose(retry.Permanently(retry.Code(err), err))
		return
	}
	caps := rec.Capabilities()
	t.asked = true
	t.slot = app.slotsFor(caps.Product, caps.Sessions).take(func(in *slot) { t.begin(in, rec) })
}

// begin opens the session in a slot and gives it what was kept.
func (t *track) begin(in *slot, rec recogniser.Recogniser) {
	s, c := t.stream, t.stream.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.slot != in {
		return // given back meanwhile
	}
	languages := []string{s.started.GetLanguage()}
	for _, l := range s.tenant.Speech.Languages {
		if !slices.Contains(languages, l) {
			languages = append(languages, l)
		}
	}
	t.sess = rec.Open(recogniser.Spec{
		Format: t.format, From: max(t.mark, t.reach), Lead: t.lead,
		Languages: slices.DeleteFunc(languages, func(l string) bool { return l == "" }),
	})
	for _, a := range t.held {
		t.sess.Write(a)
		t.count(a)
	}
	t.held, t.holds = nil, 0
	c.app.weigh(t)
	c.app.met.opened(s, 1)
	sess := t.sess
	c.app.hearing.Go(func() { t.listen(sess) })
	s.settle()
}

// listen takes what a session tells, until it ends.
func (t *track) listen(sess recogniser.Session) {
	c := t.stream.call
	for {
		e, err := sess.Recv()
		c.mu.Lock()
		switch {
		case err != nil:
			c.app.met.opened(t.stream, -1)
			t.left(sess, err)
			c.mu.Unlock()
			return
		case e.Usage != nil:
			t.stream.used(e.Usage)
		case t.sess == sess:
			t.told(e)
		}
		c.mu.Unlock()
	}
}

// told posts a segment, or only that the audio before some call time is done.
func (t *track) told(e recogniser.Event) {
	s := t.stream
	if e.Covered > t.reach {
		t.reach, t.forcing = e.Covered, false
	}
	if t.reach > t.absentAt {
		t.absent = nil
	}
	cover := func() { t.cover(e.Covered) }
	if e.Final != nil && t.stop > 0 {
		f, words := e.Final.Before(t.stop)
		if e.Final = &f; !words {
			e.Final = nil
		}
	}
	if e.Final == nil {
		s.call.post(s, nil, cover)
		return
	}
	s.segments++
	now := time.Now()
	s.call.app.met.segment(s, now.Sub(s.callTime(e.Final.End)))
	_, span := s.call.app.tel.Tracer.Start(s.ctx, "stt utterance", trace.WithTimestamp(s.callTime(e.Final.Start)),
		trace.WithAttributes(attribute.String("frontdesk.party", partyName(t.party)), attribute.Int64("frontdesk.audio_ms", e.Final.End-e.Final.Start)))
	s.call.post(s, s.meta.Event(now, t.segment(e.Final)), func() {
		span.End()
		cover()
	})
}

func (t *track) segment(f *recogniser.Final) *events.TranscriptSegment {
	s := t.stream
	m := &events.TranscriptSegment{
		StreamId: s.started.GetStreamId(), Party: t.party, StartMs: f.Start, EndMs: f.End, Text: f.Text,
		Confidence: clamp(f.Confidence), Language: f.Language, Recogniser: s.tenant.Speech.Provider, Model: s.tenant.Speech.Model, Run: Run,
	}
	m.Words = make([]*events.Word, len(f.Words))
	for i, w := range f.Words {
		m.Words[i] = &events.Word{Text: w.Text, StartMs: w.Start, EndMs: w.End, Confidence: clamp(w.Confidence)}
	}
	return m
}

// clamp keeps a product's rounding from making an event invalid.
func clamp(share float32) float32 { return min(max(share, 0), 1) }

func partyName(p events.Party) string {
	if p == events.Party_PARTY_AGENT {
		return "agent"
	}
	return "caller"
}

// left takes the end of a session.
func (t *track) left(sess recogniser.Session, err error) {
	if t.sess != sess {
		return // ended by us
	}
	t.leave()
	s := t.stream
	var away *recogniser.Away
	switch {
	case errors.Is(err, io.EOF):
		t.done = true
	case errors.As(err, &away):
		t.away(away)
	case errors.Is(err, context.Canceled):
	default:
		t.lose(err)
	}
	s.settle()
}

// leave ends the session, if there is one, and gives its slot back.
func (t *track) leave() {
	if t.sess != nil {
		t.sess.Cancel()
	}
	t.slot.give()
	t.sess, t.slot, t.forcing = nil, nil, false
}

// lose gives up what was taken and not told. A failure that may pass leaves room for another session with the
// next audio; one that can't pass ends the hearing of this track.
func (t *track) lose(err error) {
	s := t.stream
	s.call.app.tel.Log.WarnContext(s.ctx, "a party of a call could not be heard", slog.String("call_id", s.call.id),
		slog.String("party", partyName(t.party)), slog.String("code", retry.Code(err)), slog.Bool("permanent", retry.IsPermanent(err)))
	t.spoil(err)
	t.held, t.holds, t.absent = nil, 0, nil
	s.call.app.weigh(t)
	if retry.IsPermanent(err) {
		t.lost = err
	}
	s.declare(t, max(t.reach, t.mark), t.taken, events.MediaGapReason_MEDIA_GAP_REASON_DROPPED)
	t.reach = max(t.reach, t.taken)
}
