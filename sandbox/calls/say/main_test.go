package main

import (
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

func TestPlan(t *testing.T) {
	call := func(list ...calls.Utterance) *calls.Call {
		return &calls.Call{Name: "one", Voices: calls.Voices{Agent: "flite:slt"}, Script: list}
	}
	lines, err := plan("dir", []*calls.Call{
		call(
			calls.Utterance{Track: calls.TrackAgent, File: "../_shared/hello.ulaw", Text: "Hello 42", Say: "Hello 4 2"},
			calls.Utterance{Track: calls.TrackAgent, Text: "recorded as a whole"},
		),
		call(
			calls.Utterance{Track: calls.TrackAgent, File: "../_shared/hello.ulaw", Text: "Hello 42", Say: "Hello 4 2"},
			calls.Utterance{Track: calls.TrackCaller, File: "bye.ulaw", Text: "Bye", Voice: "espeak:en-us"},
		),
	})
	want := []line{{"dir/_shared/hello.ulaw", "flite:slt", "Hello 4 2"}, {"dir/one/bye.ulaw", "espeak:en-us", "Bye"}}
	if err != nil || len(lines) != 2 || lines[0] != want[0] || lines[1] != want[1] {
		t.Errorf("planned %v, %v", lines, err)
	}

	_, err = plan("dir", []*calls.Call{call(
		calls.Utterance{Track: calls.TrackCaller, File: "a.ulaw", Text: "Hello"},
		calls.Utterance{Track: calls.TrackAgent, File: "b.ulaw", Text: "Hello"},
		calls.Utterance{Track: calls.TrackAgent, File: "b.ulaw", Text: "Bye"},
	)})
	for _, w := range []string{"script[0]: the caller has no voice", `script[2]: b.ulaw is also spoken as "Hello"`} {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("no fault %q in %v", w, err)
		}
	}
}

func TestVoicesAreChecked(t *testing.T) {
	for _, args := range [][]string{nil, {"a", "b"}, {t.TempDir()}} {
		if err := run(t.Context(), args, t.Output()); err == nil {
			t.Errorf("run %q succeeded", args)
		}
	}
	if _, err := (line{voice: "siri:x"}).speak(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "want flite:VOICE") {
		t.Errorf("an unknown engine: %v", err)
	}
}
