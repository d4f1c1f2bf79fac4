package media

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// Stream is one stream of a call. It belongs to one goroutine, but for Heard.
type Stream struct {
	in     *Intake
	turn   *turn
	ctx    context.Context // the trace of the stream, never cancelled
	facts  app.Facts
	call   events.Call
	spec   Spec
	perMs  int64
	offset int64 // ms from the call's start

	caller, agent track
	acks          acks
	reached       atomic.Int64 // call time of the end of the latest chunk, ms
	repeated      int
}

// track is one party's audio. Times are in bytes from the stream's start: exact, whatever a frame's length.
type track struct {
	party  events.Party // UNSPECIFIED on a track that was not announced
	buf    []byte       // the chunk being packed
	start  int64        // time of buf[0]
	next   int64        // time that the next frame is expected at
	begun  bool
	number uint64 // the last frame's
	frames int    // in buf
	chunks uint64 // sent
	lost   span   // dropped and not yet declared
}

// span is [start, end) in ms from the stream's start; empty when both are equal.
type span struct{ start, end int64 }

// What a frame can be refused for. The stream is as it was.
var (
	// ErrParty: a party that MediaStarted did not announce.
	ErrParty = errors.New("media on a track that was not announced")
	// ErrTime: no time that a call can have.
	ErrTime = errors.New("media at an impossible time")
	// ErrNumber: a number that nothing accounts for. Taken at its word, every later frame would be a repetition.
	ErrNumber = errors.New("media with an impossible frame number")
)

// leap is how many frames a number may be ahead of the last beyond what the time between has room for: a minute of them.
const leap = 60_000 / frameMs

// longest is the latest time in a stream, ms: far beyond any call, near enough that nothing overflows.
const longest = 7 * 24 * 3600 * 1000

// Frame takes one frame: audio of a party that begins ms milliseconds into the stream. number is the carrier's
// running number of frames of that party, 0 if it has none: a frame that is not newer than the last is a
// repetition and is dropped. The audio is the caller's again when Frame returns.
func (s *Stream) Frame(p events.Party, number uint64, ms int64, audio []byte) error {
	t := s.track(p)
	if t == nil || t.party == events.Party_PARTY_UNSPECIFIED {
		return ErrParty
	}
	if ms < 0 || ms > longest {
		return ErrTime
	}
	if t.begun && number != 0 && number <= t.number {
		s.repeated++
		return nil
	}
	if number > t.number && number-t.number > leap+t.room(ms*s.perMs)/uint64(frameMs*s.perMs) {
		return ErrNumber
	}
	s.place(t, number, ms*s.perMs)
	t.number = number
	t.buf = append(t.buf, audio...)
	t.frames++
	t.next += int64(len(audio))
	if int64(len(t.buf)) >= chunkMs*s.perMs {
		s.flush(t)
	}
	// A party that has gone quiet in the middle of a chunk is not kept waiting for its next word.
	if o := s.other(t); len(o.buf) > 0 && o.start+2*chunkMs*s.perMs <= t.next {
		s.flush(o)
	}
	return nil
}

// room is the time between the track's last frame and one at a time, with room for both parties' should they be numbered
// together.
func (t *track) room(at int64) uint64 { return 2 * uint64(max(at-t.next, 0)) }

// place decides where a frame stands: right after the one before, or after a hole.
func (s *Stream) place(t *track, number uint64, at int64) {
	switch hole := at - t.next; {
	case !t.begun:
		t.begun, t.next = true, at
	case hole >= frameMs*s.perMs:
		s.flush(t)
		if quiet := t.party == events.Party_PARTY_AGENT && number == t.number+1; !quiet {
			s.gap(t.party, span{t.next / s.perMs, at / s.perMs}, events.MediaGapReason_MEDIA_GAP_REASON_CARRIER)
		}
		t.next = at
	}
	if len(t.buf) == 0 {
		t.start = t.next
	}
}

func (s *Stream) track(p events.Party) *track {
	switch p {
	case events.Party_PARTY_CALLER:
		return &s.caller
	case events.Party_PARTY_AGENT:
		return &s.agent
	default:
		return nil
	}
}

func (s *Stream) other(t *track) *track {
	if t == &s.caller {
		return &s.agent
	}
	return &s.caller
}
