package twilio_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
	"github.com/twilio/twilio-go/client"

	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// TestOverTLS rings an https server and streams to wss over the loopback, as in the world.
func TestOverTLS(t *testing.T) {
	v := client.NewRequestValidator(token)
	var srv *httptest.Server
	var messages atomic.Int64
	srv = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/media" {
			if !v.Validate("wss://"+r.Host+"/media", nil, r.Header.Get("X-Twilio-Signature")) {
				t.Error("the upgrade's signature is refused")
			}
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.CloseNow()
			for {
				if _, _, err := conn.Read(r.Context()); err != nil {
					return
				}
				messages.Add(1)
			}
		}
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		params := map[string]string{}
		for k := range r.PostForm {
			params[k] = r.PostForm.Get(k)
		}
		if !v.Validate("https://"+r.Host+r.URL.Path, params, r.Header.Get("X-Twilio-Signature")) {
			t.Errorf("%s: the signature is refused", r.URL.Path)
		}
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		_, _ = io.WriteString(w, `<Response><Start><Stream url="wss://`+r.Host+`/media" track="both_tracks"/></Start><Dial>+14155550199</Dial></Response>`)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // one client refuses the certificate on purpose
	srv.StartTLS()
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	cfg := twilio.Config{
		Speed: 50, TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		Accounts: []twilio.Account{{SID: account, AuthTokens: []string{token}, Numbers: []twilio.Number{{
			PhoneNumber: line, VoiceURL: srv.URL + "/voice",
		}}}},
	}
	carrier, err := twilio.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer carrier.Close()
	res := place(t, carrier, sample(10))
	// connected, start, 500 frames of two tracks, stop.
	if res.Status != "completed" || messages.Load() != 1003 || len(res.Faults) > 0 {
		t.Errorf("%s, %d messages, faults %v", res.Status, messages.Load(), res.Faults)
	}

	cfg.TLS = nil
	stranger, err := twilio.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	res = place(t, stranger, sample(10))
	if res.Status != "failed" || res.Faults[0].Code != 11205 || strings.Contains(res.Faults[0].Message, "127.0.0.1") {
		t.Errorf("a certificate that nobody trusts: %s, %v", res.Status, res.Faults)
	}
}
