package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
)

const (
	granted   = events.ConsentAnswer_CONSENT_ANSWER_GRANTED
	refused   = events.ConsentAnswer_CONSENT_ANSWER_REFUSED
	withdrawn = events.ConsentAnswer_CONSENT_ANSWER_WITHDRAWN
	pending   = events.ConsentAnswer_CONSENT_ANSWER_PENDING
)

// stops and starts are what the carrier is asked.
var (
	stops  = []string{"stop-streams", "stop-recording"}
	starts = []string{"live", "start-recording"}
)

func TestReported(t *testing.T) {
	tests := map[string]struct {
		to     string
		before events.ConsentAnswer
		answer events.ConsentAnswer
		dead   bool
		want   []string
	}{
		"granted: the stream runs already": {to: apptest.ReportedLine, before: pending, answer: granted, want: starts},
		"granted to the question already":  {to: apptest.ReportedLine, before: granted, answer: granted},
		"granted after the call":           {to: apptest.ReportedLine, before: pending, answer: granted, dead: true, want: []string{"live"}},
		"granted after a refusal":          {to: apptest.DialLine, before: refused, answer: granted, want: []string{"live", "start-stream 1", "start-recording"}},
		"granted on the voicemail line":    {to: apptest.MailLine, before: refused, answer: granted, want: []string{"live", "start-stream 1"}},
		"refused":                          {to: apptest.ReportedLine, before: pending, answer: refused, want: stops},
		"withdrawn":                        {to: apptest.DialLine, before: granted, answer: withdrawn, want: stops},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, app.Settings{})
			f := facts(t, d, tt.to, tt.before)
			d.carrier.Dead = tt.dead
			if err := d.Reported(t.Context(), f, app.Report{Answer: tt.answer}); err != nil {
				t.Fatal(err)
			}
			if got := d.carrier.Did(); !slices.Equal(got, tt.want) {
				t.Errorf("asked the carrier %q, want %q", got, tt.want)
			}
			for _, topic := range []events.Topic{events.Lifecycle, events.Media} {
				got := apptest.Of[*events.ConsentRecorded](d.pub, topic)
				if len(got) != 1 || got[0].GetAnswer() != tt.answer || got[0].GetMethod() != events.ConsentMethod_CONSENT_METHOD_REPORTED {
					t.Errorf("%s: %v", topic.Name, got)
				}
			}
		})
	}
	t.Run("not stored: the carrier is not asked, and the webhook comes again", func(t *testing.T) {
		d := newDesk(t, app.Settings{})
		f := facts(t, d, apptest.DialLine, granted)
		d.pub.Fail(errAway)
		if err := d.Reported(t.Context(), f, app.Report{Answer: withdrawn}); !errors.Is(err, errAway) || len(d.carrier.Did()) != 0 {
			t.Errorf("error %v, did %q", err, d.carrier.Did())
		}
	})
	t.Run("the log can't be read: a grant that says when is stored, and begins what it allows when it comes again", func(t *testing.T) {
		d := newDesk(t, app.Settings{})
		f := facts(t, d, apptest.ReportedLine, pending)
		d.history.Err = errAway
		at := f.Start.Add(5 * time.Second)
		for range 2 {
			if err := d.Reported(t.Context(), f, app.Report{Answer: granted, At: at}); !errors.Is(err, errAway) || len(d.carrier.Did()) != 0 {
				t.Errorf("error %v, did %q", err, d.carrier.Did())
			}
			d.checkAnswers(t, events.Media, granted, 1)
		}
		d.history.Err = nil
		if err := d.Reported(t.Context(), f, app.Report{Answer: granted, At: at}); err != nil {
			t.Error(err)
		}
		d.checkAnswers(t, events.Lifecycle, granted, 1)
	})
	t.Run("the log can't be read: nothing begins, and what runs is stopped", func(t *testing.T) {
		d := newDesk(t, app.Settings{})
		f := facts(t, d, apptest.ReportedLine, pending)
		d.history.Err = errAway
		if err := d.Reported(t.Context(), f, app.Report{Answer: granted}); !errors.Is(err, errAway) || len(d.carrier.Did()) != 0 {
			t.Errorf("granted: error %v, did %q", err, d.carrier.Did())
		}
		if err := d.Reported(t.Context(), f, app.Report{Answer: refused}); err != nil || !slices.Equal(d.carrier.Did(), stops) {
			t.Errorf("refused: error %v, did %q", err, d.carrier.Did())
		}
	})
}

// said is one report of a sequence: an answer, and when it was given, in seconds after the ring; 0 if that isn't said.
type said struct {
	answer events.ConsentAnswer
	at     int
}

