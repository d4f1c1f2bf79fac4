package consume

import (
	"strconv"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
)

// Home is the topic that a dead letter's message was first published to, and its offset there; −1 if nobody knows it, as
// of one that was put into a retry topic by hand.
func Home(l deadletter.Letter) (topic string, offset int64) {
	if origin, parked := strings.CutSuffix(l.Topic, RetryTopic("", l.Group)); parked {
		return origin, -1
	}
	return l.Topic, l.Offset
}

// Redrive makes the message that brings a dead letter back to the group that gave it up, and to no other: it stands in the
// group's retry topic as if it had just been parked, behind what is parked of its key. letter is the record of the dead
// letter with the value of the original, partition the one of the retry topic. origin is the original's offset in its own
// topic, or −1 where that is not known or no longer holds it: see [Message.Origin]. order puts what is redriven into order
// within its key; no two messages may have the same.
func Redrive(letter *broker.Record, partition int, origin int64, order time.Time) produce.Message {
	l := deadletter.Read(letter.Headers)
	topic, _ := Home(l)
	h := append(unparked(deadletter.Returned(letter.Headers, deadletter.ID{Partition: letter.Partition, Offset: letter.Offset})),
		header(headerParkTopic, topic), number(headerParkOrder, order.UnixNano()))
	if origin >= 0 {
		h = append(h, number(headerParkOffset, origin))
	}
	if !l.Time.IsZero() {
		h = append(h, header(headerParkTime, stamp(l.Time)))
	}
	return produce.Message{
		Topic: RetryTopic(topic, l.Group), Key: letter.Key, Value: letter.Value, Headers: h, Partition: &partition, AnySize: true,
	}
}

// Parked is what a record of a retry topic says of itself: to the group that owns it, and to whoever looks from outside for what
// became of a message.
type Parked struct {
	// Origin is the message's offset in its own topic. Without one its own offset names it, on the negative side, where no
	// origin can be.
	Origin int64
	// Order is when it was parked first, Unix nanoseconds: the order within its key. With Origin it names the message.
	Order int64
	// Due is when it may be tried at the earliest; zero: at once.
	Due time.Time
	// Round is how often it has come back and failed, Attempts how often a handler had it. Code is why it was parked last; empty
	// for one that only follows others of its key, or was put there by hand. Since is when it failed first, or was put there.
	Round, Attempts int
	Code            string
	Since           time.Time
	// Done: this is no message but a mark; the one that it names is complete.
	Done bool
}

// ReadParked reads the headers of a record of a retry topic. What is missing or damaged gives what suits a message put
// there by hand.
func ReadParked(r *broker.Record) Parked {
	p := Parked{Origin: -1 - r.Offset, Order: r.Time.UnixNano(), Code: deadletter.Get(r.Headers, headerParkCode), Since: r.Time}
	if t, err := time.Parse(time.RFC3339Nano, deadletter.Get(r.Headers, headerParkFailure)); err == nil {
		p.Since = t
	}
	read := func(key string, to func(int64)) {
		if n, err := strconv.ParseInt(deadletter.Get(r.Headers, key), 10, 64); err == nil {
			to(n)
		}
	}
	read(headerParkOffset, func(n int64) { p.Origin = n })
	read(headerParkOrder, func(n int64) { p.Order = n })
	read(headerParkDue, func(n int64) { p.Due = time.UnixMilli(n) })
	read(headerParkRound, func(n int64) { p.Round = int(n) })
	read(headerParkTries, func(n int64) { p.Attempts = int(n) })
	read(headerParkDone, func(n int64) { p.Done, p.Order = true, n })
	return p
}
