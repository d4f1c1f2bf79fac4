package app

import (
	"log/slog"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// item is one thing to publish, and what follows when it stands. Without an event it only waits its turn.
type item struct {
	event  *events.CallEvent
	stream *stream
	then   func()
}

// outbox publishes a call's events one at a time: a segment may only say "told up to here" when everything
// before it stands, or a crash between the two would lose words. It is the call's, under its lock.
type outbox struct {
	items    []item
	busy     bool // the first item is under way
	failures int
}

// post queues an event of s; then runs, under the call's lock, once the event is acknowledged and everything
// posted before it has run.
func (c *call) post(s *stream, e *events.CallEvent, then func()) {
	c.outbox.items = append(c.outbox.items, item{e, s, then})
	c.send()
}

// send publishes what is first. While the partition is nobody's it waits: another process may be telling the
// same words.
func (c *call) send() {
	for len(c.outbox.items) > 0 && !c.outbox.busy && !c.suspended && !c.gone {
		first := c.outbox.items[0]
		if first.event == nil {
			c.sent(first)
			continue
		}
		c.outbox.busy = true
		if m, ok := first.event.Message().(*events.TranscriptSegment); ok {
			t := first.stream.track(m.GetParty())
			t.posted = max(t.posted, m.GetEndMs())
		}
		// The producer may have to wait for room, and acknowledges from a goroutine of its own: neither may
		// hold up the call, or be held up by it.
		go c.app.pub.Publish(first.stream.ctx, first.event, func(err error) { go c.acknowledged(first, err) })
	}
}

func (c *call) acknowledged(it item, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outbox.busy = false
	switch {
	case c.gone || c.app.ctx.Err() != nil:
		return
	case retry.IsPermanent(err):
		// Our own mistake: no other attempt would end otherwise, and the call must go on.
		c.app.tel.Log.ErrorContext(it.stream.ctx, "an event could not be published and is left out",
			slog.String("kind", it.event.Kind().String()), slog.String("code", retry.Code(err)))
		it.stream.spoil("an event could not be published")
	case err != nil:
		c.outbox.failures++
		time.AfterFunc(backOff(c.outbox.failures), c.resend)
		return
	}
	c.sent(it)
	c.send()
}

func (c *call) resend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.send()
}

func (c *call) sent(it item) {
	c.outbox.failures = 0
	c.outbox.items[0] = item{}
	c.outbox.items = c.outbox.items[1:]
	it.then()
}

// backOff doubles from 100 ms to 10 s.
func backOff(failures int) time.Duration {
	return min(100*time.Millisecond<<min(failures-1, 10), 10*time.Second)
}
