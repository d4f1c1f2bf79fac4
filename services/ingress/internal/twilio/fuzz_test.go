package twilio_test

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
)

// kinds of webhooks, and whether a caller waits for the answer.
var kinds = []struct {
	name  string
	twiml bool
}{
	{"voice", true}, {"consent", true}, {"onward", true}, {"voicemail", true}, {"dial-action", true},
	{"dial-status", false}, {"stream-status", false}, {"recording", false}, {"disposition", false}, {"status", false},
}

// FuzzWebhook: whatever a webhook carries that is signed well, nobody panics, no answer blames us, a caller who is answered 200
// hears TwiML, and what is stored is a valid event (the publisher encodes it). The same webhook again stores no other event.
func FuzzWebhook(f *testing.F) {
	for kind := range kinds {
		f.Add(kind, true, "CallSid="+callID+"&From=%2B12025550111&To="+url.QueryEscape(apptest.DialLine)+"&CallStatus=completed&CallDuration=3&SequenceNumber=4")
		f.Add(kind, false, "CallSid="+child+"&ParentCallSid="+callID+"&To="+url.QueryEscape(apptest.QuietLine)+"&CallStatus=in-progress&Timestamp=Mon, 02 Nov 2026 15:04:05 %2B0000")
		f.Add(kind, true, "Digits=1&SpeechResult=yes&Consent=granted&DialCallStatus=busy&DialCallSid="+child)
		f.Add(kind, true, "RecordingSid=RE1&RecordingStatus=completed&RecordingUrl=https://x/%ff&RecordingDuration=99999999999&RecordingStartTime=2026-11-02T15:04:05Z")
		f.Add(kind, true, "StreamEvent=stream-error&StreamSid=MZ1&StreamError=x&Disposition=QualifiedLead&Agent=%00&Id=%ff")
		f.Add(kind, false, "%zz&;;&=&AccountSid=AC9&From=anonymous")
	}
	f.Fuzz(func(t *testing.T, kind int, token bool, body string) {
		if kind < 0 || kind >= len(kinds) || len(body) > 16<<10 {
			return
		}
		b := newBench(t)
		k := kinds[kind]
		path := "/twilio/" + apptest.Account + "/" + k.name
		if token {
			path += "?t=" + b.tokens.Sign(app.Facts{
				CallID: callID, Source: events.Source_SOURCE_TWILIO, Account: apptest.Account, Tenant: "acme", Line: apptest.DialLine,
				LineOfBusiness: "sales", Payer: "product", Language: "en-US", Start: b.now.Now(), Consent: events.ConsentAnswer_CONSENT_ANSWER_PENDING,
				Expires: b.now.Now().Add(time.Hour),
			})
		}
		params := map[string]string{}
		if values, err := url.ParseQuery(body); err == nil {
			for key, v := range values {
				params[key] = v[0]
			}
		}
		stored := map[string]bool{}
		for repeat := range 2 {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("X-Twilio-Signature", sign("new-token", public+path, params))
			w := httptest.NewRecorder()
			b.server.Handler().ServeHTTP(w, req)
			if w.Code >= 500 || strings.Contains(b.log.String(), "panicked") {
				t.Fatalf("%s: status %d\n%s", k.name, w.Code, b.log)
			}
			if k.twiml && w.Code == http.StatusOK {
				if err := xml.Unmarshal(w.Body.Bytes(), new(struct {
					XMLName xml.Name `xml:"Response"`
				})); err != nil || !bytes.Contains(w.Body.Bytes(), []byte("<")) {
					t.Fatalf("%s: a caller hears %q", k.name, w.Body)
				}
			}
			for _, m := range b.pub.Messages() {
				if id := m.Event.GetEventId(); repeat == 0 {
					stored[id] = true
				} else if !stored[id] {
					t.Fatalf("%s: the same webhook makes another event", k.name)
				}
			}
		}
	})
}
