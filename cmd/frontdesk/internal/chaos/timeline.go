package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
)

// Stages of the pipeline, as far as the topics tell of them.
const (
	stageIngress   = "ingress"
	stageSTT       = "stt"
	stageInference = "inference"
	stageCRM       = "crm-writer"
)

var stages = []string{stageIngress, stageSTT, stageInference, stageCRM}

// timeline follows the topics as they grow and remembers when something could first be read, by our own clock: what a topic says
// itself is its producer's time, which a broker that was away doesn't show in. Safe for concurrent use.
type timeline struct {
	conn       *broker.Conn
	partitions int

	mu sync.Mutex
	// outputs are the times at which a stage brought something out in a partition, in order.
	outputs map[string][][]time.Time
	// waits are the calls that a stage had everything of, by partition: since when, and until when.
	waits map[string][]map[string]*wait
	calls map[string]*heard
	dead  []deadLetter
}

// wait of one call at one stage; until is zero while it lasts.
type wait struct{ since, until time.Time }

// heard is what the topics hold of the words of one call.
type heard struct {
	// offset from the call's start to the first frame of its first stream; streams that were started.
	offset  int64
	first   string
	streams int
	ids     []string
	words   []*events.TranscriptSegment
	gaps    []*events.MediaGap
	ended   bool
	done    int // streams whose transcript is complete
	partial bool
	// trail is everything that was told of the call, a line each, without words or numbers.
	trail []string
}

func (h *heard) known(stream string) bool { return slices.Contains(h.ids, stream) }

// deadLetter is why a message could not be handled; it quotes no value.
type deadLetter struct {
	at                      time.Time
	call, topic, code, text string
	group                   string
}

func newTimeline(conn *broker.Conn, partitions int) *timeline {
	t := &timeline{conn: conn, partitions: partitions, outputs: map[string][][]time.Time{}, waits: map[string][]map[string]*wait{}, calls: map[string]*heard{}}
	for _, s := range stages {
		t.outputs[s] = make([][]time.Time, partitions)
		t.waits[s] = make([]map[string]*wait, partitions)
		for p := range partitions {
			t.waits[s][p] = map[string]*wait{}
		}
	}
	return t
}

// look is how often a topic is asked: what is found out is that late at most. Asked without a pause, the broker answers each message by
// itself, and whoever measures is a sixth of its load.
const look = 200 * time.Millisecond

// run follows the topics until ctx ends.
func (t *timeline) run(ctx context.Context) {
	var all sync.WaitGroup
	for p := range t.partitions {
		for _, topic := range []events.Topic{events.Lifecycle, events.Transcripts, events.Insights, events.Records, events.DeadLetters} {
			all.Go(func() { t.follow(ctx, topic, p) })
		}
		all.Go(func() { t.grows(ctx, p) })
	}
	all.Wait()
}

// follow reads one partition from its beginning.
func (t *timeline) follow(ctx context.Context, topic events.Topic, partition int) {
	var next int64
	for ctx.Err() == nil {
		f, err := t.conn.Fetch(ctx, topic.Name, partition, next, 1<<20, 500*time.Millisecond)
		if err != nil {
			pause(ctx, look)
			continue
		}
		at := time.Now()
		next = f.Next
		t.mu.Lock()
		for _, r := range f.Records {
			t.take(topic, partition, r, at)
		}
		t.mu.Unlock()
		pause(ctx, look)
	}
}

// grows notes when calls.media does; its sound itself is of no interest.
func (t *timeline) grows(ctx context.Context, partition int) {
	end := int64(-1)
	for ctx.Err() == nil {
		ask, cancel := context.WithTimeout(ctx, time.Second) // a broker that is paused answers nothing
		_, now, err := t.conn.Offsets(ask, events.Media.Name, partition)
		cancel()
		if err == nil && now != end {
			if end >= 0 {
				t.mu.Lock()
				t.outputs[stageIngress][partition] = append(t.outputs[stageIngress][partition], time.Now())
				t.mu.Unlock()
			}
			end = now
		}
		pause(ctx, look)
	}
}

