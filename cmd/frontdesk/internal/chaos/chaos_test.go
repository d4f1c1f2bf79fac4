package chaos

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/witness"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

func TestFaults(t *testing.T) {
	names := map[string]bool{}
	for _, f := range Faults() {
		if names[f.Name()] {
			t.Errorf("two faults are called %q", f.Name())
		}
		names[f.Name()] = true
	}
	if len(names) < 40 {
		t.Errorf("%d faults", len(names))
	}
	if got := len(Important()); got != len(important) {
		t.Errorf("%d important faults are there, of %d names", got, len(important))
	}
}

func TestSchedule(t *testing.T) {
	for seed := range uint64(50) {
		plan := Schedule(seed, Faults(), 40)
		if !slices.Equal(texts(plan), texts(Schedule(seed, Faults(), 40))) {
			t.Fatalf("seed %d: two schedules", seed)
		}
		names, over, overlaps := map[string]int{}, map[string]time.Duration{}, 0
		for i, p := range plan {
			names[p.Fault.Name()]++
			if p.At < over[p.Fault.Part()] {
				t.Errorf("seed %d: %s at %v, and its part is free at %v", seed, p.Fault.Name(), p.At, over[p.Fault.Part()])
			}
			over[p.Fault.Part()] = p.At + p.Hold
			if i > 0 && p.At < plan[i-1].At {
				t.Errorf("seed %d: out of order", seed)
			}
			if i > 0 && p.At < plan[i-1].At+plan[i-1].Hold {
				overlaps++
			}
		}
		for name, n := range names {
			if n > 1 {
				t.Errorf("seed %d: %s %d times, and others never", seed, name, n)
			}
		}
		if overlaps == 0 {
			t.Errorf("seed %d: none begins before another is over", seed)
		}
	}
	if slices.Equal(texts(Schedule(1, Faults(), 40)), texts(Schedule(2, Faults(), 40))) {
		t.Error("two seeds make one schedule")
	}
}

func texts(plan []Planned) []string {
	out := make([]string, len(plan))
	for i, p := range plan {
		out[i] = p.String()
	}
	return out
}

// TestStall: one partition, seconds from a beginning.
func TestStall(t *testing.T) {
	zero := time.Unix(1_000_000, 0)
	at := func(s int) time.Time { return zero.Add(time.Duration(s) * time.Second) }
	for _, tt := range []struct {
		name    string
		stage   string
		outputs []int
		waits   [][2]int // since, until; -1 for never
		from    int
		to      int
		want    int
	}{
		{"stt, between two outputs", stageSTT, []int{1, 2, 9, 10}, nil, 0, 11, 7},
		{"stt, from the fault on", stageSTT, []int{1, 9, 10}, nil, 5, 11, 4},
		{"stt, not ended yet", stageSTT, []int{1, 2}, nil, 0, 11, 9},
		{"stt, what is after the time is no matter", stageSTT, []int{1, 2, 30}, nil, 0, 4, 2},
		{"inference with nothing to do", stageInference, []int{1, 9}, nil, 0, 11, 0},
		{"inference, a call waited all the while", stageInference, []int{1, 9}, [][2]int{{0, 9}}, 0, 11, 8},
		{"inference, a call waited from the middle", stageInference, []int{1, 9}, [][2]int{{6, 9}}, 0, 11, 3},
		{"inference, one that was done before does not wait", stageInference, []int{1, 9}, [][2]int{{0, 1}}, 0, 11, 1},
		{"inference, one that waits for ever", stageInference, []int{1}, [][2]int{{2, -1}}, 0, 11, 9},
		{"inference, others go on", stageInference, []int{3, 5, 7, 9, 11}, [][2]int{{2, -1}}, 0, 11, 2},
	} {
		tl := newTimeline(nil, 1)
		for _, s := range tt.outputs {
			tl.out(tt.stage, 0, at(s))
		}
		for i, w := range tt.waits {
			call := string(rune('a' + i))
			tl.enters(tt.stage, call, 0, at(w[0]))
			if w[1] >= 0 {
				tl.leaves(tt.stage, call, 0, at(w[1]))
			}
		}
		if got, _ := tl.stall(tt.stage, at(tt.from), at(tt.to)); got != time.Duration(tt.want)*time.Second {
			t.Errorf("%s: %v, want %d s", tt.name, got, tt.want)
		}
	}
}

func TestWithin(t *testing.T) {
	gaps := []*events.MediaGap{{StartMs: 5000, EndMs: 6000}}
	for _, tt := range []struct{ from, to, want time.Duration }{
		{0, 4 * time.Second, 0},
		{0, 5 * time.Second, margin},
		{4 * time.Second, 8 * time.Second, time.Second + 2*margin},
		{5500 * time.Millisecond, 5700 * time.Millisecond, 200 * time.Millisecond},
	} {
		if got := within(gaps, tt.from, tt.to); got != tt.want {
			t.Errorf("%v to %v: %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	fine := func() Round {
		return Round{
			Bound: seconds(5 * time.Second), Recovered: seconds(4 * time.Second), gap: time.Second, expects: []string{"speech.refused"},
			Tally: Tally{LongestGap: seconds(time.Second), Repeats: 3, DeadLetters: []string{"CA1: stt gave up: speech.refused"}},
		}
	}
	for name, spoil := range map[string]func(*Round){
		"":             func(*Round) {},
		"lost":         func(r *Round) { r.Lost = []witness.Fault{{Call: "CA1"}} },
		"doubled":      func(r *Round) { r.Doubled = []witness.Fault{{Call: "CA1"}} },
		"out of order": func(r *Round) { r.OutOfOrder = []witness.Fault{{Call: "CA1"}} },
		"otherwise":    func(r *Round) { r.Otherwise = []witness.Fault{{Call: "CA1"}} },
		"words":        func(r *Round) { r.Wordless = []witness.Fault{{Call: "CA1"}} },
		"dead letter":  func(r *Round) { r.DeadLetters = append(r.DeadLetters, "CA1: crm-writer gave up") },
		"2 calls":      func(r *Round) { r.Unstreamed = 2 },
		"a gap":        func(r *Round) { r.LongestGap = seconds(2 * time.Second) },
		"without": func(r *Round) {
			r.Recovered, r.Stalls = seconds(6*time.Second), map[string]seconds{stageSTT: seconds(6 * time.Second)}
		},
	} {
		r := fine()
		spoil(&r)
		r.verdict()
		if name == "" && len(r.Violations) != 0 || name != "" && (len(r.Violations) != 1 || !strings.HasPrefix(r.Violations[0], name)) {
			t.Errorf("%q: %q", name, r.Violations)
		}
	}
}

// TestSeams: a word may be torn where a stream broke and the next began at once, nowhere else.
func TestSeams(t *testing.T) {
	broke := &twilio.Fault{Code: 31903}
	for name, c := range map[string]struct {
		streams []twilio.StreamResult
		want    string
	}{
		"at once":         {[]twilio.StreamResult{{Messages: 900, Error: broke}, {From: 9020 * time.Millisecond}}, "18036 to 18056"},
		"after a hole":    {[]twilio.StreamResult{{Messages: 900, Error: broke}, {From: 9200 * time.Millisecond}}, ""},
		"after a stop":    {[]twilio.StreamResult{{Messages: 900}, {From: 9020 * time.Millisecond}}, ""},
		"the only stream": {[]twilio.StreamResult{{Messages: 900, Error: broke}}, ""},
	} {
		var got string
		for _, g := range seams(c.streams, 9036*time.Millisecond) {
			got += fmt.Sprintf("%d to %d", g.GetStartMs(), g.GetEndMs())
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
