package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// SoakConfig is how long and how fast a soak is.
type SoakConfig struct {
	Config
	// PeakCallsPerDay, Share and Speed are as in [twilio.Load].
	PeakCallsPerDay, Share, Speed float64
	// Duration of the load, Stall of Salesforce in its middle.
	Duration, Stall time.Duration
}

// soakDoubled is the share of webhooks that are delivered twice.
const soakDoubled = 0.05

// sampleEvery is how often each process is asked for its metrics.
const sampleEvery = 10 * time.Second

// Sample is what one process holds at one time.
type Sample struct {
	At         seconds `json:"at_s"`
	Resident   float64 `json:"resident_bytes"`
	Goroutines float64 `json:"goroutines"`
	// Lag is how many messages it has still to finish, its parked ones included; 0 for ingress.
	Lag float64 `json:"lag"`
}

// Held is what one process held over a soak.
type Held struct {
	Process string   `json:"process"`
	Samples []Sample `json:"samples"`
}

// Soak is the report on one.
type Soak struct {
	Calls    float64 `json:"calls_a_second"`
	Speed    float64 `json:"speed"`
	Duration seconds `json:"duration_s"`
	Stalled  seconds `json:"stalled_s"`
	// StallLag is the writer's lag at the stall's end, Recovered how long it took to be gone afterwards.
	StallLag   float64  `json:"lag_after_stall"`
	Recovered  seconds  `json:"recovered_after_s"`
	Processes  []Held   `json:"processes"`
	Tally      Tally    `json:"calls"`
	Violations []string `json:"violations"`
	Error      string   `json:"error,omitempty"`
}

// RunSoak plays the shape of a day's busy hour for long, faster than life, with a Salesforce that answers nothing for a while.
func RunSoak(ctx context.Context, cfg SoakConfig) (s *Soak, err error) {
	cfg.playSpeed = cfg.Speed
	load := twilio.Load{PeakCallsPerDay: cfg.PeakCallsPerDay, Share: cfg.Share, Speed: cfg.Speed, Duration: cfg.Duration, Doubled: soakDoubled, VaryCallers: true}
	s = &Soak{Calls: load.Rate(), Speed: cfg.Speed, Violations: []string{}}
	dir := filepath.Join(cfg.Dir, "soak")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, fmt.Errorf("making the folder of a run: %w", err)
	}
	cfg.Tell("soak: starting Kafka, Redis and two processes of each service; %.2f calls a second at %.0f times the speed of life", s.Calls, cfg.Speed)
	r, err := open(ctx, cfg.Config, dir, nil)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, r.Close()) }() //nolint:contextcheck // what was started is stopped though ctx has ended
	for _, p := range r.Replicas {
		s.Processes = append(s.Processes, Held{Process: p.String(), Samples: []Sample{}})
	}
	j := newJudge(r)
	loaded := make(chan error, 1)
	began := time.Now()
	go func() { loaded <- r.load.shaped(ctx, r.Carrier(), load) }()
	if err := s.watch(ctx, cfg, r, began, loaded); err != nil {
		return s, err
	}
	s.Duration = seconds(time.Since(began))
	t, err := j.round(ctx, time.Now().Add(time.Hour), patience, func(what string) {})
	if err != nil {
		return s, err
	}
	if err := j.reconcile(ctx, &t, began); err != nil {
		return s, err
	}
	s.Tally = t
	s.verdict()
	return s, j.trails(dir, &t)
}

// watch samples until the load is over, and stalls Salesforce in its middle.
func (s *Soak) watch(ctx context.Context, cfg SoakConfig, r *rig, began time.Time, loaded <-chan error) error {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	stall := time.NewTimer(cfg.Duration / 2)
	defer stall.Stop()
	var heals <-chan time.Time
	var stalled, healed time.Time
	for {
		select {
		case <-stall.C:
			cfg.Tell("soak: Salesforce answers nothing for %v", cfg.Stall)
			stalled = time.Now()
			r.Salesforce().Faults().Set(fault.Settings{Latency: fault.Latency{Median: cfg.Stall}})
			heals = time.After(cfg.Stall)
		case <-heals:
			r.Salesforce().Faults().Set(fault.Settings{})
			healed, heals = time.Now(), nil
			s.Stalled = seconds(healed.Sub(stalled))
			lag, _, err := s.sample(ctx, r, began)
			if err != nil {
				return err
			}
			s.StallLag = lag
			cfg.Tell("soak: Salesforce answers again; crm-writer is %.0f messages behind", lag)
		case <-tick.C:
			lag, text, err := s.sample(ctx, r, began)
			if err != nil {
				return err
			}
			if lag == 0 && !healed.IsZero() && s.Recovered == 0 {
				s.Recovered = seconds(time.Since(healed))
				cfg.Tell("soak: crm-writer has caught up %v after the stall", s.Recovered)
			}
			cfg.Tell("soak: %d calls up; %s", r.load.active.Load(), text)
		case err := <-loaded:
			return err
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the run was stopped
		}
	}
}

// sample asks every process, and returns crm-writer's lag.
func (s *Soak) sample(ctx context.Context, r *rig, began time.Time) (lag float64, text string, err error) {
	var parts []string
	for i, p := range r.Replicas {
		sample, err := metrics(ctx, p.Admin())
		if err != nil {
			return 0, "", fmt.Errorf("asking %s: %w", p, err)
		}
		sample.At = seconds(time.Since(began))
		s.Processes[i].Samples = append(s.Processes[i].Samples, sample)
		if p.Service == stageCRM {
			lag += sample.Lag
		}
		parts = append(parts, fmt.Sprintf("%s %.0f MB %.0f goroutines %.0f behind", p, sample.Resident/1e6, sample.Goroutines, sample.Lag))
	}
	return lag, strings.Join(parts, ", "), nil
}

