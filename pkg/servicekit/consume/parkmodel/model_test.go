package parkmodel

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Bounds of the model.
const (
	keys    = 2  // at most
	most    = 6  // messages
	logSize = 20 // records of the retry topic
	flights = 8  // publishes of an owner under way
)

// nothing is where there is no offset or message.
const nothing int8 = -1

// A claim is nobody's, an owner's (its number plus one), or done.
const (
	nobody int8 = 0
	done   int8 = 3
)

// rules are what keeps the promise, each a line or two of package consume.
type rules struct {
	follow       bool // later messages of a key follow its parked ones
	ackedFirst   bool // the topic's message is complete when its parked copy is acknowledged
	handledFirst bool // a parked message is complete when it is handled, not when it is fetched
	readBack     bool // what is parked is read back before the first fetch
	inTurn       bool // the copies of a key are published one after the other
	byOffset     bool // messages of a topic are handled in the order of their offsets, whenever they were parked
	secondCopies bool // a second copy of what is parked is complete at once
	effectFirst  bool // a claim is done after the effect
	busyWaits    bool // what another owner is at is not complete
}

// size is how much there is. Message m has key m%keys, and is that key's (m/keys)th.
type size struct {
	messages, keys int8
	// batches: what is in a topic is fetched at once, rather than one by one.
	batches bool
}

// budget is how often each trouble may strike.
type budget struct{ fails, takeovers, doubles, flushes int8 }

// record of the retry topic: a parked copy, or a mark that the one of that order is complete.
type record struct {
	origin, order, round int8
	waits, mark          bool
}

// entry is a parked message in an owner's memory.
type entry struct {
	record
	at    int8 // its offset in the retry topic; nothing until it has been read from there
	taken bool // its handler is under way
}

// flight is a publish under way.
type flight struct {
	record
	old    int8 // the offset of the copy that it replaces; nothing if it comes from the topic
	landed bool // it stands in the retry topic, and the acknowledgement is on its way
}

// hand is a handler under way; one for each key.
type hand struct {
	message int8
	parked  bool
	had     bool // the effect stands, and the claim is not done yet
}

// owner is the memory of a member, which is gone when it crashes.
type owner struct {
	up          bool
	next, rnext int8   // where fetching goes on, in the topic and in the retry topic
	done, rdone uint32 // what is complete, by offset
	queued      uint32
	ahead       uint32
	parked      [keys][most]entry
	nParked     [keys]int8
	hands       [keys]hand
	flights     [flights]flight
	nFlights    int8
}

// state is everything there is; a step makes a copy.
type state struct {
	size
	log                   [logSize]record
	end                   int8
	committed, rcommitted int8
	claims                [most]int8
	effects               [keys]int8 // how many messages of the key have had their first effect
	owners                [2]owner   // one owns the partition; the other did before, and may not know it yet
	current               int8
	clocks                [keys]int8
	stalled               bool // the last commit before the next takeover is made
	left                  budget
	troubled              bool // something has struck that may have an effect repeated
}

func begin(z size, b budget) state {
	s := state{size: z, left: b}
	s.owners[0] = newOwner(0, 0)
	return s
}

func newOwner(next, rnext int8) owner {
	o := owner{up: true, next: next, rnext: rnext, done: 1<<next - 1, rdone: 1<<rnext - 1}
	for k := range o.hands {
		o.hands[k].message = nothing
	}
	return o
}

func (z size) key(message int8) int8 { return message % z.keys }

// take removes an element of a small array whose rest counts as absent.
func take[E any](from []E, n *int8, i int) {
	copy(from[i:*n], from[i+1:*n])
	*n--
	var none E
	from[*n] = none
}

func (o *owner) find(k, origin int8) *entry {
	for i := range o.nParked[k] {
		if o.parked[k][i].origin == origin {
			return &o.parked[k][i]
		}
	}
	return nil
}

func (o *owner) forget(k, origin int8) {
	for i := range o.nParked[k] {
		if o.parked[k][i].origin == origin {
			take(o.parked[k][:], &o.nParked[k], int(i))
			return
		}
	}
}

func (o *owner) insert(k int8, e entry, r rules) {
	i := o.nParked[k]
	for ; i > 0; i-- {
		before := o.parked[k][i-1]
		if r.byOffset && before.origin < e.origin || !r.byOffset && before.order < e.order {
			break
		}
		o.parked[k][i] = before
	}
	o.parked[k][i] = e
	o.nParked[k]++
}

func (o *owner) publish(f flight) {
	o.flights[o.nFlights] = f
	o.nFlights++
}

