// Package soak runs Frontdesk on real parts for long, under the load of `frontdesk replay`: a share of a day's busy hour, faster than
// life, some webhooks delivered twice. In its middle Salesforce answers nothing for a while. What every process holds is looked at all
// the while, and a witness that shares no code with the pipeline counts what became of the calls.
//
//	soak.go    the run: parts, load, stall, drain
//	sample.go  what one process holds at one time, by its own /metrics
//	report.go  what was found
//	judge.go   what must hold, and whether it does
//	text.go    the report in Markdown
package soak

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/realparts"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/witness"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// The shape of the load, as flags of `frontdesk replay` would say it.
const (
	peakCallsPerDay = 50_000
	share           = 0.2
	doubled         = 0.05
	disorder        = 0.05 // replay's default
)

const (
	sampleEvery = 5 * time.Second
	lookEvery   = time.Second
	// drainsWithin bounds the time from the last call's end until nothing is left to do, writtenWithin that from the stall's end until
	// every call that had ended by then stands in its org. A parked call is tried again at growing pauses, after a minute at most here.
	drainsWithin  = 2 * time.Minute
	writtenWithin = 2 * time.Minute
)

// Config of a soak.
type Config struct {
	// Dir is the run's folder, which must exist and be empty.
	Dir string
	// KafkaLibs is the folder of Kafka's jars, Programs that of the services and of frontdesk, Tenants one of tenant files.
	KafkaLibs, Programs, Tenants string
	// Calls are played over and over.
	Calls []*calls.Call
	// Speed is how much faster than life, 1 to 1000. Duration is how long new calls are placed, Stall how long Salesforce answers nothing
	// from the middle of that on.
	Speed           float64
	Duration, Stall time.Duration
	// Seed of CallSids and of chance.
	Seed uint64
	// Tell is told how the run goes on; not concurrently.
	Tell func(format string, args ...any)
}

// Validate reports every fault of what people choose.
func (c Config) Validate() error {
	var faults []error
	if c.Speed < 1 || c.Speed > 1000 {
		faults = append(faults, fmt.Errorf("speed %g: want 1 to 1000", c.Speed))
	}
	// The second and the last quarter are compared, and what the stall leaves to do falls into the third.
	if c.Duration < 4*c.Stall || c.Duration < time.Minute {
		faults = append(faults, fmt.Errorf("duration %v: want a minute at least, and four times the stall of %v", c.Duration, c.Stall))
	}
	if c.Stall < 0 {
		faults = append(faults, fmt.Errorf("stall %v: want none, or how long", c.Stall))
	}
	return errors.Join(faults...)
}

func (c Config) load() twilio.Load {
	return twilio.Load{
		Calls: c.Calls, Duration: c.Duration, PeakCallsPerDay: peakCallsPerDay, Share: share, Speed: c.Speed,
		Doubled: doubled, Disorder: disorder, VaryCallers: true,
	}
}

// settings differ from what ships where a call that is over stays in memory for longer than the first quarter: an hour in inference,
// should a revision come, and a quarter of an hour in stt, should its audio come again. What they hold is full then, and may not grow.
func (c Config) settings() map[string]map[string]string {
	kept := max(c.Duration/6, time.Minute).String()
	return map[string]map[string]string{"inference": {"desk.timing.keep": kept}, "stt": {"hearing.remember": kept}}
}

// run is a soak under way.
type run struct {
	cfg     Config
	parts   *realparts.Stack
	witness *witness.Witness
	began   time.Time
	report  *Report
	// owed are the calls that had ended when the stall did, as long as one of them is not written.
	owed   []witness.Call
	healed time.Time
	up     int // calls, as the load last told
}

// Run plays the load and returns when everything of it is done, or with the first error. The report stands beside it.
func Run(ctx context.Context, cfg Config) (r *Report, err error) {
	load := cfg.load()
	r = newReport(cfg, load)
	cfg.Tell("starting Kafka, Redis and two processes of each service")
	parts, err := realparts.Start(ctx, realparts.Options{
		Dir: cfg.Dir, KafkaLibs: cfg.KafkaLibs, Programs: cfg.Programs, Tenants: cfg.Tenants, Calls: cfg.Calls, Speed: cfg.Speed, Seed: cfg.Seed,
		// As in a replay.
		RetryPause: 2 * time.Second, LogLevel: "info",
		Settings: cfg.settings(),
	})
	if err != nil {
		return r, err //nolint:wrapcheck // it says what it started
	}
	defer func() { err = errors.Join(err, parts.Close()) }() //nolint:contextcheck // what was started is stopped though ctx has ended
	s := &run{cfg: cfg, parts: parts, witness: parts.Witness(), report: r, began: time.Now()}
	cfg.Tell("%.2f calls a second for %v, at %g times the speed of life; seed %d", r.Rate, cfg.Duration, cfg.Speed, cfg.Seed)
	placing, stop := context.WithCancel(ctx)
	defer stop()
	progress := make(chan twilio.Progress, 1)
	load.Progress = func(p twilio.Progress) {
		select {
		case progress <- p:
		default: // the next one tells as much
		}
	}
	type ended struct {
		report twilio.Report
		err    error
	}
	over := make(chan ended, 1)
	go func() {
		report, err := parts.Carrier().Run(placing, load)
		over <- ended{report, err}
	}()
	err = s.watch(ctx, progress, func() (bool, error) {
		select {
		case e := <-over:
			r.Load = e.report
			return true, e.err
		default:
			return false, nil
		}
	})
	if err != nil {
		stop()
		return r, err
	}
	if err := s.drain(ctx); err != nil {
		return r, err
	}
	r.judge()
	return r, nil
}

