package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// ready tells which programs and voices are missing before anything is spoken. The programs' names are also those of
// their packages in Debian and Ubuntu.
func ready(ctx context.Context, lines []line) error {
	if len(lines) == 0 {
		return nil
	}
	var missing []string
	needed := []string{"sox"}
	for _, l := range lines {
		needed = append(needed, l.engine)
	}
	slices.Sort(needed)
	for _, program := range slices.Compact(needed) {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, program)
		}
	}
	if missing != nil {
		return fmt.Errorf("not installed: %s; on Debian or Ubuntu: apt-get install %s", strings.Join(missing, ", "), strings.Join(missing, " "))
	}
	var errs []error
	tried := map[string]bool{}
	for _, l := range lines {
		if l.engine != calls.EspeakNG || tried[l.voice] {
			continue
		}
		tried[l.voice] = true
		if _, err := output(ctx, "espeak-ng", "-q", "-v", l.voice, "--", "a"); err != nil {
			errs = append(errs, fmt.Errorf("voice espeak-ng:%s: %w; espeak-ng --voices lists what there is", l.voice, err))
		}
	}
	return errors.Join(errs...)
}

// speak returns mu-law without the silence around it, at a telephone's loudness.
func (l line) speak(ctx context.Context, tmp string) ([]byte, error) {
	raw := filepath.Join(tmp, "raw.wav")
	command := []string{"flite", "-voice", l.voice, "-t", l.text, "-o", raw}
	if l.engine == calls.EspeakNG {
		command = []string{"espeak-ng", "-v", l.voice, "-s", "150", "-w", raw, "--", l.text}
	}
	if _, err := output(ctx, command...); err != nil {
		return nil, err
	}
	edge := []string{"silence", "1", "0.02", "0.3%", "reverse"}
	audio, err := output(ctx, slices.Concat(
		[]string{"sox", "-D", "-R", raw, "-t", "raw", "-e", "mu-law", "-b", "8", "-r", "8000", "-c", "1", "-", "gain", "-n", "-4"}, edge, edge)...)
	if err == nil && len(audio) == 0 {
		err = fmt.Errorf("%s spoke nothing of %q: write it otherwise, or how to speak it under say", l.engine, l.text)
	}
	return audio, err
}

func output(ctx context.Context, command ...string) ([]byte, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the caller's own scripts
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", command[0], err, strings.TrimSpace(errs.String()))
	}
	return out.Bytes(), nil
}
