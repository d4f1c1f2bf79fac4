package consume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// Headers of a message in a retry topic, beside its own. A message without them, put there by hand, is
// handled as if it had just been parked.
const (
	headerParkTopic   = "park-topic"         // where it was first published to
	headerParkOffset  = "park-offset"        // its offset there, in the same partition
	headerParkTime    = "park-time"          // its time there, RFC 3339
	headerParkOrder   = "park-order"         // when it was parked first, Unix ns: the order within its key
	headerParkDue     = "park-not-before"    // Unix ms
	headerParkRound   = "park-round"         // how often it has come back and failed
	headerParkTries   = "park-attempts"      // how often a handler had it
	headerParkFailure = "park-first-failure" // RFC 3339
	headerParkCode    = "park-code"          // why
	headerParkDone    = "park-done"          // this is no message but a mark: the one with this order is complete
	parkPrefix        = "park-"
)

// ticket is what is written on a message when it is parked.
type ticket struct {
	round, tries int
	first        time.Time
	code         string
	tried        bool // it has failed, and does not merely wait
}

// parkedCopy is d as it goes to the retry topic.
func (d *delivery) parkedCopy(e *entry, t ticket) produce.Message {
	h := append(unparked(d.Headers),
		header(headerParkTopic, d.src.origin), number(headerParkOffset, e.origin),
		header(headerParkTime, stamp(d.Time)), number(headerParkOrder, e.order))
	if !e.due.IsZero() {
		h = append(h, number(headerParkDue, e.due.UnixMilli()))
	}
	if t.tries > 0 {
		h = append(h, number(headerParkRound, int64(t.round)), number(headerParkTries, int64(t.tries)), header(headerParkCode, t.code))
	}
	if !t.first.IsZero() {
		h = append(h, header(headerParkFailure, stamp(t.first)))
	}
	return produce.Message{Topic: e.src.topic, Key: d.Key, Value: d.Value, Headers: h, Partition: &d.p.id, AnySize: true}
}

// mark says in the retry topic that an entry is complete though older ones are not.
func mark(e *entry, partition int) produce.Message {
	return produce.Message{
		Topic: e.src.topic, Key: []byte(e.k.key), Partition: &partition,
		Headers: []kafka.Header{number(headerParkOffset, e.origin), number(headerParkDone, e.order)},
	}
}

// seen takes note of a record of a retry topic: while it is read back at an assignment, and as it comes in
// afterwards.
func (s *source) seen(r *broker.Record) {
	s.p.mu.Lock()
	defer s.p.unlock()
	k := &s.p.parked
	seq := s.offsets.take(r.Offset, time.Now())
	key := string(r.Key)
	is := ReadParked(r)
	if is.Done {
		s.offsets.complete(seq)
		s.marked(key, is.Origin, is.Order)
		return
	}
	e := &entry{src: s, origin: is.Origin, order: is.Order, due: is.Due, round: is.Round, size: r.Size(), at: -1}
	// An owner before this one may have had a clock ahead of ours: what is parked from now on stays behind it.
	k.last = max(k.last, e.order)
	if e.origin >= s.sibling.offsets.next {
		if s.sibling.ahead == nil {
			s.sibling.ahead = map[int64]int64{}
		}
		s.sibling.ahead[e.origin] = originTime(r).UnixMilli()
	}
	same := k.find(key, s, e.origin)
	switch {
	case same == nil:
		k.n++
		e.at, e.seq = r.Offset, seq
		k.insert(key, e)
	case same.taken || same.at < 0 && same.round != e.round || same.at >= 0 && same.round >= e.round:
		s.offsets.complete(seq) // a second copy, or an old one
	default:
		// It is the copy that was waited for; or, reading back, a newer one than the one known.
		if same.at >= 0 {
			s.offsets.complete(same.seq)
			same.due, same.round = e.due, e.round
		}
		same.at, same.seq, same.size = r.Offset, seq, e.size
		k.schedule(same.k)
	}
}

// marked drops the message that a mark is about, unless it is being handled.
func (s *source) marked(key string, origin, order int64) {
	e := s.p.parked.find(key, s, origin)
	if e != nil && e.order == order && e.at >= 0 && !e.taken {
		s.offsets.complete(e.seq)
		s.p.parked.remove(e)
	}
}

