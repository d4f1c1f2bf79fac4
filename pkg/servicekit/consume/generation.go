package consume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// generation is what a member does between two rebalances.
type generation struct {
	c          *Consumer
	kafka      *kafka.Generation
	partitions map[int]*partition

	// ending is closed when the generation is over, for the group or for us: fetching stops, nothing new is begun.
	ending <-chan struct{}
	// fetching ends with it.
	fetching context.Context
	// ctx is the handlers': it ends when the drain time is over.
	ctx context.Context
	// open is set when handlers may run.
	open atomic.Bool
	// working counts key workers and publishes.
	working  tally
	outlets  outlets
	fetchers sync.WaitGroup
}

// cutGrace is what a handler has to return after its context has ended.
const cutGrace = 250 * time.Millisecond

// generation owns everything of one generation and returns last. gctx ends with the generation, ctx never.
func (c *Consumer) generation(ctx, gctx context.Context, gen *kafka.Generation) {
	life, over := context.WithCancel(gctx)
	defer over()
	g := &generation{c: c, kafka: gen, partitions: map[int]*partition{}, ending: life.Done()}
	var stopFetching, cut context.CancelFunc
	g.fetching, stopFetching = context.WithCancel(ctx)
	defer stopFetching()
	defer context.AfterFunc(life, stopFetching)()
	g.ctx, cut = context.WithCancel(ctx)
	defer cut()

	c.metrics.generations.Add(ctx, 1, c.metrics.group)
	defer g.end()
	a, err := g.prepare()
	if err != nil {
		if !g.ended() {
			c.tel.Log.Error("a partition assignment cannot be taken up; it is tried again", "group", c.cfg.Group, "error", err)
			pause(g.ending, time.Second)
		}
		return
	}
	c.balancer.own(gen.ID, a.Partitions)
	c.setCurrent(g)
	defer c.setCurrent(nil)
	if c.hooks.Assigned != nil {
		if err := c.hooks.Assigned(g.fetching, a); err != nil { //nolint:contextcheck // fetching ends with gctx
			if !g.ended() {
				c.tel.Log.Error("a partition assignment was not accepted; it is tried again", "group", c.cfg.Group, "error", err)
				pause(g.ending, time.Second)
			}
			return
		}
	}
	c.tel.Log.Info("partitions assigned", "group", c.cfg.Group, "generation", gen.ID, "partitions", a.Partitions)
	c.ready.Store(true)
	g.start()
	g.commitUntilEnded()
	over() // kafka-go notices a dead coordinator at the next heartbeat only; the drain must not fetch until then
	g.drain(cut)
	if c.hooks.Revoked != nil {
		c.hooks.Revoked(a)
	}
}

func (g *generation) ended() bool {
	select {
	case <-g.ending:
		return true
	default:
		return false
	}
}

// prepare finds out where each partition begins and what is parked in it.
func (g *generation) prepare() (*Assignment, error) {
	a := &Assignment{Committed: map[string]map[int]int64{}}
	for _, assigned := range g.kafka.Assignments {
		for _, p := range assigned {
			if g.partitions[p.ID] == nil {
				g.partitions[p.ID] = newPartition(g, p.ID)
				a.Partitions = append(a.Partitions, p.ID)
			}
		}
	}
	slices.Sort(a.Partitions)
	a.Do = func(partition int, key []byte, fn func(ctx context.Context)) {
		p := g.partitions[partition]
		if p == nil {
			return
		}
		p.mu.Lock()
		defer p.unlock()
		p.enqueue(string(key), job{fn: fn})
	}
	for _, id := range a.Partitions {
		for _, s := range g.partitions[id].sources {
			if err := g.begin(s); err != nil {
				return nil, fmt.Errorf("partition %d of %s: %w", id, s.topic, err)
			}
			if s.retry {
				continue
			}
			if a.Committed[s.topic] == nil {
				a.Committed[s.topic] = map[int]int64{}
			}
			a.Committed[s.topic][id] = s.offsets.next
		}
	}
	return a, nil
}

// begin sets where a source starts, and reads back what is parked in a retry topic.
func (g *generation) begin(s *source) error {
	from := kafka.FirstOffset
	for _, p := range g.kafka.Assignments[s.topic] {
		if p.ID == s.p.id {
			from = p.Offset
		}
	}
	first, end, err := g.c.conn.Offsets(g.fetching, s.topic, s.p.id)
	if err != nil {
		return err //nolint:wrapcheck // prepare says of what
	}
	s.offsets.next, s.offsets.committed, s.offsets.high = from, from, end
	if from < 0 {
		// The group has never committed here. The position is committed before anything is handled:
		// otherwise a group that starts from now would start from a later now after a crash.
		s.offsets.next = first
		if g.c.cfg.FromNow && !s.retry {
			s.offsets.next = end
		}
	}
	if !s.retry {
		return nil
	}
	err = g.c.conn.ReadRange(g.fetching, s.topic, s.p.id, s.offsets.next, end, func(r broker.Record) error {
		s.seen(&r)
		return nil
	})
	s.skip(end, end)
	return err //nolint:wrapcheck // prepare says of what
}

