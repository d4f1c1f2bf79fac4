package retry

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Do calls fn until it succeeds, fails for good, or the budget or ctx ends; it returns fn's last error.
// A pause is the dependency's own wish where it has one (Error.After), else exponential with jitter. When the
// dependency asks for longer than the budget has left, Do gives up at once: waiting would be in vain.
func Do(ctx context.Context, p Policy, fn func(ctx context.Context) error) error {
	return DoPausing(ctx, p, fn, Pause)
}

// Pause waits for d or until ctx ends, and reports ctx's error.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// DoPausing is [Do] with its own way to pause, for a caller that gives something back meanwhile.
func DoPausing(ctx context.Context, p Policy, fn func(ctx context.Context) error, pause func(context.Context, time.Duration) error) error {
	b := p.backOff()
	end := time.Now().Add(p.Budget)
	for {
		err := fn(ctx)
		if err == nil || IsPermanent(err) || ctx.Err() != nil {
			return err
		}
		d := b.NextBackOff()
		if after := After(err); after > d {
			d = after
		}
		if time.Now().Add(d).After(end) {
			return err
		}
		if pause(ctx, d) != nil {
			return err
		}
	}
}

// After is how long the dependency asked to wait; 0 if it did not say.
func After(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.After
	}
	return 0
}

// AfterHeader reads a Retry-After header (RFC 9110, 10.2.3), seconds or a date; 0 if there is none, or none that makes
// sense.
func AfterHeader(h http.Header) time.Duration {
	s := h.Get("Retry-After")
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(min(max(n, 0), int(7*24*time.Hour/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// Code is err's stable word: that of the classified error in its chain, "shutdown" for an ended context, else
// "unclassified". Fit for metric labels and headers: it never quotes a value.
func Code(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, context.Canceled):
		return "shutdown"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "unclassified"
}

// Permanently wraps err as a permanent failure with a code.
func Permanently(code string, err error) error {
	return &Error{Class: Permanent, Code: code, Err: err}
}

func (p Policy) backOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	if p.Initial > 0 {
		b.InitialInterval = p.Initial
	}
	if p.Max > 0 {
		b.MaxInterval = p.Max
	}
	b.Multiplier = 2
	b.RandomizationFactor = 0.5
	b.Reset()
	return b
}

// Default is the policy of the consumers: 100 ms doubling to 30 s, a minute and a half in all.
func Default() Policy {
	return Policy{Initial: 100 * time.Millisecond, Max: 30 * time.Second, Budget: 90 * time.Second}
}

// Field is the field that err is about; "" if it names none.
func Field(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

// Dependency is the dependency that failed; "" if err names none.
func Dependency(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Dependency
	}
	return ""
}

// Words are what an error in err's chain says of itself that anybody may read: its method SafeWords promises to quote
// no value of a message and nothing that a vendor said. "" if none has any.
func Words(err error) string {
	if e, ok := errors.AsType[interface {
		error
		SafeWords() string
	}](err); ok {
		return e.SafeWords()
	}
	return ""
}
