package app

import (
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// name is what a call goes by. The id alone won't do: whoever knows that of somebody else's call can send events by it,
// and must neither end that call's streams nor answer for its caller. What he sends is a call of his own, and readers of
// the transcripts refuse it.
type name struct{ id, tenant, account string }

func nameOf(e *events.CallEvent) name { return name{e.GetCallId(), e.GetTenant(), e.GetAccount()} }

// call is one call: all its legs and streams.
type call struct {
	name
	app  *App
	part *part
	key  []byte

	mu        sync.Mutex
	answer    events.Consent // the one that counts of those recorded; zero if none was
	streams   map[string]*stream
	places    int
	outbox    outbox
	suspended bool // the partition has gone, and may come back
	gone      bool // another process has it, or this one stops
	touched   time.Time
	keepsake  *time.Timer
}

func newCall(p *part, n name) *call {
	return &call{
		name: n, app: p.app, part: p, key: []byte(n.id),
		streams: map[string]*stream{}, touched: time.Now(),
	}
}

func (c *call) knows(stream string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams[stream] != nil
}

// take handles a message of a stream that is known, or that begins, or of consent; false if the call is over.
func (c *call) take(d Delivery) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.gone:
		return false
	case c.suspended:
		d.Done(errNotOwned)
		return true
	}
	c.touched = time.Now()
	switch m := d.Event.Message().(type) {
	case *events.MediaStarted:
		c.begin(d, m)
	case *events.ConsentRecorded:
		c.consent(d, m)
	case *events.AudioChunk:
		c.stream(d.Event, m.GetStreamId()).chunk(m, d.Done)
	case *events.MediaGap:
		c.stream(d.Event, m.GetStreamId()).gap(d.Event, m, d.Done)
	case *events.MediaEnded:
		c.stream(d.Event, m.GetStreamId()).ended(m, d.Done)
	default:
		d.Done(nil)
	}
	return true
}

// begin opens a stream, or takes its MediaStarted over once more.
func (c *call) begin(d Delivery, m *events.MediaStarted) {
	s := c.streams[m.GetStreamId()]
	if s == nil {
		s = c.open(d.Event, m)
		c.place(s, true)
		s.decide()
	}
	s.hold(d.Done)
}

// stream returns a stream that must have begun before. One whose beginning nobody has told is never heard:
// nobody can say that it may be, or where in the call it is.
func (c *call) stream(e *events.CallEvent, id string) *stream {
	s := c.streams[id]
	if s == nil {
		s = c.open(e, &events.MediaStarted{StreamId: id})
		s.verdict = verdict{unheard, "beginning of the stream unknown"}
		s.settle()
	}
	return s
}

// consent takes an answer. It is done with the newest stream that it decides about, so that a crash right
// after it can't forget it; calls.lifecycle has it by then too.
func (c *call) consent(d Delivery, m *events.ConsentRecorded) {
	c.answer = c.answer.Then(events.ConsentOf(m))
	var open *stream
	for _, s := range c.streams {
		if s.state == completed {
			continue
		}
		s.decide()
		if open == nil || s.began.After(open.began) {
			open = s
		}
	}
	if open == nil {
		d.Done(nil)
		return
	}
	open.hold(d.Done)
}

// over tells whether nothing of the call has come for a while and nothing is to be done for it.
func (c *call) over(after time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.streams {
		if s.state != completed {
			return false
		}
	}
	if len(c.outbox.items) > 0 || time.Since(c.touched) < after {
		return false
	}
	c.gone = true
	return true
}