// start lets handlers run and fetching begin.
func (g *generation) start() {
	// A refusal shows again at the next commit, which says so.
	_ = g.commit()
	g.open.Store(true)
	for _, p := range g.partitions {
		p.start()
		for _, s := range p.sources {
			g.fetchers.Go(s.fetch)
		}
	}
}

// commitUntilEnded commits what is complete, and watches for stuck handlers, until the generation ends.
func (g *generation) commitUntilEnded() {
	tick := time.NewTicker(g.c.cfg.CommitEvery)
	defer tick.Stop()
	t := trouble{log: g.c.tel.Log, since: time.Now()}
	for {
		select {
		case <-g.ending:
			return
		case <-tick.C:
		}
		g.watch()
		err := g.commit()
		var refused kafka.Error
		switch {
		case err == nil:
			t.over()
		case !errors.As(err, &refused):
			// The connection to the coordinator is gone, and with it the heartbeat: only a new generation
			// gets a new one.
			g.c.tel.Log.Warn("the group's coordinator is out of reach; the generation ends", "group", g.c.cfg.Group, "error", err)
			return
		case refused != kafka.RebalanceInProgress:
			t.happened("a commit was refused; it is tried again", "group", g.c.cfg.Group, err)
		}
	}
}

// commit tells the coordinator what is complete.
func (g *generation) commit() error {
	marks := map[string]map[int]int64{}
	for _, p := range g.partitions {
		p.marks(marks)
	}
	if len(marks) == 0 {
		return nil
	}
	if err := g.kafka.CommitOffsets(marks); err != nil {
		g.c.metrics.commitErrors.Add(g.ctx, 1, g.c.metrics.group)
		return fmt.Errorf("committing offsets: %w", err)
	}
	for _, p := range g.partitions {
		p.committed(marks)
	}
	return nil
}

// drain lets what runs come to its end, cuts off what does not, and commits a last time: the coordinator
// still takes it, for the member has not rejoined.
func (g *generation) drain(cut context.CancelFunc) {
	t := time.NewTimer(g.c.cfg.Drain)
	defer t.Stop()
	select {
	case <-g.working.zero():
	case <-t.C:
		cut()
		t.Reset(cutGrace)
		select {
		case <-g.working.zero():
		case <-t.C:
			g.c.tel.Log.Warn("handlers outstayed the drain; their messages go to the next owner", "group", g.c.cfg.Group)
		}
	}
	g.fetchers.Wait()
	g.end()
	if err := g.commit(); err != nil {
		g.c.tel.Log.Warn("the last commit of a generation failed; what it covers is handled again", "group", g.c.cfg.Group, "error", err)
	}
}

// end makes completions void from now on.
func (g *generation) end() {
	for _, p := range g.partitions {
		p.end()
	}
}

// admit waits until w has room for a message, telling the service that fetching has paused for it. False
// means that the generation ended first.
func (g *generation) admit(w *window, size int) bool {
	for {
		wait, closed := w.take(size)
		if wait == nil {
			return true
		}
		if closed {
			g.c.metrics.pauses.Add(g.ctx, 1, g.c.metrics.group)
		}
		if !g.wait(wait, closed) {
			return false
		}
	}
}

// wait waits for a window to open; whoever closed it calls Hooks.Bound, and again while it lasts: at the first
// call, what filled the window may still be on its way to the handler.
func (g *generation) wait(opened <-chan struct{}, closed bool) bool {
	for again := 50 * time.Millisecond; ; again = min(2*again, time.Second) {
		if closed && g.c.hooks.Bound != nil {
			g.c.hooks.Bound()
		}
		t := time.NewTimer(again)
		select {
		case <-opened:
			t.Stop()
			return true
		case <-g.ending:
			t.Stop()
			return false
		case <-t.C:
		}
	}
}

// publish sends msg and stays at it: done gets an error only when the drain is over, or when no topic will
// ever take the message. It doesn't block: what to publish is often decided in a callback of the producer.
func (g *generation) publish(msg produce.Message, done func(error)) {
	g.working.add()
	g.outlets.put(msg.Topic, func() {
		g.send(msg, func(err error) {
			done(err)
			g.working.done()
		}, 0)
	})
}

func (g *generation) send(msg produce.Message, done func(error), failed int) {
	// The context has no span: the message keeps the traceparent that it came with.
	g.c.prod.Send(g.ctx, msg, func(err error) {
		if err == nil || g.ctx.Err() != nil || retry.IsPermanent(err) {
			done(err)
			return
		}
		if failed%30 == 0 {
			g.c.tel.Log.Error("a failed message can be neither parked nor dead-lettered; it stays taken, and it is tried again",
				"to", msg.Topic, "error", err)
		}
		go func() {
			pause(g.ctx.Done(), time.Second)
			g.send(msg, done, failed+1)
		}()
	})
}

func (c *Consumer) setCurrent(g *generation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = g
}
