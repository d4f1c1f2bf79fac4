package soak

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/witness"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// Report on a soak.
type Report struct {
	// Rate is how many calls come in a second, Speed how much faster than life they are.
	Rate     float64 `json:"calls_a_second"`
	Speed    float64 `json:"speed"`
	Duration seconds `json:"duration_s"`
	Seed     uint64  `json:"seed"`
	CPUs     int     `json:"cpus"`
	// Load is the carrier's own report.
	Load  twilio.Report `json:"load"`
	Stall Stall         `json:"stall"`
	// Processes of the services; Around is what runs beside them.
	Processes []*Series `json:"processes"`
	Around    []*Series `json:"around"`
	// Backlogs by group and topic.
	Backlogs []Backlog `json:"backlogs"`
	// Drained is the time from the last call's end until nothing was left to do.
	Drained seconds `json:"drained_after_s"`
	// Verdict is the witness's.
	Verdict     witness.Verdict `json:"calls"`
	DeadLetters int             `json:"dead_letters"`
	Checks      []Check         `json:"checks"`
	// Error is why the run is not whole; empty if it is.
	Error string `json:"error,omitempty"`
}

// Stall is what a Salesforce that answers nothing did to crm-writer, its processes together.
type Stall struct {
	At  seconds `json:"at_s"`
	For seconds `json:"for_s"`
	// Owed are the calls that had ended and were not written when it was over, Written how long after that they all were, and Over when.
	Owed    int     `json:"owed"`
	Written seconds `json:"written_after_s"`
	Over    seconds `json:"over_at_s"`
	// Behind is the most messages that it was behind meanwhile, Taken the most taken and not complete, Parked the most parked; Pauses
	// counts paused fetches, Broken is the most orgs that were left alone by one process.
	Behind float64 `json:"behind"`
	Taken  float64 `json:"taken"`
	Parked float64 `json:"parked"`
	Pauses float64 `json:"pauses"`
	Broken float64 `json:"breakers_open"`
	// Resident is the most memory of one process, Before the median of the second quarter.
	Resident float64 `json:"resident_bytes"`
	Before   float64 `json:"resident_before_bytes"`
}

// Series is one process over time.
type Series struct {
	Name    string   `json:"name"`
	Service string   `json:"service,omitempty"`
	Samples []Sample `json:"samples"`
	// Second and Last are the medians of those quarters, Most the most at any time.
	Second Held `json:"second_quarter"`
	Last   Held `json:"last_quarter"`
	Most   Held `json:"most"`
	// Cores is the processor time a second, from the second quarter's beginning to the load's end.
	Cores float64 `json:"cores"`
}

// Held is what must not grow.
type Held struct {
	Resident   float64 `json:"resident_bytes"`
	Live       float64 `json:"heap_live_bytes"`
	Goroutines float64 `json:"goroutines"`
	Files      float64 `json:"open_files"`
}

// Backlog is what a group is behind in one topic, its processes together, in messages.
type Backlog struct {
	Name string `json:"name"`
	// Rate of messages handled a second.
	Rate   float64 `json:"handled_a_second"`
	Second float64 `json:"second_quarter"`
	Last   float64 `json:"last_quarter"`
	// Most outside of the stall, and while it lasted and was worked off.
	Most    float64 `json:"most"`
	Stalled float64 `json:"most_in_stall"`
	End     float64 `json:"at_the_end"`
}

func newReport(cfg Config, load twilio.Load) *Report {
	return &Report{Rate: load.Rate(), Speed: cfg.Speed, Duration: seconds(cfg.Duration), Seed: cfg.Seed, CPUs: runtime.NumCPU(), Checks: []Check{}}
}

// note adds a sample of the nth process.
func (r *Report) note(n int, name, service string, s Sample) {
	if n == len(r.Processes) {
		r.Processes = append(r.Processes, &Series{Name: name, Service: service})
	}
	r.Processes[n].Samples = append(r.Processes[n].Samples, s)
}

// around adds a sample of what runs beside the services.
func (r *Report) around(name string, at seconds, s Sample) {
	s.At = at
	i := slices.IndexFunc(r.Around, func(a *Series) bool { return a.Name == name })
	if i < 0 {
		i = len(r.Around)
		r.Around = append(r.Around, &Series{Name: name})
	}
	r.Around[i].Samples = append(r.Around[i].Samples, s)
}

// glance is the newest sample in a line.
func (r *Report) glance() string {
	var parts []string
	for _, p := range r.Processes {
		s := p.Samples[len(p.Samples)-1]
		parts = append(parts, fmt.Sprintf("%s %.0f/%.0f MB %.0f goroutines %.0f behind", p.Name, s.Resident/mb, s.Live/mb, s.Goroutines, sum(s.Lag)))
		if s.Parked > 0 {
			parts[len(parts)-1] += fmt.Sprintf(" %.0f parked", s.Parked)
		}
	}
	return strings.Join(parts, ", ")
}

const mb = 1 << 20