// metrics reads what is of interest of a process' /metrics, labels added up.
func metrics(ctx context.Context, admin string) (Sample, error) {
	var s Sample
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", nil)
	if err != nil {
		return s, fmt.Errorf("asking for metrics: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, fmt.Errorf("asking for metrics: %w", err)
	}
	defer res.Body.Close()
	into := map[string]*float64{"process_resident_memory_bytes": &s.Resident, "go_goroutines": &s.Goroutines, "kafka_consume_lag": &s.Lag}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		name, _, _ := strings.Cut(strings.ReplaceAll(lines.Text(), "{", " "), " ")
		if to := into[name]; to != nil {
			v, err := strconv.ParseFloat(lines.Text()[strings.LastIndex(lines.Text(), " ")+1:], 64)
			if err != nil {
				return s, fmt.Errorf("reading the metric %s: %w", name, err)
			}
			*to += v
		}
	}
	return s, lines.Err() //nolint:wrapcheck // the connection's own
}

// What may grow over a soak and still be flat: what the last third holds in the mean over what the second does, since caches and pools
// fill in the first. Memory has some megabytes and goroutines a few besides, for what comes and goes.
const (
	flat           = 1.15
	looseBytes     = 16e6
	looseRoutines  = 40
	mostLag        = 2000
	mostRecovering = 2 * time.Minute
)

// verdict lists what must not be.
func (s *Soak) verdict() {
	row := Round{Tally: s.Tally}
	row.verdict()
	s.Violations = append(s.Violations, row.Violations...)
	bad := func(format string, args ...any) { s.Violations = append(s.Violations, fmt.Sprintf(format, args...)) }
	for _, h := range s.Processes {
		second, last := h.thirds()
		if last.Resident > flat*second.Resident+looseBytes {
			bad("%s: memory grows: %.0f MB in the second third, %.0f MB in the last", h.Process, second.Resident/1e6, last.Resident/1e6)
		}
		if last.Goroutines > flat*second.Goroutines+looseRoutines {
			bad("%s: goroutines grow: %.0f in the second third, %.0f in the last", h.Process, second.Goroutines, last.Goroutines)
		}
		if most := h.most(); most > mostLag {
			bad("%s: %.0f messages behind at most, and %d may be", h.Process, most, mostLag)
		}
	}
	switch {
	case s.Stalled > 0 && s.StallLag == 0:
		bad("Salesforce stalled, and nobody was behind for it")
	case s.Stalled > 0 && (s.Recovered == 0 || s.Recovered > seconds(mostRecovering)):
		bad("crm-writer has not caught up within %v after the stall (%v)", mostRecovering, s.Recovered)
	}
}

// thirds are the means of the second and the last.
func (h Held) thirds() (second, last Sample) {
	n := len(h.Samples) / 3
	if n == 0 {
		return Sample{}, Sample{}
	}
	return mean(h.Samples[n : 2*n]), mean(h.Samples[2*n:])
}

func mean(samples []Sample) (m Sample) {
	for _, s := range samples {
		m.Resident, m.Goroutines, m.Lag = m.Resident+s.Resident, m.Goroutines+s.Goroutines, m.Lag+s.Lag
	}
	n := float64(len(samples))
	return Sample{Resident: m.Resident / n, Goroutines: m.Goroutines / n, Lag: m.Lag / n}
}

func (h Held) most() float64 {
	if len(h.Samples) == 0 {
		return 0
	}
	return slices.MaxFunc(h.Samples, func(a, b Sample) int { return int(a.Lag - b.Lag) }).Lag
}

// Passed tells whether nothing is wrong.
func (s *Soak) Passed() bool { return s.Error == "" && len(s.Violations) == 0 }

// Table is the report in Markdown.
func (s *Soak) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.2f calls a second at %.0f times the speed of life for %v: %d calls, %d lost, %d doubled, %d repeats, %d out of order, %d dead letters.\n",
		s.Calls, s.Speed, s.Duration, s.Tally.Calls, len(s.Tally.Lost), len(s.Tally.Doubled), s.Tally.Repeats, len(s.Tally.OutOfOrder), len(s.Tally.DeadLetters))
	fmt.Fprintf(&b, "Salesforce stalled for %v; crm-writer was %.0f messages behind then, and had caught up %v later.\n\n", s.Stalled, s.StallLag, s.Recovered)
	fmt.Fprintln(&b, "| process | memory, first third | second | last | goroutines, first third | second | last | most messages behind |")
	fmt.Fprintln(&b, "|---|--:|--:|--:|--:|--:|--:|--:|")
	for _, h := range s.Processes {
		n := len(h.Samples) / 3
		if n == 0 {
			continue
		}
		first := mean(h.Samples[:n])
		second, last := h.thirds()
		fmt.Fprintf(&b, "| %s | %.0f MB | %.0f MB | %.0f MB | %.0f | %.0f | %.0f | %.0f |\n", h.Process,
			first.Resident/1e6, second.Resident/1e6, last.Resident/1e6, first.Goroutines, second.Goroutines, last.Goroutines, h.most())
	}
	return b.String()
}
