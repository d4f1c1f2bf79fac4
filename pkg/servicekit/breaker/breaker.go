// Package breaker keeps work away from a dependency that is down, so that it waits instead of failing one after the
// other, costs nobody else anything, and does not press on the dependency when it comes back.
//
// A dependency is an adapter, an endpoint and a credential, e.g. "salesforce:acme": one tenant's outage opens its own
// breaker only. A name is a metric label and stands in logs: no personal data, no secret.
package breaker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// CodeOpen is the code of what was held back: it was not tried at all.
const CodeOpen = "breaker.open"

// mostNamed bounds the time that a dependency may name: once an hour somebody looks.
const mostNamed = time.Hour

// Settings of a breaker, for each of its dependencies alike.
type Settings struct {
	// Failures in a row that open it. One that names a time (retry.Error.After) opens it at once.
	Failures int `koanf:"failures"`
	// Open is how long it stays open first, unless the dependency named a time. Then one request is let through to
	// see; when that fails, the time doubles, up to Most.
	Open time.Duration `koanf:"open"`
	Most time.Duration `koanf:"most"`
}

// Validate reports every fault of s, each under the setting's path.
func (s Settings) Validate(path string) error {
	var errs []error
	if s.Failures < 1 {
		errs = append(errs, fmt.Errorf("%s.failures: %d is less than 1", path, s.Failures))
	}
	if s.Open <= 0 {
		errs = append(errs, fmt.Errorf("%s.open: %s is not positive", path, s.Open))
	}
	if s.Most < s.Open {
		errs = append(errs, fmt.Errorf("%s.most: %s is less than open", path, s.Most))
	}
	return errors.Join(errs...)
}

// Breaker is the breakers of all dependencies of a service. Safe for concurrent use; a dependency that works costs a
// look into a map.
type Breaker struct {
	set            Settings
	ctx            context.Context // of what it counts, which is no request's
	log            *slog.Logger
	open           metric.Int64Gauge
	held, openings metric.Int64Counter

	mu sync.RWMutex
	of map[string]*circuit // of dependencies that failed last
}

// circuit of one dependency: closed while until is zero, then open until that time, then half open.
type circuit struct {
	failures int // in a row, while closed
	until    time.Time
	pause    time.Duration // how long it was open last, unless the dependency named it
	named    bool          // until is what the dependency asked for
	// probing tells that a request is under way to see whether the dependency is back. One whose outcome nobody
	// tells is given up at until, like a failed one, and the next is let through.
	probing bool
}

// New makes a service's breaker.
func New(set Settings, tel *telemetry.Telemetry) (*Breaker, error) {
	b := &Breaker{set: set, ctx: context.Background(), log: tel.Log, of: map[string]*circuit{}}
	var errs [3]error
	b.open, errs[0] = tel.Meter.Int64Gauge("frontdesk.dependency.open",
		metric.WithDescription("1 from when a dependency's breaker opens until the dependency works again."))
	b.held, errs[1] = tel.Meter.Int64Counter("frontdesk.dependency.held",
		metric.WithDescription("What was not tried since its dependency's breaker was open."))
	b.openings, errs[2] = tel.Meter.Int64Counter("frontdesk.dependency.openings",
		metric.WithDescription("How often a dependency's breaker opened; one that opens again after a look is counted once."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("making the breaker's metrics: %w", err)
	}
	return b, nil
}

// Allow tells whether the dependency may be asked now. The error of what may not is a *retry.Error, Retryable, with
// [CodeOpen], whose After tells when to come again. Whoever was allowed tells the outcome to [Breaker.Report].
func (b *Breaker) Allow(dependency string) error { return b.hold(dependency, true) }

// Held is the error that [Breaker.Allow] would give, for who joins others in one request and wants to know beforehand.
// It lets nobody through: who asks the dependency asks Allow.
func (b *Breaker) Held(dependency string) error { return b.hold(dependency, false) }

func (b *Breaker) hold(dependency string, asks bool) error {
	if !b.Open(dependency) {
		return nil
	}
	wait := b.look(dependency, asks)
	if wait == 0 {
		return nil
	}
	b.held.Add(b.ctx, 1, label(dependency))
	return &retry.Error{Class: retry.Retryable, Code: CodeOpen, Dependency: dependency, After: wait}
}

// look is how long to wait for the dependency: 0 lets the caller through. Who asks it when its time is up is the one that
// sees whether it is back.
func (b *Breaker) look(dependency string, asks bool) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of[dependency]
	if c == nil || c.until.IsZero() {
		return 0
	}
	now := time.Now()
	left := c.until.Sub(now)
	switch {
	case left <= 0 && asks:
		c.probing, c.named = true, false
		c.until = now.Add(max(c.pause, b.set.Open))
		return 0
	case left <= 0:
		return 0
	case c.probing:
		// Its outcome is near. Who comes again too soon has only come in vain.
		return min(left, max(c.pause/4, b.set.Open))
	}
	return left
}

