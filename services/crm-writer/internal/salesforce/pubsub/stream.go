package pubsub

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce/pubsub/wire"
)

// errIdle ends a stream that we have closed ourselves.
var errIdle = errors.New("the publish stream was closed for idleness")

// stream is one PublishStream of one topic. Results find their event by the correlation key, since responses
// keep no order across requests.
type stream struct {
	session *salesforce.Session
	wire    publishStream
	cancel  context.CancelFunc
	// idleAfter is how long nothing may be under way before the stream is closed.
	idleAfter time.Duration

	sending sync.Mutex // SendMsg takes one caller at a time

	mu      sync.Mutex
	pending map[string][]*slot
	busy    int
	idle    *time.Timer
	err     error
	// broken is closed once err is set; done once the server has ended the stream.
	broken, done chan struct{}
}

// slot is one event that waits for its result.
type slot struct {
	result *wire.PublishResult
	of     *request
}

// request is one PublishRequest under way.
type request struct {
	left int
	done chan struct{}
}

// newStream wraps an open stream; its maker runs receive, which ends with the stream.
func newStream(w publishStream, s *salesforce.Session, cancel context.CancelFunc, idle time.Duration) *stream {
	st := &stream{
		session: s, wire: w, cancel: cancel, idleAfter: idle, pending: map[string][]*slot{},
		broken: make(chan struct{}), done: make(chan struct{}),
	}
	st.idle = time.AfterFunc(idle, st.expire)
	return st
}

// publish sends one request and waits for all its results, or until the stream breaks or ctx ends. A result
// is nil where none came: whether the event is on the bus is then unknown.
func (st *stream) publish(ctx context.Context, r *wire.PublishRequest) ([]*wire.PublishResult, error) {
	req, slots, err := st.register(r)
	if err != nil {
		return make([]*wire.PublishResult, len(r.GetEvents())), err
	}
	defer st.release()
	st.sending.Lock()
	err = st.wire.send(r)
	st.sending.Unlock()
	if err == nil {
		select {
		case <-req.done:
		case <-st.broken:
			err = st.failure()
		case <-ctx.Done():
			err = ctx.Err()
		}
	} else {
		// The real cause comes by the receiver: a failed send only says that the stream is over.
		<-st.broken
		err = st.failure()
	}
	return st.collect(r, slots), err
}

func (st *stream) register(r *wire.PublishRequest) (*request, []*slot, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.err != nil {
		return nil, nil, st.err
	}
	st.busy++
	st.idle.Stop()
	req := &request{left: len(r.GetEvents()), done: make(chan struct{})}
	slots := make([]*slot, len(r.GetEvents()))
	for i, e := range r.GetEvents() {
		slots[i] = &slot{of: req}
		st.pending[e.GetId()] = append(st.pending[e.GetId()], slots[i])
	}
	return req, slots, nil
}

// collect takes the results and forgets what is still missing.
func (st *stream) collect(r *wire.PublishRequest, slots []*slot) []*wire.PublishResult {
	st.mu.Lock()
	defer st.mu.Unlock()
	results := make([]*wire.PublishResult, len(slots))
	for i, s := range slots {
		if results[i] = s.result; s.result == nil {
			st.drop(r.GetEvents()[i].GetId(), s)
		}
	}
	return results
}

func (st *stream) drop(id string, s *slot) {
	list := st.pending[id]
	for i, other := range list {
		if other == s {
			list = append(list[:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(st.pending, id)
		return
	}
	st.pending[id] = list
}

func (st *stream) release() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.busy--; st.busy == 0 && st.err == nil {
		st.idle.Reset(st.idleAfter)
	}
}

// expire ends an idle stream in an orderly way.
func (st *stream) expire() {
	st.mu.Lock()
	idle := st.busy == 0 && st.err == nil
	if idle {
		st.fail(errIdle)
	}
	st.mu.Unlock()
	if idle {
		_ = st.wire.CloseSend()
	}
}

// fail records why the stream is over; the caller holds mu.
func (st *stream) fail(err error) {
	if st.err == nil {
		st.err = err
		close(st.broken)
	}
}

func (st *stream) failure() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.err
}

// usable tells whether the stream may take another request under this session.
func (st *stream) usable(s *salesforce.Session) bool {
	return st.failure() == nil && st.session == s
}

func (st *stream) receive() {
	defer st.cancel()
	for {
		res, err := st.wire.recv()
		st.mu.Lock()
		if err != nil {
			st.idle.Stop()
			close(st.done) // before anybody learns of the failure, so that its trailer is there
			st.fail(err)
			st.mu.Unlock()
			return
		}
		for _, r := range res.GetResults() {
			st.settle(r)
		}
		st.mu.Unlock()
	}
}

// settle gives a result to the oldest event that waits under its key; the caller holds mu.
func (st *stream) settle(r *wire.PublishResult) {
	list := st.pending[r.GetCorrelationKey()]
	if len(list) == 0 {
		return // its caller has gone
	}
	s := list[0]
	st.drop(r.GetCorrelationKey(), s)
	s.result = r
	if s.of.left--; s.of.left == 0 {
		close(s.of.done)
	}
}

// trailer is what the server said at the end of a stream that it broke; nil while it is open, or closed by us.
func (st *stream) trailer() metadata.MD {
	if st == nil {
		return nil
	}
	select {
	case <-st.done:
		return st.wire.Trailer()
	default:
		return nil
	}
}
