package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk/frontdesk/pkg/servicekit/lifecycle"
)

// target is one that was asked.
type target struct {
	URL   string `json:"url"`
	Ready bool   `json:"ready"`
	Error string `json:"error,omitempty"`
}

func ready() *cobra.Command {
	var (
		timeout time.Duration
		asJSON  bool
	)
	c := &cobra.Command{
		Use:   "ready URL...",
		Short: "Ask services whether they are ready, as a health check does",
		Long: "Asks each URL once: http://HOST:PORT is asked for /readyz, which the four services have on their admin address and the\n" +
			"sandbox on its health port; tcp://HOST:PORT is only connected to. A container without a shell has its health check by it.\n\n" +
			"Exit code: 0 if all are ready; 1 if one is not, or does not answer in time; 2 if flags or URLs are wrong.",
		Example: "  frontdesk ready http://127.0.0.1:9101 http://127.0.0.1:9102\n  frontdesk ready --timeout 1s tcp://127.0.0.1:9092",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTargets(args, timeout); err != nil {
				return err
			}
			all, allReady := make([]target, len(args)), true
			for i, a := range args {
				all[i] = ask(cmd.Context(), a, timeout)
				allReady = allReady && all[i].Ready
			}
			err := tellTargets(cmd, all, asJSON)
			if err == nil && !allReady {
				return ErrReported
			}
			return err
		},
	}
	c.Flags().DurationVar(&timeout, "timeout", 3*time.Second, "the longest that one is waited for")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func checkTargets(urls []string, timeout time.Duration) error {
	var faults flagFaults
	faults.duration("timeout", timeout, time.Millisecond)
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || u.Port() == "" || u.Scheme != "http" && u.Scheme != "tcp" || u.Path != "" && u.Path != "/" && u.Path != "/readyz" || u.RawQuery != "" {
			faults.add("%s: want http://HOST:PORT, which is asked for /readyz, or tcp://HOST:PORT", text)
		}
	}
	return faults.err()
}

func ask(ctx context.Context, text string, timeout time.Duration) target {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	u, err := url.Parse(text)
	if err == nil {
		if u.Scheme == "tcp" {
			err = connect(ctx, u.Host)
		} else {
			err = lifecycle.AskReady(ctx, u.Host)
		}
	}
	t := target{URL: text, Ready: err == nil}
	if err != nil {
		t.Error = err.Error()
	}
	return t
}

func connect(ctx context.Context, addr string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("nobody answers: %w", err)
	}
	return conn.Close() //nolint:wrapcheck // it names the connection
}

func tellTargets(cmd *cobra.Command, all []target, asJSON bool) error {
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), all)
	}
	return writeText(cmd.OutOrStdout(), func(w io.Writer) {
		for _, t := range all {
			if t.Ready {
				fmt.Fprintln(w, t.URL, "is ready")
			} else {
				fmt.Fprintf(w, "%s is not ready: %s\n", t.URL, t.Error)
			}
		}
	})
}
