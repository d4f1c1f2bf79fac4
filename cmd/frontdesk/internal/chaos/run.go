package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// Config of a run.
type Config struct {
	// Dir is the folder of the run, made; it is kept if anything is wrong.
	Dir string
	// KafkaLibs, Programs and Tenants are as in [realparts.Options].
	KafkaLibs, Programs, Tenants string
	Samples                      []*calls.Call
	// AtOnce is how many calls are under way.
	AtOnce int
	// Each are the faults that are tried each alone.
	Each []Fault
	// Seeds of the schedules of all faults, Count faults each, drawn from Drawn.
	Seeds []uint64
	Count int
	Drawn []Fault
	// Brief leaves out the look at a time in which nothing breaks.
	Brief bool
	// LogLevel of the services.
	LogLevel string
	// Tell is told how the run goes on, from several goroutines.
	Tell func(format string, args ...any)
}

const (
	// patience with calls that have ended: the writer's pauses between two tries grow up to half a minute.
	patience = 75 * time.Second
	// observed is how long the time without progress is looked for after a fault is mended: longer than any bound on it.
	observed = 15 * time.Second
	// touched is how long after that a call may begin and still be counted with the fault.
	touched = 8 * time.Second
	// alone is how many faults, each alone, are tried on one stack before a fresh one is started: what a stand-in holds slows it.
	alone = 12
)

// Run tries every fault, and returns the report on whatever was tried also beside an error.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	r := &Report{AtOnce: cfg.AtOnce, Seeds: append([]uint64{}, cfg.Seeds...), Rounds: []Round{}}
	began := time.Now()
	defer func() { r.Seconds = seconds(time.Since(began)) }()
	for n, group := range groups(ctx, cfg) {
		if err := night(ctx, cfg, fmt.Sprintf("alone-%d", n+1), r, needs(group[0]), func(ctx context.Context, w *watch) error { return w.each(ctx, group) }); err != nil {
			return r, err
		}
	}
	drawn := slices.DeleteFunc(slices.Clone(cfg.Drawn), func(f Fault) bool { return needs(f) != nil })
	for _, seed := range cfg.Seeds {
		if err := night(ctx, cfg, fmt.Sprintf("seed-%d", seed), r, nil, func(ctx context.Context, w *watch) error {
			return w.schedule(ctx, seed, Schedule(seed, drawn, cfg.Count))
		}); err != nil {
			return r, err
		}
	}
	return r, nil
}

// groups are the faults that are tried on one stack, one after another. One that needs settings of its own has a stack of its own, if
// the services have such settings at all.
func groups(ctx context.Context, cfg Config) [][]Fault {
	var all [][]Fault
	var apart []Fault
	var rest []Fault
	for _, f := range cfg.Each {
		switch {
		case needs(f) == nil:
			rest = append(rest, f)
		case hasSpool(ctx, cfg.Programs):
			apart = append(apart, f)
		default:
			cfg.Tell("%s: this ingress has no spool, and the fault is left out", f.Name())
		}
	}
	all = slices.AppendSeq(all, slices.Chunk(rest, alone))
	for _, f := range apart {
		all = append(all, []Fault{f})
	}
	return all
}

// night starts a stack and its load, does something to them, plays the last calls out, judges them, and stops everything.
func night(ctx context.Context, cfg Config, name string, report *Report, more map[string]string, do func(context.Context, *watch) error) (err error) {
	dir := filepath.Join(cfg.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of a run: %w", err)
	}
	cfg.Tell("%s: starting Kafka, Redis and two processes of each service", name)
	r, err := open(ctx, cfg, dir, more)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }() //nolint:contextcheck // what was started is stopped though ctx has ended
	calling, hangUp := context.WithCancel(ctx)
	defer hangUp()
	loaded := make(chan error, 1)
	go func() { loaded <- r.load.place(calling, r.Carrier(), cfg.AtOnce) }()
	w := &watch{rig: r, judge: newJudge(r), report: report, night: name, dir: dir, cpu: newCPU(r), began: time.Now()}
	err = w.filled(ctx, loaded)
	if err == nil {
		err = do(ctx, w)
	}
	r.load.enough.Store(true)
	if err != nil {
		hangUp()
	}
	if lerr := <-loaded; err == nil {
		err = lerr
	}
	if err == nil {
		err = w.last(ctx)
	}
	return err
}

// watch is a night under way.
type watch struct {
	*rig
	judge  *judge
	report *Report
	night  string
	dir    string
	cpu    *cpu
	began  time.Time
}

// filled returns when as many calls as asked for are up, and the first of them have been written.
func (w *watch) filled(ctx context.Context, loaded <-chan error) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for ramp := time.Now(); ; {
		up := int(w.load.active.Load())
		if up >= w.cfg.AtOnce*95/100 && time.Since(ramp) > w.load.mean() {
			return w.calm(ctx)
		}
		select {
		case <-tick.C:
			w.cfg.Tell("%s: %d calls up", w.night, up)
		case err := <-loaded:
			return errors.Join(errors.New("the load ended before all calls were up"), err)
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the run was stopped
		}
	}
}

// calm measures a time in which nothing breaks, beside which the faults stand.
func (w *watch) calm(ctx context.Context) error {
	if w.cfg.Brief {
		return nil
	}
	w.cpu.mark()
	began := time.Now()
	pause(ctx, observed)
	w.cfg.Tell("%s: calm; processor seconds a second: %s", w.night, w.cpu.since())
	row := Round{Night: w.night, Name: "nothing"}
	row.stalls(w.times, began, time.Now())
	return w.done(ctx, row, time.Now())
}

