package app_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
)

const child = "CA00000000000000000000000000000002"

// facts of a call on a line, consent as given.
func facts(t *testing.T, d *desk, to string, consent events.ConsentAnswer) app.Facts {
	t.Helper()
	p, err := d.Incoming(t.Context(), incoming(to))
	if err != nil {
		t.Fatal(err)
	}
	p.Facts.Consent = consent
	return p.Facts
}

// nothing happened to the call before.
func nothing(*testing.T, *desk, app.Facts) {}

// TestNoneFollows: the rest of a call whose last stream broke, and that ended before the next began, is declared, from where that
// stream began: who listens knows how far it was heard.
func TestNoneFollows(t *testing.T) {
	for name, c := range map[string]struct {
		broke   app.Break
		prepare func(*testing.T, *desk, app.Facts)
		want    []string
	}{
		"broke":                 {app.Break{Stream: "MZ1", Failed: true}, nothing, []string{"MZ1 0 to 20000"}},
		"broke, and waited":     {app.Break{Stream: "MZ1", Failed: true, Waited: time.Now()}, nothing, []string{"MZ1 0 to 20000"}},
		"stopped with the call": {app.Break{Stream: "MZ1"}, nothing, nil},
		"stopped before it, and waited": {app.Break{Stream: "MZ1", Waited: time.Now()}, func(t *testing.T, d *desk, f app.Facts) {
			t.Helper()
			d.tell(t, f, &events.MediaEnded{StreamId: "MZ1", Reason: events.MediaEndReason_MEDIA_END_REASON_SHUTDOWN, EndMs: 5000})
		}, []string{"MZ1 0 to 20000"}},
		"stopped with it, while the carrier could not be asked": {app.Break{Stream: "MZ1", Waited: time.Now()}, func(t *testing.T, d *desk, f app.Facts) {
			t.Helper()
			d.tell(t, f, &events.MediaEnded{StreamId: "MZ1", Reason: events.MediaEndReason_MEDIA_END_REASON_STOPPED, EndMs: 19_900})
		}, nil},
		"never began":                   {app.Break{Stream: "MZ0", Failed: true}, nothing, nil},
		"another followed and was told": {app.Break{Stream: "MZ1", Failed: true}, func(t *testing.T, d *desk, f app.Facts) { t.Helper(); d.begin(t, f, "MZ2") }, nil},
		"consent was withdrawn": {app.Break{Stream: "MZ1", Failed: true}, func(t *testing.T, d *desk, f app.Facts) {
			t.Helper()
			if err := d.Reported(t.Context(), f, app.Report{Answer: events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN}); err != nil {
				t.Fatal(err)
			}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, app.Settings{})
			f := facts(t, d, apptest.DialLine, granted)
			d.begin(t, f, "MZ1")
			c.prepare(t, d, f)
			d.tell(t, f, &events.CallEnded{Status: events.CallStatus_CALL_STATUS_COMPLETED, EndedAt: timestamppb.New(f.Start.Add(20 * time.Second))})
			d.carrier.Dead = true
			if _, _, err := d.StreamBroke(t.Context(), f, c.broke); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, g := range apptest.Of[*events.MediaGap](d.pub, events.Media) {
				got = append(got, fmt.Sprintf("%s %d to %d", g.GetStreamId(), g.GetStartMs(), g.GetEndMs()))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("declared %q, want %q", got, c.want)
			}
		})
	}
}

