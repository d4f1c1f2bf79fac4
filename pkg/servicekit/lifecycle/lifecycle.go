// Package lifecycle starts a service's parts in order and stops them in reverse.
package lifecycle

import (
	"context"
	"net/http"
	"time"
)

// Part is one thing with a life: Run blocks until ctx ends and what it holds is drained.
type Part struct {
	Name string
	Run  func(ctx context.Context) error
	// Ready is asked by /readyz; nil means ready once started.
	Ready func() bool
}

// Run starts parts in order and waits. When ctx ends, or a part fails, readiness drops, and the parts are
// stopped one by one in reverse order, each given up to grace. It returns the first failure, nil after an orderly
// stop.
func Run(ctx context.Context, grace time.Duration, parts ...Part) error { panic("not yet") }

// Admin serves /healthz (alive), /readyz (every part ready, with the names of those that are not) and
// /metrics.
func Admin(metrics http.Handler, ready func() (bool, []string)) http.Handler { panic("not yet") }
