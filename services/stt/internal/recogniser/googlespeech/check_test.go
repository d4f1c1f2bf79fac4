package googlespeech_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/sandbox/fault"
	sandbox "github.com/frontdesk/frontdesk/sandbox/googlespeech"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser/googlespeech"
)

func TestARecogniserIsAskedWithoutABill(t *testing.T) {
	for name, c := range map[string]struct {
		fault     string
		change    func(*googlespeech.Config)
		languages []string
		code      string
		level     check.Level
		do        string
	}{
		"all is well":               {languages: []string{"en-US", "es-US"}, code: "reachable", level: check.OK},
		"a model that is not there": {change: func(c *googlespeech.Config) { c.Model = "chirp_3" }, code: "settings", level: check.Fault, do: "speech.model"},
		"no such location":          {change: func(c *googlespeech.Config) { c.Location = "mars" }, code: "settings", level: check.Fault, do: "speech.location"},
		"no such language":          {languages: []string{"english"}, code: "settings", level: check.Fault, do: "languages"},
		"no permission":             {fault: "PERMISSION_DENIED", code: "permission", level: check.Fault, do: "roles/speech.client"},
		"wrong credentials":         {fault: "UNAUTHENTICATED", code: "credentials", level: check.Fault, do: "Renew"},
		"a spent quota":             {fault: "RESOURCE_EXHAUSTED", code: "quota", level: check.Warning, do: "quota"},
		"the provider is ill":       {fault: "UNAVAILABLE", code: "unreachable", level: check.Fault, do: "firewall"},
		"nobody there":              {change: func(c *googlespeech.Config) { c.Endpoint = "127.0.0.1:1" }, code: "unreachable", level: check.Fault, do: "speech.endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := sandbox.Config{}
			if c.fault != "" {
				cfg.Faults = fault.Settings{Errors: []fault.Share{{Code: c.fault, Share: 1, Operation: "StreamingRecognize"}}}
			}
			srv, _ := start(t, cfg)
			conns := googlespeech.NewConnections()
			defer conns.Close()
			of := googlespeech.Config{Project: "p", Location: "global", Model: "telephony", Endpoint: srv.Addr(), Insecure: true}
			if c.change != nil {
				c.change(&of)
			}
			if c.languages == nil {
				c.languages = []string{"en-US"}
			}
			ctx := t.Context()
			if of.Endpoint != srv.Addr() {
				var cancel context.CancelFunc // whoever is not there is waited for
				ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
			}
			f := googlespeech.New(of, conns).Check(ctx, c.languages)
			if f.Code != "speech."+c.code || f.Level != c.level || !strings.Contains(f.Do, c.do) || f.What == "" {
				t.Errorf("%+v, want speech.%s", f, c.code)
			}
			if rows := srv.Meter().Rows(); len(rows) > 0 {
				t.Errorf("it costs %v", rows)
			}
		})
	}
}

func TestMissingCredentialsAreTold(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	conns := googlespeech.NewConnections()
	defer conns.Close()
	f := googlespeech.New(googlespeech.Config{Project: "p", Location: "us", Model: "telephony", Endpoint: "127.0.0.1:1"}, conns).Check(t.Context(), []string{"en-US"})
	if f.Code != "speech.credentials" || f.Level != check.Fault || !strings.Contains(f.Do, "service account") {
		t.Errorf("%+v", f)
	}
}
