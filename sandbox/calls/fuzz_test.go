package calls

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzCall: no call.yaml makes the loader panic, and each is either taken or told line by line where it is wrong.
func FuzzCall(f *testing.F) {
	samples, err := filepath.Glob("../../samples/calls/*/call.yaml")
	if err != nil || len(samples) == 0 {
		f.Fatalf("no samples: %v", err)
	}
	for _, s := range samples {
		data, err := os.ReadFile(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, s := range []string{
		"", "{", "a: &a [*a]", "script: [null, 1, [2]]", "from: !!int x", "? a\n: b", "keypad: |\n  1", "<<: {from: 1}", "expect: {records: {fields: {A: 0x1F, B: .inf}}}",
	} {
		f.Add([]byte(s))
	}
	noise := make([]byte, 4000)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x>>24) & 0xBF // never silent
	}
	lines := Lines{{Number: "+14155550100", Tenant: "acme", Consent: AskedByKeypad, Grant: "1", CRM: anyCRM{}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, told := &Call{Name: "x"}, newFaults("x/call.yaml")
		decode(data, c, told)
		if !told.bad[""] {
			check(c, told)
			lines.check(c, told)
			if c.HangUp == "" {
				lib := &library{shown: "x", sounds: map[string]sound{}, said: map[[32]byte]saying{}}
				for _, u := range c.Script { // nothing is read: every file holds half a second
					lib.sounds[filepath.ToSlash(filepath.Join("x", u.File))] = sound{mulaw: noise}
				}
				for _, p := range append(c.Audio.Caller, c.Audio.Agent...) {
					lib.sounds[filepath.ToSlash(filepath.Join("x", p.File))] = sound{err: errors.New("isn't there")}
				}
				if small(c) {
					lay(c, &files{lib, "x"}, told).checkSound()
				}
			}
		}
		order([]*Call{c}, []*faults{told})
		if err := told.err(); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if len(told.list) == 1 && !strings.HasPrefix(err.Error(), "x/call.yaml:") || line == err.Error() && !strings.HasPrefix(line, "x/call.yaml:") {
					t.Fatalf("a fault without its place: %q", line)
				}
			}
		}
		for _, x := range told.list {
			if x.line < 1 || x.column < 1 || x.text == "" {
				t.Fatalf("a fault at %d:%d: %q", x.line, x.column, x.text)
			}
		}
	})
}

// small tells whether a call is short enough to be laid thousands of times a second.
func small(c *Call) bool {
	const most = Duration(60e9)
	at := Duration(0)
	for _, u := range c.Script {
		if u.Start > most || u.End > most || u.Pause > most {
			return false
		}
		at += max(u.Pause, 0)
	}
	for _, p := range append(c.Audio.Caller, c.Audio.Agent...) {
		at += max(p.At, 0)
	}
	return at < most && c.Duration < most && len(c.Script) < 50
}

type anyCRM struct{}

func (anyCRM) Seed([]CRMRecord) []RecordFault      { return nil }
func (anyCRM) Expect(ExpectedRecord) []RecordFault { return nil }
func (anyCRM) Object(string) string                { return "" }

// FuzzWAV: no file makes the reader panic, and what it takes is no longer than the file.
func FuzzWAV(f *testing.F) {
	head := "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00"
	f.Add("a.wav", []byte(head+"\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x04\x00\x00\x00abcd"))
	f.Add("a.wav", []byte(head+"\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00LIST\x03\x00\x00\x00abc\x00data\xff\xff\xff\xffabcd"))
	f.Add("a.wav", []byte("RIFF\x00\x00\x00\x00WAVEdata\x00\x00\x00\x00"))
	f.Add("a.ulaw", []byte("abcd"))
	f.Add("it's.mp3", []byte("ID3\x03"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		sound, err := decodeAudio(name, data)
		switch {
		case (err == nil) != (len(sound) > 0):
			t.Fatalf("%d bytes and %v", len(sound), err)
		case len(sound) > len(data):
			t.Fatalf("%d bytes of %d", len(sound), len(data))
		case err != nil && err.Error() == "":
			t.Fatal("a fault without words")
		}
		tone(sound)
		if len(trimmed(sound)) > len(sound) {
			t.Fatal("trimming makes more")
		}
	})
}
