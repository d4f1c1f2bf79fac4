package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/samples"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// loadCalls reads a folder of calls, or the samples that the command carries when dir is empty.
func loadCalls(dir string) ([]*calls.Call, error) {
	if dir == "" {
		tmp, done, err := unpack("calls")
		if err != nil {
			return nil, err
		}
		defer done()
		dir = tmp
	}
	all, err := calls.Load(dir)
	if err != nil {
		return nil, fmt.Errorf("calls:\n%w", err)
	}
	return all, nil
}

// loadTenants reads the tenants beside a folder of calls (DIR/_tenants: a name that is no call's), or a folder of its own, or
// the samples.
func loadTenants(dir, callsDir string) ([]*tenant.Tenant, error) {
	if dir == "" && callsDir != "" {
		if beside := filepath.Join(callsDir, "_tenants"); isDir(beside) {
			dir = beside
		}
	}
	if dir == "" {
		tmp, done, err := unpack("tenants")
		if err != nil {
			return nil, err
		}
		defer done()
		dir = tmp
	}
	set, err := tenant.Load(dir)
	if err != nil {
		return nil, fmt.Errorf("tenants:\n%w", err)
	}
	return set.All(), nil
}

// unpack writes one folder of the samples to disk, for the loaders that read folders.
func unpack(folder string) (dir string, done func(), err error) {
	tmp, err := os.MkdirTemp("", "frontdesk-samples-")
	if err != nil {
		return "", nil, fmt.Errorf("unpacking the samples: %w", err)
	}
	done = func() { _ = os.RemoveAll(tmp) } // a leftover in the temporary folder harms nobody
	if err := os.CopyFS(tmp, samples.FS); err != nil {
		done()
		return "", nil, fmt.Errorf("unpacking the samples: %w", err)
	}
	return filepath.Join(tmp, folder), done, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
