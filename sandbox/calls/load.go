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

// callFile makes a folder a call.
const callFile = "call.yaml"

// Load reads a folder of calls, each a folder with a call.yaml, in an order that respects After. dir may also be
// one call's folder or its call.yaml; After is then empty. Folders whose name begins with "." or "_" are not calls: they
// may hold audio that several calls use. The error lists every fault of every call, one a line, as
// "file:line:column: key: what is wrong and what to do".
func Load(dir string) ([]*Call, error) { return load(dir, nil, true) }

// LoadFor is Load for calls to lines that are known: what call.yaml says of numbers, labels and records is checked too.
func LoadFor(dir string, lines Lines) ([]*Call, error) { return load(dir, lines, true) }

// Read is Load without the audio: times that follow from it are left open, and the tracks empty. It is for tools that
// make the audio.
func Read(dir string) ([]*Call, error) { return load(dir, nil, false) }

func load(dir string, lines Lines, audio bool) ([]*Call, error) {
	base, shown, names, err := find(dir)
	if err != nil {
		return nil, fmt.Errorf("reading calls: %w", err)
	}
	// A root keeps every name inside the folder of calls, links included.
	lib, err := openLibrary(base, shown)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lib.root.Close() }() // it was only read
	list := make([]*Call, len(names))
	told := make([]*faults, len(names))
	for i, name := range names {
		list[i], told[i] = read(&files{lib, name}, lines, audio)
	}
	lib.cuts()
	list = order(list, told)
	var errs []error
	for _, f := range told {
		errs = append(errs, f.err())
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return list, nil
}

// Folder is the folder that holds the calls which [Load] reads from dir: dir itself, or what dir's call stands in; and how
// messages name it.
func Folder(dir string) (base, shown string, err error) {
	base, shown, _, err = find(dir)
	return base, shown, err
}

// find returns the folder that holds the calls, how messages name it, and the names of the calls wanted.
func find(dir string) (base, shown string, names []string, err error) {
	dir = filepath.Clean(dir)
	if filepath.Base(dir) == callFile {
		dir = filepath.Dir(dir)
	}
	if base, err = filepath.Abs(dir); err != nil {
		return "", "", nil, err
	}
	if info, err := os.Stat(filepath.Join(base, callFile)); err == nil && !info.IsDir() {
		return filepath.Dir(base), filepath.Join(dir, ".."), []string{filepath.Base(base)}, nil
	}
	entries, err := os.ReadDir(base)
	if err != nil {
		return "", "", nil, fmt.Errorf("%s %w", dir, cause(err))
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(base, e.Name())) // a link may lead to a folder
		if err == nil && info.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "_") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return "", "", nil, fmt.Errorf("%s holds no calls: want a folder for each, with a %s", dir, callFile)
	}
	return base, dir, names, nil
}

// read one call. It returns the call with whatever could be understood, so that the order can be checked too.
func read(sounds *files, lines Lines, audio bool) (*Call, *faults) {
	c := &Call{Name: sounds.dir}
	name := path.Join(c.Name, callFile)
	f := newFaults(filepath.Join(sounds.shown, name))
	data, err := sounds.read(name, largestYAML)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if other := sounds.misnamed(); other != "" {
			f.add("", "there is no such file; rename %s", other)
			return c, f
		}
		f.add("", "there is no such file; write one, or begin the folder's name with _ if it is no call")
		return c, f
	case err != nil && escapes(err):
		f.add("", "its folder lies outside of %s: copy it here", sounds.shown)
		return c, f
	case err != nil:
		f.add("", "%v", err)
		return c, f
	}
	decode(data, c, f)
	if f.bad[""] || !f.has("from") && !f.has("to") && len(f.list) > 0 {
		return c, f // not a call at all: what is missing would only hide why
	}
	if c.Title == "" {
		c.Title = c.Name
	}
	check(c, f)
	if lines != nil {
		lines.check(c, f)
	}
	if audio && c.HangUp == "" {
		lay(c, sounds, f).checkSound()
	}
	return c, f
}