// Report tells what came of asking the dependency. nil: it works, though it may have refused what it was asked. An
// error: the dependency as such failed, and its After, if it has one, is how long it wants to be left alone, an hour at
// the most. An ended context says nothing of the dependency.
func (b *Breaker) Report(dependency string, err error) {
	if err == nil {
		b.works(dependency)
		return
	}
	b.mu.Lock()
	c := b.of[dependency]
	if errors.Is(err, context.Canceled) {
		if c != nil && c.probing {
			c.probing, c.until = false, time.Now() // the next one sees
		}
		b.mu.Unlock()
		return
	}
	if c == nil {
		c = &circuit{}
		b.of[dependency] = c
	}
	opened := b.fail(c, min(retry.After(err), mostNamed))
	left := time.Until(c.until)
	if opened {
		b.open.Record(b.ctx, 1, label(dependency))
		b.openings.Add(b.ctx, 1, label(dependency))
	}
	b.mu.Unlock()
	if !opened {
		return
	}
	b.log.WarnContext(b.ctx, "a dependency fails and is left alone for a while; what needs it waits, everything else goes on",
		"dependency", dependency, "code", retry.Code(err), "next_try_in", left.Round(time.Millisecond).String())
}

// fail notes a failure and reports whether it opened what was closed.
func (b *Breaker) fail(c *circuit, named time.Duration) bool {
	now, closed := time.Now(), c.until.IsZero()
	switch {
	case closed:
		if c.failures++; c.failures < b.set.Failures && named == 0 {
			return false
		}
		c.pause = b.set.Open
	case c.probing || !now.Before(c.until):
		c.pause = min(max(2*c.pause, b.set.Open), b.set.Most)
	default:
		// It was asked before the breaker opened, and adds nothing unless it asks for more time.
		if until := now.Add(named); until.After(c.until) {
			c.until, c.named = until, true
		}
		return false
	}
	c.probing, c.named = false, named > 0
	if c.until = now.Add(c.pause); c.named {
		c.until = now.Add(named)
	}
	return closed
}

// works closes the breaker. Only who was asked before the dependency named a time does not count: it would be pressed
// again at once.
func (b *Breaker) works(dependency string) {
	b.mu.RLock()
	_, known := b.of[dependency]
	b.mu.RUnlock()
	if !known {
		return
	}
	b.mu.Lock()
	c := b.of[dependency]
	if c == nil || c.named && !c.probing && time.Now().Before(c.until) {
		b.mu.Unlock()
		return
	}
	delete(b.of, dependency)
	opened := !c.until.IsZero()
	if opened {
		b.open.Record(b.ctx, 0, label(dependency))
	}
	b.mu.Unlock()
	if !opened {
		return
	}
	b.log.InfoContext(b.ctx, "the dependency works again", "dependency", dependency)
}

// Open tells whether the dependency's breaker is open: from its opening until the dependency works again.
func (b *Breaker) Open(dependency string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	c := b.of[dependency]
	return c != nil && !c.until.IsZero()
}

func label(dependency string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("dependency", dependency))
}