// unpark makes the message of a record that is read again to be handled.
func (s *source) unpark(r *broker.Record, e *entry) *delivery {
	m := Message{
		Topic: s.origin, Partition: r.Partition, Offset: r.Offset, Origin: max(e.origin, -1), Key: r.Key, Value: r.Value,
		Headers: unparked(r.Headers), Time: originTime(r), Parked: true, Attempts: ReadParked(r).Attempts,
	}
	if t, err := time.Parse(time.RFC3339Nano, deadletter.Get(r.Headers, headerParkFailure)); err == nil {
		m.FirstFailure = t
	}
	d := &delivery{Message: m, p: s.p, src: s, seq: e.seq, entry: e}
	d.from = d
	return d
}

// originTime is when the message was first published.
func originTime(r *broker.Record) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, deadletter.Get(r.Headers, headerParkTime)); err == nil {
		return t
	}
	return r.Time
}

// runParked reads parked messages again and handles them in order, until one fails or the generation ends.
func (p *partition) runParked(ctx context.Context, q *keyQueue, entries []*entry) {
	records, err := p.load(entries)
	if err != nil {
		p.putBack(entries, time.Second)
		if !p.gen.ended() {
			p.c.tel.Log.Error("parked messages cannot be read; they are tried again", "partition", p.id, "error", err)
		}
		return
	}
	for i, e := range entries {
		r, ok := records[at{e.src, e.at}]
		if !ok {
			p.lose(e)
			continue
		}
		d := e.src.unpark(&r, e)
		p.run(ctx, q, job{d: d})
		if p.stopAfter(d) {
			p.putBack(entries[i+1:], 0)
			return
		}
	}
}

type at struct {
	src    *source
	offset int64
}

// load reads entries again, one range of reads per retry topic.
func (p *partition) load(entries []*entry) (map[at]broker.Record, error) {
	offsets := map[*source][]int64{}
	for _, e := range entries {
		offsets[e.src] = append(offsets[e.src], e.at)
	}
	out := make(map[at]broker.Record, len(entries))
	for src, want := range offsets {
		slices.Sort(want)
		err := p.c.conn.ReadAt(p.gen.fetching, src.topic, p.id, want, func(r broker.Record) error {
			out[at{src, r.Offset}] = r
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading parked messages: %w", err)
		}
	}
	return out, nil
}

// stopAfter tells whether what follows d must wait: it was parked again, its dead letter does not stand yet, or the generation has ended.
func (p *partition) stopAfter(d *delivery) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return d.reparked || p.burying[string(d.Key)] > 0 || p.gen.ended()
}

// putBack returns entries that were taken and not handled.
func (p *partition) putBack(entries []*entry, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range entries {
		e.taken = false
		if pause > 0 {
			e.due = time.Now().Add(pause)
		}
	}
	if len(entries) > 0 {
		p.parked.schedule(entries[0].k)
	}
}

// lose drops an entry whose message is gone: the retry topic keeps messages for too short a time.
func (p *partition) lose(e *entry) {
	p.c.metrics.lost.Add(p.gen.ctx, 1, p.c.metrics.group)
	p.c.tel.Log.Error("a parked message is gone from its retry topic: the topic's retention is shorter than park.age",
		"topic", e.src.topic, "partition", p.id, "offset", e.at)
	p.mu.Lock()
	defer p.unlock()
	p.parked.remove(e)
	e.src.offsets.complete(e.seq)
}

func unparked(h []kafka.Header) []kafka.Header {
	return slices.DeleteFunc(slices.Clone(h), func(x kafka.Header) bool { return strings.HasPrefix(x.Key, parkPrefix) })
}

func header(key, value string) kafka.Header { return kafka.Header{Key: key, Value: []byte(value)} }

func number(key string, n int64) kafka.Header {
	return kafka.Header{Key: key, Value: strconv.AppendInt(nil, n, 10)}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// parkNow is the error that [ParkNow] makes.
type parkNow struct {
	after time.Duration
	cause error
}

func (e *parkNow) Error() string { return "park: " + e.cause.Error() }
func (e *parkNow) Unwrap() error { return e.cause }

// ParkNow makes an error that has the message parked at once: no retry in place, no attempt and no round
// spent; it comes back after the given time at the earliest. For a dependency whose breaker is open, or a
// tenant over its share: the partition goes on with everybody else.
func ParkNow(after time.Duration, cause error) error {
	if cause == nil {
		cause = errors.New("not now")
	}
	return &parkNow{after, cause}
}