// head is what a key does next: a parked message, one from the topic, or one that follows.
func (s *state) head(o *owner, k int8, r rules) (message int8, parked, follows bool) {
	fresh := nothing
	for m := k; m < o.next; m += s.keys {
		if o.queued&(1<<m) != 0 {
			fresh = m
			break
		}
	}
	if o.nParked[k] == 0 {
		return fresh, false, false
	}
	switch e := o.parked[k][0]; {
	case e.waits && r.follow:
		return fresh, false, true
	case e.waits:
		return fresh, false, false
	case e.at == nothing:
		return nothing, false, false
	default:
		return e.origin, true, false
	}
}

// park parks a message that has failed, or that follows one.
func (o *owner) park(s *state, message int8, waits bool, r rules) {
	k := s.key(message)
	if o.find(k, message) != nil { // it is there: the commit that should have said so was lost
		o.done |= 1 << message
		return
	}
	s.clocks[k]++
	rec := record{origin: message, order: s.clocks[k], waits: waits}
	o.insert(k, entry{record: rec, at: nothing}, r)
	o.publish(flight{record: rec, old: nothing})
	if !r.ackedFirst {
		o.done |= 1 << message
	}
}

// complete ends the handler of a message whose effect stands.
func (o *owner) complete(k, message int8, parked bool) {
	if !parked {
		o.done |= 1 << message
		return
	}
	e := *o.find(k, message)
	o.forget(k, message)
	o.rdone |= 1 << e.at
	if mark(o.rdone, o.rnext) <= e.at {
		e.mark = true
		o.publish(flight{record: e.record, old: nothing})
	}
}

// seen takes note of the next record of the retry topic.
func (o *owner) seen(s *state, r rules) {
	at := o.rnext
	rec := s.log[at]
	o.rnext++
	k := s.key(rec.origin)
	same := o.find(k, rec.origin)
	if rec.mark {
		o.rdone |= 1 << at
		if same != nil && same.order == rec.order && same.at != nothing && !same.taken {
			o.rdone |= 1 << same.at
			o.forget(k, rec.origin)
		}
		return
	}
	if !r.handledFirst {
		o.rdone |= 1 << at
	}
	if rec.origin >= o.next {
		o.ahead |= 1 << rec.origin
	}
	switch {
	case same == nil:
		o.insert(k, entry{record: rec, at: at}, r)
	case same.taken || same.at == nothing && same.round != rec.round || same.at != nothing && same.round >= rec.round:
		if r.secondCopies {
			o.rdone |= 1 << at
		}
	default:
		if same.at != nothing {
			o.rdone |= 1 << same.at
			same.waits, same.round = rec.waits, rec.round
		}
		same.at = at
	}
}

// mark is what may be committed: the oldest offset that is not complete.
func mark(done uint32, next int8) int8 {
	for at := range next {
		if done&(1<<at) == 0 {
			return at
		}
	}
	return next
}

// label says what happened: a text about an owner and up to two numbers.
type label struct {
	text string
	who  int8
	m, n int8
}

func (l label) String() string {
	return strings.NewReplacer("%o", [...]string{"A", "B"}[l.who], "%m", strconv.Itoa(int(l.m)), "%n", strconv.Itoa(int(l.n))).Replace(l.text)
}

// visit is told of each step: whether it is progress, or one of the troubles, which need not strike, and the
// state that it leads to by change, which says what is wrong with that.
type visit func(progress bool, l label, change func(n *state) (wrong string))

// steps are all that can happen next.
func (s *state) steps(r rules, add visit) {
	for i := range s.owners {
		if s.owners[i].up {
			s.handling(i, r, add)
			s.publishing(i, r, add)
		}
	}
	s.owning(r, add)
	s.troubles(r, add)
}

// handling is what an owner does with the messages that it has; one that does not know yet that it is none, too.
func (s *state) handling(i int, r rules, add visit) {
	o, who, me := &s.owners[i], int8(i), int8(i)+1 //nolint:gosec // 0 or 1
	for k := range s.keys {
		h := o.hands[k]
		if h.message == nothing {
			if who == s.current { // who wakes up late ends what was begun, and begins nothing
				s.beginning(i, k, r, add)
			}
			continue
		}
		m := h.message
		if !h.had {
			add(true, label{"%o: the effect of %m", who, m, 0}, func(n *state) string {
				n.owners[i].hands[k].had = true
				return n.effect(m)
			})
			if s.left.fails > 0 {
				add(false, label{"%o: %m fails", who, m, 0}, func(n *state) string {
					n.left.fails--
					n.fail(i, m, h.parked, r)
					return ""
				})
			}
			continue
		}
		add(true, label{"%o: %m is done", who, m, 0}, func(n *state) string {
			if n.claims[m] == me || n.claims[m] == nobody {
				n.claims[m] = done
			}
			n.owners[i].hands[k] = hand{message: nothing}
			n.owners[i].complete(k, m, h.parked)
			return ""
		})
	}
}

