package googlespeech

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

func TestHearsWhatWasSaid(t *testing.T) {
	c := call("demo", demo...)
	lib, h := taught(c)
	got, words := listen(lib, h, c.Caller)
	expect(t, "results", strings.Join(got, "|"), demo[0].text+"|"+demo[1].text+"|"+demo[2].text)
	for i, u := range c.Script {
		w := words[i]
		if from, to := duration(w[0].from), duration(w[len(w)-1].to); from != u.Start.Std() || to != u.End.Std() {
			t.Errorf("result %d is [%v, %v), want [%v, %v)", i, from, to, u.Start, u.End)
		}
		for j := 1; j < len(w); j++ {
			if w[j].from != w[j-1].to {
				t.Errorf("word %q begins at %d, the one before it ends at %d", w[j].text, w[j].from, w[j-1].to)
			}
		}
	}
}

func TestAlignmentDoesNotMatter(t *testing.T) {
	c := call("demo", demo...)
	for _, shift := range []int{1, 7, 79, 159, 160, 161, 4001} {
		lib, h := taught(c)
		got, _ := listen(lib, h, append(slices.Repeat([]byte{0x33}, shift), c.Caller...))
		expect(t, "shifted", strings.Join(got, " "), script(c))
	}
}

func TestStartInTheMiddle(t *testing.T) {
	c := call("demo", demo...)
	lib, h := taught(c)
	_, words := listen(lib, h, c.Caller)
	from := words[0][4].from // "Ada" begins
	got, _ := listen(lib, h, c.Caller[from:])
	expect(t, "from a word's start", strings.Join(got, " "), strings.TrimPrefix(script(c), "Hello, my name is "))
	got, _ = listen(lib, h, c.Caller[from+400:])
	expect(t, "from within a word", strings.Join(got, " "), strings.TrimPrefix(script(c), "Hello, my name is Ada "))
}

func TestUnknownAudioYieldsNothing(t *testing.T) {
	lib, h := taught(call("demo", demo...))
	for name, audio := range map[string][]byte{
		"noise": voice("something else that nobody was taught"), "silence": silence(20 * time.Second), "nothing": nil,
	} {
		if got, _ := listen(lib, h, audio); len(got) > 0 {
			t.Errorf("%s is heard as %q", name, got)
		}
	}
}

// faulty is audio with the 200 ms chunk at i lost, doubled, or changed for the next one.
func faulty(audio []byte, how string, i int) []byte {
	const n = 1600
	a, b, rest := audio[i:i+n], audio[i+n:min(i+2*n, len(audio))], audio[min(i+2*n, len(audio)):]
	switch how {
	case "lost":
		return slices.Concat(audio[:i], b, rest)
	case "doubled":
		return slices.Concat(audio[:i], a, a, b, rest)
	default:
		return slices.Concat(audio[:i], b, a, rest)
	}
}

// Wherever a chunk of speech is lost, doubled or out of order, the text must show it, and only near there.
func TestWrongAudioGivesWrongText(t *testing.T) {
	c := call("demo", demo...)
	want := strings.Fields(script(c))
	lib, _ := taught(c)
	for _, how := range []string{"lost", "doubled", "swapped"} {
		for i := 0; i+3200 <= len(c.Caller); i += 173 {
			if n := 3200; how != "swapped" && quietShare(c.Caller[i:i+1600]) > 0.8 || quietShare(c.Caller[i:i+n]) > 0.4 && how == "swapped" {
				continue // mostly silence: a recogniser has nothing to tell
			}
			got, _ := listen(lib, &hearings{count: map[place]int{}}, faulty(c.Caller, how, i))
			words := strings.Fields(strings.Join(got, " "))
			if slices.Equal(words, want) {
				t.Errorf("a chunk %s at byte %d does not show", how, i)
			}
			if d := len(words) - len(want); d > 3 || d < -4 {
				t.Errorf("a chunk %s at byte %d: %d words became %d: %q", how, i, len(want), len(words), words)
			}
		}
	}
}

func quietShare(b []byte) float64 {
	n := 0
	for _, x := range b {
		if calls.Silent(x) {
			n++
		}
	}
	return float64(n) / float64(len(b))
}

// One lost frame of 20 ms costs a word.
func TestLostFrame(t *testing.T) {
	c := call("demo", demo...)
	lib, _ := taught(c)
	from := offset(c.Script[0].Start)
	for i := from; i+160 < offset(c.Script[0].End); i += 97 {
		got, _ := listen(lib, &hearings{count: map[place]int{}}, slices.Concat(c.Caller[:i], c.Caller[i+160:]))
		if strings.Join(got, " ") == script(c) {
			t.Errorf("a frame lost at byte %d does not show", i)
		}
	}
}

func TestSameSoundInManyPlaces(t *testing.T) {
	greeting := said{100 * time.Millisecond, "Thank you for calling."}
	a := call("a", greeting, said{800 * time.Millisecond, "I want a demo."}, greeting, greeting, said{time.Second, "Good, a demo it is."})
	b := call("b", greeting, said{700 * time.Millisecond, "My order is broken."}, said{0, "I want a demo."}, greeting)
	lib, h := taught(a, b)
	if len(lib.clips) != 4 {
		t.Errorf("%d clips, want 4", len(lib.clips))
	}
	for _, c := range []*calls.Call{a, b, b, a} {
		got, _ := listen(lib, h, c.Caller)
		expect(t, c.Name, strings.Join(got, " "), script(c))
	}
}

