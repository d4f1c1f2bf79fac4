package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// dir writes files by name, and opens the folder.
func dir(t *testing.T, files map[string]string) (string, *os.Root) {
	t.Helper()
	base := t.TempDir()
	for name, data := range files {
		p := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return base, root
}

const head = "from: +12025550123\nto: +14155550100\n"

// A folder may mix what was recorded and what is to be spoken.
const mixed = head + `voices: {agent: "flite:slt", caller: "espeak:en-us"}
script:
  - {track: agent, file: ../_parts/hello.ulaw, text: Hello 42., say: Hello 4 2.}
  - {track: caller, file: recorded.wav, text: "A recording."}
  - {track: agent, file: recorded.ulaw, text: "A raw recording."}
  - {track: caller, file: bye.ulaw, text: Bye.}
  - {track: agent, file: ../_parts/hello.ulaw, text: Hello 42., say: Hello 4 2.}
  - {track: caller, file: bye.ulaw, text: Bye.}
`

const recorded = head + `script:
  - {track: agent, file: ../_parts/hello.ulaw, text: Hello 4 2.}
  - {track: caller, file: own.wav, text: "A recording, and no voices."}
`

func TestPlanSpeaksWhatIsMissing(t *testing.T) {
	base, root := dir(t, map[string]string{
		"a/call.yaml": recorded, "a/own.wav": "RIFF", "b/call.yaml": mixed, "b/recorded.wav": "RIFF", "b/recorded.ulaw": "x", "b/bye.ulaw": "",
	})
	list, err := calls.Read(base)
	if err != nil {
		t.Fatal(err)
	}
	lines, kept, err := plan(root, base, list)
	want := []line{{"_parts/hello.ulaw", "flite", "slt", "Hello 4 2."}, {"b/bye.ulaw", "espeak-ng", "en-us", "Bye."}}
	if err != nil || kept != 3 || len(lines) != 2 || lines[0] != want[0] || lines[1] != want[1] {
		t.Errorf("planned %v, %d were there, %v", lines, kept, err)
	}
}

func TestPlanTellsWhatCannotBeSpoken(t *testing.T) {
	_, root := dir(t, map[string]string{"one/call.yaml": head, "one/folder.ulaw/x": "x"})
	say := func(track, file, text, voice string) calls.Utterance {
		return calls.Utterance{Track: track, File: file, Text: text, Voice: voice, Line: 7}
	}
	call := &calls.Call{Name: "one", Voices: calls.Voices{Agent: "flite:slt"}, Script: []calls.Utterance{
		say("caller", "a.ulaw", "Hello", ""),
		say("agent", "b.ulaw", "Hello", ""),
		say("agent", "b.ulaw", "Bye", ""),
		say("caller", "b.ulaw", "Hello", "flite:rms"),
		say("agent", "c.wav", "Hello", ""),
		say("agent", "../../c.ulaw", "Hello", ""),
		say("agent", "folder.ulaw", "Hello", ""),
	}}
	_, _, err := plan(root, "dir", []*calls.Call{call})
	want := `dir/one/call.yaml:7: script[2]: b.ulaw is also spoken as "Hello"
dir/one/call.yaml:7: script[3]: b.ulaw is also spoken by flite:slt
dir/one/call.yaml:7: script[4]: c.wav isn't there, and only raw mu-law is spoken: record it, or name it c.ulaw
dir/one/call.yaml:7: script[5]: ../../c.ulaw lies outside of the folder of calls: ../_parts/hello.ulaw, beside the call, is fine
dir/one/call.yaml:7: script[6]: folder.ulaw is a folder
dir/one/call.yaml:7: script[0]: a.ulaw isn't there and the caller has no voice: record it, or write voices: {caller: "flite:slt"}`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// fakes puts programs in front of all others that write what they are told, so that no synthesiser is needed.
func fakes(t *testing.T, programs ...string) {
	t.Helper()
	bin := t.TempDir()
	for _, p := range programs {
		script := "#!/bin/sh\n[ \"$3\" = nobody ] && { echo no such voice >&2; exit 1; }\nprintf " + p + "\n"
		if err := os.WriteFile(filepath.Join(bin, p), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
}

func TestSay(t *testing.T) {
	base, _ := dir(t, map[string]string{"b/call.yaml": mixed, "b/recorded.wav": "RIFF", "b/recorded.ulaw": "x"})
	t.Run("without programs", func(t *testing.T) {
		fakes(t)
		err := run(t.Context(), base, io.Discard)
		if want := "not installed: espeak-ng, flite, sox; on Debian or Ubuntu: apt-get install espeak-ng flite sox"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
	t.Run("with them", func(t *testing.T) {
		fakes(t, "flite", "espeak-ng", "sox")
		for _, want := range []string{"spoke 2 files, 0 KB; 2 were there\n", "spoke 0 files, 0 KB; 4 were there\n"} {
			var out bytes.Buffer
			if err := run(t.Context(), filepath.Join(base, "b"), &out); err != nil || out.String() != want {
				t.Errorf("said %q, %v; want %q", out.String(), err, want)
			}
		}
		for file, want := range map[string]string{"_parts/hello.ulaw": "sox", "b/bye.ulaw": "sox", "b/recorded.ulaw": "x", "b/recorded.wav": "RIFF"} {
			if got, err := os.ReadFile(filepath.Join(base, file)); err != nil || string(got) != want {
				t.Errorf("%s holds %q, %v; want %q", file, got, err, want)
			}
		}
	})
	t.Run("a voice that there isn't", func(t *testing.T) {
		base, _ := dir(t, map[string]string{"b/call.yaml": strings.Replace(mixed, "espeak:en-us", "espeak-ng:nobody", 1), "b/recorded.wav": "R", "b/recorded.ulaw": "x"})
		fakes(t, "flite", "espeak-ng", "sox")
		err := run(t.Context(), base, io.Discard)
		if want := "voice espeak-ng:nobody: espeak-ng: exit status 1: no such voice; espeak-ng --voices lists what there is"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct{ args, out, err string }{
		{"--help", "Speaks what the scripts", ""},
		{"-h", "apt-get install flite espeak-ng sox", ""},
		{"", "", "name one folder of calls, not 0; see say --help"},
		{"a b", "", "name one folder of calls, not 2; see say --help"},
		{"--wav x", "", "unknown flag: --wav"},
		{"no-such-folder", "", "reading calls: no-such-folder can't be read: no such file or directory"},
	} {
		var out bytes.Buffer
		c := command(&out)
		c.SetArgs(strings.Fields(tt.args))
		err := c.ExecuteContext(t.Context())
		if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err || !strings.Contains(out.String(), tt.out) {
			t.Errorf("say %s: %v, said %q", tt.args, err, out.String())
		}
	}
}
