package twilio

import (
	"sync"
	"time"
)

// outbox sends callbacks beside the call. In order, as long as nothing goes wrong: each waits for the first try
// of the one before, and no longer. One that mischief holds back lets the others go ahead.
type outbox struct {
	l    *life
	mu   sync.Mutex
	tail chan struct{} // closed when the last queued callback had its first try
}

// held is the longest, in call time, that a callback is held back.
const held = 5 * time.Second

// post queues one callback; an empty URL is none. params must not be changed afterwards. after, if not nil, is
// told what came of it.
func (o *outbox) post(url, method string, params map[string]string, after func(*Fault)) {
	if url == "" {
		return
	}
	l, ctx := o.l, o.l.ctx
	double := l.mis.Double > 0 && l.draw() < l.mis.Double
	var back time.Duration
	if l.mis.Disorder > 0 && l.draw() < l.mis.Disorder {
		back = time.Duration(l.draw()*float64(held)) + time.Millisecond
		l.st.count(func(r *Report) { r.Webhooks.HeldBack++ })
	}
	wait, tried := o.queue(back > 0)
	l.work.Go(func() {
		if back > 0 {
			if _, err := l.clk.Wait(ctx, l.clk.Now().Add(back), nil); err != nil {
				return
			}
		} else {
			select {
			case <-wait:
			case <-ctx.Done():
				tried()
				return
			}
		}
		_, fault := l.c.deliver(ctx, l.acct, l.st, request{url: url, method: method, params: params, tried: tried})
		if fault != nil && ctx.Err() == nil {
			l.fault(*fault)
		}
		if after != nil {
			after(fault)
		}
		if double && ctx.Err() == nil {
			l.st.count(func(r *Report) { r.Webhooks.Doubled++ })
			_, _ = l.c.deliver(ctx, l.acct, l.st, request{url: url, method: method, params: params})
		}
	})
}

// queue returns what to wait for, and what to call when the first try is over. One that is held back stands
// outside the queue.
func (o *outbox) queue(outside bool) (wait <-chan struct{}, tried func()) {
	if outside {
		return nil, func() {}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.tail
	if before == nil {
		before = make(chan struct{})
		close(before)
	}
	mine := make(chan struct{})
	o.tail = mine
	return before, sync.OnceFunc(func() { close(mine) })
}
