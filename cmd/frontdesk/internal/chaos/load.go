package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// Webhooks of every call, whatever else goes wrong: shares that are delivered twice, and late and out of order.
const (
	doubled  = 0.1
	disorder = 0.1
)

// load are calls that come in by chance, about as many at once as asked for, until it is told that there are enough.
type load struct {
	kinds  []*calls.Call
	enough atomic.Bool
	active atomic.Int64

	mu     sync.Mutex
	byName map[string]*calls.Call
	ended  map[string]*twilio.Result
}

func newLoad(kinds []*calls.Call) *load {
	l := &load{kinds: kinds, byName: map[string]*calls.Call{}, ended: map[string]*twilio.Result{}}
	for _, c := range kinds {
		l.byName[c.Name] = c
	}
	return l
}

// mean length of the calls.
func (l *load) mean() time.Duration {
	var sum time.Duration
	for _, c := range l.kinds {
		sum += time.Duration(max(len(c.Caller), len(c.AgentAudio))) * time.Second / 8000
	}
	return sum/time.Duration(len(l.kinds)) + 2*time.Second // ringing, and the question for consent
}

// place rings until there are enough calls, and returns when the last is over.
func (l *load) place(ctx context.Context, carrier *twilio.Carrier, atOnce int) error {
	const busyHour = 0.15 / 3600 // twilio.Load's
	rate := 1.5 * float64(atOnce) / l.mean().Seconds()
	_, err := carrier.Run(ctx, twilio.Load{
		// Arrivals come faster than calls end, so that as many as asked for are up.
		Calls: l.kinds, Count: 1 << 30, Concurrency: atOnce, PeakCallsPerDay: rate / busyHour,
		Doubled: doubled, Disorder: disorder, VaryCallers: true,
		Before: func(context.Context, *calls.Call) error {
			if l.enough.Load() {
				return errEnough
			}
			l.active.Add(1)
			return nil
		},
		OnResult: func(r *twilio.Result) {
			l.active.Add(-1)
			l.mu.Lock()
			defer l.mu.Unlock()
			l.ended[r.CallSid] = r
		},
	})
	if err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("placing calls: %w", err)
	}
	return nil
}

// sample is what a call that has ended was; nil before its end.
func (l *load) sample(sid string) *calls.Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.ended[sid]; r != nil {
		return l.byName[r.Name]
	}
	return nil
}

// result of a call that has ended.
func (l *load) result(sid string) *twilio.Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended[sid]
}

// untold tells whether the carrier could not tell of a call: a webhook's tries were all over before anybody answered.
func untold(r *twilio.Result) bool {
	return slices.ContainsFunc(r.Faults, func(f twilio.Fault) bool { return f.Code/100 == 112 }) // 11200 and its kin
}