func TestStreamBroke(t *testing.T) {
	tests := map[string]struct {
		to      string
		consent events.ConsentAnswer
		attempt int
		prepare func(*testing.T, *desk, app.Facts)
		want    app.Restart
		did     []string
	}{
		"restarts": {
			to: apptest.DialLine, consent: granted, want: app.RestartStarted, did: []string{"live", "start-stream 1"},
		},
		"restarts again": {
			to: apptest.DialLine, consent: granted, attempt: 1, want: app.RestartStarted, did: []string{"live", "start-stream 2"},
		},
		"too many broke": {
			to: apptest.DialLine, consent: granted, attempt: 2, want: app.RestartWaits, did: []string{"live"},
			prepare: func(t *testing.T, d *desk, f app.Facts) {
				t.Helper()
				d.begin(t, f, "MZ-2")
				d.begin(t, f, "MZ-1")
				d.begin(t, f, "MZ1")
			},
		},
		"never began": {to: apptest.DialLine, consent: granted, want: app.RestartWaits, did: []string{"live"}, prepare: nothing},
		"refused":     {to: apptest.DialLine, consent: events.ConsentAnswer_CONSENT_ANSWER_REFUSED, want: app.RestartWithdrawn},
		"pending where the question is asked": {
			to: apptest.DialLine, consent: events.ConsentAnswer_CONSENT_ANSWER_PENDING, want: app.RestartWithdrawn,
		},
		"pending where it is reported": {
			to: apptest.ReportedLine, consent: events.ConsentAnswer_CONSENT_ANSWER_PENDING, want: app.RestartStarted,
			did: []string{"live", "start-stream 1"},
		},
		"call ended": {
			to: apptest.DialLine, consent: granted, want: app.RestartEnded, did: []string{"live"},
			prepare: func(_ *testing.T, d *desk, _ app.Facts) { d.carrier.Dead = true },
		},
		"a late word on a stream that another follows": {
			to: apptest.DialLine, consent: granted, want: app.RestartSuperseded, did: []string{"live"},
			prepare: func(t *testing.T, d *desk, f app.Facts) {
				t.Helper()
				d.begin(t, f, "MZ1")
				d.begin(t, f, "MZ2")
			},
		},
		"a late word on one that never began": {
			to: apptest.DialLine, consent: granted, want: app.RestartSuperseded, did: []string{"live"},
			prepare: func(t *testing.T, d *desk, f app.Facts) {
				t.Helper()
				d.begin(t, f, "MZ2")
			},
		},
		"the newest broke": {
			to: apptest.DialLine, consent: granted, attempt: 1, want: app.RestartStarted, did: []string{"live", "start-stream 2"},
			prepare: func(t *testing.T, d *desk, f app.Facts) {
				t.Helper()
				d.begin(t, f, "MZ0")
				d.begin(t, f, "MZ1")
			},
		},
		"the newest never began": {
			to: apptest.DialLine, consent: granted, attempt: 1, want: app.RestartWaits, did: []string{"live"},
			prepare: func(t *testing.T, d *desk, f app.Facts) {
				t.Helper()
				d.begin(t, f, "MZ0")
			},
		},
		"the stop was ours: withdrawn since": {
			to: apptest.DialLine, consent: granted, want: app.RestartWithdrawn,
			did: []string{"stop-streams", "stop-recording", "live"},
			prepare: func(t *testing.T, d *desk, f app.Facts) {
				t.Helper()
				if err := d.Reported(t.Context(), f, app.Report{Answer: events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN}); err != nil {
					t.Fatal(err)
				}
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, app.Settings{})
			f := facts(t, d, tt.to, tt.consent)
			f.Attempt = tt.attempt
			if tt.prepare == nil {
				tt.prepare = func(t *testing.T, d *desk, f app.Facts) {
					t.Helper()
					d.begin(t, f, "MZ1")
				}
			}
			tt.prepare(t, d, f)
			got, _, err := d.StreamBroke(t.Context(), f, app.Break{Stream: "MZ1"})
			if err != nil || got != tt.want {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
			if !slices.Equal(d.carrier.Did(), tt.did) {
				t.Errorf("asked the carrier %q, want %q", d.carrier.Did(), tt.did)
			}
		})
	}
	t.Run("a word that names no stream", func(t *testing.T) {
		d := newDesk(t, app.Settings{})
		f := facts(t, d, apptest.DialLine, granted)
		d.begin(t, f, "MZ0")
		if got, _, err := d.StreamBroke(t.Context(), f, app.Break{}); err != nil || got != app.RestartStarted {
			t.Errorf("%q, %v", got, err)
		}
		d.begin(t, f, "MZ1")
		if got, _, err := d.StreamBroke(t.Context(), f, app.Break{}); err != nil || got != app.RestartSuperseded {
			t.Errorf("after the next: %q, %v", got, err)
		}
	})
	t.Run("a grant since goes into the new token", func(t *testing.T) {
		d := newDesk(t, app.Settings{})
		f := facts(t, d, apptest.ReportedLine, events.ConsentAnswer_CONSENT_ANSWER_PENDING)
		if err := d.Reported(t.Context(), f, app.Report{Answer: granted}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.StreamBroke(t.Context(), f, app.Break{}); err != nil || d.carrier.Last().Consent != granted {
			t.Errorf("consent %v, error %v", d.carrier.Last().Consent, err)
		}
	})
	t.Run("the new stream begins where the last ended", func(t *testing.T) {
		d := newDesk(t, app.Settings{})
		f := facts(t, d, apptest.DialLine, granted)
		ended := f.Root().Event(d.now, &events.MediaEnded{StreamId: "MZ1", Reason: events.MediaEndReason_MEDIA_END_REASON_DISCONNECTED, EndMs: 5373})
		if err := d.pub.Publish(t.Context(), app.Message{Topic: events.Lifecycle, Event: ended}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.StreamBroke(t.Context(), f, app.Break{}); err != nil || d.carrier.Last().Heard != 5373*time.Millisecond {
			t.Errorf("heard %s, error %v", d.carrier.Last().Heard, err)
		}
	})
	t.Run("the carrier won't: no further try", func(t *testing.T) {
		d := newDesk(t, app.Settings{})
		f := facts(t, d, apptest.DialLine, granted)
		d.carrier.StartErr = &retry.Error{Class: retry.Permanent, Code: "twilio.20001"}
		if got, _, err := d.StreamBroke(t.Context(), f, app.Break{}); got != app.RestartRefused || err == nil {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("the call ends while the log is asked", func(t *testing.T) {
		d := newDesk(t, app.Settings{})
		f := facts(t, d, apptest.DialLine, granted)
		d.begin(t, f, "MZ1")
		d.carrier.On = func(string) { d.carrier.Dead = true }
		d.now = d.now.Add(time.Minute)
		got, _, err := d.StreamBroke(t.Context(), f, app.Break{Stream: "MZ1", Failed: true})
		if err != nil || got != app.RestartEnded || !slices.Equal(d.carrier.Did(), []string{"live", "start-stream 1"}) {
			t.Errorf("%q, %v, asked %q", got, err, d.carrier.Did())
		}
		if gaps := apptest.Of[*events.MediaGap](d.pub, events.Media); len(gaps) != 1 || gaps[0].GetStreamId() != "MZ1" {
			t.Errorf("declared %v", gaps)
		}
	})
	t.Run("who can't ask the log starts nothing", func(t *testing.T) {
		d := newDesk(t, app.Settings{})
		f := facts(t, d, apptest.DialLine, granted)
		d.history.Err = errAway
		outcome, _, err := d.StreamBroke(t.Context(), f, app.Break{})
		if outcome != app.RestartWaits || err != nil {
			t.Errorf("%s, %v: who asks must come again, for longer than the carrier would", outcome, err)
		}
		if _, _, err := d.StreamBroke(t.Context(), f, app.Break{Waited: time.Now()}); !errors.Is(err, errAway) || slices.Contains(d.carrier.Did(), "start-stream 1") {
			t.Errorf("error %v, did %q", err, d.carrier.Did())
		}
	})
}

// TestFailedStarts: a stream that never began is followed after a pause that doubles, for as long as the call lives; one
// that was heard starts the count anew, and an error is no try.
func TestFailedStarts(t *testing.T) {
	d := newDesk(t, app.Settings{})
	f := facts(t, d, apptest.DialLine, granted)
	start := func(id string, want time.Duration) {
		t.Helper()
		outcome, wait, err := d.StreamBroke(t.Context(), f, app.Break{Stream: id})
		if err != nil || wait != want || (outcome == app.RestartWaits) != (want > 0) {
			t.Fatalf("attempt %d: %q, %s, %v, want %s", f.Attempt, outcome, wait, err, want)
		}
		if want > 0 {
			before := d.now
			d.now = d.now.Add(wait)
			d.carrier.StartErr = errAway
			if outcome, _, err = d.StreamBroke(t.Context(), f, app.Break{Stream: id, Waited: before}); err == nil || outcome != "" {
				t.Fatalf("the carrier is away: %q, %v", outcome, err)
			}
			d.carrier.StartErr = nil
			if outcome, _, err = d.StreamBroke(t.Context(), f, app.Break{Stream: id, Waited: before}); err != nil || outcome != app.RestartStarted {
				t.Fatalf("%q, %v", outcome, err)
			}
		}
		if got := d.carrier.Last(); got.Attempt != f.Attempt+1 {
			t.Fatalf("attempt %d follows %d", got.Attempt, f.Attempt)
		}
		f = d.carrier.Last()
	}
	for n, want := range []int{1, 2, 4, 8, 16, 32, 32, 32} {
		start(fmt.Sprintf("MZ%d", n), time.Duration(want)*time.Second)
	}
	for n := 8; n < 200; n++ {
		start(fmt.Sprintf("MZ%d", n), 32*time.Second)
	}
	d.begin(t, f, "MZ200")
	start("MZ200", 0)
	// One that ends with next to nothing heard was hardly worth its start.
	d.begin(t, f, "MZ201")
	d.tell(t, f, &events.MediaEnded{StreamId: "MZ201", Reason: events.MediaEndReason_MEDIA_END_REASON_PROTOCOL, EndMs: 999})
	start("MZ201", time.Second)
	// What began while the other waited is not followed.
	d.begin(t, f, "MZ202")
	if got, _, err := d.StreamBroke(t.Context(), f, app.Break{Stream: "MZ999", Waited: d.now.Add(-time.Second)}); err != nil || got != app.RestartSuperseded {
		t.Errorf("%q, %v", got, err)
	}
	// The broken one itself is none of these, though its socket's first words were read after its end was told.
	if got, _, err := d.StreamBroke(t.Context(), f, app.Break{Stream: "MZ202", Waited: d.now.Add(-time.Second)}); err != nil || got != app.RestartStarted {
		t.Errorf("%q, %v", got, err)
	}
}

// TestSomebodyWasToListen: the stream that follows one which never began knows since when, and so does one that follows others
// like it. Before consent nobody was to.
func TestSomebodyWasToListen(t *testing.T) {
	const asked, pause = 9 * time.Second, 2 * time.Second
	for name, c := range map[string]struct {
		to    string
		since time.Duration
		plan  func(d *desk, f app.Facts) app.Plan
	}{
		"without a question": {to: apptest.QuietLine, plan: func(_ *desk, f app.Facts) app.Plan { return app.Plan{Facts: f} }},
		"once consent was given": {to: apptest.DialLine, since: asked, plan: func(d *desk, f app.Facts) app.Plan {
			d.now = d.now.Add(asked)
			p, err := d.Answered(t.Context(), f, app.Reply{Digits: "1"})
			if err != nil || !p.Stream {
				t.Fatalf("no stream: %v", err)
			}
			return p
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, app.Settings{})
			in, err := d.Incoming(t.Context(), incoming(c.to))
			if err != nil {
				t.Fatal(err)
			}
			f := c.plan(d, in.Facts).Facts
			for n := range 3 {
				if f.Heard != c.since {
					t.Fatalf("attempt %d: somebody was to listen from %s on, want %s", n, f.Heard, c.since)
				}
				waited := d.now
				d.now = d.now.Add(pause)
				if got, _, err := d.StreamBroke(t.Context(), f, app.Break{Stream: fmt.Sprintf("MZ%d", n), Waited: waited}); err != nil || got != app.RestartStarted {
					t.Fatalf("%q, %v", got, err)
				}
				if f = d.carrier.Last(); f.Failed != n+1 {
					t.Fatalf("%d starts came to nothing, want %d", f.Failed, n+1)
				}
			}
		})
	}
}

func TestLegsFoldToTheRoot(t *testing.T) {
	d := newDesk(t, app.Settings{})
	f := facts(t, d, apptest.DialLine, events.ConsentAnswer_CONSENT_ANSWER_GRANTED)
	at := d.now.Add(time.Minute)
	answered := app.LegState{LegID: child, ParentID: call, Answered: true, At: at, To: "+14155550199"}
	over := app.LegState{LegID: child, ParentID: call, Status: events.CallStatus_CALL_STATUS_COMPLETED, At: at.Add(time.Minute), Duration: time.Minute, Sequence: 3}
	// The end before the begin, each twice.
	for _, l := range []app.LegState{over, answered, answered, over} {
		if err := d.LegChanged(t.Context(), f, l); err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]bool{}
	for _, e := range d.pub.Events(events.Lifecycle)[1:] {
		ids[e.GetEventId()] = true
		if e.GetCallId() != call || e.GetLegId() != child {
			t.Errorf("call %s leg %s", e.GetCallId(), e.GetLegId())
		}
	}
	if len(ids) != 2 {
		t.Errorf("%d different events, want 2", len(ids))
	}
	if err := d.LegChanged(t.Context(), f, app.LegState{LegID: call}); !errors.Is(err, app.ErrInvalid) {
		t.Errorf("the root leg as its own child: %v", err)
	}
	if err := d.LegChanged(t.Context(), f, app.LegState{LegID: child, ParentID: "CA9"}); !errors.Is(err, app.ErrNotOurs) {
		t.Errorf("a leg of another call: %v", err)
	}
}

func TestEnded(t *testing.T) {
	d := newDesk(t, app.Settings{})
	end := app.LegState{
		LegID: call, Status: events.CallStatus_CALL_STATUS_NO_ANSWER, At: d.now.Add(90 * time.Second), Duration: 90 * time.Second, Sequence: -1,
	}
	for range 2 {
		if err := d.Ended(t.Context(), incoming(apptest.MailLine), end); err != nil {
			t.Fatal(err)
		}
	}
	es := d.pub.Events(events.Lifecycle)
	if len(es) != 2 || es[0].GetEventId() != es[1].GetEventId() {
		t.Fatalf("%d events", len(es))
	}
	body, _ := es[0].Message().(*events.CallEnded)
	o := body.GetOpenedBy()
	if o.GetHandling() != events.Handling_HANDLING_FALLBACK || o.GetFrom() == "" || o.GetPayer() != "central" || o.GetMediaExpected() {
		t.Errorf("opened by %v", o)
	}
	if es[0].GetTenant() != "acme" || es[0].GetLineOfBusiness() != "support" {
		t.Errorf("envelope %s %s", es[0].GetTenant(), es[0].GetLineOfBusiness())
	}
	if err := d.Ended(t.Context(), incoming("+19995550100"), end); !errors.Is(err, app.ErrUnknownCall) {
		t.Errorf("unknown number: %v", err)
	}
}

func TestRecording(t *testing.T) {
	d := newDesk(t, app.Settings{})
	f := facts(t, d, apptest.DialLine, events.ConsentAnswer_CONSENT_ANSWER_GRANTED)
	for _, status := range []string{"completed", "in-progress", "completed", "absent"} {
		r := app.RecordingState{ID: "RE1", LegID: call, Status: status, URL: "https://api.example/RE1", Duration: time.Minute, Channels: 2, At: d.now}
		if err := d.Recording(t.Context(), f, r); err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]bool{}
	for _, e := range d.pub.Events(events.Lifecycle)[1:] {
		ids[e.GetEventId()] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d different events, want started, completed, absent", len(ids))
	}
	for name, r := range map[string]app.RecordingState{
		"no id": {Status: "completed"}, "unknown status": {ID: "RE1", Status: "paused"},
	} {
		if err := d.Recording(t.Context(), f, r); !errors.Is(err, app.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDisposition(t *testing.T) {
	d := newDesk(t, app.Settings{})
	f := facts(t, d, apptest.DialLine, events.ConsentAnswer_CONSENT_ANSWER_GRANTED)
	say := func(name, agent, token string) error {
		return d.Disposition(t.Context(), f, app.AgentDisposition{Name: name, Agent: agent, Token: token, At: d.now})
	}
	if err := errors.Join(say("ResolvedByAgent", "WK1", ""), say("ResolvedByAgent", "WK1", ""), say("QualifiedLead", "WK1", "t1")); err != nil {
		t.Fatal(err)
	}
	es := d.pub.Events(events.Lifecycle)[1:]
	if len(es) != 3 || es[0].GetEventId() != es[1].GetEventId() || es[1].GetEventId() == es[2].GetEventId() {
		t.Error("repetitions must repeat the id, and only those")
	}
	if err := say("Sold", "WK1", ""); !errors.Is(err, app.ErrInvalid) {
		t.Errorf("a disposition that the catalogue doesn't have: %v", err)
	}
}

func TestIdentify(t *testing.T) {
	d := newDesk(t, app.Settings{})
	f, err := d.Identify(incoming(apptest.SpanishLine))
	if err != nil || f.Tenant != "globex" || f.LineOfBusiness != "support" {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := d.Identify(incoming("")); !errors.Is(err, app.ErrUnknownCall) {
		t.Errorf("three tenants share the account: %v", err)
	}
	in := incoming("")
	in.Account = apptest.OtherAccount
	if f, err := d.Identify(in); err != nil || f.Tenant != "umbrella" {
		t.Errorf("the account's only tenant: %+v, %v", f, err)
	}
}
