package twilio_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/calltoken"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
)

func TestSignatures(t *testing.T) {
	text := func(s string) *string { return &s }
	voice := public + "/twilio/" + apptest.Account + "/voice"
	good := params("To", apptest.QuietLine)
	tests := map[string]struct {
		r    request
		want int
	}{
		"first token":                           {request{token: "new-token"}, http.StatusOK},
		"second token, being rotated":           {request{token: "old-token"}, http.StatusOK},
		"token of another tenant, same account": {request{token: "globex-token"}, http.StatusOK},
		"token of another account":              {request{token: "umbrella-token"}, http.StatusForbidden},
		"no signature":                          {request{signature: text("")}, http.StatusForbidden},
		"nonsense":                              {request{signature: text("bm9uc2Vuc2U=")}, http.StatusForbidden},
		"signed for the listener":               {request{signature: text(sign("new-token", "http://127.0.0.1/twilio/"+apptest.Account+"/voice", good))}, http.StatusForbidden},
		"signed without the parameters":         {request{signature: text(sign("new-token", voice, nil))}, http.StatusForbidden},
		"a parameter changed since":             {request{signature: text(sign("new-token", voice, params("To", apptest.DialLine)))}, http.StatusForbidden},
		"Host says what it wants":               {request{header: map[string]string{"Host": "evil.example"}}, http.StatusOK},
		"signed for that Host":                  {request{header: map[string]string{"Host": "evil.example"}, signature: text(sign("new-token", "https://evil.example/twilio/"+apptest.Account+"/voice", good))}, http.StatusForbidden},
		"X-Forwarded-Host is not trusted":       {request{header: map[string]string{"X-Forwarded-Host": "evil.example"}, signature: text(sign("new-token", "https://evil.example/twilio/"+apptest.Account+"/voice", good))}, http.StatusForbidden},
		"an account that nobody has":            {request{path: "/twilio/AC00000000000000000000000000000009/voice"}, http.StatusForbidden},
		"another account's path":                {request{path: "/twilio/" + apptest.OtherAccount + "/voice", token: "umbrella-token"}, http.StatusForbidden}, // AccountSid says otherwise
		"a query, signed with it":               {request{path: "voice?a=b%20c"}, http.StatusOK},
		"a query that was not signed":           {request{path: "voice?a=b", signature: text(sign("new-token", voice, good))}, http.StatusForbidden},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			tt.r.params = good
			if tt.r.path == "" {
				tt.r.path = "voice"
			}
			if got := b.send(t, tt.r); got.status != tt.want {
				t.Errorf("status %d, want %d", got.status, tt.want)
			}
			if tt.want != http.StatusForbidden {
				return
			}
			if len(b.pub.Messages()) != 0 {
				t.Error("something was stored")
			}
			if b.counted(t, "frontdesk.ingress.refused", "kind", "voice") != 1 {
				t.Error("not counted")
			}
		})
	}
}

func TestEveryPathIsSigned(t *testing.T) {
	b := newBench(t)
	none := ""
	for _, path := range []string{
		"voice", "consent", "onward", "voicemail", "dial-action", "dial-status", "stream-status", "recording", "disposition", "status",
	} {
		if got := b.send(t, request{path: path, params: params(), signature: &none}); got.status != http.StatusForbidden {
			t.Errorf("%s without a signature: %d", path, got.status)
		}
	}
	resp, err := http.Get(b.url + "/twilio/" + apptest.Account + "/media")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("media without a signature: %d", resp.StatusCode)
	}
	if got := b.counted(t, "frontdesk.ingress.refused", "reason", "signature"); got != 11 {
		t.Errorf("%d refusals counted, want 11", got)
	}
	if len(b.pub.Messages()) != 0 {
		t.Error("something was stored")
	}
}

