package bus_test

import (
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/bus"
)

func TestLog(t *testing.T) {
	l := bus.NewLog()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	_, wake := l.After(0, 10)
	replays := make([]uint64, 0, 5)
	for i := range 5 {
		r := l.Reserve(0, i)
		l.Add(now, bus.Event{Replay: r, At: now.Add(time.Duration(i) * time.Hour)})
		replays = append(replays, r)
	}
	select {
	case <-wake:
	default:
		t.Error("who waits is not woken")
	}
	events, _ := l.After(replays[1], 2)
	if len(events) != 2 || events[0].Replay != replays[2] || events[1].Replay != replays[3] {
		t.Errorf("after the second of %v: %v", replays, events)
	}
	if events, _ = l.After(l.Last(), 2); len(events) != 0 {
		t.Errorf("after the last: %v", events)
	}
	later := now.Add(bus.Retention + 90*time.Minute)
	if l.Resumable(later, replays[1]) || !l.Resumable(later, replays[2]) || l.Resumable(later, replays[2]-1) && replays[2]-1 != replays[1] {
		t.Error("a subscriber may resume exactly at what is kept")
	}
}

func TestReplayID(t *testing.T) {
	if r, ok := bus.ParseReplayID(bus.ReplayID(77)); !ok || r != 77 {
		t.Errorf("%d, %v", r, ok)
	}
	if _, ok := bus.ParseReplayID([]byte("garbage")); ok {
		t.Error("garbage is no replay id")
	}
}
