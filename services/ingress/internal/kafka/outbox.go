package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
	"github.com/frontdesk/frontdesk/services/ingress/internal/spool"
)

// outbox takes messages to Kafka while Kafka is well, and into the spool while it is not.
//
// It is in one of two states. Direct: a message is handed to the producer, by its call's lane, and is remembered until it
// is acknowledged. When one has waited for longer than after, or the producer gives one back, the outbox is diverted: all that is
// remembered goes into the spool, in the order in which it came, and what comes from now on goes in behind it. The drain reads
// the spool in that order and hands it to the producer. When nothing is left in it, the outbox is direct again; whoever
// sends holds the same lock, so nothing gets in between, and nothing overtakes. What had reached Kafka unacknowledged
// comes a second time, with the same event id.
//
// The state is the whole process's. A partition that can't be written diverts the calls of the others too: they wait on the
// disk until it can be.
type outbox struct {
	prod  Producer
	sp    *spool.Spool
	after time.Duration
	m     *metrics.Metrics
	log   *slog.Logger

	diverted chan struct{} // holds a token when the drain has something to do
	moved    chan struct{} // holds a token when something was acknowledged or committed; for close
	ended    chan struct{} // closed when the drain's goroutine has ended
	ctx      context.Context
	stop     context.CancelFunc

	mu       sync.Mutex
	spooling bool
	closed   bool
	sent     []*parcel // handed to the producer, oldest first; settled ones may be among them
	direct   context.Context
	giveUp   context.CancelFunc // ends direct
	progress int                // messages drained
}

// parcel is a message on its way.
type parcel struct {
	span  trace.SpanContext
	msg   produce.Message
	kind  string
	audio bool
	at    time.Time
	lane  *lane
	// settled: the producer's word on it counts no more. spooled: it was taken back from the producer, which may still read it.
	settled, spooled bool
	done             func(p *parcel, err error)
}

func newOutbox(prod Producer, sp *spool.Spool, after time.Duration, m *metrics.Metrics, log *slog.Logger) *outbox {
	o := &outbox{
		prod: prod, sp: sp, after: after, m: m, log: log,
		diverted: make(chan struct{}, 1), moved: make(chan struct{}, 1), ended: make(chan struct{}),
		spooling: !sp.Empty(),
	}
	o.ctx, o.stop = context.WithCancel(context.Background())
	o.direct, o.giveUp = context.WithCancel(o.ctx)
	if o.spooling {
		poke(o.diverted)
	}
	go o.run()
	return o
}

// send takes parcels, in order and with nothing of their calls between them. It never waits.
func (o *outbox) send(parcels ...*parcel) {
	var refused []refusal
	o.mu.Lock()
	switch {
	case o.closed:
		for _, p := range parcels {
			refused = append(refused, refusal{p, produce.ErrClosed})
		}
	case o.spooling:
		refused = o.spoolLocked(parcels)
	default:
		for _, p := range parcels {
			o.sent = append(o.sent, p)
			p.lane.add(item{ctx: o.direct, span: p.span, msg: p.msg, done: func(err error) { o.answered(p, err) }})
		}
	}
	o.mu.Unlock()
	o.tell(refused)
}

// refusal is a parcel that nobody takes. Its sender is told without the lock: it may send again.
type refusal struct {
	p   *parcel
	err error
}

func (o *outbox) tell(refused []refusal) {
	for _, r := range refused {
		if errors.Is(r.err, spool.ErrFull) {
			o.m.SpoolRefused(o.ctx, r.p.kind)
		}
		r.p.done(r.p, r.err)
	}
}

