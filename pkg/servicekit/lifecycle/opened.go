package lifecycle

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"
)

// Opened is what a service holds open, in the order in which it was made: listeners, connections, queues. The zero
// value holds nothing. One goroutine fills it, and closes it when that is done.
type Opened struct {
	closers []func(context.Context) error
}

// Hold adds something that is closed at once.
func (o *Opened) Hold(shut func() error) {
	o.HoldDraining(func(context.Context) error { return shut() })
}

// HoldDraining adds something that takes until ctx ends, at most, to let go of what it has taken.
func (o *Opened) HoldDraining(shut func(context.Context) error) {
	o.closers = append(o.closers, shut)
}

// Close closes all of it in reverse order, however many fail, and returns every failure; grace bounds the whole. What
// was closed already is no failure, so that a listener may be held that a server has served on. ctx may have ended: it
// is asked for its values only. A second Close does nothing.
func (o *Opened) Close(ctx context.Context, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	var failures []error
	for _, shut := range slices.Backward(o.closers) {
		if err := shut(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
			failures = append(failures, err)
		}
	}
	o.closers = nil
	return errors.Join(failures...)
}