// pause waits, or ends with ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (t *timeline) of(call string) *heard {
	if t.calls[call] == nil {
		t.calls[call] = &heard{}
	}
	return t.calls[call]
}

// take notes one message; the caller holds the lock.
func (t *timeline) take(topic events.Topic, p int, r broker.Record, at time.Time) {
	if topic.Name == events.DeadLetters.Name {
		d := deadLetter{at: at, call: string(r.Key)}
		d.topic, d.group = deadletter.Get(r.Headers, deadletter.HeaderTopic), deadletter.Get(r.Headers, deadletter.HeaderGroup)
		d.code, d.text = deadletter.Get(r.Headers, deadletter.HeaderCode), deadletter.Get(r.Headers, deadletter.HeaderReason)
		t.dead = append(t.dead, d)
		return
	}
	e, err := events.Unmarshal(r.Value)
	if err != nil {
		return // a tombstone
	}
	call := e.GetCallId()
	c := t.of(call)
	c.trail = append(c.trail, at.UTC().Format("15:04:05.000 ")+topic.Name+" "+told(e))
	switch m := e.Message().(type) {
	case *events.MediaStarted:
		if c.streams == 0 || m.GetOffsetMs() < c.offset {
			c.offset, c.first = m.GetOffsetMs(), m.GetStreamId()
		}
		if !c.known(m.GetStreamId()) { // whoever tells again tells the same
			c.ids = append(c.ids, m.GetStreamId())
			c.streams++
		}
	case *events.CallEnded:
		if e.GetLegId() == call {
			c.ended = true
			t.readies(call, c, p, at)
		}
	case *events.TranscriptSegment:
		c.words = append(c.words, m)
		t.out(stageSTT, p, at)
	case *events.MediaGap:
		c.gaps = append(c.gaps, m)
		t.out(stageSTT, p, at)
	case *events.TranscriptCompleted:
		c.done++
		c.partial = c.partial || m.GetOutcome() == events.TranscriptOutcome_TRANSCRIPT_OUTCOME_PARTIAL
		t.out(stageSTT, p, at)
		t.readies(call, c, p, at)
	case *events.CallInsight, *events.InsightUnavailable:
		t.out(stageInference, p, at)
		t.leaves(stageInference, call, p, at)
		t.enters(stageCRM, call, p, at)
	case *events.CallRecord:
		if m.GetCrmStatus() != events.CrmStatus_CRM_STATUS_PENDING {
			t.out(stageCRM, p, at)
			t.leaves(stageCRM, call, p, at)
		}
	}
}

// told is an event in a line.
func told(e *events.CallEvent) string {
	switch m := e.Message().(type) {
	case *events.MediaStarted:
		return fmt.Sprintf("MediaStarted %s at %d ms, consent %v", m.GetStreamId(), m.GetOffsetMs(), m.GetConsent())
	case *events.MediaEnded:
		return fmt.Sprintf("MediaEnded %s at %d ms, %v", m.GetStreamId(), m.GetEndMs(), m.GetReason())
	case *events.TranscriptSegment:
		return fmt.Sprintf("TranscriptSegment %s %v %d to %d ms, %d words", m.GetStreamId(), m.GetParty(), m.GetStartMs(), m.GetEndMs(), len(m.GetWords()))
	case *events.MediaGap:
		return fmt.Sprintf("MediaGap %s %v %d to %d ms, %v", m.GetStreamId(), m.GetParty(), m.GetStartMs(), m.GetEndMs(), m.GetReason())
	case *events.TranscriptCompleted:
		return fmt.Sprintf("TranscriptCompleted %s %v %s", m.GetStreamId(), m.GetOutcome(), m.GetReason())
	case *events.CallEnded:
		return fmt.Sprintf("CallEnded of %s %v after %v", e.GetLegId(), m.GetStatus(), m.GetDuration().AsDuration())
	case *events.ConsentRecorded:
		return fmt.Sprintf("ConsentRecorded %v", m.GetAnswer())
	case *events.CallInsight:
		return fmt.Sprintf("CallInsight %d: %s, %s, %v", m.GetRevision(), m.GetIntent().GetValue(), m.GetDisposition().GetValue(), m.GetFacts().GetTranscriptState())
	case *events.InsightUnavailable:
		return fmt.Sprintf("InsightUnavailable %d: %s", m.GetRevision(), m.GetReason())
	case *events.CallRecord:
		return fmt.Sprintf("CallRecord %d: %v %s", m.GetRevision(), m.GetCrmStatus(), m.GetErrorCode())
	default:
		return strings.TrimPrefix(fmt.Sprintf("%T", m), "*events.")
	}
}

