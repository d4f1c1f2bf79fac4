package report

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
)

// timings of one call, each the time at which the broker took the message (Kafka's CreateTime).
type timings struct {
	ended      time.Time // root leg's CallEnded
	mediaEnded time.Time // last MediaEnded
	words      time.Time // last TranscriptCompleted
	insight    time.Time // first insight
	heard      []*events.TranscriptSegment
	crm        time.Time         // first record in the CRM
	intent     *events.Finding   // of the highest revision
	facts      *events.CallFacts // of the highest revision
	revisions  int
}

// Stage names, in the order of the pipeline.
const (
	StageSTT       = "stt"        // last audio taken → transcript complete
	StageInference = "inference"  // call ended and transcript complete → first insight
	StageCRM       = "crm-writer" // insight → in Salesforce
	StageTotal     = "end_to_end" // call ended → in Salesforce
)

// Stages lists them.
func Stages() []string { return []string{StageSTT, StageInference, StageCRM, StageTotal} }

// durations of the stages that this call went through.
func (t timings) durations() map[string]time.Duration {
	d := map[string]time.Duration{}
	add := func(stage string, from, to time.Time) {
		if !from.IsZero() && !to.IsZero() {
			d[stage] = max(0, to.Sub(from))
		}
	}
	add(StageSTT, t.mediaEnded, t.words)
	ready := t.ended
	if t.words.After(ready) {
		ready = t.words
	}
	add(StageInference, ready, t.insight)
	add(StageCRM, t.insight, t.crm)
	add(StageTotal, t.ended, t.crm)
	return d
}

// readTimings reads the topics from the beginning.
func readTimings(ctx context.Context, conn *broker.Conn, partitions int) (map[string]*timings, error) {
	all := map[string]*timings{}
	of := func(callID string) *timings {
		if all[callID] == nil {
			all[callID] = &timings{}
		}
		return all[callID]
	}
	for _, t := range []events.Topic{events.Lifecycle, events.Transcripts, events.Insights} {
		err := readTopic(ctx, conn, t, partitions, func(e *events.CallEvent, r broker.Record) {
			c := of(e.GetCallId())
			switch m := e.Message().(type) {
			case *events.CallEnded:
				if e.GetLegId() == e.GetCallId() && c.ended.IsZero() {
					c.ended = r.Time
				}
			case *events.MediaEnded:
				c.mediaEnded = later(c.mediaEnded, r.Time)
			case *events.TranscriptSegment:
				c.heard = append(c.heard, m)
			case *events.TranscriptCompleted:
				c.words = later(c.words, r.Time)
			case *events.CallInsight:
				c.insightAt(r.Time, m.GetRevision(), m.GetIntent(), m.GetFacts())
			case *events.InsightUnavailable:
				c.insightAt(r.Time, m.GetRevision(), nil, m.GetFacts())
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (t *timings) insightAt(at time.Time, revision uint32, intent *events.Finding, facts *events.CallFacts) {
	if int(revision) >= t.revisions {
		t.intent, t.facts = intent, facts
	}
	if t.insight.IsZero() || at.Before(t.insight) {
		t.insight = at
	}
	t.revisions = max(t.revisions, int(revision))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// readTopic decodes every message of a topic that is an event.
func readTopic(ctx context.Context, conn *broker.Conn, t events.Topic, partitions int, fn func(*events.CallEvent, broker.Record)) error {
	for p := range partitions {
		err := conn.ReadRange(ctx, t.Name, p, -1, -1, func(r broker.Record) error {
			if e, err := events.Unmarshal(r.Value); err == nil {
				fn(e, r)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading %s/%d for the report: %w", t.Name, p, err)
		}
	}
	return nil
}

// Quantiles of one stage, in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

func quantiles(d []time.Duration) Quantiles {
	if len(d) == 0 {
		return Quantiles{}
	}
	slices.Sort(d)
	at := func(q float64) float64 {
		i := int(math.Ceil(q*float64(len(d)))) - 1
		return math.Round(float64(d[max(0, i)].Microseconds())/10) / 100
	}
	return Quantiles{P50: at(0.50), P99: at(0.99)}
}
