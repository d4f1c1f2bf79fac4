package googlespeech

import (
	"context"
	"errors"
	"io"
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/frontdesk/frontdesk/sandbox/meter"
)

// maxChunk is the most audio that one message may carry.
// https://cloud.google.com/speech-to-text/v2/quotas (25 KB)
const maxChunk = 25_600

// byteRate of mu-law at 8 kHz: bytes a second.
const byteRate = 8000

// StreamingRecognize is the vendor's method: a first message with the settings, then audio; results come as they are
// ready.
func (s *Server) StreamingRecognize(stream speechpb.Speech_StreamingRecognizeServer) error {
	session := s.sessions.start()
	err := s.recognise(stream, session)
	s.sessions.update(func() {
		session.Open = false
		if err != nil {
			session.Err = status.Convert(err).String()
		}
	})
	return err
}

func (s *Server) recognise(stream speechpb.Speech_StreamingRecognizeServer, session *Session) error {
	if s.faults.Down() {
		return failure("UNAVAILABLE")
	}
	if code := s.faults.Draw("StreamingRecognize"); code != "" {
		return failure(code)
	}
	in := receive(stream)
	old := time.NewTimer(s.cfg.MaxStream)
	defer old.Stop()
	req, err := s.next(stream.Context(), in, old.C)
	if err != nil {
		return over(err)
	}
	set, err := read(req)
	if err != nil {
		return err
	}
	if !s.sessions.enter(session, set, s.cfg.MaxSessions) {
		return quota(set.project)
	}
	defer s.sessions.leave(set.project)

	r := &recognition{
		server: s, session: session, settings: set, started: time.Now(), breakAt: -1,
		segments: newSegmenter(s.lib.Load(), &s.hearings), out: send(stream, s.faults),
	}
	defer r.segments.close()
	if code := s.faults.Draw("mid-stream"); code != "" {
		r.breakAt, r.breakBy = (1+session.ID%9)*byteRate, code
	}
	err = r.run(stream.Context(), in, old.C)
	if sent := r.out.finish(); err == nil {
		err = sent
	}
	return err
}

// recognition is one stream under way.
type recognition struct {
	server   *Server
	session  *Session
	settings settings
	started  time.Time
	segments *segmenter
	activity activity
	out      *outbox

	// heard bytes, and those of them that have been looked at; rest are the others.
	heard  int
	rest   []byte
	billed int
	// breakAt is where a fault breaks the stream, in bytes; -1 never.
	breakAt int
	breakBy string
	// finals given out so far; interim is the text last shown.
	finals  int
	interim string
}

// errOver ends a stream from the server's side without an error.
var errOver = errors.New("voice activity timeout")

func (r *recognition) run(ctx context.Context, in <-chan received, old <-chan time.Time) error {
	for {
		req, err := r.server.next(ctx, in, old)
		if err == nil {
			err = r.message(req)
		}
		switch {
		case errors.Is(err, errOver), errors.Is(err, io.EOF):
			r.flush()
			return nil
		case err != nil:
			return over(err)
		}
	}
}

// message takes one message of audio.
func (r *recognition) message(req *speechpb.StreamingRecognizeRequest) error {
	audio := req.GetAudio()
	switch {
	case req.GetStreamingConfig() != nil:
		return invalid("Only the first request of a stream may contain a streaming_config.")
	case len(audio) == 0:
		return invalid("Every request after the first one of a stream must contain audio.")
	case len(audio) > maxChunk:
		return invalid("Audio chunk can be of a maximum of %d bytes. Received audio of %d bytes instead.", maxChunk, len(audio))
	case r.server.faults.Down():
		return failure("UNAVAILABLE")
	}
	limit := int(r.server.cfg.MaxStream.Milliseconds()) * byteRate / 1000
	full := r.heard+len(audio) > limit
	if full {
		audio = audio[:limit-r.heard]
	}
	r.bill(len(audio))
	if ahead := r.server.cfg.MaxAhead; ahead > 0 && duration(r.heard)-time.Since(r.started) > ahead {
		// The vendor documents the rule, "at a rate that approximates real time", and no words for it.
		return status.Error(codes.OutOfRange, "Audio is sent too far ahead of real time. Audio should be sent close to real time.")
	}
	if r.breakAt >= 0 && r.heard >= r.breakAt {
		return failure(r.breakBy)
	}
	if err := r.hear(audio); err != nil {
		return err
	}
	if full {
		return tooLong()
	}
	return nil
}

// tooLong ends a stream for its length, in audio or by the clock, whichever comes first.
func tooLong() error {
	return status.Error(codes.Aborted, "Max duration of 5 minutes reached for stream.")
}

// bill counts audio as the vendor does: by the second, rounded up.
// https://cloud.google.com/speech-to-text/pricing
func (r *recognition) bill(n int) {
	r.heard += n
	total := (r.heard + byteRate - 1) / byteRate
	r.server.meter.Add(meter.Key{
		Product: "googlespeech", Account: r.settings.project, Model: r.settings.model, Unit: "speech_second",
	}, float64(total-r.billed))
	r.billed = total
	r.server.sessions.update(func() {
		r.session.Audio, r.session.Billed = duration(r.heard), time.Duration(total)*time.Second
	})
}

// hear looks at the audio step by step, whatever it was packed in.
func (r *recognition) hear(audio []byte) error {
	r.rest = append(r.rest, audio...)
	for len(r.rest) >= step {
		if err := r.step(r.rest[:step]); err != nil {
			return err
		}
		r.rest = r.rest[step:]
	}
	return nil
}

func (r *recognition) step(audio []byte) error {
	for _, e := range r.activity.hear(audio) {
		if r.settings.events {
			r.out.put(r.event(e))
		}
	}
	finals, open := r.segments.hear(audio)
	r.give(finals)
	r.show(open)
	a := &r.activity
	if t := r.settings.startTimeout; t > 0 && !a.spoken && duration(a.at) >= t {
		return errOver
	}
	if t := r.settings.endTimeout; t > 0 && a.spoken && !a.speaking && duration(a.at-a.until) >= t {
		return errOver
	}
	return nil
}

// flush gives out what is left at the end of the audio: a half-closed stream gets its last words.
func (r *recognition) flush() {
	r.activity.hear(r.rest)
	finals, _ := r.segments.hear(r.rest)
	r.rest = nil
	r.give(finals)
	r.give(r.segments.end())
}

// received is one message or how the client's side ended: io.EOF when it closed it.
type received struct {
	req *speechpb.StreamingRecognizeRequest
	err error
}

// receive reads ahead by one message, so that waiting for it can be bounded. It ends with the stream.
func receive(stream speechpb.Speech_StreamingRecognizeServer) <-chan received {
	in := make(chan received)
	go func() {
		for {
			req, err := stream.Recv()
			select {
			case in <- received{req, err}:
			case <-stream.Context().Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return in
}

// next waits for a message as long as the vendor does, and no longer than the stream may last.
func (s *Server) next(ctx context.Context, in <-chan received, old <-chan time.Time) (*speechpb.StreamingRecognizeRequest, error) {
	idle := time.NewTimer(s.cfg.IdleTimeout)
	defer idle.Stop()
	select {
	case m := <-in:
		return m.req, m.err
	case <-idle.C:
		return nil, status.Error(codes.Aborted, "Stream timed out after receiving no more client requests.")
	case <-old:
		return nil, tooLong()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// over is how a stream ends that was broken off: with the vendor's status, or the client's own.
func over(err error) error {
	if errors.Is(err, io.EOF) {
		return invalid("The first request of a stream must contain a recognizer and a streaming_config.")
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.FromContextError(err).Err()
}
