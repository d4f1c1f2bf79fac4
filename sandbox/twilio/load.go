package twilio

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// busyHour is the busiest hour's share of a day's calls. It is what makes 50,000 calls a day about 375 calls at
// once: 50,000 x 0.15 = 7,500 calls in the hour, 2.08 a second, of three minutes each (Little's law:
// 7,500/3,600 s x 180 s = 375).
const busyHour = 0.15

// Load is calls to be placed: one after another as they stand, or in the shape of a day's busy hour.
type Load struct {
	// Calls are played in order, over and over.
	Calls []*calls.Call
	// Count is how many calls are placed in all. 0 means each call once or, with PeakCallsPerDay, no bound but
	// Duration.
	Count int
	// Duration bounds, in wall time, how long new calls are placed; 0 is no bound. Calls under way are played out.
	Duration time.Duration
	// PeakCallsPerDay makes calls arrive by chance (a Poisson process) at the rate of the busy hour of such a
	// day: PeakCallsPerDay x 0.15 / 3600 a second, times Share, times Speed. With sample calls of mean length D
	// seconds, PeakCallsPerDay x 0.15 / 3600 x Share x D calls are up at once, whatever the Speed. 0 places
	// calls as fast as Concurrency lets them.
	PeakCallsPerDay float64
	// Share of that rate, e.g. 0.1 to 0.2 for a synthetic replay beside real traffic; 0 means 1.
	Share float64
	// Speed of the calls, 1 to 1000; 0 is the carrier's.
	Speed float64
	// Concurrency is the most calls at once; a call that would be more waits. 0 is no bound.
	Concurrency int
	// Doubled and Disorder are shares of webhooks, for calls without mischief of their own; see [Mischief].
	Doubled  float64
	Disorder float64
	// VaryCallers gives each call after the first round a caller's number of its own, made of those reserved
	// for fiction (+1 NPA 555-01xx), so that a load is not the same few people calling. Rounds count through Calls.
	VaryCallers bool
	// Before is asked before each call, and may wait, e.g. until the call named by After is in the CRM; nil
	// asks nobody. A call with After waits for that call of its round to end in any case.
	Before func(context.Context, *calls.Call) error
	// OnResult is given each call's result as it ends, from many goroutines; may be nil.
	OnResult func(*Result)
	// Progress is told about once a second, from one goroutine; may be nil.
	Progress func(Progress)
}

// Progress is a glance at a run.
type Progress struct {
	Placed  int           `json:"placed"`
	Active  int           `json:"active"`
	Done    int           `json:"done"`
	Failed  int           `json:"failed"`
	Elapsed time.Duration `json:"elapsed"`
}

// Rate is how many calls a second of wall time arrive in a load of this shape; 0 for one without a shape.
func (p Load) Rate() float64 {
	return p.PeakCallsPerDay * busyHour / 3600 * p.share() * math.Max(p.Speed, 1)
}

func (p Load) share() float64 {
	if p.Share == 0 {
		return 1
	}
	return p.Share
}

func (p Load) validate() error {
	var faults []error
	bad := func(text string) { faults = append(faults, errors.New(text)) }
	if len(p.Calls) == 0 {
		bad("calls: none to place")
	}
	if p.Count < 0 || p.Duration < 0 || p.Concurrency < 0 || p.PeakCallsPerDay < 0 {
		bad("count, duration, concurrency, peak calls per day: none below 0")
	}
	if p.Share < 0 || p.Share > 1 || p.Doubled < 0 || p.Doubled > 1 || p.Disorder < 0 || p.Disorder > 1 {
		bad("share, doubled, disorder: each from 0 to 1")
	}
	if p.Speed != 0 && (p.Speed < 1 || p.Speed > 1000) {
		bad("speed: from 1 to 1000")
	}
	if p.PeakCallsPerDay > 0 && p.Count == 0 && p.Duration == 0 {
		bad("count or duration: one must bound a load that arrives by chance")
	}
	return errors.Join(faults...)
}

// Run places a load and returns when every call is played out. The error is the load's own, Before's, or ctx's
// end, which stops calls at once; the report stands beside it.
func (c *Carrier) Run(ctx context.Context, p Load) (Report, error) {
	if err := p.validate(); err != nil {
		return Report{}, fmt.Errorf("checking the load: %w", err)
	}
	if p.Speed == 0 {
		p.Speed = c.cfg.Speed
	}
	r := &run{c: c, p: p, st: newStats(c.stats, c.cfg.Seed, p.Speed), rng: draws(c.cfg.Seed, "arrivals")}
	before := c.stats.report().REST
	stop := r.watch()
	err := r.place(ctx)
	r.wg.Wait()
	stop()
	report := r.st.report()
	// A request may name no call, so it belongs to the load in whose time it comes.
	now := c.stats.report().REST
	report.REST = RESTCounts{Requests: now.Requests - before.Requests, Refused: now.Refused - before.Refused}
	return report, errors.Join(err, r.failed())
}

