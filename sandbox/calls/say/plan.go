package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// line is one file to make, relative to the folder of calls.
type line struct{ file, engine, voice, text string }

// plan lists the files that are missing, each once, and counts those that are there. Two utterances that share a missing
// file must sound alike; one of them may leave the voice to the other. shown is
// how messages name the folder.
func plan(root *os.Root, shown string, list []*calls.Call) (lines []line, kept int, err error) {
	var (
		errs []error
		at   = map[string]int{}
		seen = map[string]bool{}
	)
	for _, c := range list {
		for i, u := range c.Script {
			file := path.Join(c.Name, u.File)
			there, err := exists(root, file)
			bad := func(format string, args ...any) {
				errs = append(errs, fmt.Errorf("%s script[%d]: %s %s", where(shown, c, u), i, u.File, fmt.Sprintf(format, args...)))
			}
			switch ext := strings.ToLower(path.Ext(file)); {
			case u.File == "":
				continue
			case err != nil:
				bad("%v", err)
				continue
			case there:
				if !seen[file] {
					kept++
				}
				seen[file] = true
				continue
			case ext != ".ulaw" && ext != ".ul":
				bad("isn't there, and only raw mu-law is spoken: record it, or name it %s", strings.TrimSuffix(u.File, path.Ext(u.File))+".ulaw")
				continue
			}
			l := spoken(c, u, file)
			switch n, planned := at[file]; {
			case !planned:
				at[file] = len(lines)
				lines = append(lines, l)
			case lines[n].text != l.text:
				bad("is also spoken as %q", lines[n].text)
			case lines[n].engine == "":
				lines[n] = l
			case l.engine != "" && lines[n] != l:
				bad("is also spoken by %s:%s", lines[n].engine, lines[n].voice)
			}
		}
	}
	for _, c := range list { // what no utterance gives a voice for
		for i, u := range c.Script {
			if n, ok := at[path.Join(c.Name, u.File)]; ok && u.File != "" && lines[n].engine == "" {
				errs = append(errs, fmt.Errorf("%s script[%d]: %s isn't there and the %s has no voice: record it, or write voices: {%s: \"flite:slt\"}",
					where(shown, c, u), i, u.File, u.Track, u.Track))
			}
		}
	}
	return lines, kept, errors.Join(errs...)
}

func where(shown string, c *calls.Call, u calls.Utterance) string {
	return fmt.Sprintf("%s:%d:", filepath.Join(shown, c.Name, "call.yaml"), u.Line)
}

// spoken is how an utterance is spoken; without an engine where no voice is given. Voices have been checked by [calls.Read].
func spoken(c *calls.Call, u calls.Utterance, file string) line {
	voice := u.Voice
	switch {
	case voice != "":
	case u.Track == calls.TrackCaller:
		voice = c.Voices.Caller
	default:
		voice = c.Voices.Agent
	}
	l := line{file: file, text: u.Say}
	if l.text == "" {
		l.text = u.Text
	}
	l.engine, l.voice, _ = calls.ParseVoice(voice) // empty if there is none
	return l
}

// exists tells whether a file is there; an empty one is what an interrupted run left.
func exists(root *os.Root, file string) (bool, error) {
	if !filepath.IsLocal(file) {
		return false, errors.New("lies outside of the folder of calls: ../_parts/hello.ulaw, beside the call, is fine")
	}
	info, err := root.Stat(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("can't be looked at: %w", err)
	case info.IsDir():
		return false, errors.New("is a folder")
	}
	return info.Size() > 0, nil
}

// keep writes a file whole or not at all, with the folder that it stands in.
func keep(root *os.Root, file string, audio []byte) error {
	if err := root.MkdirAll(path.Dir(file), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", file, err)
	}
	part := file + ".part"
	if err := root.WriteFile(part, audio, 0o644); err != nil {
		return fmt.Errorf("keeping speech: %w", err)
	}
	if err := root.Rename(part, file); err != nil {
		return fmt.Errorf("keeping speech: %w", err)
	}
	return nil
}
