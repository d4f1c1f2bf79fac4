package consume

import (
	"math/rand/v2"
	"slices"
	"time"
)

// parked are the keys of a partition that have messages in its retry topics. They live in memory only: the
// retry topics are the truth, read back from the committed offset to the end at each assignment. Messages are
// known by id (topic and offset of the original), so that one found twice counts once. Guarded by the
// partition's mutex.
type parked struct {
	p    *partition
	keys map[string]*parkedKey
	n    int   // entries whose publish has been asked for
	last int64 // order given last
	// full are publishes that wait until the partition has room for another parked message.
	full []func()
}

// parkedKey is what is parked of one key, in the order in which it will be handled.
type parkedKey struct {
	key     string
	entries []*entry
	timer   *time.Timer
	// copies wait to be published, the first of them being under way: a copy that stands in the retry topic
	// before an earlier one does would be handled first by whoever owns the key after a crash in between.
	copies []func()
}

// entry is one parked message.
type entry struct {
	k   *parkedKey
	src *source // the retry topic
	// origin is the message's offset in its own topic: with src, its id.
	origin int64
	// order sorts the messages of a key over its topics: when it was parked first, Unix nanoseconds, made unique
	// within the partition. Within a topic the origins do.
	order int64
	due   time.Time // zero: as soon as it is at the head
	round int       // how often it has come back and failed
	// at is where it stands in the retry topic, −1 until it has been read from there.
	at   int64
	seq  uint64
	size int
	// taken: the handler has it.
	taken bool
}

// state of a key that has been asked for its next parked message.
type state int

const (
	free    state = iota // nothing parked, or all of it handed over
	waiting              // the next one is not due yet
	loading              // it is due, but has not been read from the retry topic yet
	due                  // it can be handled
)

// batchEntries and batchBytes bound how much is read back at once for one key.
const (
	batchEntries = 32
	batchBytes   = 256 << 10
)

func (k *parked) init(p *partition) {
	k.p = p
	k.keys = map[string]*parkedKey{}
}

// next says what the key's head is at, and takes what can be handled now: the head, and what followed it
// without having failed itself.
func (k *parked) next(key string) (state, []*entry) {
	pk := k.keys[key]
	if pk == nil {
		return free, nil
	}
	var ready []*entry
	bytes := 0
	now := time.Now()
	for _, e := range pk.entries {
		switch {
		case e.taken:
			continue
		case len(ready) > 0 && (e.at < 0 || e.due.After(now) || len(ready) == batchEntries || bytes+e.size > batchBytes):
			return k.take(ready)
		case e.due.After(now):
			return waiting, nil
		case e.at < 0:
			return loading, nil
		}
		ready = append(ready, e)
		bytes += e.size
	}
	return k.take(ready)
}

func (k *parked) take(ready []*entry) (state, []*entry) {
	if len(ready) == 0 {
		return free, nil
	}
	for _, e := range ready {
		e.taken = true
	}
	return due, ready
}

// follow parks a message because others of its key are: it has not failed itself and is due at once when they
// are gone.
func (k *parked) follow(d *delivery) {
	k.add(d, time.Time{}, ticket{}, d.complete)
}

// fail parks a message that has failed: a new one behind the others of its key, one that was parked already
// in its old place. It is due after pause. done is called when the copy in the retry topic stands.
// One that was not tried and is there already has nothing new to tell: its copy stands as it is, so that an outage costs the
// retry topic one copy of a message, however often it comes in vain. The next owner, who does not know of the pause, tries it
// at once.
func (k *parked) fail(d *delivery, pause time.Duration, t ticket, done func(error)) {
	at := time.Now().Add(pause)
	if d.entry == nil {
		k.add(d, at, t, done)
		return
	}
	e := d.entry
	d.reparked = true
	if !t.tried {
		d.kept, e.due, e.taken = true, at, false
		k.schedule(e.k)
		k.p.outbox = append(k.p.outbox, func() { done(nil) })
		return
	}
	e.due, e.round, e.taken, e.at = at, t.round, false, -1
	k.schedule(e.k)
	k.publish(d, e, t, done)
}

func (k *parked) add(d *delivery, at time.Time, t ticket, done func(error)) {
	src := d.src.sibling
	if k.find(string(d.Key), src, d.Offset) != nil {
		// It was parked before, and the commit that should have said so was lost: it is there.
		k.p.outbox = append(k.p.outbox, func() { done(nil) })
		return
	}
	k.last = max(k.last+1, time.Now().UnixNano())
	e := &entry{src: src, origin: d.Offset, order: k.last, due: at, round: t.round, at: -1}
	k.insert(string(d.Key), e)
	publish := func() {
		k.n++
		k.publish(d, e, t, done)
	}
	if k.n >= k.p.c.cfg.Park.Messages {
		k.full = append(k.full, publish)
		return
	}
	publish()
}

