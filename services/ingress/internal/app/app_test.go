package app_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
)

const call = "CA00000000000000000000000000000001"

var errAway = errors.New("the broker is away")

// desk is the use cases on fakes.
type desk struct {
	*app.Service
	pub     *apptest.Publisher
	carrier *apptest.Carrier
	history *apptest.History
	now     time.Time
}

func newDesk(t *testing.T, set app.Settings) *desk {
	t.Helper()
	d := &desk{pub: &apptest.Publisher{}, carrier: &apptest.Carrier{}, now: time.Date(2026, 11, 2, 15, 4, 5, 678900000, time.UTC)}
	d.history = &apptest.History{Log: d.pub}
	set.Now = func() time.Time { return d.now }
	if set.VoiceDeadline == 0 {
		set.VoiceDeadline = time.Second
	}
	if set.MaxRestarts == 0 {
		set.MaxRestarts, set.RestartPause = 2, time.Second
	}
	d.Service = app.New(apptest.Tenants(), d.pub, d.carrier, d.history, set)
	return d
}

// tell puts an event of the call on calls.lifecycle.
func (d *desk) tell(t *testing.T, f app.Facts, body proto.Message) {
	t.Helper()
	if err := d.pub.Publish(t.Context(), app.Message{Topic: events.Lifecycle, Event: f.Root().Event(d.now, body)}); err != nil {
		t.Fatal(err)
	}
}

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

func incoming(to string) app.Incoming {
	return app.Incoming{
		Source: events.Source_SOURCE_TWILIO, Account: apptest.Account, CallID: call,
		From: "+12025550111", To: to, Direction: events.Direction_DIRECTION_INBOUND, StirVerstat: "TN-Validation-Passed-A",
	}
}

func TestIncomingByPolicy(t *testing.T) {
	tests := map[string]struct {
		to              string
		tenant          string
		consent         events.ConsentAnswer
		ask             bool
		stream, record  bool
		mediaExpected   bool
		recordedConsent bool
		handling        events.Handling
	}{
		"ask": {
			to: apptest.DialLine, tenant: "acme", consent: events.ConsentAnswer_CONSENT_ANSWER_PENDING, ask: true,
			handling: events.Handling_HANDLING_DIAL,
		},
		"not asked": {
			to: apptest.QuietLine, tenant: "globex", consent: events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED,
			stream: true, mediaExpected: true, recordedConsent: true, handling: events.Handling_HANDLING_DIAL,
		},
		"reported": {
			to: apptest.ReportedLine, tenant: "initech", consent: events.ConsentAnswer_CONSENT_ANSWER_PENDING,
			stream: true, mediaExpected: true, handling: events.Handling_HANDLING_DIAL,
		},
		"voicemail": {
			to: apptest.MailLine, tenant: "acme", consent: events.ConsentAnswer_CONSENT_ANSWER_PENDING, ask: true,
			handling: events.Handling_HANDLING_VOICEMAIL,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, app.Settings{})
			p, err := d.Incoming(t.Context(), incoming(tt.to))
			if err != nil {
				t.Fatal(err)
			}
			if (p.Ask != nil) != tt.ask || p.Stream != tt.stream || p.Record != tt.record {
				t.Errorf("ask %t stream %t record %t, want %t %t %t", p.Ask != nil, p.Stream, p.Record, tt.ask, tt.stream, tt.record)
			}
			started := apptest.Of[*events.CallStarted](d.pub, events.Lifecycle)
			if len(started) != 1 {
				t.Fatalf("%d CallStarted, want 1", len(started))
			}
			if s := started[0]; s.GetConsent() != tt.consent || s.GetMediaExpected() != tt.mediaExpected || s.GetHandling() != tt.handling {
				t.Errorf("CallStarted: %v", s)
			}
			e := d.pub.Events(events.Lifecycle)[0]
			if e.GetTenant() != tt.tenant || e.GetCallId() != call || e.GetLegId() != call || e.GetCallerRef() == "" {
				t.Errorf("envelope: tenant %s", e.GetTenant())
			}
			if !e.GetOccurredAt().AsTime().Equal(p.Facts.Start) {
				t.Error("the token's start is not the event's time: call times would be off")
			}
			for _, topic := range []events.Topic{events.Lifecycle, events.Media} {
				if got := len(apptest.Of[*events.ConsentRecorded](d.pub, topic)); (got == 1) != tt.recordedConsent {
					t.Errorf("%d ConsentRecorded on %s", got, topic.Name)
				}
			}
			if want := d.now.Add(4*time.Hour + 48*time.Hour).Truncate(time.Second); !p.Facts.Expires.Equal(want) {
				t.Errorf("facts expire %s, want %s", p.Facts.Expires, want)
			}
		})
	}
}

