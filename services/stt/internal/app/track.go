package app

import (
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// track is one party of a stream.
type track struct {
	stream *stream
	party  events.Party

	begun  bool   // a chunk has come
	asked  bool   // a session was asked for
	next   uint64 // chunk number that should come next
	taken  int64  // call time up to which audio is taken, or is none of this track's
	mark   int64  // call time up to which the log has words: nothing before it is told again
	ledger ledger
	format recogniser.Format
	heard  time.Duration // audio given to a recogniser, what was given again not counted

	held    []recogniser.Audio // not yet given to anybody
	holds   int64              // milliseconds of it
	slot    *slot
	sess    recogniser.Session
	stop    int64     // call time from which a newer stream tells the words; 0 if there is none
	lead    int64     // milliseconds before reach that are heard as well
	reach   int64     // call time up to which sessions have told everything
	posted  int64     // call time up to which segments have been sent to the broker
	forcing bool      // a final is being forced, and nothing has been told since
	forced  int       // how often
	pressed time.Time // when room was last asked for while it waited for a session
	since   time.Time // and since when
	absent  error     // why there is no session for now: the recogniser is away; nil if it is not
	paused  bool      // and it is not worth asking yet
	counted int64     // call time up to which audio is counted in heard

	absentSince time.Time // since when, and where reach was then
	absentAt    int64

	lost error // why there will be no session any more; nil while there may be
	done bool  // everything that will be told has been told
}

// take takes a chunk: its number tells a repeat, its call time what is new in it.
func (t *track) take(m *events.AudioChunk, done func(error)) {
	s, n := t.stream, m.GetChunk()
	if t.begun && n < t.next {
		if !t.ledger.again(n, done) {
			done(nil)
		}
		return
	}
	t.format = formatOf(m)
	a := recogniser.Audio{Start: m.GetStartMs(), Data: m.GetAudio()}
	if t.begun && n > t.next {
		t.hole(a.Start)
	}
	t.begun, t.next = true, n+1
	a = t.format.From(a, max(t.taken, t.mark))
	if s.until > 0 {
		a = t.format.Until(a, s.until)
	}
	if len(a.Data) > 0 && t.reach == 0 {
		t.reach = a.Start
	}
	if len(a.Data) == 0 || s.state != open {
		// Told before, or another stream tells it. What comes after MediaEnded was sent by nobody that
		// keeps to the contract.
		done(nil)
		return
	}
	end := t.format.End(a)
	t.taken = end
	t.ledger.add(entry{chunk: n, end: end, done: done})
	t.give(a)
}

func formatOf(m *events.AudioChunk) recogniser.Format {
	f := recogniser.Format{Encoding: recogniser.Mulaw, Rate: int(m.GetSampleRate())}
	if m.GetEncoding() == events.Encoding_ENCODING_LINEAR16 {
		f.Encoding = recogniser.Linear16
	}
	return f
}

// hole declares what is missing between the last chunk and one that begins at start, unless ingress has.
func (t *track) hole(start int64) {
	if from := max(t.taken, t.mark); start > from {
		t.stream.declare(t, from, start, events.MediaGapReason_MEDIA_GAP_REASON_LOST)
	}
}

// missing declares what is missing at the end, where ingress has sent more chunks than have come.
func (t *track) missing(sent uint64, end int64) {
	if t.begun && sent > t.next {
		t.hole(end)
	}
}

// give hands audio to the session, or keeps it until there is one.
func (t *track) give(a recogniser.Audio) {
	switch {
	case t.lost != nil:
		t.ledger.cover(t.taken)
	case t.sess != nil:
		t.sess.Write(a)
		t.count(a)
	default:
		t.held = append(t.held, a)
		t.holds += t.format.Millis(len(a.Data))
		if t.stream.verdict.kind == wait {
			// What only waits for a session is bounded by the consumer: the log keeps the rest.
			t.bound(t.stream.call.app.cfg.Keep.Milliseconds())
		}
		t.keep()
	}
}

// count counts what is given to a recogniser, once.
func (t *track) count(a recogniser.Audio) {
	a = t.format.From(a, t.counted)
	t.counted = max(t.counted, t.format.End(a))
	d := time.Duration(t.format.Millis(len(a.Data))) * time.Millisecond
	t.heard += d
	t.stream.call.app.met.sent(t.stream, d)
}

// bound gives up the oldest audio that is kept, a quarter of the bound at a time.
func (t *track) bound(most int64) {
	if t.holds <= most {
		return
	}
	from, to := t.held[0].Start, t.held[0].Start
	for t.holds > most*3/4 && len(t.held) > 0 {
		to = t.format.End(t.held[0])
		t.holds -= t.format.Millis(len(t.held[0].Data))
		t.held[0] = recogniser.Audio{}
		t.held = t.held[1:]
	}
	t.stream.declare(t, from, to, events.MediaGapReason_MEDIA_GAP_REASON_DROPPED)
	t.reach = max(t.reach, to)
}

// cover completes what lies before call time ms.
func (t *track) cover(ms int64) {
	t.ledger.cover(ms)
	t.stream.covered()
}

// behind is how much audio is taken and not done, in milliseconds.
func (t *track) behind() int64 {
	if len(t.ledger.entries) == 0 {
		return 0
	}
	return t.taken - t.ledger.entries[0].end
}