func TestReportsInSequence(t *testing.T) {
	join := func(parts ...[]string) []string { return slices.Concat(parts...) }
	again := func(stream string) []string { return []string{"live", stream, "start-recording"} }
	tests := map[string]struct {
		reports []said
		want    []string
		// consent and ids are how the log ends, and how many different answers it holds.
		consent events.ConsentAnswer
		ids     int
	}{
		"a double begins nothing twice":       {[]said{{granted, 0}, {granted, 0}}, starts, granted, 1},
		"and says when it was given":          {[]said{{granted, 5}, {granted, 5}}, starts, granted, 1},
		"a withdrawal is final":               {[]said{{granted, 0}, {withdrawn, 0}, {granted, 0}}, join(starts, stops), withdrawn, 2},
		"whatever time a grant says":          {[]said{{granted, 5}, {withdrawn, 6}, {granted, 9}}, join(starts, stops), withdrawn, 2},
		"refused, then granted":               {[]said{{refused, 0}, {granted, 0}}, join(stops, again("start-stream 1")), granted, 2},
		"and again, doubled":                  {[]said{{refused, 0}, {granted, 0}, {granted, 0}}, join(stops, again("start-stream 1")), granted, 2},
		"the third answer counts":             {[]said{{refused, 0}, {granted, 0}, {refused, 0}}, join(stops, again("start-stream 1"), stops), refused, 3},
		"a refusal that comes late, again":    {[]said{{refused, 5}, {granted, 6}, {refused, 5}}, join(stops, again("start-stream 1")), granted, 2},
		"a refusal by a clock that is slow":   {[]said{{granted, 5}, {refused, 4}}, join(starts, stops), refused, 2},
		"a grant that comes late, again":      {[]said{{granted, 5}, {refused, 6}, {granted, 5}}, join(starts, stops), refused, 2},
		"a grant that comes after a newer no": {[]said{{refused, 6}, {granted, 5}}, stops, refused, 1},
		"granted, refused, granted": {
			[]said{{granted, 5}, {refused, 6}, {granted, 7}}, join(starts, stops, again("start-stream 1")), granted, 3,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, app.Settings{})
			f := facts(t, d, apptest.ReportedLine, pending)
			d.begin(t, f, "MZ0")
			for _, r := range tt.reports {
				d.now = d.now.Add(10 * time.Second)
				if err := d.report(t, f, r); err != nil {
					t.Fatalf("%v: %v", r.answer, err)
				}
			}
			if got := d.carrier.Did(); !slices.Equal(got, tt.want) {
				t.Errorf("asked the carrier\n%q, want\n%q", got, tt.want)
			}
			for _, topic := range []events.Topic{events.Lifecycle, events.Media} {
				d.checkAnswers(t, topic, tt.consent, tt.ids)
			}
		})
	}
}

// report reports one answer; a stream that the carrier is asked for begins.
func (d *desk) report(t *testing.T, f app.Facts, r said) error {
	t.Helper()
	report := app.Report{Answer: r.answer}
	if r.at != 0 {
		report.At = f.Start.Add(time.Duration(r.at) * time.Second)
	}
	before := len(d.carrier.Did())
	err := d.Reported(t.Context(), f, report)
	for _, did := range d.carrier.Did()[before:] {
		if n, ok := strings.CutPrefix(did, "start-stream "); ok && d.carrier.StartErr == nil {
			d.begin(t, f, "MZ"+n)
		}
	}
	return err
}

// begin has a stream of the call begin.
func (d *desk) begin(t *testing.T, f app.Facts, id string) {
	t.Helper()
	d.tell(t, f, &events.MediaStarted{
		StreamId: id, Parties: []events.Party{events.Party_PARTY_CALLER}, Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000, Consent: f.Consent,
	})
}

// checkAnswers reads a topic as its readers do: the first of an id counts, a withdrawal is final, the latest by
// decided_at, which must be the order of the log.
func (d *desk) checkAnswers(t *testing.T, topic events.Topic, want events.ConsentAnswer, ids int) {
	t.Helper()
	seen := map[string]bool{}
	var last *events.ConsentRecorded
	for _, e := range d.pub.Events(topic) {
		m, ok := e.Message().(*events.ConsentRecorded)
		if !ok || seen[e.GetEventId()] {
			continue
		}
		seen[e.GetEventId()] = true
		if last != nil && !m.GetDecidedAt().AsTime().After(last.GetDecidedAt().AsTime()) {
			t.Errorf("%s: an answer counts before one that stands before it", topic.Name)
		}
		last = m
	}
	if last.GetAnswer() != want || len(seen) != ids {
		t.Errorf("%s ends with %v of %d answers, want %v of %d", topic.Name, last.GetAnswer(), len(seen), want, ids)
	}
}

