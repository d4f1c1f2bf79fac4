package handlertest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/frontdesk/frontdesk/pkg/servicekit/consume"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
)

// step is where a process dies, or is paused.
type step int

const (
	never        step = iota
	beforeEffect      // what it was about to do is not done
	unheard           // it is done, and the process never hears of it
	heard             // it has heard of it, and commits nothing any more
	pausedAt          // it stands still before it, and goes on when another has taken over
	afterClaim
	beforeMark
)

// Process is one incarnation of the service. It implements [consume.Claims].
type Process struct {
	w       *world
	handler consume.Handler
	ctx     context.Context
	cancel  context.CancelFunc
	store   func() *idempotency.Store
	working sync.WaitGroup
	// died is closed when it has died or is paused, resume by goOn, failed when an effect has failed.
	died, resume, failed chan struct{}
	goOn                 func()

	mu     sync.Mutex
	from   int
	handed int // how often it was handed the messages
	errs   []error
	all    chan struct{} // closed when all are completed
	at     step
	n      int // effects until it dies
	under  int // effects under way
	count  int // effects that it had
	away   bool
	dead   bool
	ended  bool
	taken  bool // a claim
	atEnd  []func()
}

func newProcess(w *world, from int) *Process {
	p := &Process{w: w, from: from, died: make(chan struct{}), resume: make(chan struct{}), failed: make(chan struct{}), all: make(chan struct{})}
	p.goOn = sync.OnceFunc(func() { close(p.resume) })
	p.ctx, p.cancel = context.WithCancel(w.t.Context())
	lease := w.lease
	p.store = sync.OnceValue(func() *idempotency.Store {
		s := idempotency.NewStore(w.redis(), idempotency.Config{Lease: lease}, telemetry.Discard())
		p.AtEnd(func() { _ = s.Close() })
		return s
	})
	w.t.Cleanup(p.end)
	return p
}

// Context ends when the process dies, or loses its partition.
func (p *Process) Context() context.Context { return p.ctx }

// From is the offset of the first message that the process is handed: what is committed.
func (p *Process) From() int { return p.from }

// AtEnd has fn called when the process has ended: the last given comes first.
func (p *Process) AtEnd(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.atEnd = append(p.atEnd, fn)
}

var (
	errAway = errors.New("what it asked is away")
	errDead = &retry.Error{Class: retry.Permanent, Code: "dead", Err: errors.New("the process is dead")}
)

// Effect does what the process does to the world, unless the process is dead, and tells what the process hears of it.
func (p *Process) Effect(do func()) error {
	p.mu.Lock()
	if p.dead {
		p.mu.Unlock()
		return errDead
	}
	if p.away {
		select { // under the lock: effects may fail side by side
		case <-p.failed:
		default:
			close(p.failed)
		}
		p.mu.Unlock()
		return errAway
	}
	p.under++
	p.count++
	at := never
	if p.n--; p.n == 0 && p.at <= pausedAt {
		at = p.at
	}
	if at == beforeEffect || at == unheard || at == heard {
		p.dead = true
	}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.under--
		p.mu.Unlock()
	}()
	if at == pausedAt {
		close(p.died)
		<-p.resume
	}
	if at != beforeEffect {
		do()
	}
	if !p.isDead() || at == never || at == pausedAt {
		return nil
	}
	defer p.gone()
	if at == heard {
		return nil
	}
	return errDead
}

// gone ends everything that the process has under way.
func (p *Process) gone() {
	p.cancel()
	close(p.died)
}

func (p *Process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// rests tells whether it does nothing to the world at the moment.
func (p *Process) rests() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.under == 0
}

// effects is how many it had.
func (p *Process) effects() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

func (p *Process) claimed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// kill lets nothing that it does count any more.
func (p *Process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
}

// completed notes how a message was completed, unless it was handed over again meanwhile.
func (p *Process) completed(round, i int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if round != p.handed-1 || p.dead {
		return // what a dead process says is never committed
	}
	p.errs[i] = err
	p.closeIfAll()
}

func (p *Process) closeIfAll() {
	if slices.Contains(p.errs, errOpen) {
		return
	}
	select {
	case <-p.all:
	default:
		close(p.all)
	}
}

// sound tells whether nothing before message i has failed: what follows would be parked behind it.
func (p *Process) sound(i int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !slices.ContainsFunc(p.errs[:i], func(err error) bool { return err != nil && !errors.Is(err, errOpen) })
}

// results are the errors with which the messages were completed.
func (p *Process) results() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.errs)
}

// complete is how many messages from the first on are complete: all that could be committed.
func (p *Process) complete() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.errs, func(err error) bool { return err != nil }); i >= 0 {
		return i
	}
	return len(p.errs)
}

// end loses the partition, and returns when nothing of the process is left.
func (p *Process) end() {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return
	}
	p.ended = true
	p.mu.Unlock()
	p.goOn()
	p.cancel()
	p.working.Wait()
	for fn := p.last(); fn != nil; fn = p.last() {
		fn()
	}
}

// last is what is to be called next at the end; nil when there is nothing more.
func (p *Process) last() (fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.atEnd); n > 0 {
		fn, p.atEnd = p.atEnd[n-1], p.atEnd[:n-1]
	}
	return fn
}

// Claim implements consume.Claims.
func (p *Process) Claim(ctx context.Context, k idempotency.Key) (*idempotency.Claim, error) {
	if p.isDead() {
		return nil, errDead
	}
	c, err := p.store().Claim(ctx, k)
	p.mu.Lock()
	p.taken = true
	dies := p.at == afterClaim && !p.dead
	p.dead = p.dead || dies
	p.mu.Unlock()
	if dies {
		p.gone()
		return nil, errDead
	}
	return c, err
}

// Complete implements consume.Claims.
func (p *Process) Complete(ctx context.Context, c *idempotency.Claim, result []byte) error {
	p.mu.Lock()
	dies := p.at == beforeMark && !p.dead
	p.dead = p.dead || dies
	dead := p.dead
	p.mu.Unlock()
	if dies {
		p.gone()
	}
	if dead {
		return errDead
	}
	return p.store().Complete(ctx, c, result)
}

// Release implements consume.Claims.
func (p *Process) Release(ctx context.Context, c *idempotency.Claim) error {
	if p.isDead() {
		return errDead
	}
	return p.store().Release(ctx, c)
}

var _ consume.Claims = (*Process)(nil)
