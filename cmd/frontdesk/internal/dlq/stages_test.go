package dlq

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// fakePost decides each message's fate when it is looked at.
type fakePost struct {
	fateOf  func(n int) Fate // n counts from 0
	sent    []int
	times   []time.Time
	before  map[int]bool
	taken   map[int]bool // settled by somebody else
	onSend  func(n int)
	sendErr error
}

func number(it *Item) int { return int(it.Letter.ID.Offset) }

func (f *fakePost) send(_ context.Context, it *Item) (bool, error) {
	if f.sendErr != nil {
		return false, f.sendErr
	}
	f.sent, f.times = append(f.sent, number(it)), append(f.times, time.Now())
	if f.onSend != nil {
		f.onSend(number(it))
	}
	return f.before[number(it)], nil
}
func (f *fakePost) look(ctx context.Context) error { return ctx.Err() }
func (f *fakePost) fate(it *Item) Fate             { return f.fateOf(number(it)) }
func (f *fakePost) settled(it *Item) string {
	if f.taken[number(it)] {
		return "somebody has"
	}
	return ""
}

func items(n int) []Item {
	out := make([]Item, n)
	for i := range out {
		out[i].Letter = &Letter{ID: deadletter.ID{Offset: int64(i)}}
	}
	return out
}

var usual = Options{Canary: []int{1, 10}, MaxFailures: 0.1, Rate: 10, Wait: time.Minute}

func TestStages(t *testing.T) {
	done := func(int) Fate { return Fate{State: Done} }
	failing := func(which ...int) func(int) Fate {
		return func(n int) Fate {
			if slices.Contains(which, n) {
				return Fate{State: Failed, Code: "again", Letter: deadletter.ID{Offset: 100}}
			}
			return Fate{State: Done}
		}
	}
	waiting := func(which ...int) func(int) Fate {
		return func(n int) Fate {
			if slices.Contains(which, n) {
				return Fate{Attempts: 3, Code: "away"}
			}
			return Fate{State: Done}
		}
	}
	for name, c := range map[string]struct {
		n       int
		post    fakePost
		opts    func(*Options)
		want    Result // without its lists
		stopped string
	}{
		"none":                       {n: 0, post: fakePost{fateOf: done}},
		"all come through":           {n: 50, post: fakePost{fateOf: done}, want: Result{Selected: 50, Sent: 50, Done: 50}},
		"fewer than the canaries":    {n: 7, post: fakePost{fateOf: done}, want: Result{Selected: 7, Sent: 7, Done: 7}},
		"the first fails":            {n: 50, post: fakePost{fateOf: failing(0)}, want: Result{Selected: 50, Sent: 1, Failed: 1, Left: 49}, stopped: "1 of the 1 "},
		"one of eleven is borne":     {n: 50, post: fakePost{fateOf: failing(4)}, want: Result{Selected: 50, Sent: 50, Done: 49, Failed: 1}},
		"two of eleven are not":      {n: 50, post: fakePost{fateOf: failing(4, 5)}, want: Result{Selected: 50, Sent: 11, Done: 9, Failed: 2, Left: 39}, stopped: "2 of the 11 "},
		"a bound of all bears all":   {n: 3, post: fakePost{fateOf: failing(0, 1, 2)}, opts: func(o *Options) { o.MaxFailures = 1 }, want: Result{Selected: 3, Sent: 3, Failed: 3}},
		"a bound of none bears none": {n: 50, post: fakePost{fateOf: failing(10)}, opts: func(o *Options) { o.MaxFailures = 0 }, want: Result{Selected: 50, Sent: 11, Done: 10, Failed: 1, Left: 39}, stopped: "more than 0 %"},
		"the canary waits":           {n: 50, post: fakePost{fateOf: waiting(0)}, want: Result{Selected: 50, Sent: 1, Waiting: 1, Left: 49}, stopped: "1 of 1 sent had not come to an end after 1m0s"},
		"one of the last waits":      {n: 50, post: fakePost{fateOf: waiting(30)}, want: Result{Selected: 50, Sent: 50, Done: 49, Waiting: 1}, stopped: "1 of 50 sent"},
		"somebody else was faster":   {n: 12, post: fakePost{fateOf: done, taken: map[int]bool{3: true, 11: true}}, want: Result{Selected: 12, Sent: 10, Done: 10, Skipped: 2}},
		"some were sent before":      {n: 12, post: fakePost{fateOf: done, before: map[int]bool{0: true, 1: true}}, want: Result{Selected: 12, Sent: 12, SentBefore: 2, Done: 12}},
		"without canaries":           {n: 30, post: fakePost{fateOf: failing(0)}, opts: func(o *Options) { o.Canary = nil; o.Rate = 1000 }, want: Result{Selected: 30, Sent: 30, Done: 29, Failed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := usual
				if c.opts != nil {
					c.opts(&o)
				}
				s := &stages{post: &c.post, Options: o, items: items(c.n), tell: func(Progress) {}}
				got, err := s.run(t.Context())
				if err != nil || (got.Stopped != "") != (c.stopped != "") || !strings.Contains(got.Stopped, c.stopped) {
					t.Errorf("stopped %q, %v", got.Stopped, err)
				}
				if len(got.Failures) != got.Failed || len(got.Delays) != got.Waiting {
					t.Errorf("%d failures and %d delays are named", len(got.Failures), len(got.Delays))
				}
				got.Stopped, got.Failures, got.Delays = "", nil, nil
				if !equal(got, c.want) {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
			})
		})
	}
}