// left is what is still to be done by the newest samples, in messages.
func (r *Report) left() (n float64) {
	for _, p := range r.Processes {
		s := p.Samples[len(p.Samples)-1]
		n += sum(s.Lag) + s.Parked
	}
	return n
}

// stalled tells whether a time is in the stall, or while what it left was worked off.
func (r *Report) stalled(at seconds) bool {
	over := r.Stall.Over
	if over == 0 {
		over = r.Stall.At + r.Stall.For + seconds(writtenWithin)
	}
	return r.Stall.For > 0 && at >= r.Stall.At && at <= over
}

// quarter tells whether a time is in the nth quarter of the load, from 1, and not in the stall.
func (r *Report) quarter(n int, at seconds) bool {
	q := r.Duration / 4
	return at >= seconds(n-1)*q && at < seconds(n)*q && !r.stalled(at)
}

// measure works out of the samples what is judged.
func (r *Report) measure() {
	for _, p := range slices.Concat(r.Processes, r.Around) {
		p.measure(r)
	}
	r.Backlogs = r.backlogs()
	r.stall()
}

func (p *Series) measure(r *Report) {
	median := func(n int) Held {
		var in [4][]float64
		for _, s := range p.Samples {
			if r.quarter(n, s.At) {
				for i, v := range []float64{s.Resident, s.Live, s.Goroutines, s.Files} {
					in[i] = append(in[i], v)
				}
			}
		}
		return Held{middle(in[0]), middle(in[1]), middle(in[2]), middle(in[3])}
	}
	p.Second, p.Last = median(2), median(4)
	var first, last *Sample
	for i := range p.Samples {
		s := &p.Samples[i]
		p.Most = Held{max(p.Most.Resident, s.Resident), max(p.Most.Live, s.Live), max(p.Most.Goroutines, s.Goroutines), max(p.Most.Files, s.Files)}
		if s.At >= r.Duration/4 && s.At <= r.Duration {
			if first == nil {
				first = s
			}
			last = s
		}
	}
	if last != nil && last.At > first.At {
		p.Cores = (last.Processor - first.Processor) / time.Duration(last.At-first.At).Seconds()
	}
}

// middle is the median; 0 of nothing.
func middle(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	n := len(of) / 2
	if len(of)%2 == 1 {
		return of[n]
	}
	return (of[n-1] + of[n]) / 2
}

// backlogs adds up what the processes of a group tell at one time.
func (r *Report) backlogs() []Backlog {
	type moment struct{ lag, handled float64 }
	by := map[string]map[seconds]*moment{}
	for _, p := range r.Processes {
		for _, s := range p.Samples {
			add := func(name string, lag, handled float64) {
				if by[name] == nil {
					by[name] = map[seconds]*moment{}
				}
				m := by[name][s.At]
				if m == nil {
					m = &moment{}
					by[name][s.At] = m
				}
				m.lag, m.handled = m.lag+lag, m.handled+handled
			}
			for name, lag := range s.Lag {
				add(name, lag, 0)
			}
			for name, handled := range s.Handled {
				add(name, 0, handled)
			}
		}
	}
	var out []Backlog
	for name, moments := range by {
		b := Backlog{Name: name}
		var second, last []float64
		var end seconds
		for at, m := range moments {
			switch {
			case r.quarter(2, at):
				second = append(second, m.lag)
			case r.quarter(4, at):
				last = append(last, m.lag)
			}
			if r.stalled(at) {
				b.Stalled = max(b.Stalled, m.lag)
			} else {
				b.Most = max(b.Most, m.lag)
			}
			if at >= end {
				end, b.End, b.Rate = at, m.lag, m.handled/time.Duration(at).Seconds()
			}
		}
		b.Second, b.Last = middle(second), middle(last)
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b Backlog) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// stall finds what crm-writer held while Salesforce answered nothing and until all was written.
func (r *Report) stall() {
	type both struct{ behind, taken, parked float64 }
	moments := map[seconds]both{}
	for _, p := range r.Processes {
		if p.Service != writer {
			continue
		}
		r.Stall.Before = max(r.Stall.Before, p.Second.Resident)
		before, after := 0.0, 0.0 // pauses
		for _, s := range p.Samples {
			switch {
			case r.stalled(s.At):
				m := moments[s.At]
				moments[s.At] = both{m.behind + sum(s.Lag), m.taken + s.Taken, m.parked + s.Parked}
				r.Stall.Broken, r.Stall.Resident, after = max(r.Stall.Broken, s.Broken), max(r.Stall.Resident, s.Resident), s.Pauses
			case s.At < r.Stall.At:
				before = s.Pauses
			}
		}
		r.Stall.Pauses += max(0, after-before)
	}
	for _, m := range moments {
		r.Stall.Behind, r.Stall.Taken, r.Stall.Parked = max(r.Stall.Behind, m.behind), max(r.Stall.Taken, m.taken), max(r.Stall.Parked, m.parked)
	}
}

const writer = "crm-writer"