// TestGrantThatMayBeOld: without a time, a second grant after a denial may be the first, come again.
func TestGrantThatMayBeOld(t *testing.T) {
	d := newDesk(t, app.Settings{})
	f := facts(t, d, apptest.ReportedLine, pending)
	for _, r := range []said{{granted, 0}, {refused, 0}} {
		d.now = d.now.Add(time.Second)
		if err := d.report(t, f, r); err != nil {
			t.Fatal(err)
		}
	}
	before := len(d.carrier.Did())
	if err := d.report(t, f, said{granted, 0}); !errors.Is(err, app.ErrInvalid) || len(d.carrier.Did()) != before {
		t.Errorf("%v, did %q", err, d.carrier.Did()[before:])
	}
	d.checkAnswers(t, events.Lifecycle, refused, 2)
}

// TestGrantComesAgainAfterItFailed: what the first try did not begin the second does, and only that.
func TestGrantComesAgainAfterItFailed(t *testing.T) {
	d := newDesk(t, app.Settings{})
	f := facts(t, d, apptest.ReportedLine, pending)
	if err := d.report(t, f, said{refused, 0}); err != nil {
		t.Fatal(err)
	}
	d.carrier.StartErr = errAway
	if err := d.report(t, f, said{granted, 0}); !errors.Is(err, errAway) {
		t.Fatalf("%v: the carrier was away", err)
	}
	d.carrier.StartErr = nil
	before := len(d.carrier.Did())
	if err := d.report(t, f, said{granted, 0}); err != nil {
		t.Fatal(err)
	}
	if got, want := d.carrier.Did()[before:], []string{"live", "start-stream 1"}; !slices.Equal(got, want) {
		t.Errorf("did %q, want %q: the recording runs already", got, want)
	}
	d.checkAnswers(t, events.Lifecycle, granted, 2)
}

// TestReportWithoutAToken: whoever reports by CallSid and To doesn't know when the call began; the log does.
func TestReportWithoutAToken(t *testing.T) {
	d := newDesk(t, app.Settings{})
	began := facts(t, d, apptest.ReportedLine, pending).Start
	d.now = d.now.Add(time.Minute)
	f, err := d.Identify(incoming(apptest.ReportedLine))
	if err != nil {
		t.Fatal(err)
	}
	d.tell(t, f, &events.MediaEnded{StreamId: "MZ0", Reason: events.MediaEndReason_MEDIA_END_REASON_STOPPED, EndMs: 5373})
	for _, r := range []said{{refused, 0}, {granted, 0}} {
		if err := d.report(t, f, r); err != nil {
			t.Fatal(err)
		}
	}
	if want := slices.Concat(stops, []string{"live", "start-stream 1", "start-recording"}); !slices.Equal(d.carrier.Did(), want) {
		t.Errorf("did %q, want %q", d.carrier.Did(), want)
	}
	if last := d.carrier.Last(); !last.Start.Equal(began) || last.Heard != time.Minute || last.Consent != granted {
		t.Errorf("the stream's facts: start %v, heard %v, consent %v", last.Start, last.Heard, last.Consent)
	}
	t.Run("granted by key: the call's TwiML records", func(t *testing.T) {
		d := newDesk(t, app.Settings{})
		asked := facts(t, d, apptest.DialLine, pending)
		if _, err := d.Answered(t.Context(), asked, app.Reply{Digits: "1"}); err != nil {
			t.Fatal(err)
		}
		f, err := d.Identify(incoming(apptest.DialLine))
		if err == nil {
			err = d.Reported(t.Context(), f, app.Report{Answer: granted})
		}
		if err != nil || len(d.carrier.Did()) != 0 {
			t.Errorf("%v, did %q", err, d.carrier.Did())
		}
	})
}

// TestWithdrawnMeanwhile: who started something looks once more whether he may.
func TestWithdrawnMeanwhile(t *testing.T) {
	d := newDesk(t, app.Settings{})
	f := facts(t, d, apptest.ReportedLine, pending)
	d.carrier.On = func(what string) {
		if what == "start-recording" { // another replica, that found nothing to stop yet
			d.tell(t, f, &events.ConsentRecorded{
				Answer: withdrawn, Method: events.ConsentMethod_CONSENT_METHOD_REPORTED, DecidedAt: stamp(d.now),
			})
		}
	}
	if err := d.Reported(t.Context(), f, app.Report{Answer: granted}); err != nil {
		t.Fatal(err)
	}
	if got, want := d.carrier.Did(), slices.Concat(starts, stops); !slices.Equal(got, want) {
		t.Errorf("did %q, want %q", got, want)
	}
}
