package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/samples"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// loadSamples reads calls and the tenants that they dial, and tells what is wrong with both at once. A folder that is not named is
// the samples' own; tenants may also stand beside the calls, in CALLS/_tenants: a name that is no call's.
func loadSamples(callsDir, tenantsDir string) ([]*calls.Call, []*tenant.Tenant, error) {
	if beside := filepath.Join(callsDir, "_tenants"); tenantsDir == "" && callsDir != "" && isDir(beside) {
		tenantsDir = beside
	}
	if callsDir == "" || tenantsDir == "" {
		own, done, err := unpack()
		if err != nil {
			return nil, nil, err
		}
		defer done()
		callsDir = cmp.Or(callsDir, filepath.Join(own, "calls"))
		tenantsDir = cmp.Or(tenantsDir, filepath.Join(own, "tenants"))
	}
	tenants, badTenants := loadTenants(tenantsDir)
	lines, err := linesOf(tenants)
	if err != nil {
		return nil, nil, err
	}
	all, badCalls := loadCalls(callsDir, lines)
	if err := errors.Join(badTenants, badCalls); err != nil {
		return nil, nil, usage(err)
	}
	return all, tenants, nil
}

// loadCalls reads a folder of calls. Without lines nothing is said of what the calls dial.
func loadCalls(dir string, lines calls.Lines) ([]*calls.Call, error) {
	all, err := calls.LoadFor(dir, lines)
	if err != nil {
		return nil, fmt.Errorf("calls:\n%w", err)
	}
	return all, nil
}

func loadTenants(dir string) ([]*tenant.Tenant, error) {
	set, err := tenant.Load(dir)
	if err != nil {
		return nil, fmt.Errorf("tenants:\n%w", err)
	}
	return set.All(), nil
}

// unpack writes the samples that the command carries to disk, for the loaders that read folders.
func unpack() (dir string, done func(), err error) {
	dir, err = os.MkdirTemp("", "frontdesk-samples-")
	if err != nil {
		return "", nil, fmt.Errorf("unpacking the samples: %w; set TMPDIR to a folder that can be written to", err)
	}
	done = func() { _ = os.RemoveAll(dir) } // a leftover in the temporary folder harms nobody
	if err := os.CopyFS(dir, samples.FS); err != nil {
		done()
		return "", nil, fmt.Errorf("unpacking the samples: %w", err)
	}
	return dir, done, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
