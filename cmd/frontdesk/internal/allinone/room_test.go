package allinone

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRoomAtTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		dir        string
		left       uint64
		note, says string
	}{
		"in memory":     {"", 0, "", ""},
		"plenty":        {"data", 1 << 30, "", ""},
		"little":        {"data", 1<<30 - 1, ", in data, which has 1023 MB left; with less than 64 MB all of it stops", ""},
		"just enough":   {"data", 64 << 20, ", in data, which has 64 MB left; with less than 64 MB all of it stops", ""},
		"not enough":    {"data", 40 << 20, "", "data has 40 MB left, and 64 MB are the least: free some, then start again; nothing that was acknowledged is lost"},
		"nothing there": {"data", 0, "", "data has 0 MB left"},
	} {
		t.Run(name, func(t *testing.T) {
			note, err := checkRoom(Options{DataDir: c.dir, Room: func(string) (uint64, error) { return c.left, nil }})
			if note != c.note || (err == nil) != (c.says == "") || err != nil && !strings.HasPrefix(err.Error(), c.says) {
				t.Errorf("%q, %v", note, err)
			}
		})
	}
}

func TestTheFileSystemIsAsked(t *testing.T) {
	if left, err := roomOf(t.TempDir()); err != nil || left == 0 {
		t.Errorf("%d bytes: %v", left, err)
	}
	if _, err := roomOf("/nowhere/at/all"); err == nil || !strings.Contains(err.Error(), "/nowhere/at/all") {
		t.Error(err)
	}
}

func TestRoomIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := watchRoom(t.Context(), Options{DataDir: "data", Room: func(string) (uint64, error) {
			switch gone := time.Since(began); {
			case gone > 3*time.Second:
				return 63 << 20, nil
			case gone > 2*time.Second:
				return 0, errors.New("no answer")
			}
			return 64 << 20, nil
		}})
		full, ok := errors.AsType[*FullError](err)
		if !ok || full.Left != 63<<20 || time.Since(began) > 4*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := watchRoom(ended, Options{}); err != nil {
			t.Errorf("stopped in order: %v", err)
		}
	})
}