func TestIncomingTwiceMakesTheSameEvents(t *testing.T) {
	d := newDesk(t, app.Settings{})
	first, err := d.Incoming(t.Context(), incoming(apptest.QuietLine))
	if err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(9 * time.Second)
	in := incoming(apptest.QuietLine)
	in.Known = &first.Facts
	again, err := d.Incoming(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !again.Facts.Start.Equal(first.Facts.Start) {
		t.Error("the start moved although the first facts were known")
	}
	ids := map[string]int{}
	for _, m := range d.pub.Messages() {
		ids[m.Topic.Name+m.Event.GetEventId()]++
	}
	// CallStarted once (the second time its facts are settled), consent on both topics.
	if len(ids) != 3 {
		t.Errorf("%d different events, want 3", len(ids))
	}
}

func TestIncomingKeepsTheCallerWhenNothingCanBeStored(t *testing.T) {
	for name, breakIt := range map[string]func(*desk){
		"refused":   func(d *desk) { d.pub.Fail(errAway) },
		"no answer": func(d *desk) { d.pub.Hold() },
	} {
		t.Run(name, func(t *testing.T) {
			for _, to := range []string{apptest.DialLine, apptest.QuietLine, apptest.ReportedLine, apptest.StudioLine, apptest.MailLine} {
				d := newDesk(t, app.Settings{VoiceDeadline: 10 * time.Millisecond})
				breakIt(d)
				p, err := d.Incoming(t.Context(), incoming(to))
				if err == nil {
					t.Fatal("no error beside the plan")
				}
				if (p.Onward == nil) != (to == apptest.MailLine) || p.Stream || p.Record || p.Ask != nil {
					t.Errorf("plan for %s: %+v", p.Facts.Tenant, p)
				}
			}
		})
	}
}

func TestUnknownNumber(t *testing.T) {
	d := newDesk(t, app.Settings{})
	p, err := d.Incoming(t.Context(), incoming("+19995550100"))
	if !errors.Is(err, app.ErrUnknownCall) || p.Farewell != app.PhraseUnknownNumber || p.Onward != nil {
		t.Errorf("plan %+v, error %v", p, err)
	}
	if len(d.pub.Messages()) != 0 {
		t.Error("something was stored")
	}
	t.Run("of a tenant on another account", func(t *testing.T) {
		if _, err := d.Incoming(t.Context(), incoming(apptest.OtherLine)); !errors.Is(err, app.ErrUnknownCall) {
			t.Errorf("error %v: one account opened a record of another's tenant", err)
		}
	})
	t.Run("default tenant", func(t *testing.T) {
		d := newDesk(t, app.Settings{Default: apptest.Tenants().ByID("globex")})
		p, err := d.Incoming(t.Context(), incoming("+19995550100"))
		if err != nil || p.Facts.Tenant != "globex" || p.Facts.Line != apptest.QuietLine || !p.Stream {
			t.Errorf("plan %+v, error %v", p, err)
		}
		if got := apptest.Of[*events.CallStarted](d.pub, events.Lifecycle)[0].GetTo(); got != "+19995550100" {
			t.Error("CallStarted does not name the dialled number")
		}
	})
}

func TestAnswered(t *testing.T) {
	granted, refused := events.ConsentAnswer_CONSENT_ANSWER_GRANTED, events.ConsentAnswer_CONSENT_ANSWER_REFUSED
	tests := map[string]struct {
		to             string
		reply          app.Reply
		answer         events.ConsentAnswer
		stream, record bool
		onward         bool
	}{
		"granted":                      {apptest.DialLine, app.Reply{Digits: "1"}, granted, true, true, true},
		"another key":                  {apptest.DialLine, app.Reply{Digits: "2"}, refused, false, false, true},
		"nothing":                      {apptest.DialLine, app.Reply{}, events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT, false, false, true},
		"speech where not allowed":     {apptest.DialLine, app.Reply{Speech: "yes"}, events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT, false, false, true},
		"studio granted":               {apptest.StudioLine, app.Reply{Digits: "1"}, granted, true, true, true},
		"voicemail granted":            {apptest.MailLine, app.Reply{Digits: "1"}, granted, true, false, true},
		"voicemail refused: no Record": {apptest.MailLine, app.Reply{Digits: "9"}, refused, false, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, app.Settings{})
			asked, err := d.Incoming(t.Context(), incoming(tt.to))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // Twilio's retry
				p, err := d.Answered(t.Context(), asked.Facts, tt.reply)
				if err != nil {
					t.Fatal(err)
				}
				if p.Stream != tt.stream || p.Record != tt.record || (p.Onward != nil) != tt.onward || p.Facts.Consent != tt.answer {
					t.Errorf("plan %+v", p)
				}
				d.now = d.now.Add(time.Second)
			}
			for _, topic := range []events.Topic{events.Lifecycle, events.Media} {
				got := apptest.Of[*events.ConsentRecorded](d.pub, topic)
				if len(got) != 2 || got[0].GetAnswer() != tt.answer || got[0].GetPromptVersion() != "3" {
					t.Errorf("%s: %v", topic.Name, got)
				}
			}
			es := d.pub.Events(events.Media)
			if es[0].GetEventId() != es[1].GetEventId() {
				t.Error("the repeated answer has another id")
			}
		})
	}
}

