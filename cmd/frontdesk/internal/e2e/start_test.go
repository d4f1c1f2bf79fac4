package e2e_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
)

// aFullDataFolderEndsTheStack: before the embedded broker acknowledges what it can't keep.
func aFullDataFolderEndsTheStack(t *testing.T) {
	var left atomic.Uint64
	left.Store(500 << 20)
	var told []string
	s, err := allinone.Start(t.Context(), allinone.Options{
		DataDir: filepath.Join(t.TempDir(), "data"), Tenants: tenants(t), Speed: speed, Log: slog.New(slog.DiscardHandler),
		Room: func(string) (uint64, error) { return left.Load(), nil },
	}, func(what string) { told = append(told, what) })
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(told[0], "which has 500 MB left") {
		t.Errorf("told of %q", told)
	}
	left.Store(40 << 20)
	err = <-s.Done()
	if full, ok := errors.AsType[*allinone.FullError](err); !ok || full.Left != 40<<20 {
		t.Errorf("it ended with %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// theCarrierOutlivesTheSignal: the end of the context that a stack was started with ends no call of those that are placed with
// another, as a demo's are, and takes nothing away from services that are stopping.
func theCarrierOutlivesTheSignal(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	known := sampleCalls(t, "hangs-up-at-once")
	s, err := allinone.Start(ctx, allinone.Options{Tenants: tenants(t), Calls: known, Speed: speed, Log: slog.New(slog.DiscardHandler)}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := s.Place(t.Context(), known[0]); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// aWrongMappingIsTheTenants: it is found by the service that compiles it, and told as what it is.
func aWrongMappingIsTheTenants(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "mapping.yaml")
	if err := os.WriteFile(bad, []byte("version: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := tenants(t)
	all[0].Salesforce.Mapping = bad
	_, err := allinone.Start(t.Context(), allinone.Options{Tenants: all, Speed: speed, Log: slog.New(slog.DiscardHandler)}, func(string) {})
	if _, ok := errors.AsType[*allinone.RefusedError](err); !ok || !strings.Contains(err.Error(), "crm-writer: wrong mapping:\n") || strings.Contains(err.Error(), "crm-writer: crm-writer") {
		t.Errorf("%v", err)
	}
}
