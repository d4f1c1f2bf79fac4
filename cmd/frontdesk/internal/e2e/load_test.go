package e2e_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// load are many short calls that are placed while parts break, and which of them must stand in the CRM: those that were completed and
// that the carrier could tell of. A webhook whose tries were all over before anybody was back is for the reconciliation to find.
type load struct {
	calls  []*calls.Call
	byName map[string]*calls.Call

	mu     sync.Mutex
	placed map[string]*calls.Call
}

func newLoad(t *testing.T) *load {
	t.Helper()
	l := &load{
		calls:  sampleCalls(t, "spam", "habla-espanol", "wrong-number", "leaves-a-voicemail", "hangs-up-at-once", "asks-the-hours", "books-a-demo", "refuses-consent"),
		byName: map[string]*calls.Call{}, placed: map[string]*calls.Call{},
	}
	for _, c := range l.calls {
		l.byName[c.Name] = c
	}
	return l
}

// place plays so many calls, and returns when they have ended.
func (l *load) place(ctx context.Context, carrier *twilio.Carrier, count int) error {
	_, err := carrier.Run(ctx, twilio.Load{
		Calls: l.calls, Count: count, Concurrency: 12, Doubled: 0.1, Disorder: 0.1, VaryCallers: true,
		OnResult: func(r *twilio.Result) {
			l.mu.Lock()
			defer l.mu.Unlock()
			untold := slices.ContainsFunc(r.Faults, func(f twilio.Fault) bool { return f.Code/100 == 112 }) // 11200 and its kin
			if r.Status == twilio.StatusCompleted && !untold {
				l.placed[r.CallSid] = l.byName[r.Name]
			}
		},
	})
	return err
}

// placeUntil plays calls until enough is closed.
func (l *load) placeUntil(ctx context.Context, carrier *twilio.Carrier, enough <-chan struct{}) error {
	for {
		if err := l.place(ctx, carrier, 24); err != nil {
			return err
		}
		select {
		case <-enough:
			return nil
		default:
		}
	}
}

// missing are the calls that do not stand in the CRM once.
func (l *load) missing(w *world) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for sid, c := range l.placed {
		if len(logs(w.CRM(c), sid)) != 1 {
			out = append(out, c.Name+" "+sid)
		}
	}
	return out
}

// allRecorded waits until every call that must stand in the CRM does, once.
func (l *load) allRecorded(t *testing.T, w *world) {
	t.Helper()
	// A stream that broke with its reader counts as silent after 15 s.
	if !wait(t.Context(), 40*time.Second, func() bool { return len(l.missing(w)) == 0 }) {
		t.Errorf("of %d calls that were answered these do not stand in the CRM once: %v", len(l.placed), l.missing(w))
	}
	if len(l.placed) < 20 {
		t.Errorf("only %d calls were completed, and told whole", len(l.placed))
	}
	t.Logf("%d calls were completed, and told whole", len(l.placed))
}

// nothingWentWrong plays one more call, and looks at everything that the CRM and the topics hold.
func nothingWentWrong(t *testing.T, w *world) {
	t.Helper()
	r := w.play(t, sampleCalls(t, "wrong-number"), patience)
	if r.Duplicates != 0 || r.Lost != 0 || r.DeadLetters != 0 {
		t.Errorf("%d doubled, %d lost, %d dead letters: %v %v", r.Duplicates, r.Lost, r.DeadLetters, r.Doubles, r.GivenUp)
	}
}
