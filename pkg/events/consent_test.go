package events_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
)

func TestWhichConsentCounts(t *testing.T) {
	const (
		pending   = events.ConsentAnswer_CONSENT_ANSWER_PENDING
		granted   = events.ConsentAnswer_CONSENT_ANSWER_GRANTED
		refused   = events.ConsentAnswer_CONSENT_ANSWER_REFUSED
		timedOut  = events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT
		withdrawn = events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN
		none      = events.ConsentAnswer_CONSENT_ANSWER_UNSPECIFIED
	)
	of := func(a events.ConsentAnswer, after time.Duration) events.Consent {
		return events.ConsentOf(&events.ConsentRecorded{Answer: a, DecidedAt: timestamppb.New(at.Add(after))})
	}
	for _, c := range []struct {
		before, now events.ConsentAnswer
		after       time.Duration // of the second, from the first
		want        bool
	}{
		{none, granted, 0, true},
		{granted, none, time.Second, false},
		{refused, granted, time.Second, true},
		{granted, refused, time.Second, true},
		{granted, refused, -time.Second, false},
		{granted, refused, 0, true},
		{refused, granted, 0, false},
		{granted, timedOut, 0, true},
		{pending, granted, 0, true},
		{granted, granted, 0, false},
		{granted, withdrawn, -time.Second, true},
		{withdrawn, granted, time.Second, false},
		{withdrawn, withdrawn, time.Second, true},
		{withdrawn, withdrawn, 0, false},
	} {
		before, now := of(c.before, 0), of(c.now, c.after)
		want := before
		if c.want {
			want = now
		}
		if got := before.Then(now); got != want {
			t.Errorf("%v, then %v %v later: %v", c.before, c.now, c.after, got.Answer)
		}
		if now.Then(before) != before.Then(now) {
			t.Errorf("%v and %v: the order in which they come decides", c.before, c.now)
		}
	}
}
