package spool

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// journal opens a journal until the test ends, and tells what it has.
func journal(t *testing.T, dir string, o Options) (j *Journal, left []*Entry, texts []string) {
	t.Helper()
	j, left, _, err := OpenJournal(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	for _, e := range left {
		texts = append(texts, string(e.Data))
	}
	return j, left, texts
}

func note(t *testing.T, j *Journal, text string) *Entry {
	t.Helper()
	e, err := j.Note([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if string(e.Data) != text {
		t.Fatalf("noted %q, got %q", text, e.Data)
	}
	return e
}

func finish(t *testing.T, entries ...*Entry) {
	t.Helper()
	for _, e := range entries {
		if err := e.Done(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestJournalKeepsWhatIsNotDone: one that lasts keeps those behind it on the disk, and nothing else.
func TestJournalKeepsWhatIsNotDone(t *testing.T) {
	dir := t.TempDir()
	j, _, texts := journal(t, dir, Options{})
	if len(texts) > 0 {
		t.Errorf("a new journal has %q", texts)
	}
	one := note(t, j, "1")
	note(t, j, "2")
	three := note(t, j, "3")
	note(t, j, "4")
	finish(t, three, one)
	finish(t, one)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, left, texts := journal(t, dir, Options{})
	if !slices.Equal(texts, []string{"2", "3", "4"}) {
		t.Errorf("left %q", texts)
	}
	five := note(t, j, "5")
	finish(t, left...)
	finish(t, five)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	_, left, _ = journal(t, dir, Options{})
	if len(left) > 0 {
		t.Errorf("%d are left of what is done", len(left))
	}
}

// TestJournalInAnyOrder: many note and are done at the same time; what is left is what is not done, and perhaps what lies behind that.
func TestJournalInAnyOrder(t *testing.T) {
	dir := t.TempDir()
	j, _, _ := journal(t, dir, Options{MaxBytes: 1 << 20, SegmentBytes: 2 << 10})
	var kept sync.Map
	var all sync.WaitGroup
	for g := range uint64(8) {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(g, 0))
			for n := range 100 {
				e, err := j.Note(fmt.Appendf(nil, "%d of %d", n, g))
				if err != nil {
					t.Error(err)
					return
				}
				if rng.IntN(50) == 0 {
					kept.Store(string(e.Data), true)
				} else if err := e.Done(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, texts := journal(t, dir, Options{})
	first := -1
	kept.Range(func(key, _ any) bool {
		at := slices.Index(texts, key.(string))
		if at < 0 {
			t.Errorf("%q is lost", key)
		}
		if first < 0 || at < first {
			first = at
		}
		return true
	})
	if first > 0 {
		t.Errorf("%d that are done are there before the first that is not", first)
	}
}

// TestJournalAtItsBound says so, and has room again when something is done.
func TestJournalAtItsBound(t *testing.T) {
	j, _, _ := journal(t, t.TempDir(), Options{MaxBytes: 64 << 10, SegmentBytes: 8 << 10})
	var all []*Entry
	for {
		e, err := j.Note(make([]byte, 1000))
		if errors.Is(err, ErrFull) {
			break
		}
		if err != nil || len(all) > 100 {
			t.Fatalf("%v after %d", err, len(all))
		}
		all = append(all, e)
	}
	if len(all) < 40 {
		t.Errorf("%d have room", len(all))
	}
	finish(t, all...)
	note(t, j, "again")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Note([]byte("late")); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}
