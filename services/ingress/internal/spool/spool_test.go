package spool

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a spool until the test ends.
func open(t testing.TB, dir string, o Options) (*Spool, Report) {
	t.Helper()
	if o.MaxBytes == 0 {
		o.MaxBytes = 16 << 20
	}
	s, r, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, r
}

func put(t testing.TB, s *Spool, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := s.Put(t.Context(), true, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

// all reads what is left.
func all(t testing.TB, s *Spool) (texts []string, last uint64) {
	t.Helper()
	for {
		records, err := s.Read(1 << 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			return texts, last
		}
		for _, r := range records {
			if r.Number <= last {
				t.Fatalf("record %d after %d", r.Number, last)
			}
			texts, last = append(texts, string(r.Data)), r.Number
		}
	}
}

func want(t testing.TB, s *Spool, texts ...string) {
	t.Helper()
	if got, _ := all(t, s); !slices.Equal(got, texts) {
		t.Errorf("read %q, want %q", got, texts)
	}
}

func closed(t testing.TB, s *Spool) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func segments(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func change(t testing.TB, path string, how func(b []byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, how(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOrderAndPositionSurvive(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, Options{})
	put(t, s, "a", "b", "c", "d")
	records, err := s.Read(1)
	if err != nil || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	if err := s.Commit(records[0].Number); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.Records != 3 || st.Bytes != 3*(recordSize+1) || st.Oldest.IsZero() || s.Empty() {
		t.Errorf("%+v", st)
	}
	closed(t, s)
	s, r := open(t, dir, Options{})
	if r.Records != 3 || r.Damaged() {
		t.Errorf("%+v", r)
	}
	want(t, s, "b", "c", "d")
	s.Rewind()
	put(t, s, "e")
	texts, last := all(t, s)
	if !slices.Equal(texts, []string{"b", "c", "d", "e"}) {
		t.Errorf("after going back: %q", texts)
	}
	if err := s.Commit(last); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st != (Stats{}) || !s.Empty() || len(segments(t, dir)) != 0 {
		t.Errorf("drained: %+v, %d files", st, len(segments(t, dir)))
	}
	put(t, s, "f")
	closed(t, s)
	s, r = open(t, dir, Options{})
	if r.Records != 1 || r.Damaged() {
		t.Errorf("%+v", r)
	}
	want(t, s, "f")
}

func TestSegmentsGoAsTheyAreCommitted(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, Options{SegmentBytes: 200})
	var texts []string
	for i := range 40 {
		texts = append(texts, fmt.Sprintf("record %d", i))
	}
	put(t, s, texts...)
	if n := len(segments(t, dir)); n < 8 {
		t.Fatalf("%d segments: the test proves nothing", n)
	}
	for _, text := range texts {
		records, err := s.Read(1)
		if err != nil || len(records) != 1 || string(records[0].Data) != text {
			t.Fatalf("%v, %v, want %s", records, err, text)
		}
		if err := s.Commit(records[0].Number); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(segments(t, dir)); n != 0 || s.Stats().Disk != 0 {
		t.Errorf("%d segments are left, %d bytes", n, s.Stats().Disk)
	}
}

// TestCrashAtEveryByte: whatever part of the last record has reached the disk, what lies before is kept, and what is
// appended afterwards is read behind it.
func TestCrashAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, Options{})
	put(t, s, "first", "second", "the last one")
	closed(t, s)
	path := segments(t, dir)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lastBegins := len(whole) - recordSize - len("the last one")
	for size := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		s, r := open(t, dir, Options{})
		kept := []string{"first", "second", "the last one"}
		switch {
		case size < headerSize+recordSize+5:
			kept = nil
		case size < lastBegins:
			kept = kept[:1]
		case size < len(whole):
			kept = kept[:2]
		}
		clean := size == 0 || size == headerSize || size == headerSize+recordSize+5 || size == lastBegins || size == len(whole)
		if r.Records != int64(len(kept)) || r.Damaged() == clean {
			t.Errorf("%d bytes: %+v", size, r)
		}
		put(t, s, "after")
		want(t, s, append(kept, "after")...)
		closed(t, s)
		for _, p := range segments(t, dir) {
			if err := os.Remove(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(filepath.Join(dir, "position")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFlippedBits: wherever a bit flips, at most the record that it is in is lost; it is counted, and all others come in order.
func TestFlippedBits(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, Options{SegmentBytes: 150})
	var texts []string
	for i := range 9 {
		texts = append(texts, fmt.Sprintf("record %d", i))
	}
	put(t, s, texts...)
	closed(t, s)
	paths := segments(t, dir)
	if len(paths) != 3 {
		t.Fatalf("%d segments", len(paths))
	}
	saved := map[string][]byte{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		saved[p] = b
	}
	restore := func() {
		_ = os.Remove(filepath.Join(dir, "position"))
		for _, p := range segments(t, dir) {
			_ = os.Remove(p)
		}
		for p, b := range saved {
			if err := os.WriteFile(p, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, p := range paths {
		for at := 0; at < len(saved[p]); at++ {
			restore()
			change(t, p, func(b []byte) []byte { b[at] ^= 1 << (at % 8); return b })
			s, r := open(t, dir, Options{})
			kept := slices.Clone(texts)
			if at >= headerSize {
				lost := 3*i + (at-headerSize)/(recordSize+8)
				kept = slices.Delete(kept, lost, lost+1)
				if lost < 8 && r.Lost.Records != 1 || lost == 8 && r.CutPlaces != 1 {
					t.Errorf("segment %d, byte %d: %+v", i, at, r)
				}
			}
			if !r.Damaged() {
				t.Errorf("segment %d, byte %d: nobody is told", i, at)
			}
			want(t, s, kept...)
			closed(t, s)
		}
	}
	t.Run("a segment that is gone", func(t *testing.T) {
		restore()
		if err := os.Remove(paths[1]); err != nil {
			t.Fatal(err)
		}
		s, r := open(t, dir, Options{})
		if r.Lost.Records != 3 {
			t.Errorf("%+v", r)
		}
		want(t, s, append(slices.Clone(texts[:3]), texts[6:]...)...)
	})
}

// TestDamageWhileItRuns is told to whoever asked, and the reader goes on.
func TestDamageWhileItRuns(t *testing.T) {
	dir := t.TempDir()
	var told []Damage
	s, _ := open(t, dir, Options{Damaged: func(d Damage) { told = append(told, d) }})
	put(t, s, "aaaa", "bbbb", "cccc", "dddd")
	change(t, segments(t, dir)[0], func(b []byte) []byte {
		b[headerSize+recordSize+4+recordSize] ^= 1 // of bbbb
		b[len(b)-1] ^= 1                           // of dddd
		return b
	})
	want(t, s, "aaaa", "cccc")
	if len(told) != 2 || told[0] != (Damage{1, recordSize + 4}) || told[1] != (Damage{1, recordSize + 4}) {
		t.Errorf("told %+v", told)
	}
	if st := s.Stats(); st.Records != 2 {
		t.Errorf("%+v", st)
	}
	put(t, s, "eeee")
	want(t, s, "eeee")
}

// TestDataThatLookLikeRecords are none: behind a damaged stretch somebody else's bytes are not taken for ours.
func TestDataThatLookLikeRecords(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, Options{})
	forged := appendRecord(nil, header{}.seed(), 3, time.Now(), []byte("forged"))
	put(t, s, "a", string(forged), "c")
	closed(t, s)
	change(t, segments(t, dir)[0], func(b []byte) []byte { b[headerSize+recordSize+1] ^= 1; return b })
	s, r := open(t, dir, Options{})
	if r.Lost.Records != 1 {
		t.Errorf("%+v", r)
	}
	want(t, s, "a", "c")
}

func TestBoundAndReserve(t *testing.T) {
	const size = 1000 + recordSize
	s, _ := open(t, t.TempDir(), Options{MaxBytes: 64 << 10, Reserve: 16 << 10, SegmentBytes: 8 << 10})
	data := make([]byte, 1000)
	fill := func(reserve bool) (n int) {
		for {
			if err := s.Put(t.Context(), reserve, data); errors.Is(err, ErrFull) {
				return n
			} else if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	if n := fill(false); n*size > 48<<10 || n*size < 44<<10 {
		t.Errorf("%d records without the reserve", n)
	}
	if n := fill(true); n*size > 16<<10 || n*size < 13<<10 {
		t.Errorf("%d more with it", n)
	}
	if disk := s.Stats().Disk; disk > 64<<10 {
		t.Errorf("%d bytes on the disk", disk)
	}
	// Together or not at all.
	if err := s.Put(t.Context(), true, []byte("x"), data); !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
	texts, last := all(t, s)
	if slices.Contains(texts, "x") {
		t.Error("half of a group was taken")
	}
	if err := s.Commit(last); err != nil {
		t.Fatal(err)
	}
	if fill(false) == 0 {
		t.Error("full after it was drained")
	}
}

func TestRefusedRecords(t *testing.T) {
	s, _ := open(t, t.TempDir(), Options{})
	for name, data := range map[string][]byte{"empty": {}, "too large": make([]byte, MaxRecord+1)} {
		if err := s.Put(t.Context(), true, data); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	closed(t, s)
	if err := s.Put(t.Context(), true, []byte("a")); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

// disk is a file on a disk that fails.
type disk struct {
	file
	fail *atomic.Pointer[failure]
}

type failure struct {
	err  error
	sync bool // in the sync, not in the write
	half bool // half of it is written all the same
	stay bool // and can't be taken back
}

func (d disk) WriteAt(b []byte, at int64) (int, error) {
	f := d.fail.Load()
	if f == nil || f.sync {
		return d.file.WriteAt(b, at)
	}
	if f.half {
		_, _ = d.file.WriteAt(b[:len(b)/2], at)
	}
	return 0, &os.PathError{Op: "write", Path: "x", Err: f.err}
}

func (d disk) Sync() error {
	if f := d.fail.Load(); f != nil && f.sync {
		return f.err
	}
	return d.file.Sync()
}

func (d disk) Truncate(n int64) error {
	if f := d.fail.Load(); f != nil && f.stay {
		return f.err
	}
	return d.file.Truncate(n)
}

func TestFailingDisk(t *testing.T) {
	for name, f := range map[string]failure{
		"full":                          {err: syscall.ENOSPC, half: true},
		"quota":                         {err: syscall.EDQUOT},
		"a sync that fails":             {err: syscall.EIO, sync: true},
		"half, and it stays":            {err: syscall.EIO, half: true, stay: true},
		"a failed sync, and it stays":   {err: syscall.EIO, sync: true, stay: true},
		"full in the sync, as with NFS": {err: syscall.ENOSPC, sync: true},
	} {
		for _, fresh := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", name, fresh), func(t *testing.T) {
				dir := t.TempDir()
				s, _ := open(t, dir, Options{})
				var fail atomic.Pointer[failure]
				s.create = func(path string) (file, error) {
					f, err := createFile(path)
					return disk{f, &fail}, err
				}
				var kept []string
				if !fresh {
					put(t, s, "before")
					kept = append(kept, "before")
				}
				fail.Store(&f)
				err := s.Put(t.Context(), true, []byte("refused"), []byte("refused too"))
				if err == nil || errors.Is(err, ErrFull) != !errors.Is(f.err, syscall.EIO) {
					t.Errorf("%v", err)
				}
				fail.Store(nil)
				put(t, s, "after")
				kept = append(kept, "after")
				want(t, s, kept...)
				if st := s.Stats(); st.Records != int64(len(kept)) {
					t.Errorf("%+v", st)
				}
				closed(t, s)
				// What was refused may come after a crash; what was acknowledged must.
				s, r := open(t, dir, Options{})
				if r.Lost != (Damage{}) {
					t.Errorf("%+v", r)
				}
				got, _ := all(t, s)
				got = slices.DeleteFunc(got, func(text string) bool { return strings.HasPrefix(text, "refused") })
				if !slices.Equal(got, kept) {
					t.Errorf("read %q after the restart, want %q", got, kept)
				}
			})
		}
	}
}

func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, Options{})
	_, _, err := Open(dir, Options{})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) || !strings.Contains(err.Error(), "folder of its own") {
		t.Errorf("%v", err)
	}
	closed(t, s)
	open(t, dir, Options{})
}

func TestOtherPeoplesFiles(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, Options{})
	put(t, s, "a")
	closed(t, s)
	path := segments(t, dir)[0]
	change(t, path, func(b []byte) []byte {
		b[len(magic)] = 2
		le.PutUint32(b[headerSize-4:], crc32.Checksum(b[:headerSize-4], castagnoli))
		return b
	})
	if _, _, err := Open(dir, Options{}); !errors.Is(err, errVersion) {
		t.Errorf("a later version: %v", err)
	}
	if err := os.Rename(path, filepath.Join(dir, "copy of a segment.seg")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "move it elsewhere") {
		t.Errorf("a strange file: %v", err)
	}
}

func TestLostPosition(t *testing.T) {
	for name, how := range map[string]func(b []byte) []byte{
		"newer slot": func(b []byte) []byte { b[0] ^= 1; return b }, // generation 2 stands in the first
		"cut":        func(b []byte) []byte { return b[:slotSize+3] },
		"both":       func(b []byte) []byte { b[0] ^= 1; b[slotSize] ^= 1; return b },
		"empty":      func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, _ := open(t, dir, Options{})
			put(t, s, "a", "b", "c")
			for range 2 {
				records, err := s.Read(1)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Commit(records[0].Number); err != nil {
					t.Fatal(err)
				}
			}
			closed(t, s)
			change(t, filepath.Join(dir, "position"), how)
			s, r := open(t, dir, Options{})
			texts, _ := all(t, s)
			if len(texts) == 0 || !slices.Equal(texts, []string{"a", "b", "c"}[3-len(texts):]) || r.Lost != (Damage{}) {
				t.Errorf("read %q, %+v: something is skipped", texts, r)
			}
			if (name == "both") != r.PositionLost {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestAnySequence plays appends, reads, commits, returns, restarts and crashes, and compares with a list.
func TestAnySequence(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 7))
		dir := t.TempDir()
		o := Options{MaxBytes: 1 << 20, SegmentBytes: int64(100 + rng.IntN(2000))}
		s, _ := open(t, dir, o)
		var model []string // not committed
		var read []Record
		n := 0
		for range 200 {
			switch rng.IntN(8) {
			case 0, 1, 2:
				var texts [][]byte
				for range 1 + rng.IntN(4) {
					n++
					text := fmt.Sprintf("%d %s", n, strings.Repeat("x", rng.IntN(300)))
					texts, model = append(texts, []byte(text)), append(model, text)
				}
				if err := s.Put(t.Context(), true, texts...); err != nil {
					t.Fatal(err)
				}
			case 3, 4:
				records, err := s.Read(1 + rng.IntN(2000))
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range records {
					if got := string(r.Data); got != model[len(read)] {
						t.Fatalf("seed %d: read %.20q, want %.20q", seed, got, model[len(read)])
					}
					read = append(read, r)
				}
			case 5:
				if k := rng.IntN(len(read) + 1); k > 0 {
					if err := s.Commit(read[k-1].Number); err != nil {
						t.Fatal(err)
					}
					model, read = model[k:], read[k:]
				}
			case 6:
				s.Rewind()
				read = nil
			case 7:
				closed(t, s)
				var r Report
				if s, r = open(t, dir, o); r.Records != int64(len(model)) || r.Damaged() {
					t.Fatalf("seed %d: %+v, want %d records", seed, r, len(model))
				}
				read = nil
			}
			if st := s.Stats(); st.Records != int64(len(model)) || s.Empty() != (len(model) == 0) && len(model) > 0 {
				t.Fatalf("seed %d: %+v, want %d records", seed, st, len(model))
			}
		}
		closed(t, s)
	}
}

func TestConcurrentAppends(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, Options{SegmentBytes: 4 << 10})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 100 {
				if err := s.Put(t.Context(), true, fmt.Appendf(nil, "%d:%d", w, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	next := map[string]int{}
	for total := 0; total < 800; {
		<-s.Added()
		records, err := s.Read(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			w, i, _ := strings.Cut(string(r.Data), ":")
			if i != fmt.Sprint(next[w]) {
				t.Fatalf("%s: %s, want %d", w, i, next[w])
			}
			next[w]++
			total++
		}
		if len(records) > 0 {
			if err := s.Commit(records[len(records)-1].Number); err != nil {
				t.Fatal(err)
			}
		}
	}
	wg.Wait()
	if !s.Empty() {
		t.Error("not empty")
	}
}

// TestGroupsShareASync: what comes while the disk is at it waits for one sync together.
func TestGroupsShareASync(t *testing.T) {
	s, _ := open(t, t.TempDir(), Options{})
	slow := &slowDisk{gate: make(chan struct{})}
	s.create = func(path string) (file, error) {
		f, err := createFile(path)
		slow.file = f
		return slow, err
	}
	var stored sync.WaitGroup
	stored.Add(101)
	done := func(err error) {
		if err != nil {
			t.Error(err)
		}
		stored.Done()
	}
	add := func(text string) {
		if err := s.Append(true, done, []byte(text)); err != nil {
			t.Error(err)
		}
	}
	add("first")
	slow.gate <- struct{}{} // it is in the first sync
	for range 100 {
		add("more")
	}
	slow.gate <- struct{}{}
	slow.gate <- struct{}{}
	slow.gate <- struct{}{}
	stored.Wait()
	if slow.syncs != 2 {
		t.Errorf("%d syncs for 101 records", slow.syncs)
	}
}

// slowDisk syncs when it is let in, and returns when it is let out.
type slowDisk struct {
	file
	gate  chan struct{}
	syncs int
}

func (d *slowDisk) Sync() error {
	<-d.gate
	d.syncs++
	err := d.file.Sync()
	<-d.gate
	return err
}

// FuzzOpen opens a folder with a segment of any content behind one that is sound: nothing panics, what is sound comes first and
// in order, what is read twice is the same, and what is appended comes last.
func FuzzOpen(f *testing.F) {
	h := header{first: 3, acknowledged: 2, salt: 7}
	sound := h.encode()
	for i, text := range []string{"c", "dd", strings.Repeat("e", 100)} {
		sound = appendRecord(sound, h.seed(), uint64(3+i), time.Unix(int64(i), 0), []byte(text))
	}
	f.Add(sound, []byte{})
	f.Add(sound[:len(sound)-3], []byte{})
	f.Add(append(slices.Clone(sound[:headerSize]), make([]byte, 500)...), le.AppendUint64(nil, 2))
	f.Add([]byte{}, []byte("x"))
	flipped := slices.Clone(sound)
	flipped[headerSize+10] ^= 4
	f.Add(flipped, bytes.Repeat([]byte{0}, 2*slotSize))
	f.Fuzz(func(t *testing.T, segment, position []byte) {
		dir := t.TempDir()
		first := header{first: 1, salt: 5}
		before := appendRecord(first.encode(), first.seed(), 1, time.Now(), []byte("a"))
		before = appendRecord(before, first.seed(), 2, time.Now(), []byte("b"))
		for name, b := range map[string][]byte{first.name(): before, h.name(): segment, "position": position} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, r, err := Open(dir, Options{MaxBytes: 1 << 20})
		if errors.Is(err, errVersion) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		defer func() { closed(t, s) }()
		put(t, s, "last")
		one, _ := all(t, s)
		s.Rewind()
		two, _ := all(t, s)
		if !slices.Equal(one, two) || int64(len(one)) != r.Records+1 || one[len(one)-1] != "last" {
			t.Fatalf("%d records, then %d, of %+v", len(one), len(two), r)
		}
		if s.position.committed == 0 && (one[0] != "a" || one[1] != "b") {
			t.Fatal("what is sound is lost")
		}
	})
}

// BenchmarkPut is what durable records cost as more wait together: syncs are shared.
func BenchmarkPut(b *testing.B) {
	for _, waiters := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(waiters), func(b *testing.B) {
			s, _ := open(b, b.TempDir(), Options{MaxBytes: 64 << 30})
			data := make([]byte, 1900) // a chunk of audio
			b.SetBytes(int64(len(data)))
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for range waiters {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if err := s.Put(b.Context(), true, data); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
