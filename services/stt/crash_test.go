package stt_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// seedEnv names a seed to crash by; without it each run takes another.
const seedEnv = "FRONTDESK_TEST_SEED"

func seed(t *testing.T) uint64 {
	t.Helper()
	n := rand.Uint64N(1 << 32)
	if told := os.Getenv(seedEnv); told != "" {
		var err error
		if n, err = strconv.ParseUint(told, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedEnv, err)
		}
	}
	t.Logf("%s=%d", seedEnv, n)
	return n
}

// crash is one kill -9 at one step of one process, as the broker sees it: the broker kills the process while it holds its
// request.
type crash struct {
	r *rig
	// procs by their names at the broker.
	mu    sync.Mutex
	procs map[string]*process
	// skip is how many requests of the kind are let through before.
	skip int
	died chan string
}

// victim is the owner of a partition, or the client itself, and kills it, once the time has come. The process is dead when it
// returns true.
func (c *crash) kill(client string) bool {
	c.mu.Lock()
	p := c.procs[client]
	if p == nil || len(c.died) > 0 {
		c.mu.Unlock()
		return false
	}
	if c.skip--; c.skip >= 0 {
		c.mu.Unlock()
		return false
	}
	c.mu.Unlock()
	p.kill()
	c.died <- client
	return true
}

var errCut = errors.New("the connection is cut")

// publishing crashes who publishes on calls.transcripts something that holds these bytes; landed tells whether it stands all the same.
func (c *crash) publishing(holds string, landed bool) {
	fake := c.r.cluster.Kafka.Fake
	fake.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		in, _ := req.(*kmsg.ProduceRequest)
		for _, t := range in.Topics {
			for _, p := range t.Partitions {
				if t.Topic == events.Transcripts.Name && bytes.Contains(p.Records, []byte(holds)) && c.kill(c.r.owner(p.Partition)) && !landed {
					return nil, errCut, true
				}
			}
		}
		return nil, nil, false
	})
}

// committing crashes who commits; landed tells whether the commit stands all the same.
func (c *crash) committing(landed bool) {
	fake := c.r.cluster.Kafka.Fake
	fake.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		in, _ := req.(*kmsg.OffsetCommitRequest)
		for _, t := range in.Topics {
			for _, p := range t.Partitions {
				// The first commits are of the beginnings, before anything was heard.
				if t.Topic == events.Media.Name && p.Offset > 20 && c.kill(c.r.owner(p.Partition)) && !landed {
					return nil, errCut, true
				}
			}
		}
		return nil, nil, false
	})
}

// readingBack crashes who reads the past of a partition that it has just been given.
func (c *crash) readingBack() {
	fake := c.r.cluster.Kafka.Fake
	fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		in, _ := req.(*kmsg.FetchRequest)
		for _, t := range in.Topics {
			for _, p := range t.Partitions {
				if t.Topic == events.Lifecycle.Name && c.kill(c.r.owner(p.Partition)) {
					return nil, errCut, true
				}
			}
		}
		return nil, nil, false
	})
}

// owner is the client that has a partition.
func (r *rig) owner(partition int32) string {
	r.signals.mu.Lock()
	defer r.signals.mu.Unlock()
	var latest int32
	for g := range r.signals.owners {
		latest = max(latest, g)
	}
	return r.signals.owners[latest][partition]
}

// TestCrashAtEveryStep kills one of two processes at a step of its work, and lets a third take its place. Recognising again
// moves the boundaries; each word is there once all the same.
func TestCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		most int // requests of the kind that may pass before
		arm  func(*crash)
	}{
		"before a segment is published":           {12, func(c *crash) { c.publishing(events.KindTranscriptSegment.String(), false) }},
		"published, not acknowledged":             {12, func(c *crash) { c.publishing(events.KindTranscriptSegment.String(), true) }},
		"acknowledged, before the commit":         {12, func(c *crash) { c.committing(false) }},
		"after the commit":                        {12, func(c *crash) { c.committing(true) }},
		"before a stream's completion":            {2, func(c *crash) { c.publishing(events.KindTranscriptCompleted.String(), false) }},
		"the completion stands, not acknowledged": {2, func(c *crash) { c.publishing(events.KindTranscriptCompleted.String(), true) }},
		"while it reads back":                     {4, (*crash).readingBack},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := seed(t)
			rng := rand.New(rand.NewPCG(seed, 5))
			r := newRig(t, 4)
			r.converse(seed, 1, 20*time.Second)
			k := &crash{r: r, skip: rng.IntN(c.most), procs: map[string]*process{}, died: make(chan string, 1)}
			spawned := func(client string) *process {
				s := r.settings()
				s.Client, s.Session = client, 2*time.Second
				p := spawn(t, s)
				k.mu.Lock()
				defer k.mu.Unlock()
				k.procs[client] = p
				return p
			}
			spawned("one")
			spawned("two")
			r.settled("one", "two")
			wait := r.playAll()
			r.underWay(1)
			c.arm(k)
			rest := []string{"one", "two", "three"}
			if name == "while it reads back" {
				spawned("three") // so that there is something to take over
				rest = append(rest, "four")
			}
			select {
			case <-k.died:
			case <-time.After(30 * time.Second):
				t.Fatal("nobody came to this step")
			}
			spawned(rest[len(rest)-1])
			wait()
			got := r.transcripts(60 * time.Second)
			r.same(got)
			r.committed()
			r.noDeadLetters()
			for call, tr := range got {
				if tr.closings > 2 {
					t.Errorf("%s was completed %d times", call, tr.closings)
				}
			}
		})
	}
}
