package googlespeech

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

const (
	// liveMillis of audio go into one message while audio comes in as it is spoken: Google's advice.
	liveMillis = 100
	// replayBytes go into one message when more is waiting: the limit is 25,600, and this worked when tried.
	replayBytes = 15_360
)

var errStalled = errors.New("the product has taken no audio for too long")

// stream is one StreamingRecognize call.
type stream struct {
	driver *Driver
	rpc    speechpb.Speech_StreamingRecognizeClient
	ctx    context.Context
	cancel context.CancelCauseFunc
	give   func() // gives the connection's slot back
	once   sync.Once
	format recogniser.Format
	stall  *time.Timer // of the writer

	mu      sync.Mutex
	times   recogniser.Timeline
	id      string        // ours until the product tells its own
	billed  time.Duration // by the product's last response
	outcome string        // "" while it lives
	told    bool          // it ended as it should
	ended   time.Time
}

// Write implements recogniser.Stream.
func (s *stream) Write(a recogniser.Audio) error {
	most := s.format.Bytes(liveMillis)
	if len(a.Data) > 2*most {
		most = replayBytes
	}
	for at, data := a.Start, a.Data; len(data) > 0; {
		n := min(most, len(data))
		ms := s.format.Millis(n)
		// Before it is sent: the answer may come before Send returns.
		s.mu.Lock()
		s.times.Add(at, at+ms)
		s.mu.Unlock()
		s.stall.Reset(s.driver.cfg.Stall)
		err := s.rpc.Send(&speechpb.StreamingRecognizeRequest{StreamingRequest: &speechpb.StreamingRecognizeRequest_Audio{Audio: data[:n]}})
		s.stall.Stop()
		if err != nil {
			return fmt.Errorf("sending audio: %w", err)
		}
		at, data = at+ms, data[n:]
	}
	return nil
}

// CloseSend implements recogniser.Stream.
func (s *stream) CloseSend() error {
	if err := s.rpc.CloseSend(); err != nil {
		return fmt.Errorf("ending the audio: %w", err)
	}
	return nil
}

// Recv implements recogniser.Stream.
func (s *stream) Recv() (recogniser.Result, error) {
	for {
		m, err := s.rpc.Recv()
		if err != nil {
			return recogniser.Result{}, s.end(err)
		}
		if r, ok := s.result(m); ok {
			return r, nil
		}
	}
}

// result reads one response: at most one final, which comes first, then interim ones.
func (s *stream) result(m *speechpb.StreamingRecognizeResponse) (r recogniser.Result, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := m.GetMetadata().GetRequestId(); id != "" {
		s.id = id
	}
	if b := m.GetMetadata().GetTotalBilledDuration(); b != nil {
		s.billed = b.AsDuration()
	}
	for _, res := range m.GetResults() {
		if end := res.GetResultEndOffset(); end != nil {
			r.Heard, ok = max(r.Heard, s.times.End(millis(end))), true
		}
		if res.GetIsFinal() {
			r.Final, ok = s.final(res), true
		}
	}
	return r, ok
}

func (s *stream) final(res *speechpb.StreamingRecognitionResult) *recogniser.Final {
	f := &recogniser.Final{End: s.times.End(millis(res.GetResultEndOffset())), Language: res.GetLanguageCode()}
	f.Start = f.End
	if len(res.GetAlternatives()) == 0 {
		return f
	}
	best := res.GetAlternatives()[0]
	// A transcript that follows another begins with a space.
	f.Text, f.Confidence = strings.TrimSpace(best.GetTranscript()), best.GetConfidence()
	f.Words = make([]recogniser.Word, 0, len(best.GetWords()))
	for _, w := range best.GetWords() {
		f.Words = append(f.Words, recogniser.Word{
			Text: w.GetWord(), Confidence: w.GetConfidence(),
			Start: s.times.Start(millis(w.GetStartOffset())), End: s.times.End(millis(w.GetEndOffset())),
		})
	}
	if len(f.Words) > 0 {
		// A final may claim to end before its last word: it has told that word all the same.
		f.Start, f.End = f.Words[0].Start, max(f.End, f.Words[len(f.Words)-1].End)
	}
	return f
}

func millis(d *durationpb.Duration) int64 { return d.AsDuration().Milliseconds() }

// end notes how the stream ended and classifies it.
func (s *stream) end(err error) error {
	if cause := context.Cause(s.ctx); errors.Is(cause, errStalled) {
		err = &retry.Error{Class: retry.Retryable, Code: Product + ".stalled", Dependency: s.driver.dependency(), Err: cause}
	} else if !errors.Is(err, io.EOF) {
		err = classify(s.driver.dependency(), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outcome == "" {
		s.ended, s.outcome = time.Now(), retry.Code(err)
		if errors.Is(err, io.EOF) {
			s.outcome, s.told = "ok", true
		}
	}
	s.Cancel()
	return err
}

// Cancel implements recogniser.Stream.
func (s *stream) Cancel() {
	s.once.Do(func() {
		s.cancel(context.Canceled)
		s.give()
	})
}

// Usage implements recogniser.Stream. The product bills whole seconds, and no more than its limit, whatever was
// under way when it ended the stream. Its own count comes with its responses, and the last one may have come
// before the end of the audio; only if it has everything in it is it the bill.
func (s *stream) Usage() *recogniser.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outcome == "" {
		return nil
	}
	sent := time.Duration(s.times.Given()) * time.Millisecond
	counted := min((sent + time.Second - 1).Truncate(time.Second), s.driver.cfg.LongestStream)
	return &recogniser.Usage{
		RequestID: s.id, Sent: sent, Billed: max(counted, s.billed),
		Estimated: !s.told || s.billed < counted, Outcome: s.outcome, At: s.ended,
	}
}