func TestAnsweredWithoutStorageIsNoConsent(t *testing.T) {
	d := newDesk(t, app.Settings{})
	asked, err := d.Incoming(t.Context(), incoming(apptest.DialLine))
	if err != nil {
		t.Fatal(err)
	}
	d.pub.Fail(errAway)
	p, err := d.Answered(t.Context(), asked.Facts, app.Reply{Digits: "1"})
	if err == nil || p.Stream || p.Record || p.Onward == nil {
		t.Errorf("plan %+v, error %v", p, err)
	}
	if p.Facts.Consent == events.ConsentAnswer_CONSENT_ANSWER_GRANTED {
		t.Error("the URLs handed out tell of a consent that is stored nowhere")
	}
}

// TestNoMessageWithoutAnAnswer: a message is a recording, and where the tenant asks nobody may be recorded unasked.
func TestNoMessageWithoutAnAnswer(t *testing.T) {
	answered := func(r app.Reply) func(*desk) app.Plan {
		return func(d *desk) app.Plan {
			p, _ := d.Incoming(t.Context(), incoming(apptest.MailLine))
			d.pub.Fail(errAway)
			p, _ = d.Answered(t.Context(), p.Facts, r)
			return p
		}
	}
	for name, tt := range map[string]struct {
		plan func(*desk) app.Plan
		want app.Phrase
	}{
		"broker away at the first ring": {func(d *desk) app.Plan {
			d.pub.Fail(errAway)
			p, _ := d.Incoming(t.Context(), incoming(apptest.MailLine))
			return p
		}, app.PhraseNoMessageNow},
		"token unreadable":              {func(d *desk) app.Plan { return d.Lost(incoming(apptest.MailLine)) }, app.PhraseNoMessageNow},
		"granted, but stored nowhere":   {answered(app.Reply{Digits: "1"}), app.PhraseNoMessageNow},
		"refused, and stored nowhere":   {answered(app.Reply{Digits: "2"}), app.PhraseNoMessage},
		"no answer, and stored nowhere": {answered(app.Reply{}), app.PhraseNoMessage},
	} {
		p := tt.plan(newDesk(t, app.Settings{}))
		if p.Onward != nil || p.Farewell != tt.want || p.Stream || p.Record {
			t.Errorf("%s: plan %+v", name, p)
		}
	}
}
