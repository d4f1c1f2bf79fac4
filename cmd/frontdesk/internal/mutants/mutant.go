package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The verdicts.
const (
	caught   = "caught"
	survived = "survived"
	broken   = "broken"
)

// mutant is a change that breaks a promise.
type mutant struct {
	name string
	// file, from the repository's root, in which old stands exactly once and becomes new.
	file, old, new string
	// suite must turn red.
	suite suite
}

// suite is tests of one package.
type suite struct {
	pkg   string
	tests []string
}

func (s suite) String() string {
	return strings.TrimPrefix(s.pkg, "./") + " " + strings.Join(s.tests, "|")
}

// timeout of a suite: a mutant may well hang its tests, which catches it.
const timeout = "60s"

// errBuild says that tests do not compile, which proves nothing about them.
var errBuild = errors.New("it does not compile")

// run builds the tests in dir, with an overlay if there is one, and runs them. Go takes what the overlay leaves as it is from
// its cache.
func (s suite) run(ctx context.Context, dir, overlay string) (output []byte, err error) {
	binary := filepath.Join(dir, "suite.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "-overlay", overlay, s.pkg) //nolint:gosec // the arguments are this file's
	if output, err = build.CombinedOutput(); err != nil {
		return output, fmt.Errorf("%w: %w", errBuild, err)
	}
	//nolint:gosec // so are these
	tests := exec.CommandContext(ctx, binary, "-test.count=1", "-test.timeout="+timeout, "-test.run=^("+strings.Join(s.tests, "|")+")$")
	tests.Dir = s.pkg
	output, err = tests.CombinedOutput()
	if err == nil && strings.Contains(string(output), "no tests to run") {
		err = fmt.Errorf("%s: there are no such tests", s)
	}
	return output, err //nolint:wrapcheck // the caller says of what
}

// mutated is the file with its change.
func (m mutant) mutated() ([]byte, error) {
	b, err := os.ReadFile(m.file)
	if err != nil {
		return nil, fmt.Errorf("mutant %q: %w (run it from the repository's root)", m.name, err)
	}
	if n := strings.Count(string(b), m.old); n != 1 {
		return nil, fmt.Errorf("mutant %q: what it changes stands %d times in %s, and must stand once; bring it up to date", m.name, n, m.file)
	}
	return []byte(strings.Replace(string(b), m.old, m.new, 1)), nil
}

// try builds the mutant and runs its suite.
func (m mutant) try(ctx context.Context) (verdict, output string) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return broken, err.Error()
	}
	defer func() { _ = os.RemoveAll(dir) }() // it is the system's temporary folder
	overlay, err := m.overlay(dir)
	if err != nil {
		return broken, err.Error()
	}
	out, err := m.suite.run(ctx, dir, overlay)
	switch {
	case err == nil:
		return survived, string(out)
	case errors.Is(err, errBuild):
		return broken, string(out) + err.Error()
	}
	return caught, ""
}

// overlay writes the mutant into dir, and what has Go take it from there.
func (m mutant) overlay(dir string) (string, error) {
	b, err := m.mutated()
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", m.file, err)
	}
	replacement := filepath.Join(dir, filepath.Base(m.file))
	overlay := filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{original: replacement}})
	if err != nil {
		return "", fmt.Errorf("writing the overlay: %w", err)
	}
	for name, content := range map[string][]byte{replacement: b, overlay: list} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return "", fmt.Errorf("writing the mutant: %w", err)
		}
	}
	return overlay, nil
}
