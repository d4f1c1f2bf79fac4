// Command narrow starts stand-ins whose limits a judge can reach in a moment, and with credentials that the samples' tenants have no
// use for. It prints where they listen, as JSON, and serves until it is interrupted.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/googlespeech"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/sandbox/vertexai"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "narrow:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, out io.Writer) (err error) {
	addresses := map[string]string{}
	var open []io.Closer
	defer func() {
		for _, c := range open {
			err = errors.Join(err, c.Close())
		}
	}()
	org, err := salesforce.Start(ctx, salesforce.Config{
		Orgs: []salesforce.Org{{
			Name: "narrow", ClientID: "client", ClientSecret: "secret", //nolint:gosec // it opens nothing
			Users:  salesforce.StandardUsers("narrow.example", "frontdesk@narrow.example", "password"),
			Limits: salesforce.Limits{HourlyEvents: 4, Streams: 2},
		}},
		StreamIdle: 500 * time.Millisecond, KeepAlive: 200 * time.Millisecond,
	})
	if err != nil {
		return err //nolint:wrapcheck // it names the stand-in
	}
	open = append(open, org)
	addresses["salesforce"], addresses["pubsub"] = org.URL(), org.PubSubAddr()
	speech, err := googlespeech.Start(ctx, googlespeech.Config{MaxSessions: 1, MaxStream: 2 * time.Second, IdleTimeout: 500 * time.Millisecond})
	if err != nil {
		return err //nolint:wrapcheck // it names the stand-in
	}
	open = append(open, speech)
	addresses["speech"] = speech.Addr()
	models := map[string]vertexai.Config{
		"quota": {RequestsPerMinute: 2, RetryDelay: 3 * time.Second}, "thinking": {ThoughtTokens: 7}, "blocks": {BlockPhrases: []string{"forbidden"}},
	}
	for _, code := range []string{"UNAVAILABLE", "INTERNAL", "PERMISSION_DENIED", "UNAUTHENTICATED", "HANG", "SAFETY", "PROHIBITED_CONTENT", "FINISH_SAFETY", "RECITATION", "SPII", "MAX_TOKENS"} {
		models[code] = vertexai.Config{Faults: fault.Settings{Errors: []fault.Share{{Code: code, Share: 1}}}}
	}
	for name, cfg := range models {
		s, err := vertexai.Start(ctx, cfg)
		if err != nil {
			return err //nolint:wrapcheck // it names the stand-in
		}
		open = append(open, s)
		addresses["vertex."+name] = s.Addr()
	}
	if err := json.NewEncoder(out).Encode(addresses); err != nil {
		return fmt.Errorf("telling where the stand-ins listen: %w", err)
	}
	<-ctx.Done()
	return nil
}
