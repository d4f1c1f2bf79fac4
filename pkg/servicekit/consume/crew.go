package consume

import "sync/atomic"

// crew runs functions as the go statement does, on goroutines that it keeps for the next: the stack of one that has run a handler
// has grown to what a handler needs, and growing it anew for every message costs more than many a handler does.
type crew struct {
	next chan func()
	quit chan struct{}
	// idle goroutines that wait for a function, keep at most.
	idle atomic.Int32
	keep int32
}

func newCrew(keep int) *crew {
	return &crew{next: make(chan func()), quit: make(chan struct{}), keep: int32(keep)}
}

// run starts f, and never waits.
func (c *crew) run(f func()) {
	select {
	case c.next <- f:
	default:
		go c.work(f)
	}
}

func (c *crew) work(f func()) {
	for {
		f()
		if c.idle.Add(1) > c.keep {
			c.idle.Add(-1)
			return
		}
		select {
		case f = <-c.next:
			c.idle.Add(-1)
		case <-c.quit:
			return
		}
	}
}

// dismiss ends the goroutines that are idle, and each of the others after its function.
func (c *crew) dismiss() { close(c.quit) }
