//go:build !unix

package spool

import (
	"os"
	"path/filepath"
)

// lock opens the file and locks nothing: services run on Unix; elsewhere the package only has to compile.
func lock(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600) //nolint:wrapcheck // it names the file
}

func isFull(error) bool { return false }