// publish leaves the copy of a message for the retry topic in the outbox, when those of its key before it stand.
func (k *parked) publish(d *delivery, e *entry, t ticket, done func(error)) {
	msg, pk := d.parkedCopy(e, t), e.k
	pk.copies = append(pk.copies, func() {
		k.p.gen.publish(msg, func(err error) {
			k.published(pk)
			if err != nil && k.p.gen.ctx.Err() == nil {
				// The retry topic will never take it. It is not parked, then.
				k.p.mu.Lock()
				d.reparked = false
				k.p.hold(pk.key) // before what waits behind it may go on
				if d.entry == nil {
					k.remove(e)
				}
				k.p.unlock()
				k.p.c.bury(&d.Message, err, done)
				k.p.release(pk.key)
				return
			}
			done(err)
		})
	})
	if len(pk.copies) == 1 {
		k.p.outbox = append(k.p.outbox, pk.copies[0])
	}
}

// published has the next copy of the key follow.
func (k *parked) published(pk *parkedKey) {
	k.p.mu.Lock()
	defer k.p.unlock()
	pk.copies[0] = nil
	if pk.copies = pk.copies[1:]; len(pk.copies) > 0 {
		k.p.outbox = append(k.p.outbox, pk.copies[0])
	}
}

// insert puts an entry into its place. Messages of one topic keep the order of their offsets, whatever the clocks
// say: a former owner, paused in the middle of parking, may have its copies published long after ours.
func (k *parked) insert(key string, e *entry) {
	pk := k.keys[key]
	if pk == nil {
		pk = &parkedKey{key: key}
		k.keys[key] = pk
	}
	e.k = pk
	i := len(pk.entries)
	for i > 0 && e.before(pk.entries[i-1]) {
		i--
	}
	if j := slices.IndexFunc(pk.entries[:i], func(x *entry) bool { return e.sameTopic(x) && e.origin < x.origin }); j >= 0 {
		i = j
	}
	pk.entries = slices.Insert(pk.entries, i, e)
	k.schedule(pk)
}

// before tells whether e is handled before x.
func (e *entry) before(x *entry) bool {
	if e.sameTopic(x) {
		return e.origin < x.origin
	}
	return e.order < x.order
}

// sameTopic tells whether the origins of both say which was first; what was put into a retry topic by hand has none.
func (e *entry) sameTopic(x *entry) bool { return e.src == x.src && e.origin >= 0 && x.origin >= 0 }

func (k *parked) find(key string, src *source, origin int64) *entry {
	pk := k.keys[key]
	if pk == nil {
		return nil
	}
	for _, e := range pk.entries {
		if e.src == src && e.origin == origin {
			return e
		}
	}
	return nil
}

// schedule wakes the key when its next parked message is due.
func (k *parked) schedule(pk *parkedKey) {
	i := slices.IndexFunc(pk.entries, func(e *entry) bool { return !e.taken })
	if i < 0 || k.p.over {
		return
	}
	pause := max(0, time.Until(pk.entries[i].due))
	if pk.timer == nil {
		pk.timer = time.AfterFunc(pause, func() { k.ring(pk) })
		return
	}
	pk.timer.Reset(pause)
}

func (k *parked) ring(pk *parkedKey) {
	k.p.mu.Lock()
	defer k.p.unlock()
	if k.keys[pk.key] == pk && !k.p.over {
		k.p.wake(k.p.queue(pk.key))
	}
}

// complete forgets a parked message that is complete. Where older messages of the retry topic are still
// waiting, the commit cannot say so; a mark in the topic does.
func (k *parked) complete(d *delivery) {
	k.remove(d.entry)
	d.src.offsets.complete(d.seq)
	if !d.src.offsets.passed(d.seq) {
		msg := mark(d.entry, d.p.id)
		k.p.outbox = append(k.p.outbox, func() { k.p.gen.publish(msg, func(error) {}) })
	}
}

// remove takes an entry out of its key and lets the next one move up.
func (k *parked) remove(e *entry) {
	pk := e.k
	if i := slices.Index(pk.entries, e); i >= 0 {
		pk.entries = slices.Delete(pk.entries, i, i+1)
		k.n--
	}
	for len(k.full) > 0 && k.n < k.p.c.cfg.Park.Messages {
		publish := k.full[0]
		k.full = k.full[1:]
		publish()
	}
	if len(pk.entries) > 0 {
		k.schedule(pk)
		return
	}
	if pk.timer != nil {
		pk.timer.Stop()
	}
	delete(k.keys, pk.key)
	if q := k.p.keys[pk.key]; q != nil && len(q.jobs) > 0 {
		k.p.wake(q)
	}
}

func (k *parked) stop() {
	for _, pk := range k.keys {
		if pk.timer != nil {
			pk.timer.Stop()
		}
	}
	k.full = nil
}

// counts are how many keys and messages are parked.
func (k *parked) counts() (keys, messages int) { return len(k.keys), k.n }

// pause before round n (counted from 1) is tried: doubling, varied by a fifth.
func (p Park) pause(n int) time.Duration {
	d := p.Initial
	for i := 1; i < n && d < p.Max; i++ {
		d *= 2
	}
	d = min(d, p.Max)
	return d - d/5 + rand.N(2*d/5+1) //nolint:gosec // it spreads load, it guards nothing
}