// beginning hands a key's next message over, under a claim.
func (s *state) beginning(i int, k int8, r rules, add visit) {
	me := int8(i) + 1 //nolint:gosec // 0 or 1
	m, parked, follows := s.head(&s.owners[i], k, r)
	if m == nothing {
		return
	}
	if follows {
		add(true, label{"%o: %m follows", me - 1, m, 0}, func(n *state) string {
			n.owners[i].queued &^= 1 << m
			n.owners[i].park(n, m, false, r)
			return ""
		})
		return
	}
	busy := s.claims[m] != nobody && s.claims[m] != me && s.claims[m] != done
	if busy && r.busyWaits {
		return
	}
	add(true, label{"%o: %m is begun", me - 1, m, 0}, func(n *state) string {
		o := &n.owners[i]
		if !parked {
			o.queued &^= 1 << m
		}
		if n.claims[m] == done || busy {
			o.complete(k, m, parked)
			return ""
		}
		n.claims[m] = me
		if !r.effectFirst {
			n.claims[m] = done
		}
		if parked {
			o.find(k, m).taken = true
		}
		o.hands[k] = hand{message: m, parked: parked}
		return ""
	})
}

// fail ends a handler without an effect: the claim is given back, and the message is parked.
func (s *state) fail(i int, m int8, parked bool, r rules) {
	o := &s.owners[i]
	if s.claims[m] == int8(i)+1 { //nolint:gosec // 0 or 1
		s.claims[m] = nobody
	}
	o.hands[s.key(m)] = hand{message: nothing}
	if !parked {
		o.park(s, m, true, r)
		return
	}
	e := o.find(s.key(m), m)
	old := e.at
	e.taken, e.at, e.waits, e.round = false, nothing, true, e.round+1
	o.publish(flight{record: e.record, old: old})
}

// effect checks the promise: the first effects of a key are in order, and none is repeated for nothing.
func (s *state) effect(m int8) string {
	k, n := s.key(m), m/s.keys
	switch {
	case n > s.effects[k]:
		return "overtaken"
	case n == s.effects[k]:
		s.effects[k]++
	case !s.troubled:
		return "repeated for nothing"
	}
	return ""
}

// publishing is what becomes of an owner's publishes.
func (s *state) publishing(i int, r rules, add visit) {
	o, who := &s.owners[i], int8(i) //nolint:gosec // 0 or 1
	var before uint32               // keys with an earlier publish under way
	for j := range int(o.nFlights) {
		f := o.flights[j]
		held := r.inTurn && before&(1<<s.key(f.origin)) != 0
		before |= 1 << s.key(f.origin)
		switch {
		case f.landed:
			add(true, label{"%o: what it published of %m is acknowledged", who, f.origin, 0}, func(n *state) string {
				n.owners[i].acknowledged(j)
				return ""
			})
		case !held:
			what := "%o publishes %m in the retry topic, at %n"
			if f.mark {
				what = "%o publishes the mark of %m in the retry topic, at %n"
			}
			add(true, label{what, who, f.origin, s.end}, func(n *state) string {
				n.log[n.end] = f.record
				n.end++
				n.owners[i].flights[j].landed = true
				if who != n.current || f.mark { // what is heard then changes nothing
					n.owners[i].acknowledged(j)
				}
				return ""
			})
			if s.left.doubles > 0 {
				add(false, label{what + "; the answer is lost", who, f.origin, s.end}, func(n *state) string {
					n.left.doubles--
					n.troubled = true
					n.log[n.end] = f.record
					n.end++
					return ""
				})
			}
		}
	}
}

// acknowledged completes what a publish stands for.
func (o *owner) acknowledged(j int) {
	f := o.flights[j]
	take(o.flights[:], &o.nFlights, j)
	switch {
	case f.old != nothing:
		o.rdone |= 1 << f.old
	case !f.mark:
		o.done |= 1 << f.origin
	}
}

// owning is what only the owner does: fetch, wait, commit.
func (s *state) owning(r rules, add visit) {
	i, o := s.current, &s.owners[s.current]
	if o.next < s.messages {
		add(true, label{"%o fetches %m", i, o.next, 0}, func(n *state) string {
			o := &n.owners[i]
			for more := true; more; more = n.batches && o.next < n.messages {
				if o.ahead&(1<<o.next) != 0 {
					o.done |= 1 << o.next
				} else {
					o.queued |= 1 << o.next
				}
				o.next++
			}
			return ""
		})
	}
	if o.rnext < s.end {
		add(true, label{"%o fetches %m of the retry topic", i, o.rnext, 0}, func(n *state) string {
			o := &n.owners[i]
			for more := true; more; more = n.batches && o.rnext < n.end {
				o.seen(n, r)
			}
			return ""
		})
	}
	for k := range o.parked {
		if o.nParked[k] > 0 && o.parked[k][0].waits {
			add(true, label{"%o: %m is due", s.current, o.parked[k][0].origin, 0}, func(n *state) string {
				n.owners[i].parked[k][0].waits = false
				return ""
			})
		}
	}
	if s.left.takeovers > 0 && !s.stalled {
		add(false, label{"%o has committed for the last time", i, 0, 0}, func(n *state) string {
			n.stalled = true
			return ""
		})
	}
}

