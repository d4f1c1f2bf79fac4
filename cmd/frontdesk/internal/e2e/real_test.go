package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/play"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/realparts"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// aRolloutCostsNothing: every process is stopped in order and started anew, all services at once and each process by process, while
// some people speak and others call. Not a word is missing.
func aRolloutCostsNothing(t *testing.T) {
	short := lifelike(t)
	w := startRealParts(t, realparts.Options{Calls: short, Speed: 1})
	defer w.close(t)
	all := byOthers(short, 40)
	speaking := make(chan []report.Played, 1)
	go func() { speaking <- play.All(t.Context(), w, all[:20], patience, func(play.Progress) {}) }()
	if !wait(t.Context(), 20*time.Second, func() bool { return len(read(t, w, events.Transcripts.Name)) >= 20 }) {
		t.Error("nobody is heard")
	}
	rolled := make(chan error, 1)
	go func() { rolled <- rollout(t, w) }()
	calling := play.All(t.Context(), w, all[20:], patience, func(play.Progress) {})
	passed(t, w.report(t, append(<-speaking, calling...)))
	if err := <-rolled; err != nil {
		t.Error(err)
	}
}

// rollout replaces the processes of every service, one after another.
func rollout(t *testing.T, w *realWorld) error {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	for replicas := range slices.Chunk(w.parts.Replicas, realparts.Replicas) {
		group.Go(func() error {
			for _, r := range replicas {
				began := time.Now()
				if err := r.Stop(); err != nil {
					return err
				}
				stopped := time.Now()
				if err := r.Start(ctx); err != nil {
					return err
				}
				t.Logf("%s: stopped in %.1f s, ready again in %.1f s", r, stopped.Sub(began).Seconds(), time.Since(stopped).Seconds())
			}
			return nil
		})
	}
	return group.Wait()
}

// eachProcessIsKilledInTheMiddle: kill -9 of one process of each service, of the broker and of Redis, one after another, each started
// again while calls come in.
func eachProcessIsKilledInTheMiddle(t *testing.T) {
	w := startRealParts(t, realparts.Options{
		Calls: sampleCalls(t), Speed: speed,
		RetryPause: 2 * time.Second, // outlasts the broker's restart, at 14 s together, on all but the busiest machine
	})
	defer w.close(t)
	sent := newLoad(t)
	whileCallsComeIn(t, w, sent, func() {
		for i := 0; i < len(w.parts.Replicas); i += realparts.Replicas { // the first of each service
			killed(t, w.parts.Replicas[i].String(), w.parts.Replicas[i])
		}
		killed(t, "Kafka", w.parts.Kafka)
		if err := w.parts.Redis.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		killed(t, "Redis", w.parts.Redis)
	})
	sent.allRecorded(t, w.world)
	nothingWentWrong(t, w.world)
}

// aCrashCostsNoWord: kill -9 of a process of every service but ingress, then of the broker and of Redis, while people speak. What
// was heard is heard again, so not a word is missing.
func aCrashCostsNoWord(t *testing.T) {
	short := lifelike(t)
	w := startRealParts(t, realparts.Options{Calls: short, Speed: 1, RetryPause: 2 * time.Second})
	defer w.close(t)
	speaking := make(chan []report.Played, 1)
	go func() { speaking <- play.All(t.Context(), w, byOthers(short, 40), 2*patience, func(play.Progress) {}) }()
	if !wait(t.Context(), 20*time.Second, func() bool { return len(read(t, w, events.Transcripts.Name)) >= 20 }) {
		t.Error("nobody is heard")
	}
	for i := realparts.Replicas; i < len(w.parts.Replicas); i += realparts.Replicas {
		w.parts.Replicas[i].Kill()
	}
	killed(t, "Kafka", w.parts.Kafka)
	killed(t, "Redis", w.parts.Redis)
	for i := realparts.Replicas; i < len(w.parts.Replicas); i += realparts.Replicas {
		killed(t, w.parts.Replicas[i].String(), w.parts.Replicas[i])
	}
	passed(t, w.report(t, <-speaking))
}

// killed kills a part and starts it again, as whoever looks after it does.
func killed(t *testing.T, name string, part interface {
	Kill()
	Start(ctx context.Context) error
}) {
	t.Helper()
	part.Kill()
	began := time.Now()
	if err := part.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: ready again %.1f s after its kill", name, time.Since(began).Seconds())
}

// whileCallsComeIn does something in the middle of a load.
func whileCallsComeIn(t *testing.T, w *realWorld, sent *load, do func()) {
	t.Helper()
	enough, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- sent.placeUntil(t.Context(), w.Carrier(), enough) }()
	do()
	close(enough)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// sixtyCallsAtOnce: sixty people call within a moment, and speak as people do. Not a word is missing, and nothing comes twice.
func sixtyCallsAtOnce(t *testing.T) {
	short := lifelike(t)
	w := startRealParts(t, realparts.Options{Calls: short, Speed: 1})
	defer w.close(t)
	began := time.Now()
	r := w.play(t, byOthers(short, 60), patience)
	passed(t, r)
	t.Logf("%d calls in %.1f s: %d recorded, %d lost, %d doubled, %d dead letters, %d otherwise than expected",
		r.Calls, time.Since(began).Seconds(), r.Records, r.Lost, r.Duplicates, r.DeadLetters, r.Unexpected)
	if r.Calls != 60 || len(r.Outcomes) != 60 {
		t.Errorf("%d calls, %d outcomes", r.Calls, len(r.Outcomes))
	}
}

// lifelike are calls of at most a minute, of all tenants, whose callers have nothing but their number in common.
func lifelike(t *testing.T) []*calls.Call {
	t.Helper()
	return sampleCalls(t, "spam", "habla-espanol", "wrong-number", "leaves-a-voicemail", "asks-the-hours", "reschedules", "refuses-consent", "says-nothing")
}

// byOthers are so many calls, of each kind in turn, by callers of their own.
func byOthers(kinds []*calls.Call, count int) []*calls.Call {
	all := make([]*calls.Call, count)
	for n := range all {
		all[n] = byAnother(kinds[n%len(kinds)], n)
	}
	return all
}

// byAnother is the nth call of its kind: the same words, from a number reserved for fiction.
func byAnother(c *calls.Call, n int) *calls.Call {
	other := *c
	other.Name = fmt.Sprintf("%s-%d", c.Name, n)
	if c.From == calls.Anonymous {
		return &other
	}
	other.From = fmt.Sprintf("+1%d5550199", 300+n)
	other.Expect.Records = slices.Clone(c.Expect.Records)
	for i, r := range other.Expect.Records {
		fields := maps.Clone(r.Fields)
		for name, value := range fields {
			if value == c.From {
				fields[name] = other.From
			}
		}
		other.Expect.Records[i].Fields = fields
	}
	return &other
}