func (t *timeline) out(stage string, p int, at time.Time) {
	t.outputs[stage][p] = append(t.outputs[stage][p], at)
}

// readies tells inference's wait: it has everything once the call has ended and each of its streams is heard.
func (t *timeline) readies(call string, c *heard, p int, at time.Time) {
	if c.ended && c.streams > 0 && c.done >= c.streams {
		t.enters(stageInference, call, p, at)
	}
}

func (t *timeline) enters(stage, call string, p int, at time.Time) {
	if t.waits[stage][p][call] == nil {
		t.waits[stage][p][call] = &wait{since: at}
	}
}

// leaves ends a call's wait, also one that had not begun: a stage may bring a call out before all that we know of has come.
func (t *timeline) leaves(stage, call string, p int, at time.Time) {
	switch w := t.waits[stage][p][call]; {
	case w == nil:
		t.waits[stage][p][call] = &wait{since: at, until: at}
	case w.until.IsZero():
		w.until = at
	}
}

// stall is the longest time of [from, to] in which a stage brought nothing out in some partition though it had something to do there:
//
//   - ingress and stt always have, while people speak: the time between two outputs of the partition;
//   - inference and crm-writer have while a call waits: the time between two outputs, as far as some call waited all the while.
//
// A time that began before from counts from there; one that has not ended at to counts up to it. where says in which partition it was,
// when, and which call waited.
func (t *timeline) stall(stage string, from, to time.Time) (longest time.Duration, where string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p := range t.partitions {
		last := from
		outputs := t.outputs[stage][p]
		first, _ := slices.BinarySearchFunc(outputs, from, time.Time.Compare)
		for _, at := range append(slices.Clone(outputs[first:]), to) {
			if at.After(to) {
				at = to
			}
			began, waits := last, "people speak"
			if stage == stageInference || stage == stageCRM {
				began, waits = t.waited(stage, p, last, at)
			}
			if d := at.Sub(began); waits != "" && d > longest {
				longest, where = d, fmt.Sprintf("partition %d from %s to %s, %s", p, began.UTC().Format("15:04:05.0"), at.UTC().Format("15:04:05.0"), waits)
			}
			if last = at; !at.Before(to) {
				break
			}
		}
	}
	return longest, where
}

// waited is since when, at or after from, some call of a partition waited to the end of the time, and which; empty for none.
func (t *timeline) waited(stage string, p int, from, to time.Time) (began time.Time, call string) {
	for id, w := range t.waits[stage][p] {
		if !w.since.Before(to) || !w.until.IsZero() && w.until.Before(to) {
			continue
		}
		since := w.since
		if since.Before(from) {
			since = from
		}
		if call == "" || since.Before(began) {
			began, call = since, id
		}
	}
	return began, call
}

// heardOf is what the topics hold of a call so far.
func (t *timeline) heardOf(call string) heard {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := *t.of(call)
	h.words, h.gaps, h.trail = slices.Clone(h.words), slices.Clone(h.gaps), slices.Clone(h.trail)
	return h
}

// deadSince are the dead letters that came at or after a time.
func (t *timeline) deadSince(from time.Time) []deadLetter {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.dead), func(d deadLetter) bool { return d.at.Before(from) })
}
