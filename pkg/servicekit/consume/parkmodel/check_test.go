package parkmodel

import (
	"fmt"
	"hash/maphash"
	"os"
	"strings"
	"testing"
	"time"
)

// trail is how a state was reached.
type trail struct {
	from uint64
	label
}

// walk goes through every state that can be reached, nearest first, and tells how the first wrong one comes about.
// States are known by a hash of 64 bits: among ten million the odds that two are taken for one are 1 to 300,000.
func walk(from state, r rules) (states int, wrong string) {
	seed := maphash.MakeSeed()
	var buf []byte
	hash := func(s *state) uint64 {
		buf = s.encoded(buf[:0])
		return maphash.Bytes(seed, buf)
	}
	seen := map[uint64]trail{hash(&from): {}}
	for level := []state{from}; len(level) > 0 && wrong == ""; {
		var next []state
		for i := range level {
			s := &level[i]
			id := hash(s)
			resting := true
			s.steps(r, func(progress bool, l label, change func(*state) string) {
				resting = resting && !progress
				n := *s
				if bad := change(&n); bad != "" && wrong == "" {
					wrong = tell(seen, id, l.String()+": "+bad)
				}
				n.commit()
				to := hash(&n)
				if _, known := seen[to]; !known {
					seen[to] = trail{id, l}
					next = append(next, n)
				}
			})
			if resting && wrong == "" {
				if bad := s.rest(); bad != "" {
					wrong = tell(seen, id, bad)
				}
			}
		}
		level = next
	}
	return len(seen), wrong
}

// tell is how a wrong state comes about, step by step.
func tell(seen map[uint64]trail, id uint64, wrong string) string {
	out := wrong
	for t := seen[id]; t.text != ""; t = seen[t.from] {
		out = t.String() + "\n\t" + out
	}
	return "\n\t" + out
}

// worlds are what is gone through: every state of each.
var worlds = []struct {
	size
	budget
	large bool // takes from ten seconds to minutes, and gigabytes; FRONTDESK_MODEL=large asks for these, too
}{
	{size{messages: 3, keys: 1}, budget{fails: 1, takeovers: 1}, false},
	{size{messages: 2, keys: 1, batches: true}, budget{fails: 1, takeovers: 1, doubles: 1, flushes: 1}, false},
	{size{messages: 3, keys: 2, batches: true}, budget{fails: 1, takeovers: 1}, false},
	{size{messages: 3, keys: 1, batches: true}, budget{fails: 1, takeovers: 1, flushes: 1}, true},
	{size{messages: 4, keys: 2, batches: true}, budget{fails: 1, takeovers: 1}, true},
	{size{messages: 3, keys: 1, batches: true}, budget{fails: 1, takeovers: 1, doubles: 1}, true},
	{size{messages: 3, keys: 1, batches: true}, budget{fails: 2, takeovers: 1}, true},
	{size{messages: 3, keys: 1}, budget{fails: 1, takeovers: 2}, true},
	{size{messages: 6, keys: 2, batches: true}, budget{fails: 1, takeovers: 1}, true},
}

func TestThePromiseHoldsInEveryState(t *testing.T) {
	for _, w := range worlds {
		t.Run(fmt.Sprintf("%+v with %+v", w.size, w.budget), func(t *testing.T) {
			if w.large && os.Getenv("FRONTDESK_MODEL") != "large" {
				t.Log("not gone through: it is a large one")
				return
			}
			began := time.Now()
			n, wrong := walk(begin(w.size, w.budget), all)
			if wrong != "" {
				t.Error(wrong)
			}
			t.Logf("%d states in %s", n, time.Since(began).Round(10*time.Millisecond))
		})
	}
}

// TestEveryRuleIsNeeded: without any one of them something goes wrong, and it is found.
func TestEveryRuleIsNeeded(t *testing.T) {
	one, two := size{messages: 1, keys: 1}, size{messages: 2, keys: 1}
	for name, c := range map[string]struct {
		without func(*rules)
		size
		budget
		want string
	}{
		"a later message does not follow a parked one":           {func(r *rules) { r.follow = false }, two, budget{fails: 1}, "overtaken"},
		"complete before the parked copy is acknowledged":        {func(r *rules) { r.ackedFirst = false }, one, budget{fails: 1, takeovers: 1}, "lost"},
		"a parked message is complete when it is fetched":        {func(r *rules) { r.handledFirst = false }, one, budget{fails: 1, takeovers: 1}, "lost"},
		"the first fetch is before the reading back":             {func(r *rules) { r.readBack = false }, two, budget{fails: 1, takeovers: 1}, "overtaken"},
		"copies of a key are published side by side":             {func(r *rules) { r.inTurn = false }, two, budget{fails: 1, takeovers: 1}, "overtaken"},
		"the time of parking decides, and not the topic's order": {func(r *rules) { r.byOffset = false }, two, budget{fails: 2, takeovers: 1}, "overtaken"},
		"a second copy waits for ever":                           {func(r *rules) { r.secondCopies = false }, one, budget{fails: 1, takeovers: 1, doubles: 1}, "stuck"},
		"done before the effect":                                 {func(r *rules) { r.effectFirst = false }, one, budget{takeovers: 1}, "lost"},
		"what another owner is at counts as done":                {func(r *rules) { r.busyWaits = false }, one, budget{takeovers: 1}, "lost"},
	} {
		t.Run(name, func(t *testing.T) {
			r := all
			c.without(&r)
			n, wrong := walk(begin(c.size, c.budget), r)
			if !strings.Contains(wrong, c.want) {
				t.Errorf("nothing of %q was found in %d states:%s", c.want, n, wrong)
			}
			t.Logf("after %d states:%s", n, wrong)
		})
	}
}
