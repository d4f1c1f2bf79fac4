package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
)

// What the process exits with. Every command's help says so too.
const (
	// ExitFailed: something differs from what was expected, was not delivered, or could not be done.
	ExitFailed = 1
	// ExitUsage: the command line, or a file that it names, is wrong; no call was played.
	ExitUsage = 2
	// ExitMissing: a reconciliation could look, and something is missing.
	ExitMissing = 3
)

// ErrReported says that a command failed and has told why already: only the exit code is left to say.
var ErrReported = errors.New("already reported")

// ErrMissing is ErrReported of a reconciliation that has found something missing.
var ErrMissing = fmt.Errorf("something is missing: %w", ErrReported)

// errInterrupted is why a command that was stopped by a signal has not done all.
var errInterrupted = errors.New("interrupted")

// usageError is a mistake of whoever typed the command, or wrote a file that it names.
type usageError struct{ error }

// Unwrap implements errors.Unwrap.
func (e usageError) Unwrap() error { return e.error }

// usage marks an error as the user's own; nil stays nil.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// ExitCode is what the process exits with after err.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if _, wrong := errors.AsType[usageError](err); wrong {
		return ExitUsage
	}
	if errors.Is(err, ErrMissing) {
		return ExitMissing
	}
	return ExitFailed
}

// reportUsage makes cobra's own refusals (unknown flags, commands and arguments) usage errors that say where to look.
func reportUsage(root *cobra.Command) {
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage(seeHelp(c, err)) })
	reportArgs(root)
}

func reportArgs(c *cobra.Command) {
	for _, sub := range c.Commands() {
		reportArgs(sub)
	}
	if c.HasSubCommands() {
		c.SuggestionsMinimumDistance = 2
		c.Args = noSuchCommand
		return
	}
	args := c.Args
	c.Args = func(c *cobra.Command, given []string) error {
		if err := args(c, given); err != nil {
			return usage(seeHelp(c, err))
		}
		return nil
	}
}

// noSuchCommand refuses what would be the name of a subcommand.
func noSuchCommand(c *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	err := fmt.Errorf("there is no command %q", given[0])
	if like := c.SuggestionsFor(given[0]); len(like) > 0 {
		err = fmt.Errorf("%w (did you mean %s?)", err, strings.Join(like, " or "))
	}
	return usage(seeHelp(c, err))
}

func seeHelp(c *cobra.Command, err error) error {
	return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
}

// notStarted is why a stack did not start: it was interrupted, or a file that the user has named is wrong, or something failed.
func notStarted(ctx context.Context, err error) error {
	if stopped := interrupted(ctx); stopped != nil {
		return stopped
	}
	if _, refused := errors.AsType[*allinone.RefusedError](err); refused && !errors.Is(err, syscall.EADDRINUSE) {
		return usage(err)
	}
	return err
}

// interrupted is errInterrupted once a signal has come, and nil before.
func interrupted(ctx context.Context) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return nil
}
