package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/frontdesk/frontdesk/samples"
)

// unpacked is how the folders begin that the samples' calls are unpacked to.
const unpacked = "frontdesk-samples-"

// unpack writes the calls that the command carries into a folder of their own in parent, for the loader that reads folders; done
// takes it away again. What a process that was killed has left there is taken away too.
//
// A folder is locked by its process, and the lock ends with that: whoever can lock one that stands there finds that nobody needs it.
func unpack(parent string) (dir string, done func(), err error) {
	sweep(parent)
	own, err := fs.Sub(samples.FS, "calls")
	if err != nil {
		return "", nil, fmt.Errorf("unpacking the samples: %w", err)
	}
	dir, lock, err := lockedFolder(parent)
	if err != nil {
		return "", nil, fmt.Errorf("unpacking the samples: %w; set TMPDIR to a folder that can be written to", err)
	}
	done = func() {
		_ = os.RemoveAll(dir) // the next process tries again
		_ = lock.Close()
	}
	if err := os.CopyFS(dir, own); err != nil {
		done()
		return "", nil, fmt.Errorf("unpacking the samples: %w", err)
	}
	return dir, done, nil
}

// lockedFolder makes one and locks it. Another process may have swept it in between; then the next is made.
func lockedFolder(parent string) (dir string, lock *os.File, err error) {
	for range 10 {
		if dir, err = os.MkdirTemp(parent, unpacked); err != nil {
			return "", nil, err //nolint:wrapcheck // the caller says what for
		}
		if lock, err = lockFolder(dir); err == nil && isDir(dir) {
			return dir, lock, nil
		}
	}
	return "", nil, fmt.Errorf("locking %s: %w", dir, err)
}

// lockFolder locks a folder as long as the file is open; it doesn't wait.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.Open(dir) //nolint:gosec // one of our own
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err //nolint:wrapcheck // as above
	}
	return f, nil
}

// sweep takes away what nobody holds. What belongs to somebody else can't be opened and stays.
func sweep(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, unpacked+"*"))
	for _, dir := range left {
		if lock, err := lockFolder(dir); err == nil {
			_ = os.RemoveAll(dir)
			_ = lock.Close()
		}
	}
}
