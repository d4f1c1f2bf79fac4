package consume

import (
	"sync"
	"time"
)

// crew runs functions as the go statement does, on goroutines that it keeps for the next: the stack of one that has run a handler
// has grown to what a handler needs, and growing it anew for every message costs more than many a handler does. Who has had nothing
// to do for a while goes, so that a busy minute does not last: the one that has become idle last is taken first, and the others rest.
type crew struct {
	keep int

	mu        sync.Mutex
	idle      []idler // by since
	dismissed bool
}

// idler is an idle goroutine, which waits for a function.
type idler struct {
	next  chan func() // closed for it to go
	since time.Time
}

// rest is how long a goroutine may have nothing to do. Who goes is looked for when another becomes idle.
const rest = 30 * time.Second

// newCrew keeps at most so many idle goroutines.
func newCrew(keep int) *crew { return &crew{keep: keep} }

// run starts f, and never waits.
func (c *crew) run(f func()) {
	c.mu.Lock()
	n := len(c.idle)
	if n == 0 {
		c.mu.Unlock()
		go c.work(f)
		return
	}
	h := c.idle[n-1]
	c.idle = c.idle[:n-1]
	c.mu.Unlock()
	h.next <- f // it has room for one
}

func (c *crew) work(f func()) {
	h := idler{next: make(chan func(), 1)}
	for ok := true; ok; f, ok = <-h.next {
		f()
		if !c.rests(h) {
			return
		}
	}
}

// rests notes that a goroutine is idle; false if it is not needed. One that has been idle for too long is sent away.
func (c *crew) rests(h idler) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	h.since = time.Now()
	if len(c.idle) > 0 && h.since.Sub(c.idle[0].since) > rest {
		close(c.idle[0].next)
		c.idle = append(c.idle[:0], c.idle[1:]...)
	}
	if c.dismissed || len(c.idle) >= c.keep {
		return false
	}
	c.idle = append(c.idle, h)
	return true
}

// dismiss ends the goroutines that are idle, and each of the others after its function.
func (c *crew) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dismissed = true
	for _, h := range c.idle {
		close(h.next)
	}
	c.idle = nil
}
