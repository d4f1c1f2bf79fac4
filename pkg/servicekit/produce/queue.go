package produce

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

const (
	// attemptTimeout bounds one request; half of it is the broker's to wait for its replicas.
	attemptTimeout = 10 * time.Second
	firstPause     = 20 * time.Millisecond
	longestPause   = time.Second
)

// item is one message on its way. Its state is guarded by its queue's mutex.
type item struct {
	msg   Message
	bytes int
	at    time.Time
	span  trace.SpanContext // the caller's
	ctx   context.Context   //nolint:containedctx // the caller's, for as long as it waits
	done  func(error)
	stop  func() bool // forgets the caller's context

	finished bool // done has been, or is about to be, called
	inFlight bool // a request with it is under way
	maybe    bool // a request with it had no answer: it may stand in the topic
}

// wanted tells whether the item's caller waits for it. Not only whether abandon has been: a context that ends wakes each of its
// items by a goroutine of its own, and an item that is told late must not be sent past one that is told early.
func (it *item) wanted() bool { return !it.finished && it.ctx.Err() == nil }

// queue is what waits for one partition, and the sender that works it off while there is anything.
type queue struct {
	p *Producer
	target
	attrs metric.MeasurementOption

	mu      sync.Mutex
	waiting []*item
	sending bool
}

// send works the queue off and returns when it is empty.
func (q *queue) send() {
	for {
		batch := q.take()
		if len(batch) == 0 {
			return
		}
		q.deliver(batch)
	}
}

// take removes the next batch from the queue: in order, as much as one request holds, without those whose
// callers have given up.
func (q *queue) take() []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	bytes, n := batchOverhead, 0
	var batch []*item
	for _, it := range q.waiting {
		if it.wanted() {
			if len(batch) > 0 && bytes+it.bytes > q.p.cfg.MaxMessageBytes {
				break
			}
			bytes += it.bytes
			batch = append(batch, it)
		}
		n++
	}
	// What is taken must not stay reachable behind the slice.
	clear(q.waiting[:n])
	if q.waiting = q.waiting[n:]; len(q.waiting) == 0 {
		q.waiting = nil
	}
	q.sending = len(batch) > 0
	return batch
}

// deliver sends a batch until it is in, is refused for good, or nobody waits for it any more.
func (q *queue) deliver(batch []*item) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if q.p.ctx.Err() != nil {
			q.finish(batch, ErrClosed)
			return
		}
		if batch = q.launch(batch); len(batch) == 0 {
			return
		}
		err := q.post(batch)
		q.land(batch, err)
		switch {
		case err == nil:
			q.finish(batch, nil)
			return
		case refusesOne(err) && len(batch) > 1:
			// One of them is at fault. Halving finds it, and the rest goes through in order.
			half := len(batch) / 2
			q.deliver(batch[:half])
			q.deliver(batch[half:])
			return
		case q.p.ctx.Err() != nil:
			continue
		case !broker.Transient(err):
			q.finish(batch, err)
			return
		}
		q.p.counts.suspect(q.topic, err)
		wait(q.p.ctx, pause/2+rand.N(pause)) //nolint:gosec // it spreads load, it guards nothing
	}
}

// launch marks what is still wanted as under way.
func (q *queue) launch(batch []*item) []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	live := batch[:0]
	for _, it := range batch {
		if it.wanted() {
			it.inFlight = true
			live = append(live, it)
		}
	}
	return live
}

// land marks the request as over.
func (q *queue) land(batch []*item, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range batch {
		it.inFlight = false
		it.maybe = it.maybe || ambiguous(err)
		if it.finished {
			q.p.release(it) // given up while under way: its bytes were still in use
		}
	}
}

// post makes one request.
func (q *queue) post(batch []*item) error {
	ctx, cancel := context.WithTimeout(q.p.ctx, attemptTimeout)
	defer cancel()
	res, err := q.p.conn.Client.Produce(ctx, &kafka.ProduceRequest{
		Topic: q.topic, Partition: q.partition, RequiredAcks: kafka.RequireAll, Records: &records{batch: batch},
	})
	if err == nil {
		err = res.Error
	}
	q.p.metrics.batch(q, batch, err)
	return err //nolint:wrapcheck // finish says where it was going
}

// finish tells the callers.
func (q *queue) finish(batch []*item, err error) {
	for _, it := range batch {
		q.mu.Lock()
		was, maybe := it.finished, it.maybe
		it.finished = true
		q.mu.Unlock()
		if was {
			continue
		}
		if it.stop != nil {
			it.stop()
		}
		q.p.release(it)
		it.done(q.failure(err, maybe))
	}
}

// abandon is the end of a caller's context.
func (q *queue) abandon(it *item, cause error) {
	q.mu.Lock()
	if it.finished {
		q.mu.Unlock()
		return
	}
	it.finished = true
	under := it.inFlight
	maybe := under || it.maybe
	q.mu.Unlock()
	if !under {
		q.p.release(it)
	}
	it.done(q.failure(cause, maybe))
}

// failure is what a caller is told of err.
func (q *queue) failure(err error, maybe bool) error {
	switch {
	case err == nil:
		return nil
	case refusesOne(err):
		if errors.Is(err, kafka.MessageSizeTooLarge) {
			err = fmt.Errorf("%w: %w", ErrTooLarge, err)
		}
		return tooLargeOrInvalid(q.topic, err)
	case maybe:
		return fmt.Errorf("publishing to %s/%d: %w: %w", q.topic, q.partition, ErrUncertain, err)
	}
	var code kafka.Error
	if errors.As(err, &code) {
		err = &retry.Error{Class: retry.Retryable, Code: codeOf(code), Dependency: "kafka", Err: err}
	}
	return notSent(fmt.Sprintf("%s/%d", q.topic, q.partition), err)
}

func tooLargeOrInvalid(topic string, err error) error {
	if errors.Is(err, ErrTooLarge) {
		return tooLarge(topic, err)
	}
	return fmt.Errorf("publishing to %s: %w", topic, &retry.Error{Class: retry.Permanent, Code: "kafka.invalid_record", Err: err})
}

// refusesOne tells whether the broker refused a batch for one of its messages: too large together, or one
// that the topic does not take (no key on a compacted topic).
func refusesOne(err error) bool {
	return errors.Is(err, kafka.MessageSizeTooLarge) || errors.Is(err, kafka.RecordListTooLarge) || errors.Is(err, kafka.InvalidRecord)
}

// ambiguous tells whether the broker may have appended the batch in spite of err.
func ambiguous(err error) bool {
	if err == nil {
		return false
	}
	var code kafka.Error
	if errors.As(err, &code) {
		return code == kafka.RequestTimedOut || code == kafka.NotEnoughReplicasAfterAppend || code == kafka.NetworkException || code == kafka.Unknown
	}
	var op *net.OpError
	return !errors.As(err, &op) || op.Op != "dial"
}

// codeOf makes a stable word of a broker's error: "kafka.request_timed_out".
func codeOf(e kafka.Error) string {
	return "kafka." + strings.ReplaceAll(strings.ToLower(e.Title()), " ", "_")
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func attributes(topic string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String("topic", topic)))
}
