package consume

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Config bounds the consumer. Zero values stand for the defaults.
type Config struct {
	// Group is the consumer group, and part of the retry topics' names.
	Group string `koanf:"group"`
	// Topics are read, and their retry topics with them; all exist, with one partition count.
	Topics []string `koanf:"-"`
	// DeadLetters is the topic for what cannot be handled. It should take larger messages than Topics do,
	// for the reason is added to the headers.
	DeadLetters string `koanf:"-"`
	// Concurrency bounds handlers running at once in this process; default 64.
	Concurrency int `koanf:"concurrency"`
	// MaxTaken and MaxTakenBytes bound, per partition, what is taken and not complete; default 1,000
	// messages and 8 MiB.
	MaxTaken      int `koanf:"max_taken"`
	MaxTakenBytes int `koanf:"max_taken_bytes"`
	// MaxProcess and MaxProcessBytes bound the same for all partitions together; default 20,000 messages
	// and 64 MiB.
	MaxProcess      int `koanf:"max_process"`
	MaxProcessBytes int `koanf:"max_process_bytes"`
	// Drain is how long handlers may run on when a partition is lost or the process stops; default 2.5 s, at
	// most half a session, or the commit at its end would be refused.
	Drain time.Duration `koanf:"drain"`
	// Detached is how long Run stays after leaving the group for handlers and Go functions that outlived
	// the drain; default 20 s.
	Detached time.Duration `koanf:"detached"`
	// FromNow starts a group that has never committed at the end instead of the beginning.
	FromNow bool `koanf:"from_now"`
	// Park is how failed keys wait.
	Park Park `koanf:"park"`
	// Untraced are values of the event-kind header that get no span of their own (a frame of audio); their
	// context still carries the call's trace.
	Untraced []string `koanf:"-"`
	// StuckAfter is when the watchdog reports a handler; default 5 minutes.
	StuckAfter time.Duration `koanf:"stuck_after"`
	// CommitEvery is the pause between commits; default 200 ms.
	CommitEvery time.Duration `koanf:"commit_every"`
	// Session, Heartbeat and Rebalance are the group's times, JoinBackoff the pause before joining again
	// after a failure; defaults 8 s (a broker's least is 6 s), 1 s, 10 s and 250 ms.
	Session     time.Duration `koanf:"session"`
	Heartbeat   time.Duration `koanf:"heartbeat"`
	Rebalance   time.Duration `koanf:"rebalance"`
	JoinBackoff time.Duration `koanf:"join_backoff"`
}

// Park is how failed keys wait. Zero values stand for the defaults.
type Park struct {
	// Initial and Max bound the pause before a parked message is tried again; it doubles each round and
	// varies by a fifth. Default 5 s and 5 minutes.
	Initial time.Duration `koanf:"initial"`
	Max     time.Duration `koanf:"max"`
	// Rounds and Age are when a parked message becomes a dead letter; default 500 rounds and 12 hours. Age
	// must be well under the retention of the retry topics, or messages vanish there.
	Rounds int           `koanf:"rounds"`
	Age    time.Duration `koanf:"age"`
	// Messages bounds what is parked per partition; default 50,000. At the bound a message that should be
	// parked stays taken instead, and the fetch pauses before long.
	Messages int `koanf:"messages"`
}

// RetryTopic is where messages of topic are parked for group.
func RetryTopic(topic, group string) string { return topic + "." + group + ".retry" }

// Validate reports every fault of the settings in c, with what is left out at its default. Topics and DeadLetters are
// no settings but the service's own; [New] checks them too.
func (c Config) Validate() error { return c.withDefaults().faults() }

// withDefaults fills what is left out.
func (c Config) withDefaults() Config {
	number := func(p *int, d int) {
		if *p == 0 {
			*p = d
		}
	}
	span := func(p *time.Duration, d time.Duration) {
		if *p == 0 {
			*p = d
		}
	}
	number(&c.Concurrency, 64)
	number(&c.MaxTaken, 1000)
	number(&c.MaxTakenBytes, 8<<20)
	number(&c.MaxProcess, 20_000)
	number(&c.MaxProcessBytes, 64<<20)
	number(&c.Park.Rounds, 500)
	number(&c.Park.Messages, 50_000)
	span(&c.Park.Initial, 5*time.Second)
	span(&c.Park.Max, 5*time.Minute)
	span(&c.Park.Age, 12*time.Hour)
	span(&c.Drain, 2500*time.Millisecond)
	span(&c.Detached, 20*time.Second)
	span(&c.StuckAfter, 5*time.Minute)
	span(&c.CommitEvery, 200*time.Millisecond)
	span(&c.Session, 8*time.Second)
	span(&c.Heartbeat, time.Second)
	span(&c.Rebalance, 10*time.Second)
	span(&c.JoinBackoff, 250*time.Millisecond)
	return c
}

// faults collects what is wrong, each with its key.
type faults []error

func (f *faults) add(is bool, format string, args ...any) {
	if is {
		*f = append(*f, fmt.Errorf("consume."+format, args...))
	}
}

// topicFaults are those of what the service itself sets.
func (c Config) topicFaults() error {
	var f faults
	f.add(len(c.Topics) == 0, "topics: name at least one topic")
	f.add(len(slices.Compact(slices.Sorted(slices.Values(c.Topics)))) != len(c.Topics), "topics: a topic is named twice")
	f.add(c.DeadLetters == "", "dead_letters: name the topic for what cannot be handled")
	f.add(slices.Contains(c.Topics, c.DeadLetters), "dead_letters: %s is read by the group itself", c.DeadLetters)
	return errors.Join(f...)
}

func (c Config) faults() error {
	var f faults
	f.add(c.Group == "", "group: name the consumer group")
	for _, n := range []struct {
		name string
		n    int
	}{
		{"concurrency", c.Concurrency}, {"max_taken", c.MaxTaken}, {"max_taken_bytes", c.MaxTakenBytes},
		{"max_process", c.MaxProcess}, {"max_process_bytes", c.MaxProcessBytes},
		{"park.rounds", c.Park.Rounds}, {"park.messages", c.Park.Messages},
	} {
		f.add(n.n < 0, "%s: %d is not positive", n.name, n.n)
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{
		{"drain", c.Drain}, {"detached", c.Detached}, {"stuck_after", c.StuckAfter}, {"commit_every", c.CommitEvery},
		{"session", c.Session}, {"heartbeat", c.Heartbeat}, {"rebalance", c.Rebalance}, {"join_backoff", c.JoinBackoff},
		{"park.initial", c.Park.Initial}, {"park.max", c.Park.Max}, {"park.age", c.Park.Age},
	} {
		f.add(d.d < 0, "%s: %s is not positive", d.name, d.d)
	}
	f.add(c.Drain > c.Session/2, "drain: %s is more than half of session %s; the last commit would be refused", c.Drain, c.Session)
	f.add(c.Heartbeat > c.Session/3, "heartbeat: %s is more than a third of session %s", c.Heartbeat, c.Session)
	return errors.Join(f...)
}