// each tries faults, each alone: the next begins when every call that the one before may have touched stands as it must.
func (w *watch) each(ctx context.Context, faults []Fault) error {
	for _, f := range faults {
		cost := f.Costs()
		row := Round{Night: w.night, Name: f.Name(), Faults: 1, UnderWay: int(w.load.active.Load()), Bound: seconds(cost.Bound), gap: cost.Gap, expects: cost.DeadLetters, silent: w.silent(f), patience: cost.Patience}
		w.cfg.Tell("%s: %s, with %d calls up", w.night, f.Name(), row.UnderWay)
		from := time.Now()
		err := f.Apply(ctx, w.rig)
		if err == nil {
			pause(ctx, cost.Hold)
		}
		// What was broken is mended in any case: a paused process can't be stopped.
		if err = errors.Join(err, f.Heal(context.WithoutCancel(ctx), w.rig), ctx.Err()); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
		row.Healed = seconds(time.Since(from))
		healed := time.Now()
		if cost.FromHealed {
			from = healed
		}
		pause(ctx, observed)
		row.stalls(w.times, from, time.Now())
		if err := w.done(ctx, row, healed.Add(touched)); err != nil {
			return err
		}
	}
	return nil
}

// silent tells whether calls may go on without a stream: without a spool also while there is no Kafka to store what they begin with.
func (w *watch) silent(f Fault) bool {
	return f.Costs().Silent || f.Part() == partBroker && !w.spooled
}

// schedule carries out a plan.
func (w *watch) schedule(ctx context.Context, seed uint64, plan []Planned) error {
	row := Round{Night: w.night, Name: "all of them, as drawn", Seed: seed, Faults: len(plan), UnderWay: int(w.load.active.Load())}
	began := time.Now()
	var all waitGroup
	away := make([]time.Duration, len(plan)) // for how long the broker was: no stream is started anew while the log can't be asked
	var delay time.Duration
	for i, p := range plan {
		row.silent = row.silent || w.silent(p.Fault)
		row.patience = max(row.patience, p.Fault.Costs().Patience)
		row.Plan = append(row.Plan, p.String())
		row.gap += p.Fault.Costs().Gap // of one stream several sockets may break
		delay = max(delay, p.Fault.Costs().Delay)
		all.run(func() error {
			pause(ctx, time.Until(began.Add(p.At)))
			if ctx.Err() != nil {
				return ctx.Err() //nolint:wrapcheck // the run was stopped
			}
			w.cfg.Tell("%s: %s for %.1f s, with %d calls up", w.night, p.Fault.Name(), p.Hold.Seconds(), w.load.active.Load())
			from := time.Now()
			if p.Fault.Part() == partBroker {
				w.brokerAway.Store(true)
				defer w.brokerAway.Store(false)
			}
			err := p.Fault.Apply(ctx, w.rig)
			if err == nil {
				pause(ctx, p.Hold)
			}
			if err = errors.Join(err, p.Fault.Heal(context.WithoutCancel(ctx), w.rig)); err != nil {
				return fmt.Errorf("%s: %w", p.Fault.Name(), err)
			}
			if p.Fault.Part() == partBroker {
				away[i] = time.Since(from)
			}
			return nil
		})
	}
	if err := all.wait(); err != nil {
		return err
	}
	if row.gap > 0 {
		row.gap += delay + slices.Max(away)
	}
	pause(ctx, observed)
	row.stalls(w.times, began, time.Now())
	w.load.enough.Store(true) // the night is over
	return w.done(ctx, row, time.Now().Add(time.Hour))
}

// last judges what began since the last round, if anything did.
func (w *watch) last(ctx context.Context) error {
	return w.done(ctx, Round{Night: w.night, Name: "the last calls", last: true}, time.Now().Add(time.Hour))
}

// done judges the calls that began before mark and adds their row to the report.
func (w *watch) done(ctx context.Context, row Round, mark time.Time) error {
	last := time.Now()
	t, err := w.judge.round(ctx, mark, max(patience, row.patience), func(what string) {
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			w.cfg.Tell("%s: %s: %s", w.night, row.Name, what)
		}
	})
	if err != nil {
		return err
	}
	if row.last && t.Calls == 0 {
		return nil
	}
	if err := w.judge.reconcile(ctx, &t, w.began); err != nil {
		return err
	}
	row.Tally, row.Dir = t, w.dir
	row.verdict()
	if err := w.judge.trails(w.dir, &row); err != nil {
		return err
	}
	w.report.add(row)
	w.cfg.Tell("%s: %s: %s", w.night, row.Name, row.line())
	for _, v := range row.Violations {
		w.cfg.Tell("%s: %s: WRONG: %s", w.night, row.Name, v)
	}
	return nil
}

// line says it in one.
func (r *Round) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d calls, %d lost, %d doubled, %d repeats, %d out of order, %d otherwise, %d dead letters, %d words missing, %d doubled",
		r.Calls, len(r.Lost), len(r.Doubled), r.Repeats, len(r.OutOfOrder), len(r.Otherwise), len(r.DeadLetters), r.WordsMissing, r.WordsDoubled)
	fmt.Fprintf(&b, "; longest gap %v, longest without progress %s, slowest call %v", r.LongestGap, r.stallText(), r.SlowestCall)
	if r.Untold+r.Unstreamed > 0 {
		fmt.Fprintf(&b, "; %d untold, %d of them for reconciliation, %d without sound", r.Untold, len(r.Unfound), r.Unstreamed)
	}
	return b.String()
}
