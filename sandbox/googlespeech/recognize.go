package googlespeech

import (
	"context"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
	"google.golang.org/grpc/status"
)

// maxFile is the most audio that a request without a stream may carry: a minute.
// https://cloud.google.com/speech-to-text/v2/quotas
const maxFile = 60 * byteRate

// Recognize is the vendor's method for a short file that comes whole.
func (s *Server) Recognize(ctx context.Context, req *speechpb.RecognizeRequest) (*speechpb.RecognizeResponse, error) {
	session := s.sessions.start()
	resp, err := s.whole(ctx, session, req)
	s.sessions.update(func() {
		session.Open = false
		if err != nil {
			session.Err = status.Convert(err).String()
		}
	})
	return resp, err
}

func (s *Server) whole(ctx context.Context, session *Session, req *speechpb.RecognizeRequest) (*speechpb.RecognizeResponse, error) {
	if s.faults.Down() {
		return nil, failure("UNAVAILABLE")
	}
	if code := s.faults.Draw("Recognize"); code != "" {
		return nil, failure(code)
	}
	var set settings
	if err := set.read(req.GetRecognizer(), req.GetConfig()); err != nil {
		return nil, err
	}
	audio := req.GetContent()
	switch {
	case req.GetUri() != "":
		return nil, invalid("Invalid value at 'uri': this recogniser's stand-in has no Cloud Storage.")
	case len(audio) == 0:
		return nil, invalid("Invalid value at 'audio_source': content or uri must be set.")
	case len(audio) > maxFile:
		return nil, invalid("Audio can be of a maximum of 60 seconds.")
	}
	if !s.sessions.enter(session, set, s.cfg.MaxSessions) {
		return nil, quota(set.project)
	}
	defer s.sessions.leave(set.project)
	if err := s.faults.Wait(ctx); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	r := &recognition{server: s, session: session, settings: set, started: time.Now(), segments: newSegmenter(s.lib.Load(), &s.hearings)}
	defer r.segments.close()
	r.bill(len(audio))
	return &speechpb.RecognizeResponse{Results: r.read(audio), Metadata: r.metadata()}, nil
}

// read hears a file from its begin to its end.
func (r *recognition) read(audio []byte) []*speechpb.SpeechRecognitionResult {
	var out []*speechpb.SpeechRecognitionResult
	give := func(finals [][]heard) {
		for _, words := range finals {
			for _, same := range r.byLanguage(words) {
				res := r.result(same)
				r.finals++
				r.session.keep(r.server, res, same)
				out = append(out, &speechpb.SpeechRecognitionResult{
					Alternatives: res.GetAlternatives(), ResultEndOffset: res.GetResultEndOffset(), LanguageCode: res.GetLanguageCode(),
				})
			}
		}
	}
	for chunk := range slices.Chunk(audio, step) {
		finals, _ := r.segments.hear(chunk)
		give(finals)
	}
	give(r.segments.end())
	return out
}

// keep notes a final result that was given out.
func (x *Session) keep(s *Server, res *speechpb.StreamingRecognitionResult, words []heard) {
	f := Final{strings.TrimSpace(res.GetAlternatives()[0].GetTranscript()), duration(words[0].from), res.GetResultEndOffset().AsDuration()}
	s.sessions.update(func() { x.Finals = append(x.Finals, f) })
}
