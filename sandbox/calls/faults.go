package calls

import (
	"errors"
	"fmt"
	"slices"
)

// faults collects what is wrong with one call.yaml. A fault names the place by the path of its key, and the
// line of the nearest key above it that stands in the file.
type faults struct {
	// file as people see it, e.g. "books-a-demo/call.yaml".
	file string
	// lines of the keys that stand in the file, by path.
	lines map[string]int
	list  []fault
}

type fault struct {
	line int
	text string
}

// has tells whether the file gives a key.
func (f *faults) has(path string) bool {
	_, ok := f.lines[path]
	return ok
}

func (f *faults) add(path, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if path != "" {
		text = path + ": " + text
	}
	f.list = append(f.list, fault{f.line(path), text})
}

// line of path or of what holds it; 1 if nothing does.
func (f *faults) line(path string) int {
	for p := path; p != ""; p = parent(p) {
		if n, ok := f.lines[p]; ok {
			return n
		}
	}
	return 1
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

// err joins the faults by line, one a line; nil if there is none.
func (f *faults) err() error {
	slices.SortStableFunc(f.list, func(a, b fault) int { return a.line - b.line })
	errs := make([]error, 0, len(f.list))
	for _, x := range f.list {
		errs = append(errs, fmt.Errorf("%s:%d: %s", f.file, x.line, x.text))
	}
	return errors.Join(errs...)
}
