package consume

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// CodeTimeout is the code of a try that took longer than Options.Timeout.
const CodeTimeout = "handler.timeout"

// timed bounds one try. What it makes of f's error is retryable, whatever f makes of its cancelled context.
func timed(f Func, d time.Duration) Func {
	if d <= 0 {
		return f
	}
	return func(ctx context.Context, m *Message) error {
		bounded, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		err := f(bounded, m)
		if err != nil && ctx.Err() == nil && errors.Is(bounded.Err(), context.DeadlineExceeded) && errors.Is(err, context.DeadlineExceeded) {
			return &retry.Error{Class: retry.Retryable, Code: CodeTimeout, Err: fmt.Errorf("not done within %s: %w", d, err)}
		}
		return err
	}
}
