package kafka_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/inference/internal/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func state(id string, revision uint32) *events.CallEvent {
	c := events.Call{ID: id, Leg: id, Tenant: "acme", Source: events.Source_SOURCE_TWILIO, Account: "AC1"}
	return c.Event(time.Unix(1_700_000_000, 0), &events.CallState{Facts: &events.CallFacts{}, Revision: revision})
}

// TestWhichStateCounts: the last of the latest owner, however late another stores his.
func TestWhichStateCounts(t *testing.T) {
	type told struct {
		revision uint32
		owner    int64
		before   bool // by the release before, which sets no header and keeps the field, which it doesn't know, as it was
	}
	for name, tt := range map[string]struct {
		states   []told
		revision uint32
		offset   int64
	}{
		"one who was paused with a state on its way stores it after his successor has stored others": {
			[]told{{1, 1000, false}, {2, 1000, false}, {3, 2000, false}, {4, 2000, false}, {3, 1000, false}}, 4, 3,
		},
		"a rollback has brought the release before back": {
			[]told{{1, 0, true}, {2, 1000, false}, {3, 1000, true}, {1, 0, true}}, 3, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			conn := kafkatest.Broker(t, events.State.Name+":1")
			prod := produce.New(conn, produce.Config{}, telemetry.Discard())
			defer func() { _ = prod.Close(t.Context()) }() // everything sent is acknowledged
			out := kafka.NewOutbox(prod)
			for _, s := range tt.states {
				e := state("CA1", s.revision)
				if s.owner > 0 {
					e.GetBody().GetCallState().OwnedSince = timestamppb.New(time.UnixMilli(s.owner))
				}
				value, err := events.Marshal(e)
				if err == nil && s.before {
					err = prod.Publish(t.Context(), produce.Message{Topic: events.State.Name, Key: []byte("CA1"), Value: value})
				} else if err == nil {
					err = out.State(t.Context(), e)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			e, err := kafka.NewPast(conn).State(t.Context(), 0, "CA1", -1)
			if got := e.GetBody().GetCallState(); err != nil || got.GetRevision() != tt.revision {
				t.Errorf("searching: revision %d, %v", got.GetRevision(), err)
			}
			all, err := kafka.LastStates(t.Context(), conn, 0, 0)
			if err != nil || len(all) != 1 || all["CA1"].Offset != tt.offset || !kafka.Behind(all["CA1"]) {
				t.Errorf("taking over: %d calls, the state at %d, %v", len(all), all["CA1"].Offset, err)
			}
		})
	}
}

// TestSearch finds the last state of calls anywhere in the partition, and tells of calls that it doesn't hold.
func TestSearch(t *testing.T) {
	conn := kafkatest.Broker(t, events.State.Name+":1")
	prod := produce.New(conn, produce.Config{}, telemetry.Discard())
	defer func() { _ = prod.Close(t.Context()) }() // everything sent is acknowledged
	out, past := kafka.NewOutbox(prod), kafka.NewPast(conn)
	const calls = 6000 // more than the first block of the search
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for n := w; n < calls; n += 8 {
				for _, revision := range []uint32{1, 2} {
					if err := out.State(t.Context(), state(fmt.Sprintf("CA%d", n), revision)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	// Many at once share a pass.
	for _, n := range []int{0, 1, calls / 2, calls - 1} {
		wg.Go(func() {
			e, err := past.State(t.Context(), 0, fmt.Sprintf("CA%d", n), -1)
			if err != nil || e.GetBody().GetCallState().GetRevision() != 2 || e.GetCallId() != fmt.Sprintf("CA%d", n) {
				t.Errorf("call %d: revision %d, %v", n, e.GetBody().GetCallState().GetRevision(), err)
			}
		})
	}
	wg.Wait()
	if e, err := past.State(t.Context(), 0, "nobody", -1); err != nil || e != nil {
		t.Errorf("found %v, %v", e.GetCallId(), err)
	}
	// An offset that holds another call is no answer, but the search is. The call is one of the last: whatever the
	// order in which the writers came, offset 3 is not its.
	last := fmt.Sprintf("CA%d", calls-1)
	if e, err := past.State(t.Context(), 0, last, 3); err != nil || e.GetCallId() != last || e.GetBody().GetCallState().GetRevision() != 2 {
		t.Errorf("found %v of revision %d, %v", e.GetCallId(), e.GetBody().GetCallState().GetRevision(), err)
	}
}
