package calls

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// faults collects what is wrong with one call.yaml. A fault names the place by the path of its key, and the line and
// column of the nearest key above it that stands in the file.
type faults struct {
	// file as people reach it, e.g. "my-calls/books-a-demo/call.yaml".
	file string
	// at is where each key stands in the file, by path.
	at map[string]position
	// bad are the paths that a fault was told of.
	bad  map[string]bool
	list []fault
}

type position struct{ line, column int }

type fault struct {
	position
	text string
}

func newFaults(file string) *faults {
	return &faults{file: file, at: map[string]position{}, bad: map[string]bool{}}
}

// has tells whether the file gives a key.
func (f *faults) has(path string) bool {
	_, ok := f.at[path]
	return ok
}

// add tells a fault. What follows from it must not be told as well: later checks ask [faults.clean] first.
func (f *faults) add(path, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if path != "" {
		text = path + ": " + text
	}
	f.bad[path] = true
	f.list = append(f.list, fault{f.position(path), text})
}

// clean tells whether all paths, what they hold and what holds them are without fault so far.
func (f *faults) clean(paths ...string) bool {
	for bad := range f.bad {
		for _, p := range paths {
			if bad != "" && (within(bad, p) || within(p, bad)) {
				return false
			}
		}
	}
	return true
}

// within tells whether path is inner or a part of it: "script[0]" holds "script[0].text", "script[1]" not "script[10]".
func within(path, inner string) bool {
	rest, ok := strings.CutPrefix(inner, path)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// position of path or of what holds it; the file's beginning if nothing does.
func (f *faults) position(path string) position {
	for p := path; p != ""; p = parent(p) {
		if n, ok := f.at[p]; ok {
			return n
		}
	}
	return position{1, 1}
}

// where is a path's place as messages write it.
func (f *faults) where(path string) string {
	p := f.position(path)
	return fmt.Sprintf("%s:%d:%d", f.file, p.line, p.column)
}

// parent of "script[0].start" is "script[0]", of that "script".
func parent(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' || path[i] == '[' {
			return path[:i]
		}
	}
	return ""
}

// err joins the faults in the file's order, one a line; nil if there is none.
func (f *faults) err() error {
	slices.SortStableFunc(f.list, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	errs := make([]error, 0, len(f.list))
	for _, x := range f.list {
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s", f.file, x.line, x.column, x.text))
	}
	return errors.Join(errs...)
}
