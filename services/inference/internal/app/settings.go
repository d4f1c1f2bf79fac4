package app

import (
	"errors"
	"fmt"
	"time"
)

// Validate reports every fault of s.
func (s *Settings) Validate() error {
	var errs []error
	positive := func(name string, d time.Duration) {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("desk.%s: %s is not positive", name, d))
		}
	}
	t := s.Timing
	positive("timing.transcript", t.Transcript)
	positive("timing.late_transcript", t.LateTranscript)
	positive("timing.late_words", t.LateWords)
	positive("timing.early", t.Early)
	positive("timing.unknown", t.Unknown)
	positive("timing.unopened", t.Unopened)
	positive("timing.resume", t.Resume)
	positive("timing.keep", t.Keep)
	positive("timing.short_call", t.ShortCall)
	positive("ask.initial", s.Ask.Initial)
	positive("ask.max", s.Ask.Max)
	positive("ask.budget", s.Ask.Budget)
	positive("ask_again.initial", s.AskAgain.Initial)
	positive("ask_again.max", s.AskAgain.Max)
	positive("ask_again.budget", s.AskAgain.Budget)
	errs = append(errs, s.Breaker.Validate("desk.breaker"))
	if t.LateTranscript <= t.Transcript {
		errs = append(errs, errors.New("desk.timing.late_transcript: must be longer than transcript"))
	}
	return errors.Join(errs...)
}
