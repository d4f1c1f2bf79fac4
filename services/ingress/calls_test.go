package ingress_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	carrier "github.com/frontdesk/frontdesk/sandbox/twilio"
	"github.com/frontdesk/frontdesk/services/ingress"
)

// TestTheListTellsWhatTheCallbackTold: for each way in which a call ends the event made of the carrier's list is the one that the
// number's status callback made, but for the callback's running number, which the list has not.
func TestTheListTellsWhatTheCallbackTold(t *testing.T) {
	x := newExchange(t, carrier.Mischief{}, unhurried)
	began := time.Now().Add(-time.Minute)
	played := x.play(t, "books-a-demo", "hangs-up-at-once", "habla-espanol")
	told := map[string]*events.CallEvent{}
	for _, e := range x.topic(t, events.Lifecycle) {
		if e.Kind() == events.KindCallEnded && e.GetLegId() == e.GetCallId() {
			told[e.GetCallId()] = e
		}
	}
	list := ingress.NewCallList(x.tenants)
	listed := map[string]ingress.ListedCall{}
	for _, tt := range x.tenants.All() {
		all, err := list.Since(t.Context(), tt.Twilio.AccountSID, began)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			listed[c.ID] = c
		}
	}
	if len(listed) != len(played) {
		t.Errorf("%d calls are listed, %d were played", len(listed), len(played))
	}
	for name, r := range played {
		want, c := told[r.CallSid], listed[r.CallSid]
		if want == nil {
			t.Fatalf("%s: the callback is missing", name)
		}
		body, _ := want.Message().(*events.CallEnded)
		body.SequenceNumber, body.OpenedBy.StirVerstat = -1, "" // neither is in the list
		if got := list.End(c); !proto.Equal(got, want) {
			t.Errorf("%s: the list tells\n%v\nthe callback told\n%v", name, got, want)
		}
	}
	if later, err := list.Since(t.Context(), x.tenants.All()[0].Twilio.AccountSID, time.Now().Add(time.Hour)); err != nil || len(later) != 0 {
		t.Errorf("calls of the future: %v, %v", later, err)
	}
}

// TestTheListIsReadToItsEnd: page by page, without legs, calls to numbers of others, and calls that we have made.
func TestTheListIsReadToItsEnd(t *testing.T) {
	set := sampleTenants(t, "")
	acme := set.All()[0]
	account, ours := acme.Twilio.AccountSID, acme.Numbers[0].Number
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status != http.StatusOK {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, `{"code":20003,"status":401,"message":"+14155550123 is not yours"}`)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		row := func(sid, to, status, direction, rest string) string {
			return fmt.Sprintf(`{"sid":%q,"from":"+14155550123","to":%q,"status":%q,"direction":%q,"start_time":"Mon, 02 Mar 2026 14:00:00 +0000"%s}`, sid, to, status, direction, rest)
		}
		first := []string{
			row("CA1", ours, "in-progress", "inbound", ""), row("CA2", ours, "no-answer", "inbound", `,"end_time":null,"duration":null`),
			row("CA3", ours, "completed", "outbound-dial", `,"parent_call_sid":"CA1"`), row("CA4", "+14155559999", "completed", "inbound", ""),
		}
		second := []string{
			row("CA5", ours, "completed", "inbound", `,"duration":"7","end_time":"Mon, 02 Mar 2026 14:00:09 +0000"`), row("CA6", ours, "completed", "outbound-api", ""),
			strings.Replace(row("CA7", ours, "completed", "inbound", ""), "14:00", "13:59", 1), row("not an id", ours, "completed", "inbound", ""),
		}
		if r.URL.Query().Get("PageToken") == "" {
			if r.URL.Query().Get("StartTime>") != "2026-03-02T14:00:00Z" || r.URL.Query().Get("PageSize") != "1000" {
				t.Errorf("asked %s", r.URL.RawQuery)
			}
			_, _ = fmt.Fprintf(w, `{"calls":[%s],"next_page_uri":"%s?PageToken=PA1"}`, strings.Join(first, ","), r.URL.Path)
			return
		}
		_, _ = fmt.Fprintf(w, `{"calls":[%s],"next_page_uri":null}`, strings.Join(second, ","))
	}))
	t.Cleanup(srv.Close)
	acme.Twilio.APIBase = srv.URL
	list := ingress.NewCallList(set)
	since := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	all, err := list.Since(t.Context(), account, since)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range all {
		end := "lives"
		if e := list.End(c); e != nil {
			m, _ := e.Message().(*events.CallEnded)
			end = strings.ToLower(m.GetStatus().String()) + " " + m.GetEndedAt().AsTime().Sub(since).String()
			if !proto.Equal(m.GetEndedAt(), timestamppb.New(c.Ended)) || c.Tenant != acme.ID {
				t.Errorf("%+v: %v", c, e)
			}
		}
		got = append(got, c.ID+" "+end)
	}
	if want := "CA1 lives, CA2 call_status_no_answer 0s, CA5 call_status_completed 9s"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	status = http.StatusUnauthorized
	_, err = list.Since(t.Context(), account, since)
	if retry.Code(err) != "twilio.20003" || !retry.IsPermanent(err) {
		t.Errorf("refused: %v", err)
	}
	if _, err = list.Since(t.Context(), "AC0", since); !retry.IsPermanent(err) {
		t.Errorf("an account of nobody: %v", err)
	}
	srv.Close()
	var e *retry.Error
	if _, err = list.Since(t.Context(), account, since); !errors.As(err, &e) || e.Code != "twilio.unreachable" || retry.IsPermanent(err) {
		t.Errorf("away: %v", err)
	}
}
