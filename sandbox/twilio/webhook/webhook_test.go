package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"

	"github.com/frontdesk/frontdesk/sandbox/twilio/webhook"
)

// TestSignIsWhatTwilioGoAccepts judges our signature by Twilio's own validator.
func TestSignIsWhatTwilioGoAccepts(t *testing.T) {
	const token = "12345"
	cases := map[string]struct {
		url    string
		params map[string]string
	}{
		"form":      {"https://example.com/voice", map[string]string{"CallSid": "CA1", "From": "+1", "Digits": ""}},
		"query":     {"https://example.com/voice?a=b&c=%20d", map[string]string{"To": "x y&z=ü"}},
		"port":      {"http://127.0.0.1:4711/voice", map[string]string{"B": "1", "A": "2"}},
		"websocket": {"wss://example.com/media", nil},
		"get":       {"https://example.com/status?CallSid=CA1&CallStatus=completed", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := client.NewRequestValidator(token)
			sig := webhook.Sign(token, c.url, c.params)
			if !v.Validate(c.url, c.params, sig) {
				t.Fatal("twilio-go's validator refuses the signature")
			}
			if v.Validate(c.url+"x", c.params, sig) {
				t.Fatal("the signature must not fit another URL")
			}
			if webhook.Sign("other", c.url, c.params) == sig {
				t.Fatal("the signature must depend on the token")
			}
		})
	}
}

func TestSplit(t *testing.T) {
	address, o, err := webhook.Split("https://h.example/p?q=1#rc=3&rp=5xx,ct,rt&ct=200&rt=1500&tt=9000&sni=y&e=dublin")
	if err != nil {
		t.Fatal(err)
	}
	if address != "https://h.example/p?q=1" {
		t.Errorf("address %q: the fragment is neither asked nor signed", address)
	}
	if o.Retries != 3 || o.Connect != 200*time.Millisecond || o.Read != 1500*time.Millisecond || o.Total != 9*time.Second {
		t.Errorf("overrides %+v", o)
	}
	for class, want := range map[webhook.Class]bool{webhook.Connect: true, webhook.Read: true, webhook.Server: true, webhook.Client: false} {
		if o.Again(class) != want {
			t.Errorf("Again(%s) = %v", class, !want)
		}
	}
}

func TestDefaultTriesOnceMoreWhenTheConnectionFails(t *testing.T) {
	_, o, err := webhook.Split("http://h.example/")
	if err != nil {
		t.Fatal(err)
	}
	if o.Retries != 1 || !o.Again(webhook.Connect) || o.Again(webhook.Server) || o.Total != 15*time.Second {
		t.Errorf("default %+v", o)
	}
}

func TestSplitNamesEveryFault(t *testing.T) {
	cases := map[string][]string{
		"ftp://h/":                        {"absolute, http or https"},
		"/relative":                       {"absolute, http or https"},
		"https://h/#rc=6":                 {`"rc" must be a number from 0 to 5`},
		"https://h/#ct=99&rt=20000":       {`"ct" must be a number from 100 to 10000`, `"rt" must be`},
		"https://h/#rp=503":               {`"rp" must list`},
		"https://h/#retries=3&sni=1":      {`"retries" is not an override`, `"sni" must be y or n`},
		"gopher://h/#tt=0":                {"absolute, http or https", `"tt" must be`},
		"https://h/#rp=all&rc=abc&e=tyo1": {`"rc" must be a number`},
	}
	for raw, want := range cases {
		_, _, err := webhook.Split(raw)
		if err == nil {
			t.Errorf("%s: accepted", raw)
			continue
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q lacks %q", raw, err, w)
			}
		}
	}
}
