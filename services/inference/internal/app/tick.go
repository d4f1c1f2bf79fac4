package app

import (
	"context"
	"slices"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// tick looks at a call whose timer has run out. It has the call's turn.
func (d *Desk) tick(ctx context.Context, p *Partition, c *Call) {
	switch {
	case c.state == nil && len(c.held) > 0:
		d.unhold(ctx, p, c, false)
	case c.settled():
		if c.state == nil || d.now().Sub(c.storedAt) >= d.set.Timing.Keep {
			p.evict(c)
			return
		}
		p.arm(c)
	default:
		d.settle(ctx, p, c)
	}
}

// unhold decides about events whose call is not in memory and whose CallStarted has not come. First the past
// is searched. If it doesn't know the call, what proves a call that somebody is in opens a provisional fold;
// what only presupposes one waits for the rest of its grace, and is then refused. hurry ends the grace.
func (d *Desk) unhold(ctx context.Context, p *Partition, c *Call, hurry bool) {
	if !c.searched {
		found, err := d.find(ctx, p, c, -1)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			d.log.WarnContext(ctx, "the past can't be searched for a call; trying again", "call_id", c.id, "error", retry.Code(err))
			p.again(c)
			return
		case found:
			d.fold(ctx, p, c)
			return
		}
		c.searched = true
	}
	if i := slices.IndexFunc(c.held, func(i input) bool { return proves(i.event) }); i >= 0 {
		c.state, c.of = &events.CallState{Facts: &events.CallFacts{}}, rootOf(c.held[i].event)
		c.words = newTranscript()
		d.fold(ctx, p, c)
		if len(c.held) > 0 { // not stored
			c.state = nil
			p.again(c)
		}
		return
	}
	if !hurry && d.now().Sub(c.since) < d.set.Timing.Unknown {
		p.arm(c)
		return
	}
	d.meters.unknown.Add(ctx, int64(len(c.held)))
	for _, i := range c.held {
		i.done(&retry.Error{Class: retry.Permanent, Code: "call_unknown", Field: "call_id"})
	}
	c.held, c.searched = nil, false
	p.evict(c)
}

// proves tells whether an event is proof of a call: words, streams, consent and legs come from one that is
// going on, so that its CallStarted is on its way. A recording and a disposition come after the call.
func proves(e *events.CallEvent) bool {
	switch e.Message().(type) {
	case *events.RecordingStarted, *events.RecordingReady, *events.DispositionSet:
		return false
	}
	return true
}

// rootOf is what an event of any leg has in common with the root's.
func rootOf(e *events.CallEvent) events.Call {
	of := events.CallOf(e)
	of.Leg = of.ID
	return of
}
