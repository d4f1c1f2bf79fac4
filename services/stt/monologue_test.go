package stt_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// monologue is a call whose caller speaks for so long without a pause, while the agent says nothing.
func monologue(name, to string, length time.Duration) *calls.Call {
	c := &calls.Call{Name: name, From: "+14155559998", To: to}
	rng := rand.New(rand.NewPCG(4, 4))
	var words []string
	letters := 0
	for n := 0; time.Duration(letters+20)*millisPerLetter*time.Millisecond < length; n++ {
		w := strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(6)) + string(rune('a'+n%26))
		words = append(words, w)
		letters += len(w) + 1
	}
	for range 8 * millisPerLetter * letters {
		c.Caller = append(c.Caller, byte(rng.UintN(0x60)))
	}
	c.Script = []calls.Utterance{{Track: calls.TrackCaller, Text: strings.Join(words, " "), End: clock(len(c.Caller))}}
	c.Caller = append(c.Caller, bytes.Repeat([]byte{silence}, 8000)...)
	c.AgentAudio = bytes.Repeat([]byte{silence}, len(c.Caller))
	return c
}

// TestMonologue: somebody speaks for two minutes without a pause, at the smallest bounds that are allowed, beside calls in the
// same partition. Nothing stands still, since finals are made where there are none, and no word is torn or lost by that.
func TestMonologue(t *testing.T) {
	t.Parallel()
	r := newRig(t, 4)
	c := monologue("monologue", "+14155550100", 2*time.Minute)
	r.add(c)
	for n := 0; len(r.calls) < 4; n++ {
		other := &calls.Call{Name: fmt.Sprintf("beside-%d", n)}
		if partitionOf(other) == partitionOf(c) {
			r.add(talk(other.Name, "+13125550100", uint64(n), 2*time.Minute, time.Second))
		}
	}
	cfg := r.config()
	cfg.Consume.MaxTaken, cfg.Consume.MaxTakenBytes = 200, 512<<10
	cfg.Consume.MaxProcess, cfg.Consume.MaxProcessBytes = 200, 512<<10
	cfg.Hearing.Relief = 20 * time.Second // at four times the speed of life, on a machine that has other things to do
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	smaller := cfg
	smaller.Consume.MaxTaken--
	if smaller.Validate() == nil {
		t.Error("these are not the smallest bounds")
	}
	r.start(cfg)
	began := time.Now()
	r.playAll()()
	played := time.Now()
	got := r.transcripts(60 * time.Second)
	r.same(got)
	r.committed()
	r.noDeadLetters()
	if late := time.Since(played); late > 10*time.Second {
		t.Errorf("the calls were complete %s after their end", late)
	}
	for _, call := range r.calls {
		still := r.stillness(call, began)
		t.Logf("%s: %s without a word", call.Name, still.Round(10*time.Millisecond))
		if still > 10*time.Second {
			t.Errorf("%s stood still for %s", call.Name, still)
		}
	}
	if n := r.sessions(); n <= 2*len(r.calls) {
		t.Errorf("only %d streams: no final was forced, which shows nothing", n)
	} else {
		t.Logf("%d streams", n)
	}
}
