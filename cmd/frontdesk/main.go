// Command frontdesk is the one command that people type: it runs the whole pipeline on one machine, sends it
// calls, and looks after a deployment.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/cli"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends things in order, which takes as long as calls are under way; the second ends the process.
	context.AfterFunc(ctx, cancel)
	err := cli.Root(os.Stdout, os.Stderr).ExecuteContext(ctx)
	cancel()
	if err == nil {
		return
	}
	if !errors.Is(err, cli.ErrReported) {
		fmt.Fprintln(os.Stderr, "frontdesk:", err)
	}
	os.Exit(cli.ExitCode(err))
}
