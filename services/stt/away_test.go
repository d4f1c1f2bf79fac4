package stt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/googlespeech"
)

// word is one word of a script, by call time.
type word struct {
	text     string
	from, to int64
}

// spoken are the words of a call of [talk], each as long as its letters.
func spoken(c *calls.Call, p events.Party) (words []word) {
	for _, u := range c.Script {
		if (u.Track == calls.TrackCaller) != (p == events.Party_PARTY_CALLER) {
			continue
		}
		at := callOffset + u.Start.Std().Milliseconds()
		for _, text := range strings.Fields(u.Text) {
			to := at + millisPerLetter*int64(len(text)+1)
			words = append(words, word{text, at, to})
			at = to
		}
	}
	return words
}

// outside checks that of a call every word that no declared gap touches is there, in order and once, and nothing else; it returns
// how long the gaps are.
func (r *rig) outside(c *calls.Call, tr *transcript) (missing time.Duration) {
	r.t.Helper()
	for _, p := range []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT} {
		var want []string
		rest := tr.words[p]
		for _, w := range spoken(c, p) {
			gone := lost(w, p, tr.completed.GetGaps())
			heard := len(rest) > 0 && rest[0] == w.text
			if gone == 0 || heard && gone <= grazed {
				want = append(want, w.text)
				rest = rest[min(1, len(rest)):]
			}
		}
		if got := strings.Join(tr.words[p], " "); got != strings.Join(want, " ") {
			r.t.Errorf("%s, %v, gaps %v:\n got %s\nwant %s", c.Name, p, tr.completed.GetGaps(), got, strings.Join(want, " "))
		}
	}
	for _, g := range tr.completed.GetGaps() {
		missing += time.Duration(g.GetEndMs()-g.GetStartMs()) * time.Millisecond
	}
	return missing
}

// grazed is how many milliseconds of a word may be missing so that it is recognised all the same.
const grazed = 10

// lost is how many milliseconds of a word lie in gaps.
func lost(w word, p events.Party, gaps []*events.MediaGap) (millis int64) {
	for _, g := range gaps {
		if g.GetParty() == p || g.GetParty() == events.Party_PARTY_UNSPECIFIED {
			millis += max(0, min(w.to, g.GetEndMs())-max(w.from, g.GetStartMs()))
		}
	}
	return millis
}

// TestOneTenantsRecogniserIsAway takes one tenant's recogniser away in the middle of calls, at the smallest bounds. The calls of another
// tenant in the same partitions don't notice; the tenant's own audio is kept as far as the bounds allow, and what is given up is a gap.
func TestOneTenantsRecogniserIsAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault fault.Settings
		lasts time.Duration
		// first tells that it is so from the beginning: streams that run are not concerned.
		first bool
		taken int
		whole bool
	}{
		"down for a moment": {fault.Settings{Outage: true}, 2 * time.Second, false, 4000, true},
		"down for longer":   {fault.Settings{Outage: true}, 12 * time.Second, false, 400, false},
		"out of quota": {
			fault.Settings{Errors: []fault.Share{{Code: "RESOURCE_EXHAUSTED", Share: 1, Operation: "StreamingRecognize"}}}, 12 * time.Second, true, 400, false,
		},
		"streams break": {
			fault.Settings{Errors: []fault.Share{{Code: "UNAVAILABLE", Share: 1, Operation: "mid-stream"}}}, 2 * time.Second, true, 4000, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, 2)
			poor, err := googlespeech.Start(t.Context(), googlespeech.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = poor.Close() })
			r.hearBy(func(file string) string {
				if file == "globex.yaml" {
					return poor.Addr()
				}
				return r.speech.Addr()
			})
			r.converse(7, 1, 60*time.Second)
			well := len(r.calls)
			for i, c := range r.calls[:well] {
				other := talk(c.Name+"-x", "+13125550100", 70+uint64(i), 60*time.Second, time.Second)
				r.add(other)
				poor.Learn([]*calls.Call{other})
			}
			cfg := r.config()
			cfg.Consume.MaxTaken, cfg.Consume.MaxTakenBytes = c.taken, 2500*c.taken
			_, stop := r.start(cfg)
			if c.first {
				poor.Faults().Set(c.fault)
			}
			wait := r.playAll()
			if !c.first {
				r.underWay(2)
			}
			began := time.Now()
			asked := len(poor.Sessions())
			poor.Faults().Set(c.fault)
			<-time.After(c.lasts)
			asked = len(poor.Sessions()) - asked
			poor.Faults().Set(fault.Settings{})
			wait()
			got := r.transcripts(60 * time.Second)
			r.committed()
			r.noDeadLetters()
			for i, call := range r.calls {
				tr := got[id(call)]
				missing := r.outside(call, tr)
				still := r.stillness(call, began)
				t.Logf("%s: %s never heard, %s without a word, %v", call.Name, missing, still.Round(10*time.Millisecond), tr.completed.GetOutcome())
				switch ours := i < well; {
				case !ours && !c.whole && missing == 0:
					t.Errorf("%s has no gap: nothing was shown", call.Name)
				case (ours || c.whole) && missing > 0:
					t.Errorf("%s has gaps: %v", call.Name, tr.completed.GetGaps())
				case ours && still > 7*time.Second:
					t.Errorf("%s, of the tenant whose recogniser is well, stood still for %s", call.Name, still)
				}
			}
			if n := r.sessions(); n != 2*well {
				t.Errorf("%d streams at the recogniser that is well, want %d", n, 2*well)
			}
			t.Logf("%d streams asked for meanwhile", asked)
			stop()
			if most := 10 * (len(r.calls) - well); asked > most {
				t.Errorf("%d streams were asked for while the recogniser was away, want no more than %d", asked, most)
			}
		})
	}
}
