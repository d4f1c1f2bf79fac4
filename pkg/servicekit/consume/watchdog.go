package consume

import "time"

// watch reports handlers that have been at a message for longer than Config.StuckAfter, once each. Kafka has
// no such limit for members that heartbeat: without it a stuck handler would go unnoticed until its key is
// missed.
func (g *generation) watch() {
	now := time.Now()
	for _, p := range g.partitions {
		p.mu.Lock()
		for _, q := range p.keys {
			since := q.since
			if since.IsZero() || q.warned {
				continue
			}
			if rested := time.Unix(0, q.hand.rested.Load()); rested.After(since) {
				since = rested // it stood at a gate, which says so itself
			}
			if now.Sub(since) < g.c.cfg.StuckAfter {
				continue
			}
			q.warned = true
			args := []any{"group", g.c.cfg.Group, "partition", p.id, "for", now.Sub(since).Round(time.Second)}
			if q.now != nil {
				args = append(args, "topic", q.now.Topic, "offset", q.now.Offset)
			}
			g.c.tel.Log.Error("a handler is stuck: its key waits, and the partition's offset with it", args...)
		}
		p.mu.Unlock()
	}
}
