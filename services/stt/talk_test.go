package stt_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// silence is mu-law's.
const silence = 0xFF

// millisPerLetter is how long the sound of a letter lasts.
const millisPerLetter = 60

// talk is a call of two parties who speak at the same time for its whole length, with pauses of up to so long: noise for
// words, each as long as its letters.
func talk(name, to string, seed uint64, length, pause time.Duration) *calls.Call {
	c := &calls.Call{Name: name, From: "+14155559999", To: to}
	c.Caller = speak(c, calls.TrackCaller, rand.New(rand.NewPCG(seed, 1)), length, pause)
	c.AgentAudio = speak(c, calls.TrackAgent, rand.New(rand.NewPCG(seed, 2)), length, pause)
	return c
}

func speak(c *calls.Call, track string, rng *rand.Rand, length, pause time.Duration) []byte {
	var audio []byte
	quiet := func(d time.Duration) {
		audio = append(audio, bytes.Repeat([]byte{silence}, int(d/time.Millisecond)*8)...)
	}
	for n := 0; ; n++ {
		words := make([]string, 2+rng.IntN(8))
		for i := range words {
			words[i] = strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(6)) + string(rune('a'+n%26))
		}
		text := strings.Join(words, " ")
		rest, start, sound := 200*time.Millisecond+time.Duration(rng.Int64N(int64(pause))), len(audio), 8*millisPerLetter*(len(text)+1)
		if len(audio)+sound+8*int((rest+time.Second)/time.Millisecond) > 8*int(length/time.Millisecond) {
			break
		}
		for range sound {
			audio = append(audio, byte(rng.UintN(0x60)))
		}
		c.Script = append(c.Script, calls.Utterance{Track: track, Text: text, Start: clock(start), End: clock(len(audio))})
		quiet(rest)
	}
	quiet(length - time.Duration(len(audio)/8)*time.Millisecond)
	return audio
}

// clock is when in a call a byte of its audio is heard.
func clock(bytes int) calls.Duration {
	return calls.Duration(time.Duration(bytes) * time.Millisecond / 8)
}

// partitionOf is where a call's messages go.
func partitionOf(c *calls.Call) int32 {
	return int32(kafka.Murmur2Balancer{Consistent: true}.Balance(kafka.Message{Key: []byte(id(c))}, 0, 1, 2, 3))
}

// converse adds calls that last so long to what the rig plays, so many for each partition.
func (r *rig) converse(seed uint64, each int, length time.Duration) {
	r.t.Helper()
	of := map[int32]int{}
	for n := 0; len(of) < 4 || r.short(of, each); n++ {
		c := &calls.Call{Name: fmt.Sprintf("talk-%d", n)}
		if p := partitionOf(c); of[p] < each {
			of[p]++
			r.add(talk(c.Name, "+14155550100", seed*1000+uint64(n), length, time.Second))
		}
	}
}

func (r *rig) short(of map[int32]int, each int) bool {
	for _, n := range of {
		if n < each {
			return true
		}
	}
	return false
}

// add makes a call known to the recogniser and one of those that are played.
func (r *rig) add(c *calls.Call) {
	r.calls = append(r.calls, c)
	r.speech.Learn([]*calls.Call{c})
}
