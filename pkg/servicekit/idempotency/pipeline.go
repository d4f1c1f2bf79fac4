package idempotency

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// pipeline sends what is asked at the same time in one round trip: whoever comes while a trip is under way
// waits for the next, so that load makes batches and idleness makes no delay.
type pipeline struct {
	rdb  redis.UniversalClient
	in   chan ask
	quit chan struct{}
	done chan struct{}
}

type ask struct {
	cmd redis.Cmder
	// wanted is asked when the trip begins; nil: it is. What is asked for later is then sent later, too.
	wanted func() bool
	out    chan error
}

var (
	errClosed   = errors.New("the idempotency store is closed")
	errUnwanted = errors.New("no longer wanted")
)

// maxTrip bounds one round trip.
const maxTrip = 512

func newPipeline(rdb redis.UniversalClient) *pipeline {
	p := &pipeline{rdb: rdb, in: make(chan ask, maxTrip), quit: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p
}

// do queues cmd and waits for its answer, which then stands in cmd. errUnwanted: wanted had it left out.
func (p *pipeline) do(ctx context.Context, cmd redis.Cmder, wanted func() bool) error {
	a := ask{cmd, wanted, make(chan error, 1)}
	select {
	case p.in <- a:
	case <-p.quit:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-a.out:
		return err
	case <-p.done:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pipeline) run() {
	defer close(p.done)
	for {
		select {
		case first := <-p.in:
			p.trip(p.gather(first))
		case <-p.quit:
			return
		}
	}
}

// gather adds to first what is waiting already.
func (p *pipeline) gather(first ask) []ask {
	batch := []ask{first}
	for len(batch) < maxTrip {
		select {
		case a := <-p.in:
			batch = append(batch, a)
		default:
			return batch
		}
	}
	return batch
}

func (p *pipeline) trip(batch []ask) {
	// The trip serves many callers: none of their contexts may end it for the others; the client's own
	// time-outs bound it.
	ctx := context.Background()
	pipe := p.rdb.Pipeline()
	for _, a := range batch {
		if a.wanted != nil && !a.wanted() {
			a.cmd.SetErr(errUnwanted)
			continue
		}
		_ = pipe.Process(ctx, a.cmd)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	for _, a := range batch {
		a.out <- a.cmd.Err()
	}
}

func (p *pipeline) close() {
	close(p.quit)
	<-p.done
}

// result reads a SET … GET's answer: "" for nil.
func result(err error, cmd *redis.StatusCmd) (string, error) {
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	if err != nil {
		return "", away(err)
	}
	return cmd.Val(), nil
}
