package allinone

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

const (
	// leastRoom that a data folder must have. The embedded broker acknowledges what it could not write, so the stack ends while
	// there is room for what is under way: a call is 16 kB a second, and is heard for 25 s more.
	leastRoom = 64 << 20
	// littleRoom is told at the start.
	littleRoom = 1 << 30
	// lookEvery is how often it is asked for, which takes microseconds.
	lookEvery = 250 * time.Millisecond
)

// FullError says that a data folder has too little room to go on.
type FullError struct {
	Dir string
	// Left are bytes.
	Left uint64
}

// Error implements error.
func (e *FullError) Error() string {
	return fmt.Sprintf("%s has %d MB left, and %d MB are the least: free some, then start again; nothing that was acknowledged is lost",
		e.Dir, e.Left>>20, leastRoom>>20)
}

// roomOf asks the file system what it has left for whoever is not root.
func roomOf(dir string) (uint64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("asking for the room that is left in %s: %w", dir, err)
	}
	return fs.Bavail * uint64(fs.Bsize), nil //nolint:unconvert // not everywhere of this type
}

// checkRoom refuses a data folder without room for a start; what it returns is a word on one with little.
func checkRoom(opts Options) (note string, err error) {
	if opts.DataDir == "" {
		return "", nil
	}
	left, err := opts.Room(opts.DataDir)
	switch {
	case err != nil:
		return "", err
	case left < leastRoom:
		return "", &FullError{opts.DataDir, left}
	case left < littleRoom:
		note = fmt.Sprintf(", in %s, which has %d MB left; with less than %d MB all of it stops", opts.DataDir, left>>20, leastRoom>>20)
	}
	return note, nil
}

// watchRoom returns when the data folder has too little room, or nil when ctx ends.
func watchRoom(ctx context.Context, opts Options) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			// A file system that doesn't answer is asked again.
			if left, err := opts.Room(opts.DataDir); err == nil && left < leastRoom {
				return &FullError{opts.DataDir, left}
			}
		case <-ctx.Done():
			return nil
		}
	}
}
