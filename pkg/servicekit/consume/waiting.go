package consume

import (
	"strconv"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// Waiting is a message of a retry topic as it is seen from outside the group: by whoever looks for what became of it.
type Waiting struct {
	// Origin and Order name the message in its partition: a copy that was parked again has the same two.
	Origin, Order int64
	// Done tells that this is no message but a mark: the one that it names is complete, though older ones are not.
	Done bool
	// Code is why it was parked last; empty for one that only follows others of its key, or was put there by hand.
	Code string
	// Since is when it failed first, or was put there.
	Since time.Time
}

// WaitingOf reads a record of a retry topic.
func WaitingOf(r *broker.Record) Waiting {
	w := Waiting{Origin: -1 - r.Offset, Order: r.Time.UnixNano(), Code: deadletter.Get(r.Headers, headerParkCode), Since: r.Time}
	whole := func(name string, to *int64) bool {
		n, err := strconv.ParseInt(deadletter.Get(r.Headers, name), 10, 64)
		if err == nil {
			*to = n
		}
		return err == nil
	}
	whole(headerParkOffset, &w.Origin)
	whole(headerParkOrder, &w.Order)
	w.Done = whole(headerParkDone, &w.Order)
	if t, err := time.Parse(time.RFC3339Nano, deadletter.Get(r.Headers, headerParkFailure)); err == nil {
		w.Since = t
	}
	return w
}
