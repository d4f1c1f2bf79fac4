// Package media packs what is heard on a call into chunks of about 200 ms a party and publishes them in order.
// It is the same for every carrier: an adapter (Twilio's Media Streams today, Connect's Kinesis Video later)
// takes its wire apart and calls Frame.
//
// # Time
//
// A carrier counts milliseconds from a stream's first sample; the events count from the call's start. The
// difference, the stream's offset, is taken once, when the stream opens. Within a stream a frame continues
// the one before when its time is less than a frame's length (20 ms) off; what is further ahead begins a new
// chunk, and what lies between is declared as a MediaGap, so that a transcript made of the rest is known to
// be partial. Not a gap: the agent's track going quiet without a frame number missing. A carrier sends
// nothing on it while nothing is played, and silence is not loss.
//
// # A slow broker
//
// A frame never waits for Kafka. What is sent and stored neither there nor in the spool is bounded, per stream and for all
// streams together, below the producer's own bound, so that webhooks always find room there; audio beyond it
// is dropped whole chunks at a time and declared as a gap as soon as there is room for saying so. What was sent and is
// refused (a spool over its share is full) becomes a gap too, one for each time that the room is out, also when the stream has
// ended meanwhile; an event that is not audio is sent
// again a few times, and if it is lost after all a metric and the log say so.
//
// # Cost
//
// Frame copies the audio into the track's own buffer and returns: no allocation, no lock, no metric. Everything
// else happens once a chunk.
package media

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
)

// Config bounds the intake.
type Config struct {
	// MaxUnacked bounds, in bytes, the audio of one stream that is sent and not yet stored.
	MaxUnacked int
	// MaxUnackedTotal bounds that of all streams together.
	MaxUnackedTotal int
	// EndWait bounds how long the end of a stream waits for its audio to be stored.
	EndWait time.Duration
}

// chunkMs is the length of a chunk: long enough that Kafka's cost a message is small, short enough that
// packing adds little to the time until words appear.
const chunkMs = 200

// frameMs is the length of a carrier's frame, and so the least hole that is a gap.
const frameMs = 20

// Intake opens streams. Safe for concurrent use.
type Intake struct {
	pub   app.Publisher
	m     *metrics.Metrics
	log   *slog.Logger
	cfg   Config
	total atomic.Int64
	turns handover
}

// New makes an intake.
func New(pub app.Publisher, m *metrics.Metrics, log *slog.Logger, cfg Config) *Intake {
	return &Intake{pub: pub, m: m, log: log, cfg: cfg}
}

// Format of a stream's samples.
type Format struct {
	Encoding   events.Encoding
	SampleRate uint32
}

// bytesPerMs of a format; 0 for one that is not known.
func (f Format) bytesPerMs() int64 {
	switch f.Encoding {
	case events.Encoding_ENCODING_MULAW:
		return int64(f.SampleRate) / 1000
	case events.Encoding_ENCODING_LINEAR16:
		return int64(f.SampleRate) * 2 / 1000
	default:
		return 0
	}
}

// Spec is a stream as the carrier announces it.
type Spec struct {
	// ID is the carrier's (Twilio StreamSid).
	ID string
	// Parties that will be heard.
	Parties []events.Party
	Format  Format
	// Opened is when the stream's first sample was taken, as near as we know: its offset in the call.
	Opened time.Time
}

// Open starts a stream: MediaStarted goes to both topics. Where the one before it came to nothing, the time since somebody was to
// listen is a gap. If another stream of the call is open here, it waits for that one to end, 250 ms at most. It panics for a format or a party that it doesn't know; the
// adapter has checked them. The caller ends the stream by End, always, and uses it from one goroutine.
func (in *Intake) Open(ctx context.Context, f app.Facts, spec Spec) *Stream {
	mine, heard := in.turns.begin(ctx, nameOf(f))
	// A stream outlives what cancels its reader: its last words are sent during shutdown.
	ctx = context.WithoutCancel(ctx)
	s := &Stream{in: in, turn: mine, ctx: ctx, facts: f, call: f.Root(), spec: spec, perMs: spec.Format.bytesPerMs()}
	if s.perMs == 0 {
		panic("media: a stream of an unknown format")
	}
	heard = max(heard, f.Heard)
	s.offset = max(spec.Opened.Sub(f.Start).Milliseconds(), heard.Milliseconds(), 0)
	for _, p := range spec.Parties {
		t := s.track(p)
		t.party = p
		t.buf = make([]byte, 0, (chunkMs+frameMs)*s.perMs)
	}
	s.reached.Store(s.offset)
	in.m.StreamOpened(ctx)
	s.send(events.Lifecycle, s.started())
	s.send(events.Media, s.started())
	if before := heard.Milliseconds() - s.offset; f.Failed > 0 && before < 0 {
		// The stream before never began, or nobody can tell of it: whoever listens may never know of those seconds.
		for _, p := range spec.Parties {
			s.gap(p, span{before, 0}, events.MediaGapReason_MEDIA_GAP_REASON_STREAM_REPLACED)
		}
	}
	return s
}

// Heard is the call time up to which the stream has been heard, to within a chunk. It may be asked from anywhere.
func (s *Stream) Heard() time.Duration { return time.Duration(s.reached.Load()) * time.Millisecond }

func (s *Stream) started() *events.CallEvent {
	return s.call.Event(s.at(0), &events.MediaStarted{
		StreamId: s.spec.ID, Parties: s.spec.Parties, Encoding: s.spec.Format.Encoding, SampleRate: s.spec.Format.SampleRate,
		Consent: s.facts.Consent, OffsetMs: s.offset, Language: s.facts.Language,
	})
}

// at is the time of day of a time in the stream.
func (s *Stream) at(ms int64) time.Time {
	return s.facts.Start.Add(time.Duration(s.offset+ms) * time.Millisecond)
}
