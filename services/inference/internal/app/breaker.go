package app

import (
	"sync"
	"time"
)

// Breaker settings. A dependency is an adapter, an endpoint and a credential: one tenant's outage opens its
// breaker only.
type Breaker struct {
	// Failures in a row that open it.
	Failures int `koanf:"failures"`
	// Open is how long it stays open; then one question is let through to see.
	Open time.Duration `koanf:"open"`
}

// breakers keeps calls from spending their whole budget, one after the other, on a model that is away for
// all of them. Safe for concurrent use.
type breakers struct {
	set Breaker
	mu  sync.Mutex
	of  map[string]*breaker
}

type breaker struct {
	failures int
	until    time.Time
}

func newBreakers(set Breaker) *breakers { return &breakers{set: set, of: map[string]*breaker{}} }

// allow tells whether dependency may be asked. When an open breaker's time is up, one caller is let through
// and the rest wait for what comes of it.
func (b *breakers) allow(dependency string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.of[dependency]
	if k == nil || k.failures < b.set.Failures {
		return true
	}
	if now.Before(k.until) {
		return false
	}
	k.until = now.Add(b.set.Open)
	return true
}

// report tells what came of asking.
func (b *breakers) report(dependency string, ok bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ok {
		delete(b.of, dependency)
		return
	}
	k := b.of[dependency]
	if k == nil {
		k = &breaker{}
		b.of[dependency] = k
	}
	if k.failures++; k.failures >= b.set.Failures {
		k.until = now.Add(b.set.Open)
	}
}
