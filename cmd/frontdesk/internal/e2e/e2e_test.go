// Package e2e_test plays calls through the whole pipeline, as demo, up and replay do, and looks at what comes out.
package e2e_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/play"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// tenants are loaded anew for each stack: it points them at itself.
func tenants(t *testing.T) []*tenant.Tenant {
	t.Helper()
	set, err := tenant.Load(samples + "tenants")
	if err != nil {
		t.Fatal(err)
	}
	return set.All()
}

// sampleCalls are the named ones, or all.
func sampleCalls(t *testing.T, names ...string) []*calls.Call {
	t.Helper()
	all, err := calls.Load(samples + "calls")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		return all
	}
	all = slices.DeleteFunc(all, func(c *calls.Call) bool { return !slices.Contains(names, c.Name) })
	if len(all) != len(names) {
		t.Fatalf("%d of the calls %v are there", len(all), names)
	}
	return all
}

func passed(t *testing.T, r *report.Report) {
	t.Helper()
	if r.Lost != 0 || r.Duplicates != 0 || r.DeadLetters != 0 || r.Records != r.Calls {
		t.Errorf("%d calls: %d recorded, %d lost, %d doubled, %d dead letters", r.Calls, r.Records, r.Lost, r.Duplicates, r.DeadLetters)
	}
	for _, o := range r.Outcomes {
		if len(o.Unmet) > 0 {
			t.Errorf("%s: %s", o.Call, strings.Join(o.Unmet, "; "))
		}
	}
	for _, l := range r.Leaks {
		t.Errorf("%s: a hidden value stands in %s", l.Call, l.Where)
	}
}

func everySampleCallComesOutAsItSays(t *testing.T) {
	all := sampleCalls(t)
	w := start(t, all)
	defer w.close(t)
	played := play.All(t.Context(), w, all, patience, func(play.Progress) {})
	r := w.report(t, played)
	passed(t, r)
	if r.Calls < 14 || len(r.Latency) == 0 || len(r.Cost) == 0 || len(r.Usage) == 0 || r.SalesforceAPICalls == 0 || r.PubSubRequests == 0 || len(r.Metered) == 0 {
		t.Errorf("%d calls, latencies of %d stages, %d costs, %d lines of the bill, %d API calls, %d Pub/Sub requests, %d metered rows",
			r.Calls, len(r.Latency), len(r.Cost), len(r.Usage), r.SalesforceAPICalls, r.PubSubRequests, len(r.Metered))
	}
	// Requests go on after the record of the last call, and nobody waits for their bill.
	var wrong []string
	wait(t.Context(), patience, func() bool {
		wrong = misbilled(t, w, w.report(t, played))
		return len(wrong) == 0
	})
	for _, what := range wrong {
		t.Error(what)
	}
}

// misbilled are the units of which the ledger has otherwise than the vendors' own meters.
func misbilled(t *testing.T, w *world, r *report.Report) []string {
	t.Helper()
	var wrong []string
	for unit, product := range map[string]string{
		"speech_second": "googlespeech", "input_token": "vertexai", "output_token": "vertexai", "api_call": "salesforce",
	} {
		// A recogniser tells no bill of a stream that is cut off, and may not have taken the last of what it was sent.
		most := 0.0
		if unit == "speech_second" {
			most = float64(estimated(t, w))
		}
		if billed, metered := billedAndMetered(r, product, unit); billed < metered || billed > metered+most || billed == 0 {
			wrong = append(wrong, fmt.Sprintf("the ledger has %v %s of %s, at most %v too many as an estimate, the vendor's own meter %v", billed, unit, product, most, metered))
		}
	}
	return wrong
}

