package realparts

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func shell(t *testing.T, script string, env ...string) *child {
	t.Helper()
	p, err := launch(t.TempDir(), "part", env, "/bin/sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// says waits until the process has written text.
func says(t *testing.T, p *child, text string) {
	t.Helper()
	err := p.until(t.Context(), 10*time.Second, func(context.Context) error {
		if b, err := os.ReadFile(p.log); err != nil || !strings.Contains(string(b), text) {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

const (
	obeys   = `trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done`
	refuses = `trap '' TERM; echo up; while :; do sleep 0.01; done`
)

func TestAProcessThatObeysIsStoppedInOrder(t *testing.T) {
	p := shell(t, obeys)
	says(t, p, "up")
	if err := p.stop(10 * time.Second); err != nil {
		t.Error(err)
	}
	if p.running() {
		t.Error("it still runs")
	}
	says(t, p, "bye")
	if err := p.stop(0); err != nil {
		t.Errorf("stopped again: %v", err)
	}
}

func TestAProcessThatRefusesIsKilledAndTold(t *testing.T) {
	p := shell(t, refuses)
	says(t, p, "up")
	if err := p.stop(10 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "had to be killed") {
		t.Errorf("%v", err)
	}
	if p.running() {
		t.Error("it still runs")
	}
}

// TestAProcessThatEndedByItselfIsTold, with its last words: otherwise a crash that others made up for would not show.
func TestAProcessThatEndedByItselfIsTold(t *testing.T) {
	p := shell(t, "echo last words; exit 3")
	<-p.done
	if err := p.stop(time.Second); err == nil || !strings.Contains(err.Error(), "ended by itself: exit status 3") || !strings.Contains(err.Error(), "last words") {
		t.Errorf("%v", err)
	}
	err := p.until(t.Context(), time.Minute, func(context.Context) error { return errors.New("not up") })
	if err == nil || !strings.Contains(err.Error(), "ended while starting") {
		t.Errorf("%v", err)
	}
}

func TestAKilledProcessIsNoFault(t *testing.T) {
	p := shell(t, refuses)
	says(t, p, "up")
	p.kill()
	if err := p.stop(time.Second); err != nil || p.running() {
		t.Errorf("%v, running: %v", err, p.running())
	}
}

// TestAProcessInheritsNoSettings: what the tests' own environment says must not reach a service.
func TestAProcessInheritsNoSettings(t *testing.T) {
	t.Setenv("FRONTDESK_STT_ADMIN", "inherited")
	p := shell(t, `echo "own $FRONTDESK_STT_TENANTS, other [$FRONTDESK_STT_ADMIN]"`, "FRONTDESK_STT_TENANTS=given")
	<-p.done
	if got := tail(p.log); got != "own given, other []" {
		t.Errorf("%q", got)
	}
}
