package dlq

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// State is what has become of a dead letter.
type State string

// The states.
const (
	Open     State = "open"     // nobody has done anything about it
	Redriven State = "redriven" // it was sent back; should it have failed again, that is another dead letter
	Dropped  State = "dropped"  // somebody has said that it won't be sent back
)

// Letter is one dead letter, without its value.
type Letter struct {
	ID deadletter.ID
	deadletter.Letter
	// Tenant, Kind and EventID are from the original's headers; empty if it had none.
	Tenant, Kind, EventID string
	// At is when it was given up.
	At time.Time
	// Bytes of its value, wherever that stands.
	Bytes int
	State State
	Marks []deadletter.Mark

	key string
}

// Book is what stands on calls.dead-letters.
type Book struct {
	q *Queue
	// next is, by partition, where reading goes on; partitions that don't matter are not in it.
	next    map[int]int64
	letters map[deadletter.ID]*Letter
	// children are, by the id of a dead letter, those that came of sending it back.
	children map[string][]*Letter
}

// Read reads what was given up since a time, the zero time for everything kept, with all that was done about it. With ids
// it reads from these on in their partitions, and nothing of others.
func (q *Queue) Read(ctx context.Context, since time.Time, ids ...deadletter.ID) (*Book, error) {
	b := &Book{q: q, next: map[int]int64{}, letters: map[deadletter.ID]*Letter{}, children: map[string][]*Letter{}}
	for _, id := range ids {
		if id.Partition >= q.counts[events.DeadLetters.Name] {
			return nil, fmt.Errorf("there is no dead letter %s: %s has %d partitions", id, events.DeadLetters.Name, q.counts[events.DeadLetters.Name])
		}
		if at, there := b.next[id.Partition]; !there || id.Offset < at {
			b.next[id.Partition] = id.Offset
		}
	}
	for p := range q.counts[events.DeadLetters.Name] {
		if len(ids) > 0 {
			break
		}
		b.next[p] = 0
		if !since.IsZero() {
			at, err := q.conn.OffsetAt(ctx, events.DeadLetters.Name, p, since)
			if err != nil {
				return nil, fmt.Errorf("reading dead letters: %w", err)
			}
			b.next[p] = at
		}
	}
	return b, b.refresh(ctx)
}

// refresh reads what has come since.
func (b *Book) refresh(ctx context.Context) error {
	for p, from := range b.next {
		err := b.q.conn.ReadRange(ctx, events.DeadLetters.Name, p, from, -1, func(r broker.Record) error {
			b.add(&r)
			b.next[p] = r.Offset + 1
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading dead letters: %w", err)
		}
	}
	return nil
}

func (b *Book) add(r *broker.Record) {
	if deadletter.IsMark(r.Headers) {
		m := deadletter.ReadMark(r.Headers)
		id, err := deadletter.ParseID(m.About)
		if l := b.letters[id]; err == nil && l != nil {
			l.Marks = append(l.Marks, m)
			l.settle(m.What)
		}
		return
	}
	l := &Letter{
		ID: deadletter.ID{Partition: r.Partition, Offset: r.Offset}, Letter: deadletter.Read(r.Headers), key: string(r.Key), State: Open,
		Tenant: deadletter.Get(r.Headers, events.HeaderTenant), Kind: deadletter.Get(r.Headers, events.HeaderKind),
		EventID: deadletter.Get(r.Headers, events.HeaderEventID), Bytes: len(r.Value), At: r.Time,
	}
	if l.Omitted >= 0 {
		l.Bytes = l.Omitted
	}
	if !l.FailedAt.IsZero() {
		l.At = l.FailedAt
	}
	b.letters[l.ID] = l
	if l.Letter.Redriven == "" {
		return
	}
	b.children[l.Letter.Redriven] = append(b.children[l.Letter.Redriven], l)
	// It came back and failed again: so it was sent, though a crash has kept that from being noted.
	if id, err := deadletter.ParseID(l.Letter.Redriven); err == nil && b.letters[id] != nil && b.letters[id].State == Open {
		b.letters[id].settle(deadletter.Redriven)
	}
}

func (l *Letter) settle(what string) {
	switch what {
	case deadletter.Redriven:
		l.State = Redriven
	case deadletter.Dropped:
		l.State = Dropped
	}
}

// lastMark is the last of a kind; the zero Mark if there is none.
func (l *Letter) lastMark(what string) deadletter.Mark {
	for _, m := range slices.Backward(l.Marks) {
		if m.What == what {
			return m
		}
	}
	return deadletter.Mark{}
}

// settled says in words who has settled a letter; "" if it is open.
func (l *Letter) settled() string {
	if l.State == Open {
		return ""
	}
	m := l.lastMark(string(l.State))
	if m.By == "" {
		return "it was " + string(l.State) + " before"
	}
	words := fmt.Sprintf("it was %s by %s at %s", l.State, m.By, m.At.UTC().Format(time.RFC3339))
	if m.Why != "" {
		words += " (" + m.Why + ")"
	}
	return words
}

// Filter chooses dead letters; what is left at zero chooses all.
type Filter struct {
	IDs                                      []deadletter.ID
	Service, Code, Field, Dependency, Tenant string
	// Since and Until bound the time at which it was given up.
	Since, Until time.Time
	// Settled chooses those that are redriven or dropped, too.
	Settled bool
}

// Narrow tells whether anything but a time or state is asked for.
func (f *Filter) Narrow() bool {
	return len(f.IDs) > 0 || f.Service+f.Code+f.Field+f.Dependency+f.Tenant != "" || !f.Since.IsZero() || !f.Until.IsZero()
}

func (f *Filter) match(l *Letter) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	return (len(f.IDs) == 0 || slices.Contains(f.IDs, l.ID)) && (f.Settled || l.State == Open) &&
		is(f.Service, l.Group) && is(f.Code, l.Code) && is(f.Field, l.Field) && is(f.Dependency, l.Dependency) && is(f.Tenant, l.Tenant) &&
		!l.At.Before(f.Since) && (f.Until.IsZero() || l.At.Before(f.Until))
}

// Select returns the letters that f chooses, oldest first; those of one partition, and so of one call, in the order in
// which they were given up.
func (b *Book) Select(f Filter) []*Letter {
	var all []*Letter
	for _, l := range b.letters {
		if f.match(l) {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(x, y *Letter) int { return x.ID.Compare(y.ID) })
	// Clocks of several machines: within a partition time must not go back.
	at := make(map[deadletter.ID]time.Time, len(all))
	latest := map[int]time.Time{}
	for _, l := range all {
		if p := l.ID.Partition; l.At.After(latest[p]) {
			latest[p] = l.At
		}
		at[l.ID] = latest[l.ID.Partition]
	}
	slices.SortStableFunc(all, func(x, y *Letter) int { return at[x.ID].Compare(at[y.ID]) })
	return all
}

// Missing are the ids among f's that no dead letter has.
func (b *Book) Missing(f Filter) []deadletter.ID {
	return slices.DeleteFunc(slices.Clone(f.IDs), func(id deadletter.ID) bool { return b.letters[id] != nil })
}
