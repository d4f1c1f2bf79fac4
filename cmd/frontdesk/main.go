// Command frontdesk is the one command that people type: it runs the whole pipeline on one machine, sends it
// calls, and looks after a deployment.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9/logging"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/cli"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/signals"
)

func main() {
	// What its client has to say of a Redis that is away, the commands say themselves, with what to do.
	logging.Disable()
	ctx, release := signals.Context()
	err := cli.Root(os.Stdout, os.Stderr).ExecuteContext(ctx)
	release()
	if err == nil {
		return
	}
	if !errors.Is(err, cli.ErrReported) {
		fmt.Fprintln(os.Stderr, "frontdesk:", err)
	}
	os.Exit(cli.ExitCode(err))
}