func equal(a, b Result) bool {
	a.Failures, a.Delays, b.Failures, b.Delays = nil, nil, nil, nil
	return a.Selected == b.Selected && a.Sent == b.Sent && a.SentBefore == b.SentBefore && a.Done == b.Done && a.Failed == b.Failed &&
		a.Waiting == b.Waiting && a.Left == b.Left && a.Skipped == b.Skipped
}

// TestAStageWaitsForTheOneBefore: and the last one is stopped while it is being sent.
func TestAStageWaitsForTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := &fakePost{}
		p.fateOf = func(n int) Fate {
			switch at := time.Since(began); {
			case n == 0 && at < 10*time.Second:
				return Fate{}
			case n >= 11:
				return Fate{State: Failed}
			}
			return Fate{State: Done}
		}
		s := &stages{post: p, Options: usual, items: items(1000), tell: func(Progress) {}}
		got, err := s.run(t.Context())
		if err != nil || p.times[1].Sub(began) < 10*time.Second {
			t.Errorf("the second stage began after %v: %v", p.times[1].Sub(began), err)
		}
		// A look every half second, at ten a second: no more than a handful goes out before the failures are seen.
		if got.Sent < 12 || got.Sent > 25 || got.Left != 1000-got.Sent || got.Stopped == "" {
			t.Errorf("%+v", got)
		}
	})
}

func TestTheRateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &fakePost{fateOf: func(int) Fate { return Fate{State: Done} }}
		s := &stages{post: p, Options: usual, items: items(100), tell: func(Progress) {}}
		if _, err := s.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(p.times); i++ {
			if pause := p.times[i].Sub(p.times[i-1]); pause < 100*time.Millisecond {
				t.Errorf("message %d after %v", i, pause)
			}
		}
	})
}

func TestAnInterruptIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		p := &fakePost{fateOf: func(int) Fate { return Fate{State: Done} }, onSend: func(n int) {
			if n == 4 {
				stop()
			}
		}}
		s := &stages{post: p, Options: usual, items: items(20), tell: func(Progress) {}}
		got, err := s.run(ctx)
		if err != nil || got.Sent != 5 || got.Left != 15 || !strings.Contains(got.Stopped, "interrupted") {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestWhatCantBeSentIsTold(t *testing.T) {
	broken := errors.New("no broker")
	s := &stages{post: &fakePost{sendErr: broken}, Options: usual, items: items(3), tell: func(Progress) {}}
	if got, err := s.run(t.Context()); !errors.Is(err, broken) || got.Left != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}
