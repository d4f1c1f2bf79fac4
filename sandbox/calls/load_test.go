package calls_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

const minimal = `
from: +14155550123
to: +14155550100
script:
  - {track: agent, file: hello.ulaw, text: "Hello."}
`

// tone is ms milliseconds of something that is not silence, and for each length something else.
func tone(ms int) []byte {
	b := make([]byte, ms*8)
	seed := uint32(ms)
	for i := range b {
		seed = seed*1664525 + 1013904223
		b[i] = byte(seed>>24) & 0xBF
	}
	return b
}

// wav wraps data in a RIFF header.
func wav(format, channels, rate, bits int, data []byte) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(format))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	b = append(b, "LIST\x03\x00\x00\x00abc\x00data"...) // an odd chunk before the sound, padded
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

// folder writes files by name and returns where.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, files map[string]string) []*calls.Call {
	t.Helper()
	list, err := calls.Load(folder(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestLoadUtterancesWithFiles(t *testing.T) {
	list := load(t, map[string]string{
		"_parts/bye.ulaw": string(tone(250)),
		"one/hello.ulaw":  string(tone(1000)),
		"one/yes.ulaw":    string(tone(500)),
		"one/call.yaml": `
from: +14155550123      # a number, not minus a sum
to: "+14155550100"
keypad: 1
script:
  - {track: agent, file: hello.ulaw, text: Hello., start: 200ms}
  - {track: caller, file: yes.ulaw, text: "Yes, hello.", pause: -100ms}
  - {track: agent, file: ../_parts/bye.ulaw, text: Bye.}
duration: 3s
crm:
  - object: Contact
    fields: {LastName: Reed, Phone: +14155550123, Age: 40, Active: true, Note: null, Zip: 01234}
expect:
  consent: true
  absent: [Lead]
`,
	})
	c := list[0]
	if c.Name != "one" || c.Title != "one" || c.From != "+14155550123" || !slices.Equal(c.Keypad, []string{"1"}) {
		t.Errorf("read %q %q %q %q", c.Name, c.Title, c.From, c.Keypad)
	}
	want := [][2]int64{{200, 1200}, {1100, 1600}, {1900, 2150}}
	for i, u := range c.Script {
		if u.Start.Std().Milliseconds() != want[i][0] || u.End.Std().Milliseconds() != want[i][1] {
			t.Errorf("utterance %d lies at %v to %v, want %v ms", i, u.Start, u.End, want[i])
		}
	}
	if len(c.Caller) != 24000 || len(c.AgentAudio) != 24000 {
		t.Fatalf("tracks of %d and %d bytes, want 24000 each", len(c.Caller), len(c.AgentAudio))
	}
	if !bytes.Equal(c.Caller[8800:12800], tone(500)) || !bytes.Equal(c.AgentAudio[15200:17200], tone(250)) {
		t.Error("sound is not where the script says")
	}
	if c.Caller[8799] != calls.Silence || c.Caller[12800] != calls.Silence {
		t.Error("no silence around the caller's words")
	}
	f := c.CRM[0].Fields
	if f["Phone"] != "+14155550123" || f["Age"] != 40.0 || f["Active"] != true || f["Note"] != nil || f["Zip"] != "01234" {
		t.Errorf("fields %v", f)
	}
	if c.Expect.Consent == nil || !*c.Expect.Consent || c.Expect.Recorded != nil {
		t.Errorf("expect %+v", c.Expect)
	}
}

func TestLoadWholeTracks(t *testing.T) {
	pcm := make([]byte, 16000)
	for i := range 8000 {
		v := int16(12000 * math.Sin(float64(i*i)/9000))
		binary.LittleEndian.PutUint16(pcm[2*i:], uint16(v))
	}
	list := load(t, map[string]string{
		"one/caller.wav": string(wav(1, 1, 8000, 16, pcm)),
		"one/agent.wav":  string(wav(7, 1, 8000, 8, tone(400))),
		"one/call.yaml": `
from: anonymous
to: +14155550100
audio:
  caller: caller.wav
  agent:
    - agent.wav
    - {file: agent.wav, at: 800ms}
script:
  - {track: agent, start: 0s, end: 400ms, text: Hello.}
  - {track: caller, start: 100ms, end: 0.9s, text: "I want a demo."}
`,
	})
	c := list[0]
	if len(c.Caller) != 9600 || len(c.AgentAudio) != 9600 || c.Duration.Std() != 1200*time.Millisecond {
		t.Fatalf("tracks of %d and %d bytes, %v", len(c.Caller), len(c.AgentAudio), c.Duration)
	}
	if !bytes.Equal(c.AgentAudio[6400:], tone(400)) || c.AgentAudio[3200] != calls.Silence {
		t.Error("parts are not where they were put")
	}
}

func TestLoadOrder(t *testing.T) {
	call := func(after string) string {
		return "from: +14155550123\nto: +14155550100\nhang_up: ringing\nafter: " + after
	}
	files := map[string]string{
		"a/call.yaml": call("c"), "b/call.yaml": call("''"), "c/call.yaml": call("d"), "d/call.yaml": call("''"),
		".git/HEAD": "x", "readme.txt": "x",
	}
	got := ""
	for _, c := range load(t, files) {
		got += c.Name
	}
	if got != "dcab" {
		t.Errorf("order %s, want dcab", got)
	}
	one, err := calls.Load(filepath.Join(folder(t, files), "a"))
	if err != nil || len(one) != 1 || one[0].Name != "a" || one[0].After != "" {
		t.Errorf("one call's folder: %v, %v", one, err)
	}
	if one, err = calls.Load(filepath.Join(folder(t, files), "d", "call.yaml")); err != nil || len(one) != 1 {
		t.Errorf("one call's file: %v, %v", one, err)
	}
}

func TestMatches(t *testing.T) {
	tests := []struct {
		want, got any
		ok        bool
	}{
		{"*", "x", true},
		{"*", "", false},
		{"*", nil, false},
		{"*", 0.0, true},
		{nil, nil, true},
		{nil, "", true},
		{nil, "x", false},
		{"Lead", "Lead", true},
		{"Lead", "lead", false},
		{"*4711*", "order 4711, late", true},
		{"Follow-up*call", "Follow-up call", true},
		{"a*a", "a", false},
		{"*a*b*", "b a", false},
		{12.0, 12, true},
		{12.0, "12", false},
		{0.5, 0.5, true},
		{true, true, true},
		{true, "true", false},
		{"true", true, true},
	}
	for _, tt := range tests {
		if ok := calls.Matches(tt.want, tt.got); ok != tt.ok {
			t.Errorf("Matches(%v, %v) = %v", tt.want, tt.got, ok)
		}
	}
}
