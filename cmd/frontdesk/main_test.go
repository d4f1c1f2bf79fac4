package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asCommand makes the test binary the command itself.
const asCommand = "FRONTDESK_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestASignalBeforeMainIsHeard: as soon as the signals are caught, while most packages are still to be made ready, an interrupted
// command answers in its own way.
func TestASignalBeforeMainIsHeard(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "demo", "--json") //nolint:gosec // this very binary
	cmd.Env = append(os.Environ(), asCommand+"=1", "GODEBUG=inittrace=1")
	var out bytes.Buffer
	cmd.Stdout = &out
	trace, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, late, caught := bufio.NewScanner(trace), false, false
	for !caught && lines.Scan() {
		caught = strings.HasPrefix(lines.Text(), "init github.com/frontdesk/frontdesk/cmd/frontdesk/internal/signals ")
		late = late || strings.HasPrefix(lines.Text(), "init github.com/frontdesk/frontdesk/sandbox/vertexai ")
	}
	if !caught || late {
		t.Errorf("signals are caught: %v; only after the packages that take long: %v", caught, late)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, trace) // until the process has ended
	_ = cmd.Wait()                    // its code is looked at
	var doc struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil || doc.Error != "interrupted" || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("exit code %d, %v: %q", cmd.ProcessState.ExitCode(), err, out.String())
	}
}
