// Package fault is how a stand-in is told to misbehave: latency, error shares, outages.
package fault

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// Settings of one stand-in. The zero value is a vendor on its best day: no latency, no errors.
type Settings struct {
	// Latency of an answer is log-normal with this median and 99th percentile; 0 means none.
	Latency Latency `json:"latency" yaml:"latency"`
	// Errors are shares of requests that fail with a code that the stand-in documents.
	Errors []Share `json:"errors" yaml:"errors"`
	// Outage refuses everything, as a host that is down does.
	Outage bool `json:"outage" yaml:"outage"`
	// Seed makes the draws repeatable; 0 is a seed too.
	Seed uint64 `json:"seed" yaml:"seed"`
}

// Latency distribution.
type Latency struct {
	Median time.Duration `json:"median" yaml:"median"`
	P99    time.Duration `json:"p99" yaml:"p99"`
}

// Share of requests that fail with Code.
type Share struct {
	Code  string  `json:"code" yaml:"code"`
	Share float64 `json:"share" yaml:"share"`
	// Operation limits it to one of the stand-in's operations; empty means all.
	Operation string `json:"operation" yaml:"operation"`
}

// Injector draws faults. Safe for concurrent use; the zero value injects nothing.
type Injector struct {
	mu  sync.Mutex
	set Settings
	rng *rand.Rand
}

// New returns an injector with settings.
func New(s Settings) *Injector {
	i := &Injector{}
	i.Set(s)
	return i
}

// Set replaces the settings and restarts the draws.
func (i *Injector) Set(s Settings) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.set = s
	i.rng = rand.New(rand.NewPCG(s.Seed, 1)) //nolint:gosec // repeatable on purpose
}

// Down tells whether the stand-in plays an outage.
func (i *Injector) Down() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.set.Outage
}

// Draw returns the code that this request fails with, "" for none.
func (i *Injector) Draw(operation string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, s := range i.set.Errors {
		if (s.Operation == "" || s.Operation == operation) && i.rng.Float64() < s.Share {
			return s.Code
		}
	}
	return ""
}

// Wait spends the latency of one answer, or returns ctx's error.
func (i *Injector) Wait(ctx context.Context) error {
	d := i.latency()
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// z99 is the 99th percentile of the standard normal distribution.
const z99 = 2.326

func (i *Injector) latency() time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	l := i.set.Latency
	if l.Median <= 0 {
		return 0
	}
	if l.P99 <= l.Median {
		return l.Median
	}
	sigma := math.Log(float64(l.P99)/float64(l.Median)) / z99
	return time.Duration(float64(l.Median) * math.Exp(sigma*i.rng.NormFloat64()))
}
