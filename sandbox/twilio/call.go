package twilio

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// What ends or turns a call while a verb is played.
var (
	errHungUp     = errors.New("the caller hung up")
	errCompleted  = errors.New("the call was ended over REST")
	errRedirected = errors.New("the call was redirected over REST")
	errRejected   = errors.New("the call was rejected")
	errHangup     = errors.New("TwiML hung up")
	errFailed     = errors.New("no instructions could be had")
)

// patience is how long a caller waits, beyond the call's length, for anything to begin.
const patience = time.Minute

// questionPatience is when a caller hangs up who doesn't want to be asked.
const questionPatience = 1500 * time.Millisecond

// life is one call from ring to its last callback. Its TwiML is played by one goroutine, that of Place; streams
// and callbacks have their own, all counted in work.
type life struct {
	c    *Carrier
	in   *calls.Call
	num  Number
	acct *account
	mis  Mischief
	st   *stats
	clk  *clock
	sid  string
	ring time.Time
	wake chan struct{} // pokes the goroutine that plays TwiML
	work sync.WaitGroup
	out  outbox
	ctx  context.Context //nolint:containedctx // the call's own life: REST starts things that outlive its requests

	mu       sync.Mutex
	rng      *rand.Rand
	status   string
	answer   time.Time // call time
	end      time.Time // call time
	zero     time.Time // call time of the sound's first frame; zero until media begin
	forked   int       // streams ever asked for
	update   *update
	over     bool // nothing new may begin
	keypad   int  // questions asked for keys
	spoken   int  // questions asked for speech
	children []*leg
	streams  []*stream
	records  []*recording
	wall     Times
	twiml    []TwiML
	studio   bool
	flow     map[string]string
	faults   []Fault
}

// update is what REST asks of a call under way.
type update struct {
	end  bool
	next *target
}

// placement is one call to be placed.
type placement struct {
	call  *calls.Call
	speed float64
	mis   Mischief
	st    *stats
}

// Place plays one call to its end: until the last callback is delivered or given up. The error is the caller's
// own (no such number, a closed carrier, ctx's end); whatever goes wrong at the customer's end stands in the Result.
func (c *Carrier) Place(ctx context.Context, call *calls.Call) (*Result, error) {
	return c.place(ctx, placement{call: call, speed: c.cfg.Speed, mis: c.mischiefOf(call.Name), st: newStats(c.stats, c.cfg.Seed, c.cfg.Speed)})
}

func (c *Carrier) mischiefOf(name string) Mischief {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m, ok := c.mischief[name]; ok {
		return m
	}
	return c.mischief["*"]
}

func (c *Carrier) place(ctx context.Context, p placement) (*Result, error) {
	l, err := c.begin(p)
	if err != nil {
		return nil, fmt.Errorf("placing call %q: %w", p.call.Name, err)
	}
	defer c.lives.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	//nolint:contextcheck // the carrier's end ends the call, whoever placed it
	defer context.AfterFunc(c.ctx, cancel)()
	l.ctx = ctx
	c.know(l)
	l.run() //nolint:contextcheck // all of the call lives by l.ctx, which is ctx
	c.retire(l)
	if err := ctx.Err(); err != nil {
		return l.result(), fmt.Errorf("playing call %q: %w", p.call.Name, context.Cause(ctx))
	}
	return l.result(), nil
}

// begin makes the call known; its caller must end c.lives.
func (c *Carrier) begin(p placement) (*life, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errors.New("the carrier is closed")
	}
	to, ok := c.numbers[p.call.To]
	if !ok {
		return nil, errors.New("no account of the carrier owns the dialled number")
	}
	n := c.placed[p.call.Name]
	c.placed[p.call.Name] = n + 1
	l := &life{
		c: c, in: p.call, num: to.number, acct: to.acct, mis: p.mis, st: p.st, clk: newClock(p.speed),
		sid: sid("CA", c.cfg.Seed, p.call.Name, n), wake: make(chan struct{}, 1), status: StatusRinging,
		rng: draws(c.cfg.Seed, p.call.Name, n),
	}
	l.out.l = l
	l.ring = l.clk.Now()
	l.wall.Ring = time.Now()
	c.lives.Add(1)
	p.st.count(func(r *Report) { r.Calls.Placed++ })
	p.st.up(+1)
	return l, nil
}

// know makes the call visible to the REST API.
func (c *Carrier) know(l *life) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bySid[l.sid] = l
}

