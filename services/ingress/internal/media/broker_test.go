package media_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
)

func TestSlowBrokerDropsAndDeclares(t *testing.T) {
	pub := &apptest.Publisher{}
	in := intake(t, pub, media.Config{MaxUnacked: 2 * (1600 + 512)})
	s := in.Open(t.Context(), facts(), spec(caller))
	pub.Hold()
	feed(t, s, caller, 0, 50) // five chunks: two have room
	pub.Release()
	feed(t, s, caller, 50, 10)
	if err := s.End(stopped); err != nil {
		t.Fatal(err)
	}
	want(t, pub,
		"started +1500", "chunk caller 0 1500+200", "chunk caller 1 1700+200",
		"gap caller 1900-2500 SPOOL_FULL", "chunk caller 2 2500+200", "ended STOPPED 3/0 at 2700")
}

func TestBoundOfAllStreams(t *testing.T) {
	pub := &apptest.Publisher{}
	in := intake(t, pub, media.Config{MaxUnackedTotal: 1600 + 512})
	one := in.Open(t.Context(), facts(), spec(caller))
	two := in.Open(t.Context(), facts(), spec(agent))
	pub.Hold()
	feed(t, one, caller, 0, 10)
	feed(t, two, agent, 0, 10)
	pub.Release()
	if err := errors.Join(one.End(stopped), two.End(stopped)); err != nil {
		t.Fatal(err)
	}
	want(t, pub,
		"started +1500", "started +1500", "chunk caller 0 1500+200", "ended STOPPED 1/0 at 1700",
		"gap agent 1500-1700 SPOOL_FULL", "ended STOPPED 0/0 at 1700")
}

func TestRefusedByTheBroker(t *testing.T) {
	pub := &apptest.Publisher{}
	s := intake(t, pub, media.Config{}).Open(t.Context(), facts(), spec(caller))
	lost := 0
	pub.FailSome(func(m app.Message) error {
		if m.Event.Kind() == events.KindAudioChunk && lost < 2 {
			lost++
			return errAway
		}
		return nil
	})
	feed(t, s, caller, 0, 30)
	if err := s.End(stopped); err != nil {
		t.Fatal(err)
	}
	// The holes in the numbers show what is missing; the gaps say where.
	want(t, pub,
		"started +1500", "gap caller 1500-1700 SPOOL_FULL", "gap caller 1700-1900 SPOOL_FULL",
		"chunk caller 2 1900+200", "ended STOPPED 3/0 at 2100")
}

func TestEndWaitsForItsAudio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub := &apptest.Publisher{}
		s := intake(t, pub, media.Config{}).Open(t.Context(), facts(), spec(caller))
		pub.Hold()
		feed(t, s, caller, 0, 10)
		ended := make(chan error, 1)
		go func() { ended <- s.End(stopped) }()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("ended with %v before its audio was stored", err)
		default:
		}
		pub.Release()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		want(t, pub, "started +1500", "chunk caller 0 1500+200", "ended STOPPED 1/0 at 1700")
	})
}

func TestEndGivesUpWaitingButNotOnTheEvent(t *testing.T) {
	pub := &apptest.Publisher{}
	s := intake(t, pub, media.Config{EndWait: 10 * time.Millisecond}).Open(t.Context(), facts(), spec(caller))
	pub.Hold()
	feed(t, s, caller, 0, 10)
	if err := s.End(stopped); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v, want a deadline", err)
	}
	pub.Release()
	want(t, pub, "started +1500", "chunk caller 0 1500+200", "ended STOPPED 1/0 at 1700")
}