// A clip that begins like another, or holds it whole, is told apart by the longest fit.
func TestOverlappingClips(t *testing.T) {
	short := call("short", said{0, "Yes."})
	long := call("long", said{0, "Yes."})
	long.Caller = slices.Concat(voice("Yes."), silence(100*time.Millisecond), voice("I do want that."), silence(time.Second))
	long.Script[0].Text, long.Script[0].End = "Yes. I do want that.", calls.Duration(duration(len(long.Caller)))
	long.AgentAudio = nil
	inner := call("inner", said{0, "I do want that."})
	for _, order := range [][]*calls.Call{{short, long, inner}, {inner, long, short}} {
		lib, h := taught(order...)
		for _, c := range order {
			got, _ := listen(lib, h, append(slices.Clone(c.Caller), silence(2*time.Second)...))
			expect(t, c.Name, strings.Join(got, " "), script(c))
		}
	}
}

// Tones sound the same everywhere; the longest fit still finds the right one.
func TestTones(t *testing.T) {
	tone := func(n int) (b []byte) {
		for i := range n {
			b = append(b, []byte{0x10, 0x22, 0x34, 0x90, 0xA1, 0xB2, 0x91, 0x40}[i%8])
		}
		return b
	}
	c := &calls.Call{Name: "tones", Caller: slices.Concat(tone(16000), silence(time.Second), tone(8000))}
	c.Script = []calls.Utterance{
		{Track: calls.TrackCaller, Start: 0, End: calls.Duration(2 * time.Second), Text: "a long tone"},
		{Track: calls.TrackCaller, Start: calls.Duration(3 * time.Second), End: calls.Duration(4 * time.Second), Text: "short"},
	}
	lib, h := taught(c)
	got, _ := listen(lib, h, c.Caller)
	expect(t, "tones", strings.Join(got, "|"), "a long tone|short")
}

func TestHearingAgainMovesTheCuts(t *testing.T) {
	c := call("demo", demo...)
	lib, h := taught(c)
	cuts := make([]string, 4)
	for i := range cuts {
		got, _ := listen(lib, h, c.Caller)
		expect(t, "words", strings.Join(got, " "), script(c))
		cuts[i] = strings.Join(got, "|")
	}
	if cuts[0] == cuts[1] || cuts[1] == cuts[2] || cuts[0] == cuts[2] {
		t.Errorf("cuts don't move: %q", cuts)
	}
	expect(t, "after three", cuts[3], cuts[0])
}

// A call that was never heard is cut naturally, though its greeting was heard in another.
func TestHearingAnotherCallMovesNothing(t *testing.T) {
	greeting := said{0, "Thank you for calling."}
	a, b := call("a", greeting, demo[0]), call("b", greeting, demo[1])
	lib, h := taught(a, b)
	listen(lib, h, a.Caller)
	got, _ := listen(lib, h, b.Caller)
	expect(t, "b", strings.Join(got, "|"), greeting.text+"|"+demo[1].text)
}

func TestLongSpeechIsCut(t *testing.T) {
	c := call("long", said{0, strings.TrimSpace(strings.Repeat("blah ", 60))}) // 27 s
	lib, h := taught(c)
	got, words := listen(lib, h, c.Caller)
	expect(t, "words", strings.Join(got, " "), script(c))
	if len(got) < 2 {
		t.Fatalf("one result of %v", duration(len(c.Caller)))
	}
	for _, w := range words {
		if d := w[len(w)-1].to - w[0].from; d > longest {
			t.Errorf("a result of %v", duration(d))
		}
	}
}

// Whatever is done to the audio, nothing panics, words come in order, and each was taught.
func FuzzListen(f *testing.F) {
	c := call("demo", demo...)
	lib, _ := taught(c)
	f.Add(uint64(1), uint8(3))
	f.Add(uint64(42), uint8(30))
	f.Fuzz(func(t *testing.T, seed uint64, pieces uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		audio := make([]byte, 0, 400_000)
		for range pieces % 40 {
			from := rng.IntN(len(c.Caller))
			piece := c.Caller[from:min(from+rng.IntN(9000), len(c.Caller))]
			switch rng.IntN(4) {
			case 0:
				piece = voice(string(rune('a' + rng.IntN(26))))[:rng.IntN(700)]
			case 1:
				piece = piece[:len(piece)/20]
			}
			audio = append(audio, piece...)
		}
		_, words := listen(lib, &hearings{count: map[place]int{}}, audio)
		end := 0
		for _, result := range words {
			for _, w := range result {
				if w.from < end || w.to > len(audio) || w.from >= w.to {
					t.Fatalf("word %q at [%d, %d) after %d of %d", w.text, w.from, w.to, end, len(audio))
				}
				end = w.to
			}
		}
	})
}

func BenchmarkListen(b *testing.B) {
	list := make([]said, 60)
	for i := range list {
		list[i] = said{time.Second, strings.Repeat("word ", 6) + strings.Repeat("x", i)}
	}
	c := call("long", list...)
	c.Caller = c.Caller[:min(len(c.Caller), 300*byteRate)]
	noise := make([]byte, 300*byteRate)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(rng.UintN(256))
	}
	lib, _ := taught(c)
	for name, audio := range map[string][]byte{"speech": c.Caller, "unknown": noise, "silence": silence(5 * time.Minute)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(audio)))
			for b.Loop() {
				listen(lib, &hearings{count: map[place]int{}}, audio)
			}
		})
	}
}
