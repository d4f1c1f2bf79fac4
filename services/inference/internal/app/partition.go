package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// Call is one call in memory. Its fields are touched only by whoever has the call's turn; see [Desk].
type Call struct {
	id string
	// owned is since when its partition is ours.
	owned time.Time
	// of is what every event of the call has in common.
	of events.Call
	// state is nil until the call is opened; it is replaced, never changed.
	state    *events.CallState
	storedAt time.Time
	// last is the input that changed the state last, here.
	last input
	// words is nil when they must be read again.
	words *transcript
	// held waits for the call's beginning, since when; searched tells that the past doesn't know the call.
	held     []input
	since    time.Time
	searched bool
	timer    *time.Timer
}

// input is one event on its way in.
type input struct {
	event  *events.CallEvent
	offset int64
	done   func(error)
}

func (c *Call) hold(in input, now time.Time) {
	if len(c.held) == 0 {
		c.since = now
	}
	c.held = append(c.held, in)
}

// restore takes a stored state. Its words are read when they are needed.
func (c *Call) restore(e *events.CallEvent) {
	c.of, c.state, c.storedAt = events.CallOf(e), e.GetBody().GetCallState(), e.GetOccurredAt().AsTime()
	c.words = nil
	if len(c.state.GetSegmentOffsets()) == 0 {
		c.words = newTranscript()
	}
}

// owner is whose a call is. A call's id is one account's own, and an account's number is one tenant's: whoever else
// knows the id has no call by it.
type owner struct{ tenant, account string }

func ownerOf(c events.Call) owner { return owner{c.Tenant, c.Account} }

// sort parts what is of the call's owner from what isn't. While the call isn't opened its owner is who its other events
// say; the first event that opens it decides.
func (c *Call) sort(all []input) (own, foreign []input) {
	if !c.state.GetOpened() {
		if i := slices.IndexFunc(all, func(i input) bool { _, opens := start(i.event); return opens }); i >= 0 {
			if by := events.CallOf(all[i].event); ownerOf(by) != ownerOf(c.of) {
				c.of = by
			}
		}
	}
	for _, i := range all {
		if ownerOf(events.CallOf(i.event)) == ownerOf(c.of) {
			own = append(own, i)
		} else {
			foreign = append(foreign, i)
		}
	}
	return own, foreign
}

// settled tells whether nothing is due and nobody waits.
func (c *Call) settled() bool {
	if len(c.held) > 0 {
		return false
	}
	if c.state == nil {
		return true
	}
	_, due := wake(c.state)
	return !due
}

// Partition is the calls of one partition while this process owns it.
type Partition struct {
	number int
	desk   *Desk
	run    func(call string, fn func(context.Context))
	// since is the time from which on every stored state was loaded, owned when the partition became ours.
	since, owned time.Time

	mu    sync.Mutex
	gone  bool
	calls map[string]*Call
	// left are calls that are stored and not in memory, with the offset of their state, -1 if unknown.
	left map[string]int64
}

// Stored is one state as it was loaded.
type Stored struct {
	Event  *events.CallEvent
	Offset int64
	// Behind: an earlier owner has stored one after it, which doesn't count, and which compaction would leave of the two.
	Behind bool
}

// Own takes a partition over. states are the last stored state of every call that was stored since the given
// time; run has a function run in a call's turn.
func (d *Desk) Own(number int, since time.Time, states []Stored, run func(call string, fn func(context.Context))) {
	p := &Partition{number: number, desk: d, run: run, since: since, owned: d.ownedFrom(states), calls: map[string]*Call{}, left: map[string]int64{}}
	now := d.now()
	for _, s := range states {
		c := &Call{id: s.Event.GetCallId(), owned: p.owned}
		c.restore(s.Event)
		if s.Behind {
			run(c.id, func(ctx context.Context) { d.storeAgain(ctx, c) })
		} else if c.settled() && now.Sub(c.storedAt) > d.set.Timing.Keep {
			p.left[c.id] = s.Offset
			continue
		}
		p.calls[c.id] = c
	}
	d.mu.Lock()
	d.parts[number] = p
	d.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		p.armLocked(c, d.set.Timing.Resume)
	}
}

