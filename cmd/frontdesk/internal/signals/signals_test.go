package signals

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestTheSameSignalTwiceIsOne: only what comes later is left to the system, which ends the process.
func TestTheSameSignalTwiceIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		forgotten := make(chan struct{})
		forgetAfter(ctx, func() { close(forgotten) })
		began := time.Now()
		cancel()
		if <-forgotten; time.Since(began) != echo {
			t.Errorf("signals were given back %v after the first", time.Since(began))
		}
	})
}