// run is a load under way.
type run struct {
	c   *Carrier
	p   Load
	st  *stats
	rng *rand.Rand
	wg  sync.WaitGroup

	mu  sync.Mutex
	err error
}

// place starts calls as they arrive.
func (r *run) place(ctx context.Context) error {
	var until <-chan time.Time
	if r.p.Duration > 0 {
		t := time.NewTimer(r.p.Duration)
		defer t.Stop()
		until = t.C
	}
	slots := make(chan struct{}, max(r.p.Concurrency, 1))
	ends := map[string]chan struct{}{} // of the latest call by name
	next := time.Now()
	for n := 0; r.more(n); n++ {
		if ok, err := r.arrive(ctx, &next, until); !ok || err != nil {
			return err
		}
		if r.p.Concurrency > 0 {
			select {
			case slots <- struct{}{}:
			case <-until:
				return nil
			case <-ctx.Done():
				return fmt.Errorf("placing calls: %w", context.Cause(ctx))
			}
		}
		call := r.nth(n)
		// Calls stand in the order of After, so the one waited for has begun.
		after, mine := ends[call.After], make(chan struct{})
		ends[r.p.Calls[n%len(r.p.Calls)].Name] = mine
		r.wg.Go(func() {
			defer close(mine)
			r.one(ctx, call, after)
			if r.p.Concurrency > 0 {
				<-slots
			}
		})
	}
	return nil
}

// more tells whether the nth call is to be placed, as far as numbers go.
func (r *run) more(n int) bool {
	switch {
	case r.failed() != nil:
		return false
	case r.p.Count > 0:
		return n < r.p.Count
	default:
		return r.p.PeakCallsPerDay > 0 || r.p.Duration > 0 || n < len(r.p.Calls)
	}
}

// arrive waits for the next call to come in; false when the time for new calls is over.
func (r *run) arrive(ctx context.Context, next *time.Time, until <-chan time.Time) (bool, error) {
	var wait time.Duration
	if rate := r.p.Rate(); rate > 0 {
		*next = next.Add(time.Duration(r.rng.ExpFloat64() / rate * float64(time.Second)))
		wait = max(time.Until(*next), 0)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-until:
		return false, nil
	case <-ctx.Done():
		return false, fmt.Errorf("placing calls: %w", context.Cause(ctx))
	case <-t.C:
		return true, nil
	}
}

// nth is the nth call of the load. Sound is shared, never copied.
func (r *run) nth(n int) *calls.Call {
	call := r.p.Calls[n%len(r.p.Calls)]
	if round := n / len(r.p.Calls); !r.p.VaryCallers || round == 0 || call.From == calls.Anonymous {
		return call
	}
	other := *call
	other.From = fiction(n)
	return &other
}

// fiction is one of the 80,000 numbers that North America reserves for fiction: 555-01xx in each area.
func fiction(n int) string {
	return fmt.Sprintf("+1%d55501%02d", 200+n/100%800, n%100)
}

// one plays one call once what it waits for is over.
func (r *run) one(ctx context.Context, call *calls.Call, after <-chan struct{}) {
	if after != nil {
		select {
		case <-after:
		case <-ctx.Done():
			return
		}
	}
	if r.p.Before != nil {
		if err := r.p.Before(ctx, call); err != nil {
			r.fail(fmt.Errorf("before call %q: %w", call.Name, err))
			return
		}
	}
	mis := r.c.mischiefOf(call.Name)
	mis.Double, mis.Disorder = max(mis.Double, r.p.Doubled), max(mis.Disorder, r.p.Disorder)
	res, err := r.c.place(ctx, placement{call: call, speed: r.p.Speed, mis: mis, st: r.st})
	if err != nil {
		r.fail(err)
	}
	if res != nil && r.p.OnResult != nil {
		r.p.OnResult(res)
	}
}

func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err // one says enough: when ctx ends, every call has the same
	}
}

func (r *run) failed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// watch tells of progress until stop is called, and once more then.
func (r *run) watch() (stop func()) {
	if r.p.Progress == nil {
		return func() {}
	}
	tick := time.NewTicker(time.Second)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-tick.C:
				r.p.Progress(r.st.progress())
			case <-quit:
				r.p.Progress(r.st.progress())
				return
			}
		}
	}()
	return func() {
		tick.Stop()
		close(quit)
		<-done
	}
}

// String describes a load for a person.
func (p Load) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d sample calls", len(p.Calls))
	if p.Count > 0 {
		fmt.Fprintf(&b, ", %d to place", p.Count)
	}
	if rate := p.Rate(); rate > 0 {
		fmt.Fprintf(&b, ", %.2f a second by chance", rate)
	}
	if p.Concurrency > 0 {
		fmt.Fprintf(&b, ", at most %d at once", p.Concurrency)
	}
	return b.String()
}