// TestRepeatedParameter: Twilio signs the first value only, so only that one may count.
func TestRepeatedParameter(t *testing.T) {
	b := newBench(t)
	p := params("To", apptest.QuietLine)
	form := url.Values{}
	for k, v := range p {
		form.Set(k, v)
	}
	form.Add("To", apptest.DialLine)
	path := "/twilio/" + apptest.Account + "/voice"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", sign("new-token", public+path, p))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := b.pub.Events(events.Lifecycle); resp.StatusCode != http.StatusOK || got[0].GetTenant() != "globex" {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestJSONBody(t *testing.T) {
	body := []byte(`{"CallSid":"` + callID + `","To":"` + apptest.QuietLine + `","Disposition":"QualifiedLead","Agent":"WK1"}`)
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	for name, tt := range map[string]struct {
		path string
		body []byte
		want int
	}{
		"signed":                  {"disposition?bodySHA256=" + hash, body, http.StatusNoContent},
		"body changed":            {"disposition?bodySHA256=" + hash, []byte(strings.Replace(string(body), "WK1", "WK2", 1)), http.StatusForbidden},
		"no hash":                 {"disposition", body, http.StatusForbidden},
		"hash of nothing":         {"disposition?bodySHA256=", body, http.StatusForbidden},
		"a path that takes forms": {"status?bodySHA256=" + hash, body, http.StatusUnsupportedMediaType},
	} {
		b := newBench(t)
		if got := b.send(t, request{path: tt.path, json: tt.body}); got.status != tt.want {
			t.Errorf("%s: status %d, want %d", name, got.status, tt.want)
		}
		if got := len(b.pub.Messages()); (got == 1) != (tt.want == http.StatusNoContent) {
			t.Errorf("%s: %d events", name, got)
		}
	}
}

func TestUnreadableBodies(t *testing.T) {
	b := newBench(t)
	for name, tt := range map[string]struct {
		kind, body string
		want       int
	}{
		"too large":       {"application/x-www-form-urlencoded", strings.Repeat("a", 65<<10), http.StatusRequestEntityTooLarge},
		"not a form":      {"application/x-www-form-urlencoded", "a=%zz", http.StatusBadRequest},
		"no content type": {"", "a=b", http.StatusUnsupportedMediaType},
		"XML":             {"text/xml", "<a/>", http.StatusUnsupportedMediaType},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/twilio/"+apptest.Account+"/status", strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Twilio-Signature", "x")
		if tt.kind != "" {
			req.Header.Set("Content-Type", tt.kind)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%s: status %d, want %d", name, resp.StatusCode, tt.want)
		}
	}
}

func TestPublicURL(t *testing.T) {
	for base, ok := range map[string]bool{
		"https://voice.example.com": true, "https://voice.example.com/calls/": true, "http://127.0.0.1:8080": true, "http://localhost:1": true,
		"": false, "voice.example.com": false, "http://voice.example.com": false, "wss://voice.example.com": false,
		"https://voice.example.com?x=1": false, "https://u:p@voice.example.com": false,
	} {
		if err := twilio.CheckPublicURL(base, false); (err == nil) != ok {
			t.Errorf("%q: %v", base, err)
		}
		if _, err := twilio.NewLinks(base, false, &calltoken.Signer{}); (err == nil) != ok {
			t.Errorf("%q: %v", base, err)
		}
	}
}

// TestInsecurePublicURL: what the setting insecure allows is what Twilio could not reach anyway.
func TestInsecurePublicURL(t *testing.T) {
	for base, ok := range map[string]bool{
		"http://ingress:8080": true, "http://ingress": true, "https://voice.example.com": true, "http://127.0.0.1:8080": true,
		"http://voice.example.com": false, "http://10.0.0.5:8080": false, "http://[fd00::5]:8080": false, "http://ingress.:8080": false,
		"ws://ingress:8080": false, "http://:8080": false, "": false,
	} {
		if _, err := twilio.NewLinks(base, true, &calltoken.Signer{}); (err == nil) != ok {
			t.Errorf("%q: %v", base, err)
		}
	}
	if err := twilio.CheckPublicURL("http://ingress:8080", false); err == nil {
		t.Error("http is taken without the setting")
	}
}
