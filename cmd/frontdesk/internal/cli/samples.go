package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/samples"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// folders are where a command finds what it plays; empty for the samples that the command carries.
type folders struct{ calls, tenants string }

// found is what stands in them.
type found struct {
	calls   []*calls.Call
	tenants []*tenant.Tenant
	// files are those that the tenants were read from.
	files fs.FS
	// note is for whoever has typed the command; mostly empty.
	note string
}

// load reads calls and the tenants that they dial, and tells what is wrong with both at once. Tenants may also stand beside the
// calls, in CALLS/_tenants: a name that is no call's. Of the samples' calls those are taken that dial a number of the tenants.
func (f folders) load() (found, error) { return f.read(false) }

// loadIfAny is load for a command that can do without calls. What the samples expect of a tenant is not compared with it then.
func (f folders) loadIfAny() (found, error) { return f.read(true) }

func (f folders) read(maybeNone bool) (found, error) {
	dir := f.tenantsFolder()
	var (
		in       found
		badCalls error
	)
	all, badTenants := loadTenants(dir)
	in.tenants, in.files = all, tenantFiles(dir)
	lines, err := linesOf(all)
	switch {
	case err != nil:
		return found{}, err
	case f.calls == "" && badTenants != nil: // the samples have no mistakes to tell
	case f.calls == "":
		in.calls, in.note, badCalls = sampleCalls(lines, dir != "", maybeNone)
	case maybeNone && holdsNone(f.calls):
		in.note = f.calls + " holds no calls: the recogniser knows none, and hears silence"
	default:
		in.calls, badCalls = loadCalls(f.calls, lines)
	}
	if err := errors.Join(badTenants, badCalls); err != nil {
		return found{}, usage(err)
	}
	return in, nil
}

// tenantsFolder is where the tenants' files stand; empty for those of the samples.
func (f folders) tenantsFolder() string {
	if beside := filepath.Join(f.calls, "_tenants"); f.tenants == "" && f.calls != "" && isDir(beside) {
		return beside
	}
	return f.tenants
}

// replay are the flags that find the same in another shell.
func (f folders) replay() []string {
	var args []string
	for _, a := range []struct{ flag, dir string }{{"--calls", f.calls}, {"--tenants", f.tenants}} {
		if a.dir == "" {
			continue
		}
		if whole, err := filepath.Abs(a.dir); err == nil {
			a.dir = whole
		}
		args = append(args, a.flag, a.dir)
	}
	return args
}

// loadCalls reads a folder of calls. Without lines nothing is said of what the calls dial.
func loadCalls(dir string, lines calls.Lines) ([]*calls.Call, error) {
	all, err := calls.LoadFor(dir, lines)
	if err != nil {
		return nil, fmt.Errorf("calls:\n%w", err)
	}
	return all, nil
}

// holdsNone tells whether there is nothing in a folder that could be meant as a call.
func holdsNone(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.Name() == "call.yaml" || !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "_") && isDir(filepath.Join(dir, e.Name()))
	})
}

// sampleCalls are those of the samples that dial one of the lines. Tenants of the user's own may own none of the numbers, or expect
// something else of a call.
func sampleCalls(lines calls.Lines, ownTenants, maybeNone bool) (dialled []*calls.Call, note string, err error) {
	dir, done, err := unpack(os.TempDir())
	if err != nil {
		return nil, "", err
	}
	defer done()
	if !ownTenants {
		dialled, err = loadCalls(dir, lines)
		return dialled, "", err
	}
	all, err := loadCalls(dir, nil)
	if err != nil {
		return nil, "", err
	}
	dials := map[string]bool{}
	for _, c := range all { // each stands behind the one that it waits for
		dials[c.Name] = slices.ContainsFunc(lines, func(l calls.Line) bool { return l.Number == c.To }) && (c.After == "" || dials[c.After])
		if dials[c.Name] {
			dialled = append(dialled, c)
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, c.Name)); err != nil {
			return nil, "", fmt.Errorf("leaving out a sample call: %w", err)
		}
	}
	switch {
	case len(dialled) == 0 && !maybeNone:
		return nil, "", errors.New("calls:\nno sample call dials a number of these tenants; name a folder of your own with --calls (samples/README.md has the format)")
	case len(dialled) == 0:
		return nil, "no sample call dials a number of these tenants: the recogniser knows no calls, and hears silence; give it yours with --calls", nil
	case len(dialled) < len(all):
		note = fmt.Sprintf("%d of the %d sample calls dial a number of these tenants; the others are left out", len(dialled), len(all))
	}
	if !maybeNone {
		dialled, err = loadCalls(dir, lines)
	}
	return dialled, note, err
}

// loadTenants reads a folder of tenants, or one file; empty are those of the samples.
func loadTenants(dir string) ([]*tenant.Tenant, error) {
	load := func() (*tenant.Set, error) { return tenant.Load(dir) }
	if dir == "" {
		load = sampleTenants
	}
	set, err := load()
	if err != nil {
		return nil, fmt.Errorf("tenants:\n%w", err)
	}
	return set.All(), nil
}

// tenantFiles are the files of loadTenants.
func tenantFiles(dir string) fs.FS {
	switch {
	case dir == "":
		files, err := fs.Sub(samples.FS, "tenants")
		if err != nil {
			return nil // the name is right, and the folder in this binary
		}
		return files
	case !isDir(dir):
		return os.DirFS(filepath.Dir(dir))
	}
	return os.DirFS(dir)
}

func sampleTenants() (*tenant.Set, error) {
	names, err := fs.Glob(samples.FS, "tenants/*.yaml")
	if err != nil {
		return nil, err //nolint:wrapcheck // a pattern that is right never fails
	}
	var all []*tenant.Tenant
	for _, name := range names {
		data, err := samples.FS.ReadFile(name)
		if err != nil {
			return nil, err //nolint:wrapcheck // it is in this binary
		}
		t, err := tenant.Parse(path.Base(name), data)
		if err != nil {
			return nil, err //nolint:wrapcheck // it names file and place
		}
		all = append(all, t)
	}
	return tenant.NewSet(all...) //nolint:wrapcheck // it names the tenants
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
