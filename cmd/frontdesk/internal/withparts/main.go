// Command withparts runs a command beside a real Kafka and a real Redis, whose addresses stand in its environment as
// FRONTDESK_TEST_KAFKA and FRONTDESK_TEST_REDIS. Its exit code is the command's. `make integration` runs tests by it:
//
//	withparts -libs .cache/kafka/4.4.0/libs go test -p 1 ./pkg/servicekit/...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/realparts"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	libs := flag.String("libs", "", "folder of Kafka's jars")
	dir := flag.String("dir", "", "folder for settings, data and logs; made, and removed again if the command succeeds")
	flag.Parse()
	if *libs == "" || *dir == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: withparts -libs DIR -dir DIR COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	if err := run(ctx, *libs, *dir, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "withparts: %v; logs are kept in %s\n", err, *dir)
		os.Exit(1)
	}
}

func run(ctx context.Context, libs, dir string, args []string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	p, err := realparts.StartPair(ctx, dir, libs, false,
		// The tests of what happens to a member that has died don't wait for the 6 s that are the least otherwise.
		"group.min.session.timeout.ms=500")
	if err != nil {
		return err //nolint:wrapcheck // it says what it started
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // the user's own
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "FRONTDESK_TEST_KAFKA="+p.Kafka.Addr(), "FRONTDESK_TEST_REDIS="+p.Redis.Addr())
	if err := errors.Join(cmd.Run(), p.Close()); err != nil {
		return err
	}
	return os.RemoveAll(dir) //nolint:wrapcheck // it names the folder
}
