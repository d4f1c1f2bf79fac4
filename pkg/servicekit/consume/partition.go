package consume

import (
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
)

// partition is one partition number during one generation: what was taken of all its topics and is not
// complete, the key queues, and the parked keys.
type partition struct {
	c   *Consumer
	gen *generation
	id  int

	sources []*source // the group's topics, then their retry topics in the same order
	window  *window

	mu     sync.Mutex
	keys   map[string]*keyQueue
	parked parked
	// burying counts the dead letters of each key that are on their way.
	burying map[string]int
	over    bool // the last commit is made: completions no longer count
	// outbox is what the holder of mu wants done without it; unlock does it.
	outbox []func()
}

// unlock releases mu and then does what was left in the outbox. It doesn't block.
func (p *partition) unlock() {
	out := p.outbox
	p.outbox = nil
	p.mu.Unlock()
	for _, f := range out {
		f()
	}
}

// source is one topic of a partition.
type source struct {
	p     *partition
	topic string
	// origin is the topic itself, or the one whose parked messages it holds.
	origin string
	retry  bool
	// sibling holds the parked messages of this topic, or is the topic of these parked messages.
	sibling *source
	offsets offsets
	// ahead are messages that have been parked though this member has not fetched them yet: an owner before it
	// parked them and could not commit that. By offset, the time that they must have (Unix ms), so that a topic
	// made anew under the same name does not lose what stands at the same offsets.
	ahead map[int64]int64
}

// delivery is the custody of one message between its fetch and its completion.
type delivery struct {
	Message
	p    *partition
	src  *source
	seq  uint64
	size int
	// entry is where it stands in the parked keys; nil for one that comes from the topic itself.
	entry *entry
	// span is the message's own, or that of its call; set before the handler has it.
	span trace.SpanContext

	// Guarded by p.mu:
	done     bool // custody has ended
	reparked bool // it went back to the retry topic
	kept     bool // its old copy there stands for it
}

func newPartition(g *generation, id int) *partition {
	p := &partition{
		c: g.c, gen: g, id: id, keys: map[string]*keyQueue{}, burying: map[string]int{},
		window: newWindow(g.c.cfg.MaxTaken, g.c.cfg.MaxTakenBytes),
	}
	p.parked.init(p)
	for _, t := range g.c.cfg.Topics {
		p.sources = append(p.sources, &source{p: p, topic: t, origin: t})
	}
	for _, s := range p.sources[:len(g.c.cfg.Topics):len(g.c.cfg.Topics)] {
		r := &source{p: p, topic: RetryTopic(s.topic, g.c.cfg.Group), origin: s.topic, retry: true, sibling: s}
		s.sibling = r
		p.sources = append(p.sources, r)
	}
	return p
}

// overhead is what custody of a message costs beside its bytes, roughly: it keeps a flood of tiny messages
// within the bound.
const overhead = 256

// take queues a record, waiting for room. It returns false when the generation ends first.
func (s *source) take(r *broker.Record) bool {
	p := s.p
	size := r.Size() + overhead
	if !p.gen.admit(p.window, size) {
		return false
	}
	if !p.gen.admit(p.c.process, size) {
		p.window.give(1, size)
		return false
	}
	d := &delivery{
		Message: Message{
			Topic: s.origin, Partition: p.id, Offset: r.Offset, Origin: r.Offset,
			Key: r.Key, Value: r.Value, Headers: r.Headers, Time: r.Time,
		},
		p: p, src: s, size: size,
	}
	d.from = d
	p.mu.Lock()
	defer p.unlock()
	d.seq = s.offsets.take(r.Offset, time.Now())
	if at, parked := s.ahead[r.Offset]; parked && at == r.Time.UnixMilli() {
		delete(s.ahead, r.Offset)
		d.done = true
		d.leave()
		return true
	}
	p.enqueue(string(r.Key), job{d: d})
	return true
}

// skip moves the source over offsets that are gone, and notes how far the partition reaches.
func (s *source) skip(next, high int64) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.offsets.skip(next)
	s.offsets.high = high
}

// complete ends the custody of d: err is nil when its effect stands, or is recorded elsewhere, and else says
// why it is left to the next owner. Only the first call counts, and none after the generation's last commit.
func (d *delivery) complete(err error) {
	p := d.p
	p.mu.Lock()
	defer p.unlock()
	switch {
	case d.done:
		p.c.tel.Log.Error("a handler completed a message twice; only the first counts",
			"topic", d.Topic, "partition", d.Partition, "offset", d.Offset)
		return
	case p.over:
		d.done = true
		p.c.metrics.late.Add(d.context(), 1, p.c.metrics.group)
		return
	}
	d.done = true
	if err != nil {
		return
	}
	p.c.metrics.handled.Add(d.context(), 1, p.c.metrics.topic[d.Topic])
	switch {
	case d.entry == nil:
		d.leave()
	case d.kept:
		// It is where it was, for its next turn.
	case d.reparked:
		d.src.offsets.complete(d.seq) // the new copy stands for it
	default:
		p.parked.complete(d)
	}
}

// leave marks a message that came from its topic complete. Called with p.mu held.
func (d *delivery) leave() {
	d.src.offsets.complete(d.seq)
	d.p.window.give(1, d.size)
	d.p.c.process.give(1, d.size)
}

// end makes later completions void and gives back what the process-wide bound held for the rest.
func (p *partition) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	p.over = true
	p.parked.stop()
	n, bytes := p.window.state()
	p.c.process.give(n, bytes)
	for _, q := range p.keys {
		q.jobs = nil
		if q.since.IsZero() {
			continue
		}
		q.ended = p.c.lingers.leave(p.id, q.key)
	}
}

// marks adds what may be committed and is not yet.
func (p *partition) marks(out map[string]map[int]int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sources {
		if m := s.offsets.mark(); m > s.offsets.committed {
			if out[s.topic] == nil {
				out[s.topic] = map[int]int64{}
			}
			out[s.topic][p.id] = m
		}
	}
}

// committed notes what the coordinator has acknowledged.
func (p *partition) committed(marks map[string]map[int]int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sources {
		if m, ok := marks[s.topic][p.id]; ok {
			s.offsets.committed = m
		}
	}
}
