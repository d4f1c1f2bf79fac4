package twilio

import (
	"sync"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// TestLegsAreAskedForWhileTheyRing: the REST API reads a leg when it likes. The race detector watches; it sees the two
// only where the reader comes first, so they meet often.
func TestLegsAreAskedForWhileTheyRing(t *testing.T) {
	const line = "+14155550100"
	c, err := Start(t.Context(), Config{Speed: 1000, Accounts: []Account{{
		SID: "AC00000000000000000000000000000001", AuthTokens: []string{"token"},
		Numbers: []Number{{PhoneNumber: line, VoiceURL: "http://127.0.0.1:1/voice"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for range 300 {
		l, err := c.begin(placement{call: &calls.Call{Name: "x", To: line}, speed: 1000, st: c.stats})
		if err != nil {
			t.Fatal(err)
		}
		l.ctx = t.Context()
		legs := []*leg{l.newLeg("+14155550198", line), l.newLeg("+14155550199", line)}
		var both sync.WaitGroup
		both.Go(func() { l.resources() })
		both.Go(func() {
			if answered, err := l.ringOut(legs, time.Second); !answered || err != nil {
				t.Errorf("answered %t, %v", answered, err)
			}
		})
		both.Wait()
		if legs[0].began.IsZero() || legs[0].status != StatusInProgress || legs[1].status != StatusCanceled {
			t.Errorf("legs %s, %s", legs[0].status, legs[1].status)
		}
		c.lives.Done()
	}
}
