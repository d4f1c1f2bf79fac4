package twilio

import (
	"context"
	"sync"
	"time"
)

// clock tells a call's time: wall time where it began, running speed times as fast; at life's pace while the
// call waits for the customer's server. Safe for concurrent use.
type clock struct {
	speed float64

	mu      sync.Mutex
	base    time.Time // call time at anchor
	anchor  time.Time // wall time
	rate    float64
	slowed  int
	changed chan struct{} // closed when the rate changes
}

func newClock(speed float64) *clock {
	now := time.Now()
	return &clock{speed: speed, rate: speed, base: now.Round(0), anchor: now, changed: make(chan struct{})}
}

// Now is the call's time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now(time.Now())
}

func (c *clock) now(wall time.Time) time.Time {
	d := wall.Sub(c.anchor)
	if c.rate != 1 {
		d = time.Duration(float64(d) * c.rate)
	}
	return c.base.Add(d)
}

// Slow runs the clock at life's pace until every caller has called the function that it was given.
func (c *clock) Slow() (release func()) {
	if c.speed == 1 {
		return func() {}
	}
	c.turn(+1)
	return sync.OnceFunc(func() { c.turn(-1) })
}

func (c *clock) turn(by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slowed += by
	rate := c.speed
	if c.slowed > 0 {
		rate = 1
	}
	if rate == c.rate {
		return
	}
	wall := time.Now()
	c.base, c.anchor, c.rate = c.now(wall), wall, rate
	close(c.changed)
	c.changed = make(chan struct{})
}

// Until returns the wall time until call time t, at the present rate, and a channel that is closed when the
// rate changes.
func (c *clock) Until(t time.Time) (time.Duration, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := t.Sub(c.now(time.Now()))
	if c.rate != 1 && d > 0 {
		// Rounded up: a timer that ends a hair early would make its owner spin.
		d = time.Duration(float64(d)/c.rate) + 1
	}
	return d, c.changed
}

// Wait returns true once call time t is reached, false when wake fires first, and ctx's error.
func (c *clock) Wait(ctx context.Context, t time.Time, wake <-chan struct{}) (reached bool, err error) {
	for {
		d, changed := c.Until(t)
		if d <= 0 {
			return true, ctx.Err()
		}
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
		case <-changed:
		case <-wake:
			timer.Stop()
			return false, ctx.Err()
		case <-ctx.Done():
			timer.Stop()
			return false, ctx.Err()
		}
		timer.Stop()
	}
}
