package app

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// TestACardInTurnsGoesNowhere: a card said in four short turns with nothing said about it, typed and spoken, in a transcript
// that is too unsure for a third party to read.
func TestACardInTurnsGoesNowhere(t *testing.T) {
	for name, dpia := range map[string]bool{"a third party's model": false, "a model that may see the words": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t, func(own *tenant.Tenant) {
					own.Privacy.MinRedactionConfidence = 0.95
					if dpia {
						own.Privacy.DPIA = &tenant.Document{Reference: "DPIA-7", Signed: "2026-01-01"}
					}
				})
				m := call("CA1", w.start)
				w.must(m.started(), m.consent(granted, 0), m.stream("MZ1"))
				w.must(m.demoWords()...)
				at := int64(20_250)
				for _, text := range []string{"It's 5105.", "1051, right.", "0510 then.", "And 5100.", "Or: five one oh five", "ten fifty one", "oh five one oh", "fifty one hundred"} {
					w.must(m.says(events.Party_PARTY_CALLER, at, text), m.says(events.Party_PARTY_AGENT, at+2000, "Thank you, I have that now, and what comes after it, please?"))
					at += 5000
				}
				w.must(m.heard("MZ1", whole1), m.ended(0))
				if asked := w.model.count() > 0; asked != dpia {
					t.Errorf("the model was asked: %t", asked)
				}
				list := w.out.insights()
				if len(list) != 1 {
					t.Fatalf("%d revisions", len(list))
				}
				raw, err := events.Marshal(list[0])
				if err != nil {
					t.Fatal(err)
				}
				told := string(raw) + prototext.Format(list[0])
				for i := range w.model.count() {
					told += w.model.request(i).Turns[0].Text
				}
				for _, leak := range []string{"5105", "1051", "0510", "5100", "five one oh", "fifty one", "oh five"} {
					if strings.Contains(told, leak) {
						i := strings.Index(told, leak)
						t.Errorf("%q got out: %q", leak, told[max(0, i-40):i+20])
					}
				}
				if !strings.Contains(told, "book a demo") {
					t.Error("the rest of the words is gone too")
				}
			})
		})
	}
}
