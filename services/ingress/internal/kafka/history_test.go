package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/services/ingress/internal/kafka"
)

// slowLog is a calls.lifecycle of one partition that takes a second to be read, and counts how often it is.
type slowLog struct {
	records []broker.Record
	err     error

	mu    sync.Mutex
	reads int
	since []time.Time
}

func (l *slowLog) Partitions(context.Context) (map[string]int, error) {
	return map[string]int{events.Lifecycle.Name: 1}, nil
}

func (l *slowLog) OffsetAt(_ context.Context, _ string, _ int, at time.Time) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since = append(l.since, at)
	return 0, nil
}

func (l *slowLog) ReadRange(ctx context.Context, _ string, _ int, _, _ int64, fn func(broker.Record) error) error {
	l.mu.Lock()
	l.reads++
	records := l.records
	l.mu.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, r := range records {
		if err := fn(r); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// granted adds a call's consent to the log.
func (l *slowLog) granted(t *testing.T, call string) {
	t.Helper()
	b, err := events.Marshal(consent(facts(call), events.ConsentAnswer_CONSENT_ANSWER_GRANTED).Event)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, broker.Record{Key: []byte(call), Value: b})
}

// TestManyQuestionsShareAPass: when a replica dies all its streams break at once, and the log is not read once for each.
func TestManyQuestionsShareAPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{}
		h := kafka.NewHistory(log, 10*time.Second)
		const calls = 200
		var all sync.WaitGroup
		for n := range calls {
			id := fmt.Sprint("CA", n)
			log.granted(t, id)
			all.Go(func() {
				f := facts(id)
				f.Start = start.Add(-time.Duration(n) * time.Minute)
				if p, err := h.Past(t.Context(), f); err != nil || p.Consent != events.ConsentAnswer_CONSENT_ANSWER_GRANTED || len(p.Reports) != 1 {
					t.Errorf("%s: %v, %d answers, %v", id, p.Consent, len(p.Reports), err)
				}
			})
			synctest.Wait()
		}
		began := time.Now()
		all.Wait()
		if log.reads != 3 || time.Since(began) != 2*time.Second {
			t.Errorf("read %d times in %s", log.reads, time.Since(began))
		}
		if oldest := log.since[2]; !oldest.Equal(start.Add(-(calls-1)*time.Minute - time.Minute)) {
			t.Errorf("the last pass began at %s", oldest)
		}
	})
}

// TestAQuestionIsAnsweredByWhatStoodBeforeIt: it never joins a pass that has begun.
func TestAQuestionIsAnsweredByWhatStoodBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{}
		h := kafka.NewHistory(log, 10*time.Second)
		go func() { _, _ = h.Past(t.Context(), facts("CA1")) }()
		synctest.Wait()
		log.granted(t, "CA1")
		if p, err := h.Past(t.Context(), facts("CA1")); err != nil || p.Consent != events.ConsentAnswer_CONSENT_ANSWER_GRANTED {
			t.Errorf("%v, %v", p.Consent, err)
		}
	})
}

// TestWhoeverAsksMayGiveUp, and nobody else's question with him; what fails is everybody's who asked.
func TestWhoeverAsksMayGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{}
		log.granted(t, "CA2")
		h := kafka.NewHistory(log, 10*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := h.Past(ctx, facts("CA1")); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait()
		for range 3 {
			all.Go(func() {
				if p, err := h.Past(t.Context(), facts("CA2")); err != nil || p.Consent != events.ConsentAnswer_CONSENT_ANSWER_GRANTED {
					t.Errorf("%v, %v", p.Consent, err)
				}
			})
		}
		synctest.Wait()
		cancel()
		all.Wait()
		log.mu.Lock() // a pass that nobody waits for has read it, too
		log.err = errors.New("away")
		log.mu.Unlock()
		if _, err := h.Past(t.Context(), facts("CA2")); !errors.Is(err, log.err) {
			t.Error(err)
		}
	})
}
