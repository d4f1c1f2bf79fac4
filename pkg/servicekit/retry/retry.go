// Package retry classifies errors and retries in place.
package retry

import (
	"errors"
	"time"
)

// Error is a classified failure. It is made once, at the adapter that knows the dependency; everybody above
// only asks for its class.
type Error struct {
	// Class decides what happens next.
	Class Class
	// Code is a stable word for it, e.g. "salesforce.UNABLE_TO_LOCK_ROW": fit for a metric label and a
	// dead-letter header.
	Code string
	// Field that it is about, if the dependency told; never a value.
	Field string
	// Dependency that failed (adapter + endpoint + credential), e.g. "salesforce:acme"; empty if none.
	Dependency string
	// After is how long the dependency asked to wait; 0 if it did not say.
	After time.Duration
	// Err is the cause. Its text may quote values: it is logged nowhere and put in no header.
	Err error
}

// Class of a failure.
type Class int

// The classes.
const (
	// Retryable may succeed later. An unclassified error counts as Retryable.
	Retryable Class = iota
	// Permanent never will: a dead letter.
	Permanent
)

// Error is the code and the field, not the cause: the cause may quote a value.
func (e *Error) Error() string {
	s := e.Code
	if e.Field != "" {
		s += " (field " + e.Field + ")"
	}
	return s
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// IsPermanent tells whether err is classified Permanent: by the outermost classified error of its chain, for whoever
// classified an error again knew more.
func IsPermanent(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Class == Permanent
}

// ClassOf is err's class.
func ClassOf(err error) Class {
	if IsPermanent(err) {
		return Permanent
	}
	return Retryable
}

// String is the class as a word.
func (c Class) String() string {
	if c == Permanent {
		return "permanent"
	}
	return "retryable"
}

// Policy of the in-place retry.
type Policy struct {
	// Initial and Max bound one pause, which doubles and varies by half.
	Initial time.Duration `koanf:"initial"`
	Max     time.Duration `koanf:"max"`
	// Budget is how long a message may block its key before it is parked.
	Budget time.Duration `koanf:"budget"`
}
