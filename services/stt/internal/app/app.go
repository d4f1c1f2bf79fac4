package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// Run is the name of the pass that this service makes: while the call lives.
const Run = "live"

// Config of the hearing.
type Config struct {
	// Keep is how much audio of a party is kept while consent is open. What is older is a declared gap, or
	// one call would hold back its partition.
	Keep time.Duration `koanf:"keep"`
	// Away is how much audio of a party is kept while its recogniser can't be had, and how long a stream that has ended waits for
	// it. What is older is a declared gap.
	Away time.Duration `koanf:"away"`
	// Room is the consumer's bound.
	Room Room `koanf:"-"`
	// Sessions is how many parties a process hears at once, per product.
	Sessions int `koanf:"sessions"`
	// SilentSocket is how long a stream may go without a chunk before it counts as ended.
	SilentSocket time.Duration `koanf:"silent_socket"`
	// ConsentGrace is how long the question stays open after a stream has ended.
	ConsentGrace time.Duration `koanf:"consent_grace"`
	// Handover is how long late chunks of a stream are waited for after a newer one has begun.
	Handover time.Duration `koanf:"handover"`
	// Keepsake is how long sessions are kept alive when their partition goes, in case it comes back.
	Keepsake time.Duration `koanf:"keepsake"`
	// Relief is how long a forced final may take before its audio is given up.
	Relief time.Duration `koanf:"relief"`
	// Remember is how long a call is known after its last message.
	Remember time.Duration `koanf:"remember"`
}

// Defaults of a production process.
func Defaults() Config {
	return Config{
		Keep: time.Minute, Away: 90 * time.Second, Sessions: 400, SilentSocket: 15 * time.Second, ConsentGrace: 10 * time.Second,
		Handover: 2 * time.Second, Keepsake: 15 * time.Second, Relief: 5 * time.Second, Remember: 15 * time.Minute,
	}
}

// Validate reports every fault of c.
func (c Config) Validate() []error {
	var errs []error
	for _, d := range []struct {
		name         string
		value, least time.Duration
	}{
		{"keep", c.Keep, 10 * time.Second}, {"away", c.Away, time.Second}, {"silent_socket", c.SilentSocket, time.Second},
		{"consent_grace", c.ConsentGrace, 0}, {"handover", c.Handover, 0}, {"keepsake", c.Keepsake, 0},
		{"relief", c.Relief, time.Second}, {"remember", c.Remember, time.Minute},
	} {
		if d.value < d.least {
			errs = append(errs, fmt.Errorf("hearing.%s: %s is under %s", d.name, d.value, d.least))
		}
	}
	if c.Sessions < 1 {
		errs = append(errs, fmt.Errorf("hearing.sessions: %d is under 1", c.Sessions))
	}
	return errs
}

// App hears the calls of the partitions that it owns. Safe for concurrent use.
type App struct {
	cfg     Config
	tenants *tenant.Set
	recs    Recognisers
	pub     Publisher
	log     Log
	tel     *telemetry.Telemetry
	met     *metrics
	ctx     context.Context // until Close
	cancel  context.CancelFunc
	hearing sync.WaitGroup // sessions, and usage on its way

	waiting waiting

	mu    sync.Mutex
	parts map[int]*part
	slots map[string]*slots // by product
}

// part is one partition.
type part struct {
	app *App
	n   int

	mu      sync.Mutex
	owned   bool
	handled int64 // highest offset of calls.media that has come here
	do      func(key []byte, fn func(ctx context.Context))
	calls   map[name]*call
	past    *Past // of calls that no message has come of yet
}

// New returns an App that owns nothing yet.
func New(cfg Config, tenants *tenant.Set, recs Recognisers, pub Publisher, log Log, tel *telemetry.Telemetry) (*App, error) {
	met, err := newMetrics(tel.Meter)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &App{
		cfg: cfg, tenants: tenants, recs: recs, pub: pub, log: log, tel: tel, met: met,
		ctx: ctx, cancel: cancel, parts: map[int]*part{}, slots: map[string]*slots{},
		waiting: waiting{held: map[*track]int{}},
	}, nil
}

// errNotOwned is a bug in the order of hooks and handlers, or a message that was under way when its
// partition went.
var errNotOwned = &retry.Error{Class: retry.Retryable, Code: "partition_not_owned", Err: errors.New("a message came of a partition that is not owned")}

// Saw notes that the message at offset of a partition of calls.media has been fetched, whatever is in it.
func (a *App) Saw(partition int, offset int64) {
	if p := a.part(partition); p != nil {
		p.mu.Lock()
		p.handled = max(p.handled, offset)
		p.mu.Unlock()
	}
}

