package journal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/journal"
)

func open(t *testing.T, path string) (*journal.Journal, []string) {
	t.Helper()
	var got []string
	j, err := journal.Open(path, func(p []byte) error {
		got = append(got, string(p))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j, got
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "journal")
	j, got := open(t, path)
	if len(got) != 0 {
		t.Fatalf("a new journal holds %q", got)
	}
	for _, p := range []string{"one", "", "three"} {
		pos, err := j.Append([]byte(p))
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Sync(pos); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, got = open(t, path); fmt.Sprint(got) != fmt.Sprint([]string{"one", "", "three"}) {
		t.Fatalf("after reopening: %q", got)
	}
}

// A kill may leave any prefix of the file: the whole records of it must come back, and the journal go on.
func TestTornAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	j, _ := open(t, whole)
	records := []string{"alpha", "beta", "gamma"}
	ends := make([]int64, 1, 4)
	for _, r := range records {
		pos, err := j.Append([]byte(r))
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, pos)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	bytes, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(bytes) + 1 {
		path := filepath.Join(dir, fmt.Sprint("cut", cut))
		if err := os.WriteFile(path, bytes[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		want := 0
		for want+1 < len(ends) && ends[want+1] <= int64(cut) {
			want++
		}
		j, got := open(t, path)
		if fmt.Sprint(got) != fmt.Sprint(records[:want]) {
			t.Fatalf("cut at byte %d: %q, want %q", cut, got, records[:want])
		}
		if _, err := j.Append([]byte("after")); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if _, got = open(t, path); len(got) != want+1 || got[want] != "after" {
			t.Fatalf("cut at byte %d, then appended: %q", cut, got)
		}
	}
}

// A flipped bit ends what can be trusted.
func TestFlippedBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	for _, r := range []string{"alpha", "beta"} {
		if _, err := j.Append([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, got := open(t, path); len(got) != 1 || got[0] != "alpha" {
		t.Fatalf("with a flipped bit in the second record: %q", got)
	}
}

func TestConcurrentAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 25 {
				pos, err := j.Append(fmt.Appendf(nil, "%d-%d", i, n))
				if err == nil {
					err = j.Sync(pos)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, got := open(t, path); len(got) != 200 {
		t.Fatalf("%d records of 200 came back", len(got))
	}
}

func TestReadErrorNamesItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	if _, err := j.Append([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(path, func([]byte) error { return os.ErrInvalid }); err == nil {
		t.Fatal("a refused record must fail the opening")
	}
}