// spoolLocked appends parcels that belong together. Audio may not have what is kept for the rest.
func (o *outbox) spoolLocked(parcels []*parcel) (refused []refusal) {
	data := make([][]byte, len(parcels))
	reserve := false
	for i, p := range parcels {
		msg := p.msg
		if tp := telemetry.Traceparent(trace.ContextWithSpanContext(o.ctx, p.span)); tp != "" {
			headers := append(make([]kafka.Header, 0, len(msg.Headers)+1), msg.Headers...)
			msg.Headers = deadletter.Set(headers, kafka.Header{Key: telemetry.HeaderTraceparent, Value: []byte(tp)})
		}
		data[i] = appendSpooled(make([]byte, 0, len(msg.Value)+512), msg)
		reserve = reserve || !p.audio
	}
	err := o.sp.Append(reserve, func(err error) {
		if err != nil {
			err = full(err)
			o.log.Error("the spool's disk failed", "error", err)
		}
		for _, p := range parcels {
			if errors.Is(err, spool.ErrFull) {
				o.m.SpoolRefused(o.ctx, p.kind)
			}
			p.done(p, err)
		}
	}, data...)
	if err == nil {
		return nil
	}
	for _, p := range parcels {
		refused = append(refused, refusal{p, full(err)})
	}
	return refused
}

// full is an error in the use cases' words.
func full(err error) error {
	if errors.Is(err, spool.ErrFull) {
		return fmt.Errorf("%w: %w", app.ErrFull, err)
	}
	return fmt.Errorf("spooling: %w", err)
}

// answered is the producer's word on a parcel.
func (o *outbox) answered(p *parcel, err error) {
	o.mu.Lock()
	if p.settled { // it is the spool's
		o.mu.Unlock()
		return
	}
	if err != nil && !retry.IsPermanent(err) {
		refused := o.divertLocked(err)
		o.mu.Unlock()
		o.tell(refused)
		return
	}
	p.settled = true
	o.frontLocked()
	o.mu.Unlock()
	poke(o.moved)
	p.done(p, err)
}

// frontLocked is the oldest parcel that is under way, nil if none is.
func (o *outbox) frontLocked() *parcel {
	n := 0
	for n < len(o.sent) && o.sent[n].settled {
		o.sent[n] = nil
		n++
	}
	if o.sent = o.sent[n:]; len(o.sent) == 0 {
		o.sent = nil
		return nil
	}
	return o.sent[0]
}

// divertLocked moves what is under way into the spool.
func (o *outbox) divertLocked(why error) (refused []refusal) {
	if o.spooling {
		return nil
	}
	o.spooling = true
	n := 0
	for _, p := range o.sent {
		if !p.settled {
			p.settled, p.spooled = true, true
			n++
			refused = append(refused, o.spoolLocked([]*parcel{p})...)
		}
	}
	o.sent = nil
	o.giveUp()
	o.log.Warn("Kafka does not take events in time; they go to the spool until it does", "moved", n, "error", why)
	o.m.SpoolDiverted(o.ctx)
	poke(o.diverted)
	return refused
}

var errSlow = errors.New("not acknowledged in time")

// watch diverts when the oldest parcel has waited for too long.
func (o *outbox) watch() {
	var refused []refusal
	o.mu.Lock()
	if p := o.frontLocked(); p != nil && time.Since(p.at) > o.after {
		refused = o.divertLocked(errSlow)
	}
	o.mu.Unlock()
	o.tell(refused)
}

// run is the outbox's goroutine.
func (o *outbox) run() {
	defer close(o.ended)
	tick := time.NewTicker(max(o.after/8, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-o.ctx.Done():
			return
		case <-tick.C:
			o.watch()
		case <-o.diverted:
			o.drain()
		}
	}
}

// drainBytes is how much of the spool is under way at once.
const drainBytes = 1 << 20

// The pauses after what the producer has given back: it has waited out what passes by itself.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 10 * time.Second
)