// Take handles one message and returns when the next of the same call may come; the message is often done
// much later.
func (a *App) Take(ctx context.Context, d Delivery) {
	stream := streamOf(d.Event)
	if stream == "" && d.Event.Kind() != events.KindConsentRecorded {
		d.Done(nil) // nothing that concerns hearing
		return
	}
	p := a.part(d.Partition)
	for p != nil {
		c, known := p.call(d.Event)
		if c == nil {
			break
		}
		if err := a.recall(ctx, c, d, stream, known); err != nil {
			d.Done(err)
			return
		}
		if c.take(d) {
			return
		}
		p.forget(c) // it was over just now: this message opens it again
	}
	d.Done(errNotOwned)
}

// forget lets go of a call.
func (p *part) forget(c *call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls[c.name] == c {
		delete(p.calls, c.name)
	}
}

// early is the call time, in milliseconds, before which a stream counts as the first of its call.
const early = 60_000

// recall reads back what was before e, where e does not tell itself: a stream that another process began
// and whose beginning did not yet stand in the log when the partition was taken over; a call that was
// forgotten here; a stream that begins late in a call, after another and after an answer long ago.
func (a *App) recall(ctx context.Context, c *call, d Delivery, stream string, known bool) error {
	m, begins := d.Event.Message().(*events.MediaStarted)
	if stream == "" || c.knows(stream) || begins && (known || m.GetOffsetMs() < early) {
		return nil
	}
	var past *Past
	err := retry.Do(ctx, retry.Default(), func(ctx context.Context) (err error) {
		past, err = a.log.Call(ctx, d.Partition, d.Event)
		return err
	})
	if err != nil {
		return &retry.Error{Class: retry.Retryable, Code: "log_unreadable", Err: err}
	}
	pc := past.of(c.name)
	if begins {
		pc.without(stream)
	}
	c.restore(pc)
	return nil
}

// streamOf is the stream that e is about; "" if none.
func streamOf(e *events.CallEvent) string {
	switch m := e.Message().(type) {
	case *events.MediaStarted:
		return m.GetStreamId()
	case *events.AudioChunk:
		return m.GetStreamId()
	case *events.MediaGap:
		return m.GetStreamId()
	case *events.MediaEnded:
		return m.GetStreamId()
	}
	return ""
}

func (a *App) part(n int) *part {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.parts[n]
}

// call returns the call of e with what the past says of it, and whether anything was known of it before; nil
// if the partition is not owned.
func (p *part) call(e *events.CallEvent) (c *call, known bool) {
	p.mu.Lock()
	if !p.owned {
		p.mu.Unlock()
		return nil, false
	}
	c, known = p.calls[nameOf(e)]
	var past *pastCall
	if !known {
		c = newCall(p, nameOf(e))
		p.calls[c.name] = c
		past = p.past.take(c.name)
	}
	p.mu.Unlock()
	c.restore(past)
	return c, known || past != nil
}

func (p *part) all() []*call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Values(p.calls))
}

func (a *App) all() []*call {
	a.mu.Lock()
	parts := slices.Collect(maps.Values(a.parts))
	a.mu.Unlock()
	var calls []*call
	for _, p := range parts {
		calls = append(calls, p.all()...)
	}
	return calls
}

// slotsFor returns the slots of a product.
func (a *App) slotsFor(product string, allowed int) *slots {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.slots[product]
	if !ok {
		n := a.cfg.Sessions
		if allowed > 0 {
			n = min(n, allowed)
		}
		s = newSlots(n)
		a.slots[product] = s
	}
	return s
}

// Sweep forgets calls that are over, until ctx ends.
func (a *App) Sweep(ctx context.Context) error {
	t := time.NewTicker(a.cfg.Remember / 4)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		for _, c := range a.all() {
			if c.over(a.cfg.Remember) {
				c.part.forget(c)
			}
		}
	}
}

// Close ends every session and waits until what they cost is published, or ctx ends. Nothing else is
// completed: whoever owns the partitions next hears it again.
func (a *App) Close(ctx context.Context) error {
	for _, c := range a.all() {
		c.drop()
	}
	done := make(chan struct{})
	go func() {
		a.hearing.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = fmt.Errorf("waiting for usage to be published: %w", ctx.Err())
	}
	a.cancel()
	if err == nil {
		return nil
	}
	a.tel.Log.WarnContext(ctx, "stopping before everything was published", slog.Any("error", err))
	return err
}
