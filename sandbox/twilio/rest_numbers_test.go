package twilio_test

import (
	"strings"
	"testing"
	"testing/synctest"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

func TestNumbersAreListedAndFetched(t *testing.T) {
	c := newCustomer(t, newMemory(), nil)
	cfg := c.config()
	cfg.Accounts[0].Numbers = append(cfg.Accounts[0].Numbers, twilio.Number{PhoneNumber: "+442071838750", VoiceURL: "http://customer.example/uk"})
	r := rest(start(t, c, cfg), token)
	all, err := r.ListIncomingPhoneNumber(&api.ListIncomingPhoneNumberParams{})
	if err != nil || len(all) != 2 {
		t.Fatalf("%d numbers, %v", len(all), err)
	}
	for pattern, want := range map[string]int{"": 2, "+442071838750": 1, "8750": 1, "44*07": 1, "*": 2, "999999": 0, "(": 0} {
		params := &api.ListIncomingPhoneNumberParams{}
		if got, err := r.ListIncomingPhoneNumber(params.SetPhoneNumber(pattern)); err != nil || len(got) != want {
			t.Errorf("numbers like %q: %d, %v; want %d", pattern, len(got), err, want)
		}
	}
	one, err := r.FetchIncomingPhoneNumber(*all[1].Sid, &api.FetchIncomingPhoneNumberParams{})
	if err != nil || *one.PhoneNumber != "+442071838750" || *one.VoiceUrl != "http://customer.example/uk" || *one.VoiceMethod != "POST" || *one.StatusCallback != "" {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := r.FetchIncomingPhoneNumber("PN00000000000000000000000000000000", &api.FetchIncomingPhoneNumberParams{}); code(err) != 20404 {
		t.Errorf("a number that there is not: %v", err)
	}
}

// TestNumbersAreUpdated: the next call is rung where the number says.
func TestNumbersAreUpdated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/elsewhere": `<Hangup/>`})
		carrier := start(t, c, c.config())
		r := rest(carrier, token)
		all, err := r.ListIncomingPhoneNumber(&api.ListIncomingPhoneNumberParams{})
		if err != nil {
			t.Fatal(err)
		}
		elsewhere := strings.Replace(*all[0].VoiceUrl, "/voice", "/elsewhere", 1)
		update := func() *api.UpdateIncomingPhoneNumberParams { return &api.UpdateIncomingPhoneNumberParams{} }
		for name, tt := range map[string]struct {
			params *api.UpdateIncomingPhoneNumberParams
			want   int
		}{
			"no URL":      {update().SetVoiceUrl("elsewhere"), 21402},
			"no method":   {update().SetVoiceMethod("SHOUT"), 21403},
			"GET":         {update().SetVoiceMethod("GET"), 20001},
			"not played":  {update().SetSmsUrl("https://example.com"), 20001},
			"a bad retry": {update().SetStatusCallback("https://example.com/#rc=99"), 21402},
		} {
			if _, err := r.UpdateIncomingPhoneNumber(*all[0].Sid, tt.params); code(err) != tt.want {
				t.Errorf("%s: %v, want %d", name, err, tt.want)
			}
		}
		done, err := r.UpdateIncomingPhoneNumber(*all[0].Sid, update().SetVoiceUrl(elsewhere).SetVoiceMethod("POST").SetStatusCallback("").SetFriendlyName("Sales"))
		if err != nil || *done.VoiceUrl != elsewhere || *done.StatusCallback != "" || *done.FriendlyName != "Sales" {
			t.Fatalf("%+v, %v", done, err)
		}
		if _, err := carrier.Place(t.Context(), sample(1)); err != nil {
			t.Fatal(err)
		}
		if len(c.seen("/elsewhere")) != 1 || len(c.seen("/voice")) != 0 || len(c.seen("/status")) != 0 {
			t.Error("the call was not rung at the new URL alone")
		}
	})
}
