package consume

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// CodePanic is the code of a handler's panic.
const CodePanic = "panic"

// recovered makes a permanent failure of a panic: a message that brings a handler down would bring down every
// owner in turn. It also sees to it that only the first completion of a message counts.
func (c *Consumer) recovered(next Handler) Handler {
	return func(ctx context.Context, m *Message, done func(error)) {
		m.tries = 1
		var completed atomic.Bool
		once := func(err error) {
			if completed.Swap(true) {
				c.tel.Log.ErrorContext(ctx, "a handler completed a message twice; only the first counts",
					"topic", m.Topic, "partition", m.Partition, "offset", m.Offset)
				return
			}
			done(err)
		}
		defer func() {
			if r := recover(); r != nil {
				c.tel.Log.ErrorContext(ctx, "a handler panicked", "topic", m.Topic, "partition", m.Partition, "offset", m.Offset,
					"panic", harmless(r), "stack", string(debug.Stack()))
				if !completed.Load() {
					once(&retry.Error{Class: retry.Permanent, Code: CodePanic, Err: errors.New(harmless(r))})
				}
			}
		}()
		next(ctx, m, once)
	}
}

// call runs a timer's function; its panic is logged and forgotten, for there is no message to fail.
func (c *Consumer) call(ctx context.Context, fn func(ctx context.Context)) {
	defer func() {
		if r := recover(); r != nil {
			c.tel.Log.ErrorContext(ctx, "a function run by Assignment.Do panicked", "panic", harmless(r), "stack", string(debug.Stack()))
		}
	}()
	fn(ctx)
}

// harmless is what may be said of a panic. The runtime's own text quotes no data; anybody else's may.
func harmless(r any) string {
	if e, ok := r.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("a %T", r)
}
