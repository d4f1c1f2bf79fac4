package calls

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// file that makes a folder a call.
const file = "call.yaml"

// Load reads a folder of calls, each a folder with a call.yaml, in an order that respects After. dir may also be
// one call's folder or its call.yaml. Folders whose name begins with "." or "_" are not calls: they may hold
// audio that several calls use. The error lists every fault of every call, one a line.
func Load(dir string) ([]*Call, error) { return load(dir, true) }

// Read is Load without the audio: times that follow from it are left open, and the tracks empty. It is for tools that
// make the audio.
func Read(dir string) ([]*Call, error) { return load(dir, false) }

func load(dir string, audio bool) ([]*Call, error) {
	base, names, err := find(dir)
	if err != nil {
		return nil, fmt.Errorf("reading calls: %w", err)
	}
	// A root keeps every name inside the folder of calls, links included.
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, fmt.Errorf("reading calls: %w", err)
	}
	defer func() { _ = root.Close() }() // it was only read
	var (
		errs []error
		list []*Call
		seen = map[string]sound{}
	)
	for _, name := range names {
		c, err := read(&files{root.ReadFile, name, seen}, audio)
		list, errs = append(list, c), append(errs, err)
	}
	list, err = order(list, len(names) == 1)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return list, nil
}

// find returns the folder that holds the calls and the names of those wanted.
func find(dir string) (base string, names []string, err error) {
	dir = filepath.Clean(dir)
	if filepath.Base(dir) == file {
		dir = filepath.Dir(dir)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
		return filepath.Dir(dir), []string{filepath.Base(dir)}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", nil, err
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "_") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return "", nil, fmt.Errorf("%s holds no calls: want a folder for each, with a %s", dir, file)
	}
	return dir, names, nil
}

// read one call. It returns the call with whatever could be understood, so that the order can be checked too.
func read(sounds *files, audio bool) (*Call, error) {
	c := &Call{Name: sounds.dir}
	f := &faults{file: path.Join(c.Name, file), lines: map[string]int{}}
	data, err := sounds.read(f.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, fmt.Errorf("%s: there is none; a folder that is no call begins with _", f.file)
	case err != nil:
		return c, fmt.Errorf("%s: %w", f.file, err)
	}
	decode(data, c, f)
	if f.lines["from"] == 0 && f.lines["to"] == 0 && len(f.list) > 0 {
		return c, f.err() // not a call at all: what is missing would only hide why
	}
	if c.Title == "" {
		c.Title = c.Name
	}
	check(c, f)
	if audio && c.HangUp == "" {
		lay(c, sounds, f)
		checkScript(c, f)
	}
	return c, f.err()
}