// commit commits at once what is complete, up to the last commit that the owner comes to make.
func (s *state) commit() {
	if o := &s.owners[s.current]; !s.stalled {
		s.committed, s.rcommitted = mark(o.done, o.next), mark(o.rdone, o.rnext)
	}
}

// troubles are the end of owners, and of what Redis knows.
func (s *state) troubles(r rules, add visit) {
	old := 1 - int(s.current)
	me := int8(old) + 1 //nolint:gosec // 0 or 1
	if s.owners[old].up {
		add(true, label{"%o is gone, with what it had under way", me - 1, 0, 0}, func(n *state) string {
			n.owners[old] = owner{}
			n.expire(me)
			return ""
		})
		if slices.Contains(s.claims[:], me) {
			add(false, label{"%o is paused: its leases run out", me - 1, 0, 0}, func(n *state) string {
				n.expire(me)
				return ""
			})
		}
	}
	if s.left.takeovers > 0 {
		add(false, label{"%o takes over; the owner before it does not know", me - 1, 0, 0}, func(n *state) string {
			n.left.takeovers--
			n.troubled = true
			n.expire(me)
			n.current = int8(old) //nolint:gosec // 0 or 1
			n.owners[old] = newOwner(n.committed, n.rcommitted)
			n.stalled = false
			for r.readBack && n.owners[old].rnext < n.end {
				n.owners[old].seen(n, r)
			}
			return ""
		})
	}
	if s.left.flushes > 0 {
		add(false, label{"Redis is emptied", 0, 0, 0}, func(n *state) string {
			n.left.flushes--
			n.troubled = true
			n.claims = [most]int8{}
			return ""
		})
	}
}

func (s *state) expire(who int8) {
	for m, c := range s.claims {
		if c == who {
			s.claims[m] = nobody
		}
	}
}

// rest checks a state in which nothing is left to do.
func (s *state) rest() string {
	if s.stalled {
		return "" // what comes is a takeover
	}
	for k := range s.keys {
		if n, want := s.effects[k], (s.messages-k+s.keys-1)/s.keys; n < want {
			return fmt.Sprintf("lost: key %d has had %d of %d effects", k, n, want)
		}
	}
	if s.committed != s.messages || s.rcommitted != s.end {
		return fmt.Sprintf("stuck: committed %d of %d, and %d of %d in the retry topic", s.committed, s.messages, s.rcommitted, s.end)
	}
	return ""
}

// all are the rules as they are.
var all = rules{
	follow: true, ackedFirst: true, handledFirst: true, readBack: true, inTurn: true, byOffset: true, secondCopies: true,
	effectFirst: true, busyWaits: true,
}

// encoded is all of a state in few bytes, for its hash.
func (s *state) encoded(b []byte) []byte {
	bit := func(is bool) byte {
		if is {
			return 1
		}
		return 0
	}
	add := func(ns ...int8) {
		for _, n := range ns {
			b = append(b, byte(n)) //nolint:gosec // the bits are what counts
		}
	}
	rec := func(r record) {
		add(r.origin, r.order, r.round)
		b = append(b, bit(r.waits)|bit(r.mark)<<1)
	}
	add(s.end, s.committed, s.rcommitted, s.current, s.left.fails, s.left.takeovers, s.left.doubles, s.left.flushes)
	add(s.claims[:]...)
	add(s.effects[:]...)
	add(s.clocks[:]...)
	b = append(b, bit(s.troubled)|bit(s.stalled)<<1)
	for _, r := range s.log[:s.end] {
		rec(r)
	}
	for i := range s.owners {
		o := &s.owners[i]
		if b = append(b, bit(o.up)); !o.up {
			continue
		}
		add(o.next, o.rnext, o.nFlights)
		for _, n := range []uint32{o.done, o.rdone, o.queued, o.ahead} {
			b = binary.LittleEndian.AppendUint32(b, n)
		}
		for k, h := range o.hands {
			add(h.message, o.nParked[k])
			b = append(b, bit(h.parked)|bit(h.had)<<1)
			for _, e := range o.parked[k][:o.nParked[k]] {
				rec(e.record)
				add(e.at)
				b = append(b, bit(e.taken))
			}
		}
		for _, f := range o.flights[:o.nFlights] {
			rec(f.record)
			add(f.old)
			b = append(b, bit(f.landed))
		}
	}
	return b
}
