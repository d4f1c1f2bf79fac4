package salesforce_test

import (
	"sync"
	"time"
)

// fakeClock begins at the real time and moves only when it is told.
type fakeClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		c.at = time.Now()
	}
	return c.at
}

func (c *fakeClock) add(d time.Duration) {
	c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
