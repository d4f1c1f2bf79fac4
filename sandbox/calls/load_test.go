package calls_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// tone is ms milliseconds of something that is not silence.
func tone(ms int) []byte {
	b := make([]byte, ms*8)
	for i := range b {
		b[i] = byte(i*7) & 0x4F
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
		v := int16(12000 * math.Sin(float64(i)/3))
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
	if err != nil || len(one) != 1 || one[0].Name != "a" {
		t.Errorf("one call's folder: %v, %v", one, err)
	}
	if one, err = calls.Load(filepath.Join(folder(t, files), "d", "call.yaml")); err != nil || len(one) != 1 {
		t.Errorf("one call's file: %v, %v", one, err)
	}
}

func TestLoadNamesEveryFault(t *testing.T) {
	head := "from: +14155550123\nto: +14155550100\n"
	tests := map[string]struct {
		yaml string
		want []string
	}{
		"unknown keys": {
			"from: +14155550123\nto: +14155550100\nhangup: ringing\nscript:\n  - {track: agent, file: hello.ulaw, text: Hi, tekst: x}\nexpect:\n  intents: x\n",
			[]string{`x/call.yaml:3: hangup: unknown key; known here: after, agent, audio,`, `:5: script[0].tekst: unknown`, `:7: expect.intents: unknown`},
		},
		"numbers": {
			"from: 4155550123\nto: (415) 555-0100\nforwarded_from: x\nhang_up: later\nkeypad: ['1', 'x']",
			[]string{`:1: from: "4155550123"`, `:2: to:`, `:3: forwarded_from:`, `:4: hang_up:`, `:5: keypad[1]:`},
		},
		"no mapping":     {"- 1\n- 2\n", []string{"want keys and values, got a list"}},
		"empty":          {"", []string{"x/call.yaml:1: the file is empty"}},
		"not yaml":       {"from: [1\nto: +14", []string{"x/call.yaml:", "not YAML"}},
		"twice":          {head + "from: +14155550124\n", []string{"not YAML"}},
		"two documents":  {head + "---\n" + head, []string{"holds 2 documents"}},
		"anchors":        {"from: &n +14155550123\nto: *n\n", []string{":1: from: anchors", ":2: to: anchors"}},
		"bare seconds":   {head + "duration: 12\n", []string{`:3: duration: "12" is no duration: write it with its unit`}},
		"huge":           {head + "duration: 40h\n", []string{`:3: duration: 40h0m0s: want up to`}},
		"hang up speaks": {minimal + "hang_up: question\n", []string{"ends the call before its stream"}},
		"kinds": {
			head + "keypad: {a: b}\nexpect: [x]\nagent: true\n",
			[]string{":3: keypad[0]: want text", ":4: expect: want keys and values, got a list", `:5: agent: want keys and values, got "true"`},
		},
		"no such file": {
			head + "script:\n  - {track: agent, file: hallo.ulaw, text: Hi}\n", []string{":4: script[0].file: hallo.ulaw can't be read"},
		},
		"outside": {
			head + "script:\n  - {track: agent, file: ../../hello.ulaw, text: Hi}\n", []string{":4: script[0].file: ../../hello.ulaw can't be read"},
		},
		"formats": {
			head + "audio:\n  caller: [stereo.wav, mp3.mp3, float.wav, cut.wav, renamed.ulaw]\n",
			[]string{
				"stereo.wav has 8000 Hz and 2 channel(s), want 8000 Hz mono; convert it: sox", "mp3.mp3 want .ulaw", "float.wav has format 3",
				"cut.wav is no WAV", "renamed.ulaw is a WAV",
			},
		},
		"parts": {
			head + "audio:\n  agent:\n    - hello.ulaw\n    - {file: hello.ulaw, at: 100ms}\n    - {at: 10s}\n    - {file: hello.ulaw, at: -1s}\n",
			[]string{":6: audio.agent[1].at: hello.ulaw begins at 100ms, before", ":7: audio.agent[2]: names no file", ":8: audio.agent[3].at: is before"},
		},
		"script": {
			head + `audio: {agent: hello.ulaw}
script:
  - {track: agent, start: 0s, end: 3s, text: Hi}
  - {track: robot, start: 0s, end: 1s, text: Hi}
  - {track: agent, start: 500ms, end: 100ms, text: ''}
  - {track: agent, start: 100ms, end: 200ms, text: Hi, language: English}
  - {track: caller, start: 300ms, end: 600ms, text: Hi}
  - {track: agent, start: 900ms, end: 1s, text: Hi, pause: 1s}
`,
			[]string{
				":5: script[0]: ends at 3s, after the stream (1s)", ":6: script[1].track", ":7: script[2].text: is empty", ":7: script[2]: says start 500ms",
				":8: script[3].language", ":8: script[3]: starts before", ":8: script[3]: overlaps", ":9: script[4]: the caller's audio holds no sound",
				":10: script[5].pause: is for",
			},
		},
		"two meanings": {
			head + "script:\n  - {track: agent, file: hello.ulaw, text: Hi}\n  - {track: caller, file: hello.ulaw, text: Bye}\n",
			[]string{`:5: script[1].text: hello.ulaw means other words elsewhere ("Hi")`},
		},
		"files and times": {
			head + `script:
  - {track: agent, file: hello.ulaw, text: Hi, end: 1s}
  - {track: agent, file: hello.ulaw, text: Hi, start: 500ms}
  - {track: agent, file: hello.ulaw, text: Hi, start: 2s, pause: 1s}
  - {track: agent, file: hello.ulaw, text: Hi, pause: -9s}
`,
			[]string{":4: script[0].end: follows", ":5: script[1]: is laid over", ":6: script[2].pause: and start", ":7: script[3]: begins"},
		},
		"records": {
			head + "crm: [{object: my contact, fields: {}}]\nexpect: {records: [{object: 1}], absent: [Lead, ''], hidden: [' ']}\n" +
				"report_consent: [{at: 2s, answer: granted}, {at: 1s, answer: maybe}]\n",
			[]string{
				":3: crm[0].object", ":3: crm[0]: has no fields", ":4: expect.records[0].object", ":4: expect.absent[1]", ":4: expect.hidden[0]",
				":5: report_consent[1].answer", ":5: report_consent[1].at",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := calls.Load(folder(t, map[string]string{
				"x/call.yaml": tt.yaml, "x/hello.ulaw": string(tone(1000)), "x/mp3.mp3": "ID3", "x/cut.wav": "RIFF",
				"x/stereo.wav": string(wav(1, 2, 8000, 16, tone(10))), "x/float.wav": string(wav(3, 1, 8000, 32, tone(10))),
				"x/renamed.ulaw": string(wav(7, 1, 8000, 8, tone(10))), "y/call.yaml": "to: +14155550100\n",
			}))
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range append(tt.want, "y/call.yaml:1: from:") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("no fault %q in\n%v", w, err)
				}
			}
			if n := strings.Count(err.Error(), "\n"); n != len(tt.want) {
				t.Logf("faults:\n%v", err)
			}
		})
	}
}

func TestLoadRefusesOrders(t *testing.T) {
	call := func(after string) string {
		return "from: +14155550123\nto: +14155550100\nhang_up: ringing\nafter: " + after
	}
	_, err := calls.Load(folder(t, map[string]string{
		"a/call.yaml": call("b"), "b/call.yaml": call("c"), "c/call.yaml": call("a"), "d/call.yaml": call("e"), "f/call.yaml": call("f"), "g/x": "",
	}))
	for _, w := range []string{
		"a/call.yaml: after: the calls wait for each other: a -> b -> c -> a", `d/call.yaml: after: there is no call "e"`,
		"f/call.yaml: after: the calls wait for each other: f -> f", "g/call.yaml: there is none",
	} {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("no fault %q in\n%v", w, err)
		}
	}
	if _, err := calls.Load(t.TempDir()); err == nil {
		t.Error("an empty folder loaded")
	}
	if _, err := calls.Load(filepath.Join(t.TempDir(), "no")); err == nil {
		t.Error("a missing folder loaded")
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
