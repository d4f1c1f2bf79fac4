package crm

import (
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// Codes of calls that were not tried at all. Whoever sees them parks the call: the org has not refused it.
const (
	// CodeBreaker: the org has failed several times in a row and is left alone for a while.
	CodeBreaker = "crm.breaker_open"
	// CodeFull: so many calls wait for this org that another would take other tenants' place.
	CodeFull = "crm.queue_full"
)

// Settings of the breaker: it opens at the third failure in a row, and then for longer each time.
const (
	breakerAt    = 3
	breakerFirst = time.Second
	breakerMost  = time.Minute
)

// breaker keeps calls away from an org that is down, so that they wait parked and cost no concurrency, and
// the org is not pressed when it comes back.
type breaker struct {
	dependency string

	mu       sync.Mutex
	failures int
	until    time.Time
}

// open returns the error of a call that must not be tried now; nil lets it through.
func (b *breaker) open() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := time.Until(b.until)
	if left <= 0 {
		return nil
	}
	return &retry.Error{Class: retry.Retryable, Code: CodeBreaker, Dependency: b.dependency, After: left}
}

// note counts a batch: down if the org as such failed.
func (b *breaker) note(down bool, after time.Duration) (opened bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !down {
		b.failures = 0
		b.until = time.Time{}
		return false
	}
	b.failures++
	if b.failures < breakerAt && after == 0 {
		return false
	}
	pause := after // the org said how long
	if pause == 0 {
		pause = min(breakerFirst<<min(b.failures-breakerAt, 6), breakerMost)
	}
	b.until = time.Now().Add(pause)
	return true
}

// isOpen tells the metric.
func (b *breaker) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Before(b.until)
}
