package dlq

import (
	"context"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// Redrive sends the items of a plan back, in stages. Each message goes to the retry topic first, and is noted on
// calls.dead-letters once that is acknowledged: what an interrupt or a crash leaves unsent is still open, and what it
// leaves unnoted is found in the retry topic by the next run, which does not send it again.
//
// The end of ctx is no error: the result says so. tell hears of each step.
func (q *Queue) Redrive(ctx context.Context, b *Book, p *Plan, o Options, tell func(Progress)) (Result, error) {
	m := &mail{q: q, book: b, lanes: map[lane]*laneLog{}, from: map[int]int64{}}
	for part, next := range b.next {
		m.from[part] = next
	}
	if err := m.prepare(ctx, p.Items); err != nil {
		if ctx.Err() != nil {
			err = nil
		}
		return Result{Selected: len(p.Items), Left: len(p.Items), Stopped: "it was stopped before anything was sent", Failures: []Failure{}, Delays: []Delay{}}, err
	}
	s := &stages{post: m, Options: o, items: p.Items, tell: tell}
	return s.run(ctx)
}

// mail is Kafka as the post: it sends to retry topics, and reads there, and among the dead letters, what becomes of it.
type mail struct {
	q     *Queue
	book  *Book
	lanes map[lane]*laneLog
	// from is where the dead letters ended when the redrive began, by partition.
	from map[int]int64
	last time.Time // order given last
}

// lane is one partition of a retry topic.
type lane struct {
	group, topic string
	partition    int
}

func laneOf(it *Item) lane { return lane{it.Letter.Group, it.Topic, it.Partition} }

// laneLog is what is known of a lane.
type laneLog struct {
	begin     int64 // its end when the redrive began
	next      int64 // where reading goes on
	committed int64 // the group's offset
	// copies are the records that stand for a dead letter's message, by its id, in order: the one that was sent, and each
	// that the group has parked again since.
	copies map[string][]parkedCopy
	// done are messages that the group is through with though its offset can't say so yet.
	done map[parkedID]bool
}

type parkedCopy struct {
	offset int64
	consume.Parked
}

// parkedID is what a group's own mark in a retry topic names.
type parkedID struct{ origin, order int64 }

// skew is how far clocks may be apart.
const skew = time.Hour

// prepare reads the lanes from the time on at which the first of their letters was given up.
func (m *mail) prepare(ctx context.Context, items []Item) error {
	since := map[lane]time.Time{}
	for i := range items {
		ln := laneOf(&items[i])
		if at, there := since[ln]; !there || items[i].Letter.At.Before(at) {
			since[ln] = items[i].Letter.At
		}
	}
	for ln, at := range since {
		next, err := m.q.conn.OffsetAt(ctx, ln.topic, ln.partition, at.Add(-skew))
		if err != nil {
			return fmt.Errorf("looking for what was sent before: %w", err)
		}
		m.lanes[ln] = &laneLog{next: next, committed: -1, copies: map[string][]parkedCopy{}, done: map[parkedID]bool{}}
	}
	if err := m.look(ctx); err != nil {
		return err
	}
	for _, log := range m.lanes {
		log.begin = log.next
	}
	return nil
}

// send implements post.
func (m *mail) send(ctx context.Context, it *Item) (before bool, err error) {
	id := it.Letter.ID
	if !it.Again && len(m.lanes[laneOf(it)].copies[id.String()]) > 0 {
		return true, m.q.mark(ctx, it.Letter, deadletter.Redriven, "sent before, and not noted then")
	}
	r, err := m.q.record(ctx, id)
	if err != nil {
		return false, err
	}
	if r.Value, err = m.q.value(ctx, it.Letter, r); err != nil {
		return false, err
	}
	if m.last = m.last.Add(1); time.Now().After(m.last) {
		m.last = time.Now()
	}
	if err := m.q.prod.Publish(ctx, consume.Redrive(r, it.Partition, it.Origin, m.last)); err != nil {
		return false, fmt.Errorf("sending dead letter %s to %s: %w", id, it.Topic, err)
	}
	return false, m.q.mark(ctx, it.Letter, deadletter.Redriven, "")
}

// look implements post. The order of what is read matters: a group parks a message again, or leaves a dead letter of it,
// before it says that it is through with it. So its word is read first, and what it may have left after that.
func (m *mail) look(ctx context.Context) error {
	if err := m.offsets(ctx); err != nil {
		return err
	}
	for ln, log := range m.lanes {
		err := m.q.conn.ReadRange(ctx, ln.topic, ln.partition, log.next, -1, func(r broker.Record) error {
			log.next = r.Offset + 1
			is := consume.ReadParked(&r)
			if is.Done {
				log.done[parkedID{is.Origin, is.Order}] = true
			} else if id := deadletter.Get(r.Headers, deadletter.HeaderRedriven); id != "" {
				log.copies[id] = append(log.copies[id], parkedCopy{r.Offset, is})
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading %s: %w", ln.topic, err)
		}
	}
	return m.book.refresh(ctx)
}

// offsets asks how far the groups are.
func (m *mail) offsets(ctx context.Context) error {
	ask := map[string]map[string][]int{}
	for ln := range m.lanes {
		if ask[ln.group] == nil {
			ask[ln.group] = map[string][]int{}
		}
		ask[ln.group][ln.topic] = append(ask[ln.group][ln.topic], ln.partition)
	}
	for group, topics := range ask {
		committed, err := m.q.conn.Committed(ctx, group, topics)
		if err != nil {
			return err //nolint:wrapcheck // it says what it asked
		}
		for topic, parts := range committed {
			for p, offset := range parts {
				m.lanes[lane{group, topic, p}].committed = offset
			}
		}
	}
	return nil
}

// fate implements post.
func (m *mail) fate(it *Item) Fate {
	id := it.Letter.ID.String()
	for _, child := range m.book.children[id] {
		if !it.Again || child.ID.Offset >= m.from[child.ID.Partition] {
			return Fate{State: Failed, Code: child.Code, Letter: child.ID}
		}
	}
	log := m.lanes[laneOf(it)]
	copies := log.copies[id]
	if len(copies) == 0 || it.Again && copies[len(copies)-1].offset < log.begin {
		return Fate{}
	}
	c := copies[len(copies)-1]
	if log.committed > c.offset || log.done[parkedID{c.Origin, c.Order}] {
		return Fate{State: Done}
	}
	return Fate{Attempts: c.Attempts, Code: c.Code}
}

// settled implements post.
func (m *mail) settled(it *Item) string {
	if it.Again {
		return ""
	}
	return it.Letter.settled()
}
