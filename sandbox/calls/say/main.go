// Command say makes the audio of sample calls from their scripts: one file for each utterance that names one.
//
//	go run ./sandbox/calls/say samples/calls
//
// It needs flite, espeak-ng and sox, and speaks with the voices that call.yaml names: "flite:slt" is flite -voice slt,
// "espeak:es-419+f3" is espeak-ng -v es-419+f3. The same versions make the same bytes: sox runs without dither and
// without random numbers.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: say FOLDER-OF-CALLS")
	}
	list, err := calls.Read(args[0])
	if err != nil {
		return err
	}
	lines, err := plan(args[0], list)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "say")
	if err != nil {
		return fmt.Errorf("making a folder for raw speech: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	total := 0
	for _, l := range lines {
		audio, err := l.speak(ctx, tmp)
		if err != nil {
			return fmt.Errorf("speaking %s: %w", l.file, err)
		}
		if err := os.WriteFile(l.file, audio, 0o644); err != nil { //nolint:gosec // made to be shared
			return fmt.Errorf("keeping speech: %w", err)
		}
		total += len(audio)
	}
	_, err = fmt.Fprintf(out, "%d files, %d KB\n", len(lines), total/1000)
	return err
}

// line is one file to make.
type line struct{ file, voice, text string }

// plan lists the files, each once; two utterances that share one must sound alike.
func plan(dir string, list []*calls.Call) ([]line, error) {
	var (
		lines []line
		errs  []error
		seen  = map[string]line{}
	)
	for _, c := range list {
		for i, u := range c.Script {
			if u.File == "" {
				continue
			}
			l := line{filepath.Join(dir, c.Name, u.File), voice(c, u), u.Say}
			if l.text == "" {
				l.text = u.Text
			}
			switch other, ok := seen[l.file]; {
			case l.voice == "":
				errs = append(errs, fmt.Errorf("%s: script[%d]: the %s has no voice", c.Name, i, u.Track))
			case ok && other != l:
				errs = append(errs, fmt.Errorf("%s: script[%d]: %s is also spoken as %q by %s", c.Name, i, u.File, other.text, other.voice))
			case !ok:
				seen[l.file] = l
				lines = append(lines, l)
			}
		}
	}
	return lines, errors.Join(errs...)
}

func voice(c *calls.Call, u calls.Utterance) string {
	switch {
	case u.Voice != "":
		return u.Voice
	case u.Track == calls.TrackCaller:
		return c.Voices.Caller
	default:
		return c.Voices.Agent
	}
}

// speak returns mu-law without the silence around it, at a telephone's loudness.
func (l line) speak(ctx context.Context, tmp string) ([]byte, error) {
	raw := filepath.Join(tmp, "raw.wav")
	engine, name, _ := strings.Cut(l.voice, ":")
	var command []string
	switch engine {
	case "flite":
		command = []string{"flite", "-voice", name, "-t", l.text, "-o", raw}
	case "espeak":
		command = []string{"espeak-ng", "-v", name, "-s", "150", "-w", raw, l.text}
	default:
		return nil, fmt.Errorf("voice %q: want flite:VOICE or espeak:VOICE", l.voice)
	}
	if _, err := output(ctx, command...); err != nil {
		return nil, err
	}
	edge := []string{"silence", "1", "0.02", "0.3%", "reverse"}
	return output(ctx, slices.Concat(
		[]string{"sox", "-D", "-R", raw, "-t", "raw", "-e", "mu-law", "-b", "8", "-r", "8000", "-c", "1", "-", "gain", "-n", "-4"}, edge, edge)...)
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
