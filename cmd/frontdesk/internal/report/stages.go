package report

import (
	"math"
	"slices"
	"time"
)

// Stage names, in the order of the pipeline.
const (
	StageSTT       = "stt"        // last audio taken → transcript complete
	StageInference = "inference"  // call ended and transcript complete → first insight
	StageCRM       = "crm-writer" // insight → in Salesforce
	StageTotal     = "end_to_end" // call ended → in Salesforce
)

// Stages lists them.
func Stages() []string { return []string{StageSTT, StageInference, StageCRM, StageTotal} }

// durations of the stages that this call went through; inCRM is when the CRM first held anything of it.
func (t *trail) durations(inCRM time.Time) map[string]time.Duration {
	d := map[string]time.Duration{}
	add := func(stage string, from, to time.Time) {
		if !from.IsZero() && !to.IsZero() {
			d[stage] = max(0, to.Sub(from))
		}
	}
	add(StageSTT, t.mediaEnded, t.words)
	add(StageInference, later(t.ended, t.words), t.insight)
	add(StageCRM, t.insight, inCRM)
	add(StageTotal, t.ended, inCRM)
	return d
}

// Quantiles of one stage, in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// latencies are the quantiles of each stage over all calls that went through it.
func latencies(outcomes []Outcome) map[string]Quantiles {
	stages := map[string][]float64{}
	for _, o := range outcomes {
		for stage, ms := range o.LatencyMS {
			stages[stage] = append(stages[stage], ms)
		}
	}
	q := map[string]Quantiles{}
	for stage, ms := range stages {
		q[stage] = quantiles(ms)
	}
	return q
}

func quantiles(ms []float64) Quantiles {
	slices.Sort(ms)
	at := func(q float64) float64 {
		i := int(math.Ceil(q*float64(len(ms)))) - 1
		return math.Round(ms[max(0, i)]*100) / 100
	}
	return Quantiles{P50: at(0.50), P99: at(0.99)}
}
