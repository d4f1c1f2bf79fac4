// Command frontdesk is the one command that people type: it runs the whole pipeline on one machine, sends it
// calls, and looks after a deployment.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/cli"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/signals"
)

func main() {
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