// watch samples until the load is over and, in its middle, has Salesforce answer nothing.
func (s *run) watch(ctx context.Context, progress <-chan twilio.Progress, over func() (bool, error)) error {
	look, sample := time.NewTicker(lookEvery), time.NewTicker(sampleEvery)
	defer look.Stop()
	defer sample.Stop()
	stalls, heals := time.NewTimer(s.cfg.Duration/2), time.NewTimer(s.cfg.Duration/2+s.cfg.Stall)
	defer stalls.Stop()
	defer heals.Stop()
	for {
		var err error
		select {
		case p := <-progress:
			s.up = p.Active
		case <-stalls.C:
			s.stall()
		case <-heals.C:
			err = s.heal(ctx)
		case <-sample.C:
			err = s.sample(ctx)
		case <-look.C:
			s.settle()
			if done, err := over(); done || err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("soaking: %w", ctx.Err())
		}
		if err != nil {
			return err
		}
	}
}

// stall makes every request to Salesforce wait for longer than anybody does.
func (s *run) stall() {
	if s.cfg.Stall == 0 {
		return
	}
	s.cfg.Tell("Salesforce answers nothing for %v", s.cfg.Stall)
	s.report.Stall.At = s.now()
	s.parts.Salesforce().Faults().Set(fault.Settings{Latency: fault.Latency{Median: s.cfg.Stall}})
}

// heal ends the stall and notes the calls that are owed.
func (s *run) heal(ctx context.Context) error {
	if s.cfg.Stall == 0 {
		return nil
	}
	s.parts.Salesforce().Faults().Set(fault.Settings{})
	s.healed = time.Now()
	s.report.Stall.For = s.now() - s.report.Stall.At
	// Calls of before are long written, or lost, and then the end tells.
	const before = time.Minute
	list, err := s.witness.Calls(ctx, s.healed.Add(-s.cfg.Stall-before))
	if err != nil {
		return err //nolint:wrapcheck // it says whom it asked
	}
	s.witness.Read()
	s.owed = s.unwritten(list)
	s.report.Stall.Owed = len(s.owed)
	s.cfg.Tell("Salesforce answers again; %d calls have ended and are not written", len(s.owed))
	return s.sample(ctx)
}

// settle looks, after the stall, whether everything that was owed then is written.
func (s *run) settle() {
	if s.healed.IsZero() || s.report.Stall.Over != 0 {
		return
	}
	s.witness.Read()
	if s.owed = s.unwritten(s.owed); len(s.owed) > 0 {
		return
	}
	s.report.Stall.Over, s.report.Stall.Written = s.now(), seconds(time.Since(s.healed))
	s.cfg.Tell("all of them are written, %v after the stall", s.report.Stall.Written)
}

// unwritten are those of some completed calls that lack something in their org.
func (s *run) unwritten(list []witness.Call) []witness.Call {
	return slices.DeleteFunc(slices.Clone(list), func(c witness.Call) bool {
		lost, _ := s.witness.Look(c, anyCall)
		return !c.Completed() || len(lost) == 0
	})
}

// anyCall expects nothing but what every call has: what is said in each is the business of other suites.
var anyCall = &calls.Call{}

func (s *run) now() seconds { return seconds(time.Since(s.began)) }

// sample asks every process what it holds.
func (s *run) sample(ctx context.Context) error {
	at := s.now()
	for i, p := range s.parts.Replicas {
		sample, err := ask(ctx, p.Admin())
		if err != nil {
			return fmt.Errorf("asking %s what it holds: %w", p, err)
		}
		sample.At = at
		s.report.note(i, p.String(), p.Service, sample)
	}
	for _, o := range []struct {
		name string
		pid  int
	}{{"Kafka", s.parts.Kafka.Pid()}, {"Redis", s.parts.Redis.Pid()}, {"carrier, clouds and gateway", 0}} {
		used, err := usedBy(o.pid)
		if err != nil {
			return fmt.Errorf("asking what %s has used: %w", o.name, err)
		}
		s.report.around(o.name, at, used)
	}
	s.cfg.Tell("%d calls up; %s", s.up, s.report.glance())
	return nil
}

// drain waits until nothing is left to do, and has the witness count.
func (s *run) drain(ctx context.Context) error {
	s.cfg.Tell("no more calls; waiting until everything is done")
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, drainsWithin)
	defer cancel()
	list, err := s.witness.Calls(ctx, time.Time{})
	if err != nil {
		return err //nolint:wrapcheck // it says whom it asked
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	left := list
	for {
		s.settle()
		s.witness.Read()
		left = s.unwritten(left)
		if err := s.sample(ctx); err != nil {
			return err
		}
		if len(left) == 0 && s.report.left() == 0 {
			break
		}
		select {
		case <-look.C:
			continue
		case <-ctx.Done(): // what is left is for the judge
		}
		break
	}
	s.report.Drained = seconds(time.Since(began))
	ctx = context.WithoutCancel(ctx)
	if s.report.DeadLetters, err = s.deadLetters(ctx); err != nil {
		return err
	}
	s.witness.Read()
	s.report.Verdict = s.witness.Judge(list, func(string) *calls.Call { return anyCall })
	return nil
}

func (s *run) deadLetters(ctx context.Context) (int, error) {
	var sum int64
	for n := range realparts.Partitions {
		first, end, err := s.parts.Conn().Offsets(ctx, events.DeadLetters.Name, n)
		if err != nil {
			return 0, err //nolint:wrapcheck // it names the partition
		}
		sum += end - first
	}
	return int(sum), nil
}

// sum of what a map holds.
func sum(of map[string]float64) (total float64) {
	for v := range maps.Values(of) {
		total += v
	}
	return total
}
