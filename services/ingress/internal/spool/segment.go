package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// file is what a segment needs of an *os.File.
type file interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	Truncate(size int64) error
	Close() error
}

func createFile(path string) (file, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec,wrapcheck // the folder is a setting; the error names the file
}

// segment is one file.
type segment struct {
	header
	path   string
	seed   uint32
	f      file   // nil while nobody needs it
	synced int64  // what stands on the disk for good; nothing behind it is ever read
	last   uint64 // number of the last record that can be read; first-1 if there is none
	told   bool   // its damage was told when it was opened
}

// reader returns the file, opened if need be.
func (g *segment) reader() (file, error) {
	if g.f == nil {
		f, err := os.Open(g.path)
		if err != nil {
			return nil, fmt.Errorf("reading the spool: %w", err)
		}
		g.f = f
	}
	return g.f, nil
}

func (g *segment) close() error {
	if g.f == nil {
		return nil
	}
	f := g.f
	g.f = nil
	return f.Close() //nolint:wrapcheck // it names the file
}

func (g *segment) remove() error {
	return errors.Join(g.close(), os.Remove(g.path))
}

// syncFolder makes the names of new files durable.
func syncFolder(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	return errors.Join(d.Sync(), d.Close())
}
