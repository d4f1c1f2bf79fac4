// Package guard leaves a product alone that is away or out of quota: while its breaker is open no stream is asked for, and one at
// a time looks whether it is back. A dependency is a product, its endpoint and who pays (see [recogniser.Capabilities]): one
// tenant's trouble is nobody else's.
package guard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// alive is how long a stream lives that counts as taken by the product, though it has told nothing: a party may be silent, and a
// product that is away refuses sooner.
const alive = 3 * time.Second

// Breaker is what a guard asks and tells; see package breaker of servicekit.
type Breaker interface {
	Allow(dependency string) error
	Report(dependency string, err error)
}

type driver struct {
	recogniser.Driver
	breaker    Breaker
	dependency string
	last       *atomic.Pointer[string] // code of the last failure
}

// New guards every stream of d.
func New(d recogniser.Driver, b Breaker) recogniser.Driver {
	return driver{d, b, d.Capabilities().Dependency, new(atomic.Pointer[string])}
}

// Open implements recogniser.Driver. The error of an open breaker is [recogniser.ErrAway], with the code of what opened it.
func (d driver) Open(ctx context.Context, spec recogniser.Spec) (recogniser.Stream, error) {
	if err := d.breaker.Allow(d.dependency); err != nil {
		e := &retry.Error{Code: retry.Code(err), Dependency: d.dependency, After: retry.After(err), Err: fmt.Errorf("%w: %w", recogniser.ErrAway, err)}
		if code := d.last.Load(); code != nil {
			e.Code = *code
		}
		return nil, e
	}
	s, err := d.Driver.Open(ctx, spec)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		d.report(of(err))
		return nil, err //nolint:wrapcheck // a decorator passes its driver's error on
	}
	w := &stream{Stream: s, driver: d, ctx: ctx}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alive = time.AfterFunc(alive, func() { w.report(nil) })
	return w, nil
}

func (d driver) report(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		code := retry.Code(err)
		d.last.Store(&code)
	}
	d.breaker.Report(d.dependency, err)
}

// of is what an error says of the product as such: one that ends a stream for its age, or refuses what it was asked for good,
// works.
func of(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, recogniser.ErrLimit) || retry.IsPermanent(err) {
		return nil
	}
	return err
}

type stream struct {
	recogniser.Stream
	driver driver
	ctx    context.Context

	mu    sync.Mutex
	alive *time.Timer
	told  bool // that the product works, or how the stream ended
	ended bool // by us
}

// report tells once that the product works, and how the stream ended if it was the product's doing.
func (s *stream) report(err error) {
	s.mu.Lock()
	s.alive.Stop()
	told := s.told
	s.told = true
	s.mu.Unlock()
	if !told || err != nil && !errors.Is(err, context.Canceled) {
		s.driver.report(err)
	}
}

// Recv implements recogniser.Stream.
func (s *stream) Recv() (recogniser.Result, error) {
	r, err := s.Stream.Recv()
	s.mu.Lock()
	ours := s.ended || s.ctx.Err() != nil
	s.mu.Unlock()
	switch {
	case err == nil:
		s.report(nil)
	case !ours:
		s.report(of(err))
	default:
		s.report(context.Canceled)
	}
	return r, err //nolint:wrapcheck // a decorator passes its stream's error on
}

// Cancel implements recogniser.Stream.
func (s *stream) Cancel() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.Stream.Cancel()
}