// retire keeps an ended call for the REST API, and forgets the oldest beyond Config.Keep.
func (c *Carrier) retire(l *life) {
	l.st.up(-1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = append(c.ended, l.sid)
	for len(c.ended) > c.cfg.Keep {
		delete(c.bySid, c.ended[0])
		c.ended = slices.Delete(c.ended, 0, 1)
	}
}

// run is the call's whole life.
func (l *life) run() {
	err := l.talk()
	if l.ctx.Err() != nil {
		l.abort()
		l.tally(true)
		return
	}
	l.fareWell(l.lastStatus(err))
	if l.ctx.Err() == nil {
		l.bill()
	}
	l.tally(l.ctx.Err() != nil)
}

// talk plays instructions until there are none, and returns why it ended; nil is Twilio hanging up in good order.
func (l *life) talk() error {
	next := &target{url: l.num.VoiceURL, method: "POST", params: l.arrival()}
	if l.in.HangUp == calls.HangUpRinging {
		// The webhook is on its way when the caller gives up: its answer finds nobody.
		_, _, _ = l.fetch(*next)
		l.hangUp(l.clk.Now())
		return errHungUp
	}
	// A flow that redirects in a circle would never end; Twilio ends a call after four hours.
	for range 200 {
		doc, base, err := l.fetch(*next)
		if err != nil {
			return err
		}
		next, err = l.play(doc, base)
		if errors.Is(err, errRedirected) {
			next, err = l.redirected(), nil
		}
		if err != nil || next == nil {
			return err
		}
		if params, ok := studioReturn(next.url); ok {
			return l.flowGoesOn(params)
		}
	}
	return errFailed
}

func (l *life) lastStatus(err error) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.status != StatusRinging && l.status != StatusInProgress:
		return l.status // a rejection has set it
	case !l.answer.IsZero():
		return StatusCompleted
	case errors.Is(err, errFailed):
		return StatusFailed
	default:
		return StatusNoAnswer
	}
}

// pickUp answers the call.
func (l *life) pickUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answer.IsZero() && l.end.IsZero() {
		l.status, l.answer, l.wall.Answer = StatusInProgress, l.clk.Now(), time.Now()
	}
}

// wait lets call time pass. It returns early with the reason when the call can't just go on.
func (l *life) wait(d time.Duration) error {
	until := l.clk.Now().Add(d)
	for {
		at, hangsUp, err := l.before(until)
		if err != nil {
			return err
		}
		reached, err := l.clk.Wait(l.ctx, at, l.wake)
		switch {
		case err != nil:
			return err
		case reached && hangsUp:
			l.hangUp(at)
			return errHungUp
		case reached:
			return nil
		}
	}
}

// forever outlasts every call.
const forever = 24 * time.Hour

// before returns what comes first, a time or the caller's hanging up; or what REST has asked for.
func (l *life) before(t time.Time) (time.Time, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.update != nil && l.update.end:
		return t, false, errCompleted
	case l.update != nil:
		return t, false, errRedirected
	case !l.end.IsZero():
		return l.end, true, nil
	}
	if h := l.hangsUpAt(); !h.IsZero() && !h.After(t) {
		return h, true, nil
	}
	return t, false, nil
}

// hangsUpAt is when the caller goes; the zero time is not known yet. The caller holds mu.
func (l *life) hangsUpAt() time.Time {
	length := l.length()
	switch {
	case l.answer.IsZero():
		return l.ring.Add(length + patience)
	case l.in.HangUp == calls.HangUpQuestion:
		return l.answer.Add(questionPatience)
	case !l.zero.IsZero():
		return l.zero.Add(length)
	default:
		return l.answer.Add(length + patience)
	}
}

// length of the call's sound.
func (l *life) length() time.Duration {
	if l.in.Duration > 0 {
		return time.Duration(l.in.Duration)
	}
	return time.Duration(max(len(l.in.Caller), len(l.in.AgentAudio))/bytesPerMs) * time.Millisecond
}

// hangUp notes when the call ended, once.
func (l *life) hangUp(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end.IsZero() {
		l.end = at
	}
}

// gone tells whether the caller is off the line.
func (l *life) gone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.end.IsZero()
}

// redirected takes what REST has asked for.
func (l *life) redirected() *target {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.update.next
	l.update = nil
	return next
}

func (l *life) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// fault notes what Twilio's debugger would show.
func (l *life) fault(f Fault) {
	l.mu.Lock()
	l.faults = append(l.faults, f)
	l.mu.Unlock()
	l.st.fault(f.Code)
}

// draw returns a number in [0, 1) of the call's own.
func (l *life) draw() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rng.Float64()
}