// estimated is how many requests stand in calls.usage with an estimate, which is at most a unit too high.
func estimated(t *testing.T, w *world) int {
	t.Helper()
	ids := map[string]bool{} // told again, an event has the same id
	parts, err := w.Conn().Partitions(t.Context())
	for p := 0; err == nil && p < parts[events.Usage.Name]; p++ {
		err = w.Conn().ReadRange(t.Context(), events.Usage.Name, p, -1, -1, func(r broker.Record) error {
			e, err := events.Unmarshal(r.Value)
			if u, ok := e.Message().(*events.UsageRecorded); ok && u.GetEstimated() {
				ids[e.GetEventId()] = true
			}
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(ids)
}

// billedAndMetered is how much of a unit stands in calls.usage, and how much the stand-in would have billed.
func billedAndMetered(r *report.Report, product, unit string) (billed, metered float64) {
	for _, u := range r.Usage {
		if u.Unit == unit {
			billed += u.Amount
		}
	}
	for _, m := range r.Metered {
		if m.Product == product && m.Unit == unit {
			metered += m.Amount
		}
	}
	return math.Round(billed), metered // a request that several share is split
}

// aDroppedChunkShows: the transcript is made of the audio that came through, so what is lost is missing from it.
func aDroppedChunkShows(t *testing.T) {
	const call, utterance = "wrong-number", 4 // "Oh, sorry, I have the wrong number."
	all := sampleCalls(t, call)
	w := start(t, all)
	defer w.close(t)
	u := all[0].Script[utterance-1]
	chunk := twilio.Drop{Track: u.Track, At: (u.Start.Std() + u.End.Std()) / 2, For: 200 * time.Millisecond}
	if err := w.Carrier().SetMischief(call, twilio.Mischief{Drop: []twilio.Drop{chunk}}); err != nil {
		t.Fatal(err)
	}
	r := w.play(t, all, patience)
	if r.Records != 1 || r.Lost != 0 || r.Unexpected != 1 {
		t.Errorf("%d recorded, %d lost, %d unexpected; the call is there, and not as it was said", r.Records, r.Lost, r.Unexpected)
	}
	lacks := slices.DeleteFunc(slices.Clone(r.Outcomes[0].Unmet), func(s string) bool { return !strings.HasPrefix(s, "the transcript ") })
	if want := fmt.Sprintf("utterance %d ", utterance); len(lacks) != 1 || !strings.Contains(lacks[0], want) {
		t.Errorf("unmet: %q; want the transcript with %s otherwise and nothing else", r.Outcomes[0].Unmet, want)
	}
}

// whatCantComeRightIsNotWaitedFor: a call whose file expects what will never be is reported as soon as nothing more can come of
// it, with the reason.
func whatCantComeRightIsNotWaitedFor(t *testing.T) {
	all := sampleCalls(t, "wrong-number", "spam") // direct, and by the bus
	for _, c := range all {
		c.Expect.Records = append(c.Expect.Records, calls.ExpectedRecord{Object: "Lead"})
		c.Expect.Absent = nil
	}
	w := start(t, all)
	defer w.close(t)
	began := time.Now()
	r := w.play(t, all, time.Hour)
	if took := time.Since(began); took > time.Minute || r.Unexpected != len(all) || r.Records != len(all) {
		t.Errorf("%d unexpected, %d recorded after %v", r.Unexpected, r.Records, took)
	}
	for _, o := range r.Outcomes {
		if len(o.Unmet) != 1 || !strings.HasPrefix(o.Unmet[0], "no Lead: intent "+o.Intent) {
			t.Errorf("%s: %q", o.Call, o.Unmet)
		}
	}
}

func aRestartKeepsEverything(t *testing.T) {
	// Both patterns, both ways of consent, one decided by rule.
	all := sampleCalls(t, "spam", "habla-espanol", "wrong-number", "leaves-a-voicemail", "hangs-up-at-once")
	w := startToKeep(t, all)
	defer w.close(t)
	played := play.All(t.Context(), w, all, patience, func(play.Progress) {})
	w.rests(t, played)
	passed(t, w.report(t, played))
	before := snapshot(w, all)
	w.restart(t)
	if after := snapshot(w, all); after != before {
		t.Errorf("the CRM held\n%s\nand holds after a restart\n%s", before, after)
	}
	passed(t, w.play(t, all, patience)) // counts doubles over all that the CRM holds
	for _, c := range all {
		if n := len(logs(w.CRM(c), "")); n%2 != 0 {
			t.Errorf("%d logged calls in the org of %s after two rounds", n, c.Name)
		}
	}
	// The first round's writes stand as they were: nothing of it was written again.
	changes := 0
	for _, crm := range w.Sources("").CRMs {
		changes += len(crm.Changes())
	}
	if was := strings.Count(before, "change "); changes <= was {
		t.Errorf("%d changes after the second round, %d after the first", changes, was)
	}
}

// snapshot is everything that the orgs hold and have done.
func snapshot(w *world, all []*calls.Call) string {
	var b strings.Builder
	for _, c := range all {
		for _, object := range []string{"Lead", "Contact", "Case", "Task"} {
			for _, r := range w.CRM(c).Records(object) {
				fmt.Fprintln(&b, c.Name, object, r.ID, r.Fields["Call_Id__c"], r.Fields["LastModifiedDate"])
			}
		}
	}
	for _, crm := range w.Sources("").CRMs {
		for _, c := range crm.Changes() {
			fmt.Fprintln(&b, "change", c.Seq, c.Op, c.Object, c.ID)
		}
	}
	return b.String()
}

// logs are the logged calls of an org, of one call or of all.
func logs(crm report.CRM, callID string) []report.Record {
	return slices.DeleteFunc(crm.Records("Task"), func(r report.Record) bool {
		key, _ := r.Fields["Call_Id__c"].(string)
		id, isLog := strings.CutSuffix(key, ":log")
		return !isLog || callID != "" && id != callID
	})
}
