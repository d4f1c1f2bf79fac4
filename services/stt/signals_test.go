package stt_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
)

// signals tell tests that something has happened, so that none asks again and again, or sleeps.
type signals struct {
	mu      sync.Mutex
	changed chan struct{}
	// heard is calls.transcripts, each partition in its order.
	heard []broker.Record
	// members of the group, by generation.
	members map[int32]map[string]bool
	// owners of the partitions of calls.media, by generation: the client of each.
	owners map[int32]map[int32]string
}

// happens notes something under the lock, and wakes whoever waits.
func (s *signals) happens(note func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	note()
	close(s.changed)
	s.changed = make(chan struct{})
}

// until waits for ok, which is asked whenever something has happened; false after so long.
func (s *signals) until(within time.Duration, ok func() bool) bool {
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if ok() {
			return true
		}
		select {
		case <-changed:
		case <-late.C:
			return false
		}
	}
}

// transcripts is what has been heard so far.
func (s *signals) transcripts() []broker.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

// most is how many members the group has had at once.
func (s *signals) most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.members {
		n = max(n, len(m))
	}
	return n
}

// settled waits until a generation of so many members shares the partitions, and returns who has which.
func (r *rig) settled(clients ...string) (generation int32, owners map[int32]string) {
	r.t.Helper()
	ok := r.signals.until(60*time.Second, func() bool {
		r.signals.mu.Lock()
		defer r.signals.mu.Unlock()
		generation, owners = 0, nil
		for g := range r.signals.owners {
			generation = max(generation, g)
		}
		owners = r.signals.owners[generation]
		have := map[string]bool{}
		for _, c := range owners {
			have[c] = true
		}
		return len(have) == len(clients) && !slices.ContainsFunc(clients, func(c string) bool { return !have[c] }) &&
			len(r.signals.members[generation]) == len(clients)
	})
	if !ok {
		r.t.Fatalf("the group never came to be shared by %v: %v", clients, owners)
	}
	return generation, maps.Clone(owners)
}

// shares reads who was given which partitions, out of what the leader of the group tells the broker.
func shares(in *kmsg.SyncGroupRequest) map[int32]string {
	owners := map[int32]string{}
	for _, a := range in.GroupAssignment {
		var m kmsg.ConsumerMemberAssignment
		if err := m.ReadFrom(a.MemberAssignment); err != nil {
			continue
		}
		client, _, _ := strings.Cut(a.MemberID, "-")
		for _, t := range m.Topics {
			if t.Topic != events.Media.Name {
				continue
			}
			for _, p := range t.Partitions {
				owners[p] = client
			}
		}
	}
	return owners
}

// listen begins to follow calls.transcripts, the group's members and its commits, until the test ends.
func (r *rig) listen() {
	r.signals = &signals{changed: make(chan struct{}), members: map[int32]map[string]bool{}, owners: map[int32]map[int32]string{}}
	fake := r.cluster.Kafka.Fake
	fake.ControlKey(int16(kmsg.OffsetCommit), func(kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		r.signals.happens(func() {}) // it takes effect before whatever is asked after it
		return nil, nil, false
	})
	fake.ControlKey(int16(kmsg.SyncGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		in, _ := req.(*kmsg.SyncGroupRequest)
		r.signals.happens(func() {
			if r.signals.members[in.Generation] == nil {
				r.signals.members[in.Generation] = map[string]bool{}
			}
			r.signals.members[in.Generation][in.MemberID] = true
			if len(in.GroupAssignment) > 0 {
				r.signals.owners[in.Generation] = shares(in)
			}
		})
		return nil, nil, false
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	var following sync.WaitGroup
	for p := range 4 {
		following.Go(func() { r.follow(ctx, p) })
	}
	r.t.Cleanup(func() { cancel(); following.Wait() })
}

// follow reads a partition of calls.transcripts; the broker answers when there is something.
func (r *rig) follow(ctx context.Context, partition int) {
	for at := int64(0); ctx.Err() == nil; {
		got, err := r.conn.Fetch(ctx, events.Transcripts.Name, partition, at, 1<<20, 5*time.Second)
		if err != nil {
			if ctx.Err() == nil {
				r.t.Errorf("following calls.transcripts: %v", err)
			}
			return
		}
		if at = got.Next; len(got.Records) > 0 {
			r.signals.happens(func() { r.signals.heard = append(r.signals.heard, got.Records...) })
		}
	}
}

// underWay waits until so many segments of every call stand on calls.transcripts.
func (r *rig) underWay(segments int) {
	r.t.Helper()
	ok := r.signals.until(60*time.Second, func() bool {
		n := map[string]int{}
		for _, rec := range r.signals.transcripts() {
			n[string(rec.Key)]++
		}
		for _, c := range r.calls {
			if n[id(c)] < segments {
				return false
			}
		}
		return true
	})
	if !ok {
		r.t.Fatalf("no %d segments of every call in a minute", segments)
	}
}

// joined waits until so many members share the group.
func (r *rig) joined(members int) {
	r.t.Helper()
	if !r.signals.until(60*time.Second, func() bool { return r.signals.most() >= members }) {
		r.t.Fatalf("no %d members in one generation of the group in a minute", members)
	}
}
