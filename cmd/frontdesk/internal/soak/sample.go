package soak

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/procfs"
)

// Sample is what one process holds at one time, and has done so far.
type Sample struct {
	At seconds `json:"at_s"`
	// Resident memory; Live is what the last collection found in use of the heap.
	Resident   float64 `json:"resident_bytes"`
	Live       float64 `json:"heap_live_bytes"`
	Goroutines float64 `json:"goroutines"`
	Files      float64 `json:"open_files"`
	// Processor is the time used so far, in seconds.
	Processor float64 `json:"processor_s"`
	// Taken are messages taken and not complete, Parked those parked; Pauses of its fetches so far.
	Taken  float64 `json:"taken"`
	Parked float64 `json:"parked"`
	Pauses float64 `json:"pauses"`
	// Broken are the orgs that it leaves alone.
	Broken float64 `json:"breakers_open"`
	// Lag and Handled, in messages, by group and topic: what is not complete, what is so far.
	Lag     map[string]float64 `json:"lag,omitempty"`
	Handled map[string]float64 `json:"handled,omitempty"`
}

// seconds in JSON, to a hundredth.
type seconds time.Duration

// MarshalJSON implements json.Marshaler.
func (s seconds) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%.2f", time.Duration(s).Seconds()), nil
}

// String is as people read it.
func (s seconds) String() string { return fmt.Sprintf("%.0f s", time.Duration(s).Seconds()) }

// families are metrics by name.
type families map[string]*dto.MetricFamily

// ask reads a process' /metrics.
func ask(ctx context.Context, admin string) (Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // a machine may be busy
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", nil)
	if err != nil {
		return Sample{}, fmt.Errorf("asking for metrics: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return Sample{}, fmt.Errorf("asking for metrics: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return Sample{}, fmt.Errorf("asking for metrics: answered %s", res.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(res.Body)
	if err != nil {
		return Sample{}, fmt.Errorf("reading metrics: %w", err)
	}
	return families(all).sample()
}

// sample picks what is of interest. A process that does not tell its memory, goroutines or files can't be judged.
func (f families) sample() (Sample, error) {
	for _, name := range []string{"process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total", "go_goroutines", "go_gc_heap_live_bytes"} {
		if f[name] == nil {
			return Sample{}, fmt.Errorf("reading metrics: there is no %s", name)
		}
	}
	return Sample{
		Resident: f.sum("process_resident_memory_bytes"), Live: f.sum("go_gc_heap_live_bytes"), Goroutines: f.sum("go_goroutines"),
		Files: f.sum("process_open_fds"), Processor: f.sum("process_cpu_seconds_total"),
		Taken: f.sum("kafka_consume_taken"), Parked: f.sum("kafka_consume_parked"), Pauses: f.sum("kafka_consume_pauses_total"),
		Broken: f.sum("frontdesk_crm_breaker_open"),
		Lag:    f.byTopic("kafka_consume_lag"), Handled: f.byTopic("kafka_consume_handled_total"),
	}, nil
}

// sum of a metric over its labels; 0 before there is something to count.
func (f families) sum(name string) (total float64) {
	for _, m := range f[name].GetMetric() {
		total += value(m)
	}
	return total
}

// byTopic is the same by group and topic.
func (f families) byTopic(name string) map[string]float64 {
	out := map[string]float64{}
	for _, m := range f[name].GetMetric() {
		var group, topic string
		for _, l := range m.GetLabel() {
			switch l.GetName() {
			case "group":
				group = l.GetValue()
			case "topic":
				topic = l.GetValue()
			}
		}
		out[group+": "+topic] += value(m)
	}
	return out
}

func value(m *dto.Metric) float64 {
	switch {
	case m.GetGauge() != nil:
		return m.GetGauge().GetValue()
	case m.GetCounter() != nil:
		return m.GetCounter().GetValue()
	}
	return m.GetUntyped().GetValue()
}

// usedBy is what the operating system tells of a process: memory and processor time. 0 is this one.
func usedBy(pid int) (Sample, error) {
	if pid == 0 {
		pid = os.Getpid()
	}
	proc, err := procfs.NewProc(pid)
	if err != nil {
		return Sample{}, fmt.Errorf("it does not run, or this is no Linux: %w", err)
	}
	stat, err := proc.Stat()
	if err != nil {
		return Sample{}, fmt.Errorf("reading its state: %w", err)
	}
	return Sample{Resident: float64(stat.ResidentMemory()), Processor: stat.CPUTime()}, nil
}
