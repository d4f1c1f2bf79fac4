package consume

import (
	"context"
	"time"
)

// keyQueue is what waits for one key, from all topics of the partition, and its worker while there is work.
// It is guarded by its partition's mutex.
type keyQueue struct {
	key     string
	jobs    []job
	working bool

	// since is when the handler under way was called; zero between handlers.
	since  time.Time
	now    *delivery // what it has; nil for a timer
	warned bool
	hand   *hand // of the worker
	// ended tells that a handler which outstayed its generation has returned.
	ended func()
}

// job is a message or a function, in the order in which they came.
type job struct {
	d  *delivery
	fn func(ctx context.Context)
}

// enqueue adds a job to its key's queue. Called with p.mu held.
func (p *partition) enqueue(key string, j job) {
	if p.over {
		return
	}
	q := p.queue(key)
	q.jobs = append(q.jobs, j)
	p.wake(q)
}

func (p *partition) queue(key string) *keyQueue {
	q := p.keys[key]
	if q == nil {
		q = &keyQueue{key: key}
		p.keys[key] = q
	}
	return q
}

// wake sees to it that somebody works on q. Called with p.mu held. The worker runs under the generation's
// context, whoever woke it.
//
//nolint:contextcheck // for that reason
func (p *partition) wake(q *keyQueue) {
	if q.working || !p.gen.open.Load() || p.gen.ended() {
		return
	}
	q.working = true
	p.gen.working.add()
	p.c.crew.run(func() { p.work(q) })
}

// work handles a key's jobs one by one until there is nothing to do for now. A job is chosen only when there
// is a slot for it, so that what is due first is decided at the last moment.
func (p *partition) work(q *keyQueue) {
	defer p.gen.working.done()
	if old := p.c.lingers.of(p.id, q.key); old != nil {
		select {
		case <-old:
		case <-p.gen.ending:
		}
	}
	s := &slot{of: p.c.slots}
	defer s.give()
	h := &hand{c: p.c, ending: p.gen.ending, slot: s}
	p.mu.Lock()
	q.hand = h
	p.mu.Unlock()
	ctx := context.WithValue(p.gen.ctx, handKey{}, h)
	for {
		if shut := p.c.hooks.Gate.shut(); shut != nil && h.rest(shut) {
			continue // it may have been shut again
		}
		s.take(p.gen.ending)
		switch next, j, entries := p.choose(q); next {
		case nothing:
			return
		case runJob:
			p.run(ctx, q, j)
		case runParked:
			p.runParked(ctx, q, entries)
		}
		s.give()
	}
}

// start lets the queues run that were filled, and the parked keys that were read back, before the first fetch.
func (p *partition) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.keys {
		p.wake(q)
	}
	for _, pk := range p.parked.keys {
		p.parked.schedule(pk)
	}
}

type choice int

const (
	nothing choice = iota
	runJob
	runParked
)

// choose picks what the key does next. While any message of the key is parked, its parked messages go first;
// new ones follow them to the retry topic while the head waits for its time, and are held while the parked
// ones are being worked off, or a steady stream would keep the key parked for ever. While the key has a dead letter
// on its way, none of its messages is handled: after a crash that one would come again, and behind them.
func (p *partition) choose(q *keyQueue) (choice, job, []*entry) {
	p.mu.Lock()
	defer p.unlock()
	for {
		if p.gen.ended() {
			return p.rest(q)
		}
		held := p.burying[q.key] > 0
		state, entries := free, []*entry(nil)
		if !held {
			state, entries = p.parked.next(q.key)
		}
		if state == due {
			return runParked, job{}, entries
		}
		if len(q.jobs) == 0 {
			return p.rest(q)
		}
		j := q.jobs[0]
		if (held || state == loading) && j.d != nil {
			return p.rest(q) // woken when the dead letter stands, or the parked one has been read
		}
		q.jobs[0] = job{}
		q.jobs = q.jobs[1:]
		if state == waiting && j.d != nil {
			p.parked.follow(j.d)
			continue
		}
		return runJob, j, nil
	}
}

// hold keeps a key's messages back until release is called as often. Called with p.mu held.
func (p *partition) hold(key string) { p.burying[key]++ }

// release lets the key go on.
func (p *partition) release(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.burying[key]--; p.burying[key] > 0 {
		return
	}
	delete(p.burying, key)
	if !p.over {
		p.wake(p.queue(key))
	}
}

// rest ends the worker. Called with p.mu held.
func (p *partition) rest(q *keyQueue) (choice, job, []*entry) {
	q.working = false
	if len(q.jobs) == 0 || p.gen.ended() {
		delete(p.keys, q.key)
	}
	return nothing, job{}, nil
}

// run calls the handler, or the function, and notes how long it is at it.
func (p *partition) run(ctx context.Context, q *keyQueue, j job) {
	began := time.Now()
	p.mu.Lock()
	q.since, q.now, q.warned = began, j.d, false
	p.mu.Unlock()
	if j.d == nil {
		p.c.call(ctx, j.fn)
	} else {
		p.c.handler(ctx, &j.d.Message, j.d.complete)
	}
	p.mu.Lock()
	q.since, q.now = time.Time{}, nil
	ended := q.ended
	q.ended = nil
	p.mu.Unlock()
	if ended != nil {
		ended()
	}
}
