package dlq

import (
	"context"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// Fate is what has become of a message that was sent back.
type Fate struct {
	State FateState
	// Code is why it failed again, or why it was parked last.
	Code string
	// Letter is the dead letter that it has become.
	Letter deadletter.ID
	// Attempts that are spent on it while it waits.
	Attempts int
}

// FateState is where a message stands that was sent back.
type FateState int

// Where it stands.
const (
	Waiting FateState = iota // not handled yet, or parked again
	Done                     // its group is through with it
	Failed                   // it is a dead letter again
)

// Options of a redrive.
type Options struct {
	// Canary are the sizes of the first stages; what is left is the last.
	Canary []int
	// MaxFailures is the share of failures among what has come to an end above which nothing more is sent.
	MaxFailures float64
	// Rate is how many a second are sent.
	Rate float64
	// Wait is how long what was sent may take to come to an end, counted from the last message of a stage.
	Wait time.Duration
}

// lookEvery is the pause between two looks at what has become of what was sent.
const lookEvery = 500 * time.Millisecond

// Progress is how far a redrive is.
type Progress struct {
	Stage, Stages               int
	All, Sent                   int
	Done, Failed, StillWaiting  int
	SentBefore, SettledMeantime int
}

// Failure is a message that was sent back and failed again.
type Failure struct {
	ID     deadletter.ID `json:"id"`
	Code   string        `json:"code"`
	Became deadletter.ID `json:"became"`
}

// Delay is a message that was sent back and has not come to an end.
type Delay struct {
	ID deadletter.ID `json:"id"`
	// Attempts of the group so far, and why the last one failed.
	Attempts int    `json:"attempts"`
	Code     string `json:"code"`
}

// Result is what came of a redrive.
type Result struct {
	// Selected could be sent; Sent were, and of these SentBefore by a run before this one, which could not note it.
	Selected   int `json:"selected"`
	Sent       int `json:"sent"`
	SentBefore int `json:"sent_before"`
	// Done are through; Failed are dead letters again; Waiting have not come to an end.
	Done    int `json:"done"`
	Failed  int `json:"failed"`
	Waiting int `json:"waiting"`
	// Left were not sent, but for Skipped, which somebody else settled meanwhile.
	Left    int `json:"left"`
	Skipped int `json:"skipped"`
	// Stopped says why not all was sent; "" if it was.
	Stopped  string    `json:"stopped"`
	Failures []Failure `json:"failures"`
	Delays   []Delay   `json:"delays"`
}

// post carries messages, and tells what becomes of them.
type post interface {
	// send sends a message back, or finds that a run before this one has, and notes it.
	send(ctx context.Context, it *Item) (before bool, err error)
	// look brings fate and settled up to date.
	look(ctx context.Context) error
	fate(it *Item) Fate
	// settled says who has settled a dead letter meanwhile; "" if it is still to be sent.
	settled(it *Item) string
}

// stages sends items in stages, each once the one before has come to an end well.
type stages struct {
	post
	Options
	items []Item
	tell  func(Progress)

	sent   []*Item
	result Result
	looked time.Time
	paced  time.Time // when the next may be sent
}

// run returns what was reached, with an error for what is nobody's fault but the cluster's; ctx's end is none.
func (s *stages) run(ctx context.Context) (Result, error) {
	s.result = Result{Selected: len(s.items), Failures: []Failure{}, Delays: []Delay{}}
	err := s.all(ctx)
	s.count()
	s.result.Left = len(s.items) - len(s.sent) - s.result.Skipped
	if ctx.Err() != nil {
		s.result.Stopped, err = "it was interrupted; the same command goes on where it was", nil
	}
	return s.result, err
}

func (s *stages) all(ctx context.Context) error {
	sizes := s.sizes()
	next := 0
	for n, size := range sizes {
		if err := s.look(ctx); err != nil {
			return err
		}
		for end := next + size; next < end; next++ {
			if err := s.one(ctx, &s.items[next]); err != nil {
				return err
			}
			s.report(n+1, len(sizes))
			if s.manyEarly() {
				return nil
			}
		}
		if err := s.await(ctx, n+1, len(sizes)); err != nil || s.result.Stopped != "" {
			return err
		}
	}
	return nil
}

// sizes of the stages.
func (s *stages) sizes() []int {
	var out []int
	left := len(s.items)
	for _, n := range append(append([]int{}, s.Canary...), left) {
		if n = min(n, left); n > 0 {
			out = append(out, n)
			left -= n
		}
	}
	return out
}

// one sends one message, in its turn, and looks now and then at what has become of the others.
func (s *stages) one(ctx context.Context, it *Item) error {
	if err := sleep(ctx, time.Until(s.paced)); err != nil {
		return err
	}
	if time.Since(s.looked) >= lookEvery {
		if err := s.see(ctx); err != nil {
			return err
		}
	}
	if s.settled(it) != "" {
		s.result.Skipped++
		return nil
	}
	before, err := s.send(ctx, it)
	if err != nil {
		return err
	}
	if before {
		s.result.SentBefore++
	}
	s.sent = append(s.sent, it)
	s.paced = time.Now().Add(time.Duration(float64(time.Second) / s.Rate))
	return nil
}

// await waits until all that was sent has come to an end.
func (s *stages) await(ctx context.Context, stage, of int) error {
	for until := time.Now().Add(s.Wait); ; {
		if err := s.see(ctx); err != nil {
			return err
		}
		s.report(stage, of)
		switch {
		case s.manyEarly():
			return nil
		case s.result.Waiting == 0:
			s.tooMany()
			return nil
		case !time.Now().Before(until):
			if s.tooMany() {
				return nil
			}
			s.result.Stopped = fmt.Sprintf("%d of %d sent had not come to an end after %v: they are still waiting, and nothing is lost", s.result.Waiting, len(s.sent), s.Wait)
			return nil
		}
		if err := sleep(ctx, lookEvery); err != nil {
			return err
		}
	}
}

// see looks at what has become of what was sent.
func (s *stages) see(ctx context.Context) error {
	if err := s.look(ctx); err != nil {
		return err
	}
	s.looked = time.Now()
	s.count()
	return nil
}

func (s *stages) count() {
	r := &s.result
	r.Sent, r.Done, r.Failed, r.Waiting = len(s.sent), 0, 0, 0
	r.Failures, r.Delays = r.Failures[:0], r.Delays[:0]
	for _, it := range s.sent {
		switch f := s.fate(it); f.State {
		case Done:
			r.Done++
		case Failed:
			r.Failed++
			r.Failures = append(r.Failures, Failure{it.Letter.ID, f.Code, f.Letter})
		case Waiting:
			r.Waiting++
			r.Delays = append(r.Delays, Delay{it.Letter.ID, f.Attempts, f.Code})
		}
	}
}

// enough is how many must have come to an end for their share of failures to mean something before a stage is over.
const enough = 20

// manyEarly is tooMany in the middle of a stage.
func (s *stages) manyEarly() bool { return s.result.Done+s.result.Failed >= enough && s.tooMany() }

// tooMany tells whether the share of failures has risen above the bound.
func (s *stages) tooMany() bool {
	r := &s.result
	if ended := r.Done + r.Failed; ended > 0 && float64(r.Failed) > s.MaxFailures*float64(ended) {
		r.Stopped = fmt.Sprintf("%d of the %d that came to an end failed again, more than %g %%: the cause is not mended", r.Failed, ended, 100*s.MaxFailures)
	}
	return r.Stopped != ""
}

func (s *stages) report(stage, of int) {
	r := &s.result
	s.tell(Progress{
		Stage: stage, Stages: of, All: len(s.items), Sent: len(s.sent), Done: r.Done, Failed: r.Failed,
		StillWaiting: len(s.sent) - r.Done - r.Failed, SentBefore: r.SentBefore, SettledMeantime: r.Skipped,
	})
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() //nolint:wrapcheck // the caller asks ctx
	case <-ctx.Done():
		return ctx.Err() //nolint:wrapcheck // as above
	}
}
