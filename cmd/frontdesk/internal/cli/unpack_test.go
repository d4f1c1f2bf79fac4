package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// TestUnpackSweepsWhatNobodyHolds: a process that is killed leaves its folder, and the next takes it away; never one that is in use,
// nor what belongs to others.
func TestUnpackSweepsWhatNobodyHolds(t *testing.T) {
	parent := t.TempDir()
	left, others := filepath.Join(parent, unpacked+"1"), filepath.Join(parent, "somebodys")
	for _, dir := range []string{left, others} {
		if err := os.MkdirAll(filepath.Join(dir, "calls"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	held, heldDone, err := unpack(parent)
	if err != nil {
		t.Fatal(err)
	}
	dir, done, err := unpack(parent)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		left: false, others: true, filepath.Join(held, "spam", "call.yaml"): true, filepath.Join(dir, "spam", "call.yaml"): true,
	} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	done()
	heldDone()
	if now, err := os.ReadDir(parent); err != nil || len(now) != 1 {
		t.Errorf("left %v, %v", now, err)
	}
}