// storeAgain stores a call's state as it stands, under its own time: what it holds to be published must be the same again.
func (d *Desk) storeAgain(ctx context.Context, c *Call) {
	_ = d.insist(ctx, c.id, "storing a call's state again", func(ctx context.Context) error { // else the next owner does
		return d.store(ctx, c, cloneState(c.state), c.storedAt)
	})
}

// ownedFrom is when a partition becomes ours: now, and after its last owner's time, whatever our clock says.
func (d *Desk) ownedFrom(states []Stored) time.Time {
	at := d.now()
	for _, s := range states {
		if last := s.Event.GetBody().GetCallState().GetOwnedSince().AsTime(); !at.After(last) {
			at = last.Add(time.Millisecond)
		}
	}
	return at.Truncate(time.Millisecond)
}

// Disown forgets a partition; nothing of it runs any more.
func (d *Desk) Disown(number int) {
	d.mu.Lock()
	p := d.parts[number]
	delete(d.parts, number)
	d.mu.Unlock()
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
	for _, c := range p.calls {
		if c.timer != nil {
			c.timer.Stop()
		}
	}
}

// inMemory counts the calls in memory.
func (d *Desk) inMemory() (n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.parts {
		p.mu.Lock()
		n += int64(len(p.calls))
		p.mu.Unlock()
	}
	return n
}

func (d *Desk) partition(number int) *Partition {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.parts[number]
}

// call returns the call in memory, or an empty one.
func (p *Partition) call(id string) *Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.calls[id]
	if c == nil {
		c = &Call{id: id, owned: p.owned}
		p.calls[id] = c
	}
	return c
}

// clockSkew is how far the carrier's clock and the broker's may be apart.
const clockSkew = 5 * time.Minute

// loaded tells whether a call that began at t would be in memory, had it been stored.
func (p *Partition) loaded(t time.Time) bool { return t.After(p.since.Add(clockSkew)) }

// evicted tells where the state of a call stands that left memory.
func (p *Partition) evicted(id string) (offset int64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	offset, ok = p.left[id]
	if !ok {
		offset = -1
	}
	return offset, ok
}

// found notes that a call is back in memory.
func (p *Partition) found(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.left, id)
}

// arm sets the call's timer for what is next: something due, the end of a wait, or leaving memory.
func (p *Partition) arm(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armLocked(c, 0)
}

// again sets the timer after a failure: what is due at once is due in a second.
func (p *Partition) again(c *Call) { p.armAfter(c, time.Second) }

// armAfter sets the timer for what is next, but not before least has passed.
func (p *Partition) armAfter(c *Call, least time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armLocked(c, least)
}

// armLocked puts what is due off by least at least.
func (p *Partition) armLocked(c *Call, least time.Duration) {
	if p.gone {
		return
	}
	wait := p.desk.set.Timing.Keep
	switch at, due := wakeOf(c, p.desk.set.Timing); {
	case due:
		wait = max(at.Sub(p.desk.now()), least)
	case c.state == nil && len(c.held) == 0:
		wait = 0
	}
	if c.timer != nil {
		c.timer.Stop()
	}
	c.timer = time.AfterFunc(max(wait, 0), func() {
		p.run(c.id, func(ctx context.Context) { p.desk.tick(ctx, p, c) })
	})
}

func wakeOf(c *Call, t Timing) (time.Time, bool) {
	if c.state != nil {
		return wake(c.state)
	}
	switch {
	case len(c.held) == 0:
		return time.Time{}, false
	case c.searched:
		return c.since.Add(t.Unknown), true
	}
	return c.since.Add(t.Early), true
}

// evict forgets a settled call that has not been touched for a while, or one that never was.
func (p *Partition) evict(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls[c.id] != c {
		return
	}
	delete(p.calls, c.id)
	if c.state != nil {
		p.left[c.id] = -1
	}
}

// Flush stops waiting for the beginnings of calls: what is held must be completed, since nothing more is
// fetched before it is.
func (d *Desk) Flush() {
	d.mu.Lock()
	parts := slices.Collect(maps.Values(d.parts))
	d.mu.Unlock()
	for _, p := range parts {
		p.mu.Lock()
		calls := slices.Collect(maps.Values(p.calls))
		p.mu.Unlock()
		for _, c := range calls {
			p.run(c.id, func(ctx context.Context) {
				if c.state == nil && len(c.held) > 0 {
					d.unhold(ctx, p, c, true)
				}
			})
		}
	}
}
