// Package signals catches the signals that end the command, from its first milliseconds on. Making the packages of Google's
// clients ready takes up to a tenth of a second before main begins, and a signal that came meanwhile would end the process without
// a word. This package needs nothing but the standard library, so it is made ready before them: that is all its reason, and why
// it has a variable where everything else is passed in. Only main uses it.
package signals

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// first ends with the first signal.
var first, forget = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)

// echo is how soon after the first a signal is still the same one: timeout(1) and some supervisors send each to the process and
// once more to its group.
const echo = 200 * time.Millisecond

// Context ends with the first signal, which ends things in order; that takes as long as calls are under way. The second signal ends
// the process. release gives the signals back.
func Context() (ctx context.Context, release func()) {
	forgetAfter(first, forget)
	return first, forget
}

func forgetAfter(first context.Context, forget func()) {
	context.AfterFunc(first, func() { time.AfterFunc(echo, forget) })
}
