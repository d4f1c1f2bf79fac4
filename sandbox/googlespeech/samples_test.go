package googlespeech

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// The sample calls are heard word for word, on both tracks, alone and again.
func TestSampleCalls(t *testing.T) {
	list, err := calls.Load("../../samples/calls")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 14 {
		t.Errorf("%d sample calls", len(list))
	}
	lib, h := taught(list...)
	longest := time.Duration(0)
	for _, c := range list {
		longest = max(longest, c.Duration.Std())
		for _, track := range []string{calls.TrackCaller, calls.TrackAgent} {
			audio := c.Caller
			if track == calls.TrackAgent {
				audio = c.AgentAudio
			}
			first, _ := listen(lib, h, audio)
			again, _ := listen(lib, h, audio)
			want := trackScript(c, track)
			expect(t, c.Name+" "+track, strings.Join(first, " "), want)
			expect(t, c.Name+" "+track+" again", strings.Join(again, " "), want)
			if len(first) > 1 && slices.Equal(first, again) {
				t.Errorf("%s, %s: the cuts don't move", c.Name, track)
			}
		}
	}
	if longest <= 5*time.Minute {
		t.Errorf("the longest call lasts %v, want more than five minutes", longest)
	}
}

// trackScript is the script of one track as one line.
func trackScript(c *calls.Call, track string) string {
	var texts []string
	for _, u := range c.Script {
		if u.Track == track {
			texts = append(texts, u.Text)
		}
	}
	return strings.Join(texts, " ")
}

// Wherever a chunk of real speech is lost, its call's text shows it.
func TestLostChunkOfSampleCall(t *testing.T) {
	list, err := calls.Load("../../samples/calls")
	if err != nil {
		t.Fatal(err)
	}
	c := list[slices.IndexFunc(list, func(c *calls.Call) bool { return c.Name == "books-a-demo" })]
	lib, _ := taught(list...)
	shown, total := 0, 0
	for i := 0; i+1600 <= len(c.Caller); i += 1600 {
		if loud(c.Caller[i:i+1600]) < 800 {
			continue
		}
		got, _ := listen(lib, &hearings{count: map[place]int{}}, slices.Concat(c.Caller[:i], c.Caller[i+1600:]))
		total++
		if strings.Join(got, " ") != trackScript(c, calls.TrackCaller) {
			shown++
		}
	}
	if shown != total || total < 20 {
		t.Errorf("%d of %d lost chunks show", shown, total)
	}
}
