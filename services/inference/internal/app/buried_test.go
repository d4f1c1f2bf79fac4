package app

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// TestImpossibleEnd: an end whose call can't be told is a dead letter, not a state that nobody can publish.
func TestImpossibleEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		m := call("CA1", w.start)
		// By its own end, the call began the day before the first that an event can have.
		end := m.event(time.Minute, &events.CallEnded{
			Status: events.CallStatus_CALL_STATUS_COMPLETED, Duration: durationpb.New(24 * time.Hour), EndedAt: timestamppb.New(w.start),
			OpenedBy: &events.CallStarted{From: "+12025550123", To: "+14155550100", Direction: events.Direction_DIRECTION_INBOUND},
		})
		if err, waits := w.in(end); !retry.IsPermanent(err) || waits {
			t.Errorf("%v, waits %t", err, waits)
		}
		w.pass(time.Minute)
		w.must(m.demoCall()...)
		if i, _ := w.last(); i.GetIntent().GetValue() != "BookDemo" {
			t.Error("the call is told once its start comes")
		}
	})
}

// TestUnpublishable: what can be stored and never published ends as one dead letter of the event that asked for it, in
// the process that took it and in another.
func TestUnpublishable(t *testing.T) {
	for name, kind := range map[string]events.Kind{"the revision": events.KindCallInsight, "the state that holds it": events.KindCallState} {
		inBubble(t, func(t *testing.T) {
			w := newWorld(t)
			m := call("CA1", w.start)
			list := m.demoCall()
			end := list[len(list)-1]
			w.must(list[:len(list)-1]...)
			tries := 0
			w.out.breaks(func(k events.Kind) error {
				if k != kind {
					return nil
				}
				// The first state holds the end alone, the second the revision.
				if tries++; k == events.KindCallState && tries != 2 {
					return nil
				}
				return retry.Permanently("too_large", errors.New("too large"))
			})
			w.must(end)
			w.pass(3 * time.Hour)
			dead := w.out.dead()
			if len(dead) != 1 || !proto.Equal(dead[0], end) || tries > 3 {
				t.Fatalf("%s: %d dead letters after %d writes", name, len(dead), tries)
			}
			w.crash()
			w.pass(3 * time.Hour)
			if n := len(w.out.dead()); n != 1 || len(w.out.insights()) != 0 {
				t.Errorf("%s: %d dead letters after a restart", name, n)
			}
			// The next event tries anew.
			w.out.breaks(nil)
			w.must(m.recorded())
			if i, _ := w.last(); i.GetIntent().GetValue() != "BookDemo" {
				t.Errorf("%s: not told", name)
			}
		})
	}
}

// TestUnpublishableElsewhere: a process that never saw the event leaves the state that holds its effect.
func TestUnpublishableElsewhere(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		w.out.breaks(func(k events.Kind) error {
			if k == events.KindCallInsight {
				return errors.New("broker away")
			}
			return nil
		})
		w.must(call("CA1", w.start).demoCall()...)
		w.out.breaks(func(k events.Kind) error {
			if k == events.KindCallInsight {
				return retry.Permanently("too_large", errors.New("too large"))
			}
			return nil
		})
		w.crash()
		w.pass(3 * time.Hour)
		if dead := w.out.dead(); len(dead) != 1 || dead[0].GetBody().GetCallState() == nil {
			t.Errorf("%d dead letters", len(dead))
		}
	})
}
