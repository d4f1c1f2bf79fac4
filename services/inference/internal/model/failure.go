package model

import (
	"errors"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// Fault is what went wrong, in words that fit every provider.
type Fault string

// The faults.
const (
	// Unreachable: no answer, or the provider says that it is its own fault. Asking again may help.
	Unreachable Fault = "unreachable"
	// TimedOut: no answer in time; whether it is billed nobody knows.
	TimedOut Fault = "timed_out"
	// Quota: the provider refuses for now; Failure.After says for how long, if it told.
	Quota Fault = "quota"
	// Blocked: the provider's safety rules stopped the prompt or the answer. The same question always is.
	Blocked Fault = "blocked"
	// Truncated: the answer reached its limit of tokens and is no whole JSON.
	Truncated Fault = "truncated"
	// Gone: there is no such model, or no longer.
	Gone Fault = "model_gone"
	// Refused: credentials, permissions or the request itself; a person must mend the settings.
	Refused Fault = "refused"
)

// Failure is the one error of a driver. It unwraps to the *retry.Error that the layers above understand.
type Failure struct {
	Fault Fault
	// Estimated tokens of input, where the provider may have billed a request that it never answered.
	Estimated int
	err       *retry.Error
}

// Fail makes a failure. code is the product's own, e.g. "vertex.RESOURCE_EXHAUSTED"; after is how long the
// provider asked to wait, 0 if it didn't say.
func Fail(f Fault, code, dependency string, after time.Duration, cause error) *Failure {
	class := retry.Permanent
	switch f {
	case Unreachable, TimedOut, Quota:
		class = retry.Retryable
	case Blocked, Truncated, Gone, Refused:
	}
	return &Failure{Fault: f, err: &retry.Error{Class: class, Code: code, Dependency: dependency, After: after, Err: cause}}
}

// Error is the provider's code, never its words: they may quote the prompt.
func (f *Failure) Error() string { return "asking the model: " + f.err.Error() }

// Unwrap gives the classified error.
func (f *Failure) Unwrap() error { return f.err }

// Code of the product.
func (f *Failure) Code() string { return f.err.Code }

// FaultOf finds the fault in err's chain; Unreachable if it has none.
func FaultOf(err error) Fault {
	var f *Failure
	if errors.As(err, &f) {
		return f.Fault
	}
	return Unreachable
}