// drain works the spool off, and returns when the outbox is direct again or closes.
func (o *outbox) drain() {
	pause := firstPause
	for o.ctx.Err() == nil {
		records, err := o.sp.Read(drainBytes)
		if err == nil && len(records) == 0 {
			if o.backToDirect() {
				return
			}
			select {
			case <-o.sp.Added():
			case <-o.ctx.Done():
			}
			continue
		}
		done := 0
		if len(records) > 0 {
			var failed error
			done, failed = o.deliver(records)
			err = errors.Join(err, failed)
		}
		if done > 0 {
			pause = firstPause
			if err := o.sp.Commit(records[done-1].Number); err != nil {
				o.log.Error("what is drained from the spool may be sent once more after a restart", "error", err)
			}
			o.mu.Lock()
			o.progress += done
			o.mu.Unlock()
			o.m.SpoolDrained(o.ctx, done)
			poke(o.moved)
		}
		if err != nil && o.ctx.Err() == nil {
			o.log.Warn("the spool can't be drained yet", "error", err)
			o.sp.Rewind()
			_ = retry.Pause(o.ctx, pause) // the loop looks at ctx itself
			pause = min(2*pause, longestPause)
		}
	}
}

// backToDirect ends the diversion if the spool is empty.
func (o *outbox) backToDirect() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.sp.Empty() {
		return false
	}
	o.spooling = false
	o.direct, o.giveUp = context.WithCancel(o.ctx)
	o.log.Info("the spool is drained; events go to Kafka again")
	poke(o.moved)
	return true
}

// deliver hands records to the producer and waits. It returns how many, from the first on, are done with. When one fails, those
// behind it are taken back: they must not be stored before it.
func (o *outbox) deliver(records []spool.Record) (int, error) {
	ctx, takeBack := context.WithCancel(o.ctx)
	defer takeBack()
	errs := make([]error, len(records))
	var all sync.WaitGroup
	for i, r := range records {
		msg, err := parseSpooled(r.Data)
		if err != nil {
			errs[i] = retry.Permanently("spooled", err)
			continue
		}
		all.Add(1)
		o.prod.Send(ctx, msg, func(err error) {
			if errs[i] = err; err != nil && !retry.IsPermanent(err) {
				takeBack()
			}
			all.Done()
		})
	}
	all.Wait()
	for i, err := range errs {
		if retry.IsPermanent(err) {
			// It was acknowledged, and no topic will ever take it.
			o.m.SpoolLost(o.ctx, 1, int64(len(records[i].Data)))
			o.log.Error("an event in the spool can't be sent, ever, and is dropped", "error", err)
			continue
		}
		if err != nil {
			return i, err
		}
	}
	return len(records), nil
}

// patience is how long the end waits for a drain that does not get on.
const patience = 3 * time.Second

// close takes nothing more, waits until all is acknowledged or in the spool, drains what it can until ctx ends or Kafka
// takes nothing for a while, and leaves the rest in the spool for the next start.
func (o *outbox) close(ctx context.Context) {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	for last, since := -1, time.Now(); ctx.Err() == nil; {
		o.mu.Lock()
		idle := !o.spooling && o.frontLocked() == nil
		progress := o.progress - len(o.sent)
		o.mu.Unlock()
		if idle {
			break
		}
		if progress != last {
			last, since = progress, time.Now()
		}
		left := patience - time.Since(since)
		if left <= 0 {
			break
		}
		timer := time.NewTimer(left)
		select {
		case <-o.moved:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	o.mu.Lock()
	var refused []refusal
	if o.frontLocked() != nil {
		refused = o.divertLocked(errors.New("the process ends")) //nolint:contextcheck // what is spooled outlives it
	}
	o.mu.Unlock()
	o.tell(refused)
	o.stop()
	<-o.ended
	if err := o.sp.Close(); err != nil {
		o.log.Error("closing the spool failed", "error", err)
	}
	if st := o.sp.Stats(); st.Records > 0 {
		o.log.Warn("events are left in the spool for the next start", "records", st.Records, "bytes", st.Bytes)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// isAudio tells whether an event is what may be dropped at the bound, where it becomes a declared gap.
func isAudio(e *events.CallEvent) bool { return e.Kind() == events.KindAudioChunk }
