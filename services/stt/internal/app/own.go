package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Assigned takes partitions over, and lets go for good of those that are another process's now. next is, per
// partition, the offset of calls.media at which messages will begin; do runs a function in the queue of a key.
func (a *App) Assigned(ctx context.Context, next map[int]int64, do func(partition int, key []byte, fn func(ctx context.Context))) error {
	a.disown(next)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for n, offset := range next {
		g.Go(func() error {
			past, err := a.log.Partition(gctx, n, offset)
			if err != nil {
				return fmt.Errorf("reading back partition %d: %w", n, err)
			}
			a.own(n, offset, past, func(key []byte, fn func(ctx context.Context)) { do(n, key, fn) })
			return nil
		})
	}
	err := g.Wait()
	if err != nil {
		// Nothing will come of these, and the next owner may be another process.
		a.Revoked(slices.Collect(maps.Keys(next)))
	}
	return err //nolint:wrapcheck // wrapped above
}

// disown ends the sessions of partitions that are not among those assigned: whoever has them now hears their calls from
// the log, and a session that is given nothing more is only paid for.
func (a *App) disown(assigned map[int]int64) {
	a.mu.Lock()
	var gone []*part
	for n, p := range a.parts {
		if _, ours := assigned[n]; !ours {
			gone = append(gone, p)
		}
	}
	a.mu.Unlock()
	for _, p := range gone {
		for _, c := range p.all() {
			c.drop()
			p.forget(c)
		}
	}
}

func (a *App) own(n int, next int64, past *Past, do func(key []byte, fn func(ctx context.Context))) {
	a.mu.Lock()
	p := a.parts[n]
	if p == nil {
		p = &part{app: a, n: n, calls: map[name]*call{}}
		a.parts[n] = p
	}
	a.mu.Unlock()
	p.mu.Lock()
	// Messages that never came here were handled by somebody else, and so was what followed from them.
	elsewhere := next > p.handled+1
	p.owned, p.do, p.past, p.handled = true, do, past, next-1
	p.mu.Unlock()
	for _, c := range p.all() {
		if elsewhere || !c.adopt(past.of(c.name)) {
			c.drop()
			p.forget(c)
		}
	}
	for _, id := range past.unfinished() {
		p.mu.Lock()
		c, had := p.calls[id]
		if !had {
			c = newCall(p, id)
			p.calls[id] = c
		}
		pc := past.take(id)
		p.mu.Unlock()
		c.restore(pc)
	}
}

// Revoked lets partitions go. Their sessions are kept alive until the next assignment, for a while at most: most rebalances
// give a process its partitions back.
func (a *App) Revoked(partitions []int) {
	for _, n := range partitions {
		p := a.part(n)
		if p == nil {
			continue
		}
		p.mu.Lock()
		p.owned, p.do = false, nil
		p.mu.Unlock()
		for _, c := range p.all() {
			c.suspend()
		}
	}
}

// suspend stops publishing and forgets completions: the messages come again, here or elsewhere.
func (c *call) suspend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.suspended {
		return
	}
	c.suspended = true
	for _, s := range c.streams {
		s.holds, s.closes, s.before = nil, nil, nil
		for _, t := range s.tracks {
			t.ledger.orphan()
		}
	}
	c.keepsake = time.AfterFunc(c.app.cfg.Keepsake, func() {
		if c.expired() {
			c.part.forget(c)
		}
	})
}

func (c *call) expired() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.suspended {
		return false
	}
	c.end()
	return true
}

// adopt goes on with what was suspended, unless the log shows that another process has told more.
func (c *call) adopt(p *pastCall) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return false
	}
	for id, s := range c.streams {
		ps := p.stream(id)
		if ps == nil {
			continue
		}
		if ps.completed != nil && !s.over() {
			return false
		}
		for party, told := range ps.told {
			if t := s.track(party); told > max(t.mark, t.posted) {
				return false
			}
		}
	}
	if c.keepsake != nil {
		c.keepsake.Stop()
	}
	c.suspended = false
	c.send()
	for _, s := range c.streams {
		if s.state == open {
			s.alive()
			s.watch()
		}
	}
	return true
}

// drop ends the call's sessions: somebody else hears it, or nobody does.
func (c *call) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
}

func (c *call) end() {
	if c.gone {
		return
	}
	c.gone = true
	if c.keepsake != nil {
		c.keepsake.Stop()
	}
	for _, s := range c.streams {
		if s.state != completed {
			s.forget()
		}
		for _, t := range s.tracks {
			t.leave()
			t.absent = nil
			c.app.weigh(t)
		}
	}
}
